/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The frames between host and agent (over the virtio-serial port), and between `vm VERB` and the
 * process that keeps a machine (over its control socket).
 *
 * A frame is a head of fixed size and a payload of fields (bytes.h). Little-endian throughout: both
 * ends are x86-64. The cookie is drawn anew for every machine; a frame without it is not an answer.
 * Whatever arrives is hostile until frame_read() has accepted it.
 */
#ifndef VM_FRAME_H
#define VM_FRAME_H

#include "bytes.h"

#define FRAME_PAYLOAD_MAX (16u << 20)
#define FRAME_USUAL_MAX \
	(1u << 20) /* a program or a module; what the guest has room for beforehand */

enum frame_op {
	OP_HELLO = 1, /* time, entropy                   -> release */
	OP_PUT,	      /* path, mode, data                -> */
	OP_GET,	      /* path, most                      -> data */
	OP_WRITE,     /* path, data (one write(2))       -> */
	OP_LOAD,      /* module image, parameters        -> */
	OP_UNLOAD,    /* module name                     -> */
	OP_SPAWN,     /* uid, argument…                  -> job, pid */
	OP_AWAIT,     /* job, text or nothing            -> state, code, stdout, stderr */
	OP_SEND,      /* job, bytes for its stdin        -> */
	OP_KILL,      /* job, signal                     -> */
	OP_SHELL,     /* (a shell on /dev/hvc0)          -> job, pid */
	OP_END,	      /* (the agent's last word)         -> */
	OP_VERB,      /* control socket: verb, data, argument… -> stdout, stderr */
	OP_LAST = OP_VERB,
};

/* What a reply's status says beyond 0 and the errno values. */
enum frame_status {
	STATUS_MALFORMED = 0x1000, /* the request could not be read */
	STATUS_KILLED,		   /* whoever served it died: the kernel killed it (an oops) */
	STATUS_STUCK,		   /* whoever served it cannot even be killed */
};

/* State of a job in the answer to OP_AWAIT. */
enum job_state { JOB_RUNNING, JOB_EXITED, JOB_SIGNALED, JOB_OVERDUE, JOB_STUCK };

struct frame {
	uint32_t op;
	uint32_t status;   /* replies: 0, an errno, or enum frame_status */
	uint32_t call;	   /* replies carry the number of the request they answer */
	uint32_t deadline; /* requests: ms that the agent may take */
	uint64_t cookie;
	struct fields payload; /* owned by the reader; gone at the next frame_read() */
};

/* frame_write - appends head and payload to @to. */
void frame_write(struct bytes *to, const struct frame *head, const struct bytes *payload);

/* frame_send - writes head and payload to a descriptor, waiting if need be. False with errno set.
 */
bool frame_send(int fd, const struct frame *head, const struct bytes *payload);

struct frame_reader {
	struct bytes in; /* append what was received */
	size_t used;	 /* bytes of the frame handed out last */
};

/*
 * frame_read - takes the next whole frame out of what was received so far.
 * 1: *frame is filled in. 0: more bytes are needed. -1: these bytes are no frame; the stream cannot
 * be trusted from here on.
 */
int frame_read(struct frame_reader *reader, struct frame *frame);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* What can be asked of a machine that is kept: the verbs of `vm` that go over the control socket.
 */
#ifndef VM_VERBS_H
#define VM_VERBS_H

#include "../wire/frame.h"
#include "machine.h"

struct verb_call {
	struct machine *machine;
	int argc;
	char **argv;	   /* argv[0] is the verb */
	struct bytes data; /* what the client read from a file or stdin */
	struct bytes out, err;
};

struct verb {
	const char *name, *arguments, *help;
	/* index of the argument that names a local file which the client sends; 0: none; -1: stdin
	 */
	int sends;
	int least; /* arguments at least, the verb not counted */
	int (*serve)(struct verb_call *call);
};

extern const struct verb verbs[];

/* verb_find - the verb of that name, or NULL. */
const struct verb *verb_find(const char *name);

/* say - appends formatted text to one of a call's outputs. */
void say(struct bytes *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* verb_usage - "usage: …" on the call's stderr; the exit status for it. */
int verb_usage(struct verb_call *call);

/* verb_fate - what became of the machine, on the call's stderr; the exit status for it. */
int verb_fate(struct verb_call *call);

/* verb_unreadable - an answer whose fields are not those that the agent sends: the machine is lost.
 */
int verb_unreadable(struct verb_call *call);

/*
 * verb_ask - one call to the agent that may be refused with an errno (printed, exit status 1). The
 * payload is freed. 0: *reply is valid until the next call.
 */
int verb_ask(struct verb_call *call, enum frame_op op, struct bytes *payload, struct frame *reply);

/* The verbs about programs (verbs_jobs.c) and those that look from outside (verbs_outside.c). */
int verb_run(struct verb_call *call);
int verb_spawn(struct verb_call *call);
int verb_await(struct verb_call *call);
int verb_send(struct verb_call *call);
int verb_wait(struct verb_call *call);
int verb_kill(struct verb_call *call);
int verb_walk(struct verb_call *call);
int verb_phys(struct verb_call *call);
int verb_shmem(struct verb_call *call);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One virtual machine, seen from the process that keeps it: what was asked for, the QEMU that runs
 * it, its wires, and its fate. One thread, one poll loop; every wait has an absolute deadline.
 */
#ifndef VM_MACHINE_H
#define VM_MACHINE_H

#include <sys/types.h>

#include "../wire/frame.h"
#include "standby.h"
#include "util.h"

enum fate { FATE_ALIVE, FATE_PANIC, FATE_HANG, FATE_LOST, FATE_BROKEN, FATE_KEPT, FATE_ENDED };

/* fate_word, fate_exit - the name and the exit status of a fate; one table holds both. */
const char *fate_word(enum fate fate);
int fate_exit(enum fate fate);

/* What kind of machine: everything that a snapshot depends on besides files. */
struct profile {
	const char *kernel; /* "6.1": the folder in the cache */
	unsigned int cpus;  /* 1 or 2 */
	bool dirty;	    /* slub_debug=FZPU, init_on_alloc=0 */
	bool kvm;
	bool pci;	     /* edu and ivshmem-plain; added cold, never part of a snapshot */
	bool cold;	     /* boot, do not restore */
	const char *program; /* of the host: to stand by in the guest (standby.h), or NULL */
	const char *prepare; /* words for that program, run once before the snapshot, or NULL */
	bool keepable;	     /* its memory is its own, so that it can be kept (kept.h) */
	const char *from;    /* folder of a kept machine to start from, or NULL */
	const char *gdb;     /* path of the socket on which QEMU's gdb stub listens, or NULL */
};

#define GUEST_RAM (256u << 20)
#define SHMEM_SIZE (4u << 20)

struct machine {
	struct profile profile;
	pid_t qemu;
	int qemu_fd;  /* pidfd */
	int owner_fd; /* pidfd of the process without which the machine must not live, or -1 */
	int console, agent, monitor, shell;
	int ram, shmem; /* memory of the guest and behind ivshmem's BAR 2 */
	int state;	/* the file a snapshot's device state is read from or written to, or -1 */
	int log;	/* console.log */
	int64_t born;	/* now_ms() at start */
	long qemu_ms;	/* CPU that QEMU took, known when it has ended */
	size_t logged;
	bool line_open;	     /* console.log is in the middle of a line */
	struct bytes before; /* the log of the machine that this one was started from */
	struct bytes tail;   /* the console's last bytes, to tell a panic from a lost machine */
	int64_t spoke;	     /* now_ms() of its latest */
	bool oopsed;	     /* the console says that the kernel oopsed */
	struct frame_reader heard;
	struct bytes said_qmp;
	uint64_t cookie;
	uint32_t calls;
	struct standby standby;
	unsigned int scale; /* deadlines are multiplied by this: 1 on a fast host */
	bool paused;	    /* by a walk, until the agent is asked again */
	enum fate fate;
	char why[160];
};

/* machine_ends - notes the first fate that is not FATE_ALIVE and why; later ones change nothing. */
void machine_ends(struct machine *machine, enum fate fate, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * machine_pump - one round of the poll loop: takes what console, agent and monitor have to say,
 * notices QEMU's end (fate) and the owner's (kills QEMU and exits). Returns after something
 * happened or at @until. @extra, unless -1, is one more descriptor to wake up for.
 */
void machine_pump(struct machine *machine, int64_t until, int extra);

/* machine_kill - ends QEMU and drains the console. Idempotent. */
void machine_kill(struct machine *machine);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program that stands by: delivered into the guest under a name drawn at random, and started a
 * few times before the snapshot is taken. Each copy waits for one line on its stdin, the arguments.
 * What starting a program costs, a third of a short question to a restored machine, is then paid
 * once for all machines. So is what the program prepares in the guest, when it is told to.
 */
#ifndef VM_STANDBY_H
#define VM_STANDBY_H

#include <stdbool.h>
#include <stdint.h>

#define STANDBY_COPIES 6 /* a check that asks more often starts the program anew */

struct machine;

struct standby {
	char path[32]; /* in the guest; empty: no program stands by */
	struct {
		uint32_t job, pid;
	} copy[STANDBY_COPIES];
	unsigned int copies, taken;
	char prepared[128]; /* what the program said when it prepared the machine */
};

/*
 * standby_deliver - puts machine->profile.program, if there is one, into the guest. False:
 * machine->fate and ->why tell.
 */
bool standby_deliver(struct machine *machine);

/* standby_start - starts the copies of what was delivered, with the one argument "-". As above. */
bool standby_start(struct machine *machine);

/*
 * standby_prepare - runs the program with the words of machine->profile.prepare, if there are any,
 * to its end. Whatever it changes in the guest is part of the snapshot. As above.
 */
bool standby_prepare(struct machine *machine);

/* standby_save, standby_load - to and from a file beside the snapshot. False with errno set. */
bool standby_save(const struct machine *machine, const char *file);
bool standby_load(struct machine *machine, const char *file);

/* standby_take - job and pid of a copy that nobody has taken yet; false when there is none. */
bool standby_take(struct machine *machine, uint32_t *job, uint32_t *pid);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kept machines. `vm keep` ends a machine that was started with --keepable, and its keeper holds on
 * to what it was: memory and devices, in memory files that are gone when the keeper is. `vm start
 * --from` borrows them. A machine that took work to prepare is so prepared once for many.
 */
#ifndef VM_KEPT_H
#define VM_KEPT_H

#include "machine.h"

/* kept_keep - saves the machine and ends its QEMU: FATE_KEPT. False: machine->why tells. */
bool kept_keep(struct machine *machine);

/* kept_lend - answers "lend" to @client: descriptors of memory and devices, or nothing. */
void kept_lend(struct machine *machine, int client);

/*
 * kept_borrow - fills in ram, state, standby and scale from the kept machine in profile.from, whose
 * console log becomes the beginning of ours. Dies when there is nothing to borrow.
 */
void kept_borrow(struct machine *machine);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* A person's shell in the guest, on a console of its own. */
#ifndef VM_RELAY_H
#define VM_RELAY_H

#include "machine.h"

/*
 * relay_shell - starts a shell on the guest's /dev/hvc0 and carries bytes both ways between it and
 * @client, until the client leaves or the machine ends. Other verbs wait meanwhile.
 */
void relay_shell(struct machine *machine, int client);

#endif

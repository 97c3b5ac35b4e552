/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's side of the conversation with the agent. */
#ifndef VM_GUEST_H
#define VM_GUEST_H

#include "machine.h"

#define CALL_MS 5000 /* what a call may take on a fast, idle host, before it is scaled */

/*
 * guest_call - asks the agent and waits for the answer, @deadline ms (scaled) at most.
 * True: *reply is the answer, valid until the next call; its status may still be an error.
 * False: the machine has met its fate: no answer in time (hang), bytes that are not the agent's
 * (lost), the end of QEMU.
 */
bool guest_call(struct machine *machine, enum frame_op op, const struct bytes *payload,
		uint32_t deadline, struct frame *reply);

/* guest_hello - agrees on a cookie, sets the guest's clock and feeds its random pool. */
bool guest_hello(struct machine *machine, uint32_t deadline);

/*
 * guest_write - one write(2) of @length bytes to a file of the guest that exists. Whether the file
 * took them is not asked; a machine that meets its end says so by its fate.
 */
void guest_write(struct machine *machine, const char *path, const void *what, size_t length);

#endif

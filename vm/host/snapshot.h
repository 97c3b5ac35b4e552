/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Booting a machine, keeping it, and bringing it back.
 *
 * A snapshot is a booted, idle guest: its memory as a file and the state of its devices as another.
 * It is keyed by everything it depends on: QEMU and its command line, kernel, initramfs, and the
 * host's boot (TCG's TSC is the host's, so a snapshot must not travel). It is built once, under a
 * lock and atomically; stale ones of the same profile are removed.
 */
#ifndef VM_SNAPSHOT_H
#define VM_SNAPSHOT_H

#include "machine.h"

/* snapshot_boot - a cold boot up to the agent's first answer. False: machine->fate and ->why tell.
 */
bool snapshot_boot(struct machine *machine);

/*
 * snapshot_restore - brings the machine up from its snapshot, building that first if need be;
 * @progress is called with a sentence before anything slow. One that can not be restored (damaged,
 * or of another version of this program) is removed and built anew, once. False: machine->fate and
 * ->why tell. Sets machine->scale from the boot that was measured when the snapshot was built.
 */
bool snapshot_restore(struct machine *machine, void (*progress)(const char *));

/*
 * snapshot_save - stops the guest and writes the state of its devices to machine->state; its memory
 * is in machine->ram. False: machine->why tells.
 */
bool snapshot_save(struct machine *machine);

/*
 * snapshot_resume - restores what was saved to machine->ram and machine->state, up to the agent's
 * first answer; neither file is changed. machine->scale is to be set already.
 */
bool snapshot_resume(struct machine *machine);

#endif

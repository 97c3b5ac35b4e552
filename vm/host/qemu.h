/* SPDX-License-Identifier: GPL-2.0-only */
/* The QEMU command line, and how QEMU is started so that it never outlives us. */
#ifndef VM_QEMU_H
#define VM_QEMU_H

#include "machine.h"

/* Where edu sits on the bus: hexadecimal, for QEMU's addr= as in the guest's names of devices. */
#define EDU_SLOT "11"

/* What QEMU does with the machine's memory, which is a file in any case. */
enum memory {
	MEMORY_BOOTED,	/* a boot; what is written goes into the file */
	MEMORY_RESUMED, /* a restore; what is written goes into the file */
	MEMORY_PRIVATE, /* a restore; what is written stays with this QEMU: the file is a snapshot's
			 */
};

/*
 * qemu_line - the argument vector, one argument per line. Descriptors have the same numbers in
 * every QEMU. The caller frees. This text is also what a snapshot is keyed by.
 */
char *qemu_line(const struct machine *machine, enum memory memory);

/* qemu_memory - a new file of @size bytes in memory, for machine->ram or the like; dies without. */
int qemu_memory(const char *name, uint32_t size);

/*
 * qemu_start - makes the wires and starts QEMU on the memory machine->ram; its stderr goes to
 * @stderr_path. The machine's descriptors belong to the machine afterwards. Dies when there is no
 * QEMU to start.
 */
void qemu_start(struct machine *machine, enum memory memory, const char *stderr_path);

#endif

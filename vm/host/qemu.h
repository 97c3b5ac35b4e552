/* SPDX-License-Identifier: GPL-2.0-only */
/* The QEMU command line, and how QEMU is started so that it never outlives us. */
#ifndef VM_QEMU_H
#define VM_QEMU_H

#include "machine.h"

/* Where a machine's memory comes from. */
enum memory {
	MEMORY_FRESH,	 /* a boot: anonymous memory */
	MEMORY_TEMPLATE, /* a boot whose memory file will be the snapshot */
	MEMORY_SNAPSHOT, /* a restore: the snapshot's memory file, private, copied on write */
};

/*
 * qemu_line - the argument vector, one argument per line, for the memory file @ram (NULL for
 * MEMORY_FRESH). Descriptor numbers are those of @machine. The caller frees. This text is also what
 * a snapshot is keyed by.
 */
char *qemu_line(const struct machine *machine, enum memory memory, const char *ram);

/*
 * qemu_start - makes the wires and starts QEMU; its stderr goes to @stderr_path. The machine's
 * descriptors belong to the machine afterwards. Dies when there is no QEMU to start.
 */
void qemu_start(struct machine *machine, enum memory memory, const char *ram,
		const char *stderr_path);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory as the host sees it: QEMU's own mapping of it, read and written through
 * process_vm_readv/writev. It works the same for a booted guest and for a restored one, whose
 * memory is a private copy of the snapshot's file. The guest cannot tell that it happens.
 */
#ifndef VM_RAM_H
#define VM_RAM_H

#include "machine.h"

/*
 * ram_read, ram_write - guest-physical bytes. False with errno set: EFAULT outside the guest's RAM,
 * EPERM where the host forbids looking into a child process.
 */
bool ram_read(struct machine *machine, uint64_t address, void *to, size_t length);
bool ram_write(struct machine *machine, uint64_t address, const void *from, size_t length);

#endif

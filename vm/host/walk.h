/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page tables of a process, read from outside: CR3 to PTE in guest memory, the vCPUs stopped.
 *
 * The process says who it is by spinning in user mode with a number in R15 that the host chose
 * (`probe spin`). Sources: Intel SDM vol. 3A, 4.5 (4-level paging) and 4.9.2 (PAT); the PAT entries
 * are Linux's (arch/x86/mm/pat/memtype.c), printed at boot as "WB WC UC- UC WB WP UC- WT".
 */
#ifndef VM_WALK_H
#define VM_WALK_H

#include "machine.h"

/*
 * walk - appends to @out one line of key=value for each of @pages pages from @address on.
 * False with machine->why set: nobody spins with @magic within the deadline, or no memory there.
 * Where QEMU or the host refuses to look, the machine is broken. The vCPUs stay stopped until the
 * agent is asked again: what is looked at next belongs to the same moment, and nobody spins for it.
 */
bool walk(struct machine *machine, uint64_t magic, uint64_t address, uint64_t pages,
	  struct bytes *out);

#endif

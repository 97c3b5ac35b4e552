/* SPDX-License-Identifier: GPL-2.0-only */
/* Guest memory from outside; ram.h is the manual. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "ram.h"

/* Where in QEMU's address space guest-physical 0 lies: the first mapping of the memory backend. */
static uint64_t find_base(struct machine *machine)
{
	char *path = text("/proc/%d/maps", (int)machine->qemu);
	unsigned long long start, end, offset;
	uint64_t base = 0;
	char line[4400], name[4200];
	FILE *maps = fopen(path, "re");

	free(path);
	while (maps && !base && fgets(line, sizeof(line), maps)) {
		name[0] = 0;
		if (sscanf(line, "%llx-%llx %*s %llx %*s %*s %4199[^\n]", &start, &end, &offset,
			   name) < 3)
			continue;
		if (strstr(name, "memfd:guest-ram") ||
		    (strstr(name, "/snapshots/") && strstr(name, "/ram")))
			base = start - offset;
	}
	if (maps)
		fclose(maps);
	return base;
}

static bool reach(struct machine *machine, uint64_t address, void *here, size_t length, bool write)
{
	uint64_t base;
	struct iovec local = {here, length}, remote = {NULL, length};
	ssize_t moved;

	if (address >= GUEST_RAM || length > GUEST_RAM - address) {
		errno = EFAULT;
		return false;
	}
	base = find_base(machine);
	if (!base) {
		errno = ESRCH;
		return false;
	}
	remote.iov_base = (void *)(uintptr_t)(base + address);
	moved = write ? process_vm_writev(machine->qemu, &local, 1, &remote, 1, 0)
		      : process_vm_readv(machine->qemu, &local, 1, &remote, 1, 0);
	return moved == (ssize_t)length;
}

bool ram_read(struct machine *machine, uint64_t address, void *to, size_t length)
{
	return reach(machine, address, to, length, false);
}

bool ram_write(struct machine *machine, uint64_t address, const void *from, size_t length)
{
	return reach(machine, address, (void *)(uintptr_t)from, length, true);
}

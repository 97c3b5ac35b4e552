/* SPDX-License-Identifier: GPL-2.0-only */
/* The verbs that look in from outside, without asking the guest; verbs.h is the manual. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ram.h"
#include "verbs.h"
#include "walk.h"

#define PEEK_MAX (4u << 20)

int verb_walk(struct verb_call *call)
{
	uint64_t magic, address, pages = 1;

	if (!number(call->argv[1], UINT64_MAX, &magic) ||
	    !number(call->argv[2], UINT64_MAX, &address) ||
	    (call->argc > 3 && !number(call->argv[3], 4096, &pages)))
		return verb_usage(call);
	if (walk(call->machine, magic, address, pages, &call->out))
		return 0;
	say(&call->err, "vm: walk: %s\n", call->machine->why);
	return call->machine->fate == FATE_ALIVE ? 1 : fate_exit(call->machine->fate);
}

/* "read ADDRESS LENGTH" and "write ADDRESS" (bytes from stdin), on guest memory or ivshmem's. */
static int peek_or_poke(struct verb_call *call, bool shmem)
{
	struct machine *machine = call->machine;
	struct bytes *data = &call->data;
	bool write = !strcmp(call->argv[1], "write"), reached;
	uint64_t address, length = data->length;

	if ((!write && strcmp(call->argv[1], "read")) ||
	    !number(call->argv[2], UINT64_MAX, &address) ||
	    (!write && (call->argc < 4 || !number(call->argv[3], PEEK_MAX, &length))))
		return verb_usage(call);
	if (shmem && machine->shmem < 0) {
		say(&call->err, "vm: this machine has no ivshmem; start it with --pci\n");
		return EXIT_USAGE;
	}
	if (!write) {
		uint8_t *here = calloc(1, length + 1);

		reached = shmem ? pread(machine->shmem, here, length, (off_t)address) ==
					  (ssize_t)length
				: ram_read(machine, address, here, length);
		if (reached)
			bytes_add(&call->out, here, length);
		free(here);
	} else if (shmem) {
		reached = address <= SHMEM_SIZE && length <= SHMEM_SIZE - address &&
			  pwrite(machine->shmem, data->data, length, (off_t)address) ==
				  (ssize_t)length;
	} else {
		reached = ram_write(machine, address, data->data, length);
	}
	if (reached)
		return 0;
	say(&call->err, "vm: %s: no such bytes: %s\n", call->argv[0], strerror(errno));
	/* No such address: the guest's doing. Anything else keeps us from judging it. */
	return shmem || errno == EFAULT ? 1 : EXIT_BROKEN;
}

int verb_phys(struct verb_call *call)
{
	return peek_or_poke(call, false);
}

int verb_shmem(struct verb_call *call)
{
	return peek_or_poke(call, true);
}

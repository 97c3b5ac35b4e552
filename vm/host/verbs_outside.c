/* SPDX-License-Identifier: GPL-2.0-only */
/* The verbs that look in from outside, without asking the guest; verbs.h is the manual. */
#include <errno.h>
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

/* No such address: the guest's doing. Anything else keeps us from judging it. */
static int out_of_reach(struct verb_call *call, bool shmem)
{
	int error = errno;

	say(&call->err, "vm: %s: no such bytes: %s\n", call->argv[0], strerror(error));
	return shmem || error == EFAULT ? 1 : EXIT_BROKEN;
}

/* "read ADDRESS LENGTH…", on guest memory or ivshmem's. */
static int peek(struct verb_call *call, bool shmem)
{
	static uint8_t here[PEEK_MAX];
	uint64_t address, length;

	if (call->argc < 4 || call->argc % 2)
		return verb_usage(call);
	for (int i = 2; i < call->argc; i += 2) {
		if (!number(call->argv[i], UINT64_MAX, &address) ||
		    !number(call->argv[i + 1], PEEK_MAX, &length))
			return verb_usage(call);
		if (shmem ? pread(call->machine->shmem, here, length, (off_t)address) !=
				    (ssize_t)length
			  : !ram_read(call->machine, address, here, length))
			return out_of_reach(call, shmem);
		bytes_add(&call->out, here, length);
	}
	return 0;
}

/* "write ADDRESS", the bytes from stdin. */
static int poke(struct verb_call *call, bool shmem)
{
	const struct bytes *data = &call->data;
	uint64_t address;
	bool reached;

	if (!number(call->argv[2], UINT64_MAX, &address))
		return verb_usage(call);
	if (shmem)
		reached = address <= SHMEM_SIZE && data->length <= SHMEM_SIZE - address &&
			  pwrite(call->machine->shmem, data->data, data->length, (off_t)address) ==
				  (ssize_t)data->length;
	else
		reached = ram_write(call->machine, address, data->data, data->length);
	return reached ? 0 : out_of_reach(call, shmem);
}

static int peek_or_poke(struct verb_call *call, bool shmem)
{
	if (shmem && call->machine->shmem < 0) {
		say(&call->err, "vm: this machine has no ivshmem; start it with --pci\n");
		return EXIT_USAGE;
	}
	if (!strcmp(call->argv[1], "read"))
		return peek(call, shmem);
	return strcmp(call->argv[1], "write") ? verb_usage(call) : poke(call, shmem);
}

int verb_phys(struct verb_call *call)
{
	return peek_or_poke(call, false);
}

int verb_shmem(struct verb_call *call)
{
	return peek_or_poke(call, true);
}

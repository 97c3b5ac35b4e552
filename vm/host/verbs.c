/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The verbs: each turns arguments into calls to the agent or a look from outside, and the answer
 * into text and an exit status.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "kept.h"
#include "verbs.h"

#define GET_MAX (1u << 20)

void say(struct bytes *to, const char *format, ...)
{
	va_list list;
	char *made;

	va_start(list, format);
	if (vasprintf(&made, format, list) < 0)
		die("out of memory");
	va_end(list);
	bytes_add(to, made, strlen(made));
	free(made);
}

int verb_usage(struct verb_call *call)
{
	const struct verb *verb = verb_find(call->argv[0]);

	say(&call->err, "usage: vm %s DIR %s\n", verb->name, verb->arguments);
	return EXIT_USAGE;
}

int verb_fate(struct verb_call *call)
{
	say(&call->err, "vm: %s: %s\n", fate_word(call->machine->fate), call->machine->why);
	return fate_exit(call->machine->fate);
}

int verb_unreadable(struct verb_call *call)
{
	machine_ends(call->machine, FATE_LOST, "the answer does not hold what was asked for");
	return verb_fate(call);
}

int verb_ask(struct verb_call *call, enum frame_op op, struct bytes *payload, struct frame *reply)
{
	bool answered = guest_call(call->machine, op, payload, CALL_MS, reply);

	bytes_free(payload);
	if (!answered)
		return verb_fate(call);
	switch (reply->status) {
	case 0:
		return 0;
	case ETIMEDOUT:
		return EXIT_OVERDUE;
	case STATUS_KILLED:
		say(&call->out, "killed=1\n");
		return 1;
	case STATUS_MALFORMED:
		say(&call->err, "vm: the agent could not read the request\n");
		return EXIT_BROKEN;
	default:
		say(&call->out, "errno=%s\n",
		    strerrorname_np((int)reply->status) ? strerrorname_np((int)reply->status)
							: "?");
		return 1;
	}
}

static int verb_put(struct verb_call *call)
{
	struct bytes payload = {0};
	uint64_t mode = 0755;
	struct frame reply;

	if (call->argc > 3 && !number(call->argv[3], 07777, &mode))
		return verb_usage(call);
	bytes_text(&payload, call->argv[2]);
	bytes_u32(&payload, (uint32_t)mode);
	bytes_field(&payload, call->data.data, call->data.length);
	return verb_ask(call, OP_PUT, &payload, &reply);
}

static int verb_get(struct verb_call *call)
{
	struct bytes payload = {0};
	struct frame reply;
	const uint8_t *content;
	size_t length;
	int status;

	bytes_text(&payload, call->argv[1]);
	bytes_u32(&payload, GET_MAX);
	status = verb_ask(call, OP_GET, &payload, &reply);
	if (status)
		return status;
	if (!fields_next(&reply.payload, &content, &length))
		return verb_unreadable(call);
	bytes_add(&call->out, content, length);
	return 0;
}

static int verb_write(struct verb_call *call)
{
	struct bytes payload = {0};
	struct frame reply;

	bytes_text(&payload, call->argv[1]);
	bytes_text(&payload, call->argv[2]);
	return verb_ask(call, OP_WRITE, &payload, &reply);
}

static int verb_load(struct verb_call *call)
{
	struct bytes payload = {0}, parameters = {0};
	struct frame reply;

	for (int i = 2; i < call->argc; i++)
		say(&parameters, "%s ", call->argv[i]);
	bytes_field(&payload, call->data.data, call->data.length);
	bytes_field(&payload, parameters.data, parameters.length);
	bytes_free(&parameters);
	return verb_ask(call, OP_LOAD, &payload, &reply);
}

static int verb_unload(struct verb_call *call)
{
	struct bytes payload = {0};
	struct frame reply;

	bytes_text(&payload, call->argv[1]);
	return verb_ask(call, OP_UNLOAD, &payload, &reply);
}

/* What became of the machine, and why; of a living one, if asked for, the kernel's taint mask. */
static void say_fate(struct verb_call *call)
{
	struct machine *machine = call->machine;
	struct bytes payload = {0};
	const uint8_t *mask = NULL;
	size_t length = 0;
	struct frame reply;

	/* What happened since the last call: QEMU may have ended meanwhile. */
	machine_pump(machine, 0, -1);
	if (call->argc > 1 && !strcmp(call->argv[1], "--taint") && machine->fate == FATE_ALIVE) {
		bytes_text(&payload, "/proc/sys/kernel/tainted");
		bytes_u32(&payload, 64);
		if (guest_call(machine, OP_GET, &payload, CALL_MS, &reply) && !reply.status &&
		    !fields_next(&reply.payload, &mask, &length))
			machine_ends(machine, FATE_LOST, "the answer holds no taint mask");
		bytes_free(&payload);
	}
	say(&call->out, "%s\n", fate_word(machine->fate));
	if (machine->fate != FATE_ALIVE)
		say(&call->out, "%s\n", machine->why);
	bytes_add(&call->out, mask, length);
}

static int verb_status(struct verb_call *call)
{
	say_fate(call);
	return 0;
}

static int verb_keep(struct verb_call *call)
{
	if (kept_keep(call->machine))
		return 0;
	say(&call->err, "vm: not kept: %s\n",
	    call->machine->profile.keepable ? call->machine->why
					    : "it was not started with --keepable");
	return EXIT_BROKEN;
}

static int verb_stop(struct verb_call *call)
{
	struct bytes payload = {0};
	struct frame reply;

	if (call->argc > 1)
		say_fate(call);
	machine_pump(call->machine, 0, -1);
	if (call->machine->fate == FATE_ALIVE &&
	    guest_call(call->machine, OP_END, &payload, 1000, &reply))
		call->machine->fate = FATE_ENDED;
	machine_kill(call->machine);
	return call->machine->fate == FATE_ENDED ? 0 : verb_fate(call);
}

const struct verb verbs[] = {
	{"put", "LOCAL REMOTE [MODE]", "deliver a file (mode 0755)", 1, 2, verb_put},
	{"get", "REMOTE", "print a file of the guest", 0, 1, verb_get},
	{"write", "REMOTE TEXT", "one write(2) to a file that exists", 0, 2, verb_write},
	{"load", "FILE.ko [name=value…]", "load a module", 1, 1, verb_load},
	{"unload", "NAME", "remove a module", 0, 1, verb_unload},
	{"run", "[--deadline MS] [--uid N] [--standby] -- PROGRAM [ARGUMENT…]",
	 "run a program to its end; with --standby the one that stands by, and all words are its\n"
	 "  arguments",
	 0, 1, verb_run},
	{"spawn", "[--uid N] [--standby] -- PROGRAM [ARGUMENT…]",
	 "start a program; prints job= and pid=", 0, 1, verb_spawn},
	{"await", "JOB TEXT", "wait until the program has printed TEXT", 0, 2, verb_await},
	{"send", "JOB TEXT", "give a line to the program's stdin", 0, 2, verb_send},
	{"wait", "JOB", "wait for the program's end", 0, 1, verb_wait},
	{"kill", "JOB SIGNAL", "send a signal, by number", 0, 2, verb_kill},
	{"walk", "MAGIC ADDRESS [PAGES]",
	 "page tables of the process that spins with MAGIC (probe spin)", 0, 2, verb_walk},
	{"phys", "read ADDRESS LENGTH… | write ADDRESS < bytes", "guest-physical memory", -1, 2,
	 verb_phys},
	{"shmem", "read OFFSET LENGTH… | write OFFSET < bytes", "the memory behind ivshmem's BAR 2",
	 -1, 2, verb_shmem},
	{"status", "[--taint]",
	 "alive, panic, hang or lost, and why; with --taint also the kernel's taint mask", 0, 0,
	 verb_status},
	{"keep", "", "end the machine, and keep it as a snapshot for vm start --from", 0, 0,
	 verb_keep},
	{"stop", "[--taint]", "end the machine; with --taint say first what status would", 0, 0,
	 verb_stop},
	{0},
};

const struct verb *verb_find(const char *name)
{
	for (const struct verb *verb = verbs; verb->name; verb++)
		if (!strcmp(verb->name, name))
			return verb;
	return NULL;
}

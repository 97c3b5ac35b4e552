/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The verbs: each turns arguments into calls to the agent or a look from outside, and the answer
 * into text and an exit status.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "ram.h"
#include "verbs.h"
#include "walk.h"

#define GET_MAX (1u << 20)
#define PEEK_MAX (4u << 20)

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

static int usage(struct verb_call *call)
{
	const struct verb *verb = verb_find(call->argv[0]);

	say(&call->err, "usage: vm %s DIR %s\n", verb->name, verb->arguments);
	return EXIT_USAGE;
}

static int met_its_fate(struct verb_call *call)
{
	say(&call->err, "vm: %s: %s\n", fate_word(call->machine->fate), call->machine->why);
	return fate_exit(call->machine->fate);
}

/* One call to the agent whose answer is no more than an errno; the payload is freed. */
static int ask(struct verb_call *call, enum frame_op op, struct bytes *payload, struct frame *reply)
{
	bool answered = guest_call(call->machine, op, payload, CALL_MS, reply);

	bytes_free(payload);
	if (!answered)
		return met_its_fate(call);
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
		return usage(call);
	bytes_text(&payload, call->argv[2]);
	bytes_u32(&payload, (uint32_t)mode);
	bytes_field(&payload, call->data.data, call->data.length);
	return ask(call, OP_PUT, &payload, &reply);
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
	status = ask(call, OP_GET, &payload, &reply);
	if (!status && fields_next(&reply.payload, &content, &length))
		bytes_add(&call->out, content, length);
	return status;
}

static int verb_write(struct verb_call *call)
{
	struct bytes payload = {0};
	struct frame reply;

	bytes_text(&payload, call->argv[1]);
	bytes_text(&payload, call->argv[2]);
	return ask(call, OP_WRITE, &payload, &reply);
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
	return ask(call, OP_LOAD, &payload, &reply);
}

static int verb_unload(struct verb_call *call)
{
	struct bytes payload = {0};
	struct frame reply;

	bytes_text(&payload, call->argv[1]);
	return ask(call, OP_UNLOAD, &payload, &reply);
}

/* Starts what the arguments from @first on say; "--uid N" may come before. */
static int start(struct verb_call *call, int first, uint32_t uid, uint32_t *job, uint32_t *pid)
{
	struct bytes payload = {0};
	struct frame reply;
	int status;

	bytes_u32(&payload, uid);
	for (int i = first; i < call->argc; i++)
		bytes_text(&payload, call->argv[i]);
	status = ask(call, OP_SPAWN, &payload, &reply);
	if (!status && (!fields_u32(&reply.payload, job) || !fields_u32(&reply.payload, pid)))
		status = EXIT_BROKEN;
	return status;
}

/* Waits for a job; *state tells whether it has ended. Output so far is always handed on. */
static int await(struct verb_call *call, uint32_t job, const char *word, uint32_t deadline,
		 uint32_t *state)
{
	struct bytes payload = {0};
	const uint8_t *said, *complained;
	size_t said_length, complained_length;
	struct frame reply;
	uint32_t code;
	bool answered;

	bytes_u32(&payload, job);
	if (word)
		bytes_text(&payload, word);
	answered = guest_call(call->machine, OP_AWAIT, &payload, deadline, &reply);
	bytes_free(&payload);
	if (!answered)
		return met_its_fate(call);
	if (reply.status == ESRCH) {
		say(&call->err, "vm: no such job: %u\n", job);
		return EXIT_USAGE;
	}
	if (!fields_u32(&reply.payload, state) || !fields_u32(&reply.payload, &code) ||
	    !fields_next(&reply.payload, &said, &said_length) ||
	    !fields_next(&reply.payload, &complained, &complained_length))
		return EXIT_BROKEN;
	bytes_add(&call->out, said, said_length);
	bytes_add(&call->err, complained, complained_length);
	switch (*state) {
	case JOB_EXITED:
		return (int)code;
	case JOB_SIGNALED:
		return 128 + (int)code;
	case JOB_OVERDUE:
		return EXIT_OVERDUE;
	case JOB_STUCK:
		machine_ends(call->machine, FATE_HANG, "a program can not even be killed");
		return met_its_fate(call);
	default:
		return 0;
	}
}

/* The options before the program; the index of the program, or 0 for bad usage. */
static int options(struct verb_call *call, uint64_t *deadline, uint64_t *uid)
{
	int at = 1;

	for (; at + 1 < call->argc && !strncmp(call->argv[at], "--", 2); at += 2) {
		if (!strcmp(call->argv[at], "--"))
			return at + 1;
		if (!strcmp(call->argv[at], "--deadline")) {
			if (!number(call->argv[at + 1], 600000, deadline))
				return 0;
		} else if (strcmp(call->argv[at], "--uid") ||
			   !number(call->argv[at + 1], 65535, uid)) {
			return 0;
		}
	}
	return at < call->argc ? at : 0;
}

static int verb_run(struct verb_call *call)
{
	uint64_t deadline = CALL_MS, uid = 0;
	uint32_t job, pid, state;
	int first = options(call, &deadline, &uid), status;

	if (!first)
		return usage(call);
	status = start(call, first, (uint32_t)uid, &job, &pid);
	return status ? status : await(call, job, NULL, (uint32_t)deadline, &state);
}

static int verb_spawn(struct verb_call *call)
{
	uint64_t deadline = CALL_MS, uid = 0;
	uint32_t job, pid;
	int first = options(call, &deadline, &uid), status;

	if (!first)
		return usage(call);
	status = start(call, first, (uint32_t)uid, &job, &pid);
	if (!status)
		say(&call->out, "job=%u pid=%u\n", job, pid);
	return status;
}

static int verb_await(struct verb_call *call)
{
	uint32_t state;
	uint64_t job;
	int status;

	if (!number(call->argv[1], 1000, &job))
		return usage(call);
	status = await(call, (uint32_t)job, call->argv[2], CALL_MS, &state);
	if (!status && state == JOB_RUNNING &&
	    !memmem(call->out.data, call->out.length, call->argv[2], strlen(call->argv[2])))
		return EXIT_OVERDUE;
	return status;
}

static int verb_wait(struct verb_call *call)
{
	uint32_t state;
	uint64_t job;

	if (!number(call->argv[1], 1000, &job))
		return usage(call);
	return await(call, (uint32_t)job, NULL, CALL_MS, &state);
}

static int verb_send(struct verb_call *call)
{
	struct bytes payload = {0}, line = {0};
	struct frame reply;
	uint64_t job;

	if (!number(call->argv[1], 1000, &job))
		return usage(call);
	say(&line, "%s\n", call->argv[2]);
	bytes_u32(&payload, (uint32_t)job);
	bytes_field(&payload, line.data, line.length);
	bytes_free(&line);
	return ask(call, OP_SEND, &payload, &reply);
}

static int verb_kill(struct verb_call *call)
{
	struct bytes payload = {0};
	struct frame reply;
	uint64_t job, signal_number;

	if (!number(call->argv[1], 1000, &job) || !number(call->argv[2], 64, &signal_number))
		return usage(call);
	bytes_u32(&payload, (uint32_t)job);
	bytes_u32(&payload, (uint32_t)signal_number);
	return ask(call, OP_KILL, &payload, &reply);
}

static int verb_walk(struct verb_call *call)
{
	uint64_t magic, address, pages = 1;

	if (!number(call->argv[1], UINT64_MAX, &magic) ||
	    !number(call->argv[2], UINT64_MAX, &address) ||
	    (call->argc > 3 && !number(call->argv[3], 4096, &pages)))
		return usage(call);
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
		return usage(call);
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
	return 1;
}

static int verb_phys(struct verb_call *call)
{
	return peek_or_poke(call, false);
}

static int verb_shmem(struct verb_call *call)
{
	return peek_or_poke(call, true);
}

static int verb_status(struct verb_call *call)
{
	/* What happened since the last call: QEMU may have ended meanwhile. */
	machine_pump(call->machine, 0, -1);
	say(&call->out, "%s\n", fate_word(call->machine->fate));
	if (call->machine->fate != FATE_ALIVE)
		say(&call->out, "%s\n", call->machine->why);
	return 0;
}

static int verb_stop(struct verb_call *call)
{
	struct bytes payload = {0};
	struct frame reply;

	machine_pump(call->machine, 0, -1);
	if (call->machine->fate == FATE_ALIVE &&
	    guest_call(call->machine, OP_END, &payload, 1000, &reply))
		call->machine->fate = FATE_ENDED;
	machine_kill(call->machine);
	return call->machine->fate == FATE_ENDED ? 0 : met_its_fate(call);
}

const struct verb verbs[] = {
	{"put", "LOCAL REMOTE [MODE]", "deliver a file (mode 0755)", 1, 2, verb_put},
	{"get", "REMOTE", "print a file of the guest", 0, 1, verb_get},
	{"write", "REMOTE TEXT", "one write(2) to a file that exists", 0, 2, verb_write},
	{"load", "FILE.ko [name=value…]", "load a module", 1, 1, verb_load},
	{"unload", "NAME", "remove a module", 0, 1, verb_unload},
	{"run", "[--deadline MS] [--uid N] -- PROGRAM [ARGUMENT…]", "run a program to its end", 0,
	 1, verb_run},
	{"spawn", "[--uid N] -- PROGRAM [ARGUMENT…]", "start a program; prints job= and pid=", 0, 1,
	 verb_spawn},
	{"await", "JOB TEXT", "wait until the program has printed TEXT", 0, 2, verb_await},
	{"send", "JOB TEXT", "give a line to the program's stdin", 0, 2, verb_send},
	{"wait", "JOB", "wait for the program's end", 0, 1, verb_wait},
	{"kill", "JOB SIGNAL", "send a signal, by number", 0, 2, verb_kill},
	{"walk", "MAGIC ADDRESS [PAGES]",
	 "page tables of the process that spins with MAGIC (probe spin)", 0, 2, verb_walk},
	{"phys", "read ADDRESS LENGTH | write ADDRESS < bytes", "guest-physical memory", -1, 2,
	 verb_phys},
	{"shmem", "read OFFSET LENGTH | write OFFSET < bytes", "the memory behind ivshmem's BAR 2",
	 -1, 2, verb_shmem},
	{"status", "", "alive, panic, hang or lost, and why", 0, 0, verb_status},
	{"stop", "", "end the machine", 0, 0, verb_stop},
	{0},
};

const struct verb *verb_find(const char *name)
{
	for (const struct verb *verb = verbs; verb->name; verb++)
		if (!strcmp(verb->name, name))
			return verb;
	return NULL;
}

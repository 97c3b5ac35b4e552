/* SPDX-License-Identifier: GPL-2.0-only */
/* The verbs about programs in the guest; verbs.h is the manual. */
#include <errno.h>
#include <string.h>

#include "guest.h"
#include "verbs.h"

/* Starts what the arguments from @first on say; "--uid N" may come before. */
static int start(struct verb_call *call, int first, uint32_t uid, uint32_t *job, uint32_t *pid)
{
	struct bytes payload = {0};
	struct frame reply;
	int status;

	bytes_u32(&payload, uid);
	for (int i = first; i < call->argc; i++)
		bytes_text(&payload, call->argv[i]);
	status = verb_ask(call, OP_SPAWN, &payload, &reply);
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
		return verb_fate(call);
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
		return verb_fate(call);
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

int verb_run(struct verb_call *call)
{
	uint64_t deadline = CALL_MS, uid = 0;
	uint32_t job, pid, state;
	int first = options(call, &deadline, &uid), status;

	if (!first)
		return verb_usage(call);
	status = start(call, first, (uint32_t)uid, &job, &pid);
	return status ? status : await(call, job, NULL, (uint32_t)deadline, &state);
}

int verb_spawn(struct verb_call *call)
{
	uint64_t deadline = CALL_MS, uid = 0;
	uint32_t job, pid;
	int first = options(call, &deadline, &uid), status;

	if (!first)
		return verb_usage(call);
	status = start(call, first, (uint32_t)uid, &job, &pid);
	if (!status)
		say(&call->out, "job=%u pid=%u\n", job, pid);
	return status;
}

int verb_await(struct verb_call *call)
{
	uint32_t state;
	uint64_t job;
	int status;

	if (!number(call->argv[1], 1000, &job))
		return verb_usage(call);
	status = await(call, (uint32_t)job, call->argv[2], CALL_MS, &state);
	if (!status && state == JOB_RUNNING &&
	    !memmem(call->out.data, call->out.length, call->argv[2], strlen(call->argv[2])))
		return EXIT_OVERDUE;
	return status;
}

int verb_wait(struct verb_call *call)
{
	uint32_t state;
	uint64_t job;

	if (!number(call->argv[1], 1000, &job))
		return verb_usage(call);
	return await(call, (uint32_t)job, NULL, CALL_MS, &state);
}

int verb_send(struct verb_call *call)
{
	struct bytes payload = {0}, line = {0};
	struct frame reply;
	uint64_t job;

	if (!number(call->argv[1], 1000, &job))
		return verb_usage(call);
	say(&line, "%s\n", call->argv[2]);
	bytes_u32(&payload, (uint32_t)job);
	bytes_field(&payload, line.data, line.length);
	bytes_free(&line);
	return verb_ask(call, OP_SEND, &payload, &reply);
}

int verb_kill(struct verb_call *call)
{
	struct bytes payload = {0};
	struct frame reply;
	uint64_t job, signal_number;

	if (!number(call->argv[1], 1000, &job) || !number(call->argv[2], 64, &signal_number))
		return verb_usage(call);
	bytes_u32(&payload, (uint32_t)job);
	bytes_u32(&payload, (uint32_t)signal_number);
	return verb_ask(call, OP_KILL, &payload, &reply);
}

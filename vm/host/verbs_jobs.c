/* SPDX-License-Identifier: GPL-2.0-only */
/* The verbs about programs in the guest; verbs.h is the manual. */
#include <errno.h>
#include <string.h>

#include "guest.h"
#include "verbs.h"

/* What run and spawn are told. */
struct order {
	uint64_t deadline, uid;
	bool standby; /* the words are arguments of the program that stands by */
	int first;    /* index of the first word */
};

/* The words as one line, if they can be told apart again. */
static bool one_line(const struct verb_call *call, int first, struct bytes *line)
{
	for (int i = first; i < call->argc; i++) {
		if (!*call->argv[i] || strpbrk(call->argv[i], " \n"))
			return false;
		say(line, "%s%c", call->argv[i], i + 1 < call->argc ? ' ' : '\n');
	}
	return true;
}

/* Gives the arguments to a copy that stands by: 0 or an exit status; -1 when there is none for it.
 */
static int start_standby(struct verb_call *call, int first, uint32_t *job, uint32_t *pid)
{
	struct bytes payload = {0}, line = {0};
	struct frame reply;
	int status = -1;

	if (one_line(call, first, &line) && standby_take(call->machine, job, pid)) {
		bytes_u32(&payload, *job);
		bytes_field(&payload, line.data, line.length);
		status = verb_ask(call, OP_SEND, &payload, &reply);
	}
	bytes_free(&line);
	return status;
}

static int start(struct verb_call *call, const struct order *order, uint32_t *job, uint32_t *pid)
{
	struct bytes payload = {0};
	struct frame reply;
	int status = -1;

	if (order->standby && !order->uid)
		status = start_standby(call, order->first, job, pid);
	if (status >= 0)
		return status;
	bytes_u32(&payload, (uint32_t)order->uid);
	if (order->standby)
		bytes_text(&payload, call->machine->standby.path);
	for (int i = order->first; i < call->argc; i++)
		bytes_text(&payload, call->argv[i]);
	status = verb_ask(call, OP_SPAWN, &payload, &reply);
	if (!status && (!fields_u32(&reply.payload, job) || !fields_u32(&reply.payload, pid)))
		return verb_unreadable(call);
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
	if (reply.status || !fields_u32(&reply.payload, state) ||
	    !fields_u32(&reply.payload, &code) ||
	    !fields_next(&reply.payload, &said, &said_length) ||
	    !fields_next(&reply.payload, &complained, &complained_length) || *state > JOB_STUCK ||
	    (*state == JOB_RUNNING && !word))
		return verb_unreadable(call);
	bytes_add(&call->out, said, said_length);
	bytes_add(&call->err, complained, complained_length);
	switch (*state) {
	case JOB_EXITED:
		return (int)code;
	case JOB_SIGNALED:
		/* Who is killed himself says nothing: so the caller can tell. */
		say(&call->err, "vm: signal %u killed the program\n", code);
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

/* The options before the words; false for bad usage. */
static bool options(struct verb_call *call, struct order *order)
{
	int at = 1;

	*order = (struct order){.deadline = CALL_MS};
	for (; at < call->argc && !strncmp(call->argv[at], "--", 2); at++) {
		const char *option = call->argv[at] + 2, *value = call->argv[at + 1];

		if (!*option) {
			at++;
			break;
		} else if (!strcmp(option, "standby") && *call->machine->standby.path) {
			order->standby = true;
		} else if (!strcmp(option, "deadline") && number(value, 600000, &order->deadline)) {
			at++;
		} else if (!strcmp(option, "uid") && number(value, 65535, &order->uid)) {
			at++;
		} else {
			return false;
		}
	}
	order->first = at;
	return at < call->argc;
}

int verb_run(struct verb_call *call)
{
	struct order order;
	uint32_t job, pid, state;
	int status;

	if (!options(call, &order))
		return verb_usage(call);
	status = start(call, &order, &job, &pid);
	return status ? status : await(call, job, NULL, (uint32_t)order.deadline, &state);
}

int verb_spawn(struct verb_call *call)
{
	struct order order;
	uint32_t job, pid;
	int status;

	if (!options(call, &order))
		return verb_usage(call);
	status = start(call, &order, &job, &pid);
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

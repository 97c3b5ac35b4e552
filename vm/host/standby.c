/* SPDX-License-Identifier: GPL-2.0-only */
/* The program that stands by; standby.h is the manual. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "guest.h"
#include "machine.h"

#define PREPARE_MS 60000 /* what it does may take long, once */

static bool drawn(char *path, size_t room)
{
	uint8_t random[9];
	size_t at = 5;

	if (room < at + sizeof(random) + 1 || getrandom(random, sizeof(random), 0) < 0)
		return false;
	memcpy(path, "/tmp/", at);
	for (size_t i = 0; i < sizeof(random); i++)
		path[at++] = (char)('a' + random[i] % 26);
	path[at] = 0;
	return true;
}

/* The kit's trouble, whatever the guest may have against it. */
static bool refused(struct machine *machine, const char *why)
{
	machine_ends(machine, FATE_BROKEN, "%s can not stand by: %s", machine->profile.program,
		     why);
	return false;
}

static bool ask(struct machine *machine, enum frame_op op, struct bytes *payload, uint32_t deadline,
		struct frame *reply)
{
	bool answered = guest_call(machine, op, payload, deadline, reply);

	bytes_free(payload);
	if (answered && reply->status)
		return refused(machine, strerror((int)reply->status));
	return answered;
}

bool standby_deliver(struct machine *machine)
{
	struct bytes payload = {0}, program = {0};
	struct frame reply;

	if (!machine->profile.program)
		return true;
	if (!read_file(machine->profile.program, &program) ||
	    !drawn(machine->standby.path, sizeof(machine->standby.path)))
		return refused(machine, strerror(errno));
	bytes_text(&payload, machine->standby.path);
	bytes_u32(&payload, 0755);
	bytes_field(&payload, program.data, program.length);
	bytes_free(&program);
	return ask(machine, OP_PUT, &payload, CALL_MS, &reply);
}

bool standby_start(struct machine *machine)
{
	struct standby *standby = &machine->standby;

	while (*standby->path && standby->copies < STANDBY_COPIES) {
		uint32_t *job = &standby->copy[standby->copies].job;
		uint32_t *pid = &standby->copy[standby->copies].pid;
		struct bytes payload = {0};
		struct frame reply;

		bytes_u32(&payload, 0);
		bytes_text(&payload, standby->path);
		bytes_text(&payload, "-");
		if (!ask(machine, OP_SPAWN, &payload, CALL_MS, &reply) ||
		    !fields_u32(&reply.payload, job) || !fields_u32(&reply.payload, pid))
			return false;
		standby->copies++;
	}
	return true;
}

bool standby_prepare(struct machine *machine)
{
	const char *prepare = machine->profile.prepare;
	char *words, *rest;
	uint32_t job, state, code;
	struct bytes payload = {0};
	const uint8_t *said;
	struct frame reply;
	bool done;
	size_t length;

	if (!prepare || !*machine->standby.path)
		return true;
	rest = words = strdup(prepare);
	bytes_u32(&payload, 0);
	bytes_text(&payload, machine->standby.path);
	for (char *word; (word = strsep(&rest, " "));)
		bytes_text(&payload, word);
	free(words);
	if (!ask(machine, OP_SPAWN, &payload, CALL_MS, &reply) || !fields_u32(&reply.payload, &job))
		return false;
	bytes_u32(&payload, job);
	if (!ask(machine, OP_AWAIT, &payload, PREPARE_MS, &reply))
		return false;
	done = fields_u32(&reply.payload, &state) && fields_u32(&reply.payload, &code) &&
	       fields_next(&reply.payload, &said, &length) && state == JOB_EXITED && !code &&
	       length < sizeof(machine->standby.prepared);
	if (!done)
		return refused(machine, "it did not end well when it prepared the machine");
	memcpy(machine->standby.prepared, said, length);
	return true;
}

bool standby_save(const struct machine *machine, const char *file)
{
	return write_file(file, &machine->standby, sizeof(machine->standby));
}

bool standby_load(struct machine *machine, const char *file)
{
	struct bytes saved = {0};
	bool whole = read_file(file, &saved) && saved.length == sizeof(machine->standby);

	if (whole)
		memcpy(&machine->standby, saved.data, sizeof(machine->standby));
	bytes_free(&saved);
	return whole;
}

bool standby_take(struct machine *machine, uint32_t *job, uint32_t *pid)
{
	struct standby *standby = &machine->standby;

	if (standby->taken >= standby->copies)
		return false;
	*job = standby->copy[standby->taken].job;
	*pid = standby->copy[standby->taken].pid;
	standby->taken++;
	return true;
}

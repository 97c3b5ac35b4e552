/* SPDX-License-Identifier: GPL-2.0-only */
/* Recorded sessions; session.h is the manual. */
#include <ctype.h>
#include <endian.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

#define WORD_MAX 256
#define TMP "/tmp/"
#define DRAWN_LENGTH \
	9 /* letters of a name that is drawn: of the program that stands by, of a probe */

static const char *const wire_names[] = {
	[CONSOLE] = "console", [AGENT] = "agent", [MONITOR] = "monitor"};

static const char *const op_names[] = {
	[OP_HELLO] = "hello", [OP_PUT] = "put",	      [OP_GET] = "get",	    [OP_WRITE] = "write",
	[OP_LOAD] = "load",   [OP_UNLOAD] = "unload", [OP_SPAWN] = "spawn", [OP_AWAIT] = "await",
	[OP_SEND] = "send",   [OP_KILL] = "kill",     [OP_SHELL] = "shell", [OP_END] = "end",
	[OP_VERB] = "verb",
};

bool session_line(struct bytes *heard, struct bytes *line)
{
	const uint8_t *end = heard->length ? memchr(heard->data, '\n', heard->length) : NULL;
	size_t length = end ? (size_t)(end - heard->data) + 1 : 0;

	bytes_add(line, heard->data, length);
	bytes_drop(heard, length);
	return end;
}

void session_note(FILE *to, const struct event *event)
{
	fprintf(to, "%s%c ", wire_names[event->wire], event->asked ? '<' : '>');
	if (event->wire == AGENT && !event->asked)
		fprintf(to, event->said.length ? "%u " : "%u", event->status);
	for (size_t i = 0; i < event->said.length; i++) {
		uint8_t byte = event->said.data[i];

		if (byte == '\n')
			fputs("\\n", to);
		else if (isprint(byte) && byte != '\\')
			fputc(byte, to);
		else
			fprintf(to, "\\x%02x", byte);
	}
	fputc('\n', to);
	if (fflush(to))
		err(1, "the recording");
}

static struct bytes unescaped(const char *from)
{
	struct bytes plain = {0};
	unsigned int byte;

	for (; *from && *from != '\n'; from++) {
		if (*from != '\\') {
			bytes_add(&plain, from, 1);
		} else if (from[1] == 'n') {
			bytes_add(&plain, "\n", 1);
			from++;
		} else if (sscanf(from, "\\x%2x", &byte) == 1) {
			bytes_add(&plain, &(uint8_t){(uint8_t)byte}, 1);
			from += 3;
		} else {
			errx(1, "the recording is damaged at: %s", from);
		}
	}
	return plain;
}

static struct event event_of(const char *line)
{
	size_t name = strcspn(line, "<>");
	struct event event = {.asked = line[name] == '<'};
	char *rest;

	while (event.wire < WIRES && (strlen(wire_names[event.wire]) != name ||
				      strncmp(line, wire_names[event.wire], name)))
		event.wire++;
	if (event.wire == WIRES || !line[name] || line[name + 1] != ' ')
		errx(1, "the recording is damaged at: %s", line);
	line += name + 2;
	if (event.wire == AGENT && !event.asked) {
		event.status = (uint32_t)strtoul(line, &rest, 10);
		line = *rest == ' ' ? rest + 1 : rest;
	}
	event.said = unescaped(line);
	return event;
}

struct session session_read(const char *path)
{
	struct session session = {0};
	FILE *from = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;

	if (!from)
		err(1, "%s", path);
	while (getline(&line, &room, from) > 0) {
		session.events =
			reallocarray(session.events, session.count + 1, sizeof(*session.events));
		if (!session.events)
			err(1, "%s", path);
		session.events[session.count++] = event_of(line);
	}
	free(line);
	fclose(from);
	return session;
}

static bool same(const struct event *one, const struct event *other)
{
	return one->wire == other->wire && one->asked == other->asked &&
	       one->said.length == other->said.length &&
	       !memcmp(one->said.data, other->said.data, one->said.length);
}

size_t session_find(const struct session *session, size_t from, const struct event *asked)
{
	for (size_t i = 0; i < session->count; i++) {
		size_t place = (from + i) % session->count;

		if (same(&session->events[place], asked))
			return place;
	}
	return session->count;
}

static bool is_text(const uint8_t *data, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isprint(data[i]) && data[i] != '\n')
			return false;
	return length <= WORD_MAX;
}

static bool is_drawn(const uint8_t *data, size_t length)
{
	size_t letters = 0;

	while (letters < length && islower(data[letters]))
		letters++;
	return letters == length && length == DRAWN_LENGTH;
}

static void add_word(struct bytes *words, const uint8_t *data, size_t length)
{
	char digits[12];
	uint32_t value;

	bytes_add(words, " ", 1);
	if (length > strlen(TMP) && !memcmp(data, TMP, strlen(TMP)) &&
	    is_drawn(data + strlen(TMP), length - strlen(TMP))) {
		bytes_add(words, TMP "?", strlen(TMP "?"));
	} else if (is_drawn(data, length)) {
		bytes_add(words, "?", 1);
	} else if (!length) {
		bytes_add(words, "''", 2);
	} else if (is_text(data, length)) {
		bytes_add(words, data, length);
	} else if (length == sizeof(value)) {
		memcpy(&value, data, length);
		snprintf(digits, sizeof(digits), "%u", le32toh(value));
		bytes_add(words, digits, strlen(digits));
	} else {
		bytes_add(words, "#", 1);
	}
}

struct bytes request_words(struct frame *request)
{
	struct bytes words = {0};
	const uint8_t *data;
	size_t length;

	bytes_add(&words, op_names[request->op], strlen(op_names[request->op]));
	while (fields_next(&request->payload, &data, &length))
		add_word(&words, data, length);
	return words;
}

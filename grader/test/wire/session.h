/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A recorded session: what the host and one machine said to each other over QEMU's wires, in the
 * order in which it was said, an event a line:
 *
 *	console> TEXT		the machine, on the serial line
 *	agent< WORDS		a request of the host: its kind and its fields (request_words)
 *	agent> STATUS BYTES	the answer
 *	monitor< JSON		a command of the host
 *	monitor> JSON		what QEMU said: its greeting, an answer, an event
 *
 * What is not printable is \xHH, a backslash too; a newline is \n.
 */
#ifndef WIRE_SESSION_H
#define WIRE_SESSION_H

#include <stdio.h>

#include "../../../vm/wire/frame.h"

enum wire { CONSOLE, AGENT, MONITOR, WIRES };

struct event {
	enum wire wire;
	bool asked;	 /* by the host; otherwise the machine said it */
	uint32_t status; /* of an agent's answer */
	struct bytes said;
};

struct session {
	struct event *events;
	size_t count;
};

/* session_note - writes one event down, at once: the recorder is killed without warning. */
void session_note(FILE *to, const struct event *event);

/* session_line - moves the first whole line of @heard to @line, which is empty; false: none yet. */
bool session_line(struct bytes *heard, struct bytes *line);

/* session_read - the whole recording, owned by the caller. Ends the program when it can not. */
struct session session_read(const char *path);

/*
 * session_find - where the host asked that, at @from or after it, or else before it: whoever asks
 * twice what was asked once hears the same again. session->count when it was never asked.
 */
size_t session_find(const struct session *session, size_t from, const struct event *asked);

/*
 * request_words - a request as words: "get /proc/modules 1048576". What differs from run to run has
 * a sign in its place: # for bytes that are no text, ? for nine letters, which is how names are
 * drawn.
 */
struct bytes request_words(struct frame *request);

#endif

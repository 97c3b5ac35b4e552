/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine of a recorded session; replay.h is the manual. */
#include <err.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "replay.h"

struct play {
	const struct session *session;
	size_t place; /* in the session: what comes next */
	const int *host;
	struct fault fault;
};

/* Only what answers a command, not an event that comes before it. */
static bool is_answer(const struct event *event)
{
	static const char head[] = "{\"return\"";
	size_t length = strlen(head);

	return event->wire == AGENT || (event->wire == MONITOR && event->said.length > length &&
					!memcmp(event->said.data, head, length));
}

/* What the machine said from here on, up to the host's next request. */
static void tell(struct play *play, const struct frame *request, bool struck)
{
	const struct session *session = play->session;

	for (; play->place < session->count && !session->events[play->place].asked; play->place++) {
		const struct event *event = &session->events[play->place];
		struct answer answer = {
			.host = play->host, .wire = event->wire, .payload = event->said};

		if (event->wire == AGENT && !request)
			errx(1, "the recording has an answer to nothing");
		if (event->wire == AGENT) {
			answer.head = *request;
			answer.head.status = event->status;
		}
		if (struck && play->fault.what && is_answer(event))
			fault_do(&play->fault, &answer);
		else
			answer_send(&answer);
	}
}

static void hear(struct play *play, const struct event *asked, const struct frame *request)
{
	bool struck = fault_strikes(&play->fault, asked);

	play->place = session_find(play->session, play->place, asked);
	if (play->place == play->session->count)
		errx(1, "not asked when this was recorded: %.*s", (int)asked->said.length,
		     (const char *)asked->said.data);
	play->place++;
	tell(play, request, struck);
}

static void hear_frames(struct play *play, struct frame_reader *heard)
{
	struct frame request;
	int whole;

	while ((whole = frame_read(heard, &request)) > 0) {
		struct event asked = {.wire = AGENT, .asked = true};

		asked.said = request_words(&request);
		hear(play, &asked, &request);
		bytes_free(&asked.said);
	}
	if (whole < 0)
		errx(1, "the host's request is no frame");
}

static void hear_lines(struct play *play, struct bytes *heard)
{
	struct event asked = {.wire = MONITOR, .asked = true};

	while (session_line(heard, &asked.said)) {
		hear(play, &asked, NULL);
		bytes_free(&asked.said);
	}
}

/* False when the host has hung up. */
static bool take(int from, struct bytes *to)
{
	uint8_t buffer[65536];
	ssize_t got = read(from, buffer, sizeof(buffer));

	if (got > 0)
		bytes_add(to, buffer, (size_t)got);
	return got > 0;
}

void replay(const struct session *session, const int host[WIRES], struct fault fault)
{
	struct play play = {.session = session, .host = host, .fault = fault};
	struct frame_reader frames = {0};
	struct bytes lines = {0};
	struct pollfd fds[] = {{.fd = host[AGENT], .events = POLLIN},
			       {.fd = host[MONITOR], .events = POLLIN}};

	tell(&play, NULL, false);
	while (poll(fds, 2, -1) > 0) {
		if (fds[0].revents && !take(host[AGENT], &frames.in))
			break;
		if (fds[1].revents && !take(host[MONITOR], &lines))
			break;
		hear_frames(&play, &frames);
		hear_lines(&play, &lines);
	}
	exit(0);
}

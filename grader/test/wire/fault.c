/* SPDX-License-Identifier: GPL-2.0-only */
/* Instead of an answer; fault.h is the manual. */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"

#define FLOOD_LINES 100000 /* 6 MB, and vm keeps 4 */

static struct bytes whole(const struct answer *answer)
{
	struct bytes bytes = {0};

	if (answer->wire == AGENT)
		frame_write(&bytes, &answer->head, &answer->payload);
	else
		bytes_add(&bytes, answer->payload.data, answer->payload.length);
	return bytes;
}

static void say(const struct answer *answer, enum wire wire, const void *data, size_t length)
{
	if (!send_all(answer->host[wire], data, length))
		err(1, "a wire");
}

void answer_send(const struct answer *answer)
{
	struct bytes bytes = whole(answer);

	say(answer, answer->wire, bytes.data, bytes.length);
	bytes_free(&bytes);
}

static void do_answer(const struct answer *answer)
{
	answer_send(answer);
}

static void do_half(const struct answer *answer)
{
	struct bytes bytes = whole(answer);

	say(answer, answer->wire, bytes.data, bytes.length / 2);
	bytes_free(&bytes);
}

static void do_flipped(const struct answer *answer)
{
	struct bytes bytes = whole(answer);

	if (answer->number >= bytes.length)
		errx(1, "the answer has no byte %zu", answer->number);
	bytes.data[answer->number] ^= 1;
	say(answer, answer->wire, bytes.data, bytes.length);
	bytes_free(&bytes);
}

static void do_empty(const struct answer *answer)
{
	if (!frame_send(answer->host[AGENT], &answer->head, NULL))
		err(1, "a wire");
}

static void do_forged(const struct answer *answer)
{
	struct answer forged = *answer;

	forged.head.cookie = ~forged.head.cookie;
	answer_send(&forged);
}

static void do_refused(const struct answer *answer)
{
	static const char line[] =
		"{\"error\": {\"class\": \"GenericError\", \"desc\": \"refused\"}}\r\n";

	say(answer, MONITOR, line, strlen(line));
}

static void do_silence(const struct answer *answer)
{
	(void)answer;
}

static void do_flood(const struct answer *answer)
{
	static const char line[] =
		"the same line of a flood, as long as a line of a kernel's log\n";

	for (int i = 0; i < FLOOD_LINES; i++)
		say(answer, CONSOLE, line, strlen(line));
}

static void do_panic(const struct answer *answer)
{
	static const char line[] = "Kernel panic - not syncing: Fatal exception\r\n";

	say(answer, CONSOLE, line, strlen(line));
}

static void do_oops(const struct answer *answer)
{
	static const char line[] = "[    9.876] Oops: 0002 [#1] PREEMPT SMP NOPTI\r\n";

	say(answer, CONSOLE, line, strlen(line));
}

static void do_end(const struct answer *answer)
{
	(void)answer;
	exit(0);
}

static void do_crash(const struct answer *answer)
{
	(void)answer;
	raise(SIGKILL);
}

static const struct {
	const char *name;
	void (*happens)(const struct answer *answer);
} whats[] = {
	{"answer", do_answer},	 {"half", do_half},	{"flipped", do_flipped},
	{"empty", do_empty},	 {"forged", do_forged}, {"refused", do_refused},
	{"silence", do_silence}, {"flood", do_flood},	{"panic", do_panic},
	{"oops", do_oops},	 {"end", do_end},	{"crash", do_crash},
};

struct fault fault_of(const char *words)
{
	struct fault fault = {.what = words};

	if (words) {
		fault.at = strstr(words, " at ");
		if (!fault.at)
			errx(1, "FAULT=%s: at which request?", words);
		fault.at += strlen(" at ");
	}
	return fault;
}

bool fault_strikes(const struct fault *fault, const struct event *asked)
{
	size_t length = fault->what ? strlen(fault->at) : 0;

	return fault->what && asked->said.length >= length &&
	       !memcmp(asked->said.data, fault->at, length);
}

/* One of them, "name" or "name=N". */
static void happen(const char *word, const struct answer *answer)
{
	struct answer numbered = *answer;
	size_t name = strcspn(word, "=+ ");

	if (word[name] == '=')
		numbered.number = strtoul(word + name + 1, NULL, 10);
	for (size_t i = 0; i < sizeof(whats) / sizeof(*whats); i++) {
		if (strlen(whats[i].name) == name && !strncmp(word, whats[i].name, name)) {
			whats[i].happens(&numbered);
			return;
		}
	}
	errx(1, "FAULT: nothing is called %.*s", (int)name, word);
}

void fault_do(struct fault *fault, const struct answer *answer)
{
	const char *word = fault->what;

	fault->what = NULL;
	for (;;) {
		happen(word, answer);
		word += strcspn(word, "+ ");
		if (*word++ != '+')
			return;
	}
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * probe - asks the kernel what a mapping does, and prints facts. It knows neither the labs nor the
 * grader. The whole command line is read before the first verb runs: a typing error changes
 * nothing.
 */
#define _GNU_SOURCE
#include "guard.h"
#include "say.h"
#include "verbs.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEPS 512
#define LINE_MAX_BYTES 65536
#define WORDS_MAX 4096

struct step {
	const struct verb *verb;
	struct args args;
};

static struct step program[STEPS];
static unsigned int steps;

/* Reads verbs up to the end, or up to the "}" of a body; returns how many words it took. */
static unsigned int parse(char **argv, bool body)
{
	unsigned int taken = 0;

	while (argv[taken]) {
		const char *word = argv[taken++];
		const struct verb *verb;
		struct step *step;

		if (body && !strcmp(word, "}"))
			return taken;
		verb = verb_named(word);
		if (!verb)
			usage_error("'%s' is no verb; see probe --help for the list", word);
		if (steps == STEPS)
			usage_error("at most %d verbs in one run; split it", STEPS);
		step = &program[steps++];
		step->verb = verb;
		taken += args_parse(&step->args, verb->name, verb->synopsis, argv + taken);
		if (verb->synopsis[0] == '{') {
			step->args.body = steps;
			taken += parse(argv + taken, true);
			step->args.body_end = steps;
		}
	}
	if (body)
		usage_error("fork: no } ends its verbs; put one, with blanks around it");
	return taken;
}

void program_run(unsigned int first, unsigned int end)
{
	unsigned int i = first;

	while (i < end) {
		const struct step *step = &program[i++];

		step->verb->run(&step->args);
		if (step->args.body_end)
			i = step->args.body_end;
	}
}

/* The words of one line of stdin. A byte at a time: what follows the line belongs to a hold. */
static char **words_of_stdin(void)
{
	static char line[LINE_MAX_BYTES], *words[WORDS_MAX + 1];
	char *rest = line, *word;
	size_t count = 0;
	char *at = line;

	/* Who waits has time for what would cost later. */
	settle();
	while (read(STDIN_FILENO, at, 1) == 1 && *at != '\n')
		if (++at == line + sizeof(line) - 1)
			usage_error("a line of at most %d bytes on stdin", LINE_MAX_BYTES - 1);
	*at = 0;
	while ((word = strsep(&rest, " ")))
		if (*word && count < WORDS_MAX)
			words[count++] = word;
	return words;
}

int main(int argc, char **argv)
{
	/* Memory from the heap only: malloc shall never mmap into a hole that a verb has just made.
	 */
	mallopt(M_MMAP_MAX, 0);
	if (argc < 2)
		usage_error("nothing to do; see probe --help for the verbs");
	if (!strcmp(argv[1], "--help")) {
		verb_help(NULL);
		return 0;
	}
	guard_install();
	parse(strcmp(argv[1], "-") ? argv + 1 : words_of_stdin(), false);
	program_run(0, steps);
	return 0;
}

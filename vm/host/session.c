/* SPDX-License-Identifier: GPL-2.0-only */
/* Many requests through one process; session.h is the manual. */
#include <stdlib.h>
#include <string.h>

#include "keeper.h"
#include "session.h"
#include "verbs.h"

#define WORDS 600

/* Of what a session answers, a shell keeps no zeros: they would make it count wrong. */
static void drop_zeros(struct bytes *text)
{
	size_t kept = 0;

	for (size_t i = 0; i < text->length; i++)
		if (text->data[i])
			text->data[kept++] = text->data[i];
	text->length = kept;
}

/* The words of one request; false at the end of the input. argv[0] is ours. */
static bool request_read(char *argv[WORDS + 1], int *argc)
{
	size_t room = 0;
	char *line = NULL;
	uint64_t words;

	if (getline(&line, &room, stdin) < 2)
		return false;
	line[strcspn(line, "\n")] = 0;
	if (!number(line, WORDS - 1, &words))
		die("session: not a number of words: %s", line);
	free(line);
	for (*argc = 1; *argc <= (int)words; (*argc)++) {
		argv[*argc] = NULL;
		room = 0;
		if (getdelim(&argv[*argc], &room, 0, stdin) < 0)
			return false;
	}
	argv[*argc] = NULL;
	return true;
}

int session(void)
{
	char *argv[WORDS + 1];
	int argc;

	while (request_read(argv, &argc)) {
		struct bytes out = {0}, err = {0};
		const struct verb *verb = argc > 1 ? verb_find(argv[1]) : NULL;
		/* Its input is the requests: nothing that reads it can be asked here. */
		int status = verb && verb->sends < 0 ? EXIT_USAGE
						     : keeper_command(argc, argv, &out, &err);

		drop_zeros(&out);
		drop_zeros(&err);
		printf("%d %zu %zu\n", status, out.length, err.length);
		fwrite(out.data, 1, out.length, stdout);
		fwrite(err.data, 1, err.length, stdout);
		fflush(stdout);
		bytes_free(&out);
		bytes_free(&err);
		while (argc > 1)
			free(argv[--argc]);
	}
	return 0;
}

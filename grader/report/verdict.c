/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * verdict RUBRIC DIR [--text|--hint]
 *
 * Writes DIR/report.json from the rubric and the outcomes recorded so far; with --text prints the
 * report too, with --hint only the next, more explicit hint for the first broken promise.
 * Exit: 0 every promise kept, 1 not every one, 3 could not judge.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verdict.h"

static void print_hint(const struct run *run)
{
	for (size_t i = 0; i < run->promises; i++) {
		const struct promise *promise = &run->promise[i];

		if (run_kept(promise) || !strcmp(promise->status, "skip"))
			continue;
		printf("%s\n\n  %s\n", promise->name,
		       promise->more && *promise->more ? promise->more : promise->hint);
		return;
	}
	puts("nothing is broken");
}

int main(int argc, char *argv[])
{
	static struct run run;

	if (argc < 3) {
		fputs("usage: verdict RUBRIC DIR [--text|--hint]\n", stderr);
		return 2;
	}
	run_read(&run, argv[1], argv[2]);
	write_json(&run);
	if (argc > 3 && !strcmp(argv[3], "--text"))
		print_text(&run, isatty(1) && !getenv("NO_COLOR"));
	if (argc > 3 && !strcmp(argv[3], "--hint"))
		print_hint(&run);
	return run_exit(&run);
}

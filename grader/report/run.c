/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading a run from its folder; verdict.h is the manual. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verdict.h"

#define TEXT_MAX 4000 /* of wanted and found, in the report */

void fail(const char *format, ...)
{
	va_list list;

	fputs("verdict: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fprintf(stderr, " (%s)\n", strerror(errno));
	exit(3);
}

char *must_text(const char *format, ...)
{
	va_list list;
	char *made;

	va_start(list, format);
	if (vasprintf(&made, format, list) < 0)
		fail("out of memory");
	va_end(list);
	return made;
}

/* A whole file without its last newline, at most TEXT_MAX bytes, or NULL when there is none. */
static char *slurp(const char *path, size_t most)
{
	FILE *from = fopen(path, "re");
	char *content = calloc(1, most + 1);
	size_t length;

	if (!content)
		fail("out of memory");
	if (!from) {
		free(content);
		return NULL;
	}
	length = fread(content, 1, most, from);
	fclose(from);
	while (length && content[length - 1] == '\n')
		content[--length] = 0;
	return content;
}

static char *evidence(const struct run *run, size_t number, const char *name)
{
	char *path = must_text("%s/evidence/%02zu/%s", run->folder, number, name);
	char *content = slurp(path, TEXT_MAX);

	free(path);
	return content;
}

static bool known(const char *status)
{
	static const char *const words[] = {"pass", "fail", "oops",   "panic",
					    "hang", "skip", "broken", NULL};

	for (size_t i = 0; status && words[i]; i++)
		if (!strcmp(status, words[i]))
			return true;
	return false;
}

static void read_outcome(struct run *run, size_t number)
{
	struct promise *promise = &run->promise[number - 1];
	char *ms = evidence(run, number, "ms");

	promise->status = evidence(run, number, "status");
	if (!known(promise->status)) {
		free(promise->status);
		promise->status = must_text("broken");
	}
	promise->wanted = evidence(run, number, "wanted");
	promise->found = evidence(run, number, "found");
	promise->explained = evidence(run, number, "explained");
	promise->ms = ms ? strtol(ms, NULL, 10) : 0;
	free(ms);
}

static void read_rubric(struct run *run, const char *path)
{
	char *rest = slurp(path, 1u << 20), *line;

	if (!rest)
		fail("%s can not be read", path);
	while ((line = strsep(&rest, "\n"))) {
		struct promise *promise = &run->promise[run->promises];
		char *points = strsep(&line, "\t");

		if (!*points || *points == '#')
			continue;
		if (run->promises == PROMISES_MAX)
			fail("%s has more than %d promises", path, PROMISES_MAX);
		promise->points = (int)strtol(points, NULL, 10);
		promise->name = strsep(&line, "\t");
		promise->hint = strsep(&line, "\t");
		promise->more = strsep(&line, "\t");
		if (!promise->name || !promise->hint)
			fail("%s: a line has no promise or no hint", path);
		read_outcome(run, ++run->promises);
	}
}

char *run_fact(const struct run *run, const char *key)
{
	size_t length = strlen(key);

	for (const char *line = run->facts; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, length) && line[length] == '=')
			return must_text("%.*s", (int)strcspn(line + length + 1, "\n"),
					 line + length + 1);
	}
	return must_text("%s", "");
}

bool run_kept(const struct promise *promise)
{
	return !strcmp(promise->status, "pass");
}

bool run_broken(const struct promise *promise)
{
	return !strcmp(promise->status, "broken");
}

void run_read(struct run *run, const char *rubric, const char *folder)
{
	char *path = must_text("%s/run", folder), *built;

	*run = (struct run){.folder = folder, .facts = slurp(path, 1u << 16), .status = "judged"};
	if (!run->facts)
		fail("%s can not be read", path);
	free(path);
	read_rubric(run, rubric);
	built = run_fact(run, "built");
	for (size_t i = 0; i < run->promises; i++) {
		if (run_kept(&run->promise[i]))
			run->score += run->promise[i].points;
		if (run_broken(&run->promise[i]))
			run->status = "not-judged";
	}
	if (!strcmp(built, "no"))
		run->status = "build-failed";
	free(built);
}

int run_exit(const struct run *run)
{
	if (!strcmp(run->status, "not-judged"))
		return 3;
	for (size_t i = 0; i < run->promises; i++)
		if (!run_kept(&run->promise[i]))
			return 1;
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* The report on a terminal: what held in one line each, what broke with all that helps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verdict.h"

#define SHOWN 6 /* broken promises told in full; the rest is in report.json */

struct style {
	const char *good, *bad, *dim, *off;
};

/* A value of several lines is indented under its label; control characters are not passed on. */
static void labelled(const struct style *style, const char *label, const char *value)
{
	if (!value || !*value)
		return;
	printf("          %s%-9s%s", style->dim, label, style->off);
	for (int column = 0; *value; value++, column++) {
		if (*value == '\n')
			printf("\n                   ");
		else
			putchar((unsigned char)*value < 0x20 || *value == 0x7f ? '?' : *value);
	}
	putchar('\n');
}

static void broken_one(const struct run *run, const struct style *style, size_t i)
{
	const struct promise *promise = &run->promise[i];

	printf("  %s%-6s%s %3d  %s\n", style->bad, promise->status, style->off, promise->points,
	       promise->name);
	labelled(style, "wanted:", promise->wanted);
	labelled(style, "found:", promise->found);
	labelled(style, "means:", promise->explained);
	labelled(style, "hint:", promise->hint);
	if (!run_broken(promise))
		printf("          %slog:%s     %s/evidence/%02zu/\n", style->dim, style->off,
		       run->folder, i + 1);
}

static void print_build_failure(const struct run *run)
{
	char *lab = run_fact(run, "lab"), *log = must_text("%s/build.txt", run->folder), line[400];
	FILE *from = fopen(log, "re");

	printf("\n%s does not compile:\n\n", lab);
	for (int i = 0; from && i < 12 && fgets(line, sizeof(line), from); i++)
		printf("  %s", line);
	if (from)
		fclose(from);
	printf("\nall of it: %s/build.txt\n", run->folder);
	free(lab);
	free(log);
}

void print_text(const struct run *run, bool color)
{
	static const struct style plain = {"", "", "", ""};
	static const struct style colored = {"\033[32m", "\033[31m", "\033[2m", "\033[0m"};
	const struct style *style = color ? &colored : &plain;
	char *lab = run_fact(run, "lab"), *kernel = run_fact(run, "kernel");
	char *accel = run_fact(run, "accel"), *only = run_fact(run, "only");
	size_t kept = 0, told = 0, skipped = 0;
	int most = 0;

	if (!strcmp(run->status, "build-failed")) {
		print_build_failure(run);
	} else {
		putchar('\n');
		for (size_t i = 0; i < run->promises; i++) {
			if (!run_kept(&run->promise[i]))
				continue;
			printf("  %sheld%s   %3d  %s\n", style->good, style->off,
			       run->promise[i].points, run->promise[i].name);
			kept++;
		}
		for (size_t i = 0; i < run->promises; i++) {
			if (run_kept(&run->promise[i]))
				continue;
			if (!strcmp(run->promise[i].status, "skip"))
				skipped++;
			else if (told++ < SHOWN)
				broken_one(run, style, i);
		}
		if (told > SHOWN)
			printf("  and %zu more, in report.json\n", told - SHOWN);
		if (skipped)
			printf("  %zu not tried%s\n", skipped,
			       *only ? "" : ", because what they build on does not work yet");
	}
	for (size_t i = 0; i < run->promises; i++)
		most += run->promise[i].points;
	if (!strcmp(run->status, "not-judged"))
		printf("\n%s: not judged, the kit had trouble of its own (see above); nothing counts "
		       "against you\n",
		       lab);
	else if (*only)
		/* Points are a whole submission's. */
		printf("\n%s: %zu of %s promises that were asked for held on %s, %.3s\n", lab, kept,
		       only, kernel, accel);
	else
		printf("\n%s: %s%d of %d%s (%zu of %zu promises held) on %s, %.3s\n", lab,
		       run->score == most ? style->good : style->bad, run->score, most, style->off,
		       kept, run->promises, kernel, accel);
	free(lab);
	free(kernel);
	free(accel);
	free(only);
}

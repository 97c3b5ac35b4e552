/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report.json. Written here and not with jq because it is rewritten after every check, and starting
 * jq costs as much as restoring a machine. Whatever a student's module or compiler said is bytes:
 * what is not UTF-8 is replaced, control characters are escaped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verdict.h"

/* Length of the valid UTF-8 sequence at @at, or 0 (RFC 3629: no overlong, no surrogate). */
static int utf8_length(const unsigned char *at)
{
	int length = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;

	if (at[0] > 0xf4)
		return 0;
	for (int i = 1; i < length; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
	    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	return length;
}

static void string(FILE *to, const char *value)
{
	const unsigned char *at = (const unsigned char *)value;

	if (!value) {
		fputs("null", to);
		return;
	}
	fputc('"', to);
	while (*at) {
		int length = utf8_length(at);

		if (!length) {
			fputs("\\ufffd", to);
			at++;
		} else if (*at < 0x20 || *at == 0x7f) {
			fprintf(to, "\\u%04x", *at++);
		} else if (*at == '"' || *at == '\\') {
			fprintf(to, "\\%c", *at++);
		} else {
			fwrite(at, 1, (size_t)length, to);
			at += length;
		}
	}
	fputc('"', to);
}

static void member(FILE *to, const char *name, const char *value, const char *after)
{
	fprintf(to, "\"%s\": ", name);
	string(to, value);
	fputs(after, to);
}

static void fact(FILE *to, const struct run *run, const char *name, const char *after)
{
	char *value = run_fact(run, name);

	member(to, name, value, after);
	free(value);
}

static void count(FILE *to, const struct run *run, const char *name, const char *key,
		  const char *after)
{
	char *value = run_fact(run, key);

	fprintf(to, "\"%s\": %lld%s", name, strtoll(value, NULL, 10), after);
	free(value);
}

static void check(FILE *to, const struct run *run, size_t i)
{
	const struct promise *promise = &run->promise[i];
	bool kept = run_kept(promise);
	char folder[32];

	snprintf(folder, sizeof(folder), "evidence/%02zu", i + 1);
	fputs("    { ", to);
	member(to, "name", promise->name, ", ");
	member(to, "status", promise->status, ",\n      ");
	fprintf(to, "\"points\": %d, \"max_points\": %d, \"duration_ms\": %ld,\n      ",
		kept ? promise->points : 0, promise->points, promise->ms);
	member(to, "wanted", kept ? NULL : promise->wanted, ", ");
	member(to, "found", kept ? NULL : promise->found, ",\n      ");
	member(to, "hint", kept ? NULL : promise->hint, ", ");
	member(to, "explained", kept ? NULL : promise->explained, ", ");
	member(to, "evidence", folder, i + 1 < run->promises ? " },\n" : " }\n");
}

void write_json(const struct run *run)
{
	char *path = must_text("%s/report.json", run->folder);
	char *draft = must_text("%s/report.json.%d.tmp", run->folder, (int)getpid());
	FILE *to = fopen(draft, "we");
	int most = 0;

	if (!to)
		fail("%s can not be written", draft);
	for (size_t i = 0; i < run->promises; i++)
		most += run->promise[i].points;
	fputs("{ ", to);
	member(to, "schema", "mmap-labs/report/1", ",\n  ");
	fact(to, run, "lab", ",\n  ");
	member(to, "status", run->status, ",\n  ");
	fprintf(to, "\"score\": %d, \"max_score\": %d,\n  \"submission\": { ", run->score, most);
	fact(to, run, "path", ", ");
	fact(to, run, "sha256", " },\n  \"checks\": [\n");
	for (size_t i = 0; i < run->promises; i++)
		check(to, run, i);
	fputs("  ],\n  \"provenance\": { ", to);
	fact(to, run, "kit", ", ");
	fact(to, run, "kernel", ", ");
	fact(to, run, "qemu", ", ");
	fact(to, run, "accel", ",\n    ");
	count(to, run, "seed", "seed", ", ");
	fact(to, run, "started", ",\n    \"duration_ms\": { ");
	count(to, run, "build", "ms_build", ", ");
	count(to, run, "boot", "ms_boot", ", ");
	count(to, run, "checks", "ms_checks", " } } }\n");
	if (fclose(to) || rename(draft, path))
		fail("%s can not be written", path);
	free(path);
	free(draft);
}

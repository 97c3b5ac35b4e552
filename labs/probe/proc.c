// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's own books about the current area: maps, smaps, pagemap, kpagecount, kpageflags. */
#define _GNU_SOURCE
#include "say.h"
#include "state.h"
#include "verbs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_PFN ((1ull << 55) - 1)

/* True when @line is the first line of a mapping that overlaps the area; *header: of any mapping.
 */
static bool header_of(const char *line, const struct area *area, bool *header)
{
	uintptr_t from = (uintptr_t)area->addr, to = from + area->pages * PAGE;
	unsigned long long start, end;

	*header = sscanf(line, "%llx-%llx ", &start, &end) == 2;
	return *header && start < to && end > from;
}

/* Fields are separated by runs of blanks; one blank reads better and compares more simply. */
static void squeeze(char *line)
{
	char *to = line;

	for (const char *from = line; *from; from++) {
		if (*from == '\n' || (isspace((unsigned char)*from) && to > line && to[-1] == ' '))
			continue;
		*to++ = *from;
	}
	while (to > line && to[-1] == ' ')
		to--;
	*to = '\0';
}

static FILE *books(const char *path, const char *key)
{
	FILE *file = fopen(path, "re");

	if (!file)
		fact_errno(key);
	return file;
}

void verb_maps(const struct args *args)
{
	struct area *area = area_for("maps");
	char text[8192];
	bool header, any = false;
	FILE *file;

	(void)args;
	if (!area)
		return;
	file = books("/proc/self/maps", "maps");
	if (!file)
		return;
	while (fgets(text, sizeof(text), file)) {
		if (!header_of(text, area, &header))
			continue;
		squeeze(text);
		fact("maps", "%.800s", text);
		any = true;
	}
	if (!any)
		fact("maps", "none");
	fclose(file);
}

/* One field of smaps, "Rss:   4 kB" or "VmFlags: rd wr": as it is, without the unit. */
static void smaps_field(char *text)
{
	char *value = strchr(text, ':'), *unit;

	if (!value)
		return;
	*value++ = '\0';
	while (*value == ' ')
		value++;
	squeeze(value);
	unit = strstr(value, " kB");
	if (unit && !unit[3])
		*unit = '\0';
	fact(text, "%s", value);
}

void verb_smaps(const struct args *args)
{
	struct area *area = area_for("smaps");
	char text[8192];
	bool header, ours = false, any = false;
	FILE *file;

	(void)args;
	if (!area)
		return;
	file = books("/proc/self/smaps", "smaps");
	if (!file)
		return;
	while (fgets(text, sizeof(text), file)) {
		bool match = header_of(text, area, &header);

		if (header)
			ours = match;
		if (!ours)
			continue;
		any = true;
		if (header) {
			squeeze(text);
			fact("smaps", "%.800s", text);
		} else {
			smaps_field(text);
		}
	}
	if (!any)
		fact("smaps", "none");
	fclose(file);
}

/* The pagemap entries of a verb's pages; NULL after saying why not. The caller frees. */
static uint64_t *pagemap(const struct args *args, const char *verb, uint64_t *count)
{
	struct area *area = area_for(verb);
	uint64_t first, *entries;
	ssize_t n;
	int fd;

	if (!area)
		return NULL;
	first = arg_number(args, "FIRST", 0);
	*count = arg_number(args, "COUNT", area->pages);
	if (!area_pages(area, verb, first, *count))
		return NULL;
	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		fact_errno(verb);
		return NULL;
	}
	entries = room(*count * sizeof(*entries));
	n = pread(fd, entries, *count * sizeof(*entries),
		  (off_t)(((uintptr_t)area->addr / PAGE + first) * sizeof(*entries)));
	close(fd);
	if (n == (ssize_t)(*count * sizeof(*entries)))
		return entries;
	if (n < 0)
		fact_errno(verb);
	else
		fact(verb, "short");
	free(entries);
	return NULL;
}

void verb_pagemap(const struct args *args)
{
	uint64_t count, *entries = pagemap(args, "pagemap", &count);

	if (!entries)
		return;
	fact_begin("pagemap");
	for (uint64_t i = 0; i < count; i++)
		fact_more("%s%016llx", i ? "," : "", (unsigned long long)entries[i]);
	fact_end();
	fact_begin("present");
	for (uint64_t i = 0; i < count; i++)
		fact_more("%d", (entries[i] & PAGEMAP_PRESENT) != 0);
	fact_end();
	fact_begin("pfn");
	for (uint64_t i = 0; i < count; i++) {
		if (entries[i] & PAGEMAP_PRESENT)
			fact_more("%s%llx", i ? "," : "",
				  (unsigned long long)(entries[i] & PAGEMAP_PFN));
		else
			fact_more("%s-", i ? "," : "");
	}
	fact_end();
	free(entries);
}

/* One number of 64 bits for each frame, in a file indexed by frame number. */
static void by_frame(const struct args *args, const char *verb, const char *path,
		     const char *format)
{
	uint64_t count, *entries = pagemap(args, verb, &count), value;
	int fd;

	if (!entries)
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		fact_errno(verb);
		free(entries);
		return;
	}
	fact_begin(verb);
	for (uint64_t i = 0; i < count; i++) {
		uint64_t pfn = entries[i] & PAGEMAP_PFN;

		fact_more("%s", i ? "," : "");
		if (entries[i] & PAGEMAP_PRESENT && pfn &&
		    pread(fd, &value, sizeof(value), (off_t)(pfn * sizeof(value))) == sizeof(value))
			fact_more(*format == 'x' ? "0x%llx" : "%llu", (unsigned long long)value);
		else
			fact_more("-");
	}
	fact_end();
	close(fd);
	free(entries);
}

void verb_kpagecount(const struct args *args)
{
	by_frame(args, "kpagecount", "/proc/kpagecount", "u");
}

void verb_kpageflags(const struct args *args)
{
	by_frame(args, "kpageflags", "/proc/kpageflags", "x");
}

void verb_faults(const struct args *args)
{
	struct rusage usage;

	(void)args;
	getrusage(RUSAGE_SELF, &usage);
	fact("minflt", "%ld", usage.ru_minflt);
	fact("majflt", "%ld", usage.ru_majflt);
}

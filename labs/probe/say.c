// SPDX-License-Identifier: GPL-2.0-only
/*
 * Facts and complaints. No stdio for facts: a line leaves in one write(2), and a forked child can
 * never print a second copy of what its parent had buffered.
 */
#define _GNU_SOURCE
#include "say.h"

#include "../lib/pattern.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char line[1 << 16];
static size_t used;
static char prefix[64];

static void flush(void)
{
	size_t done = 0;

	while (done < used) {
		ssize_t n = write(STDOUT_FILENO, line + done, used - done);

		if (n < 0 && errno != EINTR)
			trouble("cannot write to stdout: %s", strerror(errno));
		if (n > 0)
			done += (size_t)n;
	}
	used = 0;
}

static void add(const char *format, va_list ap)
{
	int n;

	if (sizeof(line) - used < 1024)
		flush();
	n = vsnprintf(line + used, sizeof(line) - used, format, ap);
	if (n < 0 || (size_t)n >= sizeof(line) - used)
		trouble("a fact is too long to print");
	used += (size_t)n;
}

void fact_more(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(format, ap);
	va_end(ap);
}

void fact_begin(const char *key)
{
	fact_more("%s%s=", prefix, key);
}

void fact_end(void)
{
	fact_more("\n");
	flush();
}

void fact(const char *key, const char *format, ...)
{
	va_list ap;

	fact_begin(key);
	va_start(ap, format);
	add(format, ap);
	va_end(ap);
	fact_end();
}

const char *errno_name(int number)
{
	static char unnamed[16];
	const char *name = strerrorname_np(number);

	if (name)
		return name;
	/* A driver may return anything: ERESTARTSYS, say, is nothing user space has a name for. */
	snprintf(unnamed, sizeof(unnamed), "E%d", number);
	return unnamed;
}

void fact_errno(const char *key)
{
	fact(key, "%s", errno_name(errno));
}

long fact_result(const char *key, long result)
{
	if (result < 0)
		fact_errno(key);
	else
		fact(key, "ok");
	return result;
}

void fact_hash(const char *key, const void *at, uint64_t size)
{
	fact(key, "%016llx", (unsigned long long)pattern_hash(at, size));
}

void say_as_child(void)
{
	size_t length = strlen(prefix);

	if (length + sizeof("child.") > sizeof(prefix))
		usage_error("fork: nested too deep; eight levels are enough for anybody");
	memcpy(prefix + length, "child.", sizeof("child."));
}

static void complain(const char *format, va_list ap)
{
	char text[1024];

	vsnprintf(text, sizeof(text), format, ap);
	dprintf(STDERR_FILENO, "probe: %s\n", text);
}

void usage_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain(format, ap);
	va_end(ap);
	exit(EXIT_USAGE);
}

void trouble(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain(format, ap);
	va_end(ap);
	exit(EXIT_TROUBLE);
}

void *room(uint64_t bytes)
{
	void *at = calloc(1, bytes ? bytes : 1);

	if (!at)
		trouble("no memory for %llu bytes; ask for less", (unsigned long long)bytes);
	return at;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tiny printer of KTAP version 1, the kernel's own test format, for the labs' user tests:
 *
 *	ktap_plan(2);
 *	ktap_ok(mapped != MAP_FAILED, "the buffer can be mapped");
 *	ktap_ok(*mapped == 0, "fresh memory reads zero");
 *	return ktap_end();
 *
 * A claim that does not hold is "not ok". The test's own trouble is "Bail out!": then nobody was
 * judged. The status is 0 only when every planned claim was looked at and held.
 *
 * User space only; header-only, so that a test stays one file.
 */
#ifndef LABS_KTAP_H
#define LABS_KTAP_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	KTAP_HELD = 0,	 /* every planned claim was looked at, and held */
	KTAP_BROKEN = 1, /* a claim was broken, or never looked at */
	KTAP_BAILED = 2, /* the test could not judge */
};

/* What the test has printed so far; not for the test itself. */
static struct {
	int planned, seen, broken;
} ktap;

/*
 * ktap_bail - ends the test with KTAP_BAILED and the reason @format says; where @format ends in
 * ':', what errno says follows. For what is not the module's fault.
 */
__attribute__((noreturn, format(printf, 1, 2))) static inline void ktap_bail(const char *format,
									     ...)
{
	size_t length = strlen(format);
	int error = errno;
	va_list args;

	printf("Bail out! ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	if (length && format[length - 1] == ':')
		printf(" %s", strerror(error));
	printf("\n");
	exit(KTAP_BAILED);
}

/* ktap_note - prints a line for a human, which no harness takes for a result. */
__attribute__((format(printf, 1, 2))) static inline void ktap_note(const char *format, ...)
{
	va_list args;

	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

/* ktap_plan - begins the test and promises @claims results; call it once, first. */
static inline void ktap_plan(int claims)
{
	/* Line by line: a panic takes no result along, and a forked child no half-full buffer. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	ktap.planned = claims;
	printf("KTAP version 1\n1..%d\n", claims);
}

/*
 * ktap_ok - reports that @claim holds or does not, and returns @holds. What follows a '#' would be
 * read as a directive ("# SKIP"), so a claim has none.
 */
static inline bool ktap_ok(bool holds, const char *claim)
{
	if (strpbrk(claim, "#\n"))
		ktap_bail("a claim must be one line without a hash");
	if (!holds)
		ktap.broken++;
	printf("%sok %d %s\n", holds ? "" : "not ", ++ktap.seen, claim);
	return holds;
}

/* ktap_skip - reports that @claim was not looked at, and why; it counts as looked at. */
static inline void ktap_skip(const char *claim, const char *why)
{
	if (strpbrk(claim, "#\n"))
		ktap_bail("a claim must be one line without a hash");
	printf("ok %d %s # SKIP %s\n", ++ktap.seen, claim, why);
}

/* ktap_end - the exit status of the test: return it from main(). */
static inline int ktap_end(void)
{
	if (ktap.seen != ktap.planned)
		ktap_note("planned %d claims, looked at %d", ktap.planned, ktap.seen);
	return ktap.broken || ktap.seen != ktap.planned ? KTAP_BROKEN : KTAP_HELD;
}

#endif

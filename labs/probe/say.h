/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How probe speaks: facts on stdout, one key=value a line, written at once (a panic a moment later
 * must not eat a fact already found); complaints on stderr, each with its remedy.
 */
#ifndef PROBE_SAY_H
#define PROBE_SAY_H

#include <stdint.h>

enum probe_exit {
	EXIT_USAGE = 2,	  /* the command line is wrong */
	EXIT_TROUBLE = 3, /* probe itself could not go on */
};

/* fact - prints "key=value"; the value is formatted like printf and holds no newline. */
void fact(const char *key, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* fact_begin, fact_more, fact_end - one fact in pieces, for lists of any length. */
void fact_begin(const char *key);
void fact_more(const char *format, ...) __attribute__((format(printf, 1, 2)));
void fact_end(void);

/* fact_errno - prints "key=EINVAL", the name of errno. */
void fact_errno(const char *key);

/* fact_result - prints "key=ok", or the name of errno when @result is negative; returns @result. */
long fact_result(const char *key, long result);

/* fact_hash - prints "key=" and the pattern_hash() of @size bytes at @at, 16 hex digits. */
void fact_hash(const char *key, const void *at, uint64_t size);

/* say_as_child - from now on every key is prefixed with one more "child.". */
void say_as_child(void);

/* errno_name - "EINVAL" for EINVAL; "E512" for a number without a name. Good until the next call.
 */
const char *errno_name(int number);

/* usage_error - complains about the command line and exits 2. The message names the remedy. */
void usage_error(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* trouble - complains about what keeps probe from going on and exits 3. */
void trouble(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* room - calloc() of @bytes (at least one) or trouble(); the caller frees. */
void *room(uint64_t bytes);

#endif

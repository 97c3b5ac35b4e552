/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The arguments of one verb. A verb's synopsis in the table of verbs.c is its grammar:
 *
 *	UPPERCASE	a value; its name decides what is allowed (the table in kinds.c)
 *	lowercase, a|b	these words literally
 *	[ … ]		may be left out as a whole
 *	{ … }		verbs
 *
 * A verb asks for its values by the very words of its synopsis.
 */
#ifndef PROBE_ARGS_H
#define PROBE_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#define ARGS_MAX 8

struct args {
	unsigned int count;
	char words[96]; /* the synopsis, cut into names */
	struct {
		const char *name; /* into words[] */
		const char *text; /* into argv; NULL when left out */
		uint64_t number;  /* of a number or a choice */
	} at[ARGS_MAX];
	unsigned int body, body_end; /* of { }: steps body .. body_end - 1 of the program */
};

/* A word a value may have, and what it stands for. A table ends with a NULL name. */
struct choice {
	const char *name;
	uint64_t value;
};

/*
 * What a value may be. A number lies between min and max (numbers of 64 bits, signed where min is
 * negative) and counts bytes where `bytes` is set, so that the suffix p (pages) makes sense.
 * A choice is one word of `first`, then any of `more`, separated by commas. All else is text.
 */
struct kind {
	const char *name;
	const struct choice *first, *more;
	bool number, bytes;
	__extension__ __int128 min, max;
	const char *wanted; /* for the message: what to write instead */
};

/* kind_of - what a value of that name may be; trouble() when the table lacks it. */
const struct kind *kind_of(const char *name);

/* kind_fits - true when @text looks like a value of @kind rather than the next verb. */
bool kind_fits(const struct kind *kind, const char *text);

/* kind_value - the number or choice @text stands for; false when it is not allowed. */
bool kind_value(const struct kind *kind, const char *text, uint64_t *value);

/*
 * args_parse - reads the arguments of @verb from argv (NULL-terminated) by @synopsis. Returns how
 * many words it took; stops before the word after "{", whose verbs are the caller's to read.
 * A word that does not fit ends in usage_error().
 */
unsigned int args_parse(struct args *args, const char *verb, const char *synopsis, char **argv);

/* arg_given - true when the optional @name was there. */
bool arg_given(const struct args *args, const char *name);

/* arg_number, arg_text - the value of @name, or @otherwise when it was left out. */
uint64_t arg_number(const struct args *args, const char *name, uint64_t otherwise);
const char *arg_text(const struct args *args, const char *name, const char *otherwise);

#endif

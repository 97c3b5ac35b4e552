/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One run of the grader as data: what was judged, and each promise with its outcome.
 *
 * DIR/run holds key=value lines about the run; DIR/evidence/NN/{status,wanted,found,hint,ms} what
 * became of promise NN of the rubric. A promise without a status is broken: the kit owes an answer.
 */
#ifndef GRADER_VERDICT_H
#define GRADER_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#define PROMISES_MAX 99

struct promise {
	char *name, *hint, *more; /* from the rubric */
	int points;
	char *status;	      /* pass fail oops panic hang skip broken */
	char *wanted, *found; /* NULL where nothing is known */
	char *explained;      /* what the kernel's own words mean, or NULL */
	long ms;
};

struct run {
	const char *folder;
	char *facts; /* the text of DIR/run */
	struct promise promise[PROMISES_MAX];
	size_t promises;
	const char *status; /* judged, build-failed or not-judged */
	int score;
};

/* run_read - reads rubric and outcomes; ends the program (exit 3) when they cannot be read. */
void run_read(struct run *run, const char *rubric, const char *folder);

/* run_fact - the value of a key in DIR/run, or "" ; the caller frees. */
char *run_fact(const struct run *run, const char *key);

/* run_kept, run_broken - was the promise kept; is its outcome the kit's own trouble. */
bool run_kept(const struct promise *promise);
bool run_broken(const struct promise *promise);

/* run_exit - the exit status of the whole run: 0 all kept, 1 not all kept, 3 could not judge. */
int run_exit(const struct run *run);

/* write_json - replaces DIR/report.json atomically; schema mmap-labs/report/1. */
void write_json(const struct run *run);

/* print_text - the report for people, on stdout. */
void print_text(const struct run *run, bool color);

/* must_text - a formatted string that the caller frees; fail - a message and exit 3. */
char *must_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* What every file of the host side needs: time, text, files, and one way to give up. */
#ifndef VM_UTIL_H
#define VM_UTIL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../wire/bytes.h"

/* Exit statuses of `vm`; 0 to 99 and 128 + N belong to the program that ran in the guest. */
enum {
	EXIT_PANIC = 120,
	EXIT_HANG,
	EXIT_LOST,
	EXIT_BROKEN,  /* the kit's own trouble */
	EXIT_OVERDUE, /* the program exceeded its deadline and was killed; the machine lives */
	EXIT_USAGE,
};

/* die - prints "vm: " and the message, with what errno says if it ends in ':'; exits BROKEN. */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* text - a formatted string in new memory that the caller owns. */
char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* now_ms - CLOCK_MONOTONIC in milliseconds: all deadlines are absolute values of it. */
int64_t now_ms(void);

/* read_file - appends a whole file (or stdin for NULL). False with errno set when it cannot. */
bool read_file(const char *path, struct bytes *to);

/* write_file - replaces a file atomically: path.tmp, then rename. False with errno set. */
bool write_file(const char *path, const void *data, size_t length);

/* number - parses all of @from, decimal or 0x…, from 0 to @most; otherwise false. */
bool number(const char *from, uint64_t most, uint64_t *to);

/* cache_path - a path below the cache (the folder above the one of this program); caller frees. */
char *cache_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the verbs act on: the current file, the current area, the seed. Files and areas are numbered
 * from 0 by the verbs that make them (open; map, mapbytes, duplicate), also when the kernel
 * refused: so their numbers follow from the command line alone.
 */
#ifndef PROBE_STATE_H
#define PROBE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE 4096u

/* probe's own bit among the MAP_ flags; the kernel never sees it. */
#define MAP_FENCED (1u << 30)

/* Pages of PROT_NONE kept on either side of a fenced area: more than any lab's device has. */
#define FENCE_PAGES 1024u
#define FENCE_LOOK 16 /* of them are looked at, on either side */

/*
 * A mapping. It keeps its address after munmap, so that one can ask what is left there.
 * pages is what the verbs take for its size; bytes is the length mmap was asked for.
 */
struct area {
	unsigned char *addr; /* NULL: the kernel refused */
	uint64_t bytes, pages;
	uint64_t most;	 /* pages it was ever asked to have */
	uint64_t offset; /* in the file, bytes */
	int fd;		 /* of the file it was mapped from, -1 for anonymous memory */
	bool fenced;
};

/* state_seed - the seed of patterns; to be set and read. */
uint64_t *state_seed(void);

/* state_add_file, state_file - remember a descriptor (-1: refused), make it the current one. */
unsigned int state_add_file(int fd);
void state_use_file(uint64_t number);

/* state_fd - the current file's descriptor, -1 when it could not be opened or is closed; the caller
 * may overwrite it. @verb without any open before it is a usage error. */
int *state_fd(const char *verb);

/* state_add_area - remembers a copy of @area, makes it the current one, returns its number. */
unsigned int state_add_area(const struct area *area);
void state_use_area(uint64_t number);

/* area_number - the number of the current area; 0 when nothing was mapped yet. */
unsigned int area_number(void);

/* state_area - area @number; usage_error() when there is none. */
struct area *state_area(uint64_t number);

/*
 * area_for - the current area for @verb. NULL after printing "verb=no-area" when the kernel refused
 * it; usage_error() when nothing was mapped at all.
 */
struct area *area_for(const char *verb);

/*
 * area_pages - true when pages first .. first+count-1 lie in the area. Outside it: usage_error(),
 * but where it would lie inside had the kernel granted every mremap, false after printing
 * "verb=outside".
 */
bool area_pages(const struct area *area, const char *verb, uint64_t first, uint64_t count);

/* area_at - the address of bytes off .. off+size-1 of the area; outside it NULL, as area_pages().
 */
unsigned char *area_at(const struct area *area, const char *verb, uint64_t off, uint64_t size);

#endif

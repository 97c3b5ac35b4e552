// SPDX-License-Identifier: GPL-2.0-only
/* The files and areas of this run, by number. */
#include "state.h"
#include "say.h"

#define AREAS 64
#define FILES 64

static struct area areas[AREAS];
static unsigned int area_count, area_current;
static int files[FILES];
static unsigned int file_count, file_current;
static uint64_t seed;

uint64_t *state_seed(void)
{
	return &seed;
}

unsigned int state_add_file(int fd)
{
	if (file_count == FILES)
		usage_error("open: at most %d files in one run; split it", FILES);
	files[file_count] = fd;
	file_current = file_count;
	return file_count++;
}

void state_use_file(uint64_t number)
{
	if (number >= file_count)
		usage_error("file: there are %u files so far, counted from 0; open it first",
			    file_count);
	file_current = (unsigned int)number;
}

int *state_fd(const char *verb)
{
	if (!file_count)
		usage_error("%s: no file is open; put 'open PATH' before it", verb);
	return &files[file_current];
}

unsigned int state_add_area(const struct area *area)
{
	if (area_count == AREAS)
		usage_error("map: at most %d areas in one run; split it, or use rounds", AREAS);
	areas[area_count] = *area;
	area_current = area_count;
	return area_count++;
}

unsigned int area_number(void)
{
	return area_current;
}

struct area *state_area(uint64_t number)
{
	if (number >= area_count)
		usage_error("there are %u areas so far, counted from 0; map it first", area_count);
	return &areas[number];
}

void state_use_area(uint64_t number)
{
	state_area(number);
	area_current = (unsigned int)number;
}

struct area *area_for(const char *verb)
{
	if (!area_count)
		usage_error("%s: nothing is mapped; put 'map PAGES PROT SHARING' before it", verb);
	if (!areas[area_current].addr) {
		fact(verb, "no-area");
		return NULL;
	}
	return &areas[area_current];
}

/* What a verb may ask for is a matter of the command line, not of what the kernel granted. */
static bool inside(const struct area *area, const char *verb, uint64_t off, uint64_t size)
{
	uint64_t bytes = area->pages * PAGE, most = area->most * PAGE;

	if (off <= bytes && size <= bytes - off)
		return true;
	if (off > most || size > most - off)
		usage_error(
			"%s: 0x%llx bytes at 0x%llx do not lie in an area of %llu pages; choose "
			"pages or offsets inside it",
			verb, (unsigned long long)size, (unsigned long long)off,
			(unsigned long long)area->pages);
	fact(verb, "outside");
	return false;
}

bool area_pages(const struct area *area, const char *verb, uint64_t first, uint64_t count)
{
	return inside(area, verb, first * PAGE, count * PAGE);
}

unsigned char *area_at(const struct area *area, const char *verb, uint64_t off, uint64_t size)
{
	return inside(area, verb, off, size) ? area->addr + off : NULL;
}

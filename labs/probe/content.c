// SPDX-License-Identifier: GPL-2.0-only
/* What is in the pages: seeded patterns, hashes, zeros, bytes. Every access may end in a signal. */
#include "guard.h"
#include "say.h"
#include "state.h"
#include "verbs.h"

#include "../lib/pattern.h"

#include <string.h>

/* One page on its way between the area and us; the copy is the guarded part. */
struct copy {
	unsigned char *page;
	uint64_t bytes;
	unsigned char own[PAGE];
};

/* By words of 4 bytes and volatile: device memory may refuse other widths, and memcpy() chooses. */
static void copy_in(void *with)
{
	struct copy *copy = with;

	for (uint64_t i = 0; i < copy->bytes; i += sizeof(uint32_t)) {
		uint32_t word = *(volatile uint32_t *)(copy->page + i);

		memcpy(copy->own + i, &word, sizeof(word));
	}
}

static void copy_out(void *with)
{
	struct copy *copy = with;

	for (uint64_t i = 0; i < PAGE; i += sizeof(uint32_t)) {
		uint32_t word;

		memcpy(&word, copy->own + i, sizeof(word));
		*(volatile uint32_t *)(copy->page + i) = word;
	}
}

struct window {
	struct area *area;
	uint64_t first, count;
};

/* The pages a verb is about; false when there is no area (said already). */
static bool window_of(struct window *window, const struct args *args, const char *verb)
{
	window->area = area_for(verb);
	if (!window->area)
		return false;
	window->first = arg_number(args, "FIRST", 0);
	window->count = arg_number(args, "COUNT", window->area->pages);
	return area_pages(window->area, verb, window->first, window->count);
}

static int get_page(const struct window *window, uint64_t i, struct copy *copy, struct fault *fault)
{
	copy->page = window->area->addr + (window->first + i) * PAGE;
	copy->bytes = PAGE;
	return guarded(copy_in, copy, fault);
}

/* Offset of the first byte that is not zero, PAGE when there is none. */
static uint64_t first_nonzero(const unsigned char *page)
{
	uint64_t i = 0;

	while (i < PAGE && !page[i])
		i++;
	return i;
}

void verb_fill(const struct args *args)
{
	static struct copy copy;
	struct window window;
	struct fault fault;
	uint64_t index;

	if (!window_of(&window, args, "fill"))
		return;
	index = arg_number(args, "INDEX", window.first);
	for (uint64_t i = 0; i < window.count; i++) {
		copy.page = window.area->addr + (window.first + i) * PAGE;
		pattern_fill(copy.own, *state_seed(), index + i);
		if (guarded(copy_out, &copy, &fault)) {
			fact("fill", "%s", fault_signal(&fault));
			fault_facts(&fault, window.area->addr);
			return;
		}
	}
	fact("fill", "ok");
}

void verb_hash(const struct args *args)
{
	static struct copy copy;
	struct window window;
	struct fault fault;

	if (!window_of(&window, args, "hash"))
		return;
	fact_begin("hash");
	for (uint64_t i = 0; i < window.count; i++) {
		fact_more("%s", i ? "," : "");
		if (get_page(&window, i, &copy, &fault))
			fact_more("%s", fault_signal(&fault));
		else
			fact_more("%016llx", (unsigned long long)pattern_hash(copy.own, PAGE));
	}
	fact_end();
}

void verb_zero(const struct args *args)
{
	static struct copy copy;
	struct window window;
	struct fault fault;

	if (!window_of(&window, args, "zero"))
		return;
	for (uint64_t i = 0; i < window.count; i++) {
		uint64_t at;

		if (get_page(&window, i, &copy, &fault)) {
			fact("zero", "%s", fault_signal(&fault));
			fault_facts(&fault, window.area->addr);
			return;
		}
		at = first_nonzero(copy.own);
		if (at < PAGE) {
			fact("zero", "0");
			fact("at", "+0x%llx", (unsigned long long)((window.first + i) * PAGE + at));
			return;
		}
	}
	fact("zero", "1");
}

void verb_allzero(const struct args *args)
{
	static struct copy copy;
	struct window window;
	struct fault fault;

	if (!window_of(&window, args, "allzero"))
		return;
	fact_begin("allzero");
	for (uint64_t i = 0; i < window.count; i++) {
		if (get_page(&window, i, &copy, &fault))
			fact_more("x");
		else
			fact_more("%d", first_nonzero(copy.own) == PAGE);
	}
	fact_end();
}

void verb_dump(const struct args *args)
{
	static struct copy copy;
	uint64_t off = arg_number(args, "OFF", 0), length = arg_number(args, "LEN", 0);
	struct area *area = area_for("dump");
	struct fault fault;

	if (!area)
		return;
	if (off % 4 || length % 4 || !length || length > PAGE)
		usage_error(
			"dump: OFF and LEN go in steps of 4, up to 4096; it reads 4 bytes at a time");
	copy.page = area_at(area, "dump", off, length);
	copy.bytes = length;
	if (!copy.page)
		return;
	if (guarded(copy_in, &copy, &fault)) {
		fact("dump", "%s", fault_signal(&fault));
		fault_facts(&fault, area->addr);
		return;
	}
	fact_begin("dump");
	for (uint64_t i = 0; i < length; i++)
		fact_more("%02x", copy.own[i]);
	fact_end();
}

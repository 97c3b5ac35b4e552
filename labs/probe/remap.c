// SPDX-License-Identifier: GPL-2.0-only
/* mremap in its three uses (grow or shrink, move, duplicate), and the look across the fences. */
#define _GNU_SOURCE
#include "guard.h"
#include "say.h"
#include "state.h"
#include "verbs.h"

#include <sys/mman.h>

void verb_mremap(const struct args *args)
{
	uint64_t pages = arg_number(args, "PAGES", 0);
	struct area *area = area_for("mremap");
	void *at;

	if (!area)
		return;
	area->most = pages > area->most ? pages : area->most;
	/* Shrinking a fenced area leaves a hole before the fence, so the fence is no longer near.
	 */
	at = mremap(area->addr, area->bytes, pages * PAGE,
		    arg_given(args, "may") ? MREMAP_MAYMOVE : 0);
	if (at == MAP_FAILED) {
		fact_errno("mremap");
		return;
	}
	area->fenced = area->fenced && at == area->addr && pages == area->pages;
	area->addr = at;
	area->pages = pages;
	area->bytes = pages * PAGE;
	fact("mremap", "ok");
	fact("addr", "%p", at);
}

/* To a place nobody else has: without MREMAP_FIXED the kernel sees no reason to move anything. */
void verb_move(const struct args *args)
{
	struct area *area = area_for("move");
	void *to, *at;

	(void)args;
	if (!area)
		return;
	to = mmap(NULL, area->bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (to == MAP_FAILED)
		trouble("no address space to move to; move a smaller area");
	at = mremap(area->addr, area->bytes, area->bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (at == MAP_FAILED) {
		fact_errno("move");
		munmap(to, area->bytes);
		return;
	}
	area->addr = at;
	area->fenced = false;
	fact("move", "ok");
	fact("addr", "%p", at);
}

/* An old size of 0 asks for a second mapping of the same pages. */
void verb_duplicate(const struct args *args)
{
	struct area *area = area_for("duplicate"), copy;
	unsigned int number = area_number();
	void *at;

	(void)args;
	if (!area)
		return;
	copy = *area;
	at = mremap(area->addr, 0, area->bytes, MREMAP_MAYMOVE);
	copy.addr = at == MAP_FAILED ? NULL : at;
	copy.fenced = false;
	if (!copy.addr) {
		/* The number is taken, but there is still an area to go on with. */
		fact_errno("duplicate");
		state_add_area(&copy);
		state_use_area(number);
		return;
	}
	number = state_add_area(&copy);
	fact("duplicate", "ok");
	fact("area", "%u", number);
	fact("addr", "%p", at);
}

struct peek {
	const volatile unsigned char *at;
	unsigned char byte;
};

static void peek(void *with)
{
	struct peek *p = with;

	p->byte = *p->at;
}

/* One side of the fence, away from the area: the nearest page in words, all pages as a count. */
static unsigned int look(const unsigned char *nearest, long step, const char *key, const char *code)
{
	unsigned int readable = 0;

	for (long i = 0; i < FENCE_LOOK; i++) {
		struct peek p = {.at = nearest + i * step};
		struct fault fault;
		int signal = guarded(peek, &p, &fault);

		readable += !signal;
		if (i)
			continue;
		if (signal) {
			fact(key, "%s", fault_signal(&fault));
			fact(code, "%s", fault_code(&fault));
		} else {
			fact(key, "0x%02x", p.byte);
		}
	}
	return readable;
}

void verb_fence(const struct args *args)
{
	struct area *area = area_for("fence");
	unsigned int readable;

	(void)args;
	if (!area)
		return;
	if (!area->fenced)
		usage_error("fence: this area has no fence (any more); map it with ,fenced");
	readable = look(area->addr - PAGE, -(long)PAGE, "fence_before", "fence_before_code");
	readable += look(area->addr + area->pages * PAGE, PAGE, "fence_after", "fence_after_code");
	fact("fence_readable", "%u", readable);
}

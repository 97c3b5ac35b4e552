// SPDX-License-Identifier: GPL-2.0-only
/* mmap and what one does to a mapping afterwards, each verb one system call. */
#define _GNU_SOURCE
#include "say.h"
#include "state.h"
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Past libc, which refuses some arguments itself: the kernel shall answer. NULL: see errno. */
static void *raw_mmap(void *at, uint64_t bytes, uint64_t prot, uint64_t flags, int fd,
		      uint64_t offset)
{
	long result = syscall(SYS_mmap, at, bytes, prot, flags, (long)fd, offset);

	/* Nobody gets address 0 without asking (vm.mmap_min_addr), so NULL is free to mean no. */
	return result == -1 ? NULL : (void *)result;
}

/*
 * A fence: address space held by PROT_NONE on both sides, so that nothing else of probe can lie
 * next to the area, and a page table entry outside the window is readable where nothing should be.
 */
static unsigned char *fence_around(uint64_t pages)
{
	unsigned char *fence;

	if (pages > 1u << 24)
		usage_error("map: ,fenced is for areas up to 2^24 pages; leave it out");
	fence = raw_mmap(NULL, (pages + 2 * FENCE_PAGES) * PAGE, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!fence)
		trouble("no address space for the fence: %s; leave ,fenced out", strerror(errno));
	return fence;
}

static void map(const struct args *args, uint64_t bytes, uint64_t offset)
{
	uint64_t prot = arg_number(args, "PROT", 0), flags = arg_number(args, "SHARING", 0);
	struct area area = {.bytes = bytes, .offset = offset, .fd = -1};
	unsigned char *fence = NULL;
	unsigned int number;

	area.pages = area.most = bytes / PAGE + (bytes % PAGE != 0);
	area.fenced = flags & MAP_FENCED;
	flags &= ~(uint64_t)MAP_FENCED;
	if (!(flags & MAP_ANONYMOUS))
		area.fd = *state_fd("map");
	if (area.fenced) {
		fence = fence_around(area.pages);
		flags |= MAP_FIXED;
	}
	area.addr = raw_mmap(fence ? fence + FENCE_PAGES * PAGE : NULL, bytes, prot, flags, area.fd,
			     offset);
	number = state_add_area(&area);
	if (!area.addr) {
		fact_errno("map");
		if (fence)
			munmap(fence, (area.pages + 2 * FENCE_PAGES) * PAGE);
		return;
	}
	fact("map", "ok");
	fact("area", "%u", number);
	fact("addr", "%p", (void *)area.addr);
}

void verb_map(const struct args *args)
{
	map(args, arg_number(args, "PAGES", 0) * PAGE, arg_number(args, "PAGE", 0) * PAGE);
}

void verb_mapbytes(const struct args *args)
{
	map(args, arg_number(args, "BYTES", 0), arg_number(args, "BYTE", 0));
}

void verb_area(const struct args *args)
{
	state_use_area(arg_number(args, "K", 0));
}

struct range {
	void *at;
	uint64_t bytes;
};

/* The bytes a verb is about; the whole of an area is its length as asked, not rounded to pages. */
static bool range_of(struct range *range, const struct args *args, const char *verb)
{
	uint64_t first = arg_number(args, "FIRST", 0), count = arg_number(args, "COUNT", 0);
	const struct area *area = area_for(verb);

	if (!area || !area_pages(area, verb, first, count))
		return false;
	range->at = area->addr + first * PAGE;
	range->bytes = arg_given(args, "FIRST") ? count * PAGE : area->bytes;
	return true;
}

void verb_unmap(const struct args *args)
{
	struct range range;

	if (range_of(&range, args, "unmap"))
		fact_result("unmap", munmap(range.at, range.bytes));
}

void verb_protect(const struct args *args)
{
	int prot = (int)arg_number(args, "PROT", 0);
	struct range range;

	if (range_of(&range, args, "protect"))
		fact_result("protect", mprotect(range.at, range.bytes, prot));
}

void verb_advise(const struct args *args)
{
	int advice = (int)arg_number(args, "ADVICE", 0);
	struct range range;

	if (range_of(&range, args, "advise"))
		fact_result("advise", madvise(range.at, range.bytes, advice));
}

void verb_msync(const struct args *args)
{
	struct range range;

	if (range_of(&range, args, "msync"))
		fact_result("msync", msync(range.at, range.bytes, MS_SYNC));
}

void verb_mlock(const struct args *args)
{
	struct range range;

	if (range_of(&range, args, "mlock"))
		fact_result("mlock", mlock(range.at, range.bytes));
}

void verb_mincore(const struct args *args)
{
	unsigned char *resident;
	struct range range;
	uint64_t pages;

	if (!range_of(&range, args, "mincore"))
		return;
	pages = range.bytes / PAGE + (range.bytes % PAGE != 0);
	resident = room(pages);
	if (mincore(range.at, range.bytes, resident)) {
		fact_errno("mincore");
	} else {
		fact_begin("mincore");
		for (uint64_t i = 0; i < pages; i++)
			fact_more("%d", resident[i] & 1);
		fact_end();
	}
	free(resident);
}

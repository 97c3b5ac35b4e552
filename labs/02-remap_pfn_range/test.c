// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lab 02 from the user's side: how /dev/lab02 is used, and whether it keeps its promises.
 *
 *	sudo ./test [SEED]
 *
 * Speaks KTAP; the status is 0 when every claim holds, 1 when one does not, 2 when the test could
 * not judge. It overwrites the buffer.
 */
#define _GNU_SOURCE 1 /* mremap(), process_vm_readv() */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "../lib/fault.h"
#include "../lib/ktap.h"
#include "../lib/pattern.h"
#include "../lib/vma.h"
#include "lab02.h"

enum { PAGE = PATTERN_PAGE, SIZE = LAB02_PAGES * PAGE };

static int device; /* LAB02_NODE, read and write */
static char scratch[SIZE];

static char *window(unsigned long long first, size_t pages)
{
	return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, device,
		    (off_t)(first * PAGE));
}

static bool refused(int protection, int sharing, unsigned long long first, size_t pages)
{
	void *map = mmap(NULL, pages * PAGE, protection, sharing, device, (off_t)(first * PAGE));

	return map == MAP_FAILED && errno == EINVAL;
}

static bool outside(unsigned long long first, size_t pages)
{
	return refused(PROT_READ, MAP_SHARED, first, pages);
}

static void fill(char *to, uint64_t seed)
{
	for (unsigned int i = 0; i < LAB02_PAGES; i++)
		pattern_fill(to + i * PAGE, seed, i);
}

static bool holds(const char *at, uint64_t seed)
{
	for (unsigned int i = 0; i < LAB02_PAGES; i++)
		if (!pattern_holds(at + i * PAGE, seed, i))
			return false;
	return true;
}

/* How many faults it costs to read one word of every page, or -1 when one cannot be read. */
static long faults(const char *at)
{
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	for (unsigned int i = 0; i < LAB02_PAGES; i++)
		if (fault_read(at + i * PAGE))
			return -1;
	getrusage(RUSAGE_SELF, &after);
	return after.ru_minflt + after.ru_majflt - before.ru_minflt - before.ru_majflt;
}

static bool readonly_stays(void)
{
	int readonly = open(LAB02_NODE, O_RDONLY | O_CLOEXEC);
	bool stays;
	char *map;

	if (readonly < 0)
		ktap_bail("open " LAB02_NODE " read-only:");
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, readonly, 0);
	close(readonly);
	if (map == MAP_FAILED) /* refusing it is another way to keep the promise */
		return errno == EINVAL;
	stays = fault_write(map, 1) == SIGSEGV && mprotect(map, PAGE, PROT_READ | PROT_WRITE) &&
		errno == EACCES;
	munmap(map, PAGE);
	return stays;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
	struct iovec here = {scratch, PAGE}, there;
	char *all, *last;
	struct vma vma;
	long cost;

	ktap_plan(13);
	ktap_note("seed %#llx", (unsigned long long)seed);
	device = open(LAB02_NODE, O_RDWR | O_CLOEXEC);
	if (device < 0)
		ktap_bail("open " LAB02_NODE " (is lab02.ko loaded, are you root?):");

	all = window(0, LAB02_PAGES);
	if (!ktap_ok(all != MAP_FAILED, "the whole buffer can be mapped shared and writable"))
		return ktap_end();

	/* Our own pages first: the first call pays for the code and the stack. */
	faults(scratch);
	cost = faults(all);
	ktap_ok(cost == 0, "every page is present when mmap() returns");
	if (cost < 0)
		return ktap_end();

	fill(all, seed);
	ktap_ok(pread(device, scratch, SIZE, 0) == SIZE && holds(scratch, seed),
		"what a process writes through the mapping, read() returns");
	fill(scratch, ~seed);
	ktap_ok(pwrite(device, scratch, SIZE, 0) == SIZE && holds(all, ~seed),
		"what write() puts in, a process sees through the mapping");
	ktap_ok(pread(device, scratch, PAGE, SIZE) == 0 &&
			pwrite(device, scratch, PAGE, SIZE) == -1 && errno == ENOSPC,
		"read() and write() stop at the end, with 0 bytes and ENOSPC");

	last = window(LAB02_PAGES - 1, 1);
	ktap_ok(last != MAP_FAILED && pattern_holds(last, ~seed, LAB02_PAGES - 1),
		"an offset counts from the start of the buffer");
	/* Huge ones too, that are small once the upper bits are lost: 4 GiB, 2^32 pages, -2 pages.
	 */
	ktap_ok(outside(0, LAB02_PAGES + 1) && outside(LAB02_PAGES - 1, 2) &&
			outside(LAB02_PAGES, 1) && outside(1ull << 20, 1) &&
			outside(1ull << 32, 1) && outside((1ull << 52) - 2, 1),
		"a window that does not fit the buffer is refused with EINVAL");
	ktap_ok(refused(PROT_READ | PROT_WRITE, MAP_PRIVATE, 0, 1) &&
			refused(PROT_READ, MAP_PRIVATE, 0, 1),
		"a private mapping is refused with EINVAL, also a read-only one");
	ktap_ok(readonly_stays(), "a mapping of a read-only descriptor cannot be made writable");

	close(device);
	fill(all, seed);
	ktap_ok(holds(all, seed), "a mapping survives close()");

	if (!vma_find(all, &vma))
		ktap_bail("/proc/self/smaps does not know the mapping");
	ktap_note("%s VmFlags:%s", vma.line, vma.flags);
	ktap_ok(vma_flag(&vma, "pf") && vma_flag(&vma, "io") && vma_flag(&vma, "de") &&
			vma_flag(&vma, "dd") && vma.rss_kb == 0,
		"VmFlags has pf, io, de and dd, and Rss stays 0");
	there = (struct iovec){all, PAGE};
	ktap_ok(process_vm_readv(getpid(), &here, 1, &there, 1, 0) == -1 && errno == EFAULT,
		"process_vm_readv() gets EFAULT");
	ktap_ok(mremap(all, SIZE, SIZE + PAGE, MREMAP_MAYMOVE) == MAP_FAILED,
		"mremap() cannot grow the mapping");
	return ktap_end();
}

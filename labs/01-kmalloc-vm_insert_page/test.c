// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lab 01 from the user's side: how /dev/lab01 is used, and whether it keeps its promises.
 *
 *	sudo ./test [SEED]
 *
 * Speaks KTAP; the status is 0 when every claim holds, 1 when one does not, 2 when the test could
 * not judge. It overwrites the buffer.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/fault.h"
#include "../lib/ktap.h"
#include "../lib/pattern.h"
#include "../lib/vma.h"
#include "lab01.h"

enum { PAGE = PATTERN_PAGE, SIZE = LAB01_PAGES * PAGE, RW = PROT_READ | PROT_WRITE };

static int device; /* LAB01_NODE, read and write */
static char scratch[SIZE];

static char *window(size_t first, size_t pages)
{
	return mmap(NULL, pages * PAGE, RW, MAP_SHARED, device, (off_t)(first * PAGE));
}

static bool refused(size_t first, size_t pages, int protection, int sharing)
{
	void *map = mmap(NULL, pages * PAGE, protection, sharing, device, (off_t)(first * PAGE));

	if (map == MAP_FAILED)
		return errno == EINVAL;
	munmap(map, pages * PAGE);
	return false;
}

static bool refused_outside(void)
{
	static const size_t outside[][2] = {
		{0, LAB01_PAGES + 1},  /* one page too many */
		{LAB01_PAGES, 1},      /* starts at the end */
		{LAB01_PAGES - 1, 2},  /* runs past the end */
		{1ull << 20, 1},       /* 4 GiB: 0 in 32 bits */
		{1ull << 32, 1},       /* 0 in 32 bits of pages */
		{(1ull << 52) - 2, 1}, /* -2 pages */
	};

	for (size_t i = 0; i < sizeof(outside) / sizeof(*outside); i++)
		if (!refused(outside[i][0], outside[i][1], RW, MAP_SHARED))
			return false;
	return true;
}

/* Every page another pattern: two pages swapped would show. */
static void fill(char *to, uint64_t seed)
{
	for (unsigned int i = 0; i < LAB01_PAGES; i++)
		pattern_fill(to + i * PAGE, seed, i);
}

static bool holds(const char *at, uint64_t seed)
{
	for (unsigned int i = 0; i < LAB01_PAGES; i++)
		if (!pattern_holds(at + i * PAGE, seed, i))
			return false;
	return true;
}

/* Moves the whole buffer. A short count is no error: it says to go on from there. */
static bool transfer(bool out, char *bytes)
{
	ssize_t done, step;

	for (done = 0; done < SIZE; done += step) {
		size_t rest = (size_t)(SIZE - done);

		step = out ? pwrite(device, bytes + done, rest, done)
			   : pread(device, bytes + done, rest, done);
		if (step <= 0)
			return false;
	}
	return true;
}

/* A child finds what its parent wrote, and writes something else for the parent to find. */
static bool child_shares(char *map, uint64_t before, uint64_t after)
{
	int status;
	pid_t child;

	fill(map, before);
	child = fork();
	if (child < 0)
		ktap_bail("fork:");
	if (child == 0) {
		if (fault_read(map) || !holds(map, before))
			_exit(1);
		fill(map, after);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child)
		ktap_bail("waitpid:");
	return status == 0 && holds(map, after);
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
	struct iovec here = {scratch, SIZE}, there;
	struct vma vma;
	char *all, *last;

	ktap_plan(13);
	ktap_note("seed %#llx", (unsigned long long)seed);
	device = open(LAB01_NODE, O_RDWR | O_CLOEXEC);
	if (device < 0)
		ktap_bail("open " LAB01_NODE " (is lab01.ko loaded, are you root?):");

	all = window(0, LAB01_PAGES);
	if (all == MAP_FAILED)
		ktap_note("mmap: %s", strerror(errno));
	/* A mapping whose pages nobody inserted looks fine until it is touched. */
	if (!ktap_ok(all != MAP_FAILED && !fault_read(all) && !fault_read(all + SIZE - PAGE),
		     "the whole buffer can be mapped shared and writable"))
		return ktap_end();

	fill(all, seed);
	ktap_ok(transfer(false, scratch) && holds(scratch, seed),
		"what a process writes through the mapping, read() returns");
	fill(scratch, ~seed);
	ktap_ok(transfer(true, scratch) && holds(all, ~seed),
		"what write() puts in, a process sees through the mapping");
	ktap_ok(pread(device, scratch, PAGE, SIZE) == 0, "read() at the end returns 0 bytes");
	ktap_ok(pwrite(device, scratch, PAGE, SIZE) == -1 && errno == ENOSPC,
		"write() at the end fails with ENOSPC");

	last = window(LAB01_PAGES - 1, 1);
	ktap_ok(last != MAP_FAILED && pattern_holds(last, ~seed, LAB01_PAGES - 1),
		"an offset counts from the start of the buffer");
	ktap_ok(refused_outside(), "a window that does not fit the buffer is refused with EINVAL");
	ktap_ok(refused(0, 1, RW, MAP_PRIVATE) && refused(0, 1, PROT_READ, MAP_PRIVATE),
		"a private mapping is refused with EINVAL, also a read-only one");

	if (!vma_find(all, &vma))
		ktap_bail("/proc/self/smaps does not know the mapping");
	ktap_note("%s", vma.line);
	ktap_note("VmFlags:%s Rss: %lu kB", vma.flags, vma.rss_kb);
	ktap_ok(vma_flag(&vma, "mm") && !vma_flag(&vma, "pf") && !vma_flag(&vma, "io"),
		"VmFlags has mm and neither pf nor io");
	ktap_ok(vma.rss_kb * 1024 == SIZE, "Rss counts every mapped page");
	ktap_ok(child_shares(all, seed, ~seed),
		"a parent and its child see the bytes of each other");

	there = (struct iovec){all, SIZE};
	fill(all, seed);
	ktap_ok(process_vm_readv(getpid(), &here, 1, &there, 1, 0) == SIZE && holds(scratch, seed),
		"process_vm_readv() can read the mapping");

	close(device);
	ktap_ok(!fault_read(all) && holds(all, seed), "a mapping survives close()");
	return ktap_end();
}

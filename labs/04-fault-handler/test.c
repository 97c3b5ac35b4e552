// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lab 04 from the user's side: what a touch costs, and what a program may expect of memory that
 * comes into being when it is touched.
 *
 *	sudo ./test [SEED]
 *
 * Speaks KTAP; the status is 0 when every claim holds, 1 when one does not, 2 when the test could
 * not judge. It overwrites the buffer, and wants a freshly loaded module.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/fault.h"
#include "../lib/ktap.h"
#include "../lib/pattern.h"
#include "../lib/vma.h"
#include "lab04.h"

enum { PAGE = PATTERN_PAGE, SIZE = LAB04_PAGES * PAGE, RW = PROT_READ | PROT_WRITE };

#define FAULTS counter(LAB04_COUNTERS "faults")
#define ALLOCATED counter(LAB04_COUNTERS "allocated")
#define MAPPINGS counter(LAB04_COUNTERS "mappings")

static int device;
static char bytes[SIZE];

static long counter(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[16] = "";

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 1)
		ktap_bail("%s:", path);
	close(fd);
	return strtol(text, NULL, 10);
}

/* A shared, writable window of @count pages that begins at page @first; MAP_FAILED faults too. */
static char *window(size_t first, size_t count)
{
	return mmap(NULL, count * PAGE, RW, MAP_SHARED, device, (off_t)(first * PAGE));
}

/* The whole buffer, in as many read()s or write()s as the driver likes. */
static bool read_all(char *to)
{
	ssize_t n = 0;

	for (size_t done = 0; done < SIZE; done += (size_t)n) {
		n = pread(device, to + done, SIZE - done, (off_t)done);
		if (n <= 0)
			return false;
	}
	return true;
}

static bool write_all(const char *from)
{
	ssize_t n = 0;

	for (size_t done = 0; done < SIZE; done += (size_t)n) {
		n = pwrite(device, from + done, SIZE - done, (off_t)done);
		if (n <= 0)
			return false;
	}
	return true;
}

/* Is a private mapping refused, and with EINVAL? */
static bool refused(int protection)
{
	void *map = mmap(NULL, PAGE, protection, MAP_PRIVATE, device, 0);

	if (map == MAP_FAILED)
		return errno == EINVAL;
	munmap(map, PAGE);
	return false;
}

/* Does a look at each of @count pages cost @faults in all, and make @pages? */
static bool costs(const char *map, size_t count, long faults, long pages)
{
	long counted = -FAULTS, allocated = -ALLOCATED, minor;
	static struct rusage usage;
	int died = 0;

	/* The test's own pages first, or they would be counted as well. */
	fault_write(&usage, 0);
	getrusage(RUSAGE_SELF, &usage);
	minor = -usage.ru_minflt;
	for (size_t page = 0; page < count; page++)
		died |= fault_read(map + page * PAGE);
	getrusage(RUSAGE_SELF, &usage);
	minor += usage.ru_minflt;
	counted += FAULTS;
	allocated += ALLOCATED;

	ktap_note("%zu pages touched: faults +%ld (getrusage: +%ld), allocated +%ld", count,
		  counted, minor, allocated);
	return !died && minor == faults && counted == faults && allocated == pages;
}

/* Every page gets another pattern: two pages swapped would show. */
static void fill(char *to, uint64_t seed)
{
	for (size_t page = 0; page < LAB04_PAGES; page++)
		pattern_fill(to + page * PAGE, seed, page);
}

/* Are the @count pages at @map what fill() wrote to page @first and those behind it? */
static bool holds(const char *map, uint64_t seed, size_t first, size_t count)
{
	for (size_t page = 0; page < count; page++)
		if (fault_read(map + page * PAGE) ||
		    !pattern_holds(map + page * PAGE, seed, first + page))
			return false;
	return true;
}

/* read() of a page that nobody has touched: zeros, and still no page. */
static bool reads_zeros(size_t page)
{
	static const char zeros[PATTERN_PAGE];
	long allocated = ALLOCATED;

	memset(bytes, 0x5a, PAGE);
	return pread(device, bytes, PAGE, (off_t)(page * PAGE)) == (ssize_t)PAGE &&
	       !memcmp(bytes, zeros, PAGE) && ALLOCATED == allocated;
}

/* A child is one more of every mapping, and shares the pages: it reads a word and leaves one. */
static bool child_shares(uint32_t *map)
{
	long mappings = MAPPINGS;
	bool shares;
	int status;
	pid_t child;

	*map = 1;
	child = fork();
	if (child < 0)
		ktap_bail("fork:");
	if (child == 0) {
		shares = fault_read(map) == 0 && *map == 1 && fault_write(map, 2) == 0;
		_exit(shares && MAPPINGS == 2 * mappings ? 0 : 1);
	}
	if (waitpid(child, &status, 0) != child)
		ktap_bail("waitpid:");
	return status == 0 && *map == 2 && MAPPINGS == mappings;
}

/* One window, cut in the middle, is two. */
static bool split_counts(void)
{
	long mappings = MAPPINGS;
	char *map = window(0, 3);
	bool right = MAPPINGS == mappings + 1;

	munmap(map + PAGE, PAGE);
	right = right && MAPPINGS == mappings + 2;
	munmap(map, 3 * PAGE);
	return right && MAPPINGS == mappings;
}

/* The claims that need a buffer which nobody has touched yet. */
static void first_touch(const char *map)
{
	static const char *const claims[] = {
		"mmap maps nothing and allocates nothing",
		"read() of an untouched page gives zeros and allocates nothing",
		"each first touch costs one fault and one page",
	};

	if (ALLOCATED) {
		for (int i = 0; i < 3; i++)
			ktap_skip(claims[i], "pages exist already: load the module anew");
		return;
	}
	ktap_ok(FAULTS == 0 && ALLOCATED == 0, claims[0]);
	ktap_ok(reads_zeros(8), claims[1]);
	ktap_ok(costs(map + 8 * PAGE, 4, 4, 4), claims[2]);
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
	char *all, *part;
	struct vma vma;

	ktap_plan(16);
	ktap_note("seed %#llx", (unsigned long long)seed);
	device = open(LAB04_NODE, O_RDWR | O_CLOEXEC);
	if (device < 0)
		ktap_bail("open " LAB04_NODE " (is lab04.ko loaded, are you root?):");

	all = window(0, LAB04_PAGES);
	if (!ktap_ok(all != MAP_FAILED, "the whole buffer can be mapped shared and writable"))
		return ktap_end();
	if (!vma_find(all, &vma))
		ktap_bail("/proc/self/smaps does not know the mapping");
	ktap_note("%s VmFlags:%s", vma.line, vma.flags);

	first_touch(all);
	fill(all, seed);
	part = window(8, 4);
	ktap_ok(costs(part, 4, 4, 0), "in a new mapping an old page costs a fault, and no page");
	ktap_ok(costs(part, 4, 0, 0), "the second touch costs nothing");
	munmap(part, 4 * PAGE);

	ktap_ok(read_all(bytes) && holds(bytes, seed, 0, LAB04_PAGES),
		"what a process writes through the mapping, read() returns");
	fill(bytes, ~seed);
	ktap_ok(write_all(bytes) && holds(all, ~seed, 0, LAB04_PAGES),
		"what write() puts in, a process sees through the mapping");
	ktap_ok(pread(device, bytes, PAGE, SIZE) == 0 && pwrite(device, bytes, PAGE, SIZE) == -1 &&
			errno == ENOSPC,
		"read() and write() stop at the end, with 0 bytes and ENOSPC");

	/* Nothing of it is touched before it is cut: what comes after are all first faults. */
	part = window(100, 6);
	munmap(part, 2 * PAGE);
	ktap_ok(holds(part + 2 * PAGE, ~seed, 102, 4),
		"what is left of a window that lost its start shows the right pages");
	munmap(part, 6 * PAGE);

	/* Every page of it faults inside read(): a driver that copies under its lock hangs. */
	part = window(0, LAB04_PAGES);
	ktap_ok(read_all(part) && holds(part, ~seed, 0, LAB04_PAGES),
		"read() into the mapping itself comes back");
	munmap(part, SIZE);

	ktap_ok(child_shares((uint32_t *)(void *)all), "parent and child see each other's bytes");
	ktap_ok(split_counts(), "mappings counts both parts of a window that is cut in two");

	part = window(LAB04_PAGES - 1, 2);
	ktap_ok(fault_read(part) == 0 && fault_read(part + PAGE) == SIGBUS &&
			fault_code == BUS_ADRERR && fault_address == part + PAGE,
		"a touch past the end is SIGBUS with BUS_ADRERR, and the process lives on");
	munmap(part, 2 * PAGE);
	ktap_ok(refused(RW) && refused(PROT_READ),
		"a private mapping is refused with EINVAL, also a read-only one");

	close(device);
	fill(all, seed);
	ktap_ok(holds(all, seed, 0, LAB04_PAGES), "a mapping survives close()");
	return ktap_end();
}

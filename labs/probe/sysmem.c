// SPDX-License-Identifier: GPL-2.0-only
/* Leaks: rounds of everything a mapping goes through, and the free pages before and after. */
#define _GNU_SOURCE
#include "guard.h"
#include "other.h"
#include "say.h"
#include "state.h"
#include "verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static void touch_pages(void *with)
{
	const struct area *area = with;

	for (uint64_t page = 0; page < area->pages; page++)
		(void)*(volatile unsigned char *)(area->addr + page * PAGE);
}

/* One round; NULL, or the name of what was refused (errno says why) or of the signal. */
static const char *one_round(const char *path, uint64_t pages, uint64_t first)
{
	struct area area = {.pages = pages};
	struct fault fault;
	void *at;
	int fd = open(path, O_RDWR | O_CLOEXEC), signal;

	if (fd < 0)
		return "open";
	at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		  (off_t)(first * PAGE));
	if (at == MAP_FAILED) {
		int error = errno;

		close(fd);
		errno = error;
		return "map";
	}
	area.addr = at;
	signal = guarded(touch_pages, &area, &fault);
	if (munmap(at, pages * PAGE))
		return "unmap";
	if (close(fd))
		return "close";
	return signal ? fault_signal(&fault) : NULL;
}

void verb_rounds(const struct args *args)
{
	uint64_t wanted = arg_number(args, "ROUNDS", 0), done;
	const char *stopped = NULL;

	for (done = 0; done < wanted; done++) {
		errno = 0;
		stopped = one_round(arg_text(args, "PATH", NULL), arg_number(args, "PAGES", 0),
				    arg_number(args, "PAGE", 0));
		if (stopped)
			break;
	}
	fact("rounds", "%llu", (unsigned long long)done);
	if (stopped) {
		const char *why = errno ? errno_name(errno) : "signal";

		fact("stopped_at", "%s", stopped);
		fact("stopped_by", "%s", why);
	}
}

int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n < 0 ? -1 : 0;
}

/* nr_free_pages with caches given back and the per-CPU lists emptied; false: see errno. */
static bool count_free(unsigned long long *pages)
{
	char text[256];
	FILE *file;

	if (write_text("/proc/sys/vm/drop_caches", "3") ||
	    write_text("/proc/sys/vm/compact_memory", "1"))
		return false;
	/* A CPU keeps up to 125 pages of change to itself; this makes it tell. */
	(void)write_text("/proc/sys/vm/stat_refresh", "1");
	file = fopen("/proc/vmstat", "re");
	while (file && fgets(text, sizeof(text), file)) {
		if (sscanf(text, "nr_free_pages %llu", pages) == 1) {
			fclose(file);
			return true;
		}
	}
	trouble("no nr_free_pages in /proc/vmstat; is /proc mounted?");
}

/* Frees can be late (RCU, work left for later): wait for RCU, then count until a count repeats. */
void verb_freepages(const struct args *args)
{
	unsigned long long pages = 0, before = 1;

	(void)args;
	sync();
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	for (unsigned int tries = 0; pages != before && tries < 8; tries++) {
		before = pages;
		if (!count_free(&pages)) {
			fact_errno("freepages");
			return;
		}
	}
	fact("freepages", "%llu", pages);
}

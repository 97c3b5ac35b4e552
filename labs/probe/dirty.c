// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free memory made dirty, so that a driver that forgets to clear its pages hands out something one
 * can see. A machine that has just booted has mostly pages nobody ever wrote: zeros by luck.
 */
#define _GNU_SOURCE
#include "other.h"
#include "say.h"
#include "state.h"
#include "verbs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#define DIRT 0xd7
#define TOO_MUCH (2ull << 30) /* a machine that big is somebody's, not a lab's */
#define LEAVE (6ull << 20)    /* bytes left free: the kernel has to live meanwhile */
#define LAST (8ull << 20)     /* bytes, of the pages that are given out next */
#define PIPE_BYTES (1u << 20) /* the largest pipe everybody may have */
#define MIN_FREE "/proc/sys/vm/min_free_kbytes"

static uint64_t free_bytes(void)
{
	struct sysinfo info;

	if (sysinfo(&info))
		return 0;
	return (uint64_t)info.freeram * info.mem_unit;
}

/*
 * Through pipes: like a driver's, a pipe's pages cannot be moved and come from the same free lists,
 * one at a time, so that the small pieces go first; @most bytes of them. A mapping would leave its
 * page tables behind: pages of zeros, freed last and given out first.
 */
static uint64_t fill_pipes(uint64_t most)
{
	static unsigned char dirt[1 << 16];
	uint64_t done = 0;

	memset(dirt, DIRT, sizeof(dirt));
	while (done < most && free_bytes() > LEAVE + PIPE_BYTES) {
		int ends[2];
		ssize_t n;

		if (pipe2(ends, O_NONBLOCK | O_CLOEXEC))
			break;
		fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES);
		while ((n = write(ends[1], dirt, sizeof(dirt))) > 0)
			done += (uint64_t)n;
	}
	return done;
}

/* In a child of its own: should memory run out after all, the child is killed, not the run. */
static void make_dirty(void)
{
	const struct rlimit files = {8192, 8192};
	uint64_t done;

	write_text("/proc/self/oom_score_adj", "1000");
	write_text("/proc/sys/vm/drop_caches", "3");
	write_text("/proc/sys/vm/compact_memory", "1"); /* also empties the lists of each CPU */
	setrlimit(RLIMIT_NOFILE, &files);
	done = fill_pipes(UINT64_MAX);
	fact("dirty", "%llu", (unsigned long long)(done / PAGE));
	_exit(0);
}

void verb_dirty(const struct args *args)
{
	char min_free[32] = "";
	pid_t child;
	FILE *file;
	int status;

	(void)args;
	if (free_bytes() > TOO_MUCH) {
		fact("dirty", "refused");
		return;
	}
	/* What the kernel keeps for emergencies is what a driver would get clean: lower it for now.
	 */
	file = fopen(MIN_FREE, "re");
	if (!file || !fgets(min_free, sizeof(min_free), file) || write_text(MIN_FREE, "1024")) {
		fact_errno("dirty");
		if (file)
			fclose(file);
		return;
	}
	fclose(file);
	child = child_new("dirty");
	if (!child)
		make_dirty();
	status = child < 0 ? 0 : child_end(child);
	/*
	 * The child has left pages of zeros on top of the free lists after all, and so shall we:
	 * over them goes what is in pipes until the end, for a process gives back its own pages
	 * first.
	 */
	fill_pipes(LAST);
	write_text(MIN_FREE, min_free);
	if (WIFSIGNALED(status))
		fact("dirty", "killed");
}

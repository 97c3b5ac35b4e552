// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two threads at every page at the same moment. They meet by spinning: a futex would let one sleep
 * and wake late, and hide the race on a busy machine.
 */
#define _GNU_SOURCE
#include "guard.h"
#include "say.h"
#include "state.h"
#include "verbs.h"

#include "../lib/pattern.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RACERS 2
#define SPINS_BEFORE_YIELD 100000 /* with one CPU the other thread needs it */

struct racer {
	unsigned int number; /* writes word `number` of every page */
	int cpu;	     /* -1: anywhere */
	unsigned char *area; /* through which mapping */
	uint64_t pages;
	unsigned char *lost; /* one flag a page */
	uint64_t signals;
};

static _Atomic uint64_t arrived;

/*
 * Comes back when both racers have called it @times times. No pause instruction: in an emulated
 * machine that hands the processor back, and the two no longer leave together.
 */
static void meet(uint64_t times)
{
	atomic_fetch_add(&arrived, 1);
	for (uint64_t spins = 0; atomic_load(&arrived) < times * RACERS; spins++) {
		if (spins >= SPINS_BEFORE_YIELD)
			sched_yield();
		else
			__asm__ volatile("" : : : "memory");
	}
}

struct word {
	volatile uint64_t *at;
	uint64_t value;
};

static void put(void *with)
{
	struct word *word = with;

	*word->at = word->value;
}

static void get(void *with)
{
	struct word *word = with;

	word->value = *word->at;
}

static void *run(void *with)
{
	struct racer *racer = with;
	uint64_t seed = *state_seed(), meetings = 0;
	struct fault fault;

	if (racer->cpu >= 0) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET((unsigned int)racer->cpu, &set);
		sched_setaffinity(0, sizeof(set), &set);
	}
	for (uint64_t page = 0; page < racer->pages; page++) {
		uint64_t *words = (uint64_t *)(void *)(racer->area + page * PAGE);
		struct word mine = {words + racer->number, pattern_word(seed, page, racer->number)};

		meet(++meetings);
		racer->signals += guarded(put, &mine, &fault) != 0;
		meet(++meetings);
		for (unsigned int other = 0; other < RACERS; other++) {
			struct word word = {words + other, 0};

			if (guarded(get, &word, &fault))
				racer->signals++;
			else if (word.value != pattern_word(seed, page, other))
				racer->lost[page] = 1;
		}
	}
	return NULL;
}

/* Two CPUs this process may run on; -1 where there is none. Returns how many there are. */
static int two_cpus(int cpus[RACERS])
{
	cpu_set_t set;
	int found = 0;

	cpus[0] = cpus[1] = -1;
	if (sched_getaffinity(0, sizeof(set), &set))
		return 0;
	for (int cpu = 0; cpu < CPU_SETSIZE && found < RACERS; cpu++)
		if (CPU_ISSET((unsigned int)cpu, &set))
			cpus[found++] = cpu;
	if (found < RACERS)
		cpus[0] = -1;
	return found;
}

/* Pages where read(2) does not show what both racers wrote: the file has another page than they. */
static void compare_with_file(const struct area *area, uint64_t pages)
{
	uint64_t differs = 0, words[RACERS];

	for (uint64_t page = 0; page < pages; page++) {
		ssize_t n =
			pread(area->fd, words, sizeof(words), (off_t)(area->offset + page * PAGE));

		if (n < 0) {
			fact_errno("race_differs");
			return;
		}
		for (unsigned int i = 0; i < RACERS; i++) {
			if (n != sizeof(words) ||
			    words[i] != pattern_word(*state_seed(), page, i)) {
				differs++;
				break;
			}
		}
	}
	fact("race_differs", "%llu", (unsigned long long)differs);
}

void verb_race(const struct args *args)
{
	uint64_t pages = arg_number(args, "PAGES", 0), lost = 0;
	struct area *area = area_for("race"), *second = area;
	struct racer racers[RACERS] = {0};
	pthread_t threads[RACERS];
	int cpus[RACERS];

	if (!area)
		return;
	if (arg_given(args, "with"))
		second = state_area(arg_number(args, "K", 0));
	if (!second->addr) {
		fact("race", "no-area");
		return;
	}
	if (!area_pages(area, "race", 0, pages) || !area_pages(second, "race", 0, pages))
		return;
	atomic_store(&arrived, 0);
	fact("race_cpus", "%d", two_cpus(cpus));
	for (unsigned int i = 0; i < RACERS; i++) {
		racers[i] = (struct racer){i,	  cpus[i],     i ? second->addr : area->addr,
					   pages, room(pages), 0};
		if (pthread_create(&threads[i], NULL, run, &racers[i]))
			trouble("cannot start a thread: no memory for its stack?");
	}
	for (unsigned int i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
	for (uint64_t page = 0; page < pages; page++)
		lost += racers[0].lost[page] || racers[1].lost[page];
	fact("race_pages", "%llu", (unsigned long long)pages);
	fact("race_lost", "%llu", (unsigned long long)lost);
	fact("race_signals", "%llu", (unsigned long long)(racers[0].signals + racers[1].signals));
	if (area->fd >= 0)
		compare_with_file(area, pages);
	free(racers[0].lost);
	free(racers[1].lost);
}

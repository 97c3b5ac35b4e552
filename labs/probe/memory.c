// SPDX-License-Identifier: GPL-2.0-only
/* A process that uses its mapping: single loads and stores, touches counted, patterns, hashes. */
#define _GNU_SOURCE
#include "guard.h"
#include "say.h"
#include "state.h"
#include "verbs.h"

#include "../lib/pattern.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct access {
	const unsigned char *area;
	volatile void *at;
	uint64_t width, value;
};

/* One access of exactly that width: device registers answer to nothing else. */
static void load(void *with)
{
	struct access *a = with;

	switch (a->width) {
	case 1:
		a->value = *(volatile uint8_t *)a->at;
		break;
	case 2:
		a->value = *(volatile uint16_t *)a->at;
		break;
	case 4:
		a->value = *(volatile uint32_t *)a->at;
		break;
	default:
		a->value = *(volatile uint64_t *)a->at;
	}
}

static void store(void *with)
{
	struct access *a = with;

	switch (a->width) {
	case 1:
		*(volatile uint8_t *)a->at = (uint8_t)a->value;
		break;
	case 2:
		*(volatile uint16_t *)a->at = (uint16_t)a->value;
		break;
	case 4:
		*(volatile uint32_t *)a->at = (uint32_t)a->value;
		break;
	default:
		*(volatile uint64_t *)a->at = a->value;
	}
}

/* The access a verb is about; false when there is nothing to access (said already). */
static bool access_of(struct access *a, const struct args *args, const char *verb)
{
	const struct area *area = area_for(verb);
	uint64_t off = arg_number(args, "OFF", 0);

	a->width = arg_number(args, "WIDTH", 4);
	if (off % a->width)
		usage_error(
			"%s: offset 0x%llx is no multiple of %llu, so it would not be one access; "
			"align it",
			verb, (unsigned long long)off, (unsigned long long)a->width);
	a->area = area ? area->addr : NULL;
	a->at = area ? area_at(area, verb, off, a->width) : NULL;
	return a->at;
}

static void not_done(const char *verb, const struct access *a, const struct fault *fault)
{
	fact(verb, "%s", fault_signal(fault));
	fault_facts(fault, a->area);
}

void verb_load(const struct args *args)
{
	struct access a;
	struct fault fault;

	if (!access_of(&a, args, "load"))
		return;
	if (guarded(load, &a, &fault))
		not_done("load", &a, &fault);
	else
		fact("load", "0x%llx", (unsigned long long)a.value);
}

void verb_store(const struct args *args)
{
	struct access a;
	struct fault fault;

	if (!access_of(&a, args, "store"))
		return;
	a.value = arg_number(args, "VALUE", 0);
	/* The sign-extended form of a negative value is fine at any width. */
	if (a.width < 8 && a.value >> (8 * a.width) && ~a.value >> (8 * a.width - 1))
		usage_error("store: 0x%llx does not fit %llu bytes; give a wider WIDTH",
			    (unsigned long long)a.value, (unsigned long long)a.width);
	if (guarded(store, &a, &fault))
		not_done("store", &a, &fault);
	else
		fact("store", "ok");
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void verb_poll(const struct args *args)
{
	uint64_t mask = arg_number(args, "MASK", 0), wanted = arg_number(args, "VALUE", 0);
	uint64_t deadline = now_ms() + arg_number(args, "MS", 0), loads = 0;
	struct access a;
	struct fault fault;
	bool late = false, met = false;

	if (!access_of(&a, args, "poll"))
		return;
	/* The clock is read before the load: what is there at the deadline still counts. */
	while (!met && !late) {
		late = now_ms() >= deadline;
		if (guarded(load, &a, &fault)) {
			not_done("poll", &a, &fault);
			return;
		}
		loads++;
		met = (a.value & mask) == wanted;
	}
	fact("poll", met ? "ok" : "late");
	fact("value", "0x%llx", (unsigned long long)a.value);
	fact("loads", "%llu", (unsigned long long)loads);
}

BARE static void touch_read(void *page)
{
	(void)*(volatile unsigned char *)page;
}

/* A write fault that changes nothing, in one access: load and store would be two faults. */
BARE static void touch_write(void *page)
{
	__asm__ volatile("lock orb $0, %0" : "+m"(*(volatile unsigned char *)page) : : "cc");
}

void verb_touch(const struct args *args)
{
	struct area *area = area_for("touch");
	void (*touch)(void *) = touch_read;
	uint64_t first, count, touched = 0, sigbus = 0, segv = 0;
	struct rusage before, after;
	struct fault fault, seen = {0};

	if (!area)
		return;
	first = arg_number(args, "FIRST", 0);
	count = arg_number(args, "COUNT", area->pages);
	if (!area_pages(area, "touch", first, count))
		return;
	if (!strcmp(arg_text(args, "r|w", "r"), "w"))
		touch = touch_write;

	memset(&after, 0, sizeof(after));
	settle();
	getrusage(RUSAGE_SELF, &before);
	for (uint64_t page = first; page < first + count; page++) {
		if (!guarded(touch, area->addr + page * PAGE, &fault)) {
			touched++;
			continue;
		}
		if (fault.signal == SIGBUS)
			sigbus++;
		else
			segv++;
		if (!seen.signal)
			seen = fault;
	}
	getrusage(RUSAGE_SELF, &after);

	fact("touched", "%llu", (unsigned long long)touched);
	fact("minflt", "%ld", after.ru_minflt - before.ru_minflt);
	fact("majflt", "%ld", after.ru_majflt - before.ru_majflt);
	fact("sigbus", "%llu", (unsigned long long)sigbus);
	fact("segv", "%llu", (unsigned long long)segv);
	if (seen.signal)
		fault_facts(&seen, area->addr);
}

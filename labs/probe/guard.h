/* SPDX-License-Identifier: GPL-2.0-only */
/* Accesses that may end in SIGBUS or SIGSEGV, survived: the signal is a fact like any other. */
#ifndef PROBE_GUARD_H
#define PROBE_GUARD_H

#include <stdint.h>

struct fault {
	int signal; /* SIGBUS, SIGSEGV; 0 for none */
	int code;
	uintptr_t addr;
};

/* guard_install - once at the start: catch the signals. */
void guard_install(void);

/*
 * guarded - runs access(with). Returns 0 when it came back, or the number of the signal that ended
 * it (then *fault is filled in). Each thread has its own guard. No system call on the way.
 */
int guarded(void (*access)(void *with), void *with, struct fault *fault);

/* For an access that is to touch nothing but its page: no sanitizer looks its shadow up before. */
#define BARE __attribute__((no_sanitize("address", "undefined")))

/* fault_signal, fault_code - the names: "SIGBUS", "BUS_ADRERR". */
const char *fault_signal(const struct fault *fault);
const char *fault_code(const struct fault *fault);

/* fault_facts - prints code= and at= (the address relative to @base) of a fault. */
void fault_facts(const struct fault *fault, const void *base);

/*
 * settle - touches everything of probe that a measurement might touch for the first time: program,
 * data, stack, also the copies a fork made copy-on-write. Call right before counting faults. Once
 * in a process is enough, until a fork: then unsettle() in both.
 */
void settle(void);
void unsettle(void);

#endif

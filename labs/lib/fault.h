/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loads and stores that may die: SIGBUS (inside a mapping, but no page there) and SIGSEGV (no
 * mapping, or no right to it) become a return value.
 *
 *	ktap_ok(fault_read(map) == 0, "the page can be read");
 *	ktap_ok(fault_write(map, 1) == SIGSEGV, "and not written");
 *
 * User space only; header-only, so that a test stays one file. One thread at a time.
 */
#ifndef LABS_FAULT_H
#define LABS_FAULT_H

#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

/* The last fault: si_code (BUS_ADRERR, SEGV_MAPERR, SEGV_ACCERR ...) and the address. */
static volatile int fault_code;
static void *volatile fault_address;

static sigjmp_buf fault_return;

static inline void fault_caught(int number, siginfo_t *info, void *context)
{
	(void)context;
	fault_code = info->si_code;
	fault_address = info->si_addr;
	siglongjmp(fault_return, number);
}

/* fault_access - the one body of the two verbs below: reads when @value is NULL. */
static inline int fault_access(volatile uint32_t *at, const uint32_t *value)
{
	struct sigaction catch, old_bus, old_segv;
	int number;

	memset(&catch, 0, sizeof(catch));
	catch.sa_sigaction = fault_caught;
	catch.sa_flags = SA_SIGINFO;
	sigaction(SIGBUS, &catch, &old_bus);
	sigaction(SIGSEGV, &catch, &old_segv);

	/* The second argument: leaving a handler by a jump must unblock its signal again. */
	number = sigsetjmp(fault_return, 1);
	if (number == 0) {
		if (value)
			*at = *value;
		else
			(void)*at;
	}

	sigaction(SIGBUS, &old_bus, NULL);
	sigaction(SIGSEGV, &old_segv, NULL);
	return number;
}

/*
 * fault_read - loads 32 bits from @at, which is aligned to them (device registers answer nothing
 * narrower). Returns 0, or the signal that the load died of: SIGBUS or SIGSEGV.
 */
static inline int fault_read(const volatile void *at)
{
	return fault_access((volatile uint32_t *)(uintptr_t)at, NULL);
}

/* fault_write - stores the 32 bits @value at @at, which is aligned to them; returns as above. */
static inline int fault_write(volatile void *at, uint32_t value)
{
	return fault_access((volatile uint32_t *)at, &value);
}

#endif

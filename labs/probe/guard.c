// SPDX-License-Identifier: GPL-2.0-only
/* SIGBUS and SIGSEGV around one access, and a process that takes no faults of its own. */
#define _GNU_SOURCE
#include "guard.h"
#include "say.h"
#include "state.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>

#define STACK_TO_SETTLE (64 * 1024)

static _Thread_local sigjmp_buf back;
static _Thread_local volatile sig_atomic_t armed;
static _Thread_local struct fault caught;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)context;
	if (!armed || info->si_code <= 0) {
		/* Not from a guarded access: probe's own bug, or kill(2). Die of it honestly. */
		struct sigaction plain = {.sa_handler = SIG_DFL};

		sigaction(signal, &plain, NULL);
		raise(signal);
		return;
	}
	caught.signal = signal;
	caught.code = info->si_code;
	caught.addr = (uintptr_t)info->si_addr;
	siglongjmp(back, 1);
}

void guard_install(void)
{
	/* NODEFER: the jump out leaves no mask to restore, so sigsetjmp needs no system call. */
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};

	sigemptyset(&action.sa_mask);
	if (sigaction(SIGBUS, &action, NULL) || sigaction(SIGSEGV, &action, NULL))
		trouble("cannot catch signals: %s", strerror(errno));
}

int guarded(void (*access)(void *with), void *with, struct fault *fault)
{
	if (sigsetjmp(back, 0)) {
		armed = 0;
		*fault = caught;
		return fault->signal;
	}
	armed = 1;
	access(with);
	armed = 0;
	fault->signal = 0;
	return 0;
}

const char *fault_signal(const struct fault *fault)
{
	return fault->signal == SIGBUS ? "SIGBUS" : "SIGSEGV";
}

const char *fault_code(const struct fault *fault)
{
	static const struct {
		int signal, code;
		const char *name;
	} codes[] = {
		{SIGBUS, BUS_ADRALN, "BUS_ADRALN"},    {SIGBUS, BUS_ADRERR, "BUS_ADRERR"},
		{SIGBUS, BUS_OBJERR, "BUS_OBJERR"},    {SIGBUS, BUS_MCEERR_AR, "BUS_MCEERR_AR"},
		{SIGSEGV, SEGV_MAPERR, "SEGV_MAPERR"}, {SIGSEGV, SEGV_ACCERR, "SEGV_ACCERR"},
		{SIGSEGV, SEGV_BNDERR, "SEGV_BNDERR"}, {SIGSEGV, SEGV_PKUERR, "SEGV_PKUERR"},
		{SIGBUS, SI_KERNEL, "SI_KERNEL"},      {SIGSEGV, SI_KERNEL, "SI_KERNEL"},
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].signal == fault->signal && codes[i].code == fault->code)
			return codes[i].name;
	return "unknown";
}

void fault_facts(const struct fault *fault, const void *base)
{
	uintptr_t from = (uintptr_t)base, at = fault->addr;

	fact("code", "%s", fault_code(fault));
	fact("at", "%c0x%llx", at < from ? '-' : '+',
	     (unsigned long long)(at < from ? from - at : at - from));
}

/* The linker's own names for the ends of the program. */
extern char __executable_start[], etext[], data_start[], end[];

__attribute__((noinline)) static void settle_stack(void)
{
	volatile char stack[STACK_TO_SETTLE];

	for (size_t i = 0; i < sizeof(stack); i += PAGE)
		stack[i] = 1;
}

/* From outside the named objects, as far as the compiler and its sanitizers can tell. */
BARE static void settle_range(const char *from, const char *to, bool write)
{
	uintptr_t at = (uintptr_t)from & ~(uintptr_t)(PAGE - 1);

	if (write && at < (uintptr_t)from)
		at = (uintptr_t)from;
	for (; at < (uintptr_t)to; at = (at & ~(uintptr_t)(PAGE - 1)) + PAGE) {
		volatile char *byte = (volatile char *)at;
		char value = *byte;

		if (write)
			*byte = value;
	}
}

BARE static void settle_access(void *with)
{
	(void)*(volatile char *)with;
}

static bool settled;

void unsettle(void)
{
	settled = false;
}

void settle(void)
{
	static void *volatile nowhere; /* NULL, in a way that no compiler complains about */
	struct rusage usage;
	struct fault fault;

	if (settled)
		return;
	settled = true;
	settle_stack();
	settle_range(__executable_start, etext, false);
	settle_range(data_start, end, true);
	guarded(settle_access, __executable_start, &fault); /* comes back */
	guarded(settle_access, nowhere, &fault); /* does not: all that a signal touches */
	getrusage(RUSAGE_SELF, &usage);
	errno = 0; /* lives in thread-local memory, outside the ranges above: write it too */
}

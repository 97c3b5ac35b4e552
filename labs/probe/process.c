// SPDX-License-Identifier: GPL-2.0-only
/* The process itself: children, waiting, user ids, and the spin the host looks for. */
#define _GNU_SOURCE
#include "guard.h"
#include "other.h"
#include "say.h"
#include "state.h"
#include "verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

pid_t child_new(const char *verb)
{
	pid_t parent = getpid(), pid = fork();

	unsettle();
	if (pid < 0)
		fact_errno(verb);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(EXIT_TROUBLE);
	}
	return pid;
}

int child_end(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			trouble("cannot wait for the child: %s", strerror(errno));
	return status;
}

int child_fate(pid_t pid)
{
	int status = child_end(pid);

	if (WIFEXITED(status) && WEXITSTATUS(status))
		exit(WEXITSTATUS(status));
	return status;
}

void verb_fork(const struct args *args)
{
	pid_t pid = child_new("fork");
	int status;

	if (pid < 0)
		return;
	if (!pid) {
		say_as_child();
		program_run(args->body, args->body_end);
		exit(0);
	}
	status = child_fate(pid);
	if (WIFSIGNALED(status))
		fact("fork", "SIG%s", sigabbrev_np(WTERMSIG(status)));
	else
		fact("fork", "ok");
}

/* A byte at a time: what follows the newline belongs to the next hold, or to a child's. */
void verb_hold(const struct args *args)
{
	char byte = 0;
	ssize_t n;

	fact("hold", "%.200s", arg_text(args, "WORD", "ready"));
	do
		n = read(STDIN_FILENO, &byte, 1);
	while ((n == 1 && byte != '\n') || (n < 0 && errno == EINTR));
}

void verb_uid(const struct args *args)
{
	uid_t uid = (uid_t)arg_number(args, "UID", 0);

	/* Supplementary groups may open what the user may not. Not root: there is nothing to drop.
	 */
	if (!geteuid() && setgroups(0, NULL)) {
		fact_errno("uid");
		return;
	}
	if (setresuid(uid, uid, uid)) {
		fact_errno("uid");
		return;
	}
	/* A change of user makes /proc/self root's; the books shall stay readable. */
	prctl(PR_SET_DUMPABLE, 1);
	fact("uid", "%u", (unsigned int)getuid());
}

void verb_pid(const struct args *args)
{
	(void)args;
	fact("pid", "%ld", (long)getpid());
}

void verb_name(const struct args *args)
{
	prctl(PR_SET_NAME, arg_text(args, "NAME", ""));
}

void verb_seed(const struct args *args)
{
	*state_seed() = arg_number(args, "N", 0);
}

void verb_marker(const struct args *args)
{
	static const char *const paths[] = {
		"/sys/kernel/tracing/trace_marker",
		"/sys/kernel/debug/tracing/trace_marker",
	};
	const char *text = arg_text(args, "TEXT", "");
	int fd = -1;

	for (size_t i = 0; fd < 0 && i < sizeof(paths) / sizeof(paths[0]); i++)
		fd = open(paths[i], O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		fact_errno("marker");
		return;
	}
	fact_result("marker", write(fd, text, strlen(text)));
	close(fd);
}

static volatile unsigned long spin_over;
static unsigned long spin_magic;

static void end_spin(int signal, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal;
	(void)info;
	spin_over = 1;
	if ((unsigned long)registers[REG_R15] == spin_magic)
		registers[REG_R14] = 1;
}

/*
 * Registers only: the host recognises the process by r15 while it runs in user mode, and a loop
 * that touched memory could fault into the kernel. The signal handler ends it through the saved
 * r14; a signal that comes before r14 is loaded is found in spin_over, so none is lost.
 */
void verb_spin(const struct args *args)
{
	struct sigaction action = {.sa_sigaction = end_spin, .sa_flags = SA_SIGINFO};
	struct sigaction before;

	sigemptyset(&action.sa_mask);
	spin_magic = arg_number(args, "MAGIC", 0);
	spin_over = 0;
	sigaction(SIGUSR1, &action, &before);
	fact("spin", "ready");
	__asm__ volatile("mov %[magic], %%r15\n\t"
			 "mov %[over], %%r14\n"
			 "1:\n\t"
			 "pause\n\t"
			 "test %%r14, %%r14\n\t"
			 "jz 1b\n\t"
			 "xor %%r15d, %%r15d\n\t"
			 :
			 : [magic] "r"(spin_magic), [over] "m"(spin_over)
			 : "r14", "r15", "cc", "memory");
	sigaction(SIGUSR1, &before, NULL);
	fact("spin", "over");
}

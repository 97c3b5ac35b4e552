// SPDX-License-Identifier: GPL-2.0-only
/* Ways into memory that go through the kernel's struct pages: what a debugger or a pipe can reach.
 */
#define _GNU_SOURCE
#include "other.h"
#include "say.h"
#include "state.h"
#include "verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIPE_BYTES 65536 /* what a pipe holds without being asked to grow */

/* The bytes a verb is about, the first page by default; NULL when there is no area. */
static unsigned char *bytes_of(const struct args *args, const char *verb, uint64_t *length)
{
	struct area *area = area_for(verb);

	*length = arg_number(args, "LEN", PAGE);
	return area ? area_at(area, verb, arg_number(args, "OFF", 0), *length) : NULL;
}

static void transferred(const char *verb, ssize_t n, const void *buffer)
{
	if (n < 0) {
		fact_errno(verb);
		return;
	}
	fact(verb, "%zd", n);
	fact_hash("hash", buffer, (uint64_t)n);
}

void verb_vmread(const struct args *args)
{
	struct iovec ours, theirs;
	uint64_t length;
	pid_t parent = getpid(), child;
	unsigned char *at = bytes_of(args, "vmread", &length);

	if (!at)
		return;
	ours.iov_base = room(length);
	ours.iov_len = theirs.iov_len = length;
	theirs.iov_base = at;
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY); /* where Yama guards parents from children */
	child = child_new("vmread");
	if (!child) {
		transferred("vmread", process_vm_readv(parent, &ours, 1, &theirs, 1, 0),
			    ours.iov_base);
		_exit(0);
	}
	if (child > 0 && WIFSIGNALED(child_fate(child)))
		fact("vmread", "killed");
	free(ours.iov_base);
}

/* The child stops itself at once; all that happens to it happens through ptrace. */
static pid_t stopped_child(void)
{
	pid_t child = child_new("ptrace");
	int status;

	if (child < 0)
		return child;
	if (!child) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status))
		trouble("the child to be traced did not stop; is ptrace allowed here?");
	return child;
}

void verb_ptrace(const struct args *args)
{
	struct area *area = area_for("ptrace");
	unsigned char *at;
	long word, result = 0;
	pid_t child;

	if (!area)
		return;
	at = area_at(area, "ptrace", arg_number(args, "OFF", 0), sizeof(word));
	if (!at)
		return;
	child = stopped_child();
	if (child < 0)
		return;
	errno = 0;
	word = ptrace(PTRACE_PEEKDATA, child, at, NULL);
	if (errno) {
		fact_errno("ptrace");
	} else {
		fact("ptrace", "ok");
		fact("peek", "0x%lx", (unsigned long)word);
	}
	if (arg_given(args, "VALUE")) {
		result = ptrace(PTRACE_POKEDATA, child, at, arg_number(args, "VALUE", 0));
		fact_result("poke", result);
	}
	kill(child, SIGKILL);
	child_end(child);
}

void verb_selfmem(const struct args *args)
{
	struct area *area = area_for("selfmem");
	unsigned char *at;
	uint64_t word;
	ssize_t n;
	int fd;

	if (!area)
		return;
	at = area_at(area, "selfmem", arg_number(args, "OFF", 0), sizeof(word));
	if (!at)
		return;
	fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		fact_errno("selfmem");
		return;
	}
	n = pread(fd, &word, sizeof(word), (off_t)(uintptr_t)at);
	if (n == sizeof(word)) {
		fact("selfmem", "ok");
		fact("value", "0x%llx", (unsigned long long)word);
	} else if (n < 0) {
		fact_errno("selfmem");
	} else {
		fact("selfmem", "short");
	}
	close(fd);
}

/* vmsplice() puts the pages themselves into the pipe: a copy of them needs no struct page. */
void verb_vmsplice(const struct args *args)
{
	uint64_t length;
	struct iovec iov;
	int ends[2];
	ssize_t n;
	void *back;

	iov.iov_base = bytes_of(args, "vmsplice", &length);
	if (!iov.iov_base)
		return;
	if (length > PIPE_BYTES)
		usage_error("vmsplice: a pipe holds %d bytes; give LEN up to that", PIPE_BYTES);
	iov.iov_len = length;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		trouble("cannot make a pipe: %s", strerror(errno));
	back = room(length);
	n = vmsplice(ends[1], &iov, 1, SPLICE_F_NONBLOCK);
	if (n > 0 && read(ends[0], back, (size_t)n) != n)
		fact("vmsplice", "lost"); /* in the pipe, but not readable any more */
	else
		transferred("vmsplice", n, back);
	close(ends[0]);
	close(ends[1]);
	free(back);
}

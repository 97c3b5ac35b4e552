/* SPDX-License-Identifier: GPL-2.0-only */
/* The programs of the agent; job.h is the manual. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "job.h"

#define KILL_GRACE 2000 /* ms that a killed process may need to go */

static struct job jobs[JOB_MAX];
static int child_fd = -1;
static sigset_t usual_signals;

int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void jobs_start(void)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &usual_signals);
	child_fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	signal(SIGPIPE, SIG_IGN);
}

/* Appends what the descriptor has to say; what exceeds the cap is read and dropped. */
static void listen_to(int *fd, struct bytes *to)
{
	static uint8_t buffer[16384];
	ssize_t got;

	while (*fd >= 0 && (got = read(*fd, buffer, sizeof(buffer))) != 0) {
		size_t keep;

		if (got < 0)
			return; /* EAGAIN: later */
		keep = JOB_OUTPUT_MAX - to->length;
		bytes_add(to, buffer, keep < (size_t)got ? keep : (size_t)got);
	}
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* PID 1 inherits every orphan: reap them all, note the status of those that are ours. */
static void reap(void)
{
	struct signalfd_siginfo drained;
	int status;
	pid_t pid;

	while (read(child_fd, &drained, sizeof(drained)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (struct job *job = jobs; job < jobs + JOB_MAX; job++)
			if (job->pid == pid && job->state != JOB_EXITED) {
				job->state = WIFEXITED(status) ? JOB_EXITED : JOB_SIGNALED;
				job->code = (uint32_t)(WIFEXITED(status) ? WEXITSTATUS(status)
									 : WTERMSIG(status));
			}
}

void jobs_pump(int64_t until)
{
	struct pollfd fds[1 + 2 * JOB_MAX] = {{.fd = child_fd, .events = POLLIN}};
	int64_t left = until - now_ms();
	nfds_t count = 1;

	for (struct job *job = jobs; job < jobs + JOB_MAX; job++) {
		if (!job->pid)
			continue;
		fds[count++] = (struct pollfd){.fd = job->out, .events = POLLIN};
		fds[count++] = (struct pollfd){.fd = job->err, .events = POLLIN};
	}
	poll(fds, count, left > 0 ? (int)left : 0);
	reap();
	for (struct job *job = jobs; job < jobs + JOB_MAX; job++) {
		if (!job->pid)
			continue;
		listen_to(&job->out, &job->said);
		listen_to(&job->err, &job->complained);
	}
}

bool job_ended(const struct job *job)
{
	return job->state == JOB_EXITED || job->state == JOB_SIGNALED;
}

void job_put_down(struct job *job)
{
	int64_t until = now_ms() + KILL_GRACE;

	kill(-job->pid, SIGKILL);
	kill(job->pid, SIGKILL);
	while (!job_ended(job) && now_ms() < until)
		jobs_pump(until);
	job->state = job_ended(job) ? JOB_OVERDUE : JOB_STUCK;
}

struct job *job_slot(void)
{
	for (struct job *job = jobs; job < jobs + JOB_MAX; job++)
		if (!job->pid)
			return job;
	return NULL;
}

struct job *job_find(uint32_t number)
{
	return number < JOB_MAX && jobs[number].pid ? &jobs[number] : NULL;
}

/* In the child: a session of its own, the given descriptors, the given user. Never returns. */
static void become(char *const argv[], uid_t uid, const char *tty, const int fd[3])
{
	struct rlimit any = {RLIM_INFINITY, RLIM_INFINITY};
	int terminal;

	setsid();
	sigprocmask(SIG_SETMASK, &usual_signals, NULL);
	signal(SIGPIPE, SIG_DFL);
	setrlimit(RLIMIT_CORE, &any);
	if (tty) {
		terminal = open(tty, O_RDWR);
		ioctl(terminal, TIOCSCTTY, 0);
		for (int i = 0; i < 3; i++)
			dup2(terminal, i);
	} else {
		for (int i = 0; i < 3; i++)
			dup2(fd[i], i);
	}
	if (chdir("/tmp") || (uid && (setgroups(0, NULL) || setgid(uid) || setuid(uid))))
		_exit(126);
	execv(argv[0], argv);
	dprintf(2, "%s: %s\n", argv[0], strerrordesc_np(errno));
	_exit(127);
}

/* vfork(2): copying the memory of PID 1 for a moment's use would be most of what starting a program
 * costs. */
static pid_t born(char *const argv[], uid_t uid, const char *tty, const int fd[3])
{
	pid_t pid = vfork();

	if (!pid)
		become(argv, uid, tty, fd);
	return pid;
}

int job_spawn(char *const argv[], uid_t uid, const char *tty)
{
	struct job *job = job_slot();
	int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1};
	pid_t pid;

	if (!job)
		return -EMFILE;
	if (!tty && (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)))
		return -errno;
	pid = born(argv, uid, tty, (int[]){in[0], out[1], err[1]});
	if (pid < 0)
		return -errno;
	if (!tty) {
		close(in[0]);
		close(out[1]);
		close(err[1]);
		fcntl(out[0], F_SETFL, O_NONBLOCK);
		fcntl(err[0], F_SETFL, O_NONBLOCK);
		fcntl(in[1], F_SETFL, O_NONBLOCK);
	}
	*job = (struct job){.pid = pid, .in = in[1], .out = out[0], .err = err[0]};
	return (int)(job - jobs);
}

void job_await(struct job *job, const char *text, uint32_t deadline)
{
	int64_t until = now_ms() + deadline;
	size_t length = text ? strlen(text) : 0;

	for (;;) {
		/* A job that has ended may still have words in its pipes: one more round takes
		 * them. */
		bool over = job_ended(job);

		jobs_pump(over ? 0 : until);
		if (over || (length && memmem(job->said.data, job->said.length, text, length)))
			return;
		if (now_ms() >= until) {
			if (!text)
				job_put_down(job);
			return;
		}
	}
}

void job_forget(struct job *job)
{
	for (int *fd = (int[]){job->in, job->out, job->err, -2}; *fd != -2; fd++)
		if (*fd >= 0)
			close(*fd);
	bytes_free(&job->said);
	bytes_free(&job->complained);
	*job = (struct job){0};
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * spent - runs a command and says what it and all that it left behind cost: a machine's keeper and
 * its QEMU leave their parent, and time(1) would not see them.
 *
 *	spent COMMAND [ARGUMENT…]
 *
 * Prints "wall cpu status": seconds on the clock until the command ended, CPU seconds (user and
 * system) until the last descendant ended, and the command's exit status (128 + N for signal N).
 * The command's stdout goes to stderr. Exit: 0, or 3 when the command could not be run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static double seconds(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

int main(int argc, char *argv[])
{
	double begun = now(), wall = 0;
	struct rusage all;
	int status, command_status = 0;
	pid_t command, ended;

	if (argc < 2) {
		fputs("usage: spent COMMAND [ARGUMENT…]\n", stderr);
		return 3;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* orphans of the command become our children */
	command = fork();
	if (command < 0)
		return 3;
	if (!command) {
		dup2(2, 1);
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	while ((ended = wait(&status)) > 0)
		if (ended == command) {
			wall = now() - begun;
			command_status = status;
		}
	getrusage(RUSAGE_CHILDREN, &all);
	status = WIFEXITED(command_status) ? WEXITSTATUS(command_status)
					   : 128 + WTERMSIG(command_status);
	printf("%.4f %.4f %d\n", wall, seconds(&all.ru_utime) + seconds(&all.ru_stime), status);
	return 0;
}

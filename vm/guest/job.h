/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The programs the agent runs, and the errands it sends out.
 *
 * A job is a program with pipes to its three standard descriptors. An errand is a forked child of
 * the agent that does one thing inside the kernel (load a module, read a file) which may oops or
 * never return: then the child is lost, not PID 1.
 */
#ifndef VM_JOB_H
#define VM_JOB_H

#include <stdbool.h>
#include <sys/types.h>

#include "../wire/frame.h"

#define JOB_MAX 16		    /* living at once */
#define JOB_OUTPUT_MAX (256u << 10) /* bytes kept of each of stdout and stderr */

struct job {
	pid_t pid; /* 0: this slot is free */
	int in, out, err;
	struct bytes said, complained;
	enum job_state state;
	uint32_t code; /* exit status, or signal */
};

/* jobs_start - once, before anything else here: SIGCHLD becomes a descriptor. */
void jobs_start(void);

/*
 * job_spawn - starts @argv as user @uid. The number of the job, or -errno (-EMFILE: no free slot).
 * On a tty path (@tty not NULL) the program gets that terminal instead of pipes.
 */
int job_spawn(char *const argv[], uid_t uid, const char *tty);

/* job_find - the job of that number, or NULL. */
struct job *job_find(uint32_t number);

/*
 * job_await - until the job ends, its stdout contains @text (if not NULL), or @deadline ms are
 * over. An overdue job is killed only when @text is NULL; whoever waits for a text may ask again.
 */
void job_await(struct job *job, const char *text, uint32_t deadline);

/* job_forget - frees the slot of a job that has ended. */
void job_forget(struct job *job);

/*
 * errand - runs @act in a child for at most @deadline ms and appends what it answered to @answer.
 * @act returns 0 or an errno. Returns that, STATUS_KILLED or STATUS_STUCK.
 */
uint32_t errand(uint32_t (*act)(struct fields *, struct bytes *), struct fields *request,
		struct bytes *answer, uint32_t deadline);

#endif

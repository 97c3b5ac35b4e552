/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The processes that the agent starts. Most are programs with pipes to their three standard
 * descriptors; the runner of errands (errand.h) is one too.
 */
#ifndef VM_JOB_H
#define VM_JOB_H

#include <stdbool.h>
#include <stdint.h>
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

/* now_ms - CLOCK_MONOTONIC in milliseconds: what deadlines are told in. */
int64_t now_ms(void);

/* job_slot - a free slot, to be filled in by who forks the process himself, or NULL. */
struct job *job_slot(void);

/* jobs_pump - one round: sleeps until some job speaks or ends, at most until @until. */
void jobs_pump(int64_t until);

/* job_ended - whether the process is gone, and its status known. */
bool job_ended(const struct job *job);

/* job_put_down - kills the job's whole session: it is JOB_OVERDUE then, or JOB_STUCK if it stays.
 */
void job_put_down(struct job *job);

/* job_find - the job of that number, or NULL. */
struct job *job_find(uint32_t number);

/*
 * job_await - until the job ends, its stdout contains @text (if not NULL), or @deadline ms are
 * over. An overdue job is killed only when @text is NULL; whoever waits for a text may ask again.
 */
void job_await(struct job *job, const char *text, uint32_t deadline);

/* job_forget - frees the slot of a job that has ended. */
void job_forget(struct job *job);

#endif

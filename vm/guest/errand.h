/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Errands: what may enter a student's code (load a module, read its parameters) or oops, or never
 * come back. A process of their own, the runner, does them one after the other, so that it is lost
 * and not PID 1. It is started before the snapshot is taken: an errand of a restored machine forks
 * nothing.
 */
#ifndef VM_ERRAND_H
#define VM_ERRAND_H

#include "../wire/frame.h"

/* Does what @op and @request say, adds to @answer; returns 0, an errno, or STATUS_MALFORMED. */
typedef uint32_t errand_act(uint32_t op, struct fields *request, struct bytes *answer);

/* errands_start - once, after jobs_start(): starts the runner, which calls @settle, then @act for
 * each. */
void errands_start(void (*settle)(void), errand_act *act);

/*
 * errand - has the runner do it within @deadline ms. Returns what @act returned, ETIMEDOUT,
 * STATUS_KILLED or STATUS_STUCK; after the last three the next errand gets a new runner.
 */
uint32_t errand(uint32_t op, const struct fields *request, struct bytes *answer, uint32_t deadline);

#endif

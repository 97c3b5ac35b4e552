/* SPDX-License-Identifier: GPL-2.0-only */
/* Files and modules: what may enter a student's code, oops, or hang. */
#ifndef VM_ACT_H
#define VM_ACT_H

#include "../wire/frame.h"

/*
 * act - does what @op (OP_PUT, OP_GET, OP_WRITE, OP_LOAD or OP_UNLOAD) and @request say, and adds
 * to
 * @answer. Returns 0, an errno, or STATUS_MALFORMED. Only for the runner of errands (errand.h),
 * which may be lost; never called by PID 1.
 */
uint32_t act(uint32_t op, struct fields *request, struct bytes *answer);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* QEMU's monitor (QMP): one JSON object per line each way. */
#ifndef VM_MONITOR_H
#define VM_MONITOR_H

#include "machine.h"

/*
 * monitor_ask - sends one command and waits for what it returns. @arguments is the JSON object of
 * its arguments or NULL. Events in between are dropped. The reply line, which the caller frees, or
 * NULL when QEMU refused, ended, or said nothing by @until; machine->why tells.
 */
char *monitor_ask(struct machine *machine, const char *command, const char *arguments,
		  int64_t until);

/* monitor_resume - a machine that was stopped runs on. False with machine->why set. */
bool monitor_resume(struct machine *machine, int64_t deadline_ms);

/* monitor_give - hands QEMU a descriptor (a copy) that later commands know as "fd:@name". */
bool monitor_give(struct machine *machine, int fd, const char *name, int64_t until);

/* monitor_registers - the text of `info registers -a`, as JSON escapes it; caller frees. */
char *monitor_registers(struct machine *machine, int64_t until);

#endif

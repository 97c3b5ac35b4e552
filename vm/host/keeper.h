/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keeper: the process that owns one machine from start to stop, and answers `vm VERB DIR` on
 * the socket DIR/ctl. It ends, and QEMU with it, when its owner does.
 */
#ifndef VM_KEEPER_H
#define VM_KEEPER_H

#include "machine.h"

/*
 * keeper_start - makes @folder, forks the keeper, and returns once the machine answers, or with the
 * reason on stderr. @owner is the process whose end also ends the machine. An exit status.
 */
int keeper_start(const char *folder, const struct profile *profile, pid_t owner, const char *accel);

/*
 * keeper_ask - the client's side: sends verb, arguments and data to the keeper of @folder; appends
 * what the verb prints to @out and @err, which the caller frees. The exit status of the verb; dies
 * when no keeper listens there.
 */
int keeper_ask(const char *folder, char *const argv[], int argc, const struct bytes *data,
	       struct bytes *out, struct bytes *err);

/*
 * keeper_command - the same with the words of a command line: argv[1] is the verb, argv[2] the
 * folder. Reads what the verb sends: a file, or stdin.
 */
int keeper_command(int argc, char *argv[], struct bytes *out, struct bytes *err);

/*
 * keeper_connect - a connection to the keeper of @folder on which the request has been sent.
 * Dies when no keeper listens there. The caller closes.
 */
int keeper_connect(const char *folder, char *const argv[], int argc, const struct bytes *data);

/* keeper_attach - connects the terminal to the guest's shell until that ends or Ctrl-]. */
int keeper_attach(const char *folder);

#endif

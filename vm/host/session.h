/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `vm session`: a shell that asks a machine twenty things need not start twenty processes.
 *
 * A request on stdin: the number of words and a newline, then VERB, DIR and the arguments, each
 * ended by a zero byte. The answer on stdout: the exit status and the lengths of both outputs in
 * bytes, a newline, the outputs. Zero bytes in them are left out, as a shell would. Verbs whose
 * data are bytes (phys, shmem) are refused as bad usage.
 */
#ifndef VM_SESSION_H
#define VM_SESSION_H

/* session - answers until stdin ends: 0. Dies as `vm VERB` does, with the reason on stderr. */
int session(void);

#endif

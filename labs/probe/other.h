/* SPDX-License-Identifier: GPL-2.0-only */
/* What several verbs need: children, of which none outlives probe, and files of one line. */
#ifndef PROBE_OTHER_H
#define PROBE_OTHER_H

#include <sys/types.h>

/* child_new - fork() whose child dies with its parent; -1 after printing "verb=ERRNO". */
pid_t child_new(const char *verb);

/* child_end - waits for @pid to end and returns its wait status. */
int child_end(pid_t pid);

/* child_fate - as child_end(); a child that ended in EXIT_USAGE or EXIT_TROUBLE ends us alike. */
int child_fate(pid_t pid);

/* write_text - writes @text into an existing file; -1 with errno when that fails. */
int write_text(const char *path, const char *text);

#endif

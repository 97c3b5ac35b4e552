/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The verbs. Each prints facts and returns; a system call that fails is a fact too. What each takes
 * and prints stands in the table of verbs.c, which is also the manual.
 */
#ifndef PROBE_VERBS_H
#define PROBE_VERBS_H

#include "args.h"

struct verb {
	const char *name;     /* NULL: a heading, its text in `help` */
	const char *synopsis; /* the grammar of its arguments, see args.h */
	const char *prints;   /* the facts, as an example; NULL for none */
	const char *help;
	void (*run)(const struct args *args);
};

/* verb_named - the verb called @name, or NULL. */
const struct verb *verb_named(const char *name);

/* program_run - runs steps first .. end-1 of the program, what argv was parsed into. */
void program_run(unsigned int first, unsigned int end);

typedef void verb_function(const struct args *args);

/* verbs.c: prints the manual */
verb_function verb_help;
/* file.c */
verb_function verb_open, verb_file, verb_close, verb_read, verb_readpages, verb_write, verb_lseek;
/* area.c */
verb_function verb_map, verb_mapbytes, verb_area, verb_unmap, verb_protect, verb_advise, verb_msync;
verb_function verb_mlock, verb_mincore;
/* remap.c */
verb_function verb_mremap, verb_move, verb_duplicate, verb_fence;
/* memory.c */
verb_function verb_touch, verb_load, verb_store, verb_poll;
/* content.c */
verb_function verb_fill, verb_hash, verb_zero, verb_allzero, verb_dump;
/* race.c */
verb_function verb_race;
/* proc.c */
verb_function verb_maps, verb_smaps, verb_pagemap, verb_kpagecount, verb_kpageflags, verb_faults;
/* inspect.c */
verb_function verb_vmread, verb_ptrace, verb_selfmem, verb_vmsplice;
/* core.c */
verb_function verb_core;
/* process.c */
verb_function verb_fork, verb_hold, verb_spin, verb_uid, verb_pid, verb_name, verb_seed;
verb_function verb_marker;
/* sysmem.c */
verb_function verb_rounds, verb_freepages, verb_dirty;

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a snapshot is kept in the cache, and what its key says it depends on. */
#ifndef VM_PLACE_H
#define VM_PLACE_H

#include "machine.h"

/* ram_read() finds a guest's memory by the names "/snapshots/" and "/ram". */
struct place {
	char *name, *folder, *ram, *state, *key_path, *boot_path, *standby_path;
	char *key;
};

/* place_of - the place for the machine's profile on this host, now. The strings live on. */
struct place place_of(const struct machine *machine);

/*
 * place_usable - whether a complete snapshot with exactly that key is there. The key is written
 * last and compared whole, so a half-made or foreign snapshot is none.
 */
bool place_usable(const struct place *at);

/* place_remove - removes the files of a snapshot, whole or half-made, and its folder. */
void place_remove(const char *folder);

/*
 * place_remove_stale - removes other snapshots of the same profile. Machines that run from one keep
 * its memory: the file lives until they end.
 */
void place_remove_stale(const struct machine *machine, const struct place *current);

#endif

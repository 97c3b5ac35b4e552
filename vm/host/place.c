/* SPDX-License-Identifier: GPL-2.0-only */
/* Where snapshots are kept; place.h is the manual. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "place.h"
#include "qemu.h"

/* Raise it when the files of a snapshot mean something else than before. */
#define FORMAT "3\n"

/* Identity of a file for the key: content is not read, it is far too large for every start. */
static void add_file(struct bytes *key, const char *path)
{
	struct stat file;
	char *line;

	if (stat(path, &file))
		die("%s: not there; run: make setup", path);
	line = text("%s %lld %lld.%09ld\n", path, (long long)file.st_size,
		    (long long)file.st_mtim.tv_sec, file.st_mtim.tv_nsec);
	bytes_add(key, line, strlen(line));
	free(line);
}

static char *find_program(const char *name)
{
	char *path = strdup(getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin"), *rest = path;

	for (char *folder; (folder = strsep(&rest, ":"));) {
		char *candidate = text("%s/%s", folder, name);

		if (!access(candidate, X_OK)) {
			free(path);
			return candidate;
		}
		free(candidate);
	}
	die("%s is not installed; run: make setup", name);
}

static char *snapshot_key(const struct machine *machine)
{
	struct machine plain = *machine;
	struct bytes key = {0};
	char *line, *path;

	plain.profile.pci = false;
	plain.profile.gdb = NULL;
	bytes_add(&key, FORMAT, strlen(FORMAT));
	line = qemu_line(&plain, MEMORY_PRIVATE);
	bytes_add(&key, line, strlen(line));
	free(line);
	add_file(&key, path = find_program("qemu-system-x86_64"));
	free(path);
	add_file(&key, path = cache_path("kernels/%s/vmlinux", machine->profile.kernel));
	free(path);
	add_file(&key, path = cache_path("kernels/%s/initramfs.cpio", machine->profile.kernel));
	free(path);
	if (machine->profile.program)
		add_file(&key, machine->profile.program);
	if (machine->profile.prepare)
		bytes_add(&key, machine->profile.prepare, strlen(machine->profile.prepare));
	if (!read_file("/proc/sys/kernel/random/boot_id", &key))
		die("boot_id:");
	bytes_add(&key, "", 1);
	return (char *)key.data;
}

static uint64_t fnv(const char *of)
{
	uint64_t hash = 0xcbf29ce484222325u;

	while (*of)
		hash = (hash ^ (uint8_t)*of++) * 0x100000001b3u;
	return hash;
}

/* The program that stands by goes by its last name. */
static char *profile_name(const struct profile *profile)
{
	const char *program = profile->program ? profile->program : "";
	const char *slash = strrchr(program, '/');

	return text("%s-%ucpu-%s-%s%s%s", profile->kernel, profile->cpus,
		    profile->dirty ? "dirty" : "clean", profile->kvm ? "kvm" : "tcg",
		    *program ? "-" : "", slash ? slash + 1 : program);
}

struct place place_of(const struct machine *machine)
{
	struct place at = {.key = snapshot_key(machine)};
	char *profile = profile_name(&machine->profile);

	at.name = text("%s-%016llx", profile, (unsigned long long)fnv(at.key));
	at.folder = cache_path("snapshots/%s", at.name);
	at.ram = text("%s/ram", at.folder);
	at.state = text("%s/state", at.folder);
	at.key_path = text("%s/key", at.folder);
	at.boot_path = text("%s/boot_ms", at.folder);
	at.standby_path = text("%s/standby", at.folder);
	free(profile);
	return at;
}

bool place_usable(const struct place *at)
{
	struct bytes key = {0};
	bool same = read_file(at->key_path, &key) && key.length == strlen(at->key) &&
		    !memcmp(key.data, at->key, key.length);

	bytes_free(&key);
	return same;
}

void place_remove(const char *folder)
{
	static const char *const names[] = {"key",     "ram",	      "state",
					    "boot_ms", "standby",     "qemu.log",
					    "key.tmp", "boot_ms.tmp", "standby.tmp"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char *path = text("%s/%s", folder, names[i]);

		unlink(path);
		free(path);
	}
	rmdir(folder);
}

void place_remove_stale(const struct machine *machine, const struct place *current)
{
	char *parent = cache_path("snapshots"), *prefix = profile_name(&machine->profile);
	DIR *folder = opendir(parent);

	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		char *path = text("%s/%s", parent, entry->d_name);

		/* As long as ours: "…-tcg" is how "…-tcg-probe" begins, and another profile. */
		if (!strncmp(entry->d_name, prefix, strlen(prefix)) &&
		    strlen(entry->d_name) == strlen(current->name) &&
		    strcmp(entry->d_name, current->name))
			place_remove(path);
		free(path);
	}
	if (folder)
		closedir(folder);
	free(parent);
	free(prefix);
}

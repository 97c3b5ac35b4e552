/* SPDX-License-Identifier: GPL-2.0-only */
/* Boot, save, restore; snapshot.h is the manual. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"
#include "monitor.h"
#include "qemu.h"
#include "snapshot.h"

#define BOOT_MS 60000 /* for a host sixty times slower than ours; a dead boot costs a minute */
#define MONITOR_MS 10000
#define SETTLE_MS 1500 /* the guest's clock and random pool calm down; measured: not less */
#define SCALE_MS 2000  /* a boot that takes this long doubles every deadline */
#define SCALE_MAX 20

/* ram_read() finds the memory by the names "/snapshots/" and "/ram". */
struct snapshot {
	char *name, *folder, *ram, *state, *key_path, *boot_path;
	char *key;
};

static bool monitor_greet(struct machine *machine)
{
	char *reply = monitor_ask(machine, "qmp_capabilities", NULL, now_ms() + MONITOR_MS);

	free(reply);
	return reply;
}

static bool monitor_do(struct machine *machine, const char *command, const char *arguments)
{
	char *reply = monitor_ask(machine, command, arguments, now_ms() + MONITOR_MS);

	free(reply);
	return reply;
}

/* Guest memory in the file, not in the stream: x-ignore-shared. */
static bool memory_stays(struct machine *machine)
{
	return monitor_do(
		machine, "migrate-set-capabilities",
		"{\"capabilities\":[{\"capability\":\"x-ignore-shared\",\"state\":true}]}");
}

bool snapshot_boot(struct machine *machine)
{
	machine->scale = 1;
	qemu_start(machine, MEMORY_FRESH, NULL, "qemu.log");
	if (!monitor_greet(machine) || !guest_hello(machine, BOOT_MS))
		return false;
	machine->scale += (unsigned int)(now_ms() - machine->born) / SCALE_MS;
	if (machine->scale > SCALE_MAX)
		machine->scale = SCALE_MAX;
	return true;
}

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
	line = qemu_line(&plain, MEMORY_SNAPSHOT, "ram");
	bytes_add(&key, line, strlen(line));
	free(line);
	add_file(&key, path = find_program("qemu-system-x86_64"));
	free(path);
	add_file(&key, path = cache_path("kernels/%s/vmlinux", machine->profile.kernel));
	free(path);
	add_file(&key, path = cache_path("kernels/%s/initramfs.cpio", machine->profile.kernel));
	free(path);
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

static char *profile_name(const struct profile *profile)
{
	return text("%s-%ucpu-%s-%s", profile->kernel, profile->cpus,
		    profile->dirty ? "dirty" : "clean", profile->kvm ? "kvm" : "tcg");
}

static struct snapshot locate(const struct machine *machine)
{
	struct snapshot at = {.key = snapshot_key(machine)};
	char *profile = profile_name(&machine->profile);

	at.name = text("%s-%016llx", profile, (unsigned long long)fnv(at.key));
	at.folder = cache_path("snapshots/%s", at.name);
	at.ram = text("%s/ram", at.folder);
	at.state = text("%s/state", at.folder);
	at.key_path = text("%s/key", at.folder);
	at.boot_path = text("%s/boot_ms", at.folder);
	free(profile);
	return at;
}

/* The key is written last and compared whole: a half-made or foreign snapshot is none. */
static bool usable(const struct snapshot *at)
{
	struct bytes key = {0};
	bool same = read_file(at->key_path, &key) && key.length == strlen(at->key) &&
		    !memcmp(key.data, at->key, key.length);

	bytes_free(&key);
	return same;
}

static void remove_folder(const char *folder)
{
	static const char *const names[] = {"key",	"ram",	   "state",	 "boot_ms",
					    "qemu.log", "key.tmp", "boot_ms.tmp"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char *path = text("%s/%s", folder, names[i]);

		unlink(path);
		free(path);
	}
	rmdir(folder);
}

/* Machines that run from a stale snapshot keep its memory: the file lives until they end. */
static void remove_stale(const struct machine *machine, const struct snapshot *current)
{
	char *parent = cache_path("snapshots"), *prefix = profile_name(&machine->profile);
	DIR *folder = opendir(parent);

	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		char *path = text("%s/%s", parent, entry->d_name);

		if (!strncmp(entry->d_name, prefix, strlen(prefix)) &&
		    strcmp(entry->d_name, current->name))
			remove_folder(path);
		free(path);
	}
	if (folder)
		closedir(folder);
	free(parent);
	free(prefix);
}

static bool wait_for_migration(struct machine *machine)
{
	int64_t until = now_ms() + MONITOR_MS * 6;

	while (now_ms() < until) {
		char *reply = monitor_ask(machine, "query-migrate", NULL, until);
		bool completed = reply && strstr(reply, "\"status\": \"completed\"");
		bool failed = !reply || strstr(reply, "\"status\": \"failed\"");

		if (failed && reply)
			snprintf(machine->why, sizeof(machine->why), "saving failed: %s", reply);
		free(reply);
		if (completed || failed)
			return completed;
		machine_pump(machine, now_ms() + 2, -1);
	}
	return false;
}

static void settle(struct machine *machine)
{
	for (int64_t until = now_ms() + SETTLE_MS; now_ms() < until;)
		machine_pump(machine, until, -1);
}

/* Boots a template in @draft and saves it there; the parts are complete when this returns true. */
static bool make(struct machine *template, const char *draft)
{
	char *ram = text("%s/ram", draft), *state = text("%s/state", draft);
	char *log = text("%s/qemu.log", draft), *boot = text("%s/boot_ms", draft), *spent = NULL;
	int fd = open(ram, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool made = false;

	template->state = open(state, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	template->scale = 1;
	if (fd < 0 || template->state < 0 || ftruncate(fd, GUEST_RAM))
		die("%s:", draft);
	close(fd);
	qemu_start(template, MEMORY_TEMPLATE, ram, log);
	if (monitor_greet(template) && guest_hello(template, BOOT_MS)) {
		spent = text("%lld\n", (long long)(now_ms() - template->born));
		settle(template);
		made = monitor_do(template, "stop", NULL) && memory_stays(template) &&
		       monitor_give(template, template->state, "state", now_ms() + MONITOR_MS) &&
		       monitor_do(template, "migrate", "{\"uri\":\"fd:state\"}") &&
		       wait_for_migration(template) && write_file(boot, spent, strlen(spent));
	}
	machine_kill(template);
	close(template->state);
	free(ram);
	free(state);
	free(log);
	free(boot);
	free(spent);
	return made;
}

static bool build(struct machine *machine, const struct snapshot *at)
{
	char *draft = text("%s.%d.tmp", at->folder, (int)getpid());
	char *key = text("%s/key", draft);
	struct machine template = *machine;
	bool made;

	template.profile.pci = false;
	template.profile.gdb = NULL;
	if (mkdir(draft, 0700))
		die("%s:", draft);
	made = make(&template, draft) && write_file(key, at->key, strlen(at->key));
	if (made) {
		remove_folder(at->folder);
		made = !rename(draft, at->folder);
		remove_stale(machine, at);
	} else {
		machine_ends(machine, template.fate == FATE_ALIVE ? FATE_BROKEN : template.fate,
			     "no snapshot: %.100s", template.why);
	}
	remove_folder(draft);
	free(draft);
	free(key);
	return made;
}

/* One builds, whoever else starts meanwhile waits for it. */
static bool ensure(struct machine *machine, const struct snapshot *at,
		   void (*progress)(const char *))
{
	char *parent = cache_path("snapshots"), *lock = cache_path("snapshots/lock"), *what;
	bool there;
	int fd;

	if (usable(at))
		return true;
	mkdir(parent, 0755);
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		die("%s:", lock);
	flock(fd, LOCK_EX);
	there = usable(at);
	if (!there) {
		what = text("booting %s once, to be kept as a snapshot (a few seconds)", at->name);
		progress(what);
		free(what);
		there = build(machine, at);
	}
	close(fd);
	free(parent);
	free(lock);
	return there;
}

bool snapshot_restore(struct machine *machine, void (*progress)(const char *))
{
	struct snapshot at = locate(machine);
	struct bytes boot = {0};

	if (!ensure(machine, &at, progress))
		return false;
	machine->state = open(at.state, O_RDONLY | O_CLOEXEC);
	if (machine->state < 0 || !read_file(at.boot_path, &boot))
		die("%s:", at.folder);
	bytes_add(&boot, "", 1);
	machine->scale = 1 + (unsigned int)strtoul((char *)boot.data, NULL, 10) / SCALE_MS;
	if (machine->scale > SCALE_MAX)
		machine->scale = SCALE_MAX;
	bytes_free(&boot);
	qemu_start(machine, MEMORY_SNAPSHOT, at.ram, "qemu.log");
	return monitor_greet(machine) && memory_stays(machine) &&
	       monitor_give(machine, machine->state, "state", now_ms() + MONITOR_MS) &&
	       monitor_do(machine, "migrate-incoming", "{\"uri\":\"fd:state\"}") &&
	       wait_for_migration(machine) && /* bytes sent before the port is restored are lost */
	       monitor_do(machine, "cont", NULL) && guest_hello(machine, MONITOR_MS);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Boot, save, restore; snapshot.h is the manual. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"
#include "monitor.h"
#include "qemu.h"
#include "place.h"
#include "snapshot.h"

#define BOOT_MS 60000 /* for a host sixty times slower than ours; a dead boot costs a minute */
#define MONITOR_MS 10000
#define SETTLE_MS 1500 /* the guest's clock and random pool calm down; measured: not less */
#define SCALE_MS 4000  /* a boot that takes this long, twice ours, doubles every deadline */
#define RESTORE_MS 150 /* and so does a restore that takes this long: the host is busy now */
#define SCALE_MAX 20

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

/* What took @ms where @usual is usual: the slower the host shows itself, the longer its deadlines.
 */
static bool scaled(struct machine *machine, int64_t ms, int64_t usual)
{
	int64_t scale = machine->scale + ms / usual;

	machine->scale = (unsigned int)(scale > SCALE_MAX ? SCALE_MAX : scale);
	return true;
}

bool snapshot_boot(struct machine *machine)
{
	machine->scale = 1;
	machine->ram = qemu_memory("guest-ram", GUEST_RAM);
	qemu_start(machine, MEMORY_BOOTED, "qemu.log");
	if (!monitor_greet(machine) || !guest_hello(machine, BOOT_MS) || !standby_deliver(machine))
		return false;
	scaled(machine, now_ms() - machine->born, SCALE_MS);
	return standby_prepare(machine);
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

bool snapshot_save(struct machine *machine)
{
	return monitor_do(machine, "stop", NULL) && memory_stays(machine) &&
	       monitor_give(machine, machine->state, "state", now_ms() + MONITOR_MS) &&
	       monitor_do(machine, "migrate", "{\"uri\":\"fd:state\"}") &&
	       wait_for_migration(machine);
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
	char *standby = text("%s/standby", draft);
	bool made = false;

	template->ram = open(ram, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	template->state = open(state, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	template->scale = 1;
	if (template->ram < 0 || template->state < 0 || ftruncate(template->ram, GUEST_RAM))
		die("%s:", draft);
	qemu_start(template, MEMORY_BOOTED, log);
	if (monitor_greet(template) && guest_hello(template, BOOT_MS)) {
		spent = text("%lld\n", (long long)(now_ms() - template->born));
		made = standby_deliver(template) && standby_start(template) &&
		       standby_prepare(template) && standby_save(template, standby);
		settle(template);
		made = made && snapshot_save(template) && write_file(boot, spent, strlen(spent));
	}
	machine_kill(template);
	close(template->ram);
	close(template->state);
	free(ram);
	free(state);
	free(log);
	free(boot);
	free(spent);
	free(standby);
	return made;
}

static bool build(struct machine *machine, const struct place *at)
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
		place_remove(at->folder);
		made = !rename(draft, at->folder);
		place_remove_stale(machine, at);
	} else {
		machine_ends(machine, template.fate == FATE_ALIVE ? FATE_BROKEN : template.fate,
			     "no snapshot: %.100s", template.why);
	}
	place_remove(draft);
	free(draft);
	free(key);
	return made;
}

/* One builds, whoever else starts meanwhile waits for it. */
static bool ensure(struct machine *machine, const struct place *at, void (*progress)(const char *))
{
	char *parent = cache_path("snapshots"), *lock = cache_path("snapshots/lock"), *what;
	bool there;
	int fd;

	if (place_usable(at))
		return true;
	mkdir(parent, 0755);
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		die("%s:", lock);
	flock(fd, LOCK_EX);
	there = place_usable(at);
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

/* A keepable machine writes to a copy: the snapshot's memory belongs to all who run from it. */
static int own_copy(int ram)
{
	int copy = qemu_memory("guest-ram", GUEST_RAM);
	off_t from = 0;

	while ((from = lseek(ram, from, SEEK_DATA)) >= 0) {
		off_t hole = lseek(ram, from, SEEK_HOLE);

		if (lseek(ram, from, SEEK_SET) < 0 || lseek(copy, from, SEEK_SET) < 0)
			die("a copy of guest memory:");
		for (ssize_t moved; from < hole; from += moved) {
			moved = sendfile(copy, ram, NULL, (size_t)(hole - from));
			if (moved <= 0)
				die("a copy of guest memory:");
		}
	}
	return copy;
}

bool snapshot_resume(struct machine *machine)
{
	qemu_start(machine, machine->profile.keepable ? MEMORY_RESUMED : MEMORY_PRIVATE,
		   "qemu.log");
	return monitor_greet(machine) && memory_stays(machine) &&
	       monitor_give(machine, machine->state, "state", now_ms() + MONITOR_MS) &&
	       monitor_do(machine, "migrate-incoming", "{\"uri\":\"fd:state\"}") &&
	       wait_for_migration(machine) && /* bytes sent before the port is restored are lost */
	       monitor_do(machine, "cont", NULL) && guest_hello(machine, MONITOR_MS) &&
	       scaled(machine, now_ms() - machine->born, RESTORE_MS);
}

/* True once the guest has answered. */
static bool restore(struct machine *machine, const struct place *at)
{
	struct bytes boot = {0};

	machine->ram = open(at->ram, O_RDWR | O_CLOEXEC);
	machine->state = open(at->state, O_RDONLY | O_CLOEXEC);
	if (machine->ram < 0 || machine->state < 0 || !read_file(at->boot_path, &boot) ||
	    !standby_load(machine, at->standby_path)) {
		machine_ends(machine, FATE_BROKEN, "%s: %s", at->folder, strerror(errno));
		return false;
	}
	if (machine->profile.keepable)
		machine->ram = own_copy(machine->ram);
	bytes_add(&boot, "", 1);
	machine->scale = 1;
	scaled(machine, strtol((char *)boot.data, NULL, 10), SCALE_MS);
	bytes_free(&boot);
	return snapshot_resume(machine);
}

bool snapshot_restore(struct machine *machine, void (*progress)(const char *))
{
	struct place at = place_of(machine);
	struct machine fresh = *machine;
	char *what, *cache = cache_path(".");
	bool writable = !access(cache, W_OK);

	free(cache);
	/* QEMU opens the memory's file for writing, though it never writes. */
	if (!writable) {
		progress("the cache can not be written: booting, which takes a second longer");
		machine->profile.cold = true;
		return snapshot_boot(machine);
	}
	if (!ensure(machine, &at, progress))
		return false;
	if (restore(machine, &at))
		return true;
	/* The disk may have bitten the file, or somebody. Whoever is built anew and fails says why.
	 */
	what = text("%s can not be restored (%s): away with it", at.name, machine->why);
	progress(what);
	free(what);
	machine_kill(machine);
	close(machine->ram);
	close(machine->state);
	*machine = fresh;
	place_remove(at.folder);
	return ensure(machine, &at, progress) && restore(machine, &at);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* The KVM probe; accel.h is the manual. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accel.h"
#include "guest.h"
#include "monitor.h"
#include "qemu.h"

/* A KVM that works boots in well under a second. */
#define PROBE_MS 6000

static char *probe(const char *kernel)
{
	struct machine machine = {
		.profile = {.kernel = kernel, .cpus = 1, .kvm = true},
		.owner_fd = -1,
		.state = -1,
		.log = open("/dev/null", O_WRONLY | O_CLOEXEC),
		.scale = 1,
	};
	bool works;

	machine.ram = qemu_memory("guest-ram", GUEST_RAM);
	qemu_start(&machine, MEMORY_BOOTED, "/dev/null");
	close(machine.ram);
	works = guest_hello(&machine, PROBE_MS);
	machine_kill(&machine);
	close(machine.log);
	if (works)
		return text("kvm: a guest booted in %lld ms\n",
			    (long long)(now_ms() - machine.born));
	return text("tcg: /dev/kvm is there, but a guest did not boot with it: %s\n", machine.why);
}

bool accel_choose(const char *wish, const char *kernel, char **why, void (*progress)(const char *))
{
	struct bytes id = {0}, known = {0};
	char *path, *found;
	bool kvm;

	if (strcmp(wish, "auto")) {
		*why = text("%s: forced", wish);
		return !strcmp(wish, "kvm");
	}
	if (access("/dev/kvm", R_OK | W_OK)) {
		*why = text("tcg: /dev/kvm: %s", strerror(errno));
		return false;
	}
	if (!read_file("/proc/sys/kernel/random/boot_id", &id) || id.length < 36)
		die("boot_id:");
	path = cache_path("kvm-%.36s", (char *)id.data);
	if (read_file(path, &known) && known.length) {
		bytes_add(&known, "", 1);
		found = (char *)known.data;
	} else {
		progress("trying whether KVM really runs a guest here (6 seconds at most)");
		found = probe(kernel);
		write_file(path, found, strlen(found));
	}
	free(path);
	found[strcspn(found, "\n")] = 0;
	kvm = !strncmp(found, "kvm", 3);
	*why = found;
	return kvm;
}

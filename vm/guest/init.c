/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PID 1 of the guest, and the agent. The image holds this program, busybox for people, and the few
 * modules the wire needs; everything else is delivered later, so that one booted guest, kept as a
 * snapshot, serves every lab.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent.h"

#define PORT_NAME "org.mmap-labs.agent"
#define PORT_MS 30000

/* No agent, no answers: say why on the console and let the kernel panic end the machine. */
static void give_up(const char *what)
{
	fprintf(stderr, "init: %s: %s\n", what, strerrordesc_np(errno));
	exit(1);
}

static void mount_all(void)
{
	static const struct {
		const char *type, *on;
	} mounts[] = {
		{"proc", "/proc"},
		{"sysfs", "/sys"},
		{"devtmpfs", "/dev"},
		{"tmpfs", "/tmp"},
		{"debugfs", "/sys/kernel/debug"},
		{"tracefs", "/sys/kernel/tracing"},
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		mkdir(mounts[i].on, 0755);
		if (mount(mounts[i].type, mounts[i].on, mounts[i].type, 0, NULL) && errno != EBUSY)
			give_up(mounts[i].on);
	}
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The file names start with their place in the order. */
static void load_modules(void)
{
	struct dirent **entry;
	int count = scandir("/modules", &entry, not_hidden, alphasort);

	for (int i = 0; i < count; i++) {
		char path[300];
		int fd;

		snprintf(path, sizeof(path), "/modules/%s", entry[i]->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
			give_up(path);
		close(fd);
	}
}

static void set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		give_up(path);
	close(fd);
}

static void set_kernel(void)
{
	/* Booting is quiet because the serial line is slow; from here on the log tells everything.
	 */
	set("/proc/sys/kernel/printk", "8 4 1 8");
	set("/proc/sys/kernel/core_pattern", "core");
	/*
	 * Free pages that a CPU keeps to itself are not counted as free, and 6.12 lets it keep
	 * hundreds and take them back whenever it likes: few enough, and counting shows what
	 * leaked.
	 */
	set("/proc/sys/vm/percpu_pagelist_high_fraction", "1000");
}

/* The port that carries our name: the kernel numbers ports as it finds them. */
static int find_port(void)
{
	char path[80], name[64];

	for (int device = 0; device < 4; device++)
		for (int port = 0; port < 8; port++) {
			ssize_t got;
			int fd;

			snprintf(path, sizeof(path), "/sys/class/virtio-ports/vport%dp%d/name",
				 device, port);
			fd = open(path, O_RDONLY | O_CLOEXEC);
			if (fd < 0)
				continue;
			got = read(fd, name, sizeof(name) - 1);
			close(fd);
			name[got > 0 ? got : 0] = 0;
			if (strcmp(name, PORT_NAME "\n"))
				continue;
			snprintf(path, sizeof(path), "/dev/vport%dp%d", device, port);
			return open(path, O_RDWR | O_CLOEXEC);
		}
	errno = ENODEV;
	return -1;
}

/* The driver adds ports from a workqueue, so on a busy host ours may come after us. */
static int open_port(void)
{
	int port = -1;

	for (int ms = 0; port < 0 && ms < PORT_MS; ms++) {
		port = find_port();
		if (port < 0)
			usleep(1000);
	}
	return port;
}

int main(void)
{
	int port;

	mount_all();
	load_modules();
	set_kernel();
	port = open_port();
	if (port < 0)
		give_up(PORT_NAME);
	setenv("PATH", "/bin:/tmp", 1);
	setenv("HOME", "/tmp", 1);
	agent_start();
	agent_serve(port);
	give_up("the host's wire broke");
}

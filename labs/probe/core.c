// SPDX-License-Identifier: GPL-2.0-only
/* What a core dump holds of the area: a child dies of abort(), its core is read and deleted. */
#define _GNU_SOURCE
#include "other.h"
#include "say.h"
#include "state.h"
#include "verbs.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Only a plain file name leaves the core in the directory the child died in. */
static bool cores_go_to_files(void)
{
	char pattern[256] = "";
	int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (read(fd, pattern, sizeof(pattern) - 1) <= 0)
		pattern[0] = '\0';
	close(fd);
	return pattern[0] && pattern[0] != '\n' && pattern[0] != '|' && !strchr(pattern, '/');
}

static void die_in(const char *folder)
{
	struct rlimit most = {RLIM_INFINITY, RLIM_INFINITY};
	int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);

	/* The default filter leaves shared file mappings out, which would prove nothing. */
	if (fd < 0 || write(fd, "0xff", 4) != 4)
		_exit(EXIT_TROUBLE);
	if (getrlimit(RLIMIT_CORE, &most))
		_exit(EXIT_TROUBLE);
	most.rlim_cur = most.rlim_max;
	if (!geteuid())
		most.rlim_cur = most.rlim_max = RLIM_INFINITY;
	if (setrlimit(RLIMIT_CORE, &most) || prctl(PR_SET_DUMPABLE, 1) || chdir(folder))
		_exit(EXIT_TROUBLE);
	abort();
}

struct dumped {
	uint64_t memsz, filesz;
	bool zero;
};

static void look_at_bytes(int fd, uint64_t offset, uint64_t length, struct dumped *dumped)
{
	unsigned char buffer[PAGE];

	while (length) {
		size_t want = length < sizeof(buffer) ? (size_t)length : sizeof(buffer);
		ssize_t n = pread(fd, buffer, want, (off_t)offset);

		if (n <= 0)
			trouble("the core is cut short; is the disk full?");
		for (ssize_t i = 0; i < n; i++)
			if (buffer[i])
				dumped->zero = false;
		offset += (uint64_t)n;
		length -= (uint64_t)n;
	}
}

/* The part of one segment that lies in the area: a segment may hold neighbours too. */
static void look_at_segment(int fd, const Elf64_Phdr *segment, const struct area *area,
			    struct dumped *dumped)
{
	uint64_t from = (uintptr_t)area->addr, to = from + area->pages * PAGE;
	uint64_t start = segment->p_vaddr, in_file = start + segment->p_filesz;
	uint64_t end = start + segment->p_memsz;

	if (segment->p_type != PT_LOAD || start >= to || end <= from)
		return;
	start = start > from ? start : from;
	end = end < to ? end : to;
	in_file = in_file < end ? in_file : end;
	dumped->memsz += end - start;
	if (in_file <= start)
		return;
	dumped->filesz += in_file - start;
	look_at_bytes(fd, segment->p_offset + (start - segment->p_vaddr), in_file - start, dumped);
}

static void read_core(int fd, const struct area *area)
{
	struct dumped dumped = {.zero = true};
	Elf64_Phdr segment;
	Elf64_Ehdr header;

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) || header.e_phentsize != sizeof(segment))
		trouble("the core is no 64-bit ELF file; see /proc/sys/kernel/core_pattern");
	for (unsigned int i = 0; i < header.e_phnum; i++) {
		off_t at = (off_t)(header.e_phoff + i * sizeof(segment));

		if (pread(fd, &segment, sizeof(segment), at) != sizeof(segment))
			trouble("the core is cut short; is the disk full?");
		look_at_segment(fd, &segment, area, &dumped);
	}
	fact("core", "ok");
	fact("core_memsz", "0x%llx", (unsigned long long)dumped.memsz);
	fact("core_filesz", "0x%llx", (unsigned long long)dumped.filesz);
	if (dumped.filesz)
		fact("core_zero", "%d", dumped.zero);
	else
		fact("core_zero", "none");
}

/* Opens and deletes the only file of the folder, whatever its name (core, core.PID, …). */
static int take_core(DIR *folder)
{
	struct dirent *entry;
	int fd = -1;

	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		if (fd < 0)
			fd = openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC);
		unlinkat(dirfd(folder), entry->d_name, 0);
	}
	return fd;
}

void verb_core(const struct args *args)
{
	struct area *area = area_for("core");
	const char *temporary = getenv("TMPDIR");
	char path[512];
	DIR *folder;
	pid_t child;
	int status, fd;

	(void)args;
	if (!area)
		return;
	if (!cores_go_to_files()) {
		fact("core", "unsupported");
		return;
	}
	snprintf(path, sizeof(path), "%s/probe-core.XXXXXX", temporary ? temporary : "/tmp");
	if (!mkdtemp(path))
		trouble("cannot make a folder for the core, set TMPDIR: %s", strerror(errno));
	child = child_new("core");
	if (child < 0) {
		rmdir(path);
		return;
	}
	if (!child)
		die_in(path);
	status = child_end(child);
	folder = opendir(path);
	if (!folder)
		trouble("cannot read %s: %s", path, strerror(errno));
	fd = take_core(folder);
	closedir(folder);
	rmdir(path);
	if (!WIFSIGNALED(status) || fd < 0) {
		fact("core", "none");
	} else {
		read_core(fd, area);
	}
	if (fd >= 0)
		close(fd);
}

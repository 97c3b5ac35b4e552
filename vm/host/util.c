/* SPDX-License-Identifier: GPL-2.0-only */
/* Time, text, files, giving up; util.h is the manual. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

void die(const char *format, ...)
{
	const char *reason = strerror(errno);
	va_list list;

	fputs("vm: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	if (format[strlen(format) - 1] == ':')
		fprintf(stderr, " %s", reason);
	fputc('\n', stderr);
	exit(EXIT_BROKEN);
}

static char *vtext(const char *format, va_list list)
{
	char *made;

	if (vasprintf(&made, format, list) < 0)
		die("out of memory");
	return made;
}

char *text(const char *format, ...)
{
	va_list list;
	char *made;

	va_start(list, format);
	made = vtext(format, list);
	va_end(list);
	return made;
}

int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool read_file(const char *path, struct bytes *to)
{
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : 0;
	uint8_t buffer[65536];
	ssize_t got = -1;

	if (fd < 0)
		return false;
	while ((got = read(fd, buffer, sizeof(buffer))) > 0)
		bytes_add(to, buffer, (size_t)got);
	if (fd)
		close(fd);
	return !got;
}

bool write_file(const char *path, const void *data, size_t length)
{
	char *draft = text("%s.tmp", path);
	int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool written = fd >= 0 && send_all(fd, data, length);

	if (fd >= 0 && close(fd))
		written = false;
	written = written && !rename(draft, path);
	free(draft);
	return written;
}

bool number(const char *from, uint64_t most, uint64_t *to)
{
	char *end;

	if (!from || from[0] < '0' || from[0] > '9')
		return false;
	errno = 0;
	*to = strtoull(from, &end, 0);
	return !errno && !*end && *to <= most;
}

char *cache_path(const char *format, ...)
{
	char self[4096], *below, *path, *slash;
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	va_list list;

	if (length < 0)
		die("/proc/self/exe:");
	self[length] = 0;
	for (int i = 0; i < 2 && (slash = strrchr(self, '/')); i++)
		*slash = 0;
	va_start(list, format);
	below = vtext(format, list);
	va_end(list);
	path = text("%s/%s", self, below);
	free(below);
	return path;
}

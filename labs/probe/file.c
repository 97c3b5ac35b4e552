// SPDX-License-Identifier: GPL-2.0-only
/* The other way to the same bytes: open, read, write, lseek. */
#define _GNU_SOURCE
#include "say.h"
#include "state.h"
#include "verbs.h"

#include "../lib/pattern.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

void verb_open(const struct args *args)
{
	int mode = (int)arg_number(args, "MODE", O_RDWR);
	int fd = open(arg_text(args, "PATH", NULL), mode | O_CLOEXEC);
	unsigned int number;

	if (fd < 0) {
		fact_errno("open");
		state_add_file(fd);
		return;
	}
	number = state_add_file(fd);
	fact("open", "ok");
	fact("file", "%u", number);
	fact("fd", "%d", fd);
}

void verb_file(const struct args *args)
{
	state_use_file(arg_number(args, "K", 0));
}

void verb_close(const struct args *args)
{
	int *fd = state_fd("close");

	(void)args;
	fact_result("close", close(*fd));
	*fd = -1;
}

void verb_read(const struct args *args)
{
	uint64_t length = arg_number(args, "LEN", 0);
	int fd = *state_fd("read");
	void *buffer = room(length);
	ssize_t n;

	if (arg_given(args, "at"))
		n = pread(fd, buffer, length, (off_t)arg_number(args, "OFF", 0));
	else
		n = read(fd, buffer, length);
	if (n < 0) {
		fact_errno("read");
	} else {
		fact("read", "%zd", n);
		fact_hash("hash", buffer, (uint64_t)n);
	}
	free(buffer);
}

/* Page by page to the end asked for, or to the end there is; short reads are put together. */
void verb_readpages(const struct args *args)
{
	uint64_t count = arg_number(args, "COUNT", 0), at = arg_number(args, "PAGE", 0) * PAGE;
	int fd = *state_fd("readpages");
	bool positioned = arg_given(args, "at");
	unsigned char *buffer;
	uint64_t got = 0;

	if (count > 1u << 16)
		usage_error("readpages: at most 65536 pages at a time; read in parts");
	buffer = room(count * PAGE);
	while (got < count * PAGE) {
		ssize_t n = positioned
				    ? pread(fd, buffer + got, count * PAGE - got, (off_t)(at + got))
				    : read(fd, buffer + got, count * PAGE - got);

		if (n < 0 && !got) {
			fact_errno("readpages");
			free(buffer);
			return;
		}
		if (n <= 0)
			break;
		got += (uint64_t)n;
	}
	fact("readpages", "%llu", (unsigned long long)(got / PAGE));
	fact_begin("hash");
	for (uint64_t i = 0; i < got / PAGE; i++)
		fact_more("%s%016llx", i ? "," : "",
			  (unsigned long long)pattern_hash(buffer + i * PAGE, PAGE));
	fact_end();
	free(buffer);
}

void verb_write(const struct args *args)
{
	uint64_t count = arg_number(args, "PAGES", 0), page = arg_number(args, "PAGE", 0);
	uint64_t index = arg_number(args, "INDEX", page);
	int fd = *state_fd("write");
	unsigned char *buffer;
	ssize_t n;

	if (count > 1u << 16)
		usage_error("write: at most 65536 pages at a time; write in parts");
	buffer = room(count * PAGE);
	for (uint64_t i = 0; i < count; i++)
		pattern_fill(buffer + i * PAGE, *state_seed(), index + i);
	if (arg_given(args, "at"))
		n = pwrite(fd, buffer, count * PAGE, (off_t)(page * PAGE));
	else
		n = write(fd, buffer, count * PAGE);
	if (n < 0)
		fact_errno("write");
	else
		fact("write", "%zd", n);
	free(buffer);
}

void verb_lseek(const struct args *args)
{
	off_t at = lseek(*state_fd("lseek"), (off_t)arg_number(args, "OFF", 0),
			 (int)arg_number(args, "WHENCE", 0));

	if (at < 0)
		fact_errno("lseek");
	else
		fact("lseek", "%lld", (long long)at);
}

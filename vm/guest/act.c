/* SPDX-License-Identifier: GPL-2.0-only */
/* What the runner of errands does; act.h is the manual. */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"

static uint32_t put(struct fields *request)
{
	char *path = fields_text(request);
	const uint8_t *data;
	size_t length;
	uint32_t mode, status;
	int fd;

	if (!path || !fields_u32(request, &mode) || !fields_next(request, &data, &length))
		return STATUS_MALFORMED;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return (uint32_t)errno;
	status = send_all(fd, data, length) ? 0 : (uint32_t)errno;
	close(fd);
	return status;
}

static uint32_t get(struct fields *request, struct bytes *answer)
{
	char *path = fields_text(request);
	struct bytes content = {0};
	uint8_t buffer[16384];
	ssize_t got;
	uint32_t most;
	int fd;

	if (!path || !fields_u32(request, &most))
		return STATUS_MALFORMED;
	/* Not blocking: /dev/kmsg and trace_pipe end where there is nothing more to read. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return (uint32_t)errno;
	while ((got = read(fd, buffer, sizeof(buffer))) != 0) {
		if (got < 0 && errno == EPIPE)
			continue; /* /dev/kmsg: records were overwritten meanwhile */
		if (got < 0 && errno == EAGAIN)
			break;
		if (got < 0)
			return (uint32_t)errno;
		if (content.length + (size_t)got > most)
			break;
		bytes_add(&content, buffer, (size_t)got);
	}
	bytes_field(answer, content.data, content.length);
	return 0;
}

static uint32_t write_once(struct fields *request)
{
	char *path = fields_text(request);
	const uint8_t *data;
	size_t length;
	int fd;

	if (!path || !fields_next(request, &data, &length))
		return STATUS_MALFORMED;
	/* O_APPEND: kprobe_events adds a probe then, instead of replacing all. */
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return (uint32_t)errno;
	return write(fd, data, length) == (ssize_t)length ? 0 : (uint32_t)errno;
}

static uint32_t load(struct fields *request)
{
	const uint8_t *image;
	char *parameters;
	size_t length;

	if (!fields_next(request, &image, &length))
		return STATUS_MALFORMED;
	parameters = fields_text(request);
	if (!parameters)
		return STATUS_MALFORMED;
	return syscall(SYS_init_module, image, length, parameters) ? (uint32_t)errno : 0;
}

static uint32_t unload(struct fields *request)
{
	char *name = fields_text(request);

	if (!name)
		return STATUS_MALFORMED;
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? (uint32_t)errno : 0;
}

uint32_t act(uint32_t op, struct fields *request, struct bytes *answer)
{
	switch (op) {
	case OP_PUT:
		return put(request);
	case OP_GET:
		return get(request, answer);
	case OP_WRITE:
		return write_once(request);
	case OP_LOAD:
		return load(request);
	case OP_UNLOAD:
		return unload(request);
	default:
		return STATUS_MALFORMED;
	}
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* A growing run of bytes and its fields; bytes.h is the manual. */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"

static void *must(void *memory)
{
	if (!memory) {
		fputs("vm: out of memory\n", stderr);
		exit(3);
	}
	return memory;
}

void bytes_reserve(struct bytes *to, size_t length)
{
	size_t room = to->room ? to->room : 256;

	if (to->room - to->length >= length)
		return;
	while (room - to->length < length)
		room *= 2;
	to->data = must(realloc(to->data, room));
	to->room = room;
}

void bytes_add(struct bytes *to, const void *from, size_t length)
{
	if (!length)
		return;
	bytes_reserve(to, length);
	memcpy(to->data + to->length, from, length);
	to->length += length;
}

void bytes_drop(struct bytes *from, size_t length)
{
	if (length >= from->length) {
		from->length = 0;
		return;
	}
	memmove(from->data, from->data + length, from->length - length);
	from->length -= length;
}

void bytes_free(struct bytes *gone)
{
	free(gone->data);
	memset(gone, 0, sizeof(*gone));
}

void bytes_field(struct bytes *to, const void *from, size_t length)
{
	uint32_t head = htole32((uint32_t)length);

	bytes_add(to, &head, sizeof(head));
	bytes_add(to, from, length);
}

void bytes_text(struct bytes *to, const char *text)
{
	bytes_field(to, text, strlen(text));
}

void bytes_u32(struct bytes *to, uint32_t value)
{
	value = htole32(value);
	bytes_field(to, &value, sizeof(value));
}

void bytes_u64(struct bytes *to, uint64_t value)
{
	value = htole64(value);
	bytes_field(to, &value, sizeof(value));
}

bool fields_next(struct fields *from, const uint8_t **data, size_t *length)
{
	uint32_t head;

	*length = 0;
	if (from->left < sizeof(head))
		return false;
	memcpy(&head, from->at, sizeof(head));
	head = le32toh(head);
	if (head > from->left - sizeof(head))
		return false;
	*data = from->at + sizeof(head);
	*length = head;
	from->at += sizeof(head) + head;
	from->left -= sizeof(head) + head;
	return true;
}

bool fields_u32(struct fields *from, uint32_t *value)
{
	const uint8_t *data;
	size_t length;

	if (!fields_next(from, &data, &length) || length != sizeof(*value))
		return false;
	memcpy(value, data, sizeof(*value));
	*value = le32toh(*value);
	return true;
}

bool fields_u64(struct fields *from, uint64_t *value)
{
	const uint8_t *data;
	size_t length;

	if (!fields_next(from, &data, &length) || length != sizeof(*value))
		return false;
	memcpy(value, data, sizeof(*value));
	*value = le64toh(*value);
	return true;
}

char *fields_text(struct fields *from)
{
	const uint8_t *data;
	size_t length;
	char *text;

	if (!fields_next(from, &data, &length) || memchr(data, 0, length))
		return NULL;
	text = must(malloc(length + 1));
	memcpy(text, data, length);
	text[length] = 0;
	return text;
}

bool send_all(int fd, const void *data, size_t length)
{
	const char *from = data;

	while (length) {
		ssize_t put = write(fd, from, length);

		if (put < 0 && errno == EAGAIN) {
			poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
			continue;
		}
		if (put < 0 && errno != EINTR)
			return false;
		if (put > 0) {
			from += put;
			length -= (size_t)put;
		}
	}
	return true;
}

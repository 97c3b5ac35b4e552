/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames on a byte stream; frame.h is the manual. */
#include <endian.h>
#include <string.h>

#include "frame.h"

#define FRAME_MAGIC 0x316c6d6du /* "mml1" */

struct head {
	uint32_t magic;
	uint32_t length;
	uint32_t op;
	uint32_t status;
	uint32_t call;
	uint32_t deadline;
	uint64_t cookie;
};

void frame_write(struct bytes *to, const struct frame *frame, const struct bytes *payload)
{
	struct head head = {
		.magic = htole32(FRAME_MAGIC),
		.length = htole32(payload ? (uint32_t)payload->length : 0),
		.op = htole32(frame->op),
		.status = htole32(frame->status),
		.call = htole32(frame->call),
		.deadline = htole32(frame->deadline),
		.cookie = htole64(frame->cookie),
	};

	bytes_reserve(to, sizeof(head) + (payload ? payload->length : 0));
	bytes_add(to, &head, sizeof(head));
	if (payload)
		bytes_add(to, payload->data, payload->length);
}

bool frame_send(int fd, const struct frame *frame, const struct bytes *payload)
{
	struct bytes whole = {0};
	bool sent;

	frame_write(&whole, frame, payload);
	sent = send_all(fd, whole.data, whole.length);
	bytes_free(&whole);
	return sent;
}

int frame_read(struct frame_reader *reader, struct frame *frame)
{
	struct head head;
	uint32_t length;

	bytes_drop(&reader->in, reader->used);
	reader->used = 0;
	if (reader->in.length < sizeof(head))
		return 0;
	memcpy(&head, reader->in.data, sizeof(head));
	length = le32toh(head.length);
	frame->op = le32toh(head.op);
	/* The length is checked before a single byte is waited for: a forged one must not stall us.
	 */
	if (le32toh(head.magic) != FRAME_MAGIC || length > FRAME_PAYLOAD_MAX || !frame->op ||
	    frame->op > OP_LAST)
		return -1;
	if (reader->in.length - sizeof(head) < length)
		return 0;
	frame->status = le32toh(head.status);
	frame->call = le32toh(head.call);
	frame->deadline = le32toh(head.deadline);
	frame->cookie = le64toh(head.cookie);
	frame->payload.at = reader->in.data + sizeof(head);
	frame->payload.left = length;
	reader->used = sizeof(head) + length;
	return 1;
}

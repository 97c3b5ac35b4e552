/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What must hold for any bytes on the wire. libFuzzer calls it where clang is installed; test.c
 * calls it with mutations of the corpus everywhere.
 */
#include <stdlib.h>
#include <string.h>

#include "../frame.h"
#include "fuzz.h"

#define FRAMES_MAX 64

/* What a stream of bytes was taken for. */
struct seen {
	size_t frames;
	int end; /* the last answer of frame_read(): 0 or -1 */
	struct bytes again;
};

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Reads every field of every kind; none may lie outside the frame. */
static void read_fields(struct fields fields)
{
	const uint8_t *first = fields.at, *data;
	size_t left = fields.left, length;
	struct fields copy = fields;
	uint64_t wide;
	uint32_t narrow;
	char *text;

	while (fields_next(&fields, &data, &length)) {
		must(data >= first && length <= left && data + length <= first + left);
		must(fields.at == data + length);
		text = fields_text(&copy);
		must(!text || strlen(text) == length);
		free(text);
	}
	must(!length && !fields_u32(&copy, &narrow) && !fields_u64(&copy, &wide));
}

/* Hands the bytes over in pieces of @step and takes out what frames there are. */
static void take(const uint8_t *data, size_t size, size_t step, struct seen *seen)
{
	struct frame_reader reader = {0};
	struct frame frame;

	*seen = (struct seen){0};
	for (size_t at = 0; at < size && !seen->end; at += step) {
		bytes_add(&reader.in, data + at, size - at < step ? size - at : step);
		while ((seen->end = frame_read(&reader, &frame)) > 0 && seen->frames < FRAMES_MAX) {
			struct bytes payload = {0};

			must(frame.op > 0 && frame.op <= OP_LAST);
			must(frame.payload.left <= FRAME_PAYLOAD_MAX);
			read_fields(frame.payload);
			bytes_add(&payload, frame.payload.at, frame.payload.left);
			frame_write(&seen->again, &frame, &payload);
			bytes_free(&payload);
			seen->frames++;
		}
		must(reader.used <= reader.in.length);
		if (seen->frames == FRAMES_MAX)
			break;
	}
	bytes_free(&reader.in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole, pieces;

	take(data, size, size ? size : 1, &whole);
	take(data, size, 7, &pieces);
	/* How the bytes arrive must not matter, and what was read is what would be written. */
	must(whole.frames == pieces.frames);
	must(whole.frames == FRAMES_MAX || whole.end == pieces.end);
	must(whole.again.length <= size);
	must(!whole.again.length || !memcmp(whole.again.data, data, whole.again.length));
	bytes_free(&whole.again);
	bytes_free(&pieces.again);
	return 0;
}

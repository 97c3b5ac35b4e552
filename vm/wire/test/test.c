/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test corpus FOLDER - writes the corpus: a frame of each kind, and broken ones
 * test mutate ROUNDS FILE… - claims about frames, then ROUNDS mutations of the files
 *
 * The mutations are drawn from a fixed seed: a failure is the same one the next time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../frame.h"
#include "fuzz.h"

#define FILE_MAX 65536

static int bad;

static void claim(const char *what, bool holds)
{
	if (holds)
		return;
	printf("not so: %s\n", what);
	bad = 1;
}

static uint64_t drawn(void)
{
	static uint64_t state = 4711;
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* A frame with three fields, as most requests have them. */
static struct bytes example(uint32_t op)
{
	struct frame frame = {
		.op = op, .call = op, .deadline = 10000, .cookie = 0x1122334455667788};
	struct bytes payload = {0}, whole = {0};

	bytes_text(&payload, "/dev/lab");
	bytes_u32(&payload, 0755);
	bytes_u64(&payload, 1ull << 40);
	bytes_field(&payload, "a\0b", 3);
	frame_write(&whole, &frame, &payload);
	bytes_free(&payload);
	return whole;
}

static void frame_survives_the_wire(void)
{
	struct frame_reader reader = {.in = example(OP_PUT)};
	struct bytes second = example(OP_GET);
	struct frame frame;
	uint32_t narrow = 0;
	uint64_t wide = 0;
	char *path;

	bytes_add(&reader.in, second.data, second.length);
	claim("a whole frame is read", frame_read(&reader, &frame) == 1 && frame.op == OP_PUT);
	claim("its cookie is the same", frame.cookie == 0x1122334455667788);
	path = fields_text(&frame.payload);
	claim("its text is the same", path && !strcmp(path, "/dev/lab"));
	claim("its numbers are the same", fields_u32(&frame.payload, &narrow) && narrow == 0755 &&
						  fields_u64(&frame.payload, &wide) &&
						  wide == 1ull << 40);
	claim("bytes with a NUL are no text", !fields_text(&frame.payload));
	claim("the next frame follows", frame_read(&reader, &frame) == 1 && frame.op == OP_GET);
	claim("then there is none", frame_read(&reader, &frame) == 0);
	free(path);
	bytes_free(&reader.in);
	bytes_free(&second);
}

/* Whether the head with one 32-bit word changed is refused, before anything else has arrived. */
static bool head_is_refused(size_t word, uint32_t value)
{
	struct frame_reader reader = {.in = example(OP_PUT)};
	struct frame frame;
	int answer;

	reader.in.length = 32;
	memcpy(reader.in.data + 4 * word, &value, sizeof(value));
	answer = frame_read(&reader, &frame);
	bytes_free(&reader.in);
	return answer < 0;
}

static void forged_heads_are_refused(void)
{
	claim("another magic is refused", head_is_refused(0, 0x316c6d6e));
	claim("a payload of 16 MiB and a byte is refused", head_is_refused(1, (16u << 20) + 1));
	claim("a payload of 4 GiB is refused", head_is_refused(1, UINT32_MAX));
	claim("operation 0 is refused", head_is_refused(2, 0));
	claim("an operation that is none is refused", head_is_refused(2, OP_LAST + 1));
	claim("the largest payload is waited for", !head_is_refused(1, 16u << 20));
}

static void save(const char *folder, const char *name, struct bytes content)
{
	char path[4096];
	FILE *to;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	to = fopen(path, "we");
	if (!to || fwrite(content.data, 1, content.length, to) != content.length || fclose(to)) {
		perror(path);
		exit(3);
	}
	bytes_free(&content);
}

static void write_corpus(const char *folder)
{
	struct bytes two = example(OP_LOAD), other = example(OP_SPAWN);
	struct bytes cut = example(OP_AWAIT), length = example(OP_GET), field = example(OP_WRITE);

	bytes_add(&two, other.data, other.length);
	cut.length -= 5;
	length.data[7] = 0x7f;
	field.data[35] = 0xff;
	save(folder, "one", example(OP_PUT));
	save(folder, "two", two);
	save(folder, "cut", cut);
	save(folder, "length-forged", length);
	save(folder, "field-length-forged", field);
	save(folder, "last", other);
}

/* Flips, overwrites, cuts, repeats: what a few bytes of a frame can suffer. */
static size_t mutated(uint8_t *data, size_t size)
{
	static const uint32_t odd[] = {0,	   1,	       0x7fffffff, 0x80000000,
				       UINT32_MAX, 0x01000000, 0x01000001, 0x316c6d6d};

	for (uint64_t left = 1 + drawn() % 4; left && size >= 4; left--) {
		size_t at = drawn() % (size - 3);

		switch (drawn() % 5) {
		case 0:
			data[at] ^= (uint8_t)(1u << drawn() % 8);
			break;
		case 1:
			data[at] = (uint8_t)drawn();
			break;
		case 2:
			memcpy(data + at, &odd[drawn() % 8], 4);
			break;
		case 3:
			size -= drawn() % (size - at);
			break;
		default:
			if (size + at > FILE_MAX)
				break;
			memmove(data + size, data, at);
			size += at;
		}
	}
	return size;
}

int main(int argc, char *argv[])
{
	static uint8_t seed[FILE_MAX], data[FILE_MAX];

	if (argc == 3 && !strcmp(argv[1], "corpus")) {
		write_corpus(argv[2]);
		return 0;
	}
	if (argc < 4 || strcmp(argv[1], "mutate")) {
		fputs("usage: test corpus FOLDER | test mutate ROUNDS FILE…\n", stderr);
		return 2;
	}
	frame_survives_the_wire();
	forged_heads_are_refused();
	for (int i = 3; i < argc; i++) {
		FILE *from = fopen(argv[i], "re");
		size_t size = from ? fread(seed, 1, FILE_MAX, from) : 0;

		if (!from) {
			perror(argv[i]);
			return 3;
		}
		fclose(from);
		LLVMFuzzerTestOneInput(seed, size);
		for (long round = strtol(argv[2], NULL, 10); round > 0; round--) {
			memcpy(data, seed, size);
			LLVMFuzzerTestOneInput(data, mutated(data, size));
		}
	}
	return bad;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A growing run of bytes, and the fields that both ends of a wire put into it.
 *
 * A field is a 32-bit little-endian length and that many bytes. Text is bytes without a final NUL.
 */
#ifndef VM_BYTES_H
#define VM_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	uint8_t *data;
	size_t length;
	size_t room;
};

/* bytes_add - appends @length bytes at @from. Running out of memory ends the program (exit 3). */
void bytes_add(struct bytes *to, const void *from, size_t length);

/* bytes_reserve - makes room for @length more, so that adding them allocates nothing. */
void bytes_reserve(struct bytes *to, size_t length);

/* bytes_drop - removes the first @length (at most all) bytes. */
void bytes_drop(struct bytes *from, size_t length);

/* bytes_free - gives the memory back; the buffer is empty and usable afterwards. */
void bytes_free(struct bytes *gone);

/* bytes_field, bytes_text, bytes_u32, bytes_u64 - append one field: bytes, a string, a number. */
void bytes_field(struct bytes *to, const void *from, size_t length);
void bytes_text(struct bytes *to, const char *text);
void bytes_u32(struct bytes *to, uint32_t value);
void bytes_u64(struct bytes *to, uint64_t value);

/* A reader over fields that somebody else owns. */
struct fields {
	const uint8_t *at;
	size_t left;
};

/*
 * fields_next - the next field: its bytes stay where they are, owned by the buffer behind @from.
 * False, with *length 0, when nothing is left or the rest is not a whole field.
 */
bool fields_next(struct fields *from, const uint8_t **data, size_t *length);

/* fields_u32, fields_u64 - the next field as a number; false when it is not of that size. */
bool fields_u32(struct fields *from, uint32_t *value);
bool fields_u64(struct fields *from, uint64_t *value);

/*
 * fields_text - the next field as a NUL-terminated copy that the caller frees.
 * NULL when nothing is left or the bytes hold a NUL (no path or argument can).
 */
char *fields_text(struct fields *from);

/* send_all - writes everything to a descriptor, waiting if need be. False with errno set. */
bool send_all(int fd, const void *data, size_t length);

#endif

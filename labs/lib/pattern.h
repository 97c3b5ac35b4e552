/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Seeded patterns: page contents that differ on every page and in every word, and that anybody who
 * knows the seed can predict. Four magic bytes would not notice two pages swapped.
 *
 * User space only; header-only, so that a test stays one file.
 */
#ifndef LABS_PATTERN_H
#define LABS_PATTERN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PATTERN_PAGE 4096u
#define PATTERN_WORDS (PATTERN_PAGE / sizeof(uint64_t))

/* pattern_word - word @word (0 .. PATTERN_WORDS-1) of page @page under @seed: splitmix64. */
static inline uint64_t pattern_word(uint64_t seed, uint64_t page, uint64_t word)
{
	uint64_t z = seed + (page * PATTERN_WORDS + word + 1) * 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* pattern_fill - writes the pattern of page @page under @seed to PATTERN_PAGE bytes at @to. */
static inline void pattern_fill(void *to, uint64_t seed, uint64_t page)
{
	for (uint64_t word = 0; word < PATTERN_WORDS; word++) {
		uint64_t value = pattern_word(seed, page, word);

		memcpy((char *)to + word * sizeof(value), &value, sizeof(value));
	}
}

/* pattern_holds - 1 when the PATTERN_PAGE bytes at @at are the pattern of @page under @seed. */
static inline int pattern_holds(const void *at, uint64_t seed, uint64_t page)
{
	for (uint64_t word = 0; word < PATTERN_WORDS; word++) {
		uint64_t value = pattern_word(seed, page, word);

		if (memcmp((const char *)at + word * sizeof(value), &value, sizeof(value)))
			return 0;
	}
	return 1;
}

/* pattern_hash - FNV-1a, 64 bits, of @size bytes at @at. */
static inline uint64_t pattern_hash(const void *at, size_t size)
{
	const unsigned char *byte = at;
	uint64_t hash = 0xcbf29ce484222325u;

	while (size--)
		hash = (hash ^ *byte++) * 0x100000001b3u;
	return hash;
}

#endif

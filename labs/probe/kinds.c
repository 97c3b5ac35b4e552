// SPDX-License-Identifier: GPL-2.0-only
/* What the values in a synopsis may be: numbers with their ranges, words with their meaning. */
#define _GNU_SOURCE
#include "args.h"
#include "say.h"
#include "state.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TWO(n) ((__int128)1 << (n))

static const struct choice prots[] = {
	{"none", PROT_NONE},
	{"r", PROT_READ},
	{"w", PROT_WRITE},
	{"rw", PROT_READ | PROT_WRITE},
	{"rx", PROT_READ | PROT_EXEC},
	{"rwx", PROT_READ | PROT_WRITE | PROT_EXEC},
	{NULL, 0},
};

static const struct choice sharings[] = {
	{"shared", MAP_SHARED},
	{"private", MAP_PRIVATE},
	{"anon-shared", MAP_SHARED | MAP_ANONYMOUS},
	{"anon-private", MAP_PRIVATE | MAP_ANONYMOUS},
	{NULL, 0},
};

static const struct choice sharings_more[] = {
	{"populate", MAP_POPULATE},	   {"locked", MAP_LOCKED}, {"fenced", MAP_FENCED},
	{"validate", MAP_SHARED_VALIDATE}, {"sync", MAP_SYNC},	   {NULL, 0},
};

static const struct choice modes[] = {
	{"r", O_RDONLY},
	{"w", O_WRONLY},
	{"rw", O_RDWR},
	{NULL, 0},
};

static const struct choice modes_more[] = {
	{"sync", O_SYNC},
	{"dsync", O_DSYNC},
	{NULL, 0},
};

static const struct choice whences[] = {
	{"set", SEEK_SET},   {"cur", SEEK_CUR},	  {"end", SEEK_END},
	{"data", SEEK_DATA}, {"hole", SEEK_HOLE}, {NULL, 0},
};

static const struct choice advices[] = {
	{"dontneed", MADV_DONTNEED},
	{"free", MADV_FREE},
	{"willneed", MADV_WILLNEED},
	{"populate_read", MADV_POPULATE_READ},
	{"populate_write", MADV_POPULATE_WRITE},
	{"dofork", MADV_DOFORK},
	{"dontfork", MADV_DONTFORK},
	{"dodump", MADV_DODUMP},
	{"dontdump", MADV_DONTDUMP},
	{"remove", MADV_REMOVE},
	{"normal", MADV_NORMAL},
	{"random", MADV_RANDOM},
	{"sequential", MADV_SEQUENTIAL},
	{"cold", MADV_COLD},
	{"pageout", MADV_PAGEOUT},
	{"hugepage", MADV_HUGEPAGE},
	{"nohugepage", MADV_NOHUGEPAGE},
	{"wipeonfork", MADV_WIPEONFORK},
	{"keeponfork", MADV_KEEPONFORK},
	{NULL, 0},
};

static const struct choice widths[] = {{"1", 1}, {"2", 2}, {"4", 4}, {"8", 8}, {NULL, 0}};

#define NUMBER(name, min, max, wanted)                          \
	{                                                       \
		name, NULL, NULL, true, false, min, max, wanted \
	}
#define BYTES(name, min, max, wanted)                          \
	{                                                      \
		name, NULL, NULL, true, true, min, max, wanted \
	}
#define CHOICE(name, first, more, wanted)                     \
	{                                                     \
		name, first, more, false, false, 0, 0, wanted \
	}
#define TEXT(name)                                             \
	{                                                      \
		name, NULL, NULL, false, false, 0, 0, "a word" \
	}

static const struct kind kinds[] = {
	/* Pages times 4096 must stay inside 64 bits, or an offset would silently become another. */
	NUMBER("PAGES", 0, TWO(52) - 1, "a number of pages below 2^52, like 4 or 2^20"),
	NUMBER("PAGE", 1 - TWO(52), TWO(52) - 1,
	       "a page offset between -2^52 and 2^52, like 1, -2 or 2^44+1 (more: mapbytes)"),
	NUMBER("FIRST", 0, TWO(40), "a page of the area, counted from 0"),
	NUMBER("COUNT", 0, TWO(40), "a number of pages"),
	NUMBER("INDEX", 0, TWO(52) - 1, "the number of a pattern page, from 0"),
	BYTES("BYTES", 0, TWO(64) - 1, "a number of bytes, like 4096, 0x1000, 2^12 or 1p"),
	BYTES("BYTE", -TWO(63), TWO(64) - 1, "a byte offset, like 4096, 2^63+1p or -2p"),
	BYTES("OFF", -TWO(63), TWO(63) - 1, "a byte offset, like 0, 0x80 or 1p+8"),
	BYTES("LEN", 0, TWO(26), "a number of bytes up to 2^26"),
	NUMBER("K", 0, 1023, "a number from 0: the first is 0, the second 1"),
	NUMBER("N", 0, TWO(64) - 1, "a number"),
	NUMBER("UID", 0, TWO(32) - 2, "a user id"),
	NUMBER("VALUE", -TWO(63), TWO(64) - 1, "a value, like 1 or 0xdead"),
	NUMBER("MASK", 0, TWO(64) - 1, "a mask of bits, like 0x80"),
	NUMBER("MS", 0, 60000, "milliseconds, at most 60000"),
	NUMBER("MAGIC", 0, TWO(64) - 1, "a number of 64 bits that nobody else has in r15"),
	NUMBER("ROUNDS", 1, 1000000, "a number of rounds from 1 to 1000000"),
	CHOICE("WIDTH", widths, NULL, "1, 2, 4 or 8 (bytes)"),
	CHOICE("PROT", prots, NULL, "none, r, w, rw, rx or rwx"),
	CHOICE("SHARING", sharings, sharings_more,
	       "shared, private, anon-shared or anon-private, then any of "
	       ",populate ,locked ,fenced ,validate ,sync"),
	CHOICE("MODE", modes, modes_more, "r, w or rw, then perhaps ,sync or ,dsync"),
	CHOICE("WHENCE", whences, NULL, "set, cur, end, data or hole"),
	CHOICE("ADVICE", advices, NULL,
	       "dontneed, free, willneed, populate_read, populate_write, dofork, dontfork, dodump, "
	       "dontdump, remove, normal, random, sequential, cold, pageout, hugepage, nohugepage, "
	       "wipeonfork or keeponfork"),
	TEXT("PATH"),
	TEXT("NAME"),
	TEXT("WORD"),
	TEXT("TEXT"),
};

const struct kind *kind_of(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	trouble("the synopsis has a value named %s that kinds.c does not know; add it there", name);
}

/* One term: 12, 0x1f, 2^44, and with `bytes` also 3p. Moves *text behind it. */
static bool term(const char **text, bool bytes, __int128 *value)
{
	const char *at = *text;
	unsigned long long n;
	char *end;

	if (!isdigit((unsigned char)*at))
		return false;
	errno = 0;
	if (at[0] == '2' && at[1] == '^' && isdigit((unsigned char)at[2])) {
		n = strtoull(at + 2, &end, 10);
		if (n > 63)
			return false;
		*value = TWO(n);
	} else {
		bool hex = at[0] == '0' && at[1] == 'x' && isxdigit((unsigned char)at[2]);

		n = strtoull(at, &end, hex ? 16 : 10);
		if (errno)
			return false;
		*value = n;
	}
	if (bytes && *end == 'p') {
		*value *= 4096;
		end++;
	}
	*text = end;
	return true;
}

static bool number(const struct kind *kind, const char *text, uint64_t *value)
{
	__int128 sum = 0, next;
	bool minus = *text == '-';

	if (minus)
		text++;
	for (;;) {
		if (!term(&text, kind->bytes, &next))
			return false;
		sum += minus ? -next : next;
		if (*text != '+' && *text != '-')
			break;
		minus = *text++ == '-';
	}
	if (*text || sum < kind->min || sum > kind->max)
		return false;
	*value = (uint64_t)sum;
	return true;
}

static bool choose(const struct choice *among, const char *word, size_t length, uint64_t *value)
{
	for (; among && among->name; among++) {
		if (strlen(among->name) == length && !memcmp(among->name, word, length)) {
			*value |= among->value;
			return true;
		}
	}
	return false;
}

static bool choice(const struct kind *kind, const char *text, uint64_t *value)
{
	size_t length = strcspn(text, ",");

	*value = 0;
	if (!choose(kind->first, text, length, value))
		return false;
	for (text += length; *text; text += length) {
		text++;
		length = strcspn(text, ",");
		if (!choose(kind->more, text, length, value))
			return false;
	}
	return true;
}

bool kind_fits(const struct kind *kind, const char *text)
{
	uint64_t ignored = 0;

	if (kind->number)
		return isdigit((unsigned char)(text[0] == '-' ? text[1] : text[0]));
	if (kind->first)
		return choose(kind->first, text, strcspn(text, ","), &ignored);
	return true;
}

bool kind_value(const struct kind *kind, const char *text, uint64_t *value)
{
	*value = 0;
	if (kind->number)
		return number(kind, text, value);
	if (kind->first)
		return choice(kind, text, value);
	return true;
}

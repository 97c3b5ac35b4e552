// SPDX-License-Identifier: GPL-2.0-only
/* pattern - the host's side of probe's fill and hash: what should be there, computed, not asked. */
#include "../lib/pattern.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define EXIT_USAGE 2
#define EXIT_TROUBLE 3

static const char usage[] =
	"usage: pattern hash SEED FIRST COUNT     hashes of pages FIRST .. FIRST+COUNT-1 under SEED\n"
	"       pattern bytes SEED FIRST COUNT    the pages themselves\n"
	"       pattern zero COUNT                hashes of COUNT pages of zeros\n"
	"       pattern sum                       hashes of the pages on stdin\n"
	"Hashes are those of probe's 'hash': FNV-1a, 64 bits, comma separated. Numbers are decimal or 0x….\n";

static _Noreturn void fail_usage(void)
{
	fputs(usage, stderr);
	exit(EXIT_USAGE);
}

static uint64_t number(const char *text)
{
	bool hex = text[0] == '0' && text[1] == 'x';
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, hex ? 16 : 10);
	if (errno || end == text || *end || text[0] < '0' || text[0] > '9') {
		fprintf(stderr, "pattern: '%s' is no number of 64 bits\n", text);
		exit(EXIT_USAGE);
	}
	return value;
}

static void print_hash(const unsigned char *page, bool first)
{
	printf("%s%016llx", first ? "" : ",", (unsigned long long)pattern_hash(page, PATTERN_PAGE));
}

/* The pages of a range, as hashes or as bytes. */
static void range(char **argv, bool bytes)
{
	uint64_t seed = number(argv[0]), first = number(argv[1]), count = number(argv[2]);
	unsigned char page[PATTERN_PAGE];

	for (uint64_t i = 0; i < count && !ferror(stdout); i++) {
		pattern_fill(page, seed, first + i);
		if (bytes)
			fwrite(page, sizeof(page), 1, stdout);
		else
			print_hash(page, i == 0);
	}
	if (!bytes)
		putchar('\n');
}

static void zeros(uint64_t count)
{
	static const unsigned char page[PATTERN_PAGE];

	for (uint64_t i = 0; i < count && !ferror(stdout); i++)
		print_hash(page, i == 0);
	putchar('\n');
}

/* A last page that is not whole would not compare with anything: that is an error. */
static void sum(void)
{
	unsigned char page[PATTERN_PAGE];
	bool first = true;
	size_t n;

	while ((n = fread(page, 1, sizeof(page), stdin)) == sizeof(page)) {
		print_hash(page, first);
		first = false;
	}
	putchar('\n');
	if (ferror(stdin) || n) {
		fputs("pattern: stdin is no whole number of 4096-byte pages\n", stderr);
		exit(EXIT_TROUBLE);
	}
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "hash"))
		range(argv + 2, false);
	else if (argc == 5 && !strcmp(argv[1], "bytes"))
		range(argv + 2, true);
	else if (argc == 3 && !strcmp(argv[1], "zero"))
		zeros(number(argv[2]));
	else if (argc == 2 && !strcmp(argv[1], "sum"))
		sum();
	else
		fail_usage();
	if (fflush(stdout) || ferror(stdout)) {
		perror("pattern: cannot write to stdout");
		return EXIT_TROUBLE;
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Reads a verb's arguments, its synopsis being the grammar. */
#include "args.h"
#include "say.h"
#include "verbs.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* True when @word is one of the alternatives of "a|b|c". */
static bool literal_fits(const char *alternatives, const char *word)
{
	size_t length = strlen(word);

	for (;;) {
		size_t next = strcspn(alternatives, "|");

		if (next == length && !memcmp(alternatives, word, length))
			return true;
		if (!alternatives[next])
			return false;
		alternatives += next + 1;
	}
}

static bool is_value(const char *name)
{
	return isupper((unsigned char)name[0]);
}

/* Whether an optional group that starts with @name is there, going by the next word alone. */
static bool group_given(const char *name, const char *next)
{
	if (!next)
		return false;
	if (!is_value(name))
		return literal_fits(name, next);
	/* A word that is a verb is the next verb: "hold touch" waits, then touches. */
	if (verb_named(next) || !strcmp(next, "}"))
		return false;
	return kind_fits(kind_of(name), next);
}

/* Cuts the synopsis into names; opens[i] and closes[i] say where the optional groups are. */
static void cut(struct args *args, const char *synopsis, bool *opens, bool *closes)
{
	char *word, *rest = args->words;

	if ((size_t)snprintf(args->words, sizeof(args->words), "%s", synopsis) >=
	    sizeof(args->words))
		trouble("the synopsis '%s' is too long; make args.words longer", synopsis);
	while ((word = strsep(&rest, " "))) {
		size_t length = strlen(word);

		if (!length)
			continue;
		if (args->count == ARGS_MAX)
			trouble("the synopsis '%s' has too many words; raise ARGS_MAX", synopsis);
		opens[args->count] = word[0] == '[';
		closes[args->count] = word[length - 1] == ']';
		if (closes[args->count])
			word[length - 1] = '\0';
		args->at[args->count].name = word + opens[args->count];
		args->count++;
	}
}

unsigned int args_parse(struct args *args, const char *verb, const char *synopsis, char **argv)
{
	bool opens[ARGS_MAX] = {false}, closes[ARGS_MAX] = {false};
	unsigned int taken = 0;

	memset(args, 0, sizeof(*args));
	cut(args, synopsis, opens, closes);
	for (unsigned int i = 0; i < args->count; i++) {
		const char *name = args->at[i].name, *word = argv[taken];

		if (opens[i] && !group_given(name, word)) {
			while (!closes[i])
				i++;
			continue;
		}
		if (!word)
			usage_error("%s: %s is missing; write: %s %s", verb, name, verb, synopsis);
		args->at[i].text = word;
		taken++;
		if (!is_value(name)) {
			if (!literal_fits(name, word))
				usage_error("%s: '%s' stands where '%s' belongs; write: %s %s",
					    verb, word, name, verb, synopsis);
			if (!strcmp(name, "{"))
				break;
		} else if (!kind_value(kind_of(name), word, &args->at[i].number)) {
			usage_error("%s: %s cannot be '%s'; give %s", verb, name, word,
				    kind_of(name)->wanted);
		}
	}
	return taken;
}

static unsigned int find(const struct args *args, const char *name)
{
	for (unsigned int i = 0; i < args->count; i++)
		if (!strcmp(args->at[i].name, name))
			return i;
	trouble("a verb asks for %s, which its synopsis in verbs.c does not have", name);
}

bool arg_given(const struct args *args, const char *name)
{
	return args->at[find(args, name)].text;
}

uint64_t arg_number(const struct args *args, const char *name, uint64_t otherwise)
{
	unsigned int i = find(args, name);

	return args->at[i].text ? args->at[i].number : otherwise;
}

const char *arg_text(const struct args *args, const char *name, const char *otherwise)
{
	unsigned int i = find(args, name);

	return args->at[i].text ? args->at[i].text : otherwise;
}

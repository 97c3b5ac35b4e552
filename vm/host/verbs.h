/* SPDX-License-Identifier: GPL-2.0-only */
/* What can be asked of a machine that is kept: the verbs of `vm` that go over the control socket.
 */
#ifndef VM_VERBS_H
#define VM_VERBS_H

#include "machine.h"

struct verb_call {
	struct machine *machine;
	int argc;
	char **argv;	   /* argv[0] is the verb */
	struct bytes data; /* what the client read from a file or stdin */
	struct bytes out, err;
};

struct verb {
	const char *name, *arguments, *help;
	/* index of the argument that names a local file which the client sends; 0: none; -1: stdin
	 */
	int sends;
	int least; /* arguments at least, the verb not counted */
	int (*serve)(struct verb_call *call);
};

extern const struct verb verbs[];

/* verb_find - the verb of that name, or NULL. */
const struct verb *verb_find(const char *name);

/* say - appends formatted text to one of a call's outputs. */
void say(struct bytes *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

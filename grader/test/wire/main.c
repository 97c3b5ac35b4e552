/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A qemu-system-x86_64 for the PATH of `vm` that is none: it replays a recorded session, see
 * session.h, with a fault in it if FAULT says so, see fault.h. Or it stands between `vm` and a real
 * QEMU, and records. In the environment:
 *
 *	REPLAY=FILE	plays FILE.booted, or FILE.restored for a machine that is to be restored
 *	RECORD=FILE	writes them, of what is said to and by the QEMU whose path is in QEMU
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "replay.h"

/* Of all that vm says to QEMU only this matters here: which descriptors are the wires. */
static void find_wires(char *argv[], int host[WIRES])
{
	static const char *const prefix[] = {[CONSOLE] = "socket,id=console,fd=",
					     [AGENT] = "socket,id=agent,fd=",
					     [MONITOR] = "socket,id=monitor,fd="};

	for (int wire = 0; wire < WIRES; wire++) {
		size_t length = strlen(prefix[wire]);

		host[wire] = -1;
		for (char **word = argv; *word; word++)
			if (!strncmp(*word, prefix[wire], length))
				host[wire] = (int)strtol(*word + length, NULL, 10);
		if (host[wire] < 0)
			errx(1, "no %s… on the command line", prefix[wire]);
	}
}

static char *session_path(char *argv[], const char *name)
{
	const char *kind = "booted";
	char *path;

	for (char **word = argv; *word; word++)
		if (!strcmp(*word, "-incoming"))
			kind = "restored";
	if (asprintf(&path, "%s.%s", name, kind) < 0)
		err(1, "%s", name);
	return path;
}

int main(int argc, char *argv[])
{
	const char *recorded = getenv("RECORD"), *played = getenv("REPLAY");
	struct session session;
	int host[WIRES];

	(void)argc;
	find_wires(argv, host);
	if (recorded) {
		FILE *to = fopen(session_path(argv + 1, recorded), "we");

		argv[0] = getenv("QEMU");
		if (!argv[0] || !to)
			err(1, "RECORD=%s", recorded);
		tap(argv, host, to);
	}
	if (!played)
		errx(1, "neither REPLAY nor RECORD names a session");
	session = session_read(session_path(argv, played));
	replay(&session, host, fault_of(getenv("FAULT")));
}

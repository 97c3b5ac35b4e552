/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vm - start a throw-away machine, ask it things, end it.
 *
 * `vm start DIR` leaves a keeper process behind (keeper.h); every other verb is a client of that
 * keeper. No verb knows a lab.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keeper.h"
#include "qemu.h"
#include "session.h"
#include "verbs.h"

static const char start_help[] =
	"usage: vm start DIR [--kernel 6.1|6.12] [--cpus 1|2] [--dirty] [--pci] [--cold]\n"
	"                    [--owner PID] [--accel auto|tcg|kvm] [--gdb SOCKET]\n"
	"                    [--program FILE] [--prepare WORDS] [--keepable] [--from DIR] [--print]\n"
	"  a fresh machine, kept in DIR: console.log, qemu.cmd, accel, up_ms, scale (of every\n"
	"  deadline, by how slow the host is); at its end fate, qemu_ms\n"
	"  --dirty   fresh memory is not zero: slub_debug=FZPU init_on_alloc=0\n"
	"  --pci     with edu and ivshmem-plain (4 MiB)\n"
	"  --cold    boot; otherwise restore the snapshot (SNAPSHOT=0 in the environment: the same)\n"
	"  --owner   the machine ends with this process (default: the caller)\n"
	"  --program FILE of the host, static, stands by: see run; DIR/program is its name in the guest\n"
	"  --prepare WORDS  the program is run with them before the snapshot is taken; what it said is\n"
	"            in DIR/prepared\n"
	"  --keepable    vm keep can make it a snapshot, from which --from DIR starts others\n"
	"  --gdb     QEMU's gdb stub listens on this socket\n"
	"  --print   only print the QEMU command line\n";

static int help(FILE *to, int status)
{
	fputs(start_help, to);
	for (const struct verb *verb = verbs; verb->name; verb++)
		fprintf(to, "usage: vm %s DIR %s\n  %s\n", verb->name, verb->arguments, verb->help);
	fputs("usage: vm attach DIR\n  a shell in the guest; Ctrl-] leaves it\n"
	      "usage: vm session\n  many verbs, one process: on stdin the number of words and a newline,\n"
	      "  then VERB, DIR and so on, each ended by a zero byte; on stdout exit status and lengths\n"
	      "  of both outputs, a newline, the outputs. Not for phys and shmem, whose data are bytes.\n"
	      "exit status: the program's own; 120 panic, 121 hang, 122 lost, 123 the kit's trouble,\n"
	      "  124 the program was too slow and was killed, 125 usage, 128+N signal N; a call that\n"
	      "  the guest refuses prints errno=NAME and exits 1\n",
	      to);
	return status;
}

static int print_line(const struct profile *profile)
{
	struct machine machine = {.profile = *profile};
	char *line = qemu_line(&machine, profile->cold ? MEMORY_BOOTED : MEMORY_PRIVATE);

	fputs(line, stdout);
	free(line);
	return 0;
}

static const char *value(int argc, char *argv[], int *at)
{
	if (*at + 1 >= argc)
		exit(help(stderr, EXIT_USAGE));
	return argv[++*at];
}

static int start(int argc, char *argv[])
{
	const char *wish = getenv("ACCEL"), *snapshot = getenv("SNAPSHOT");
	struct profile profile = {.kernel = "6.1", .cpus = 1};
	uint64_t owner = (uint64_t)getppid(), cpus;
	bool print = false;

	profile.cold = snapshot && !strcmp(snapshot, "0");
	if (!wish || !*wish)
		wish = "auto";
	for (int i = 3; i < argc; i++) {
		if (!strcmp(argv[i], "--kernel")) {
			profile.kernel = value(argc, argv, &i);
		} else if (!strcmp(argv[i], "--cpus") && number(value(argc, argv, &i), 2, &cpus) &&
			   cpus) {
			profile.cpus = (unsigned int)cpus;
		} else if (!strcmp(argv[i], "--dirty")) {
			profile.dirty = true;
		} else if (!strcmp(argv[i], "--pci")) {
			profile.pci = true;
		} else if (!strcmp(argv[i], "--cold")) {
			profile.cold = true;
		} else if (!strcmp(argv[i], "--owner")) {
			if (!number(value(argc, argv, &i), 1u << 30, &owner))
				return help(stderr, EXIT_USAGE);
		} else if (!strcmp(argv[i], "--accel")) {
			wish = value(argc, argv, &i);
		} else if (!strcmp(argv[i], "--program")) {
			profile.program = realpath(value(argc, argv, &i), NULL);
			if (!profile.program)
				die("%s:", argv[i]);
		} else if (!strcmp(argv[i], "--prepare")) {
			profile.prepare = value(argc, argv, &i);
		} else if (!strcmp(argv[i], "--keepable")) {
			profile.keepable = true;
		} else if (!strcmp(argv[i], "--from")) {
			profile.from = value(argc, argv, &i);
		} else if (!strcmp(argv[i], "--gdb")) {
			profile.gdb = value(argc, argv, &i);
		} else if (!strcmp(argv[i], "--print")) {
			print = true;
		} else {
			fprintf(stderr, "vm: start knows no %s\n%s", argv[i], start_help);
			return EXIT_USAGE;
		}
	}
	if (strcmp(profile.kernel, "6.1") && strcmp(profile.kernel, "6.12")) {
		fprintf(stderr, "vm: --kernel %s: this kit has 6.1 and 6.12\n", profile.kernel);
		return EXIT_USAGE;
	}
	if (strcmp(wish, "auto") && strcmp(wish, "tcg") && strcmp(wish, "kvm")) {
		fprintf(stderr, "vm: ACCEL=%s: choose auto, tcg or kvm\n", wish);
		return EXIT_USAGE;
	}
	return print ? print_line(&profile) : keeper_start(argv[2], &profile, (pid_t)owner, wish);
}

int main(int argc, char *argv[])
{
	struct bytes out = {0}, err = {0};
	int status;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help")))
		return help(stdout, 0);
	if (argc == 2 && !strcmp(argv[1], "session"))
		return session();
	if (argc < 3)
		return help(stderr, EXIT_USAGE);
	if (!strcmp(argv[1], "start"))
		return start(argc, argv);
	if (!strcmp(argv[1], "attach"))
		return keeper_attach(argv[2]);
	if (!verb_find(argv[1]) || argc - 3 < verb_find(argv[1])->least)
		return help(stderr, EXIT_USAGE);
	status = keeper_command(argc, argv, &out, &err);
	if (!send_all(STDOUT_FILENO, out.data, out.length) ||
	    !send_all(STDERR_FILENO, err.data, err.length))
		return EXIT_BROKEN;
	return status;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* The process that keeps a machine; keeper.h is the manual. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "accel.h"
#include "guest.h"
#include "keeper.h"
#include "kept.h"
#include "qemu.h"
#include "relay.h"
#include "snapshot.h"
#include "verbs.h"

#define CLIENT_MS 10000 /* a client is local and sends at once */

/* To whoever started us, until the machine is up: a letter (progress, failure, done) and text. */
static int starter = -1;

static void report(char kind, const char *what)
{
	dprintf(starter, "%c%s\n", kind, what);
}

static void progress(const char *what)
{
	report('p', what);
}

/* The folder is the working directory: a socket's path must be short, a folder's need not be. */
static struct sockaddr_un control_address(void)
{
	return (struct sockaddr_un){.sun_family = AF_UNIX, .sun_path = "ctl"};
}

static int listen_here(void)
{
	struct sockaddr_un address = control_address();
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	unlink(address.sun_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 16))
		die("ctl:");
	return fd;
}

/* Reads one frame from a client; false when it sends nothing sensible in time. */
static bool receive(int client, struct frame_reader *reader, struct frame *frame)
{
	int64_t until = now_ms() + CLIENT_MS;
	uint8_t buffer[65536];
	int whole;

	while (!(whole = frame_read(reader, frame))) {
		int64_t left = until - now_ms();
		ssize_t got;

		if (left <= 0 ||
		    poll(&(struct pollfd){.fd = client, .events = POLLIN}, 1, (int)left) <= 0)
			return false;
		got = read(client, buffer, sizeof(buffer));
		if (got <= 0)
			return false;
		bytes_add(&reader->in, buffer, (size_t)got);
	}
	return whole > 0;
}

static void answer(int client, int status, struct bytes *out, struct bytes *err)
{
	struct frame head = {.op = OP_VERB, .status = (uint32_t)status};
	struct bytes payload = {0};

	bytes_field(&payload, out->data, out->length);
	bytes_field(&payload, err->data, err->length);
	frame_send(client, &head, &payload);
	bytes_free(&payload);
}

/*
 * The last that happens in the folder, before anybody hears of our end: who does may start the
 * next machine there at once, and its ctl and fate are not ours.
 */
static void leave_folder(const struct machine *machine)
{
	char *line = text("%s %s\n", fate_word(machine->fate), machine->why);

	write_file("fate", line, strlen(line));
	free(line);
	line = text("%ld\n", machine->qemu_ms);
	write_file("qemu_ms", line, strlen(line));
	free(line);
	unlink("ctl");
}

/* Serves one client. True when the machine has ended with this. */
static bool serve(struct machine *machine, int client)
{
	struct frame_reader reader = {0};
	struct verb_call call = {.machine = machine};
	const struct verb *verb;
	struct frame frame;
	const uint8_t *data;
	size_t length;
	char *argv[600];
	bool last = false;
	int status = EXIT_USAGE;

	call.argv = argv;
	if (!receive(client, &reader, &frame) || !fields_next(&frame.payload, &data, &length))
		goto out;
	bytes_add(&call.data, data, length);
	while (call.argc < 599 && (argv[call.argc] = fields_text(&frame.payload)))
		call.argc++;
	argv[call.argc] = NULL;
	if (call.argc && !strcmp(argv[0], "attach")) {
		relay_shell(machine, client);
		goto out;
	}
	if (call.argc && !strcmp(argv[0], "lend")) {
		kept_lend(machine, client);
		goto out;
	}
	verb = call.argc ? verb_find(argv[0]) : NULL;
	if (!verb || call.argc - 1 < verb->least)
		say(&call.err, "vm: unknown verb or too few arguments; see: vm --help\n");
	else
		status = verb->serve(&call);
	last = verb && !strcmp(verb->name, "stop");
	if (last)
		leave_folder(machine);
	answer(client, status, &call.out, &call.err);
out:
	while (call.argc)
		free(argv[--call.argc]);
	bytes_free(&reader.in);
	bytes_free(&call.data);
	bytes_free(&call.out);
	bytes_free(&call.err);
	return last;
}

/* However the devices came to be: to enable edu is left to the driver. */
static void bring_up_devices(struct machine *machine)
{
	static const char off[6]; /* its ids, which are not writable, and the command register */

	if (machine->profile.cold) /* a BIOS enables what it finds */
		guest_write(machine, "/sys/bus/pci/devices/0000:00:" EDU_SLOT ".0/config", off,
			    sizeof(off));
	else /* they are on the command line, but the guest booted without them */
		guest_write(machine, "/sys/bus/pci/rescan", "1", 1);
}

static bool bring_up(struct machine *machine)
{
	if (machine->profile.from   ? !snapshot_resume(machine)
	    : machine->profile.cold ? !snapshot_boot(machine)
				    : !snapshot_restore(machine, progress))
		return false;
	if (!machine->profile.pci)
		return true;
	bring_up_devices(machine);
	return machine->fate == FATE_ALIVE;
}

static void note_line(const struct machine *machine)
{
	char *line = qemu_line(machine, machine->profile.cold ? MEMORY_BOOTED : MEMORY_PRIVATE);

	write_file("qemu.cmd", line, strlen(line));
	free(line);
}

/* How long it took until the agent answered, and what that makes of every deadline. */
static void note_pace(const struct machine *machine)
{
	char *ms = text("%lld\n", (long long)(now_ms() - machine->born));
	char *scale = text("%u\n", machine->scale);

	write_file("up_ms", ms, strlen(ms));
	write_file("scale", scale, strlen(scale));
	free(ms);
	free(scale);
}

static void keep(const char *folder, struct machine *machine, const char *accel)
{
	int control;
	char *why;

	setsid();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	if (machine->profile.from)
		kept_borrow(machine);
	if (chdir(folder))
		die("%s:", folder);
	machine->profile.kvm = accel_choose(accel, machine->profile.kernel, &why, progress);
	machine->log = open("console.log", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (machine->log < 0)
		die("console.log:");
	send_all(machine->log, machine->before.data, machine->before.length);
	control = listen_here();
	note_line(machine);
	write_file("accel", why, strlen(why));
	if (!bring_up(machine)) {
		if (machine->fate == FATE_ALIVE)
			machine->fate = FATE_BROKEN;
		machine_kill(machine);
		leave_folder(machine);
		report('f', machine->why);
		exit(EXIT_BROKEN);
	}
	note_pace(machine);
	write_file("program", machine->standby.path, strlen(machine->standby.path));
	write_file("prepared", machine->standby.prepared, strlen(machine->standby.prepared));
	report('d', "");
	close(starter);
	for (bool last = false; !last;) {
		int client;

		machine_pump(machine, INT64_MAX, control);
		if (poll(&(struct pollfd){.fd = control, .events = POLLIN}, 1, 0) <= 0)
			continue;
		client = accept4(control, NULL, NULL, SOCK_CLOEXEC);
		if (client < 0)
			continue;
		last = serve(machine, client);
		close(client);
	}
	exit(0);
}

/* Prints what the keeper says while it brings the machine up; the exit status of `vm start`. */
static int follow(int keeper)
{
	FILE *from = fdopen(keeper, "r");
	int status = EXIT_BROKEN;
	char line[4096];

	while (from && fgets(line, sizeof(line), from)) {
		if (line[0] == 'd') {
			status = 0;
			break;
		}
		fprintf(stderr, "vm: %s", line[0] == 'p' || line[0] == 'f' ? line + 1 : line);
	}
	return status;
}

int keeper_start(const char *folder, const struct profile *profile, pid_t owner, const char *accel)
{
	struct machine machine = {
		.profile = *profile, .owner_fd = pidfd_open(owner, 0), .state = -1};
	int ends[2], nothing;

	if (machine.owner_fd < 0)
		die("the owner, process %d, is not there:", (int)owner);
	if (mkdir(folder, 0755) && errno != EEXIST)
		die("%s:", folder);
	if (pipe2(ends, O_CLOEXEC))
		die("pipe:");
	switch (fork()) {
	case -1:
		die("fork:");
	case 0:
		/* Nothing of the starter's stays open here: bats would wait for it. */
		nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
		starter = fcntl(ends[1], F_DUPFD_CLOEXEC, 200);
		machine.owner_fd = fcntl(machine.owner_fd, F_DUPFD_CLOEXEC, 201);
		dup2(nothing, 0);
		dup2(nothing, 1);
		dup2(starter, 2);
		close_range(3, 199, 0);
		close_range(202, ~0u, 0);
		keep(folder, &machine, accel);
	}
	close(ends[1]);
	return follow(ends[0]);
}

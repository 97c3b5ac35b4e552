/* SPDX-License-Identifier: GPL-2.0-only */
/* The poll loop around one QEMU; machine.h is the manual. */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine.h"

#define LOG_MAX (4u << 20) /* a flood of messages must not fill the disk */
#define TAIL_KEPT 16384

static const struct {
	const char *word;
	int exit;
} fates[] = {
	[FATE_ALIVE] = {"alive", 0},
	[FATE_PANIC] = {"panic", EXIT_PANIC},
	[FATE_HANG] = {"hang", EXIT_HANG},
	[FATE_LOST] = {"lost", EXIT_LOST},
	[FATE_BROKEN] = {"broken", EXIT_BROKEN},
	[FATE_KEPT] = {"kept", 0},
	[FATE_ENDED] = {"ended", EXIT_USAGE},
};

const char *fate_word(enum fate fate)
{
	return fates[fate].word;
}

int fate_exit(enum fate fate)
{
	return fates[fate].exit;
}

void machine_ends(struct machine *machine, enum fate fate, const char *format, ...)
{
	va_list list;

	if (machine->fate != FATE_ALIVE)
		return;
	machine->fate = fate;
	va_start(list, format);
	vsnprintf(machine->why, sizeof(machine->why), format, list);
	va_end(list);
}

/* How die() ends its first line on x86: an error code and a count, "Oops: 0002 [#1]". */
static bool says_oops(const struct bytes *tail)
{
	const uint8_t *at = tail->data, *end = at + tail->length;

	while (at && (at = memmem(at, (size_t)(end - at), " [#", 3))) {
		if (at - tail->data >= 6 && !memcmp(at - 6, ": ", 2) && isxdigit(at[-4]) &&
		    isxdigit(at[-1]))
			return true;
		at++;
	}
	return false;
}

/* Every line begins with the seconds since the machine was started. */
static void log_console(struct machine *machine, const uint8_t *data, size_t length)
{
	int64_t age = now_ms() - machine->born;
	struct bytes out = {0};
	char stamp[32];

	bytes_add(&machine->tail, data, length);
	if (machine->tail.length > TAIL_KEPT)
		bytes_drop(&machine->tail, machine->tail.length - TAIL_KEPT);
	machine->spoke = now_ms();
	machine->oopsed = machine->oopsed || says_oops(&machine->tail);
	if (machine->logged >= LOG_MAX)
		return;
	for (size_t i = 0; i < length; i++) {
		if (data[i] == '\r')
			continue;
		if (!machine->line_open) {
			snprintf(stamp, sizeof(stamp), "[%4lld.%03lld] ", (long long)age / 1000,
				 (long long)age % 1000);
			bytes_add(&out, stamp, strlen(stamp));
		}
		bytes_add(&out, &data[i], 1);
		machine->line_open = data[i] != '\n';
	}
	machine->logged += out.length;
	if (machine->logged >= LOG_MAX)
		bytes_add(&out, "\n(the rest of a flood is left out)\n", 35);
	/* A full disk must not end the machine: the verdict does not depend on the log. */
	send_all(machine->log, out.data, out.length);
	bytes_free(&out);
}

/* Takes what is there, appends it to @to or to the log; false at the end of the stream. */
static bool take(struct machine *machine, int fd, struct bytes *to)
{
	uint8_t buffer[65536];
	ssize_t got = read(fd, buffer, sizeof(buffer));

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (to)
		bytes_add(to, buffer, (size_t)got);
	else
		log_console(machine, buffer, (size_t)got);
	return got > 0;
}

/* Takes QEMU's exit status, and what it cost. */
static int bury(struct machine *machine)
{
	struct rusage cost = {0};
	int status = 0;

	wait4(machine->qemu, &status, 0, &cost);
	machine->qemu = 0;
	machine->qemu_ms = (cost.ru_utime.tv_sec + cost.ru_stime.tv_sec) * 1000 +
			   (cost.ru_utime.tv_usec + cost.ru_stime.tv_usec) / 1000;
	return status;
}

/* QEMU has ended by itself: the kernel's last words on the console say whether it was a panic. */
static void name_the_end(struct machine *machine)
{
	int status;

	while (take(machine, machine->console, NULL))
		if (poll(&(struct pollfd){.fd = machine->console, .events = POLLIN}, 1, 0) <= 0)
			break;
	status = bury(machine);
	if (WIFSIGNALED(status) || WEXITSTATUS(status))
		machine_ends(machine, FATE_BROKEN, "QEMU itself failed, see qemu.log");
	else if (memmem(machine->tail.data, machine->tail.length, "Kernel panic - not syncing", 26))
		machine_ends(machine, FATE_PANIC, "the kernel panicked");
	else
		machine_ends(machine, FATE_LOST, "the machine ended without the agent's last word");
}

void machine_pump(struct machine *machine, int64_t until, int extra)
{
	struct pollfd fds[] = {
		{.fd = machine->console, .events = POLLIN},
		{.fd = machine->agent, .events = POLLIN},
		{.fd = machine->monitor, .events = POLLIN},
		{.fd = machine->qemu ? machine->qemu_fd : -1, .events = POLLIN},
		{.fd = machine->owner_fd, .events = POLLIN},
		{.fd = extra, .events = POLLIN},
	};
	int64_t left = until - now_ms();

	if (poll(fds, sizeof(fds) / sizeof(*fds),
		 left < 0	  ? 0
		 : left > 3600000 ? -1
				  : (int)left) <= 0)
		return;
	if (fds[4].revents) {
		machine_kill(machine);
		exit(0);
	}
	if (fds[0].revents && !take(machine, machine->console, NULL))
		machine->console = -1;
	if (fds[1].revents && !take(machine, machine->agent, &machine->heard.in))
		machine->agent = -1;
	if (fds[2].revents && !take(machine, machine->monitor, &machine->said_qmp))
		machine->monitor = -1;
	if (fds[3].revents)
		name_the_end(machine);
}

void machine_kill(struct machine *machine)
{
	if (!machine->qemu)
		return;
	kill(machine->qemu, SIGKILL);
	bury(machine);
	if (machine->console >= 0)
		while (poll(&(struct pollfd){.fd = machine->console, .events = POLLIN}, 1, 0) > 0 &&
		       take(machine, machine->console, NULL))
			;
}

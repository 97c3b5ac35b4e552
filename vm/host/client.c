/* SPDX-License-Identifier: GPL-2.0-only */
/* The client's side of the control socket; keeper.h is the manual. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "keeper.h"

#define DETACH 0x1d /* Ctrl-] */

int keeper_connect(const char *folder, char *const argv[], int argc, const struct bytes *data)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "ctl"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct frame head = {.op = OP_VERB};
	struct bytes payload = {0};

	if (chdir(folder))
		die("%s:", folder);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		die("no machine is kept in %s; start one with: vm start %s --kernel 6.1", folder,
		    folder);
	bytes_field(&payload, data->data, data->length);
	for (int i = 0; i < argc; i++)
		bytes_text(&payload, argv[i]);
	if (!frame_send(fd, &head, &payload))
		die("%s:", folder);
	bytes_free(&payload);
	return fd;
}

int keeper_ask(const char *folder, char *const argv[], int argc, const struct bytes *data)
{
	struct frame_reader reader = {0};
	struct frame frame;
	uint8_t buffer[65536];
	const uint8_t *said;
	size_t length;
	ssize_t got;
	int fd = keeper_connect(folder, argv, argc, data);

	while (frame_read(&reader, &frame) != 1) {
		got = read(fd, buffer, sizeof(buffer));
		if (got <= 0)
			die("the machine's keeper ended before it answered");
		bytes_add(&reader.in, buffer, (size_t)got);
	}
	for (int to = STDOUT_FILENO; to <= STDERR_FILENO; to++)
		if (fields_next(&frame.payload, &said, &length) && !send_all(to, said, length))
			return EXIT_BROKEN;
	return (int)frame.status;
}

static struct termios cooked;

static void cook(void)
{
	tcsetattr(0, TCSANOW, &cooked);
}

int keeper_attach(const char *folder)
{
	char *const argv[] = {(char[]){"attach"}};
	const struct bytes nothing = {0};
	int fd = keeper_connect(folder, argv, 1, &nothing);
	struct termios raw;
	char buffer[4096];
	ssize_t got;

	if (isatty(0)) {
		tcgetattr(0, &cooked);
		raw = cooked;
		cfmakeraw(&raw);
		tcsetattr(0, TCSANOW, &raw);
		atexit(cook);
	}
	for (;;) {
		struct pollfd fds[] = {{.fd = 0, .events = POLLIN}, {.fd = fd, .events = POLLIN}};

		poll(fds, 2, -1);
		if (fds[0].revents) {
			got = read(0, buffer, sizeof(buffer));
			if (got <= 0 || memchr(buffer, DETACH, (size_t)got))
				return 0;
			send_all(fd, buffer, (size_t)got);
		}
		if (fds[1].revents) {
			got = read(fd, buffer, sizeof(buffer));
			if (got <= 0)
				return 0;
			send_all(1, buffer, (size_t)got);
		}
	}
}

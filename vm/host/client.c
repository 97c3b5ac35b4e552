/* SPDX-License-Identifier: GPL-2.0-only */
/* The client's side of the control socket; keeper.h is the manual. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "keeper.h"
#include "verbs.h"

#define DETACH 0x1d /* Ctrl-] */

int keeper_connect(const char *folder, char *const argv[], int argc, const struct bytes *data)
{
	int there = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct frame head = {.op = OP_VERB};
	struct bytes payload = {0};

	if (there < 0)
		die("%s:", folder);
	/* A socket's path must be short, a folder's need not be. */
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/ctl", there);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		die("no machine is kept in %s; start one with: vm start %s --kernel 6.1", folder,
		    folder);
	close(there);
	bytes_field(&payload, data->data, data->length);
	for (int i = 0; i < argc; i++)
		bytes_text(&payload, argv[i]);
	if (!frame_send(fd, &head, &payload))
		die("%s:", folder);
	bytes_free(&payload);
	return fd;
}

int keeper_ask(const char *folder, char *const argv[], int argc, const struct bytes *data,
	       struct bytes *out, struct bytes *err)
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
	close(fd);
	if (fields_next(&frame.payload, &said, &length))
		bytes_add(out, said, length);
	if (fields_next(&frame.payload, &said, &length))
		bytes_add(err, said, length);
	bytes_free(&reader.in);
	return (int)frame.status;
}

int keeper_command(int argc, char *argv[], struct bytes *out, struct bytes *err)
{
	const struct verb *verb = argc > 2 ? verb_find(argv[1]) : NULL;
	char *folder = argv[2];
	struct bytes data = {0};
	int status;

	if (!verb || argc - 3 < verb->least)
		return EXIT_USAGE;
	if (verb->sends > 0 && !read_file(argv[2 + verb->sends], &data))
		die("%s:", argv[2 + verb->sends]);
	if (verb->sends < 0 && !strcmp(argv[3], "write") && !read_file(NULL, &data))
		die("stdin:");
	/* The keeper wants the verb and its arguments without the folder in between. */
	argv[2] = argv[1];
	status = keeper_ask(folder, argv + 2, argc - 2, &data, out, err);
	argv[2] = folder;
	bytes_free(&data);
	return status;
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

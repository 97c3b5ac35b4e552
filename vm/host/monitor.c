/* SPDX-License-Identifier: GPL-2.0-only */
/* QEMU's monitor; monitor.h is the manual. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "monitor.h"

/*
 * The next line QEMU said, or NULL. QMP puts the kind of an object first ({"return": …, {"error":
 * …), which is all we need to know of it: no JSON is parsed here.
 */
static char *next_line(struct machine *machine)
{
	struct bytes *said = &machine->said_qmp;
	const char *end = said->length ? memchr(said->data, '\n', said->length) : NULL;
	char *line;

	if (!end)
		return NULL;
	line = text("%.*s", (int)(end - (char *)said->data), (char *)said->data);
	bytes_drop(said, (size_t)(end - (char *)said->data) + 1);
	return line;
}

/* One sendmsg(2): a descriptor travels beside the bytes of the command that names it. */
static bool send_with(int monitor, char *line, int fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)),
			      .cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS}};
	struct iovec bytes = {line, strlen(line)};
	struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};

	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control.room);
	}
	return sendmsg(monitor, &message, MSG_NOSIGNAL) == (ssize_t)bytes.iov_len;
}

static char *ask(struct machine *machine, const char *command, const char *arguments, int fd,
		 int64_t until)
{
	char *line = arguments ? text("{\"execute\":\"%s\",\"arguments\":%s}\n", command, arguments)
			       : text("{\"execute\":\"%s\"}\n", command);
	bool sent = send_with(machine->monitor, line, fd);

	free(line);
	while (sent && machine->fate == FATE_ALIVE) {
		while ((line = next_line(machine))) {
			if (!strncmp(line, "{\"return\"", 9))
				return line;
			if (!strncmp(line, "{\"error\"", 8)) {
				snprintf(machine->why, sizeof(machine->why), "%s: %s", command,
					 line);
				free(line);
				return NULL;
			}
			free(line);
		}
		if (now_ms() >= until) {
			snprintf(machine->why, sizeof(machine->why), "QEMU did not answer %s",
				 command);
			return NULL;
		}
		machine_pump(machine, until, -1);
	}
	return NULL;
}

char *monitor_ask(struct machine *machine, const char *command, const char *arguments,
		  int64_t until)
{
	return ask(machine, command, arguments, -1, until);
}

bool monitor_give(struct machine *machine, int fd, const char *name, int64_t until)
{
	char *arguments = text("{\"fdname\":\"%s\"}", name);
	char *reply = ask(machine, "getfd", arguments, fd, until);

	free(arguments);
	free(reply);
	return reply;
}

char *monitor_registers(struct machine *machine, int64_t until)
{
	return monitor_ask(machine, "human-monitor-command",
			   "{\"command-line\":\"info registers -a\"}", until);
}

bool monitor_resume(struct machine *machine, int64_t deadline_ms)
{
	char *reply = monitor_ask(machine, "cont", NULL, now_ms() + deadline_ms * machine->scale);

	free(reply);
	if (reply)
		machine->paused = false;
	return reply;
}

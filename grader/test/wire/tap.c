/* SPDX-License-Identifier: GPL-2.0-only */
/* A tap between the host and QEMU; tap.h is the manual. */
#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

/* One direction of one wire. */
struct way {
	enum wire wire;
	bool asks; /* from the host to the machine */
	int from, to;
	struct frame_reader heard; /* what is not yet a whole frame or line */
};

static pid_t start(char *argv[], const int host[WIRES], int near[WIRES])
{
	pid_t parent = getpid(), qemu;
	int pair[WIRES][2];

	for (int i = 0; i < WIRES; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair[i]))
			err(1, "socketpair");
		near[i] = pair[i][0];
	}
	qemu = fork();
	if (qemu < 0)
		err(1, "fork");
	if (!qemu) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		for (int i = 0; i < WIRES; i++)
			dup2(pair[i][1], host[i]);
		execv(argv[0], argv);
		err(1, "%s", argv[0]);
	}
	for (int i = 0; i < WIRES; i++)
		close(pair[i][1]);
	return qemu;
}

/* One message: what was said, and the descriptor beside it, because snapshots travel by one. */
struct parcel {
	uint8_t said[65536];
	size_t length;
	int fd; /* or -1 */
};

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

/* False at the end of the wire. */
static bool take(int from, struct parcel *parcel)
{
	union control control;
	struct iovec bytes = {parcel->said, sizeof(parcel->said)};
	struct msghdr message = {.msg_iov = &bytes,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control.room)};
	ssize_t got = recvmsg(from, &message, MSG_CMSG_CLOEXEC);

	if (got <= 0)
		return false;
	parcel->length = (size_t)got;
	parcel->fd = -1;
	if (message.msg_controllen)
		memcpy(&parcel->fd, CMSG_DATA(&control.head), sizeof(parcel->fd));
	return true;
}

static void hand_on(int to, struct parcel *parcel)
{
	union control control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)),
					  .cmsg_level = SOL_SOCKET,
					  .cmsg_type = SCM_RIGHTS}};
	struct iovec bytes = {parcel->said, parcel->length};
	struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};

	if (parcel->fd >= 0) {
		memcpy(CMSG_DATA(&control.head), &parcel->fd, sizeof(parcel->fd));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control.room);
	}
	if (sendmsg(to, &message, MSG_NOSIGNAL) != (ssize_t)parcel->length)
		err(1, "a wire");
	if (parcel->fd >= 0)
		close(parcel->fd);
}

static void note_frames(struct way *way, FILE *to)
{
	struct frame frame;

	while (frame_read(&way->heard, &frame) > 0) {
		struct event event = {.wire = AGENT, .asked = way->asks, .status = frame.status};

		if (way->asks)
			event.said = request_words(&frame);
		else
			bytes_add(&event.said, frame.payload.at, frame.payload.left);
		session_note(to, &event);
		bytes_free(&event.said);
	}
}

static void note_lines(struct way *way, FILE *to)
{
	struct event event = {.wire = way->wire, .asked = way->asks};

	while (session_line(&way->heard.in, &event.said)) {
		session_note(to, &event);
		bytes_free(&event.said);
	}
}

void tap(char *argv[], const int host[WIRES], FILE *to)
{
	int near[WIRES], status = 0;
	pid_t qemu = start(argv, host, near);
	/* The console comes first: what was on it before an answer is to be so again. */
	struct way ways[] = {
		{.wire = CONSOLE, .from = near[CONSOLE], .to = host[CONSOLE]},
		{.wire = MONITOR, .asks = true, .from = host[MONITOR], .to = near[MONITOR]},
		{.wire = MONITOR, .from = near[MONITOR], .to = host[MONITOR]},
		{.wire = AGENT, .asks = true, .from = host[AGENT], .to = near[AGENT]},
		{.wire = AGENT, .from = near[AGENT], .to = host[AGENT]},
	};
	enum { WAYS = sizeof(ways) / sizeof(*ways) };
	struct pollfd fds[WAYS];
	struct parcel parcel;
	bool open = true;

	for (int i = 0; i < WAYS; i++)
		fds[i] = (struct pollfd){.fd = ways[i].from, .events = POLLIN};
	while (open && poll(fds, WAYS, -1) > 0) {
		for (int i = 0; i < WAYS; i++) {
			if (!fds[i].revents)
				continue;
			open = take(ways[i].from, &parcel);
			if (!open)
				break;
			/* Noted first: with the last word in its hands the host kills us. */
			bytes_add(&ways[i].heard.in, parcel.said, parcel.length);
			if (ways[i].wire == AGENT)
				note_frames(&ways[i], to);
			else
				note_lines(&ways[i], to);
			hand_on(ways[i].to, &parcel);
		}
	}
	waitpid(qemu, &status, 0);
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

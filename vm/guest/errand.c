/* SPDX-License-Identifier: GPL-2.0-only */
/* The runner of errands; errand.h is the manual. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "errand.h"
#include "job.h"

static void (*begin)(void);
static errand_act *act_on;
static struct job *runner;
static int line = -1; /* to the runner; what goes over it are frames, as on the host's wire */

/* Appends what there is to read; false at the end of the line. */
static bool hear(int from, struct frame_reader *reader)
{
	static uint8_t buffer[65536];
	ssize_t got = read(from, buffer, sizeof(buffer));

	bytes_add(&reader->in, buffer, got > 0 ? (size_t)got : 0);
	return got > 0 || (got < 0 && errno == EINTR);
}

/* The runner's whole life. */
static void run(int requests)
{
	struct frame_reader reader = {0};
	struct frame frame;

	setsid();
	begin();
	bytes_reserve(&reader.in, FRAME_USUAL_MAX);
	while (hear(requests, &reader))
		while (frame_read(&reader, &frame) > 0) {
			struct bytes answer = {0};

			frame.status = act_on(frame.op, &frame.payload, &answer);
			frame_send(requests, &frame, &answer);
			bytes_free(&answer);
		}
	_exit(0);
}

/* Returns 0, or the errno for want of which there is no runner. */
static uint32_t start(void)
{
	int ends[2];
	pid_t pid;

	runner = job_slot();
	if (!runner)
		return EMFILE;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return (uint32_t)errno;
	pid = fork();
	if (!pid) {
		close(ends[0]);
		run(ends[1]);
	}
	close(ends[1]);
	line = ends[0];
	if (pid < 0) {
		close(line);
		return (uint32_t)errno;
	}
	*runner = (struct job){.pid = pid, .in = -1, .out = -1, .err = -1};
	return 0;
}

static void dismiss(void)
{
	job_forget(runner);
	runner = NULL;
	close(line);
}

/* Waits for one frame of the runner. False when it has died or the time is over. */
static bool heard(struct frame_reader *reader, struct frame *frame, int64_t until)
{
	int whole;

	while (!(whole = frame_read(reader, frame))) {
		struct pollfd fd = {.fd = line, .events = POLLIN};
		int64_t left = until - now_ms();

		if (poll(&fd, 1, left > 0 ? (int)left : 0) <= 0 || !hear(line, reader))
			return false;
	}
	return whole > 0;
}

uint32_t errand(uint32_t op, const struct fields *request, struct bytes *answer, uint32_t deadline)
{
	const struct bytes payload = {.data = (uint8_t *)(uintptr_t)request->at,
				      .length = request->left};
	int64_t until = now_ms() + deadline;
	struct frame_reader reader = {0};
	struct frame frame = {.op = op};
	uint32_t status = runner ? 0 : start();

	if (status)
		return status;
	if (frame_send(line, &frame, &payload) && heard(&reader, &frame, until)) {
		bytes_add(answer, frame.payload.at, frame.payload.left);
		status = frame.status;
	} else {
		while (!job_ended(runner) && now_ms() < until)
			jobs_pump(until);
		status = STATUS_KILLED;
		if (!job_ended(runner)) {
			job_put_down(runner);
			status = runner->state == JOB_STUCK ? STATUS_STUCK : ETIMEDOUT;
		}
		dismiss();
	}
	bytes_free(&reader.in);
	return status;
}

void errands_start(void (*settle)(void), errand_act *act)
{
	begin = settle;
	act_on = act;
	start();
}

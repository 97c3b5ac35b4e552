/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the host can ask of the guest. Facts only: whether something is right is decided outside.
 *
 * Everything that enters a student's code is an errand (errand.h) or a job, because it may oops or
 * never come back, and PID 1 must do neither.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "act.h"
#include "agent.h"
#include "errand.h"
#include "job.h"

#define ARGUMENTS_MAX 512
#define HEAP (9 * FRAME_USUAL_MAX / 4) /* bytes: a frame as it comes in, and as it goes on */

/* A restored guest has the clock and the random pool of its snapshot: both are set anew. */
static uint32_t hello(struct fields *request, struct bytes *answer)
{
	struct {
		struct rand_pool_info head;
		uint8_t entropy[64];
	} pool = {.head = {.entropy_count = 512, .buf_size = 64}};
	struct timespec now = {0};
	struct utsname name;
	const uint8_t *entropy;
	uint64_t ns;
	size_t length;
	int fd;

	if (!fields_u64(request, &ns) || !fields_next(request, &entropy, &length) || length != 64)
		return STATUS_MALFORMED;
	now.tv_sec = (time_t)(ns / 1000000000u);
	now.tv_nsec = (long)(ns % 1000000000u);
	clock_settime(CLOCK_REALTIME, &now);
	memcpy(pool.head.buf, entropy, length);
	fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, RNDADDENTROPY, &pool) || ioctl(fd, RNDRESEEDCRNG))
		return (uint32_t)errno;
	close(fd);
	uname(&name);
	bytes_text(answer, name.release);
	return 0;
}

static uint32_t started(int job, struct bytes *answer)
{
	if (job < 0)
		return (uint32_t)-job;
	bytes_u32(answer, (uint32_t)job);
	bytes_u32(answer, (uint32_t)job_find((uint32_t)job)->pid);
	return 0;
}

static uint32_t spawn(struct fields *request, struct bytes *answer)
{
	char *argv[ARGUMENTS_MAX + 1] = {0};
	uint32_t uid, status;
	size_t count = 0;

	if (!fields_u32(request, &uid))
		return STATUS_MALFORMED;
	while (count < ARGUMENTS_MAX && (argv[count] = fields_text(request)))
		count++;
	status = !count || request->left ? STATUS_MALFORMED
					 : started(job_spawn(argv, uid, NULL), answer);
	while (count)
		free(argv[--count]);
	return status;
}

static uint32_t shell(struct bytes *answer)
{
	char *const argv[] = {(char[]){"/bin/busybox"}, (char[]){"sh"}, (char[]){"-l"}, NULL};

	return started(job_spawn(argv, 0, "/dev/hvc0"), answer);
}

static uint32_t await(struct fields *request, struct bytes *answer, uint32_t deadline)
{
	struct job *job;
	uint32_t number;
	char *text;

	if (!fields_u32(request, &number))
		return STATUS_MALFORMED;
	job = job_find(number);
	if (!job)
		return ESRCH;
	text = fields_text(request);
	job_await(job, text, deadline);
	free(text);
	bytes_u32(answer, job->state);
	bytes_u32(answer, job->code);
	bytes_field(answer, job->said.data, job->said.length);
	bytes_field(answer, job->complained.data, job->complained.length);
	if (job->state != JOB_RUNNING)
		job_forget(job);
	return 0;
}

static uint32_t tell(struct fields *request, bool by_signal)
{
	struct job *job;
	const uint8_t *data;
	uint32_t number, signal_number;
	size_t length;

	if (!fields_u32(request, &number))
		return STATUS_MALFORMED;
	job = job_find(number);
	if (!job)
		return ESRCH;
	if (by_signal) {
		if (!fields_u32(request, &signal_number))
			return STATUS_MALFORMED;
		return kill(job->pid, (int)signal_number) ? (uint32_t)errno : 0;
	}
	if (!fields_next(request, &data, &length))
		return STATUS_MALFORMED;
	return send_all(job->in, data, length) ? 0 : (uint32_t)errno;
}

/*
 * Every page that we shall need, and ours alone, while a snapshot can still keep it: a restored
 * machine translates each kernel path it takes anew, and page faults and mmap() are long ones.
 */
static void memory_settle(void)
{
	struct bytes heap = {0};

	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, 2 * HEAP);
	bytes_reserve(&heap, HEAP);
	bytes_free(&heap);
	mlockall(MCL_CURRENT | MCL_FUTURE);
}

static uint32_t answer_to(struct frame *frame, struct bytes *answer)
{
	struct fields *request = &frame->payload;

	switch (frame->op) {
	case OP_HELLO:
		return hello(request, answer);
	case OP_PUT:
	case OP_GET:
	case OP_WRITE:
	case OP_LOAD:
	case OP_UNLOAD:
		return errand(frame->op, request, answer, frame->deadline);
	case OP_SPAWN:
		return spawn(request, answer);
	case OP_AWAIT:
		return await(request, answer, frame->deadline);
	case OP_SEND:
		return tell(request, false);
	case OP_KILL:
		return tell(request, true);
	case OP_SHELL:
		return shell(answer);
	case OP_END:
		return 0;
	default:
		return STATUS_MALFORMED;
	}
}

void agent_start(void)
{
	umask(0);
	jobs_start();
	errands_start(memory_settle, act);
	memory_settle(); /* after the fork, which made every page shared until written */
}

void agent_serve(int port)
{
	struct frame_reader reader = {0};
	struct frame frame;
	uint8_t buffer[65536];
	ssize_t got;

	bytes_reserve(&reader.in, FRAME_USUAL_MAX);
	while ((got = read(port, buffer, sizeof(buffer))) > 0 || (got < 0 && errno == EINTR)) {
		int whole;

		bytes_add(&reader.in, buffer, got > 0 ? (size_t)got : 0);
		while ((whole = frame_read(&reader, &frame)) > 0) {
			struct bytes answer = {0};

			frame.status = answer_to(&frame, &answer);
			frame_send(port, &frame, &answer);
			bytes_free(&answer);
		}
		if (whole < 0)
			return;
	}
}

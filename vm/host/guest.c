/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls to the agent; guest.h is the manual. */
#include <sys/random.h>
#include <time.h>

#include "guest.h"
#include "monitor.h"

/* Time for the agent to notice and report what is overdue in the guest, before we call it a hang.
 */
#define REPORT_MS 2000
#define OOPS_MS 1000 /* for an answer after an oops */

/*
 * A process that oopses may die with a lock that its own end waits for. Once the kernel has said so
 * and falls silent, there is nothing more to wait for.
 */
static int64_t patience(const struct machine *machine, int64_t asked, int64_t until)
{
	int64_t silent =
		(machine->spoke > asked ? machine->spoke : asked) + OOPS_MS * machine->scale;

	return machine->oopsed && silent < until ? silent : until;
}

bool guest_call(struct machine *machine, enum frame_op op, const struct bytes *payload,
		uint32_t deadline, struct frame *reply)
{
	struct frame request = {
		.op = op,
		.call = ++machine->calls,
		.deadline = deadline * machine->scale,
		.cookie = machine->cookie,
	};
	int64_t until, asked;

	if (machine->paused && !monitor_resume(machine, REPORT_MS))
		machine_ends(machine, FATE_BROKEN, "it does not run on");
	asked = now_ms();
	until = asked + request.deadline + REPORT_MS * machine->scale;
	/* The agent only speaks when asked: what is here already was written by somebody else. */
	machine_pump(machine, now_ms(), -1);
	if (machine->heard.in.length > machine->heard.used)
		machine_ends(machine, FATE_LOST, "the wire carries bytes that are not the agent's");
	if (machine->fate == FATE_ALIVE && !frame_send(machine->agent, &request, payload))
		machine_pump(machine, now_ms() + REPORT_MS, -1);
	while (machine->fate == FATE_ALIVE) {
		int64_t limit = patience(machine, asked, until);
		int whole = frame_read(&machine->heard, reply);

		if (whole > 0 && reply->cookie == machine->cookie && reply->op == op &&
		    reply->call == request.call) {
			if (reply->status == STATUS_STUCK)
				machine_ends(machine, FATE_HANG,
					     "what served the call can not even be killed");
			return machine->fate == FATE_ALIVE;
		}
		if (whole) {
			machine_ends(machine, FATE_LOST,
				     "the wire carries bytes that are not the agent's");
		} else if (now_ms() >= limit) {
			machine_ends(machine, FATE_HANG,
				     limit < until ? "no answer after an oops"
						   : "no answer within %u ms",
				     request.deadline);
		} else {
			machine_pump(machine, limit, -1);
		}
	}
	return false;
}

bool guest_hello(struct machine *machine, uint32_t deadline)
{
	struct bytes payload = {0};
	struct frame reply;
	struct timespec now;
	uint8_t entropy[64];
	bool answered;

	if (getrandom(&machine->cookie, sizeof(machine->cookie), 0) < 0 ||
	    getrandom(entropy, sizeof(entropy), 0) < 0)
		die("getrandom:");
	clock_gettime(CLOCK_REALTIME, &now);
	bytes_u64(&payload, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
	bytes_field(&payload, entropy, sizeof(entropy));
	answered = guest_call(machine, OP_HELLO, &payload, deadline, &reply) && !reply.status;
	bytes_free(&payload);
	return answered;
}

void guest_write(struct machine *machine, const char *path, const void *what, size_t length)
{
	struct bytes payload = {0};
	struct frame reply;

	bytes_text(&payload, path);
	bytes_field(&payload, what, length);
	guest_call(machine, OP_WRITE, &payload, CALL_MS, &reply);
	bytes_free(&payload);
}

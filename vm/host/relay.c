/* SPDX-License-Identifier: GPL-2.0-only */
/* The interactive shell; relay.h is the manual. */
#include <poll.h>
#include <unistd.h>

#include "guest.h"
#include "relay.h"

void relay_shell(struct machine *machine, int client)
{
	struct bytes payload = {0};
	struct frame reply;
	uint8_t buffer[4096];

	if (!guest_call(machine, OP_SHELL, &payload, CALL_MS, &reply) || reply.status)
		return;
	while (machine->fate == FATE_ALIVE) {
		struct pollfd fds[] = {{.fd = client, .events = POLLIN},
				       {.fd = machine->shell, .events = POLLIN},
				       {.fd = machine->qemu_fd, .events = POLLIN},
				       {.fd = machine->owner_fd, .events = POLLIN},
				       {.fd = machine->console, .events = POLLIN}};
		ssize_t got;

		poll(fds, 5, -1);
		if (fds[2].revents || fds[3].revents || fds[4].revents)
			machine_pump(machine, now_ms(), -1);
		if (fds[0].revents) {
			got = read(client, buffer, sizeof(buffer));
			if (got <= 0 || !send_all(machine->shell, buffer, (size_t)got))
				return;
		}
		if (fds[1].revents) {
			got = read(machine->shell, buffer, sizeof(buffer));
			if (got <= 0 || !send_all(client, buffer, (size_t)got))
				return;
		}
	}
}

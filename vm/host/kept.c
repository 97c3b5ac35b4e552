/* SPDX-License-Identifier: GPL-2.0-only */
/* Kept machines; kept.h is the manual. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "keeper.h"
#include "kept.h"
#include "snapshot.h"

/* What goes over the socket beside the two descriptors. */
struct loan {
	struct standby standby;
	unsigned int scale;
};

/* Room for a message with two descriptors. */
union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(2 * sizeof(int))];
};

bool kept_keep(struct machine *machine)
{
	if (!machine->profile.keepable || machine->fate != FATE_ALIVE)
		return false;
	machine->state = memfd_create("guest-state", MFD_CLOEXEC);
	if (machine->state < 0 || !snapshot_save(machine)) {
		machine_ends(machine, FATE_BROKEN, "it could not be kept");
		return false;
	}
	machine_kill(machine);
	machine->fate = FATE_KEPT;
	return true;
}

void kept_lend(struct machine *machine, int client)
{
	struct loan loan = {.standby = machine->standby, .scale = machine->scale};
	union control control = {.head = {.cmsg_len = CMSG_LEN(2 * sizeof(int)),
					  .cmsg_level = SOL_SOCKET,
					  .cmsg_type = SCM_RIGHTS}};
	struct iovec bytes = {&loan, sizeof(loan)};
	struct msghdr message = {.msg_iov = &bytes,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control.room)};
	const int lent[2] = {machine->ram, machine->state};

	memcpy(CMSG_DATA(&control.head), lent, sizeof(lent));
	if (machine->fate == FATE_KEPT)
		sendmsg(client, &message, MSG_NOSIGNAL);
}

/* With a place of its own in the file: the lent descriptor's is shared with everybody who borrows.
 */
static int opened_anew(int fd)
{
	char *path = text("/proc/self/fd/%d", fd);
	int own = open(path, O_RDONLY | O_CLOEXEC);

	if (own < 0)
		die("%s:", path);
	free(path);
	close(fd);
	return own;
}

void kept_borrow(struct machine *machine)
{
	char *const argv[] = {(char[]){"lend"}};
	const struct bytes nothing = {0};
	char *log = text("%s/console.log", machine->profile.from);
	int fds[2], from;
	struct loan loan;
	union control control;
	struct iovec bytes = {&loan, sizeof(loan)};
	struct msghdr message = {.msg_iov = &bytes,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control.room)};

	from = keeper_connect(machine->profile.from, argv, 1, &nothing);
	if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) != sizeof(loan) ||
	    message.msg_controllen < sizeof(control.room))
		die("the machine in %s is not kept; vm keep does that", machine->profile.from);
	memcpy(fds, CMSG_DATA(&control.head), sizeof(fds));
	machine->ram = fds[0];
	machine->state = opened_anew(fds[1]);
	machine->standby = loan.standby;
	machine->scale = loan.scale;
	read_file(log, &machine->before);
	free(log);
	close(from);
}

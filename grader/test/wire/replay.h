/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WIRE_REPLAY_H
#define WIRE_REPLAY_H

#include "fault.h"

/*
 * replay - plays the machine of a recorded session to the host, until that hangs up. The host's
 * requests are answered as they were; one that was not made then ends the program with an error.
 */
void replay(const struct session *session, const int host[WIRES], struct fault fault)
	__attribute__((noreturn));

#endif

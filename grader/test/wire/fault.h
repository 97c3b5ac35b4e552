/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happens instead of one recorded answer. FAULT in the environment says it, as
 * "WHAT+WHAT… at REQUEST". It strikes once, at the first request that begins with these words, and
 * then does one after the other:
 *
 *	answer		the recorded answer
 *	half		its first half
 *	flipped=N	the answer with the lowest bit of its byte N flipped
 *	empty		a frame that is right in everything but that it holds nothing
 *	forged		the answer with a cookie that is guessed
 *	refused		the monitor's error instead of its answer
 *	silence		nothing
 *	flood		more on the console than anybody keeps
 *	panic		the kernel's last words on the console
 *	oops		the first line of an oops on the console
 *	end		QEMU ends as after a power-off
 *	crash		QEMU is killed
 */
#ifndef WIRE_FAULT_H
#define WIRE_FAULT_H

#include "session.h"

struct answer {
	const int *host;
	enum wire wire;
	struct frame head;    /* of an agent's answer */
	struct bytes payload; /* of an agent's answer; or what the monitor said */
	size_t number;	      /* what N is in FAULT */
};

struct fault {
	const char *what; /* NULL when it has struck, or there is none */
	const char *at;
};

/* fault_of - reads FAULT; without it nothing ever strikes. */
struct fault fault_of(const char *words);

/* fault_strikes - whether this request is the one, which it is only once. */
bool fault_strikes(const struct fault *fault, const struct event *asked);

/* fault_do - what is to happen instead of @answer. May end the program. */
void fault_do(struct fault *fault, const struct answer *answer);

/* answer_send - as it was recorded. */
void answer_send(const struct answer *answer);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent: answers the host's frames until the host says the last word. */
#ifndef VM_AGENT_H
#define VM_AGENT_H

/* agent_start - once, before anything is asked: what the agent needs running is started. */
void agent_start(void);

/*
 * agent_serve - answers on @port, an open virtio-serial port. One request at a time, in order.
 * Returns when the port is broken; after OP_END it waits for the host to take the machine away.
 */
void agent_serve(int port);

#endif

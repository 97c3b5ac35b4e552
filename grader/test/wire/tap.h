/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WIRE_TAP_H
#define WIRE_TAP_H

#include "session.h"

/*
 * tap - runs @argv, a QEMU, between the host's wires and writes down what goes over them. Ends
 * when QEMU does, with its exit status, and takes it along when it is killed itself.
 */
void tap(char *argv[], const int host[WIRES], FILE *to) __attribute__((noreturn));

#endif

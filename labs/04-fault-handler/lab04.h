/* SPDX-License-Identifier: GPL-2.0-only */
/* lab04: what the module, the user test and the grader agree on. */
#ifndef LAB04_H
#define LAB04_H

#define LAB04_NAME "lab04"
#define LAB04_NODE "/dev/" LAB04_NAME

/* The size of the buffer, in pages. */
#define LAB04_PAGES 256

/* Where the counters faults, allocated and mappings can be read. */
#define LAB04_COUNTERS "/sys/module/" LAB04_NAME "/parameters/"

#endif

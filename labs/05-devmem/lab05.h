/* SPDX-License-Identifier: GPL-2.0-only */
/* Lab 05: what the module, its users and the grader agree on. */
#ifndef LAB05_H
#define LAB05_H

#define LAB05_NAME "lab05"
#define LAB05_NODE "/dev/" LAB05_NAME

/*
 * The window of the user test: load with base=LAB05_BASE size=LAB05_SIZE, both in bytes. The bench
 * boots with memmap=1M$0x8000000, which sets 1 MiB aside; the window is the middle of it, so that
 * the pages on both sides are nobody's either, and only the module keeps users away from them.
 */
#ifndef LAB05_BASE
#define LAB05_BASE 0x8040000
#define LAB05_SIZE 0x80000
#endif

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Lab 01: what the module and its users agree on. */
#ifndef LAB01_H
#define LAB01_H

#define LAB01_NAME "lab01"
#define LAB01_NODE "/dev/" LAB01_NAME

/* The buffer, and so the longest mapping, in pages. */
#define LAB01_PAGES 4

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Lab 02: what the module and its users agree on. */
#ifndef LAB02_H
#define LAB02_H

#define LAB02_NAME "lab02"
#define LAB02_NODE "/dev/" LAB02_NAME

/* The buffer, and so the longest mapping, in pages. */
#define LAB02_PAGES 4

#endif

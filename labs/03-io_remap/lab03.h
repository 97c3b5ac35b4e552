/* SPDX-License-Identifier: GPL-2.0-only */
/* lab03: what the module, the user test and the grader agree on. */
#ifndef LAB03_H
#define LAB03_H

/* The registers: BAR 0 of QEMU's "edu" device. */
#define LAB03_REGS_NAME "lab03-regs"
#define LAB03_REGS_NODE "/dev/" LAB03_REGS_NAME
#define LAB03_REGS_VENDOR_ID 0x1234
#define LAB03_REGS_DEVICE_ID 0x11e8
#define LAB03_REGS_BAR 0

/* The memory: BAR 2 of QEMU's "ivshmem-plain" device, a file of the host. */
#define LAB03_MEM_NAME "lab03-mem"
#define LAB03_MEM_NODE "/dev/" LAB03_MEM_NAME
#define LAB03_MEM_VENDOR_ID 0x1af4
#define LAB03_MEM_DEVICE_ID 0x1110
#define LAB03_MEM_BAR 2

/* The registers, by byte offset. Loads and stores of 32 bits only: a narrower load reads 0. */
#define LAB03_ID 0x00	     /* read LAB03_ID_VALUE */
#define LAB03_LIVENESS 0x04  /* write x, read ~x */
#define LAB03_FACTORIAL 0x08 /* write n, wait while LAB03_BUSY, read n! modulo 2^32 */
#define LAB03_STATUS 0x20    /* read LAB03_BUSY while the factorial is computed */

#define LAB03_ID_VALUE 0x010000edu
#define LAB03_BUSY 0x01u

#endif

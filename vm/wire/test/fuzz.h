/* SPDX-License-Identifier: GPL-2.0-only */
/* One round of the fuzzer; the name is libFuzzer's. */
#ifndef VM_WIRE_FUZZ_H
#define VM_WIRE_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* LLVMFuzzerTestOneInput - reads the bytes as a stream of frames; aborts where a rule is broken. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif

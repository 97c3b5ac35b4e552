/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether KVM can be trusted. /dev/kvm may exist, open, and still never run a guest, so the only
 * proof is a guest that was booted to the agent's answer within a deadline. TCG always works.
 */
#ifndef VM_ACCEL_H
#define VM_ACCEL_H

#include "machine.h"

/*
 * accel_choose - true for KVM. @wish is "tcg", "kvm" or "auto"; for "auto" the answer of the probe
 * decides, made once per boot of the host and kept in the cache. *why says what was found.
 */
bool accel_choose(const char *wish, const char *kernel, char **why, void (*progress)(const char *));

#endif

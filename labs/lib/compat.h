/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where kernels 6.1 and 6.12 differ and a lab touches it: the labs use the newer spelling, and this
 * header teaches it to the older kernel. For modules; include it after the kernel's own headers.
 *
 * Not needed here: no_llseek (gone in 6.12) is what leaving .llseek out means since 6.0.
 */
#ifndef LABS_COMPAT_H
#define LABS_COMPAT_H

#include <linux/device.h>
#include <linux/mm.h>
#include <linux/version.h>

/* 6.3 made vma->vm_flags read-only: it is changed by functions which know what has to be locked. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}

static inline void vm_flags_mod(struct vm_area_struct *vma, vm_flags_t set, vm_flags_t clear)
{
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
}
#endif

/* 6.4: class_create() no longer takes the owner. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#undef class_create
#define class_create(name)                                       \
	({                                                       \
		static struct lock_class_key __class_key;        \
		__class_create(THIS_MODULE, name, &__class_key); \
	})
#endif

#endif

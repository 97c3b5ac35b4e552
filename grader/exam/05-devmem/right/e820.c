// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asks the firmware's memory map, as the kernel corrected it, instead of the resource tree: only on
 * x86, but there RAM is RAM in both. Checks the capability again in mmap(), which no promise wants
 * and none forbids, and refuses in mmap() without any helper for the window.
 */
#include <asm/e820/api.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "lab05.h"

static unsigned long base;
static unsigned long size;
module_param(base, ulong, 0444);
module_param(size, ulong, 0444);

static int e820_open(struct inode *inode, struct file *file)
{
	return capable(CAP_SYS_RAWIO) ? 0 : -EPERM;
}

static int e820_mmap(struct file *file, struct vm_area_struct *vma)
{
	u64 start = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u64 skip = start - base;
	u64 bytes = vma->vm_end - vma->vm_start;
	pgprot_t prot = vma->vm_page_prot;

	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	if (start < base || skip >= size || bytes > size - skip)
		return -EPERM;
	if (e820__mapped_any(start, start + bytes, E820_TYPE_RAM) ||
	    e820__mapped_any(start, start + bytes, E820_TYPE_RESERVED_KERN))
		return -EPERM;
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (file->f_flags & O_DSYNC)
		prot = pgprot_noncached(prot);
	return remap_pfn_range(vma, vma->vm_start, vma->vm_pgoff, bytes, prot);
}

static const struct file_operations e820_fops = {
	.owner = THIS_MODULE,
	.open = e820_open,
	.mmap = e820_mmap,
};

static struct miscdevice e820_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "lab05",
	.fops = &e820_fops,
};

static int __init e820_init(void)
{
	if (!size || (base | size) & ~PAGE_MASK || base + (size - 1) < base)
		return -EINVAL;
	return misc_register(&e820_device);
}

static void __exit e820_exit(void)
{
	misc_deregister(&e820_device);
}

module_init(e820_init);
module_exit(e820_exit);

MODULE_DESCRIPTION("lab 05 with the e820 map");
MODULE_LICENSE("GPL");

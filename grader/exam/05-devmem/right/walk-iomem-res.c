// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walks the resource tree itself, looking for System RAM in the range, and looks at the window
 * first: a private mapping outside gets EPERM here. Strong uncached (UC) instead of the usual UC-:
 * no MTRR can turn it into write-combining.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/ioport.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/overflow.h>

#include "../lib/compat.h"
#include "lab05.h"

static unsigned long base;
module_param(base, ulong, 0444);
static unsigned long size;
module_param(size, ulong, 0444);

static int found_ram(struct resource *res, void *arg)
{
	return 1;
}

static bool has_ram(u64 start, u64 end)
{
	return walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, start,
				   end, NULL, found_ram) == 1;
}

static int window_open(struct inode *inode, struct file *file)
{
	/* f_cred is what the opener had; at this moment it is the same as current's. */
	return file_ns_capable(file, &init_user_ns, CAP_SYS_RAWIO) ? 0 : -EPERM;
}

static int window_mmap(struct file *file, struct vm_area_struct *vma)
{
	u64 start = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u64 bytes = vma->vm_end - vma->vm_start;
	u64 last;

	/* Two sums that may wrap, and both are looked at. */
	if (check_add_overflow(start, bytes - 1, &last))
		return -EPERM;
	if (start < base || last > base + (size - 1))
		return -EPERM;
	if (has_ram(start, last))
		return -EPERM;
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	if (file->f_flags & O_DSYNC)
		vma->vm_page_prot = __pgprot(pgprot_val(vma->vm_page_prot) |
					     cachemode2protval(_PAGE_CACHE_MODE_UC));
	vm_flags_set(vma, VM_IO | VM_DONTEXPAND | VM_DONTDUMP);
	return remap_pfn_range(vma, vma->vm_start, vma->vm_pgoff, bytes, vma->vm_page_prot);
}

static const struct file_operations window_fops = {
	.owner = THIS_MODULE,
	.open = window_open,
	.mmap = window_mmap,
};

static struct miscdevice window_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "lab05",
	.fops = &window_fops,
};

static int __init window_init(void)
{
	unsigned long last;

	if (!PAGE_ALIGNED(base) || !PAGE_ALIGNED(size) || size == 0 ||
	    check_add_overflow(base, size - 1, &last))
		return -EINVAL;
	return misc_register(&window_device);
}
module_init(window_init);

static void __exit window_exit(void)
{
	misc_deregister(&window_device);
}
module_exit(window_exit);

MODULE_DESCRIPTION("lab 05 with a walk through the resource tree");
MODULE_LICENSE("GPL");

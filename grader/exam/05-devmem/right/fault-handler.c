// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps nothing in mmap() and each page when it is touched. vmf_insert_pfn() cannot choose a memory
 * type: it takes the one that is reserved for the frame, and uncached where none is. So every
 * mapping keeps an ioremap() of its range, never used, which holds the reservation meanwhile.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/refcount.h>
#include <linux/slab.h>

#include "../lib/compat.h"
#include "lab05.h"

static unsigned long base;
static unsigned long size;
module_param(base, ulong, 0444);
module_param(size, ulong, 0444);

/* One for each mmap(); fork and partial munmap make more VMAs that share it. */
struct reservation {
	refcount_t users;
	void __iomem *held;
};

static void reservation_vm_open(struct vm_area_struct *vma)
{
	struct reservation *reservation = vma->vm_private_data;

	refcount_inc(&reservation->users);
}

static void reservation_vm_close(struct vm_area_struct *vma)
{
	struct reservation *reservation = vma->vm_private_data;

	if (refcount_dec_and_test(&reservation->users)) {
		iounmap(reservation->held);
		kfree(reservation);
	}
}

static vm_fault_t reservation_fault(struct vm_fault *vmf)
{
	return vmf_insert_pfn(vmf->vma, vmf->address, vmf->pgoff);
}

static const struct vm_operations_struct reservation_vm_ops = {
	.open = reservation_vm_open,
	.close = reservation_vm_close,
	.fault = reservation_fault,
};

static int touched_open(struct inode *inode, struct file *file)
{
	return capable(CAP_SYS_RAWIO) ? 0 : -EPERM;
}

static int touched_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long first = base >> PAGE_SHIFT;
	unsigned long end = first + (size >> PAGE_SHIFT);
	phys_addr_t start = PFN_PHYS(vma->vm_pgoff);
	size_t bytes = vma->vm_end - vma->vm_start;
	struct reservation *reservation;

	/* A private PFN mapping would be a BUG() at the first fault. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_pgoff < first || vma->vm_pgoff >= end || vma_pages(vma) > end - vma->vm_pgoff)
		return -EPERM;
	if (region_intersects(start, bytes, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=
	    REGION_DISJOINT)
		return -EPERM;

	reservation = kzalloc(sizeof(*reservation), GFP_KERNEL);
	if (!reservation)
		return -ENOMEM;
	refcount_set(&reservation->users, 1);
	reservation->held =
		file->f_flags & O_DSYNC ? ioremap(start, bytes) : ioremap_cache(start, bytes);
	if (!reservation->held) {
		kfree(reservation);
		return -EAGAIN;
	}

	vm_flags_set(vma, VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_private_data = reservation;
	vma->vm_ops = &reservation_vm_ops;
	return 0;
}

static const struct file_operations touched_fops = {
	.owner = THIS_MODULE,
	.open = touched_open,
	.mmap = touched_mmap,
};

static struct miscdevice touched_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "lab05",
	.fops = &touched_fops,
};

static int __init touched_init(void)
{
	if (!size || !PAGE_ALIGNED(base) || !PAGE_ALIGNED(size) || base + size - 1 < base)
		return -EINVAL;
	return misc_register(&touched_device);
}

static void __exit touched_exit(void)
{
	misc_deregister(&touched_device);
}

module_init(touched_init);
module_exit(touched_exit);

MODULE_DESCRIPTION("lab 05 with a fault handler");
MODULE_LICENSE("GPL");

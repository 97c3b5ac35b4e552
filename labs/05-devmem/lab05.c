// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lab 05: /dev/lab05 is a safe little /dev/mem, where the offset in the file is a physical address.
 *
 * The device owns no memory. Whoever loads the module names a window of physical addresses, and
 * what answers there outlives every mapping, so there is nothing to count and nothing to free. The
 * window is not claimed (request_mem_region): whoever else uses it, /dev/mem too, goes on doing so.
 *
 * A descriptor opened with O_SYNC or O_DSYNC maps uncached, any other one write-back.
 *
 * Refused: to load with a window that is empty, not whole pages, or wraps (EINVAL); to open the
 * device without CAP_SYS_RAWIO (EPERM, whatever the mode of the node); a private mapping (EINVAL);
 * a page outside the window, and System RAM wherever it is (EPERM).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/ioport.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pfn.h>

#include "lab05.h"

static unsigned long lab05_base, lab05_size;

module_param_named(base, lab05_base, ulong, 0444);
MODULE_PARM_DESC(base, "first physical address of the window, a multiple of the page size");
module_param_named(size, lab05_size, ulong, 0444);
MODULE_PARM_DESC(size, "bytes in the window, a multiple of the page size");

static int lab05_open(struct inode *inode, struct file *file)
{
	/* lab: begin open */
	/* Not the mode, which chmod changes, and not the uid: root in a container has it too. */
	return capable(CAP_SYS_RAWIO) ? 0 : -EPERM;
	/* lab: end open */
}

static int lab05_mmap(struct file *file, struct vm_area_struct *vma)
{
	/* lab: begin mmap */
	unsigned long first = lab05_base >> PAGE_SHIFT, pages = lab05_size >> PAGE_SHIFT;
	unsigned long pfn = vma->vm_pgoff, count = vma_pages(vma);

	/*
	 * Private means a copy at the first write, and the device never sees what was written. Not
	 * VM_SHARED: the core clears it when the descriptor of a shared mapping is read-only.
	 */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	/* vm_pgoff comes from user space: compare pages, never sum bytes. */
	if (pfn < first || pfn - first >= pages || count > pages - (pfn - first))
		return -EPERM;

	/* Disjoint, and nothing less: one page of RAM in the range is one too many. */
	if (region_intersects(PFN_PHYS(pfn), PFN_PHYS(count), IORESOURCE_SYSTEM_RAM,
			      IORES_DESC_NONE) != REGION_DISJOINT)
		return -EPERM;

	/* O_SYNC is O_DSYNC and one bit more. */
	if (file->f_flags & O_DSYNC)
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);

	/*
	 * One call for the whole VMA: then x86 reserves the memory type for it. Page by page it
	 * does not, and each page comes out uncached whatever was asked for.
	 */
	return remap_pfn_range(vma, vma->vm_start, pfn, vma->vm_end - vma->vm_start,
			       vma->vm_page_prot);
	/* lab: end mmap */
}

static const struct file_operations lab05_fops = {
	/* Every open file, so every mapping too, holds the module: rmmod has to wait. */
	.owner = THIS_MODULE,
	.open = lab05_open,
	.mmap = lab05_mmap,
};

static struct miscdevice lab05_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = LAB05_NAME,
	.fops = &lab05_fops,
};

static int __init lab05_init(void)
{
	int error;

	/* lab: begin window */
	/* base + size would be one too strict: the window may end where the addresses end. */
	if (!lab05_size || !PAGE_ALIGNED(lab05_base | lab05_size) ||
	    lab05_base + (lab05_size - 1) < lab05_base) {
		pr_err("base=%#lx size=%#lx: give whole pages, at least one, that do not wrap\n",
		       lab05_base, lab05_size);
		return -EINVAL;
	}
	/* lab: end window */

	error = misc_register(&lab05_device);
	if (error)
		return error;

	pr_info("%#lx bytes at %#lx through %s\n", lab05_size, lab05_base, LAB05_NODE);
	return 0;
}

static void __exit lab05_exit(void)
{
	/* Nobody has the device open or mapped any more: .owner saw to that. */
	misc_deregister(&lab05_device);
}

module_init(lab05_init);
module_exit(lab05_exit);

MODULE_DESCRIPTION("mmap lab 05: a window of physical memory, like /dev/mem but safe");
MODULE_LICENSE("GPL");

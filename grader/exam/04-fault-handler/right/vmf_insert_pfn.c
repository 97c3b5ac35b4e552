// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bare frame numbers from vmf_insert_pfn(), as for memory without struct pages. Unusual: VmFlags
 * has pf, Rss stays 0, pagemap hides the frames, MADV_DONTNEED and MAP_POPULATE do nothing. Right:
 * a page lives until unload, and no mapping outlives that. VM_PFNMAP must be set before, and a
 * private mapping has to be refused: either mistake is a BUG().
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>

#include "../lib/compat.h"
#include "lab04.h"

#define LAB04_SIZE ((loff_t)LAB04_PAGES << PAGE_SHIFT)

/* Atomic, because faults run at the same time. What a parameter shows is the int inside. */
static atomic_t lab04_faults, lab04_allocated, lab04_mappings;

module_param_named(faults, lab04_faults.counter, int, 0444);
MODULE_PARM_DESC(faults, "calls of the fault handler");
module_param_named(allocated, lab04_allocated.counter, int, 0444);
MODULE_PARM_DESC(allocated, "pages that exist");
module_param_named(mappings, lab04_mappings.counter, int, 0444);
MODULE_PARM_DESC(mappings, "living mappings (VMAs)");

static struct page *lab04_pages[LAB04_PAGES];
static DEFINE_MUTEX(lab04_lock);

/* The page at @index; where there is none yet, NULL, or with @make a new one if memory allows. */
static struct page *lab04_page(pgoff_t index, bool make)
{
	struct page *page;

	/* Without the lock, two that touch a page at once both find none, and both make one. */
	mutex_lock(&lab04_lock);
	page = lab04_pages[index];
	if (!page && make) {
		page = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (page)
			atomic_inc(&lab04_allocated);
		lab04_pages[index] = page;
	}
	mutex_unlock(&lab04_lock);
	return page;
}

static void lab04_free(void)
{
	pgoff_t index;

	for (index = 0; index < LAB04_PAGES; index++)
		if (lab04_pages[index])
			__free_page(lab04_pages[index]);
}

static void lab04_vm_open(struct vm_area_struct *vma)
{
	atomic_inc(&lab04_mappings);
}

static void lab04_vm_close(struct vm_area_struct *vma)
{
	atomic_dec(&lab04_mappings);
}

static vm_fault_t lab04_fault(struct vm_fault *vmf)
{
	struct page *page;

	atomic_inc(&lab04_faults);

	/* Not from vmf->address: where in the buffer a VMA starts, only vmf->pgoff knows. */
	if (vmf->pgoff >= LAB04_PAGES)
		return VM_FAULT_SIGBUS;

	page = lab04_page(vmf->pgoff, true);
	if (!page)
		return VM_FAULT_OOM;

	return vmf_insert_pfn(vmf->vma, vmf->address, page_to_pfn(page));
}

static const struct vm_operations_struct lab04_vm_ops = {
	.open = lab04_vm_open,
	.close = lab04_vm_close,
	.fault = lab04_fault,
};

static int lab04_mmap(struct file *file, struct vm_area_struct *vma)
{
	/* VM_MAYSHARE: a shared mapping of a read-only descriptor has lost VM_SHARED. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	vm_flags_set(vma, VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &lab04_vm_ops;
	/* The kernel calls open for what fork, split and move add, never for the first VMA. */
	lab04_vm_open(vma);
	return 0;
}

static loff_t lab04_llseek(struct file *file, loff_t offset, int whence)
{
	return fixed_size_llseek(file, offset, whence, LAB04_SIZE);
}

static ssize_t lab04_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	size_t done = 0;

	while (done < count && *pos < LAB04_SIZE) {
		struct page *page = lab04_page(*pos >> PAGE_SHIFT, false);
		size_t offset = offset_in_page(*pos);
		size_t chunk = min(count - done, PAGE_SIZE - offset);
		size_t missed;

		/*
		 * Not under the lock: the caller's buffer may be a mapping of this very device, and
		 * its fault wants the lock too. A page that exists stays, so none is needed.
		 */
		if (page)
			missed = copy_to_user(to + done, page_address(page) + offset, chunk);
		else
			missed = clear_user(to + done, chunk);
		if (missed)
			return done ? done : -EFAULT;
		*pos += chunk;
		done += chunk;
	}
	return done;
}

static ssize_t lab04_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	size_t done = 0;

	if (*pos >= LAB04_SIZE)
		return -ENOSPC;
	while (done < count && *pos < LAB04_SIZE) {
		struct page *page = lab04_page(*pos >> PAGE_SHIFT, true);
		size_t offset = offset_in_page(*pos);
		size_t chunk = min(count - done, PAGE_SIZE - offset);

		if (!page)
			return done ? done : -ENOMEM;
		if (copy_from_user(page_address(page) + offset, from + done, chunk))
			return done ? done : -EFAULT;
		*pos += chunk;
		done += chunk;
	}
	return done;
}

/* The owner is held by every open file, so by every mapping too: rmmod has to wait. */
static const struct file_operations lab04_fops = {
	.owner = THIS_MODULE,
	.mmap = lab04_mmap,
	.llseek = lab04_llseek,
	.read = lab04_read,
	.write = lab04_write,
};

static struct miscdevice lab04_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = LAB04_NAME,
	.fops = &lab04_fops,
};

static int __init lab04_init(void)
{
	int error = misc_register(&lab04_device);

	if (error)
		return error;
	pr_info("%d pages, none of them made yet\n", LAB04_PAGES);
	return 0;
}

static void __exit lab04_exit(void)
{
	misc_deregister(&lab04_device);
	lab04_free();
}

module_init(lab04_init);
module_exit(lab04_exit);

MODULE_DESCRIPTION("mmap labs 04: pages that come into being on first touch");
MODULE_LICENSE("GPL");

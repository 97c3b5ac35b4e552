// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unusual: nothing is mapped by mmap(); a fault handler inserts each page at its first touch. With
 * VM_MIXEDMAP set beforehand the result is the same kind of mapping, page by page.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "../lib/compat.h"
#include "lab01.h"

#define LAB01_SIZE (LAB01_PAGES * PAGE_SIZE)

static void *lab01_buffer;

static vm_fault_t lab01_fault(struct vm_fault *vmf)
{
	/* mremap() may have made the area longer than the window that was checked. */
	if (vmf->pgoff >= LAB01_PAGES)
		return VM_FAULT_SIGBUS;
	return vmf_insert_page(vmf->vma, vmf->address & PAGE_MASK,
			       virt_to_page(lab01_buffer + vmf->pgoff * PAGE_SIZE));
}

static const struct vm_operations_struct lab01_vm_ops = {
	.fault = lab01_fault,
};

static int lab01_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long first = vma->vm_pgoff;

	/*
	 * Private means a copy at the first write, and nobody would see what was written. Not
	 * VM_SHARED: the core clears it when the descriptor of a shared mapping is read-only.
	 */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	/* vm_pgoff comes from user space: compare pages, never sum bytes. */
	if (first >= LAB01_PAGES || vma_pages(vma) > LAB01_PAGES - first)
		return -EINVAL;

	/* vm_insert_page() would set it, but must not from a fault: it only reads the area then. */
	vm_flags_set(vma, VM_MIXEDMAP);
	vma->vm_ops = &lab01_vm_ops;
	return 0;
}

static ssize_t lab01_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	return simple_read_from_buffer(to, count, pos, lab01_buffer, LAB01_SIZE);
}

static ssize_t lab01_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	/* The helper answers 0 at the end, and a program that repeats short writes would spin. */
	if (*pos >= LAB01_SIZE)
		return -ENOSPC;
	return simple_write_to_buffer(lab01_buffer, LAB01_SIZE, pos, from, count);
}

static loff_t lab01_llseek(struct file *file, loff_t offset, int whence)
{
	return fixed_size_llseek(file, offset, whence, LAB01_SIZE);
}

static const struct file_operations lab01_fops = {
	.owner = THIS_MODULE,
	.read = lab01_read,
	.write = lab01_write,
	.llseek = lab01_llseek,
	.mmap = lab01_mmap,
};

static struct miscdevice lab01_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = LAB01_NAME,
	.fops = &lab01_fops,
};

static int __init lab01_init(void)
{
	int error;

	/*
	 * Up to KMALLOC_MAX_CACHE_SIZE, two pages, this would be slab memory, and vm_insert_page()
	 * refuses that. Above, kmalloc() takes whole pages from the page allocator. Zeroed: what
	 * the last owner of these pages left in them is nobody's business.
	 */
	lab01_buffer = kzalloc(LAB01_SIZE, GFP_KERNEL);
	if (!lab01_buffer)
		return -ENOMEM;

	/* Last: from here on the device can be opened. */
	error = misc_register(&lab01_device);
	if (error)
		goto err_free_buffer;

	pr_info("%d pages at %s\n", LAB01_PAGES, LAB01_NODE);
	return 0;

err_free_buffer:
	kfree(lab01_buffer);
	return error;
}

static void __exit lab01_exit(void)
{
	misc_deregister(&lab01_device);
	kfree(lab01_buffer);
}

module_init(lab01_init);
module_exit(lab01_exit);

MODULE_DESCRIPTION("mmap lab 01: kmalloc() memory through vm_insert_page()");
MODULE_LICENSE("GPL");

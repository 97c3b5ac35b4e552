// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unusual: a block of the page allocator without __GFP_COMP. As it comes, only its first page has a
 * reference count and vm_insert_page() refuses the others; split_page() gives each its own.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "lab01.h"

#define LAB01_SIZE (LAB01_PAGES * PAGE_SIZE)

static void *lab01_buffer;

static int lab01_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long first = vma->vm_pgoff;
	unsigned long i;

	/*
	 * Private means a copy at the first write, and nobody would see what was written. Not
	 * VM_SHARED: the core clears it when the descriptor of a shared mapping is read-only.
	 */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	/* vm_pgoff comes from user space: compare pages, never sum bytes. */
	if (first >= LAB01_PAGES || vma_pages(vma) > LAB01_PAGES - first)
		return -EINVAL;

	/* As many pages as the window has: one fewer is a SIGBUS later, one more an EFAULT now. */
	for (i = 0; i < vma_pages(vma); i++) {
		struct page *page = virt_to_page(lab01_buffer + (first + i) * PAGE_SIZE);
		int error = vm_insert_page(vma, vma->vm_start + i * PAGE_SIZE, page);

		/* The pages already in place leave with the mapping, which the core gives up. */
		if (error)
			return error;
	}
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

	/* Zeroed: what the last owner of these pages left in them is nobody's business. */
	lab01_buffer = (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, get_order(LAB01_SIZE));
	if (!lab01_buffer)
		return -ENOMEM;
	/* From here on these are single pages, and free_pages_exact() frees them one by one. */
	split_page(virt_to_page(lab01_buffer), get_order(LAB01_SIZE));

	/* Last: from here on the device can be opened. */
	error = misc_register(&lab01_device);
	if (error)
		goto err_free_buffer;

	pr_info("%d pages at %s\n", LAB01_PAGES, LAB01_NODE);
	return 0;

err_free_buffer:
	free_pages_exact(lab01_buffer, LAB01_SIZE);
	return error;
}

static void __exit lab01_exit(void)
{
	misc_deregister(&lab01_device);
	free_pages_exact(lab01_buffer, LAB01_SIZE);
}

module_init(lab01_init);
module_exit(lab01_exit);

MODULE_DESCRIPTION("mmap lab 01: kmalloc() memory through vm_insert_page()");
MODULE_LICENSE("GPL");

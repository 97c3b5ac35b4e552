// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unusual: four single pages that are nowhere side by side, not even for the kernel. read() and
 * write() go page by page, so one call may stop at the end of a page: a short count is no error.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "lab01.h"

#define LAB01_SIZE (LAB01_PAGES * PAGE_SIZE)

static struct page *lab01_pages[LAB01_PAGES];

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
		struct page *page = lab01_pages[first + i];
		int error = vm_insert_page(vma, vma->vm_start + i * PAGE_SIZE, page);

		/* The pages already in place leave with the mapping, which the core gives up. */
		if (error)
			return error;
	}
	return 0;
}

/* Where the byte at @pos lies, and how many there are from there to the end of its page. */
static void *lab01_at(loff_t pos, size_t *count)
{
	size_t offset = offset_in_page(pos);

	*count = min_t(size_t, *count, PAGE_SIZE - offset);
	return page_address(lab01_pages[pos >> PAGE_SHIFT]) + offset;
}

static ssize_t lab01_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	void *at;

	if (*pos >= LAB01_SIZE)
		return 0;
	at = lab01_at(*pos, &count);
	if (copy_to_user(to, at, count))
		return -EFAULT;
	*pos += count;
	return count;
}

static ssize_t lab01_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	void *at;

	/* The helper answers 0 at the end, and a program that repeats short writes would spin. */
	if (*pos >= LAB01_SIZE)
		return -ENOSPC;
	at = lab01_at(*pos, &count);
	if (copy_from_user(at, from, count))
		return -EFAULT;
	*pos += count;
	return count;
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

static void lab01_free(void)
{
	int i;

	for (i = 0; i < LAB01_PAGES && lab01_pages[i]; i++)
		__free_page(lab01_pages[i]);
}

static int __init lab01_init(void)
{
	int error, i;

	for (i = 0; i < LAB01_PAGES; i++) {
		error = -ENOMEM;
		lab01_pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!lab01_pages[i])
			goto err_free_pages;
	}

	/* Last: from here on the device can be opened. */
	error = misc_register(&lab01_device);
	if (error)
		goto err_free_pages;

	pr_info("%d pages at %s\n", LAB01_PAGES, LAB01_NODE);
	return 0;

err_free_pages:
	lab01_free();
	return error;
}

static void __exit lab01_exit(void)
{
	misc_deregister(&lab01_device);
	lab01_free();
}

module_init(lab01_init);
module_exit(lab01_exit);

MODULE_DESCRIPTION("mmap lab 01: kmalloc() memory through vm_insert_page()");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unusual: four single pages, and one vm_insert_pages() for the whole window instead of a loop. The
 * kernel's own view of them is a vmap().
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/vmalloc.h>

#include "lab01.h"

#define LAB01_SIZE (LAB01_PAGES * PAGE_SIZE)

static struct page *lab01_pages[LAB01_PAGES];
static void *lab01_buffer;

static int lab01_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long first = vma->vm_pgoff;
	unsigned long left = vma_pages(vma);

	/*
	 * Private means a copy at the first write, and nobody would see what was written. Not
	 * VM_SHARED: the core clears it when the descriptor of a shared mapping is read-only.
	 */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	/* vm_pgoff comes from user space: compare pages, never sum bytes. */
	if (first >= LAB01_PAGES || vma_pages(vma) > LAB01_PAGES - first)
		return -EINVAL;

	/* Counts @left down to the pages it could not insert; an error says that much already. */
	return vm_insert_pages(vma, vma->vm_start, lab01_pages + first, &left);
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

static void lab01_free(void)
{
	int i;

	vunmap(lab01_buffer);
	for (i = 0; i < LAB01_PAGES && lab01_pages[i]; i++)
		__free_page(lab01_pages[i]);
}

static int lab01_alloc(void)
{
	int i;

	for (i = 0; i < LAB01_PAGES; i++) {
		lab01_pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!lab01_pages[i])
			goto err_free;
	}

	/* One address range for read() and write(), whose helpers want the pages side by side. */
	lab01_buffer = vmap(lab01_pages, LAB01_PAGES, VM_MAP, PAGE_KERNEL);
	if (lab01_buffer)
		return 0;

err_free:
	lab01_free();
	return -ENOMEM;
}

static int __init lab01_init(void)
{
	int error;

	error = lab01_alloc();
	if (error)
		return error;

	/* Last: from here on the device can be opened. */
	error = misc_register(&lab01_device);
	if (error)
		goto err_free_buffer;

	pr_info("%d pages at %s\n", LAB01_PAGES, LAB01_NODE);
	return 0;

err_free_buffer:
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

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unusual: no misc device, but a character device with a number, a class and a node of its own. The
 * node is the last to come and the first to go.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "../lib/compat.h"
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

static dev_t lab01_number;
static struct class *lab01_class;
static struct cdev lab01_cdev;

static int __init lab01_init(void)
{
	struct device *node;
	int error;

	/*
	 * Up to KMALLOC_MAX_CACHE_SIZE, two pages, this would be slab memory, and vm_insert_page()
	 * refuses that. Above, kmalloc() takes whole pages from the page allocator. Zeroed: what
	 * the last owner of these pages left in them is nobody's business.
	 */
	lab01_buffer = kzalloc(LAB01_SIZE, GFP_KERNEL);
	if (!lab01_buffer)
		return -ENOMEM;

	error = alloc_chrdev_region(&lab01_number, 0, 1, LAB01_NAME);
	if (error)
		goto err_free_buffer;

	cdev_init(&lab01_cdev, &lab01_fops);
	lab01_cdev.owner = THIS_MODULE;
	error = cdev_add(&lab01_cdev, lab01_number, 1);
	if (error)
		goto err_unregister_number;

	lab01_class = class_create(LAB01_NAME);
	if (IS_ERR(lab01_class)) {
		error = PTR_ERR(lab01_class);
		goto err_delete_cdev;
	}

	node = device_create(lab01_class, NULL, lab01_number, NULL, LAB01_NAME);
	if (IS_ERR(node)) {
		error = PTR_ERR(node);
		goto err_destroy_class;
	}

	pr_info("%d pages at %s\n", LAB01_PAGES, LAB01_NODE);
	return 0;

err_destroy_class:
	class_destroy(lab01_class);
err_delete_cdev:
	cdev_del(&lab01_cdev);
err_unregister_number:
	unregister_chrdev_region(lab01_number, 1);
err_free_buffer:
	kfree(lab01_buffer);
	return error;
}

static void __exit lab01_exit(void)
{
	device_destroy(lab01_class, lab01_number);
	class_destroy(lab01_class);
	cdev_del(&lab01_cdev);
	unregister_chrdev_region(lab01_number, 1);
	kfree(lab01_buffer);
}

module_init(lab01_init);
module_exit(lab01_exit);

MODULE_DESCRIPTION("mmap lab 01: kmalloc() memory through vm_insert_page()");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * A character device with a class of its own instead of a misc device; devtmpfs makes the node from
 * device_create(). The module is held by the cdev's owner, and the flags which remap_pfn_range()
 * sets anyway are set by hand first.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pfn.h>

#include "../lib/compat.h"
#include "lab02.h"

#define LAB02_SIZE (LAB02_PAGES * PAGE_SIZE)

static void *lab02_buffer;

static int lab02_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long first = vma->vm_pgoff;
	unsigned long pfn = PHYS_PFN(virt_to_phys(lab02_buffer));

	/*
	 * Private means a copy at the first write, and nobody would see what was written. Not
	 * VM_SHARED: the core clears it when the descriptor of a shared mapping is read-only.
	 */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	/* vm_pgoff comes from user space: compare pages, never sum bytes. */
	if (first >= LAB02_PAGES || vma_pages(vma) > LAB02_PAGES - first)
		return -EINVAL;

	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	/* As long as the window, not the buffer: nobody else stops it at the end of the VMA. */
	return remap_pfn_range(vma, vma->vm_start, pfn + first, vma->vm_end - vma->vm_start,
			       vma->vm_page_prot);
}

static ssize_t lab02_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	return simple_read_from_buffer(to, count, pos, lab02_buffer, LAB02_SIZE);
}

static ssize_t lab02_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	/* The helper answers 0 at the end, and a program that repeats short writes would spin. */
	if (*pos >= LAB02_SIZE)
		return -ENOSPC;
	return simple_write_to_buffer(lab02_buffer, LAB02_SIZE, pos, from, count);
}

static loff_t lab02_llseek(struct file *file, loff_t offset, int whence)
{
	return fixed_size_llseek(file, offset, whence, LAB02_SIZE);
}

static const struct file_operations lab02_fops = {
	.owner = THIS_MODULE,
	.read = lab02_read,
	.write = lab02_write,
	.llseek = lab02_llseek,
	.mmap = lab02_mmap,
};

static struct class *lab02_class;
static struct cdev lab02_cdev;
static dev_t lab02_number;

static int __init lab02_init(void)
{
	struct device *device;
	int error;

	/* Zeroed: what the last owner of these pages left in them is nobody's business. */
	lab02_buffer = alloc_pages_exact(LAB02_SIZE, GFP_KERNEL | __GFP_ZERO);
	if (!lab02_buffer)
		return -ENOMEM;

	error = alloc_chrdev_region(&lab02_number, 0, 1, LAB02_NAME);
	if (error)
		goto err_free_buffer;

	lab02_class = class_create(LAB02_NAME);
	if (IS_ERR(lab02_class)) {
		error = PTR_ERR(lab02_class);
		goto err_free_number;
	}

	cdev_init(&lab02_cdev, &lab02_fops);
	lab02_cdev.owner = THIS_MODULE;
	error = cdev_add(&lab02_cdev, lab02_number, 1);
	if (error)
		goto err_free_class;

	device = device_create(lab02_class, NULL, lab02_number, NULL, LAB02_NAME);
	if (IS_ERR(device)) {
		error = PTR_ERR(device);
		goto err_free_cdev;
	}

	pr_info("%d pages at %s\n", LAB02_PAGES, LAB02_NODE);
	return 0;

err_free_cdev:
	cdev_del(&lab02_cdev);
err_free_class:
	class_destroy(lab02_class);
err_free_number:
	unregister_chrdev_region(lab02_number, 1);
err_free_buffer:
	free_pages_exact(lab02_buffer, LAB02_SIZE);
	return error;
}

static void __exit lab02_exit(void)
{
	device_destroy(lab02_class, lab02_number);
	cdev_del(&lab02_cdev);
	class_destroy(lab02_class);
	unregister_chrdev_region(lab02_number, 1);
	free_pages_exact(lab02_buffer, LAB02_SIZE);
}

module_init(lab02_init);
module_exit(lab02_exit);

MODULE_DESCRIPTION("mmap lab 02: RAM through remap_pfn_range()");
MODULE_LICENSE("GPL");

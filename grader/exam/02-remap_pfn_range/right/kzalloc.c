// SPDX-License-Identifier: GPL-2.0-only
/*
 * The buffer is kzalloc() memory. Above two pages kmalloc() hands out whole pages of the page
 * allocator, so it begins at a page and is contiguous; remap_pfn_range() asks no more.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pfn.h>
#include <linux/slab.h>

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

static struct miscdevice lab02_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = LAB02_NAME,
	.fops = &lab02_fops,
};

static int __init lab02_init(void)
{
	int error;

	/* Zeroed: what the last owner of these pages left in them is nobody's business. */
	lab02_buffer = kzalloc(LAB02_SIZE, GFP_KERNEL);
	if (!lab02_buffer)
		return -ENOMEM;

	/* Last: from here on the device can be opened. */
	error = misc_register(&lab02_device);
	if (error)
		goto err_free_buffer;

	pr_info("%d pages at %s\n", LAB02_PAGES, LAB02_NODE);
	return 0;

err_free_buffer:
	kfree(lab02_buffer);
	return error;
}

static void __exit lab02_exit(void)
{
	misc_deregister(&lab02_device);
	kfree(lab02_buffer);
}

module_init(lab02_init);
module_exit(lab02_exit);

MODULE_DESCRIPTION("mmap lab 02: RAM through remap_pfn_range()");
MODULE_LICENSE("GPL");

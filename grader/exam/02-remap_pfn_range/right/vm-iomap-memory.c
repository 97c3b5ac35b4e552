// SPDX-License-Identifier: GPL-2.0-only
/*
 * vm_iomap_memory() does the arithmetic: it refuses a window that does not fit with EINVAL and
 * honours vm_pgoff, so the driver checks nothing but the sharing itself. The pages are marked
 * reserved and unmarked again, which older kernels asked for.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "lab02.h"

#define LAB02_SIZE (LAB02_PAGES * PAGE_SIZE)

static void *lab02_buffer;

static void lab02_free(void)
{
	unsigned long i;

	for (i = 0; i < LAB02_PAGES; i++)
		ClearPageReserved(virt_to_page(lab02_buffer + i * PAGE_SIZE));
	free_pages_exact(lab02_buffer, LAB02_SIZE);
}

static int lab02_mmap(struct file *file, struct vm_area_struct *vma)
{
	/*
	 * Private means a copy at the first write, and nobody would see what was written. Not
	 * VM_SHARED: the core clears it when the descriptor of a shared mapping is read-only.
	 */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	return vm_iomap_memory(vma, virt_to_phys(lab02_buffer), LAB02_SIZE);
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
	unsigned long i;
	int error;

	/* Zeroed: what the last owner of these pages left in them is nobody's business. */
	lab02_buffer = alloc_pages_exact(LAB02_SIZE, GFP_KERNEL | __GFP_ZERO);
	if (!lab02_buffer)
		return -ENOMEM;
	for (i = 0; i < LAB02_PAGES; i++)
		SetPageReserved(virt_to_page(lab02_buffer + i * PAGE_SIZE));

	/* Last: from here on the device can be opened. */
	error = misc_register(&lab02_device);
	if (error)
		goto err_free_buffer;

	pr_info("%d pages at %s\n", LAB02_PAGES, LAB02_NODE);
	return 0;

err_free_buffer:
	lab02_free();
	return error;
}

static void __exit lab02_exit(void)
{
	misc_deregister(&lab02_device);
	lab02_free();
}

module_init(lab02_init);
module_exit(lab02_exit);

MODULE_DESCRIPTION("mmap lab 02: RAM through remap_pfn_range()");
MODULE_LICENSE("GPL");

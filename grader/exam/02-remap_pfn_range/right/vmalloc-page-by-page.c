// SPDX-License-Identifier: GPL-2.0-only
/*
 * The buffer is vmalloc() memory: contiguous for the kernel, scattered in RAM. Each page is mapped
 * with a frame number of its own, so a process sees the pages of the buffer in order all the same.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pfn.h>
#include <linux/vmalloc.h>

#include "lab02.h"

#define LAB02_SIZE (LAB02_PAGES * PAGE_SIZE)

static void *lab02_buffer;

static int lab02_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long first = vma->vm_pgoff;
	unsigned long i;
	int error;

	/*
	 * Private means a copy at the first write, and nobody would see what was written. Not
	 * VM_SHARED: the core clears it when the descriptor of a shared mapping is read-only.
	 */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	/* vm_pgoff comes from user space: compare pages, never sum bytes. */
	if (first >= LAB02_PAGES || vma_pages(vma) > LAB02_PAGES - first)
		return -EINVAL;

	for (i = 0; i < vma_pages(vma); i++) {
		error = remap_pfn_range(vma, vma->vm_start + i * PAGE_SIZE,
					vmalloc_to_pfn(lab02_buffer + (first + i) * PAGE_SIZE),
					PAGE_SIZE, vma->vm_page_prot);
		if (error)
			return error;
	}
	return 0;
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
	lab02_buffer = vzalloc(LAB02_SIZE);
	if (!lab02_buffer)
		return -ENOMEM;

	/* Last: from here on the device can be opened. */
	error = misc_register(&lab02_device);
	if (error)
		goto err_free_buffer;

	pr_info("%d pages at %s\n", LAB02_PAGES, LAB02_NODE);
	return 0;

err_free_buffer:
	vfree(lab02_buffer);
	return error;
}

static void __exit lab02_exit(void)
{
	misc_deregister(&lab02_device);
	vfree(lab02_buffer);
}

module_init(lab02_init);
module_exit(lab02_exit);

MODULE_DESCRIPTION("mmap lab 02: RAM through remap_pfn_range()");
MODULE_LICENSE("GPL");

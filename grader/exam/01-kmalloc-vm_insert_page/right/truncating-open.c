// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unusual: open() with O_TRUNC begins with a fresh buffer and frees the old one, even while others
 * have it mapped. That is legal here: each mapping holds references of its own, so they keep the
 * old pages, and the last unmap frees them. read(), write() and mmap() take a reference as well,
 * so that no lock is held while user memory is touched.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "lab01.h"

#define LAB01_SIZE (LAB01_PAGES * PAGE_SIZE)

static void *lab01_buffer;
static DEFINE_SPINLOCK(lab01_lock); /* of the pointer */

/* The pages of a large kmalloc() share the reference count of the first. */
static void *lab01_get(void)
{
	void *buffer;

	spin_lock(&lab01_lock);
	buffer = lab01_buffer;
	get_page(virt_to_page(buffer));
	spin_unlock(&lab01_lock);
	return buffer;
}

static void lab01_put(void *buffer)
{
	put_page(virt_to_page(buffer));
}

static int lab01_open(struct inode *inode, struct file *file)
{
	void *fresh;

	if (!(file->f_flags & O_TRUNC))
		return 0;

	fresh = kzalloc(LAB01_SIZE, GFP_KERNEL);
	if (!fresh)
		return -ENOMEM;
	spin_lock(&lab01_lock);
	swap(fresh, lab01_buffer);
	spin_unlock(&lab01_lock);
	kfree(fresh);
	return 0;
}

static int lab01_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long first = vma->vm_pgoff;
	unsigned long i;
	void *buffer;
	int error = 0;

	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	/* vm_pgoff comes from user space: compare pages, never sum bytes. */
	if (first >= LAB01_PAGES || vma_pages(vma) > LAB01_PAGES - first)
		return -EINVAL;

	buffer = lab01_get();
	for (i = 0; i < vma_pages(vma) && !error; i++)
		error = vm_insert_page(vma, vma->vm_start + i * PAGE_SIZE,
				       virt_to_page(buffer + (first + i) * PAGE_SIZE));
	lab01_put(buffer);
	return error;
}

static ssize_t lab01_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	void *buffer = lab01_get();
	ssize_t done = simple_read_from_buffer(to, count, pos, buffer, LAB01_SIZE);

	lab01_put(buffer);
	return done;
}

static ssize_t lab01_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	void *buffer;
	ssize_t done;

	if (*pos >= LAB01_SIZE)
		return -ENOSPC;
	buffer = lab01_get();
	done = simple_write_to_buffer(buffer, LAB01_SIZE, pos, from, count);
	lab01_put(buffer);
	return done;
}

static loff_t lab01_llseek(struct file *file, loff_t offset, int whence)
{
	return fixed_size_llseek(file, offset, whence, LAB01_SIZE);
}

static const struct file_operations lab01_fops = {
	.owner = THIS_MODULE,
	.open = lab01_open,
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

	lab01_buffer = kzalloc(LAB01_SIZE, GFP_KERNEL);
	if (!lab01_buffer)
		return -ENOMEM;

	error = misc_register(&lab01_device);
	if (error)
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

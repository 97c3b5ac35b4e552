// SPDX-License-Identifier: GPL-2.0-only
/*
 * A character device with a number of its own and a class, instead of a misc device; its files
 * speak in iov_iters, one page per call. Unusual: read() and write() are short at every page
 * boundary, as POSIX allows. Right: whoever wants more asks again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/uio.h>

#include "../lib/compat.h"
#include "lab04.h"

#define LAB04_SIZE ((loff_t)LAB04_PAGES << PAGE_SHIFT)

/* Atomic, because faults run at the same time. What a parameter shows is the int inside. */
static atomic_t lab04_faults, lab04_allocated, lab04_mappings;

module_param_named(faults, lab04_faults.counter, int, 0444);
MODULE_PARM_DESC(faults, "calls of the fault handler");
module_param_named(allocated, lab04_allocated.counter, int, 0444);
MODULE_PARM_DESC(allocated, "pages that exist");
module_param_named(mappings, lab04_mappings.counter, int, 0444);
MODULE_PARM_DESC(mappings, "living mappings (VMAs)");

static struct page *lab04_pages[LAB04_PAGES];
static DEFINE_MUTEX(lab04_lock);

/* The page at @index; where there is none yet, NULL, or with @make a new one if memory allows. */
static struct page *lab04_page(pgoff_t index, bool make)
{
	struct page *page;

	/* Without the lock, two that touch a page at once both find none, and both make one. */
	mutex_lock(&lab04_lock);
	page = lab04_pages[index];
	if (!page && make) {
		page = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (page)
			atomic_inc(&lab04_allocated);
		lab04_pages[index] = page;
	}
	mutex_unlock(&lab04_lock);
	return page;
}

static void lab04_free(void)
{
	pgoff_t index;

	for (index = 0; index < LAB04_PAGES; index++)
		if (lab04_pages[index])
			__free_page(lab04_pages[index]);
}

static void lab04_vm_open(struct vm_area_struct *vma)
{
	atomic_inc(&lab04_mappings);
}

static void lab04_vm_close(struct vm_area_struct *vma)
{
	atomic_dec(&lab04_mappings);
}

static vm_fault_t lab04_fault(struct vm_fault *vmf)
{
	struct page *page;

	atomic_inc(&lab04_faults);

	/* Not from vmf->address: where in the buffer a VMA starts, only vmf->pgoff knows. */
	if (vmf->pgoff >= LAB04_PAGES)
		return VM_FAULT_SIGBUS;

	page = lab04_page(vmf->pgoff, true);
	if (!page)
		return VM_FAULT_OOM;

	/* The mapping's own reference, which unmapping puts. */
	get_page(page);
	vmf->page = page;
	return 0;
}

static const struct vm_operations_struct lab04_vm_ops = {
	.open = lab04_vm_open,
	.close = lab04_vm_close,
	.fault = lab04_fault,
};

static int lab04_mmap(struct file *file, struct vm_area_struct *vma)
{
	/* VM_MAYSHARE: a shared mapping of a read-only descriptor has lost VM_SHARED. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	vma->vm_ops = &lab04_vm_ops;
	/* The kernel calls open for what fork, split and move add, never for the first VMA. */
	lab04_vm_open(vma);
	return 0;
}

static loff_t lab04_llseek(struct file *file, loff_t offset, int whence)
{
	return fixed_size_llseek(file, offset, whence, LAB04_SIZE);
}

static ssize_t lab04_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	size_t offset = offset_in_page(iocb->ki_pos);
	size_t chunk = min(iov_iter_count(to), PAGE_SIZE - offset);
	struct page *page;
	size_t copied;

	if (iocb->ki_pos >= LAB04_SIZE)
		return 0;
	page = lab04_page(iocb->ki_pos >> PAGE_SHIFT, false);
	copied = page ? copy_page_to_iter(page, offset, chunk, to) : iov_iter_zero(chunk, to);
	iocb->ki_pos += copied;
	return copied || !chunk ? copied : -EFAULT;
}

static ssize_t lab04_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	size_t offset = offset_in_page(iocb->ki_pos);
	size_t chunk = min(iov_iter_count(from), PAGE_SIZE - offset);
	struct page *page;
	size_t copied;

	if (iocb->ki_pos >= LAB04_SIZE)
		return -ENOSPC;
	page = lab04_page(iocb->ki_pos >> PAGE_SHIFT, true);
	if (!page)
		return -ENOMEM;
	copied = copy_page_from_iter(page, offset, chunk, from);
	iocb->ki_pos += copied;
	return copied || !chunk ? copied : -EFAULT;
}

static const struct file_operations lab04_fops = {
	.owner = THIS_MODULE,
	.mmap = lab04_mmap,
	.llseek = lab04_llseek,
	.read_iter = lab04_read_iter,
	.write_iter = lab04_write_iter,
};

static dev_t lab04_number;
static struct cdev lab04_cdev;
static struct class *lab04_class;

static int __init lab04_init(void)
{
	struct device *device;
	int error;

	error = alloc_chrdev_region(&lab04_number, 0, 1, LAB04_NAME);
	if (error)
		return error;

	lab04_class = class_create(LAB04_NAME);
	if (IS_ERR(lab04_class)) {
		error = PTR_ERR(lab04_class);
		goto err_number;
	}

	cdev_init(&lab04_cdev, &lab04_fops);
	lab04_cdev.owner = THIS_MODULE;
	error = cdev_add(&lab04_cdev, lab04_number, 1);
	if (error)
		goto err_class;

	device = device_create(lab04_class, NULL, lab04_number, NULL, LAB04_NAME);
	if (IS_ERR(device)) {
		error = PTR_ERR(device);
		goto err_cdev;
	}
	return 0;

err_cdev:
	cdev_del(&lab04_cdev);
err_class:
	class_destroy(lab04_class);
err_number:
	unregister_chrdev_region(lab04_number, 1);
	return error;
}

static void __exit lab04_exit(void)
{
	device_destroy(lab04_class, lab04_number);
	cdev_del(&lab04_cdev);
	class_destroy(lab04_class);
	unregister_chrdev_region(lab04_number, 1);
	lab04_free();
}

module_init(lab04_init);
module_exit(lab04_exit);

MODULE_DESCRIPTION("mmap labs 04: pages that come into being on first touch");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * read and write through iov_iter, as newer drivers have them, under a mutex of their own; a
 * mapping's open and close are counted, and the count is all that is done with them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pfn.h>
#include <linux/uio.h>

#include "lab02.h"

#define LAB02_SIZE (LAB02_PAGES * PAGE_SIZE)

static void *lab02_buffer;
static atomic_t lab02_mappings = ATOMIC_INIT(0);
static DEFINE_MUTEX(lab02_lock);

static void lab02_vm_open(struct vm_area_struct *vma)
{
	atomic_inc(&lab02_mappings);
}

static void lab02_vm_close(struct vm_area_struct *vma)
{
	atomic_dec(&lab02_mappings);
}

static const struct vm_operations_struct lab02_vm_ops = {
	.open = lab02_vm_open,
	.close = lab02_vm_close,
};

static int lab02_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long first = vma->vm_pgoff;
	unsigned long pfn = PHYS_PFN(virt_to_phys(lab02_buffer));
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

	error = remap_pfn_range(vma, vma->vm_start, pfn + first, vma->vm_end - vma->vm_start,
				vma->vm_page_prot);
	if (error)
		return error;

	/* The core calls open for copies of a mapping, not for the first one. */
	vma->vm_ops = &lab02_vm_ops;
	lab02_vm_open(vma);
	return 0;
}

static ssize_t lab02_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	size_t wanted, copied;

	if (iocb->ki_pos >= LAB02_SIZE)
		return 0;

	wanted = min_t(size_t, iov_iter_count(to), LAB02_SIZE - iocb->ki_pos);
	mutex_lock(&lab02_lock);
	copied = copy_to_iter(lab02_buffer + iocb->ki_pos, wanted, to);
	mutex_unlock(&lab02_lock);
	iocb->ki_pos += copied;
	return copied || !wanted ? copied : -EFAULT;
}

static ssize_t lab02_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	size_t wanted, copied;

	if (iocb->ki_pos >= LAB02_SIZE)
		return -ENOSPC;

	wanted = min_t(size_t, iov_iter_count(from), LAB02_SIZE - iocb->ki_pos);
	mutex_lock(&lab02_lock);
	copied = copy_from_iter(lab02_buffer + iocb->ki_pos, wanted, from);
	mutex_unlock(&lab02_lock);
	iocb->ki_pos += copied;
	return copied || !wanted ? copied : -EFAULT;
}

static loff_t lab02_llseek(struct file *file, loff_t offset, int whence)
{
	return fixed_size_llseek(file, offset, whence, LAB02_SIZE);
}

static const struct file_operations lab02_fops = {
	.owner = THIS_MODULE,
	.read_iter = lab02_read_iter,
	.write_iter = lab02_write_iter,
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
	lab02_buffer = alloc_pages_exact(LAB02_SIZE, GFP_KERNEL | __GFP_ZERO);
	if (!lab02_buffer)
		return -ENOMEM;

	/* Last: from here on the device can be opened. */
	error = misc_register(&lab02_device);
	if (error)
		goto err_free_buffer;

	pr_info("%d pages at %s\n", LAB02_PAGES, LAB02_NODE);
	return 0;

err_free_buffer:
	free_pages_exact(lab02_buffer, LAB02_SIZE);
	return error;
}

static void __exit lab02_exit(void)
{
	misc_deregister(&lab02_device);
	free_pages_exact(lab02_buffer, LAB02_SIZE);
}

module_init(lab02_init);
module_exit(lab02_exit);

MODULE_DESCRIPTION("mmap lab 02: RAM through remap_pfn_range()");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pages live in an xarray instead of an array of pointers, as in a device of unknown size, and
 * the counters are shown by callbacks, so that insmod cannot set them either. Unusual: no lock of
 * our own; xa_cmpxchg() decides who was first, and whoever comes second frees his page again.
 * Right: a page that was ever in the xarray stays there until unload.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "lab04.h"

#define LAB04_SIZE ((loff_t)LAB04_PAGES << PAGE_SHIFT)

static atomic_t lab04_faults, lab04_allocated, lab04_mappings;

static int lab04_counter_get(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%d\n", atomic_read((atomic_t *)param->arg));
}

static int lab04_counter_set(const char *value, const struct kernel_param *param)
{
	return -EPERM;
}

static const struct kernel_param_ops lab04_counter_ops = {
	.get = lab04_counter_get,
	.set = lab04_counter_set,
};

module_param_cb(faults, &lab04_counter_ops, &lab04_faults, 0444);
MODULE_PARM_DESC(faults, "calls of the fault handler");
module_param_cb(allocated, &lab04_counter_ops, &lab04_allocated, 0444);
MODULE_PARM_DESC(allocated, "pages that exist");
module_param_cb(mappings, &lab04_counter_ops, &lab04_mappings, 0444);
MODULE_PARM_DESC(mappings, "living mappings (VMAs)");

static DEFINE_XARRAY(lab04_pages);

static struct page *lab04_page(pgoff_t index, bool make)
{
	struct page *page = xa_load(&lab04_pages, index), *first;

	if (page || !make)
		return page;
	page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!page)
		return NULL;
	first = xa_cmpxchg(&lab04_pages, index, NULL, page, GFP_KERNEL);
	if (!first) {
		atomic_inc(&lab04_allocated);
		return page;
	}
	__free_page(page);
	return xa_is_err(first) ? NULL : first;
}

static void lab04_free(void)
{
	struct page *page;
	unsigned long index;

	xa_for_each(&lab04_pages, index, page) __free_page(page);
	xa_destroy(&lab04_pages);
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

static ssize_t lab04_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	size_t done = 0;

	while (done < count && *pos < LAB04_SIZE) {
		struct page *page = lab04_page(*pos >> PAGE_SHIFT, false);
		size_t offset = offset_in_page(*pos);
		size_t chunk = min(count - done, PAGE_SIZE - offset);
		size_t missed;

		/*
		 * Not under the lock: the caller's buffer may be a mapping of this very device, and
		 * its fault wants the lock too. A page that exists stays, so none is needed.
		 */
		if (page)
			missed = copy_to_user(to + done, page_address(page) + offset, chunk);
		else
			missed = clear_user(to + done, chunk);
		if (missed)
			return done ? done : -EFAULT;
		*pos += chunk;
		done += chunk;
	}
	return done;
}

static ssize_t lab04_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	size_t done = 0;

	if (*pos >= LAB04_SIZE)
		return -ENOSPC;
	while (done < count && *pos < LAB04_SIZE) {
		struct page *page = lab04_page(*pos >> PAGE_SHIFT, true);
		size_t offset = offset_in_page(*pos);
		size_t chunk = min(count - done, PAGE_SIZE - offset);

		if (!page)
			return done ? done : -ENOMEM;
		if (copy_from_user(page_address(page) + offset, from + done, chunk))
			return done ? done : -EFAULT;
		*pos += chunk;
		done += chunk;
	}
	return done;
}

/* The owner is held by every open file, so by every mapping too: rmmod has to wait. */
static const struct file_operations lab04_fops = {
	.owner = THIS_MODULE,
	.mmap = lab04_mmap,
	.llseek = lab04_llseek,
	.read = lab04_read,
	.write = lab04_write,
};

static struct miscdevice lab04_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = LAB04_NAME,
	.fops = &lab04_fops,
};

static int __init lab04_init(void)
{
	int error = misc_register(&lab04_device);

	if (error)
		return error;
	pr_info("%d pages, none of them made yet\n", LAB04_PAGES);
	return 0;
}

static void __exit lab04_exit(void)
{
	misc_deregister(&lab04_device);
	lab04_free();
}

module_init(lab04_init);
module_exit(lab04_exit);

MODULE_DESCRIPTION("mmap labs 04: pages that come into being on first touch");
MODULE_LICENSE("GPL");

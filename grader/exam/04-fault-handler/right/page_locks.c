// SPDX-License-Identifier: GPL-2.0-only
/*
 * A lock for every page instead of one for all, and an array of addresses instead of pages: two
 * threads wait for each other only where they touch the same page. The counters are plain ints with
 * a lock of their own.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>

#include "lab04.h"

#define LAB04_SIZE ((loff_t)LAB04_PAGES << PAGE_SHIFT)

static int lab04_faults, lab04_allocated, lab04_mappings;
static DEFINE_SPINLOCK(lab04_count_lock);

static void lab04_count(int *counter, int by)
{
	spin_lock(&lab04_count_lock);
	*counter += by;
	spin_unlock(&lab04_count_lock);
}

module_param_named(faults, lab04_faults, int, 0444);
MODULE_PARM_DESC(faults, "calls of the fault handler");
module_param_named(allocated, lab04_allocated, int, 0444);
MODULE_PARM_DESC(allocated, "pages that exist");
module_param_named(mappings, lab04_mappings, int, 0444);
MODULE_PARM_DESC(mappings, "living mappings (VMAs)");

static struct lab04_slot {
	struct mutex lock; /* for address */
	unsigned long address;
} lab04_slots[LAB04_PAGES];

static struct page *lab04_page(pgoff_t index, bool make)
{
	struct lab04_slot *slot = &lab04_slots[index];
	unsigned long address;

	mutex_lock(&slot->lock);
	if (!slot->address && make) {
		slot->address = get_zeroed_page(GFP_KERNEL);
		if (slot->address)
			lab04_count(&lab04_allocated, 1);
	}
	address = slot->address;
	mutex_unlock(&slot->lock);
	return address ? virt_to_page((void *)address) : NULL;
}

static void lab04_free(void)
{
	pgoff_t index;

	/* free_page() does nothing for 0. */
	for (index = 0; index < LAB04_PAGES; index++)
		free_page(lab04_slots[index].address);
}

static void lab04_vm_open(struct vm_area_struct *vma)
{
	lab04_count(&lab04_mappings, 1);
}

static void lab04_vm_close(struct vm_area_struct *vma)
{
	lab04_count(&lab04_mappings, -1);
}

static vm_fault_t lab04_fault(struct vm_fault *vmf)
{
	struct page *page;

	lab04_count(&lab04_faults, 1);

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
	pgoff_t index;
	int error;

	for (index = 0; index < LAB04_PAGES; index++)
		mutex_init(&lab04_slots[index].lock);
	error = misc_register(&lab04_device);
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

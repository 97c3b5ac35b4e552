// SPDX-License-Identifier: GPL-2.0-only
/*
 * A character device of its own instead of a misc device, and the memory type is chosen once, when
 * the device is opened: fcntl() cannot change O_SYNC afterwards, so mmap() need not look again.
 */
#include <linux/capability.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "../lib/compat.h"
#include "lab05.h"

static unsigned long base;
static unsigned long size;
module_param(base, ulong, 0444);
module_param(size, ulong, 0444);

static dev_t number;
static struct cdev chardev;
static struct class *class;

static int phys_open(struct inode *inode, struct file *file)
{
	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	file->private_data = (void *)(unsigned long)!!(file->f_flags & O_DSYNC);
	return 0;
}

static int phys_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long pages = size >> PAGE_SHIFT;
	unsigned long skip = vma->vm_pgoff - (base >> PAGE_SHIFT);
	bool uncached = file->private_data;

	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	/* Below the window skip has wrapped, and is larger than any window. */
	if (skip >= pages || vma_pages(vma) > pages - skip)
		return -EPERM;
	if (region_intersects(PFN_PHYS(vma->vm_pgoff), vma_pages(vma) << PAGE_SHIFT,
			      IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) != REGION_DISJOINT)
		return -EPERM;
	if (uncached)
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	return remap_pfn_range(vma, vma->vm_start, vma->vm_pgoff, vma_pages(vma) << PAGE_SHIFT,
			       vma->vm_page_prot);
}

static const struct file_operations phys_fops = {
	.owner = THIS_MODULE,
	.open = phys_open,
	.mmap = phys_mmap,
};

static int __init phys_init(void)
{
	struct device *device;
	int err;

	if (!size || !IS_ALIGNED(base, PAGE_SIZE) || !IS_ALIGNED(size, PAGE_SIZE) ||
	    base + size - 1 < base)
		return -EINVAL;

	err = alloc_chrdev_region(&number, 0, 1, "lab05");
	if (err)
		return err;
	class = class_create("lab05");
	if (IS_ERR(class)) {
		err = PTR_ERR(class);
		goto err_number;
	}
	cdev_init(&chardev, &phys_fops);
	chardev.owner = THIS_MODULE;
	err = cdev_add(&chardev, number, 1);
	if (err)
		goto err_class;
	device = device_create(class, NULL, number, NULL, "lab05");
	if (IS_ERR(device)) {
		err = PTR_ERR(device);
		goto err_cdev;
	}
	return 0;

err_cdev:
	cdev_del(&chardev);
err_class:
	class_destroy(class);
err_number:
	unregister_chrdev_region(number, 1);
	return err;
}

static void __exit phys_exit(void)
{
	device_destroy(class, number);
	cdev_del(&chardev);
	class_destroy(class);
	unregister_chrdev_region(number, 1);
}

module_init(phys_init);
module_exit(phys_exit);

MODULE_DESCRIPTION("lab 05 as a cdev");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unusual: vm_iomap_memory() does the arithmetic and calls io_remap_pfn_range() itself, and all
 * descriptors of a node share one address space, that of the first inode the node was opened
 * through, which is held until the last of them is closed.
 *
 * Right: the helper refuses with EINVAL whatever leaves the BAR, and takes the offset into account;
 * with one address space, one call revokes every mapping.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>

#include "lab03.h"

struct lab03_bar {
	const char *name;
	int number;
	struct mutex lock;	  /* protects what follows */
	struct resource *shown;	  /* NULL: no device */
	struct inode *anchor;	  /* NULL: nobody has the node open */
	unsigned int descriptors; /* share the anchor's address space */
	struct miscdevice misc;
};

static int lab03_open(struct inode *inode, struct file *file)
{
	struct lab03_bar *bar = container_of(file->private_data, struct lab03_bar, misc);

	mutex_lock(&bar->lock);
	if (!bar->descriptors++) {
		ihold(inode);
		bar->anchor = inode;
	}
	file->f_mapping = bar->anchor->i_mapping;
	mutex_unlock(&bar->lock);
	return 0;
}

static int lab03_release(struct inode *inode, struct file *file)
{
	struct lab03_bar *bar = container_of(file->private_data, struct lab03_bar, misc);

	mutex_lock(&bar->lock);
	if (!--bar->descriptors)
		iput(bar->anchor);
	mutex_unlock(&bar->lock);
	return 0;
}

static int lab03_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct lab03_bar *bar = container_of(file->private_data, struct lab03_bar, misc);
	int err = -ENODEV;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	vma->vm_page_prot = bar->number == LAB03_MEM_BAR ? pgprot_writecombine(vma->vm_page_prot)
							 : pgprot_noncached(vma->vm_page_prot);

	mutex_lock(&bar->lock);
	if (bar->shown)
		err = vm_iomap_memory(vma, bar->shown->start, resource_size(bar->shown));
	mutex_unlock(&bar->lock);
	return err;
}

static const struct file_operations lab03_fops = {
	.owner = THIS_MODULE,
	.open = lab03_open,
	.release = lab03_release,
	.mmap = lab03_mmap,
};

static struct lab03_bar lab03_regs = {
	.name = LAB03_REGS_NAME,
	.number = LAB03_REGS_BAR,
	.lock = __MUTEX_INITIALIZER(lab03_regs.lock),
};

static struct lab03_bar lab03_mem = {
	.name = LAB03_MEM_NAME,
	.number = LAB03_MEM_BAR,
	.lock = __MUTEX_INITIALIZER(lab03_mem.lock),
};

static int lab03_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct lab03_bar *bar = pdev->vendor == LAB03_REGS_VENDOR_ID ? &lab03_regs : &lab03_mem;
	int err;

	if (bar->shown)
		return -EBUSY;
	err = pci_enable_device(pdev);
	if (err)
		return err;
	err = pci_request_regions(pdev, "lab03");
	if (err)
		goto err_disable;

	bar->shown = &pdev->resource[bar->number];
	bar->misc = (struct miscdevice){
		.minor = MISC_DYNAMIC_MINOR,
		.name = bar->name,
		.fops = &lab03_fops,
		.parent = &pdev->dev,
	};
	pci_set_drvdata(pdev, bar);
	err = misc_register(&bar->misc);
	if (err)
		goto err_release;
	return 0;

err_release:
	bar->shown = NULL;
	pci_release_regions(pdev);
err_disable:
	pci_disable_device(pdev);
	return err;
}

static void lab03_remove(struct pci_dev *pdev)
{
	struct lab03_bar *bar = pci_get_drvdata(pdev);

	misc_deregister(&bar->misc);
	mutex_lock(&bar->lock);
	bar->shown = NULL;
	if (bar->descriptors)
		unmap_mapping_range(bar->anchor->i_mapping, 0, 0, 1);
	mutex_unlock(&bar->lock);
	pci_release_regions(pdev);
	pci_disable_device(pdev);
}

static const struct pci_device_id lab03_ids[] = {
	{PCI_DEVICE(LAB03_REGS_VENDOR_ID, LAB03_REGS_DEVICE_ID)},
	{PCI_DEVICE(LAB03_MEM_VENDOR_ID, LAB03_MEM_DEVICE_ID)},
	{},
};
MODULE_DEVICE_TABLE(pci, lab03_ids);

static struct pci_driver lab03_driver = {
	.name = "lab03",
	.id_table = lab03_ids,
	.probe = lab03_probe,
	.remove = lab03_remove,
};
module_pci_driver(lab03_driver);

MODULE_DESCRIPTION("mmap lab 03: the helper does the arithmetic");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unusual: the registers come page by page from a fault handler, with the protection handed to
 * vmf_insert_pfn_prot() and not kept in the area, while the memory is mapped at once. Both regions
 * are claimed exclusively, which shuts /dev/mem out whatever iomem= says.
 *
 * Right: each answers in its own way once the driver is unbound, but both answer: the handler with
 * VM_FAULT_SIGBUS, the area without pages by having no handler that could find one.
 */
#include <linux/ioport.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "../lib/compat.h"
#include "lab03.h"

struct lab03_node {
	struct miscdevice misc;
	struct resource bar; /* a copy; empty flags: no device */
	struct list_head files;
};

struct lab03_file {
	struct list_head list;
	struct address_space *mapping;
	struct lab03_node *node; /* NULL once the device is gone */
};

static DEFINE_MUTEX(lab03_mutex);

static unsigned long lab03_pages(const struct lab03_node *node)
{
	return resource_size(&node->bar) >> PAGE_SHIFT;
}

static vm_fault_t lab03_regs_fault(struct vm_fault *vmf)
{
	struct lab03_file *file = vmf->vma->vm_file->private_data;
	vm_fault_t result = VM_FAULT_SIGBUS;

	mutex_lock(&lab03_mutex);
	if (file->node && vmf->pgoff < lab03_pages(file->node))
		result = vmf_insert_pfn_prot(vmf->vma, vmf->address,
					     PHYS_PFN(file->node->bar.start) + vmf->pgoff,
					     pgprot_noncached(vmf->vma->vm_page_prot));
	mutex_unlock(&lab03_mutex);
	return result;
}

static const struct vm_operations_struct lab03_regs_vm_ops = {
	.fault = lab03_regs_fault,
};

static int lab03_regs_mmap(struct lab03_node *node, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &lab03_regs_vm_ops;
	return 0;
}

static int lab03_mem_mmap(struct lab03_node *node, struct vm_area_struct *vma)
{
	return io_remap_pfn_range(vma, vma->vm_start, PHYS_PFN(node->bar.start) + vma->vm_pgoff,
				  vma->vm_end - vma->vm_start,
				  pgprot_writecombine(vma->vm_page_prot));
}

static int lab03_open(struct inode *inode, struct file *filp)
{
	struct lab03_file *file = kmalloc(sizeof(*file), GFP_KERNEL);

	if (!file)
		return -ENOMEM;
	file->node = container_of(filp->private_data, struct lab03_node, misc);
	file->mapping = inode->i_mapping;
	mutex_lock(&lab03_mutex);
	list_add(&file->list, &file->node->files);
	mutex_unlock(&lab03_mutex);
	filp->private_data = file;
	return 0;
}

static int lab03_release(struct inode *inode, struct file *filp)
{
	struct lab03_file *file = filp->private_data;

	mutex_lock(&lab03_mutex);
	list_del(&file->list);
	mutex_unlock(&lab03_mutex);
	kfree(file);
	return 0;
}

static int lab03_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct lab03_file *file = filp->private_data;
	unsigned long pages;
	int err;

	if ((vma->vm_flags & (VM_SHARED | VM_MAYSHARE)) == 0)
		return -EINVAL;
	mutex_lock(&lab03_mutex);
	err = -ENODEV;
	if (!file->node)
		goto out;
	err = -EINVAL;
	pages = lab03_pages(file->node);
	if (vma->vm_pgoff >= pages || vma_pages(vma) > pages - vma->vm_pgoff)
		goto out;
	err = file->node->bar.flags & IORESOURCE_PREFETCH ? lab03_mem_mmap(file->node, vma)
							  : lab03_regs_mmap(file->node, vma);
out:
	mutex_unlock(&lab03_mutex);
	return err;
}

static const struct file_operations lab03_fops = {
	.owner = THIS_MODULE,
	.open = lab03_open,
	.release = lab03_release,
	.mmap = lab03_mmap,
};

static struct lab03_node lab03_regs = {
	.misc = {.name = LAB03_REGS_NAME, .fops = &lab03_fops},
	.files = LIST_HEAD_INIT(lab03_regs.files),
};

static struct lab03_node lab03_mem = {
	.misc = {.name = LAB03_MEM_NAME, .fops = &lab03_fops},
	.files = LIST_HEAD_INIT(lab03_mem.files),
};

static int lab03_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	bool regs = pdev->device == LAB03_REGS_DEVICE_ID;
	struct lab03_node *node = regs ? &lab03_regs : &lab03_mem;
	const struct resource *bar = &pdev->resource[regs ? LAB03_REGS_BAR : LAB03_MEM_BAR];
	int err;

	if (node->bar.flags)
		return -EBUSY;
	err = pci_enable_device(pdev);
	if (err)
		return err;
	err = -EBUSY;
	if (!request_mem_region_exclusive(bar->start, resource_size(bar), "lab03"))
		goto err_disable;
	node->bar = *bar;
	node->misc.minor = MISC_DYNAMIC_MINOR;
	pci_set_drvdata(pdev, node);
	err = misc_register(&node->misc);
	if (err)
		goto err_release;
	return 0;

err_release:
	release_mem_region(bar->start, resource_size(bar));
	node->bar.flags = 0;
err_disable:
	pci_disable_device(pdev);
	return err;
}

static void lab03_remove(struct pci_dev *pdev)
{
	struct lab03_node *node = pci_get_drvdata(pdev);
	struct lab03_file *file, *next;

	misc_deregister(&node->misc);
	mutex_lock(&lab03_mutex);
	list_for_each_entry_safe(file, next, &node->files, list)
	{
		list_del_init(&file->list);
		file->node = NULL;
		unmap_mapping_range(file->mapping, 0, 0, 1);
	}
	mutex_unlock(&lab03_mutex);
	release_mem_region(node->bar.start, resource_size(&node->bar));
	node->bar.flags = 0;
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

MODULE_DESCRIPTION("mmap lab 03: each BAR in its own way");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unusual: nothing is mapped by mmap(). A fault handler inserts one page at a time with
 * vmf_insert_pfn(), and asks at each fault whether the device is still there.
 *
 * Right: VM_PFNMAP is set and private mappings are refused, which vmf_insert_pfn() insists on. Page
 * by page x86 keeps no entry for the mapping, so the driver asks for the memory's cache type
 * itself, once for the whole BAR: arch_io_reserve_memtype_wc() puts it into the PAT list, and each
 * page inserted takes it from there. For the registers the type of an unreserved BAR is uncached
 * anyway, and the protection asks for it. Unlike the reference's, this revocation has no gap.
 */
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "../lib/compat.h"
#include "lab03.h"

struct lab03_bar {
	struct miscdevice misc;
	int number;
	unsigned long pfn, pages; /* no pages: no device */
};

/* One per descriptor: its own address space, so that each node of the device is found. */
struct lab03_user {
	struct list_head list;
	struct lab03_bar *bar; /* NULL once the device is gone */
	struct address_space *mapping;
};

static DECLARE_RWSEM(lab03_sem);
static LIST_HEAD(lab03_users);

static vm_fault_t lab03_fault(struct vm_fault *vmf)
{
	struct lab03_user *user = vmf->vma->vm_private_data;
	vm_fault_t result = VM_FAULT_SIGBUS;

	down_read(&lab03_sem);
	if (user->bar && vmf->pgoff < user->bar->pages)
		result = vmf_insert_pfn(vmf->vma, vmf->address, user->bar->pfn + vmf->pgoff);
	up_read(&lab03_sem);
	return result;
}

static const struct vm_operations_struct lab03_vm_ops = {
	.fault = lab03_fault,
};

static int lab03_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct lab03_user *user = file->private_data;
	unsigned long pages;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	down_read(&lab03_sem);
	pages = user->bar ? user->bar->pages : 0;
	up_read(&lab03_sem);
	if (!pages)
		return -ENODEV;
	if (vma->vm_pgoff >= pages || vma_pages(vma) > pages - vma->vm_pgoff)
		return -EINVAL;

	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_private_data = user;
	vma->vm_ops = &lab03_vm_ops;
	return 0;
}

static int lab03_open(struct inode *inode, struct file *file)
{
	struct lab03_bar *bar = container_of(file->private_data, struct lab03_bar, misc);
	struct lab03_user *user = kzalloc(sizeof(*user), GFP_KERNEL);

	if (!user)
		return -ENOMEM;
	user->bar = bar;
	user->mapping = inode->i_mapping;
	down_write(&lab03_sem);
	list_add(&user->list, &lab03_users);
	up_write(&lab03_sem);
	file->private_data = user;
	return 0;
}

static int lab03_release(struct inode *inode, struct file *file)
{
	struct lab03_user *user = file->private_data;

	down_write(&lab03_sem);
	list_del(&user->list);
	up_write(&lab03_sem);
	kfree(user);
	return 0;
}

static const struct file_operations lab03_fops = {
	.owner = THIS_MODULE,
	.open = lab03_open,
	.release = lab03_release,
	.mmap = lab03_mmap,
};

static struct lab03_bar lab03_bars[] = {
	{.misc = {.name = LAB03_REGS_NAME, .fops = &lab03_fops}, .number = LAB03_REGS_BAR},
	{.misc = {.name = LAB03_MEM_NAME, .fops = &lab03_fops}, .number = LAB03_MEM_BAR},
};

static int lab03_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct lab03_bar *bar = &lab03_bars[id->driver_data];
	resource_size_t start = pci_resource_start(pdev, bar->number);
	resource_size_t size = pci_resource_len(pdev, bar->number);
	int err;

	if (bar->pages)
		return -EBUSY;
	err = pci_enable_device(pdev);
	if (err)
		return err;
	err = pci_request_region(pdev, bar->number, "lab03");
	if (err)
		goto err_disable;
	if (id->driver_data) {
		err = arch_io_reserve_memtype_wc(start, size);
		if (err)
			goto err_release;
	}

	bar->pfn = start >> PAGE_SHIFT;
	bar->pages = size >> PAGE_SHIFT;
	bar->misc.minor = MISC_DYNAMIC_MINOR;
	pci_set_drvdata(pdev, bar);
	err = misc_register(&bar->misc);
	if (err)
		goto err_type;
	return 0;

err_type:
	bar->pages = 0;
	if (id->driver_data)
		arch_io_free_memtype_wc(start, size);
err_release:
	pci_release_region(pdev, bar->number);
err_disable:
	pci_disable_device(pdev);
	return err;
}

static void lab03_remove(struct pci_dev *pdev)
{
	struct lab03_bar *bar = pci_get_drvdata(pdev);
	struct lab03_user *user;

	misc_deregister(&bar->misc);
	down_write(&lab03_sem);
	list_for_each_entry(user, &lab03_users, list) {
		if (user->bar == bar) {
			user->bar = NULL;
			unmap_mapping_range(user->mapping, 0, 0, 1);
		}
	}
	bar->pages = 0;
	up_write(&lab03_sem);
	if (bar->number == LAB03_MEM_BAR)
		arch_io_free_memtype_wc(pci_resource_start(pdev, bar->number),
					pci_resource_len(pdev, bar->number));
	pci_release_region(pdev, bar->number);
	pci_disable_device(pdev);
}

static const struct pci_device_id lab03_ids[] = {
	{PCI_DEVICE(LAB03_REGS_VENDOR_ID, LAB03_REGS_DEVICE_ID), .driver_data = 0},
	{PCI_DEVICE(LAB03_MEM_VENDOR_ID, LAB03_MEM_DEVICE_ID), .driver_data = 1},
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

MODULE_DESCRIPTION("mmap lab 03: pages come at the first touch");
MODULE_LICENSE("GPL");

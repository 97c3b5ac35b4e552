// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unusual: revoking does not go through the address space. The driver lists its areas (open and
 * close of vm_ops, as drivers/infiniband does) and takes the pages out of each with zap_vma_ptes()
 * under that process's mmap_lock. pgprot_device() instead of pgprot_noncached(), and the region is
 * claimed with request_mem_region() alone.
 *
 * Right: mmap() runs under mmap_lock too, so an area that is on the list is also in the process.
 */
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "lab03.h"

struct lab03_area {
	struct list_head list;
	struct vm_area_struct *vma;
	struct lab03_slot *slot;
};

struct lab03_slot {
	int bar;
	phys_addr_t start;
	unsigned long size;	/* bytes */
	unsigned int session;	/* odd while a device is bound; a descriptor knows its own */
	struct list_head areas; /* that may have pages */
	struct miscdevice misc;
};

static DEFINE_MUTEX(lab03_mutex); /* inside mmap_lock */

struct lab03_client {
	struct lab03_slot *slot;
	unsigned int session;
};

static int lab03_open(struct inode *inode, struct file *file)
{
	struct lab03_slot *slot = container_of(file->private_data, struct lab03_slot, misc);
	struct lab03_client *client = kmalloc(sizeof(*client), GFP_KERNEL);

	if (!client)
		return -ENOMEM;
	client->slot = slot;
	client->session = slot->session;
	file->private_data = client;
	return 0;
}

static int lab03_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static void lab03_vm_close(struct vm_area_struct *vma)
{
	struct lab03_area *area = vma->vm_private_data;

	if (!area)
		return;
	mutex_lock(&lab03_mutex);
	list_del(&area->list);
	mutex_unlock(&lab03_mutex);
	kfree(area);
}

/* A copy (fork, split, move) that cannot be listed cannot be revoked: it gets no pages to keep. */
static void lab03_vm_open(struct vm_area_struct *vma)
{
	struct lab03_area *old = vma->vm_private_data;
	struct lab03_area *area = old ? kmalloc(sizeof(*area), GFP_KERNEL) : NULL;

	vma->vm_private_data = area;
	if (!area) {
		if (old)
			zap_vma_ptes(vma, vma->vm_start, vma->vm_end - vma->vm_start);
		return;
	}
	area->vma = vma;
	area->slot = old->slot;
	mutex_lock(&lab03_mutex);
	list_add(&area->list, &area->slot->areas);
	mutex_unlock(&lab03_mutex);
}

static const struct vm_operations_struct lab03_vm_ops = {
	.open = lab03_vm_open,
	.close = lab03_vm_close,
};

static int lab03_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct lab03_client *client = file->private_data;
	struct lab03_slot *slot = client->slot;
	struct lab03_area *area;
	int err = -ENODEV;

	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	area = kmalloc(sizeof(*area), GFP_KERNEL);
	if (!area)
		return -ENOMEM;
	area->vma = vma;
	area->slot = slot;

	mutex_lock(&lab03_mutex);
	if (!(client->session & 1) || client->session != slot->session)
		goto out;
	err = -EINVAL;
	if (vma->vm_pgoff > slot->size >> PAGE_SHIFT ||
	    vma->vm_end - vma->vm_start > slot->size - (vma->vm_pgoff << PAGE_SHIFT))
		goto out;
	vma->vm_page_prot = slot->bar == LAB03_REGS_BAR ? pgprot_device(vma->vm_page_prot)
							: pgprot_writecombine(vma->vm_page_prot);
	err = io_remap_pfn_range(vma, vma->vm_start, (slot->start >> PAGE_SHIFT) + vma->vm_pgoff,
				 vma->vm_end - vma->vm_start, vma->vm_page_prot);
	if (err)
		goto out;
	vma->vm_private_data = area;
	vma->vm_ops = &lab03_vm_ops;
	list_add(&area->list, &slot->areas);
	area = NULL;
out:
	mutex_unlock(&lab03_mutex);
	kfree(area);
	return err;
}

static const struct file_operations lab03_fops = {
	.owner = THIS_MODULE,
	.open = lab03_open,
	.release = lab03_release,
	.mmap = lab03_mmap,
};

static struct lab03_slot lab03_slots[] = {
	{.bar = LAB03_REGS_BAR,
	 .areas = LIST_HEAD_INIT(lab03_slots[0].areas),
	 .misc = {.name = LAB03_REGS_NAME, .fops = &lab03_fops}},
	{.bar = LAB03_MEM_BAR,
	 .areas = LIST_HEAD_INIT(lab03_slots[1].areas),
	 .misc = {.name = LAB03_MEM_NAME, .fops = &lab03_fops}},
};

/* The process of some area that still has pages, held; NULL when there is none. */
static struct mm_struct *lab03_next(struct lab03_slot *slot)
{
	struct lab03_area *area, *next;
	struct mm_struct *mm = NULL;

	mutex_lock(&lab03_mutex);
	list_for_each_entry_safe(area, next, &slot->areas, list)
	{
		mm = area->vma->vm_mm;
		if (mmget_not_zero(mm))
			break;
		/* It is exiting, and its pages go by themselves. */
		mm = NULL;
		list_del_init(&area->list);
	}
	mutex_unlock(&lab03_mutex);
	return mm;
}

/* mmap_lock comes before our mutex, so one process at a time, from the start each time. */
static void lab03_revoke(struct lab03_slot *slot)
{
	struct lab03_area *area, *next;
	struct mm_struct *mm;

	mutex_lock(&lab03_mutex);
	slot->session++;
	mutex_unlock(&lab03_mutex);

	while ((mm = lab03_next(slot))) {
		mmap_write_lock(mm);
		mutex_lock(&lab03_mutex);
		list_for_each_entry_safe(area, next, &slot->areas, list)
		{
			if (area->vma->vm_mm != mm)
				continue;
			list_del_init(&area->list);
			zap_vma_ptes(area->vma, area->vma->vm_start,
				     area->vma->vm_end - area->vma->vm_start);
		}
		mutex_unlock(&lab03_mutex);
		mmap_write_unlock(mm);
		mmput(mm);
	}
}

static int lab03_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct lab03_slot *slot = &lab03_slots[id->driver_data];
	int err;

	if (slot->session & 1)
		return -EBUSY;
	slot->start = pci_resource_start(pdev, slot->bar);
	slot->size = pci_resource_len(pdev, slot->bar);
	err = pci_enable_device(pdev);
	if (err)
		return err;
	err = -EBUSY;
	if (!request_mem_region(slot->start, slot->size, "mmap lab03"))
		goto err_disable;
	slot->misc.minor = MISC_DYNAMIC_MINOR;
	slot->session++;
	pci_set_drvdata(pdev, slot);
	err = misc_register(&slot->misc);
	if (err)
		goto err_release;
	return 0;

err_release:
	slot->session++;
	release_mem_region(slot->start, slot->size);
err_disable:
	pci_disable_device(pdev);
	return err;
}

static void lab03_remove(struct pci_dev *pdev)
{
	struct lab03_slot *slot = pci_get_drvdata(pdev);

	misc_deregister(&slot->misc);
	lab03_revoke(slot);
	release_mem_region(slot->start, slot->size);
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

MODULE_DESCRIPTION("mmap lab 03: a list of areas");
MODULE_LICENSE("GPL");

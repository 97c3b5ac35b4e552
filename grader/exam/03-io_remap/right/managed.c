// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unusual: managed resources throughout (pcim_, devm_), so there is no remove(): the PCI core
 * undoes everything in reverse order after the driver was unbound. What a descriptor needs outlives
 * that in an object that is counted.
 *
 * Right: enabled first means disabled last; the node goes before the region does.
 */
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "lab03.h"

/* One bound device; stays until it is unbound and its last descriptor is closed. */
struct lab03_bound {
	struct kref users;
	struct mutex lock; /* protects alive and files */
	bool alive, memory;
	struct list_head files;
	struct resource bar;
	struct miscdevice misc;
};

struct lab03_file {
	struct list_head list;
	struct lab03_bound *bound;
	struct address_space *mapping;
};

static void lab03_free(struct kref *users)
{
	kfree(container_of(users, struct lab03_bound, users));
}

static int lab03_open(struct inode *inode, struct file *filp)
{
	struct lab03_file *file = kmalloc(sizeof(*file), GFP_KERNEL);

	if (!file)
		return -ENOMEM;
	file->bound = container_of(filp->private_data, struct lab03_bound, misc);
	file->mapping = inode->i_mapping;
	kref_get(&file->bound->users);
	mutex_lock(&file->bound->lock);
	list_add(&file->list, &file->bound->files);
	mutex_unlock(&file->bound->lock);
	filp->private_data = file;
	return 0;
}

static int lab03_release(struct inode *inode, struct file *filp)
{
	struct lab03_file *file = filp->private_data;

	mutex_lock(&file->bound->lock);
	list_del(&file->list);
	mutex_unlock(&file->bound->lock);
	kref_put(&file->bound->users, lab03_free);
	kfree(file);
	return 0;
}

static int lab03_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct lab03_file *file = filp->private_data;
	struct lab03_bound *bound = file->bound;
	u64 end = (u64)vma->vm_pgoff + vma_pages(vma); /* both below 2^52 */
	pgprot_t prot = vma->vm_page_prot;
	int err = -ENODEV;

	if (!(vma->vm_flags & VM_SHARED) || end > resource_size(&bound->bar) >> PAGE_SHIFT)
		return -EINVAL;
	prot = bound->memory ? pgprot_writecombine(prot) : pgprot_noncached(prot);

	mutex_lock(&bound->lock);
	if (bound->alive)
		err = io_remap_pfn_range(vma, vma->vm_start,
					 (bound->bar.start >> PAGE_SHIFT) + vma->vm_pgoff,
					 vma->vm_end - vma->vm_start, prot);
	mutex_unlock(&bound->lock);
	return err;
}

static const struct file_operations lab03_fops = {
	.owner = THIS_MODULE,
	.open = lab03_open,
	.release = lab03_release,
	.mmap = lab03_mmap,
};

static void lab03_put(void *data)
{
	struct lab03_bound *bound = data;

	kref_put(&bound->users, lab03_free);
}

static void lab03_retire(void *data)
{
	struct lab03_bound *bound = data;
	struct lab03_file *file;

	misc_deregister(&bound->misc);
	mutex_lock(&bound->lock);
	bound->alive = false;
	list_for_each_entry(file, &bound->files, list)
		unmap_mapping_range(file->mapping, 0, 0, 1);
	mutex_unlock(&bound->lock);
}

static int lab03_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	bool memory = id->device == LAB03_MEM_DEVICE_ID;
	struct lab03_bound *bound;
	int err;

	err = pcim_enable_device(pdev);
	if (err)
		return err;

	bound = kzalloc(sizeof(*bound), GFP_KERNEL);
	if (!bound)
		return -ENOMEM;
	kref_init(&bound->users);
	mutex_init(&bound->lock);
	INIT_LIST_HEAD(&bound->files);
	bound->alive = true;
	bound->memory = memory;
	bound->bar = pdev->resource[memory ? LAB03_MEM_BAR : LAB03_REGS_BAR];
	bound->misc.minor = MISC_DYNAMIC_MINOR;
	bound->misc.name = memory ? LAB03_MEM_NAME : LAB03_REGS_NAME;
	bound->misc.fops = &lab03_fops;
	bound->misc.parent = &pdev->dev;
	err = devm_add_action_or_reset(&pdev->dev, lab03_put, bound);
	if (err)
		return err;

	if (!devm_request_mem_region(&pdev->dev, bound->bar.start, resource_size(&bound->bar),
				     bound->misc.name))
		return -EBUSY;
	err = misc_register(&bound->misc);
	if (err)
		return err;
	return devm_add_action_or_reset(&pdev->dev, lab03_retire, bound);
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
};
module_pci_driver(lab03_driver);

MODULE_DESCRIPTION("mmap lab 03: nothing to undo by hand");
MODULE_LICENSE("GPL");

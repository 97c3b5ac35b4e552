// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unusual: character devices with a class and a major number of their own instead of misc devices,
 * two pci_drivers instead of one, and remap_pfn_range(), which is the same function as
 * io_remap_pfn_range() on x86.
 *
 * Right: the nodes have the names that were asked for. Unlike misc devices, a cdev can still be
 * found by an open() that began before the node went; such a descriptor is born without a device.
 */
#include <linux/cdev.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "../lib/compat.h"
#include "lab03.h"

struct lab03_user {
	struct list_head list;
	struct address_space *mapping;
	struct pci_dev *pdev; /* NULL once the driver was unbound */
	unsigned int minor;
};

static struct class *lab03_class;
static struct cdev lab03_cdev;
static dev_t lab03_first;
static struct pci_dev *lab03_devices[2]; /* by minor number */
static LIST_HEAD(lab03_users);
static DEFINE_MUTEX(lab03_mutex); /* protects the devices and the users */

static const char *const lab03_names[] = {LAB03_REGS_NAME, LAB03_MEM_NAME};
static const int lab03_bars[] = {LAB03_REGS_BAR, LAB03_MEM_BAR};

static int lab03_open(struct inode *inode, struct file *file)
{
	struct lab03_user *user = kzalloc(sizeof(*user), GFP_KERNEL);
	int err = 0;

	if (!user)
		return -ENOMEM;
	user->minor = iminor(inode) - MINOR(lab03_first);
	user->mapping = inode->i_mapping;
	file->private_data = user;

	mutex_lock(&lab03_mutex);
	user->pdev = lab03_devices[user->minor];
	if (user->pdev)
		list_add(&user->list, &lab03_users);
	else
		err = -ENODEV;
	mutex_unlock(&lab03_mutex);
	if (err)
		kfree(user);
	return err;
}

static int lab03_release(struct inode *inode, struct file *file)
{
	struct lab03_user *user = file->private_data;

	mutex_lock(&lab03_mutex);
	list_del(&user->list);
	mutex_unlock(&lab03_mutex);
	kfree(user);
	return 0;
}

static int lab03_show(struct lab03_user *user, struct vm_area_struct *vma)
{
	int bar = lab03_bars[user->minor];
	unsigned long pages, pfn;

	if (!user->pdev)
		return -ENODEV;
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	pages = pci_resource_len(user->pdev, bar) >> PAGE_SHIFT;
	pfn = pci_resource_start(user->pdev, bar) >> PAGE_SHIFT;
	if (vma->vm_pgoff >= pages || vma_pages(vma) > pages - vma->vm_pgoff)
		return -EINVAL;
	return remap_pfn_range(vma, vma->vm_start, pfn + vma->vm_pgoff, vma->vm_end - vma->vm_start,
			       user->minor ? pgprot_writecombine(vma->vm_page_prot)
					   : pgprot_noncached(vma->vm_page_prot));
}

static int lab03_mmap(struct file *file, struct vm_area_struct *vma)
{
	int err;

	mutex_lock(&lab03_mutex);
	err = lab03_show(file->private_data, vma);
	mutex_unlock(&lab03_mutex);
	return err;
}

static const struct file_operations lab03_fops = {
	.owner = THIS_MODULE,
	.open = lab03_open,
	.release = lab03_release,
	.mmap = lab03_mmap,
};

static int lab03_bind(struct pci_dev *pdev, unsigned int minor)
{
	struct device *node;
	int err;

	err = pci_enable_device(pdev);
	if (err)
		return err;
	err = pci_request_region(pdev, lab03_bars[minor], lab03_names[minor]);
	if (err)
		goto err_disable;

	mutex_lock(&lab03_mutex);
	err = lab03_devices[minor] ? -EBUSY : 0;
	if (!err)
		lab03_devices[minor] = pdev;
	mutex_unlock(&lab03_mutex);
	if (err)
		goto err_release;

	node = device_create(lab03_class, &pdev->dev, lab03_first + minor, NULL, "%s",
			     lab03_names[minor]);
	err = PTR_ERR_OR_ZERO(node);
	if (err)
		goto err_forget;
	return 0;

err_forget:
	mutex_lock(&lab03_mutex);
	lab03_devices[minor] = NULL;
	mutex_unlock(&lab03_mutex);
err_release:
	pci_release_region(pdev, lab03_bars[minor]);
err_disable:
	pci_disable_device(pdev);
	return err;
}

static void lab03_unbind(struct pci_dev *pdev, unsigned int minor)
{
	struct lab03_user *user;

	device_destroy(lab03_class, lab03_first + minor);
	mutex_lock(&lab03_mutex);
	lab03_devices[minor] = NULL;
	list_for_each_entry(user, &lab03_users, list) {
		if (user->pdev != pdev)
			continue;
		user->pdev = NULL;
		unmap_mapping_range(user->mapping, 0, 0, 1);
	}
	mutex_unlock(&lab03_mutex);
	pci_release_region(pdev, lab03_bars[minor]);
	pci_disable_device(pdev);
}

static int lab03_regs_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return lab03_bind(pdev, 0);
}

static void lab03_regs_remove(struct pci_dev *pdev)
{
	lab03_unbind(pdev, 0);
}

static int lab03_mem_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return lab03_bind(pdev, 1);
}

static void lab03_mem_remove(struct pci_dev *pdev)
{
	lab03_unbind(pdev, 1);
}

static const struct pci_device_id lab03_regs_ids[] = {
	{PCI_DEVICE(LAB03_REGS_VENDOR_ID, LAB03_REGS_DEVICE_ID)},
	{},
};
MODULE_DEVICE_TABLE(pci, lab03_regs_ids);

static const struct pci_device_id lab03_mem_ids[] = {
	{PCI_DEVICE(LAB03_MEM_VENDOR_ID, LAB03_MEM_DEVICE_ID)},
	{},
};
MODULE_DEVICE_TABLE(pci, lab03_mem_ids);

static struct pci_driver lab03_regs_driver = {
	.name = LAB03_REGS_NAME,
	.id_table = lab03_regs_ids,
	.probe = lab03_regs_probe,
	.remove = lab03_regs_remove,
};

static struct pci_driver lab03_mem_driver = {
	.name = LAB03_MEM_NAME,
	.id_table = lab03_mem_ids,
	.probe = lab03_mem_probe,
	.remove = lab03_mem_remove,
};

static int __init lab03_init(void)
{
	int err;

	err = alloc_chrdev_region(&lab03_first, 0, 2, "lab03");
	if (err)
		return err;
	cdev_init(&lab03_cdev, &lab03_fops);
	lab03_cdev.owner = THIS_MODULE;
	err = cdev_add(&lab03_cdev, lab03_first, 2);
	if (err)
		goto err_region;
	lab03_class = class_create("lab03");
	err = PTR_ERR_OR_ZERO(lab03_class);
	if (err)
		goto err_cdev;
	err = pci_register_driver(&lab03_regs_driver);
	if (err)
		goto err_class;
	err = pci_register_driver(&lab03_mem_driver);
	if (err)
		goto err_driver;
	return 0;

err_driver:
	pci_unregister_driver(&lab03_regs_driver);
err_class:
	class_destroy(lab03_class);
err_cdev:
	cdev_del(&lab03_cdev);
err_region:
	unregister_chrdev_region(lab03_first, 2);
	return err;
}
module_init(lab03_init);

static void __exit lab03_exit(void)
{
	pci_unregister_driver(&lab03_mem_driver);
	pci_unregister_driver(&lab03_regs_driver);
	class_destroy(lab03_class);
	cdev_del(&lab03_cdev);
	unregister_chrdev_region(lab03_first, 2);
}
module_exit(lab03_exit);

MODULE_DESCRIPTION("mmap lab 03: character devices of our own");
MODULE_LICENSE("GPL");

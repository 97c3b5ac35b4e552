// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unusual: the driver maps both BARs for itself too, the registers uncached to look at the id, the
 * memory with ioremap_wc(); and it maps the user's pages one by one.
 *
 * Right: page by page, x86 keeps no entry for the user's mapping and gives each page the type that
 * is on record for its frame. That is the driver's own: write-combining since ioremap_wc(). Mapped
 * with ioremap() instead, the memory would be uncached in the process as well.
 */
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "lab03.h"

struct lab03_bar {
	struct miscdevice misc;
	int number;
	void __iomem *kernel;
	unsigned long pfn, pages; /* no pages: no device */
};

struct lab03_reader {
	struct list_head list;
	struct lab03_bar *bar; /* NULL once the device is gone */
	struct address_space *mapping;
};

static LIST_HEAD(lab03_readers);
static DEFINE_MUTEX(lab03_mutex);

static int lab03_open(struct inode *inode, struct file *file)
{
	struct lab03_reader *reader = kzalloc(sizeof(*reader), GFP_KERNEL);

	if (!reader)
		return -ENOMEM;
	reader->bar = container_of(file->private_data, struct lab03_bar, misc);
	reader->mapping = file->f_mapping;
	file->private_data = reader;
	mutex_lock(&lab03_mutex);
	list_add_tail(&reader->list, &lab03_readers);
	mutex_unlock(&lab03_mutex);
	return 0;
}

static int lab03_release(struct inode *inode, struct file *file)
{
	struct lab03_reader *reader = file->private_data;

	mutex_lock(&lab03_mutex);
	list_del(&reader->list);
	mutex_unlock(&lab03_mutex);
	kfree(reader);
	return 0;
}

static int lab03_pages(struct lab03_bar *bar, struct vm_area_struct *vma)
{
	unsigned long i;
	int err;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_pgoff >= bar->pages || vma_pages(vma) > bar->pages - vma->vm_pgoff)
		return -EINVAL;

	vma->vm_page_prot = bar->number == LAB03_MEM_BAR ? pgprot_writecombine(vma->vm_page_prot)
							 : pgprot_noncached(vma->vm_page_prot);
	for (i = 0; i < vma_pages(vma); i++) {
		err = io_remap_pfn_range(vma, vma->vm_start + i * PAGE_SIZE,
					 bar->pfn + vma->vm_pgoff + i, PAGE_SIZE,
					 vma->vm_page_prot);
		if (err)
			return err;
	}
	return 0;
}

static int lab03_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct lab03_reader *reader = file->private_data;
	int err = -ENODEV;

	mutex_lock(&lab03_mutex);
	if (reader->bar)
		err = lab03_pages(reader->bar, vma);
	mutex_unlock(&lab03_mutex);
	return err;
}

static const struct file_operations lab03_fops = {
	.owner = THIS_MODULE,
	.open = lab03_open,
	.release = lab03_release,
	.mmap = lab03_mmap,
};

static struct lab03_bar lab03_regs = {
	.misc = {.name = LAB03_REGS_NAME, .fops = &lab03_fops},
	.number = LAB03_REGS_BAR,
};

static struct lab03_bar lab03_mem = {
	.misc = {.name = LAB03_MEM_NAME, .fops = &lab03_fops},
	.number = LAB03_MEM_BAR,
};

static int lab03_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct lab03_bar *bar = (struct lab03_bar *)id->driver_data;
	int err;

	if (bar->pages)
		return -EBUSY;
	err = pci_enable_device_mem(pdev);
	if (err)
		return err;
	err = pci_request_selected_regions(pdev, BIT(bar->number), "lab03");
	if (err)
		goto err_disable;
	err = -ENOMEM;
	bar->kernel = bar->number == LAB03_MEM_BAR ? pci_ioremap_wc_bar(pdev, bar->number)
						   : pci_ioremap_bar(pdev, bar->number);
	if (!bar->kernel)
		goto err_release;
	err = -ENODEV;
	if (bar->number == LAB03_REGS_BAR && ioread32(bar->kernel + LAB03_ID) != LAB03_ID_VALUE)
		goto err_unmap;

	bar->pfn = pci_resource_start(pdev, bar->number) >> PAGE_SHIFT;
	bar->pages = pci_resource_len(pdev, bar->number) >> PAGE_SHIFT;
	bar->misc.minor = MISC_DYNAMIC_MINOR;
	pci_set_drvdata(pdev, bar);
	err = misc_register(&bar->misc);
	if (err)
		goto err_unmap;
	return 0;

err_unmap:
	bar->pages = 0;
	iounmap(bar->kernel);
err_release:
	pci_release_selected_regions(pdev, BIT(bar->number));
err_disable:
	pci_disable_device(pdev);
	return err;
}

static void lab03_remove(struct pci_dev *pdev)
{
	struct lab03_bar *bar = pci_get_drvdata(pdev);
	struct lab03_reader *reader;

	misc_deregister(&bar->misc);
	mutex_lock(&lab03_mutex);
	list_for_each_entry(reader, &lab03_readers, list) {
		if (reader->bar == bar) {
			reader->bar = NULL;
			unmap_mapping_range(reader->mapping, 0, 0, 1);
		}
	}
	bar->pages = 0;
	mutex_unlock(&lab03_mutex);
	iounmap(bar->kernel);
	pci_release_selected_regions(pdev, BIT(bar->number));
	pci_disable_device(pdev);
}

static const struct pci_device_id lab03_ids[] = {
	{PCI_DEVICE(LAB03_MEM_VENDOR_ID, LAB03_MEM_DEVICE_ID),
	 .driver_data = (kernel_ulong_t)&lab03_mem},
	{PCI_DEVICE(LAB03_REGS_VENDOR_ID, LAB03_REGS_DEVICE_ID),
	 .driver_data = (kernel_ulong_t)&lab03_regs},
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

MODULE_DESCRIPTION("mmap lab 03: the kernel looks as well");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lab 03: the memory of two PCI devices, shown to user space.
 *
 *	/dev/lab03-regs		BAR 0 of edu			registers, mapped uncached
 *	/dev/lab03-mem		BAR 2 of ivshmem-plain		memory, mapped write-combining
 *
 * A BAR belongs to its device: nothing is allocated here, and no struct page counts who uses it. So
 * the driver keeps the books. While a device is bound, its BAR is claimed under our name, which
 * shuts /dev/mem out as well. When the device goes, every page is taken back: from then on mappings
 * answer SIGBUS and descriptors ENODEV, and the module stays until the last of them is gone.
 *
 * Refused with EINVAL: a private mapping, and a window that is not wholly inside the BAR.
 */
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/pfn.h>
#include <linux/slab.h>

#include "lab03.h"

/* One BAR, and the node that shows it. */
struct lab03_window {
	struct miscdevice misc;
	int bar;
	bool combine; /* memory, whose writes may be merged; registers must see each one */
	phys_addr_t start;
	unsigned long pages; /* 0: no device is bound */
};

/* One descriptor: where its mappings are found, and what they may show. */
struct lab03_opening {
	struct list_head list;
	struct address_space *mapping;
	struct lab03_window *window; /* NULL once the device is gone */
};

/* Orders mmap against unbinding: protects the list, and the window of every opening. */
static DEFINE_MUTEX(lab03_lock);
static LIST_HEAD(lab03_openings);

static int lab03_open(struct inode *inode, struct file *file)
{
	struct miscdevice *misc = file->private_data;
	struct lab03_opening *opening = kmalloc(sizeof(*opening), GFP_KERNEL);

	if (!opening)
		return -ENOMEM;
	opening->mapping = file->f_mapping;
	opening->window = container_of(misc, struct lab03_window, misc);
	mutex_lock(&lab03_lock);
	list_add(&opening->list, &lab03_openings);
	mutex_unlock(&lab03_lock);
	file->private_data = opening;
	return 0;
}

/* Runs after close() and after the last munmap(): a mapping keeps its file. */
static int lab03_release(struct inode *inode, struct file *file)
{
	struct lab03_opening *opening = file->private_data;

	mutex_lock(&lab03_lock);
	list_del(&opening->list);
	mutex_unlock(&lab03_lock);
	kfree(opening);
	return 0;
}

/* What the window may show of its BAR; the caller holds lab03_lock. */
static int lab03_map(const struct lab03_window *window, struct vm_area_struct *vma)
{
	/* lab: begin mmap */
	unsigned long first = vma->vm_pgoff;

	/*
	 * Private means a copy in RAM at the first write, and no device looks there. Not VM_SHARED:
	 * the core clears it when the descriptor of a shared mapping is read-only.
	 */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	/* vm_pgoff comes from user space: compare pages, never sum bytes. */
	if (first >= window->pages || vma_pages(vma) > window->pages - first)
		return -EINVAL;

	if (window->combine)
		vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	else
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);

	/* In one call: x86 keeps the cache type of a whole area only, and would drop ours. */
	return io_remap_pfn_range(vma, vma->vm_start, PHYS_PFN(window->start) + first,
				  vma->vm_end - vma->vm_start, vma->vm_page_prot);
	/* lab: end mmap */
}

static int lab03_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct lab03_opening *opening = file->private_data;
	int error = -ENODEV;

	mutex_lock(&lab03_lock);
	if (opening->window)
		error = lab03_map(opening->window, vma);
	mutex_unlock(&lab03_lock);
	return error;
}

/* .owner keeps the module in memory while a descriptor is open or a page is mapped. */
static const struct file_operations lab03_fops = {
	.owner = THIS_MODULE,
	.open = lab03_open,
	.release = lab03_release,
	.mmap = lab03_mmap,
};

static struct lab03_window lab03_regs = {
	.misc = {.name = LAB03_REGS_NAME, .fops = &lab03_fops},
	.bar = LAB03_REGS_BAR,
};

static struct lab03_window lab03_mem = {
	.misc = {.name = LAB03_MEM_NAME, .fops = &lab03_fops},
	.bar = LAB03_MEM_BAR,
	.combine = true,
};

/*
 * Takes every page of the window back and turns its descriptors into stumps. No fault handler is
 * installed, so the next access finds no page and nobody to ask: SIGBUS.
 *
 * One gap stays: the core lists a mapping for unmap_mapping_range() only after ->mmap returned, and
 * one that is made at this very moment can be missed. Pages that a fault handler inserts cannot.
 */
static void lab03_revoke(const struct lab03_window *window)
{
	/* lab: begin revoke */
	struct lab03_opening *opening;

	mutex_lock(&lab03_lock);
	list_for_each_entry(opening, &lab03_openings, list) {
		if (opening->window != window)
			continue;
		opening->window = NULL;
		unmap_mapping_range(opening->mapping, 0, 0, 1);
	}
	mutex_unlock(&lab03_lock);
	/* lab: end revoke */
}

static int lab03_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	/* lab: begin probe */
	struct lab03_window *window = (struct lab03_window *)id->driver_data;
	int error;

	/* A second device of the same kind would need a second name. */
	if (window->pages)
		return -EBUSY;

	error = pci_enable_device(pdev);
	if (error)
		return error;
	error = pci_request_region(pdev, window->bar, KBUILD_MODNAME);
	if (error)
		goto err_disable_device;
	window->start = pci_resource_start(pdev, window->bar);
	window->pages = PHYS_PFN(pci_resource_len(pdev, window->bar));
	pci_set_drvdata(pdev, window);

	/* Chosen anew each time: 6.1 leaves the old number behind, and another may have it. */
	window->misc.minor = MISC_DYNAMIC_MINOR;
	window->misc.parent = &pdev->dev;
	/* Last: from here on the device can be opened. */
	error = misc_register(&window->misc);
	if (error)
		goto err_release_region;

	pci_info(pdev, "%lu pages at /dev/%s\n", window->pages, window->misc.name);
	return 0;

err_release_region:
	window->pages = 0;
	pci_release_region(pdev, window->bar);
err_disable_device:
	pci_disable_device(pdev);
	return error;
	/* lab: end probe */
}

/* Backwards: nobody new gets in, then everybody is put out, then the BAR is let go. */
static void lab03_remove(struct pci_dev *pdev)
{
	struct lab03_window *window = pci_get_drvdata(pdev);

	/* lab: begin probe */
	misc_deregister(&window->misc);
	/* lab: end probe */
	lab03_revoke(window);
	/* lab: begin probe */
	window->pages = 0;
	pci_release_region(pdev, window->bar);
	pci_disable_device(pdev);
	/* lab: end probe */
}

static const struct pci_device_id lab03_ids[] = {
	{PCI_DEVICE(LAB03_REGS_VENDOR_ID, LAB03_REGS_DEVICE_ID),
	 .driver_data = (kernel_ulong_t)&lab03_regs},
	{PCI_DEVICE(LAB03_MEM_VENDOR_ID, LAB03_MEM_DEVICE_ID),
	 .driver_data = (kernel_ulong_t)&lab03_mem},
	{},
};
MODULE_DEVICE_TABLE(pci, lab03_ids);

static struct pci_driver lab03_driver = {
	.name = KBUILD_MODNAME,
	.id_table = lab03_ids,
	.probe = lab03_probe,
	.remove = lab03_remove,
};

module_pci_driver(lab03_driver);

MODULE_DESCRIPTION("mmap lab 03: PCI BARs through io_remap_pfn_range()");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The buffer comes from the DMA API and is mapped with its own helper, dma_mmap_coherent(): what a
 * driver for a device that reads memory itself has to do. The helper looks at vm_pgoff, but refuses
 * with ENXIO, so the window is checked here first.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/platform_device.h>

#include "lab02.h"

#define LAB02_SIZE (LAB02_PAGES * PAGE_SIZE)

static struct platform_device *lab02_platform;
static dma_addr_t lab02_dma;
static void *lab02_buffer;

static int lab02_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long first = vma->vm_pgoff;

	/*
	 * Private means a copy at the first write, and nobody would see what was written. Not
	 * VM_SHARED: the core clears it when the descriptor of a shared mapping is read-only.
	 */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	/* vm_pgoff comes from user space: compare pages, never sum bytes. */
	if (first >= LAB02_PAGES || vma_pages(vma) > LAB02_PAGES - first)
		return -EINVAL;

	return dma_mmap_coherent(&lab02_platform->dev, vma, lab02_buffer, lab02_dma, LAB02_SIZE);
}

static ssize_t lab02_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	return simple_read_from_buffer(to, count, pos, lab02_buffer, LAB02_SIZE);
}

static ssize_t lab02_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	/* The helper answers 0 at the end, and a program that repeats short writes would spin. */
	if (*pos >= LAB02_SIZE)
		return -ENOSPC;
	return simple_write_to_buffer(lab02_buffer, LAB02_SIZE, pos, from, count);
}

static loff_t lab02_llseek(struct file *file, loff_t offset, int whence)
{
	return fixed_size_llseek(file, offset, whence, LAB02_SIZE);
}

static const struct file_operations lab02_fops = {
	.owner = THIS_MODULE,
	.read = lab02_read,
	.write = lab02_write,
	.llseek = lab02_llseek,
	.mmap = lab02_mmap,
};

static struct miscdevice lab02_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = LAB02_NAME,
	.fops = &lab02_fops,
};

static int __init lab02_init(void)
{
	int error;

	lab02_platform = platform_device_register_simple(LAB02_NAME, PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(lab02_platform))
		return PTR_ERR(lab02_platform);

	error = dma_set_mask_and_coherent(&lab02_platform->dev, DMA_BIT_MASK(32));
	if (error)
		goto err_unregister;

	/* Zeroed by the DMA API itself. */
	lab02_buffer = dma_alloc_coherent(&lab02_platform->dev, LAB02_SIZE, &lab02_dma, GFP_KERNEL);
	if (!lab02_buffer) {
		error = -ENOMEM;
		goto err_unregister;
	}

	/* Last: from here on the device can be opened. */
	error = misc_register(&lab02_device);
	if (error)
		goto err_free_buffer;

	pr_info("%d pages at %s\n", LAB02_PAGES, LAB02_NODE);
	return 0;

err_free_buffer:
	dma_free_coherent(&lab02_platform->dev, LAB02_SIZE, lab02_buffer, lab02_dma);
err_unregister:
	platform_device_unregister(lab02_platform);
	return error;
}

static void __exit lab02_exit(void)
{
	misc_deregister(&lab02_device);
	dma_free_coherent(&lab02_platform->dev, LAB02_SIZE, lab02_buffer, lab02_dma);
	platform_device_unregister(lab02_platform);
}

module_init(lab02_init);
module_exit(lab02_exit);

MODULE_DESCRIPTION("mmap lab 02: RAM through remap_pfn_range()");
MODULE_LICENSE("GPL");

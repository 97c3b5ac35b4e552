// SPDX-License-Identifier: GPL-2.0-only
/*
 * vm_iomap_memory() adds vm_pgoff to the address it is given. Here vm_pgoff is the address already,
 * so the memory to map begins at 0 and ends with the window; what lies below it is refused before.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/ioport.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "lab05.h"

static ulong base, size;
module_param(base, ulong, 0400);
module_param(size, ulong, 0400);

static int iomap_open(struct inode *inode, struct file *file)
{
	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	return nonseekable_open(inode, file);
}

static bool is_ram(phys_addr_t start, size_t bytes)
{
	switch (region_intersects(start, bytes, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE)) {
	case REGION_INTERSECTS:
	case REGION_MIXED:
		return true;
	default:
		return false;
	}
}

static int iomap_mmap(struct file *file, struct vm_area_struct *vma)
{
	const unsigned long bytes = vma->vm_end - vma->vm_start;
	const phys_addr_t start = (phys_addr_t)vma->vm_pgoff << PAGE_SHIFT;

	if ((vma->vm_flags & (VM_SHARED | VM_MAYSHARE)) == 0)
		return -EINVAL;
	if (start < base || bytes > size || start - base > size - bytes)
		return -EPERM;
	if (is_ram(start, bytes))
		return -EPERM;
	if (file->f_flags & (O_SYNC | O_DSYNC))
		vma->vm_page_prot = pgprot_device(vma->vm_page_prot);
	return vm_iomap_memory(vma, 0, base + size);
}

static const struct file_operations iomap_fops = {
	.owner = THIS_MODULE,
	.open = iomap_open,
	.mmap = iomap_mmap,
};

static struct miscdevice iomap_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "lab05",
	.fops = &iomap_fops,
};

static int __init iomap_init(void)
{
	if (offset_in_page(base) || offset_in_page(size) || !size)
		return -EINVAL;
	if (base > ULONG_MAX - (size - 1))
		return -EINVAL;
	return misc_register(&iomap_device);
}

static void __exit iomap_exit(void)
{
	misc_deregister(&iomap_device);
}

module_init(iomap_init);
module_exit(iomap_exit);

MODULE_DESCRIPTION("lab 05 with vm_iomap_memory");
MODULE_LICENSE("GPL");

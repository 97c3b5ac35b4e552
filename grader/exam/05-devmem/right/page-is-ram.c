// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asks page by page whether it is System RAM, as /dev/mem itself does, and names the initial user
 * namespace where others call capable(). Slower on long ranges, and just as right. The parameters
 * cannot be read from /sys, and nobody said that they can.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/user_namespace.h>

#include "lab05.h"

static unsigned long long base;
static unsigned long long size;
module_param(base, ullong, 0);
module_param(size, ullong, 0);

static int devmem_open(struct inode *inode, struct file *file)
{
	if (!ns_capable(&init_user_ns, CAP_SYS_RAWIO))
		return -EPERM;
	return 0;
}

static int devmem_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long first = base >> PAGE_SHIFT;
	unsigned long last = (base + size - 1) >> PAGE_SHIFT;
	unsigned long pfn = vma->vm_pgoff;
	unsigned long i;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (pfn < first || pfn > last || vma_pages(vma) - 1 > last - pfn)
		return -EPERM;
	for (i = 0; i < vma_pages(vma); i++)
		if (page_is_ram(pfn + i))
			return -EPERM;

	/* The two bits of O_SYNC, either of them. */
	if (file->f_flags & O_SYNC)
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	return io_remap_pfn_range(vma, vma->vm_start, pfn, vma->vm_end - vma->vm_start,
				  vma->vm_page_prot);
}

static const struct file_operations devmem_fops = {
	.owner = THIS_MODULE,
	.open = devmem_open,
	.mmap = devmem_mmap,
};

static struct miscdevice devmem_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "lab05",
	.mode = 0666, /* the capability is asked for, whatever the mode */
	.fops = &devmem_fops,
};

static int __init devmem_init(void)
{
	if (size == 0 || size % PAGE_SIZE || base % PAGE_SIZE || size - 1 > U64_MAX - base)
		return -EINVAL;
	return misc_register(&devmem_misc);
}

static void __exit devmem_exit(void)
{
	misc_deregister(&devmem_misc);
}

module_init(devmem_init);
module_exit(devmem_exit);

MODULE_DESCRIPTION("lab 05 with a page_is_ram loop");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/* The smallest module: build compiles it to learn which commands kbuild runs for a lab. */
#include <linux/module.h>

static int __init trivial_init(void)
{
	return 0;
}
module_init(trivial_init);

static void __exit trivial_exit(void)
{
}
module_exit(trivial_exit);

MODULE_DESCRIPTION("the smallest module");
MODULE_LICENSE("GPL");

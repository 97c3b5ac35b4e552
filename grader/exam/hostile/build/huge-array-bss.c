/* Outcome: exit 1, log says: MiB of static data */
/* gcc and ld do not mind; no kernel can load it. */
#include <linux/module.h>

char hostile_array[2047UL << 20];

static int __init hostile_init(void)
{
	return 0;
}
module_init(hostile_init);

static void __exit hostile_exit(void)
{
}
module_exit(hostile_exit);

MODULE_DESCRIPTION("hostile to the build");
MODULE_LICENSE("GPL");

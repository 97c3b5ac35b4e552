/* Outcome: exit 1, log says: takes more than a lab may */
/* Two gigabytes that would have to be written to the object file. */
#include <linux/module.h>

char hostile_array[2047UL << 20] = { 1 };

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

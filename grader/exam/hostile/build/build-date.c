/* Outcome: exit 1, log says: might prevent reproducible builds */
#include <linux/module.h>

const char *hostile_date = __DATE__;

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

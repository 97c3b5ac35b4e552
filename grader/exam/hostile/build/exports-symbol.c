/* Outcome: exit 0, through kbuild itself */
/* Goes through genksyms, which the recorded commands do not have. */
#include <linux/module.h>

int hostile_number;
EXPORT_SYMBOL_GPL(hostile_number);

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

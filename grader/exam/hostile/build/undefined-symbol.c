/* Outcome: exit 1, log says: undefined! */
#include <linux/module.h>

void hostile_call(void);
void (*hostile_pointer)(void) = hostile_call;

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

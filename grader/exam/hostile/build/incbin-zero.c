/* Outcome: exit 1, log says: Error: file not found */
/* A file without an end, if the sandbox had it. */
#include <linux/module.h>

asm(".pushsection .rodata; .incbin \"/dev/zero\"; .popsection");

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

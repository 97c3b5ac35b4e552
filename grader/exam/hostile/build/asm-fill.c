/* Outcome: exit 1, log says: takes more than a lab may */
/* The assembler's way to a huge file. */
#include <linux/module.h>

asm(".pushsection .data; .rept 1000; .fill 100000000, 1, 0x5a; .endr; .popsection");

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

/* Outcome: exit 0, with warnings, and a log of at most 64 KiB */
#include <linux/module.h>

#define W10(n) \
	W(n##0) \
	W(n##1) \
	W(n##2) \
	W(n##3) \
	W(n##4) \
	W(n##5) \
	W(n##6) \
	W(n##7) \
	W(n##8) \
	W(n##9)

/* Ten thousand functions that warn, with a note each. */
#define W(n) static void hostile_##n(void) { int unused_##n; char *p = 1; }
#define W100(n) W10(n##0) W10(n##1) W10(n##2) W10(n##3) W10(n##4) W10(n##5) W10(n##6) W10(n##7) W10(n##8) W10(n##9)
#define W1000(n) W100(n##0) W100(n##1) W100(n##2) W100(n##3) W100(n##4) W100(n##5) W100(n##6) W100(n##7) W100(n##8) W100(n##9)
W1000(1) W1000(2) W1000(3)

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

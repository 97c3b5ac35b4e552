/* Outcome: exit 1, log says: error */
/* A thousand errors in one line: the log stays readable. */
#include <linux/module.h>

#define A(x) x x x x x x x x x x
#define B(x) A(A(A(x)))
int hostile(void)
{
	B(undeclared++;)
}
int hostile_too(void)
{
	B(return "text" + undeclared_too;)
}

/* Outcome: exit 1, log says: stdio.h */
#include <stdio.h>

int main(void)
{
	return printf("hello\n") < 0;
}

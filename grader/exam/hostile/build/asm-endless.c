/* Outcome: exit 1, log says: takes more than a lab may */
/* The assembler repeats nothing, 10^15 times: it takes little memory, only time. */
#include <linux/module.h>

asm(".rept 100000\n"
    ".rept 100000\n"
    ".rept 100000\n"
    ".endr\n"
    ".endr\n"
    ".endr\n");

/* Outcome: exit 1, log says: No such file or directory */
#include <linux/module.h>
#include "/etc/passwd"

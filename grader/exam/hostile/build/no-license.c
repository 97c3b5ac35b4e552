/* Outcome: exit 1, log says: missing MODULE_LICENSE */
#include <linux/module.h>

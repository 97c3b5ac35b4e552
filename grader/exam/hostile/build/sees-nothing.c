/* Outcome: exit 0 */
/* What must not be there is not there. */
#include <linux/module.h>

#if __has_include("/etc/passwd") || __has_include("/etc/hostname") || __has_include("/etc/ld.so.cache")
#error "the host's /etc is visible"
#endif
#if __has_include("/proc/self/environ") || __has_include("/proc/cpuinfo") || __has_include("/sys/kernel/notes")
#error "/proc or /sys is visible"
#endif
#if __has_include("/root/.bashrc") || __has_include("/root/.profile")
#error "a home is visible"
#endif
#if __has_include("../01-kmalloc-vm_insert_page/lab01.c") || __has_include("../03-io_remap/lab03.c") || \
	__has_include("../04-fault-handler/lab04.c") || __has_include("../05-devmem/lab05.c") || \
	__has_include("test.c") || __has_include("../probe/say.c")
#error "the rest of the labs is visible"
#endif
#if __has_include("/dev/zero") || __has_include("/dev/stdin") || __has_include("/dev/fd/0")
#error "more devices than null are visible"
#endif
#if !__has_include("/dev/null") || !__has_include("../lib/compat.h")
#error "the probe itself does not work"
#endif

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

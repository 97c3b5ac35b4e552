// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user's side of /dev/lab03-regs and /dev/lab03-mem: what a program may expect of a BAR it
 * maps, as KTAP.
 *
 *	sudo insmod lab03.ko && sudo ./test; sudo rmmod lab03
 *
 * It computes on the registers, overwrites the memory, and unbinds and binds the memory's driver.
 * Exit status: 0 everything held, 1 something did not, 2 the test itself had trouble.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../lib/fault.h"
#include "../lib/ktap.h"
#include "../lib/pattern.h"
#include "../lib/vma.h"
#include "lab03.h"

#define PAGE ((size_t)PATTERN_PAGE)
#define RW (PROT_READ | PROT_WRITE)

/* A node, and the device behind it. */
struct bar {
	const char *node;
	unsigned int id, number; /* vendor and device, BAR */
	char name[16];		 /* in /sys/bus/pci/devices */
	size_t size;		 /* bytes */
	int fd;
};

/* The kernel's list, one device a line: place, id, interrupt, seven addresses, seven sizes. */
static void bar_find(struct bar *bar)
{
	FILE *list = fopen("/proc/bus/pci/devices", "re");
	unsigned int place, id;
	size_t sizes[3];
	char line[512];

	if (!list)
		ktap_bail("read /proc/bus/pci/devices:");
	while (fgets(line, sizeof(line), list)) {
		if (sscanf(line, "%x %x %*s %*s %*s %*s %*s %*s %*s %*s %zx %zx %zx", &place, &id,
			   &sizes[0], &sizes[1], &sizes[2]) != 5 ||
		    id != bar->id)
			continue;
		bar->size = sizes[bar->number];
		snprintf(bar->name, sizeof(bar->name), "0000:%02x:%02x.%x", place >> 8 & 0xff,
			 place >> 3 & 0x1f, place & 7);
	}
	fclose(list);
	if (!bar->size)
		ktap_bail("no device %08x: use a machine that has one", bar->id);
	bar->fd = open(bar->node, O_RDWR | O_CLOEXEC);
	if (bar->fd < 0)
		ktap_bail("open %s (is lab03.ko loaded, are you root?):", bar->node);
}

/* A shared, writable window of @count pages that begins at page @first of the BAR. */
static volatile uint32_t *window(const struct bar *bar, size_t first, size_t count)
{
	return mmap(NULL, count * PAGE, RW, MAP_SHARED, bar->fd, (off_t)(first * PAGE));
}

static bool works(volatile uint32_t *map)
{
	return map != MAP_FAILED && fault_read(map) == 0;
}

/* Is such a mapping refused, and with this error? */
static bool refused(const struct bar *bar, size_t first, size_t count, int protection, int sharing,
		    int error)
{
	void *map = mmap(NULL, count * PAGE, protection, sharing, bar->fd, (off_t)(first * PAGE));

	if (map == MAP_FAILED)
		return errno == error;
	munmap(map, count * PAGE);
	return false;
}

static bool keeps_inside(const struct bar *bar)
{
	size_t pages = bar->size / PAGE;

	return refused(bar, 0, pages + 1, RW, MAP_SHARED, EINVAL) &&
	       refused(bar, pages, 1, RW, MAP_SHARED, EINVAL) &&
	       refused(bar, pages - 1, 2, RW, MAP_SHARED, EINVAL);
}

static bool refuses_private(const struct bar *bar)
{
	return refused(bar, 0, 1, RW, MAP_PRIVATE, EINVAL) &&
	       refused(bar, 0, 1, PROT_READ, MAP_PRIVATE, EINVAL);
}

/*
 * The volatile keeps the compiler from reading the status once and for all. The patience is time,
 * not a number of looks: the device's half of the work waits for a processor of the host, which may
 * be busy.
 */
static uint32_t factorial(volatile uint32_t *regs, uint32_t n)
{
	time_t patience = time(NULL) + 20;

	regs[LAB03_FACTORIAL / 4] = n;
	while (regs[LAB03_STATUS / 4] & LAB03_BUSY)
		if (time(NULL) > patience)
			ktap_bail("the factorial unit stays busy");
	return regs[LAB03_FACTORIAL / 4];
}

static bool holds(volatile uint32_t *map, size_t pages, uint64_t seed)
{
	for (size_t page = 0; page < pages; page++)
		if (!pattern_holds((const char *)(uintptr_t)map + page * PAGE, seed, page))
			return false;
	return true;
}

/* Both files of sysfs take the device's name. */
static void tell(const char *path, const struct bar *bar)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, bar->name, strlen(bar->name)) < 0)
		ktap_bail("write %s:", path);
	close(fd);
}

static void unbind(const struct bar *bar)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver/unbind", bar->name);
	tell(path, bar);
}

static void bind_again(const struct bar *bar)
{
	tell("/sys/bus/pci/drivers_probe", bar);
}

static bool gone(const char *node)
{
	int fd = open(node, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT || errno == ENODEV;
	close(fd);
	return false;
}

static void test_registers(struct bar *bar)
{
	volatile uint32_t *regs;
	struct vma vma;

	bar_find(bar);
	regs = window(bar, 0, bar->size / PAGE);
	if (!ktap_ok(works(regs), "the registers can be mapped shared and writable, all of them"))
		exit(ktap_end());
	ktap_ok(regs[LAB03_ID / 4] == LAB03_ID_VALUE, "the id register says edu");
	regs[LAB03_LIVENESS / 4] = 0x12345678;
	ktap_ok(regs[LAB03_LIVENESS / 4] == ~0x12345678u, "the liveness register inverts");
	ktap_ok(factorial(regs, 10) == 3628800, "the factorial unit knows 10!");
	ktap_ok(keeps_inside(bar), "refuses windows that leave the registers");
	ktap_ok(refuses_private(bar), "refuses private mappings of the registers");

	if (!vma_find(regs, &vma))
		ktap_bail("/proc/self/smaps does not know the mapping");
	ktap_note("%s", vma.line);
	ktap_note("VmFlags:%s Rss: %lu kB", vma.flags, vma.rss_kb);
	ktap_ok(vma_flag(&vma, "pf") && vma.rss_kb == 0, "VmFlags says bare frames (pf), Rss none");

	close(bar->fd);
	ktap_ok(works(regs), "the registers stay mapped after close()");
	munmap((void *)(uintptr_t)regs, bar->size);
}

static void test_memory(struct bar *bar)
{
	volatile uint32_t *map, *last;
	size_t pages;

	bar_find(bar);
	pages = bar->size / PAGE;
	map = window(bar, 0, pages);
	if (!ktap_ok(works(map), "the memory can be mapped shared and writable, all of it"))
		exit(ktap_end());
	for (size_t page = 0; page < pages; page++)
		pattern_fill((char *)(uintptr_t)map + page * PAGE, 3, page);
	munmap((void *)(uintptr_t)map, bar->size);
	map = window(bar, 0, pages);
	ktap_ok(works(map) && holds(map, pages, 3), "the memory keeps every byte of every page");
	last = window(bar, pages - 1, 1);
	ktap_ok(works(last) && pattern_holds((const void *)(uintptr_t)last, 3, pages - 1),
		"an offset counts from the start of the memory");
	ktap_ok(keeps_inside(bar), "refuses windows that leave the memory");
	ktap_ok(refuses_private(bar), "refuses private mappings of the memory");

	unbind(bar);
	ktap_ok(fault_read(map) == SIGBUS && fault_read(last) == SIGBUS,
		"unbinding the driver takes the pages away: SIGBUS");
	ktap_ok(refused(bar, 0, 1, RW, MAP_SHARED, ENODEV), "the old descriptor answers ENODEV");
	ktap_ok(gone(bar->node), "the node cannot be opened any more");
	close(bar->fd);
	bind_again(bar);
	bar_find(bar);
	map = window(bar, 0, pages);
	ktap_ok(works(map) && holds(map, pages, 3), "bound again, the memory is what it was");
}

int main(void)
{
	struct bar regs = {.node = LAB03_REGS_NODE,
			   .id = LAB03_REGS_VENDOR_ID << 16 | LAB03_REGS_DEVICE_ID,
			   .number = LAB03_REGS_BAR};
	struct bar memory = {.node = LAB03_MEM_NODE,
			     .id = LAB03_MEM_VENDOR_ID << 16 | LAB03_MEM_DEVICE_ID,
			     .number = LAB03_MEM_BAR};

	ktap_plan(17);
	test_registers(&regs);
	test_memory(&memory);
	return ktap_end();
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user's side of /dev/lab05, and a walk along the fences of the real /dev/mem, as KTAP.
 *
 *	sudo insmod lab05.ko base=0x8040000 size=0x80000 && sudo ./test; sudo rmmod lab05
 *
 * It writes into the window, which lab05.h names: that must be memory which nobody uses. Elsewhere
 * than on the bench: make CPPFLAGS='-DLAB05_BASE=0x90040000 -DLAB05_SIZE=0x80000'.
 *
 * Exit status: 0 everything held, 1 something did not, 2 the test itself had trouble.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/fault.h"
#include "../lib/ktap.h"
#include "../lib/pattern.h"
#include "../lib/vma.h"
#include "lab05.h"

#define DEV_MEM "/dev/mem"
#define PAGE ((uint64_t)PATTERN_PAGE)
#define BASE ((uint64_t)LAB05_BASE)
#define LAST (BASE + LAB05_SIZE - PAGE)
#define END (BASE + LAB05_SIZE)

static int device, mem; /* mem is -1 where there is no /dev/mem */

static char *map(int file, uint64_t address, uint64_t bytes)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, (off_t)address);
}

/* What mmap() answers for @pages at @address: 0 when it maps, or its errno. Touches nothing. */
static int answer(int file, uint64_t address, uint64_t pages, int protection, int sharing)
{
	void *at = mmap(NULL, pages * PAGE, protection, sharing, file, (off_t)address);

	return at == MAP_FAILED ? errno : munmap(at, pages * PAGE);
}

static int shared(int file, uint64_t address, uint64_t pages)
{
	return answer(file, address, pages, PROT_READ | PROT_WRITE, MAP_SHARED);
}

/* Does what one file writes to the page at @address show in the other one, both ways? */
static bool same_page(uint64_t address, uint64_t seed)
{
	char *ours = map(device, address, PAGE), *theirs = map(mem, address, PAGE);
	uint64_t index = address / PAGE;
	bool same = ours != MAP_FAILED && theirs != MAP_FAILED;

	if (same) {
		pattern_fill(ours, seed, index);
		same = pattern_holds(theirs, seed, index);
		pattern_fill(theirs, seed + 1, index);
		same = same && pattern_holds(ours, seed + 1, index);
	}
	if (ours != MAP_FAILED)
		munmap(ours, PAGE);
	if (theirs != MAP_FAILED)
		munmap(theirs, PAGE);
	return same;
}

/*
 * A page has one memory type at a time. So, while the device opened with @flags maps the first two:
 * what does /dev/mem answer to somebody who wants one uncached?
 */
static int uncached_beside(int flags)
{
	int ours = open(LAB05_NODE, O_RDWR | O_CLOEXEC | flags);
	int other = open(DEV_MEM, O_RDWR | O_CLOEXEC | O_SYNC);
	char *held = map(ours, BASE, 2 * PAGE);
	int error = held == MAP_FAILED ? errno : shared(other, BASE, 1);

	if (held != MAP_FAILED)
		munmap(held, 2 * PAGE);
	close(ours);
	close(other);
	return error;
}

/* What open() answers to root without CAP_SYS_RAWIO: 0 or its errno. */
static int open_without_rawio(const char *path)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct caps[2];
	int status;
	pid_t child = fork();

	if (child < 0)
		ktap_bail("fork:");
	if (child == 0) {
		if (syscall(SYS_capget, &header, caps))
			_exit(255);
		caps[0].effective &= ~(1u << CAP_SYS_RAWIO);
		if (syscall(SYS_capset, &header, caps))
			_exit(255);
		_exit(open(path, O_RDWR | O_CLOEXEC) < 0 ? errno : 0);
	}
	if (waitpid(child, &status, 0) != child)
		ktap_bail("waitpid:");
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 255)
		ktap_bail("the child could not give up CAP_SYS_RAWIO");
	return WEXITSTATUS(status);
}

/* Where in /proc/iomem the first region of this name begins, at @from or above; or 0. */
static uint64_t region(const char *name, uint64_t from)
{
	FILE *file = fopen("/proc/iomem", "re");
	unsigned long long start;
	uint64_t found = 0;
	char line[160];

	if (!file)
		ktap_bail("open /proc/iomem:");
	while (!found && fgets(line, sizeof(line), file))
		if (sscanf(line, "%llx-", &start) == 1 && start >= from && strstr(line, name))
			found = start;
	fclose(file);
	return found;
}

/* A claim on the module that only the other road to the same memory can witness. */
static void beside_mem(bool holds, const char *claim)
{
	if (mem < 0)
		ktap_skip(claim, "no " DEV_MEM " to compare with");
	else
		ktap_ok(holds, claim);
}

/*
 * What /dev/mem does with @pages at @address, and why. The module has no part in it, and a kernel
 * may be configured otherwise: a difference is "not looked at", never "not ok".
 */
static void fence(uint64_t address, uint64_t pages, int wanted, const char *claim, const char *why)
{
	if (mem < 0 || !address || shared(mem, address, pages) != wanted) {
		ktap_skip(claim, "not on this machine");
		return;
	}
	ktap_ok(true, claim);
	ktap_note("  %#llx: %s", (unsigned long long)address, why);
}

static void maps(void)
{
	char *window = map(device, BASE, LAB05_SIZE);
	struct vma vma;

	if (!ktap_ok(window != MAP_FAILED && fault_read(window) == 0 &&
			     fault_read(window + LAB05_SIZE - PAGE) == 0,
		     "the whole window can be mapped shared and writable"))
		exit(ktap_end());

	if (!vma_find(window, &vma))
		ktap_bail("/proc/self/smaps does not know the mapping");
	ktap_note("%s", vma.line);
	ktap_note("VmFlags:%s", vma.flags);
	ktap_ok(vma.offset == BASE, "the offset in /proc/self/maps is the physical address");
	munmap(window, LAB05_SIZE);
	ktap_ok(shared(device, LAST, 1) == 0, "the last page can be mapped alone");
}

static void refuses(void)
{
	ktap_ok(shared(device, BASE - PAGE, 1) == EPERM && shared(device, END, 1) == EPERM,
		"refuses the page before the window and the page behind it");
	ktap_ok(shared(device, BASE - PAGE, 2) == EPERM && shared(device, LAST, 2) == EPERM,
		"refuses a range that only ends or only begins in the window");
	ktap_ok(shared(device, BASE + (1ull << 32), 1) == EPERM &&
			shared(device, BASE + (1ull << 63), 1) == EPERM,
		"refuses the same offset 2^32 or 2^63 bytes further");
	ktap_ok(answer(device, BASE, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE) == EINVAL &&
			answer(device, BASE, 1, PROT_READ, MAP_PRIVATE) == EINVAL,
		"refuses a private mapping, also a read-only one");
	ktap_ok(open_without_rawio(LAB05_NODE) == EPERM, "refuses root without CAP_SYS_RAWIO");
}

static void agrees_with_dev_mem(void)
{
	beside_mem(same_page(BASE, 1) && same_page(LAST, 3),
		   "the first and the last page are those of " DEV_MEM);
	beside_mem(uncached_beside(0) == EAGAIN,
		   "without O_SYNC a page is write-back: nobody can have it uncached meanwhile");
	beside_mem(uncached_beside(O_SYNC) == 0 && uncached_beside(O_DSYNC) == 0,
		   "with O_SYNC or O_DSYNC a page is uncached, and others can have it so too");
}

/* Why does the real thing say EPERM, even to root? */
static void fences_of_dev_mem(void)
{
	uint64_t ram = region("System RAM", END);
	uint64_t claimed = region("virtio-pci", 0);

	fence(BASE, 1, 0, DEV_MEM " maps reserved memory",
	      "not System RAM and not claimed by a driver: nobody is harmed");
	fence(ram, 1, EPERM, DEV_MEM " refuses System RAM",
	      "STRICT_DEVMEM: this is the kernel's and everybody's; no boot option opens it");
	fence(ram ? ram - PAGE : 0, 2, EPERM, DEV_MEM " refuses a range that only ends in it",
	      "STRICT_DEVMEM looks at every page, not at the first one");
	fence(0xf0000, 1, 0, DEV_MEM " maps the first mebibyte",
	      "the exception: BIOS and VGA live there, and old programs need them");
	if (!claimed)
		claimed = region("IOAPIC 0", 0); /* a machine without virtio */
	fence(claimed, 1, EPERM, DEV_MEM " refuses what a driver has claimed",
	      "IO_STRICT_DEVMEM: two masters confuse a device; iomem=relaxed would open it");
}

/* Last, because it closes the device. */
static void survives_close(void)
{
	char *page = map(device, BASE, PAGE);

	close(device);
	ktap_ok(page != MAP_FAILED && fault_write(page, 0) == 0, "a mapping survives close()");
}

int main(void)
{
	ktap_plan(17);
	device = open(LAB05_NODE, O_RDWR | O_CLOEXEC);
	if (device < 0)
		ktap_bail("open " LAB05_NODE " (is lab05.ko loaded, and are you root?):");
	mem = open(DEV_MEM, O_RDWR | O_CLOEXEC);

	maps();
	refuses();
	agrees_with_dev_mem();
	fences_of_dev_mem();
	survives_close();
	return ktap_end();
}

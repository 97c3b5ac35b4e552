/* SPDX-License-Identifier: GPL-2.0-only */
/* Walking page tables from outside; walk.h is the manual. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "monitor.h"
#include "ram.h"
#include "walk.h"

#define FIND_MS 5000

#define PRESENT 0x001u
#define WRITABLE 0x002u
#define USER 0x004u
#define PWT 0x008u
#define PCD 0x010u
#define ACCESSED 0x020u
#define DIRTY 0x040u
#define HUGE 0x080u    /* in PUD and PMD; in a PTE this bit is PAT */
#define SPECIAL 0x200u /* Linux: software bit 1, no struct page behind it */
#define HUGE_PAT 0x1000u
#define NX (1ull << 63)
#define FRAME 0x000ffffffffff000ull

static const char *const level_name[] = {"pgd", "pud", "pmd", "pte"};

static const char *cache_type(uint64_t entry, uint64_t pat_bit)
{
	static const char *const linux_pat[] = {"WB", "WC", "UC-", "UC", "WB", "WP", "UC-", "WT"};

	return linux_pat[!!(entry & pat_bit) * 4 + !!(entry & PCD) * 2 + !!(entry & PWT)];
}

/* The register in one CPU's part of `info registers`; it is followed by more text of that CPU. */
static bool register_of(const char *cpu, const char *name, int base, uint64_t *value)
{
	const char *at = strstr(cpu, name);

	if (!at)
		return false;
	*value = strtoull(at + strlen(name), NULL, base);
	return true;
}

/* CR3 of the CPU that is in user mode with the magic in R15; 0 when none is right now. */
static uint64_t find_spinner(const char *registers, uint64_t magic)
{
	uint64_t r15, cpl, cr3;

	for (const char *cpu = registers; (cpu = strstr(cpu, "RAX=")); cpu++)
		if (register_of(cpu, "R15=", 16, &r15) && r15 == magic &&
		    register_of(cpu, "CPL=", 10, &cpl) && cpl == 3 &&
		    register_of(cpu, "CR3=", 16, &cr3))
			return cr3 & FRAME;
	return 0;
}

static void print(struct bytes *out, char *line)
{
	bytes_add(out, line, strlen(line));
	free(line);
}

/* QEMU did not do what it always does: no fault of the guest's, so no verdict about it. */
static bool give_up(struct machine *machine)
{
	char *why = text("%s", machine->why);

	machine_ends(machine, FATE_BROKEN, "%s", why);
	free(why);
	return false;
}

/* One entry of a page table. The guest may have written any address there, but none may be out of
 * our reach. */
static bool read_entry(struct machine *machine, uint64_t at, uint64_t *entry)
{
	int error;

	if (ram_read(machine, at, entry, sizeof(*entry)))
		return true;
	error = errno;
	snprintf(machine->why, sizeof(machine->why), "no guest memory at page table 0x%llx: %s",
		 (unsigned long long)(at & FRAME), strerror(error));
	return error == EFAULT ? false : give_up(machine);
}

static bool walk_page(struct machine *machine, uint64_t cr3, uint64_t address, struct bytes *out)
{
	uint64_t table = cr3, entry = 0, pat = HUGE, offset_mask = 0xfff;
	bool writable = true, user = true, nx = false;
	int level;

	print(out,
	      text("va=0x%llx cr3=0x%llx", (unsigned long long)address, (unsigned long long)cr3));
	for (level = 0; level < 4; level++) {
		unsigned int shift = 39 - 9 * (unsigned int)level;

		if (!read_entry(machine, table + ((address >> shift) & 0x1ff) * 8, &entry))
			return false;
		print(out, text(" %s=0x%llx", level_name[level], (unsigned long long)entry));
		if (!(entry & PRESENT))
			break;
		writable = writable && (entry & WRITABLE);
		user = user && (entry & USER);
		nx = nx || (entry & NX);
		table = entry & FRAME;
		if (level > 0 && level < 3 && (entry & HUGE)) {
			pat = HUGE_PAT;
			offset_mask = (1ull << shift) - 1;
			break;
		}
	}
	if (!(entry & PRESENT)) {
		print(out, text(" level=%s present=0\n", level_name[level]));
		return true;
	}
	if (level == 4)
		level = 3;
	table = (entry & FRAME & ~offset_mask) | (address & offset_mask & ~0xfffull);
	print(out, text(" level=%s present=1 pfn=0x%llx rw=%d user=%d nx=%d accessed=%d dirty=%d "
			"special=%d pwt=%d pcd=%d pat=%d cache=%s\n",
			level_name[level], (unsigned long long)table >> 12, writable, user, nx,
			!!(entry & ACCESSED), !!(entry & DIRTY), !!(entry & SPECIAL),
			!!(entry & PWT), !!(entry & PCD), !!(entry & pat), cache_type(entry, pat)));
	return true;
}

/* Stops the machine; what its processors have in their registers, or NULL. */
static char *stopped_registers(struct machine *machine)
{
	/* Not the deadline of the search: QEMU answers at once, a guest may never spin. */
	int64_t until = now_ms() + FIND_MS * machine->scale;
	char *stopped = monitor_ask(machine, "stop", NULL, until);

	free(stopped);
	machine->paused = stopped;
	return stopped ? monitor_registers(machine, until) : NULL;
}

bool walk(struct machine *machine, uint64_t magic, uint64_t address, uint64_t pages,
	  struct bytes *out)
{
	int64_t until = now_ms() + FIND_MS * machine->scale;
	uint64_t cr3 = 0;
	bool held = true;

	for (;;) {
		char *registers = stopped_registers(machine);

		if (!registers)
			return give_up(machine);
		cr3 = find_spinner(registers, magic);
		free(registers);
		if (cr3 || now_ms() >= until)
			break;
		/* The CPU was in the kernel or with another process: let it run on, look again. */
		if (!monitor_resume(machine, FIND_MS))
			return give_up(machine);
		machine_pump(machine, now_ms() + 1, -1);
	}
	if (!cr3) {
		snprintf(machine->why, sizeof(machine->why),
			 "no process spins with that number; start one: probe … spin NUMBER");
		held = false;
	}
	for (uint64_t page = 0; held && page < pages; page++)
		held = walk_page(machine, cr3, address + page * 4096, out);
	return held;
}

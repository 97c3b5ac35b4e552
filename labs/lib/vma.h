/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel says of one of our own mappings: the line of /proc/self/smaps that holds an
 * address, and the lines below it. The kernel writes them, not the module: a witness of its own.
 *
 *	struct vma vma;
 *
 *	if (!vma_find(map, &vma))
 *		ktap_bail("/proc/self/smaps does not know the mapping");
 *	ktap_ok(vma_flag(&vma, "pf"), "VmFlags has pf: frames without struct page");
 *
 * User space only; header-only, so that a test stays one file.
 */
#ifndef LABS_VMA_H
#define LABS_VMA_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct vma {
	char line[320];		   /* the line as in /proc/self/maps, without its newline */
	unsigned long start, end;  /* addresses; @end is the first one outside */
	char access[5];		   /* "rw-s": read, write, execute, shared or private */
	unsigned long long offset; /* bytes */
	unsigned long rss_kb;	   /* pages that count as the process's memory, in KiB */
	char flags[160];	   /* VmFlags: two-letter words, a blank before and after each */
};

/*
 * vma_find - looks up the mapping that holds @address. Returns true and fills @found, or false
 * when there is none or /proc cannot be read.
 */
static inline bool vma_find(const volatile void *address, struct vma *found)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	unsigned long wanted = (unsigned long)address;
	bool here = false;
	char line[320];

	if (!smaps)
		return false;
	memset(found, 0, sizeof(*found));
	while (fgets(line, sizeof(line), smaps)) {
		struct vma vma = {0};

		line[strcspn(line, "\n")] = '\0';
		/* Only the first line of a mapping begins with two addresses. */
		if (sscanf(line, "%lx-%lx %4s %llx", &vma.start, &vma.end, vma.access,
			   &vma.offset) == 4) {
			if (here)
				break;
			memcpy(vma.line, line, sizeof(vma.line));
			here = vma.start <= wanted && wanted < vma.end;
			if (here)
				*found = vma;
		} else if (here && !strncmp(line, "Rss:", 4)) {
			sscanf(line, "Rss: %lu kB", &found->rss_kb);
		} else if (here && !strncmp(line, "VmFlags:", 8)) {
			snprintf(found->flags, sizeof(found->flags), "%.150s ", line + 8);
		}
	}
	fclose(smaps);
	return here;
}

/* vma_flag - true when VmFlags of @vma has the two-letter word @flag ("pf", "io", "mm" ...). */
static inline bool vma_flag(const struct vma *vma, const char *flag)
{
	char word[8];

	snprintf(word, sizeof(word), " %s ", flag);
	return strstr(vma->flags, word) != NULL;
}

#endif

// SPDX-License-Identifier: GPL-2.0-only
/* The language: one table that is grammar, dispatch and manual at once. */
#include "say.h"
#include "verbs.h"

#include <stdio.h>
#include <string.h>

static const struct verb verbs[] = {
	{.help = "Files"},
	{"open", "PATH [MODE]", "open=ok file=0 fd=3",
	 "Open and make current. MODE r, w or rw (default), perhaps ,sync or ,dsync.", verb_open},
	{"file", "K", NULL, "Make the K-th opened file current, counted from 0.", verb_file},
	{"close", "", "close=ok", "Close the current file. What is mapped from it stays mapped.",
	 verb_close},
	{"read", "LEN [at OFF]", "read=4096 hash=…",
	 "One read(2), or with 'at' one pread(2), and the hash of the bytes that came.", verb_read},
	{"readpages", "COUNT [at PAGE]", "readpages=2 hash=…,…",
	 "read(2) until COUNT pages or the end; one hash for each whole page.", verb_readpages},
	{"write", "PAGES [at PAGE] [as INDEX]", "write=4096",
	 "One write(2) of the pattern of pages INDEX, INDEX+1, … (default: those of PAGE, else 0).",
	 verb_write},
	{"lseek", "OFF WHENCE", "lseek=4096", "WHENCE set, cur, end, data or hole.", verb_lseek},

	{.help = "Mappings"},
	{"map", "PAGES PROT SHARING [at PAGE]", "map=ok area=0 addr=0x…",
	 "mmap the current file from its page PAGE. PROT none, r, w, rw, rx or rwx; SHARING shared,\n"
	 "private, anon-shared or anon-private, then any of ,populate ,locked ,validate ,sync\n"
	 ",fenced (address space where nothing may be is kept on both sides; see fence).",
	 verb_map},
	{"mapbytes", "BYTES PROT SHARING [at BYTE]", "map=ok area=0 addr=0x…",
	 "The same with a length and an offset in bytes, aligned or not.", verb_mapbytes},
	{"area", "K", NULL, "Make the area of the K-th map, mapbytes or duplicate current, from 0.",
	 verb_area},
	{"unmap", "[FIRST COUNT]", "unmap=ok",
	 "munmap all of it or COUNT pages from page FIRST. The area keeps its address.",
	 verb_unmap},
	{"mremap", "PAGES [may]", "mremap=ok addr=0x…",
	 "Grow or shrink to PAGES pages; with 'may' it may move.", verb_mremap},
	{"move", "", "move=ok addr=0x…", "mremap to another address, the size unchanged.",
	 verb_move},
	{"duplicate", "", "duplicate=ok area=1 addr=0x…",
	 "mremap with an old size of 0: the same pages mapped a second time, as a new area.",
	 verb_duplicate},
	{"protect", "PROT [FIRST COUNT]", "protect=ok", "mprotect.", verb_protect},
	{"advise", "ADVICE [FIRST COUNT]", "advise=ok",
	 "madvise: dontneed, free, willneed, populate_read, populate_write, dofork, dontfork, dodump,\n"
	 "dontdump, remove, …",
	 verb_advise},
	{"msync", "[FIRST COUNT]", "msync=ok", "msync with MS_SYNC.", verb_msync},
	{"mlock", "[FIRST COUNT]", "mlock=ok", "mlock.", verb_mlock},
	{"mincore", "[FIRST COUNT]", "mincore=1100", "One digit a page: 1 = resident.",
	 verb_mincore},
	{"fence", "",
	 "fence_before=SIGSEGV fence_before_code=SEGV_ACCERR fence_after=… fence_after_code=…\n"
	 "fence_readable=0",
	 "Read the 16 pages before and the 16 behind a fenced area, also after unmap. A byte instead\n"
	 "of SIGSEGV: somebody left a page table entry outside the window. SEGV_ACCERR: the fence\n"
	 "itself; SEGV_MAPERR: the fence is gone.",
	 verb_fence},

	{.help = "Memory: what an access does (a signal is caught and is a fact)"},
	{"touch", "[FIRST COUNT] [r|w]", "touched=4 minflt=4 majflt=0 sigbus=0 segv=0",
	 "Access each page once and count the page faults that took, exactly. w writes without\n"
	 "changing anything. After a signal also code= and at= of the first.",
	 verb_touch},
	{"load", "WIDTH OFF", "load=0x2a", "One load of 1, 2, 4 or 8 bytes.", verb_load},
	{"store", "WIDTH OFF VALUE", "store=SIGSEGV code=SEGV_ACCERR at=+0x1000",
	 "One store; store=ok when it came back.", verb_store},
	{"poll", "WIDTH OFF MASK VALUE MS", "poll=ok value=0x80 loads=3",
	 "Load until (value & MASK) is VALUE, for MS milliseconds at most; then poll=late.",
	 verb_poll},
	{"seed", "N", NULL, "Seed of all patterns from here on; 0 at first.", verb_seed},
	{"fill", "[FIRST COUNT] [as INDEX]", "fill=ok",
	 "Write the pattern of pages INDEX, INDEX+1, … (default: FIRST, the page's place in the area).",
	 verb_fill},
	{"hash", "[FIRST COUNT]", "hash=af63bd4c8601b7df,SIGBUS",
	 "One hash (FNV-1a, 64 bits) a page; the host tool 'pattern' computes the same.",
	 verb_hash},
	{"zero", "[FIRST COUNT]", "zero=1",
	 "Is all of it zero? If 0, at= is the first byte that is not.", verb_zero},
	{"allzero", "[FIRST COUNT]", "allzero=110x",
	 "The same, one digit a page; x after a signal.", verb_allzero},
	{"dump", "OFF LEN", "dump=48656c6c6f00…", "Bytes in hexadecimal, loaded 4 at a time.",
	 verb_dump},
	{"race", "PAGES [with K]",
	 "race_cpus=2 race_pages=256 race_lost=0 race_signals=0 race_differs=0",
	 "Two threads meet before every page, then both write a word of it at once: lost counts pages\n"
	 "where one write vanished, differs those where read(2) shows something else. The second\n"
	 "thread uses area K if given.",
	 verb_race},

	{.help = "The kernel's books"},
	{"maps", "", "maps=7f0c14a00000-7f0c14a04000 rw-s 00000000 00:05 94 /dev/lab01",
	 "The lines of /proc/self/maps that overlap the area, or none.", verb_maps},
	{"smaps", "", "smaps=… Rss=16 … VmFlags=rd wr sh mr mw me ms sd mm",
	 "The same from smaps, every field a fact, sizes in kB.", verb_smaps},
	{"pagemap", "[FIRST COUNT]", "pagemap=a1800000000029c4,… present=10 pfn=29c4,-",
	 "Entries, present bits, frame numbers (zero unless root).", verb_pagemap},
	{"kpagecount", "[FIRST COUNT]", "kpagecount=1,-", "How often each frame is mapped.",
	 verb_kpagecount},
	{"kpageflags", "[FIRST COUNT]", "kpageflags=0x800,-", "Flags of each frame.",
	 verb_kpageflags},
	{"faults", "", "minflt=120 majflt=0", "All page faults so far, probe's own among them.",
	 verb_faults},

	{.help = "Other ways to the same bytes"},
	{"vmread", "[OFF LEN]", "vmread=4096 hash=…",
	 "A child reads us with process_vm_readv; the first page by default.", verb_vmread},
	{"ptrace", "OFF [VALUE]", "ptrace=ok peek=0x… poke=ok",
	 "Trace a child and peek 8 bytes of its copy of the area; with VALUE poke it.",
	 verb_ptrace},
	{"selfmem", "OFF", "selfmem=ok value=0x…", "Read 8 bytes through /proc/self/mem.",
	 verb_selfmem},
	{"vmsplice", "[OFF LEN]", "vmsplice=4096 hash=…", "The pages themselves into a pipe.",
	 verb_vmsplice},
	{"core", "", "core=ok core_memsz=0x1000 core_filesz=0x0 core_zero=none",
	 "A child dumps core with everything on; what is in it of the area?", verb_core},

	{.help = "The process"},
	{"fork", "{ VERBS }", "child.load=0x2a fork=ok",
	 "Run verbs in a child, its facts prefixed with child., and wait for it.", verb_fork},
	{"hold", "[WORD]", "hold=ready", "Say WORD, then wait for a line (or the end) of stdin.",
	 verb_hold},
	{"spin", "MAGIC", "spin=ready spin=over",
	 "Spin in user mode, MAGIC in r15, touching no memory, so that somebody outside the machine can\n"
	 "find this process and walk its page tables. SIGUSR1 ends it.",
	 verb_spin},
	{"uid", "UID", "uid=1000", "Become that user and lose root's capabilities.", verb_uid},
	{"pid", "", "pid=42", "Print the process id.", verb_pid},
	{"name", "NAME", NULL, "Be called that: 15 letters at most, in ps and to a driver.",
	 verb_name},
	{"marker", "TEXT", "marker=ok", "Write TEXT into the kernel's trace (trace_marker).",
	 verb_marker},

	{.help = "The machine"},
	{"rounds", "ROUNDS PATH PAGES [at PAGE]", "rounds=100",
	 "Open, map shared, read every page, unmap, close, so many times. If it ends early also\n"
	 "stopped_at= (the step) and stopped_by= (errno or signal).",
	 verb_rounds},
	{"freepages", "", "freepages=48423",
	 "Free pages after caches are dropped and lists merged.", verb_freepages},
	{"dirty", "", "dirty=43008", "Fill nearly all free memory with 0xd7 and give it back.",
	 verb_dirty},
	{"help", "", NULL, "Print this; so does --help.", NULL},
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

const struct verb *verb_named(const char *name)
{
	for (size_t i = 0; i < VERBS; i++)
		if (verbs[i].name && !strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static const char before[] =
	"probe VERB ARGS … VERB ARGS …\n"
	"probe -                              the same, from the first line of stdin\n"
	"\n"
	"Asks the kernel what happens if, in a little language of mmap verbs. The verbs run from left to\n"
	"right on the current file and the current area. Each prints facts, one key=value a line, no\n"
	"verdicts: a system call that fails prints its errno (map=EINVAL), an access that ends in a signal\n"
	"prints the signal, and the run goes on. In this list facts share a line to save paper.\n"
	"\n"
	"Numbers   12, 0x1f, 2^44, and sums like 2^63+1 or -2. PAGES, PAGE, FIRST, COUNT count pages of\n"
	"          4096 bytes; OFF, LEN, BYTES, BYTE count bytes, and 3p there means three pages.\n"
	"FIRST COUNT   pages of the current area, all of them when left out. [ ] may be left out.\n"
	"Areas and files are numbered from 0 by the verbs that make them, also when the kernel refuses:\n"
	"then verbs on the area print verb=no-area (after a refused mremap, beyond its end, outside).\n";

static const char after[] =
	"\nWhat happens if\n"
	"\n"
	"… one maps more than a file holds?\n"
	"    probe open /etc/hostname r map 2 r shared load 1 0 load 1 1p\n"
	"… a private mapping is read before it is written, and are the faults counted?\n"
	"    probe map 4 rw anon-private touch r touch w touch 0 2 w\n"
	"… parent and child both write?\n"
	"    probe map 1 rw anon-shared store 4 0 1 fork { load 4 0 store 4 0 2 } load 4 0\n"
	"… a hole is cut into a mapping?\n"
	"    probe map 3 rw anon-shared unmap 1 1 maps load 1 0 load 1 1p load 1 2p\n"
	"… a driver is asked for pages it does not have?\n"
	"    probe open /dev/lab02 map 5 rw shared map 1 rw shared at 4 map 1 rw shared at 2^44\n"
	"\n"
	"Exit status: 0 all verbs ran, 2 the command line is wrong, 3 probe itself could not go on.\n";

static void print_lines(const char *lead, const char *text)
{
	while (*text) {
		int length = (int)strcspn(text, "\n");

		printf("%s%.*s\n", lead, length, text);
		text += length + (text[length] == '\n');
	}
}

void verb_help(const struct args *args)
{
	(void)args;
	fputs(before, stdout);
	for (size_t i = 0; i < VERBS; i++) {
		const struct verb *verb = &verbs[i];

		if (!verb->name) {
			printf("\n%s\n", verb->help);
			continue;
		}
		printf("  %s%s%s\n", verb->name, verb->synopsis[0] ? " " : "", verb->synopsis);
		print_lines("      ", verb->help);
		if (verb->prints)
			print_lines("      → ", verb->prints);
	}
	fputs(after, stdout);
	if (fflush(stdout))
		trouble("cannot write to stdout");
}

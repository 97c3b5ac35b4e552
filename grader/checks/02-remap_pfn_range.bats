#!/usr/bin/env bats
# Lab 02: RAM through remap_pfn_range(). One @test per promise, in the rubric's order.
# shellcheck disable=SC2016,SC2034 # bats and grader/lib read what is set here

load ../lib/judge

NODE=/dev/lab02
PAGES=4

works_plainly() {
	probe open $NODE rw map $PAGES rw shared touch && fact_is map ok && fact_is touched $PAGES
}

# bats test_tags=machine:none,gate:none
@test "builds without a warning on 6.1 and 6.12" {
	source_is_clean
}

# bats test_tags=module:no,gate:none
@test "/dev/lab02 is there while the module is loaded" {
	node_comes_and_goes $NODE
}

# bats test_tags=gate:none
@test "the whole buffer can be mapped shared and writable" {
	probe open $NODE rw map $PAGES rw shared maps touch w
	fact_is map ok
	maps_has $NODE rw-s 00000000
	fact_is touched $PAGES
}

@test "what a process writes through the mapping, read() returns" {
	probe open $NODE rw map $PAGES rw shared fill readpages $PAGES at 0
	content_is "$(pattern_of 0 $PAGES)"
}

@test "what write() puts in, a process sees through the mapping" {
	probe open $NODE rw map $PAGES rw shared touch write $PAGES at 0 hash
	fact_is write $((PAGES * 4096))
	content_is "$(pattern_of 0 $PAGES)"
}

@test "read() and write() stop at the end, with 0 bytes and ENOSPC" {
	reads_and_writes_stop_at_the_end $NODE $PAGES
}

@test "an offset counts from the start of the buffer" {
	probe open $NODE rw write $PAGES at 0 map 1 rw shared at 1 hash map 2 rw shared at 2 hash
	content_is "$(pattern_of 1 1)" 1
	content_is "$(pattern_of 2 2)" 2
}

@test "a window that does not fit the buffer is refused with EINVAL" {
	windows_outside_are_refused $NODE $PAGES EINVAL
}

@test "a private mapping is refused with EINVAL, also a read-only one" {
	probe open $NODE rw map $PAGES rw private map 1 r private map 1 r private at 1
	facts_are map EINVAL EINVAL EINVAL
}

@test "a mapping survives close()" {
	probe open $NODE rw map $PAGES rw shared fill close open $NODE r close hash open $NODE r readpages $PAGES
	content_is "$(pattern_of 0 $PAGES)" 1
	content_is "$(pattern_of 0 $PAGES)" 2
}

@test "rmmod is refused while a page is mapped" {
	module_stays_while_mapped $NODE map 1 rw shared
}

# bats test_tags=machine:dirty,module:no
@test "fresh memory reads zero" {
	fresh_memory_is_zero $NODE $PAGES
}

@test "a hundred rounds of open, map, touch, unmap and close leak nothing" {
	rounds_leak_nothing $NODE $PAGES
}

# bats test_tags=module:no
@test "five rounds of load and unload leak nothing" {
	reloads_leak_nothing map $PAGES rw shared
}

@test "VmFlags has pf, io, de and dd" {
	probe open $NODE rw map $PAGES rw shared touch smaps
	flag_is_set pf io de dd
}

@test "Rss stays 0" {
	probe open $NODE rw map $PAGES rw shared touch w smaps
	fact_is Rss 0
}

@test "every page is present when mmap() returns" {
	probe open $NODE rw map $PAGES rw shared touch w
	fact_is minflt 0
	fact_is touched $PAGES
}

@test "the page tables hold the frames of the buffer, in order, for any window" {
	window_holds_the_frames 0 $PAGES
	window_holds_the_frames 1 2
	window_holds_the_frames $((PAGES - 1)) 1
	windows_share_their_frames
}

# Three windows at once: a driver with a copy for each mapping can keep one window at a time alike.
windows_share_their_frames() {
	local at frames=() i
	magic_drawn
	probe_starts spin=ready open $NODE rw map $PAGES rw shared map 2 rw shared at 1 \
		map 1 rw shared at $((PAGES - 1)) spin "$MAGIC"
	read -ra at <<<"$(facts addr)"
	walked $PAGES "${at[0]}"
	for ((i = 0; i < PAGES; i++)); do
		of_page $i pfn
		frames+=("$VALUE")
	done
	walked 2 "${at[1]}"
	page_is 0 pfn "${frames[1]}"
	page_is 1 pfn "${frames[2]}"
	walked 1 "${at[2]}"
	page_is 0 pfn "${frames[PAGES - 1]}"
	job_killed
}

# The host looks at the frames behind the window while the process spins: they must hold what
# write() put in, and what the host changes there must come back through read().
window_holds_the_frames() {
	local first=$1 count=$2 i hashes
	IFS=, read -ra hashes <<<"$(pattern_of "$first" "$count")"
	magic_drawn
	probe_starts spin=ready open $NODE rw write $PAGES at 0 map "$count" rw shared at "$first" \
		spin $MAGIC readpages "$count" at "$first"
	walked "$count"
	for ((i = 0; i < count; i++)); do
		page_is $i present 1
		page_is $i rw 1
		page_is $i cache WB
	done
	frames_hold "${hashes[@]}"
	of_page 0 pfn
	pattern bytes $((SEED + 1)) 0 1 | vm phys write $((VALUE * 4096))
	vm kill "$JOB" 10
	job_ends
	is "$(pattern_of 0 1 $((SEED + 1)))" "$(fact hash | cut -d, -f1)" \
		"read() of the frame that the host has just changed"
}

@test "no page is mapped outside the window" {
	probe open $NODE rw map 1 rw shared,fenced at 1 fence map 2 rw shared,fenced fence unmap fence
	all_facts_are fence_readable 0
}

@test "mremap() cannot grow the mapping" {
	probe open $NODE rw map 2 rw shared mremap 3 may mremap $((PAGES + 1)) may
	facts_are mremap EFAULT EFAULT
}

@test "a core dump leaves the mapping out" {
	probe open $NODE rw map 1 rw shared touch core
	fact_is core_filesz 0x0
}

@test "process_vm_readv() gets EFAULT" {
	probe open $NODE rw map 1 rw shared touch vmread
	fact_is vmread EFAULT
}

@test "a mapping of a read-only descriptor cannot be made writable" {
	probe open $NODE r map 1 r shared store 8 0 1 protect rw
	[[ $(fact map) == EINVAL ]] || facts_are store SIGSEGV
	[[ $(fact map) == EINVAL ]] || fact_is protect EACCES
}

# bats test_tags=machine:own
@test "the kernel log stays clean" {
	probe open $NODE rw map $PAGES rw shared touch w fork { touch w unmap 1 1 } mremap 1 \
		map 1 rw shared at 3 map 5 rw shared map 1 rw private protect r
	module_unloads
	kernel_is_clean
}

@test "the user test passes" {
	user_test_passes
}

#!/usr/bin/env bats
# Lab 01: kmalloc() memory through vm_insert_page(). One @test per promise, in the rubric's order.
# shellcheck disable=SC2016,SC2034 # bats and grader/lib read what is set here

load ../lib/judge

NODE=/dev/lab01
PAGES=4

works_plainly() {
	probe open $NODE rw map $PAGES rw shared touch && fact_is map ok && fact_is touched $PAGES
}

# bats test_tags=machine:none,gate:none
@test "builds without a warning on 6.1 and 6.12" {
	source_is_clean
}

# bats test_tags=module:no,gate:none
@test "/dev/lab01 is there while the module is loaded" {
	node_comes_and_goes $NODE
}

# Tried in any case: it says why a plain mapping does not work.
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

# Page by page: a short count is no error, and the order shows who forgets the position.
@test "what write() puts in, a process sees through the mapping" {
	probe open $NODE rw map $PAGES rw shared touch write 1 at 2 write 1 at 0 write 1 at 3 \
		write 1 at 1 hash
	all_facts_are write 4096
	content_is "$(pattern_of 0 $PAGES)"
}

@test "read() and write() stop at the end, with 0 bytes and ENOSPC" {
	reads_and_writes_stop_at_the_end $NODE $PAGES
}

@test "an offset counts from the start of the buffer" {
	probe open $NODE rw map $PAGES rw shared fill map 1 rw shared at 1 hash map 2 rw shared at 2 hash
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
	probe open $NODE rw map $PAGES rw shared fill close hash open $NODE rw map $PAGES rw shared hash
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

@test "VmFlags has mm and neither pf nor io" {
	probe open $NODE rw map $PAGES rw shared touch smaps
	flag_is_set mm
	flag_is_clear pf io
}

@test "Rss counts every mapped page" {
	probe open $NODE rw map $PAGES rw shared touch smaps map 1 rw shared at 1 touch smaps
	facts_are Rss $((PAGES * 4)) 4
}

# Two open files of one process, and another process while they live.
@test "two mappings and two processes see the same frames" {
	probe_starts hold=mapped open $NODE rw map $PAGES rw shared touch pagemap \
		open $NODE rw map $PAGES rw shared touch pagemap map 1 rw shared at 2 touch pagemap hold mapped
	facts_are present 1111 1111 1
	frames=$(fact pfn)
	is "$frames" "$(fact pfn 2)" "frames of the second mapping"
	is "$(cut -d, -f3 <<<"$frames")" "$(fact pfn 3)" "frame of the mapping of page 2 alone"
	probe open $NODE rw map $PAGES rw shared touch pagemap
	is "$frames" "$(fact pfn)" "frames in another process"
	job_goes_on
	job_ends
}

@test "a parent and its child see the bytes of each other" {
	probe open $NODE rw map $PAGES rw shared fill fork '{' hash fill as 8 '}' hash
	is "$(pattern_of 0 $PAGES)" "$(fact child.hash)" "what the child sees"
	content_is "$(pattern_of 8 $PAGES)"
}

@test "the host finds the bytes in the mapped frames, both ways" {
	host_shares_the_window 0 $PAGES fill
	host_shares_the_window 1 2 fill as 1
	host_shares_the_window 2 1 write 1 at 2
}

# What the process or write() puts in, the host finds in the frames of the page table; what the host
# then changes there, the process and read() find.
host_shares_the_window() {
	local first=$1 count=$2 i hashes
	shift 2
	IFS=, read -ra hashes <<<"$(pattern_of "$first" "$count")"
	magic_drawn
	probe_starts spin=ready open $NODE rw map "$count" rw shared at "$first" touch "$@" spin "$MAGIC" \
		hash readpages "$count" at "$first"
	fact_is map ok
	walked "$count"
	for ((i = 0; i < count; i++)); do
		page_is $i present 1
	done
	frames_hold "${hashes[@]}"
	for ((i = 0; i < count; i++)); do
		of_page $i pfn
		pattern bytes $((SEED + 1)) $((first + i)) 1 | vm phys write $((VALUE * 4096))
	done
	vm kill "$JOB" 10
	job_ends
	content_is "$(pattern_of "$first" "$count" $((SEED + 1)))" 1
	content_is "$(pattern_of "$first" "$count" $((SEED + 1)))" 2
}

@test "the mapped frames are cached like the rest of RAM" {
	magic_drawn
	probe_starts spin=ready open $NODE rw map $PAGES rw shared touch spin "$MAGIC"
	walked $PAGES
	for page in 0 1 2 3; do
		page_is $page cache WB
	done
}

@test "ptrace and process_vm_readv() can read the mapping" {
	probe open $NODE rw map $PAGES rw shared fill vmread 2p 4096 load 8 1p ptrace 1p
	facts_are vmread 4096
	content_is "$(pattern_of 2 1)"
	fact_is ptrace ok
	fact_is peek "$(fact load)"
}

@test "no page goes back to the allocator before the last unmap" {
	traced kmem/mm_page_free
	probe_starts hold=first open $NODE rw map $PAGES rw shared touch pagemap \
		open $NODE rw map $PAGES rw shared touch marker mapped-twice area 0 unmap hold first \
		area 1 marker last-unmap unmap map $PAGES rw shared touch pagemap hold last
	mapped_frames_are_not_free mapped-twice "after the first of two unmaps"
	job_goes_on
	job_says hold=last
	mapped_frames_are_not_free last-unmap "and mapped again"
	job_killed
}

# mapped_frames_are_not_free MARKER WHEN - none of the frames of the job's last pagemap.
mapped_frames_are_not_free() {
	local frame frames
	frames=$(facts pfn)
	frames_freed_since "$1"
	for frame in $(tr , ' ' <<<"${frames##* }"); do
		[[ $frame != - && -z ${FREED[16#$frame]:-} ]] || differs "no mapped frame in kmem:mm_page_free" \
			"frame 0x$frame is free ($2)"
	done
}

# bats test_tags=machine:own
@test "the kernel log stays clean" {
	probe open $NODE rw map $PAGES rw shared touch w fork '{' touch w unmap 1 1 '}' mremap 1 \
		map 1 rw shared at 3 map 5 rw shared map 1 rw shared at $PAGES map 1 rw private protect r
	module_unloads
	kernel_is_clean
}

@test "the user test passes" {
	user_test_passes "$SEED"
}

#!/usr/bin/env bats
# Lab 05: a window of physical memory. One @test per promise, in the rubric's order.
# shellcheck disable=SC2016,SC2034 # bats and grader/lib read what is set here

load ../lib/judge

NODE=/dev/lab05

# Every machine boots with 1 MiB of reserved RAM at RESERVED; System RAM lies on both sides of it. The
# window is its middle, as in lab05.h: the pages beside it are nobody's, and only the module refuses them.
RESERVED=$((0x8000000 / 4096))
FIRST=$((RESERVED + 64))
PAGES=128

# The module wants a window; where a load names none, it is the one above.
PARAMETERS=(base=$((FIRST * 4096)) size=$((PAGES * 4096)))

# A window with System RAM on both sides of the reserved memory, and below it, from the BIOS on.
module_loads_over_ram() {
	module_loads base=0xf0000 size=0xff10000
}

works_plainly() {
	probe open $NODE rw map $PAGES rw shared at $FIRST touch && fact_is map ok && fact_is touched $PAGES
}

# bats test_tags=machine:none,gate:none
@test "builds without a warning on 6.1 and 6.12" {
	source_is_clean
}

# bats test_tags=module:no,gate:none
@test "/dev/lab05 is there while the module is loaded" {
	node_comes_and_goes $NODE
}

# bats test_tags=gate:none
@test "the whole window can be mapped shared and writable" {
	probe open $NODE rw map $PAGES rw shared at $FIRST maps touch w
	fact_is map ok
	maps_has $NODE rw-s
	fact_is touched $PAGES
}

@test "the file offset is a physical address, and maps shows it" {
	frames_are_the_offset $FIRST 2
	frames_are_the_offset $((FIRST + 5)) 3
	frames_are_the_offset $((FIRST + PAGES - 2)) 1
}

frames_are_the_offset() {
	local first=$1 count=$2 i
	magic_drawn
	probe_starts spin=ready open $NODE rw map "$count" rw shared at "$first" maps touch spin "$MAGIC"
	maps_has $NODE rw-s "$(printf '%08x' $((first * 4096)))"
	walked "$count"
	for ((i = 0; i < count; i++)); do
		page_is $i pfn "$(printf '0x%x' $((first + i)))"
	done
	job_killed
}

# /dev/mem comes second: the memory type is the module's, whatever it is.
@test "a page is the same through /dev/lab05, through /dev/mem and from the host" {
	probe_starts hold=filled open $NODE rw map 2 rw shared at $((FIRST + 7)) fill \
		open /dev/mem rw map 2 rw shared at $((FIRST + 7)) hash hold filled \
		hash area 0 hash area 1 fill as 9 area 0 hash
	facts_are map ok ok
	content_is "$(pattern_of 0 2)"
	is "$(pattern_of 0 2)" "$(host_hashes $((FIRST + 7)) 2)" "what the host finds there"
	pattern bytes $((SEED + 1)) 0 2 | vm phys write $(((FIRST + 7) * 4096))
	job_goes_on
	job_ends
	content_is "$(pattern_of 0 2 $((SEED + 1)))" 2
	content_is "$(pattern_of 0 2 $((SEED + 1)))" 3
	content_is "$(pattern_of 9 2)" 4
}

# The hashes of COUNT pages from page FIRST on, read from guest memory by the host.
host_hashes() {
	local page ranges=()
	for ((page = $1; page < $1 + $2; page++)); do
		ranges+=($((page * 4096)) 4096)
	done
	vm phys read "${ranges[@]}" | pattern sum
}

@test "a mapping outside the window is refused with EPERM, whatever the arithmetic" {
	refused_with_eperm "$((FIRST - 1)) 1" "$((FIRST + PAGES)) 1" "$((FIRST - 1)) 2" \
		"$((FIRST + PAGES - 1)) 2" "$((FIRST - 1)) $PAGES" "$((FIRST + 1)) $PAGES" \
		"$FIRST $((PAGES + 1))" "$((FIRST + PAGES / 2)) $PAGES" "$RESERVED 256" "$RESERVED 1" \
		"0 1" "0 $PAGES" "1 1" "$((FIRST - 1)) $((PAGES + 2))"
	# The window again, further by what a narrow variable or a sign forgets; and the last offset
	# that the core lets through.
	refused_with_eperm "2^19+$FIRST 1" "2^20+$FIRST 1" "2^20+$FIRST $PAGES" "2^32+$FIRST 1" \
		"2^51+$FIRST 1" "2^51+$((FIRST - 1)) 2" "2^52-2 1"
	probe open $NODE rw map $PAGES rw shared at $FIRST
	fact_is map ok
}

# refused_with_eperm 'PAGE COUNT'… - each of these ranges.
refused_with_eperm() {
	local range verbs=() i=0 answers
	for range; do
		verbs+=(map "${range#* }" rw shared at "${range% *}")
	done
	probe open $NODE rw "${verbs[@]}"
	read -ra answers <<<"$(facts map)"
	for range; do
		is EPERM "${answers[i]}" "${range#* } page(s) at page ${range% *}"
		i=$((i + 1))
	done
}

@test "the last page of the window can be mapped" {
	probe open $NODE rw map 1 rw shared at $((FIRST + PAGES - 1)) touch w map 2 rw shared \
		at $((FIRST + PAGES - 2)) touch w
	facts_are map ok ok
	facts_are touched 1 2
}

# bats test_tags=module:no
@test "System RAM is refused with EPERM, also inside the window" {
	module_loads_over_ram
	refused_with_eperm "256 1" "$((RESERVED - 1)) 1" "$((RESERVED + 256)) 1" \
		"$((RESERVED - 64)) 64" "$((RESERVED + 256)) 64" "$(kernel_code) 1" "$(kernel_code) 16"
	# What is not RAM still can be mapped: the BIOS, the reserved memory.
	probe open $NODE rw map 16 r shared at 0xf0 map 256 rw shared at $RESERVED
	facts_are map ok ok
	module_unloads
}

# The page where the kernel's code begins. Its pages are reserved, and RAM all the same.
kernel_code() {
	local start
	start=$(vm get /proc/iomem | sed -n 's/^ *\([0-9a-f]*\)-.* : Kernel code$/\1/p')
	printf '%d' $((16#$start / 4096))
}

# bats test_tags=module:no
@test "a range that only crosses into System RAM is refused with EPERM" {
	module_loads_over_ram
	refused_with_eperm "$((RESERVED - 1)) 2" "$((RESERVED + 255)) 2" "$RESERVED 257" \
		"$((RESERVED - 1)) 257" "255 2" "255 $((RESERVED - 254))"
	module_unloads
}

@test "open without CAP_SYS_RAWIO is refused with EPERM, whatever the mode of the node" {
	vm run -- /bin/busybox chmod 666 $NODE
	probe_as 1000 open $NODE rw open $NODE r
	facts_are open EPERM EPERM
	probe_as_root_of_a_container open $NODE rw
	fact_is open EPERM
	probe open $NODE rw
	fact_is open ok
}

# uid 0 and every capability, but in a user namespace of its own.
probe_as_root_of_a_container() {
	FACTS=$(vm run -- /bin/busybox unshare -Ur "$(<"$M/program")" "$@")
	printf '$ probe (root of a container) %s\n%s\n' "$*" "$FACTS" >>"$CHECK/transcript"
}

@test "without O_SYNC a page is write-back in the page table and in the PAT list" {
	memory_type_is rw WB write-back
}

@test "with O_SYNC or O_DSYNC a page is uncached in the page table and in the PAT list" {
	memory_type_is rw,sync 'UC*' 'uncached*'
	memory_type_is rw,dsync 'UC*' 'uncached*'
}

# memory_type_is MODE CACHE TYPE - of pages that are mapped through a descriptor opened with MODE; the
# last two are patterns, because UC- and UC are both uncached.
memory_type_is() {
	local i first=$((FIRST + 11)) count=3
	magic_drawn
	probe_starts spin=ready open $NODE "$1" map $count rw shared at $first touch spin "$MAGIC"
	walked $count
	for ((i = 0; i < count; i++)); do
		of_page $i cache
		# shellcheck disable=SC2053 # a pattern
		[[ $VALUE == $2 ]] || differs "$2 in the page table ($1)" "$VALUE for page $i"
	done
	pat_list_has $first $count "$3"
	job_killed
}

# pat_list_has FIRST COUNT TYPE - the types that the kernel has reserved for these pages, all of them.
pat_list_has() {
	local list line found='' start end
	list=$(vm get /sys/kernel/debug/x86/pat_memtype_list)
	while IFS= read -r line; do
		[[ $line =~ 0x([0-9a-f]+)-0x([0-9a-f]+)\]\ (.*)$ ]] || continue
		start=$((16#${BASH_REMATCH[1]})) end=$((16#${BASH_REMATCH[2]}))
		((start < ($1 + $2) * 4096 && end > $1 * 4096)) || continue
		found=${BASH_REMATCH[3]}
		# shellcheck disable=SC2053 # a pattern
		[[ $found == $3 ]] || differs "$3 in the PAT list" "$line"
	done <<<"$list"
	[[ -n $found ]] || differs "$3 in the PAT list" "no entry for the mapped pages"
}

# bats test_tags=module:no
@test "a bad base or size makes loading fail with EINVAL" {
	loading_fails_with_einval
	loading_fails_with_einval base=0x8040000
	loading_fails_with_einval base=0x8040000 size=0
	loading_fails_with_einval base=0x8040001 size=0x1000
	loading_fails_with_einval base=0x8040800 size=0x1000
	loading_fails_with_einval base=0x8040000 size=0x1001
	loading_fails_with_einval base=0x8040000 size=0x800
	loading_fails_with_einval base=0xfffffffffffff000 size=0x2000
	loading_fails_with_einval base=0x8040000 size=0xfffffffffffff000
	module_loads base=0x8041000 size=0x1000
	module_unloads
}

loading_fails_with_einval() {
	local answer
	answer=$(vm load "$OUT/build/$KERNEL/$MODULE.ko" "$@") &&
		{ differs "loading with ${*:-no parameters} fails with EINVAL" "it loads" || return 1; }
	is errno=EINVAL "$answer" "loading with ${*:-no parameters}"
}

@test "a private mapping is refused with EINVAL, also a read-only one" {
	probe open $NODE rw map $PAGES rw private at $FIRST map 1 r private at $FIRST \
		map 1 r private at $((FIRST + 1))
	facts_are map EINVAL EINVAL EINVAL
}

@test "no page is mapped beyond the range asked for" {
	probe open $NODE rw map 1 rw shared,fenced at $((FIRST + 1)) fence map 2 rw shared,fenced \
		at $((FIRST + 20)) fence unmap fence
	facts_are map ok ok
	all_facts_are fence_readable 0
}

@test "a mapping survives close()" {
	probe open $NODE rw map $PAGES rw shared at $FIRST fill close hash
	content_is "$(pattern_of 0 $PAGES)"
}

@test "rmmod is refused while a page is mapped" {
	module_stays_while_mapped $NODE map 1 rw shared at $FIRST
}

@test "a hundred rounds of open, map, touch, unmap and close leak nothing" {
	rounds_leak_nothing $NODE $PAGES at $FIRST
}

# The frames are not the module's, so none of them goes back; what it allocated for itself would show.
# bats test_tags=module:no
@test "five rounds of load and unload leak nothing" {
	local before lost round ANEW=yes
	module_comes_and_goes
	probe freepages
	before=$(fact freepages)
	for round in 1 2 3 4 5; do
		module_comes_and_goes
	done
	probe freepages
	lost=$((before - $(fact freepages)))
	((lost < 200)) || differs "the same number of free pages after five rounds" "$lost pages fewer"
}

module_comes_and_goes() {
	module_loads
	probe open $NODE rw map $PAGES rw shared at $FIRST touch
	fact_is touched $PAGES
	module_unloads
	is '' "$(vm get /proc/iomem | grep -i lab05)" "what is left in /proc/iomem"
	is '' "$(vm get /sys/kernel/debug/x86/pat_memtype_list | grep -i 0x00000000080)" \
		"what is left in the PAT list"
}

# No hole in a mapping: x86 then forgets to give the memory type back, and says so later.
# bats test_tags=machine:own
@test "the kernel log stays clean" {
	probe open $NODE rw map $PAGES rw shared at $FIRST touch w fork '{' touch w '}' unmap \
		map 1 rw shared at $((FIRST - 1)) map 2 rw shared at $((FIRST + PAGES - 1)) \
		map 1 rw shared at 2^51 map 1 rw private at $FIRST protect r
	probe open $NODE rw,sync map $PAGES rw shared at $FIRST touch w
	module_unloads
	kernel_is_clean
}

@test "the user test passes" {
	user_test_passes
}

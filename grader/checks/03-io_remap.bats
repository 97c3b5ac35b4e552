#!/usr/bin/env bats
# Lab 03: the BARs of two PCI devices through io_remap_pfn_range(). One @test per promise, in the
# rubric's order.
# shellcheck disable=SC2034 # bats and grader/lib read what is set here
# shellcheck disable=SC1083 # the braces of probe's fork

load ../lib/judge

MACHINE=--pci
REGS=/dev/lab03-regs
MEM=/dev/lab03-mem

works_plainly() {
	bench_found || return 1
	probe open $REGS rw map "$REGS_PAGES" rw shared touch r \
		open $MEM rw map "$MEM_PAGES" rw shared touch r || return 1
	facts_are open ok ok && facts_are map ok ok && facts_are touched "$REGS_PAGES" "$MEM_PAGES"
}

# bats test_tags=machine:none,gate:none
@test "builds without a warning on 6.1 and 6.12" {
	source_is_clean
}

# bats test_tags=module:no,gate:none
@test "/dev/lab03-regs and /dev/lab03-mem are there while the module is loaded" {
	node_comes_and_goes $REGS $MEM
}

# bats test_tags=gate:none
@test "both BARs can be mapped shared and writable, whole" {
	bench_found
	probe open $REGS rw map "$REGS_PAGES" rw shared maps touch w
	fact_is map ok
	maps_has $REGS rw-s 00000000
	fact_is touched "$REGS_PAGES"
	probe open $MEM rw map "$MEM_PAGES" rw shared maps touch w
	fact_is map ok
	maps_has $MEM rw-s 00000000
	fact_is touched "$MEM_PAGES"
}

@test "the registers answer: the id is 0x010000ed, liveness inverts, the factorial unit computes" {
	local any=$((SEED * 2654435761 & 0xffffffff)) n=$((3 + SEED % 15))
	probe open $REGS rw map 1 rw shared load 4 0 store 4 4 $any load 4 4 \
		store 4 8 $n poll 4 0x20 1 0 20000 load 4 8
	fact_is load 0x10000ed 1
	fact_is load "$(printf '0x%x' $((~any & 0xffffffff)))" 2
	fact_is poll ok
	is "$(printf '0x%x' "$(factorial_of $n)")" "$(fact load 3)" "the factorial register, asked for $n"
}

@test "bytes the host writes are read through the mapping of the memory" {
	bench_found
	local last=$((MEM_PAGES - 4))
	pattern bytes "$SEED" 0 "$MEM_PAGES" | vm shmem write 0
	probe_starts hold=seen open $MEM rw map "$MEM_PAGES" rw shared hash 0 4 hash $last 4 \
		hold seen hash $last 4
	content_is "$(pattern_of 0 4)" 1
	content_is "$(pattern_of $last 4)" 2
	pattern bytes $((SEED + 1)) $last 4 | vm shmem write $((last * 4096))
	job_goes_on
	job_ends
	content_is "$(pattern_of $last 4 $((SEED + 1)))" 3
}

@test "bytes written through the mapping of the memory reach the host" {
	bench_found
	probe open $MEM rw map "$MEM_PAGES" rw shared fill
	fact_is fill ok
	host_has 0
	host_has $((MEM_PAGES / 2))
	host_has $((MEM_PAGES - 1))
}

@test "the registers are asked for uncached" {
	bench_found
	magic_drawn
	insertions_watched
	probe_starts spin=ready open $REGS rw map 16 rw shared touch r spin "$MAGIC"
	walked 16
	job_killed
	insertions_asked_for_uncached
	cache_is 16 "UC-|UC"
}

@test "the memory is write-combining, in the page table and in the PAT list" {
	bench_found
	magic_drawn
	probe_starts spin=ready open $MEM rw map 16 rw shared touch r spin "$MAGIC"
	walked 16
	cache_is 16 "WC"
	pat_has write-combining "$MEM_BASE" $((MEM_BASE + 16 * 4096))
}

@test "both BARs are claimed under lab03 in /proc/iomem" {
	bench_found
	iomem_names "$REGS_BASE" "$REGS_PAGES"
	iomem_names "$MEM_BASE" "$MEM_PAGES"
}

# bats test_tags=module:no
@test "/dev/mem refuses every page of both BARs" {
	local base pages at verbs=()
	bench_found
	for base in "$REGS_BASE:$REGS_PAGES" "$MEM_BASE:$MEM_PAGES"; do
		pages=${base#*:} base=${base%:*}
		for at in 0 1 $((pages / 2)) $((pages - 1)); do
			verbs+=(mapbytes 4096 r shared at $((base + at * 4096)))
		done
	done
	probe open /dev/mem r "${verbs[@]}"
	[[ $(facts map) == "ok ok ok ok ok ok ok ok" ]] || trouble "/dev/mem refuses unclaimed BARs: $(facts map)"
	module_loads
	probe open /dev/mem r "${verbs[@]}"
	all_facts_are map EPERM
	module_unloads
}

@test "an offset selects the right page of the BAR" {
	bench_found
	window_shows_frames $REGS 1 1 "$REGS_BASE"
	window_shows_frames $REGS $((REGS_PAGES - 3)) 3 "$REGS_BASE"
	window_shows_frames $MEM 5 4 "$MEM_BASE"
	window_shows_frames $MEM $((MEM_PAGES - 1)) 1 "$MEM_BASE"
}

@test "no page is mapped outside the window" {
	probe open $REGS rw map 1 rw shared,fenced at 1 fence map 2 rw shared,fenced fence unmap fence
	all_facts_are fence_readable 0
	probe open $MEM rw map 1 rw shared,fenced at 1 fence map 2 rw shared,fenced fence unmap fence
	all_facts_are fence_readable 0
}

@test "a window that does not fit the BAR is refused with EINVAL" {
	bench_found
	windows_outside_are_refused $REGS "$REGS_PAGES" EINVAL
	windows_outside_are_refused $MEM "$MEM_PAGES" EINVAL
}

@test "a private mapping is refused with EINVAL, also a read-only one" {
	bench_found
	probe open $REGS rw map "$REGS_PAGES" rw private map 1 r private touch \
		open $MEM rw map "$MEM_PAGES" rw private map 1 r private map 1 r private at 1 touch
	facts_are map EINVAL EINVAL EINVAL EINVAL EINVAL
}

@test "a mapping survives close()" {
	probe open $MEM rw map 2 rw shared fill close hash open $REGS rw map 1 rw shared close load 4 0
	content_is "$(pattern_of 0 2)"
	fact_is load 0x10000ed
}

@test "rmmod is refused while a page is mapped" {
	module_stays_while_mapped $MEM map 1 rw shared
}

# bats test_tags=module:no
@test "unloading releases the regions and every PAT entry, and the module loads again" {
	bench_found
	module_loads
	probe open $REGS rw map 2 rw shared touch open $MEM rw map 2 rw shared touch
	module_unloads
	nothing_is_left
	module_loads
	works_plainly
	module_unloads
}

# bats test_tags=machine:own
@test "unbinding the driver takes the pages away: the next access is SIGBUS" {
	bench_found
	# Two descriptors and a child hold the memory, one descriptor the registers.
	probe_starts child.hold=mapped open $REGS rw map 4 rw shared touch \
		open $MEM rw map 3 rw shared at 7 touch open $MEM rw map 2 rw shared touch \
		fork { hold mapped area 1 touch } area 0 touch area 1 touch area 2 touch unmap
	facts_are touched 4 3 2
	driver_unbound "$REGS_NAME"
	driver_unbound "$MEM_NAME"
	job_goes_on
	job_ends
	facts_are child.sigbus 3
	facts_are sigbus 0 0 0 4 3 2
	facts_are code BUS_ADRERR BUS_ADRERR BUS_ADRERR
	module_unloads
	kernel_is_clean
}

@test "after unbinding, an old descriptor gets ENODEV and the node cannot be opened" {
	bench_found
	probe_starts hold=opened open $REGS rw map 1 rw shared open $MEM rw open $MEM rw hold opened \
		map 1 rw shared file 1 map 1 rw shared file 0 map 1 rw shared open $REGS open $MEM
	driver_unbound "$REGS_NAME"
	driver_unbound "$MEM_NAME"
	job_goes_on
	job_ends
	facts_are map ok ENODEV ENODEV ENODEV
	[[ $(facts open) =~ ^"ok ok ok "(ENOENT|ENODEV)" "(ENOENT|ENODEV)$ ]] ||
		differs "open: ENOENT or ENODEV, twice" "open: $(facts open | cut -d' ' -f4-)"
}

@test "a driver that is bound again shows its device again" {
	bench_found
	driver_unbound "$REGS_NAME"
	driver_unbound "$MEM_NAME"
	vm write /sys/bus/pci/drivers_probe "$REGS_NAME"
	vm write /sys/bus/pci/drivers_probe "$MEM_NAME"
	works_plainly
}

# bats test_tags=module:no
@test "a device plugged in later is enabled and gets its node" {
	bench_found
	device_pulled_out "$REGS_NAME"
	device_pulled_out "$MEM_NAME"
	module_loads
	vm write /sys/bus/pci/rescan 1
	works_plainly
	probe open $REGS rw map 1 rw shared load 4 0
	fact_is load 0x10000ed
	module_unloads
}

# bats test_tags=module:no
@test "each node needs only its own device" {
	bench_found
	device_pulled_out "$REGS_NAME"
	module_loads
	probe open $REGS rw open $MEM rw map 1 rw shared touch
	facts_are open ENOENT ok
	facts_are touched 1
	module_unloads
	vm write /sys/bus/pci/rescan 1
	device_pulled_out "$MEM_NAME"
	module_loads
	probe open $MEM rw open $REGS rw map 1 rw shared touch
	facts_are open ENOENT ok
	facts_are touched 1
	module_unloads
	! machine_is_shared || vm write /sys/bus/pci/rescan 1
}

@test "a hundred rounds of open, map, touch, unmap and close leak nothing" {
	rounds_leak_nothing $REGS 4
	rounds_leak_nothing $MEM 4
	traced kmem/mm_page_alloc kmem/mm_page_free
	for part in 1 2 3 4 5; do
		rounds_marked $part
	done
	probe freepages
	no_round_left_pages 16
}

# bats test_tags=module:no
@test "five rounds of load and unload leak nothing" {
	bench_found
	traced kmem/mm_page_alloc kmem/mm_page_free
	for round in 1 2 3 4 5; do
		loaded_and_used $round
	done
	# So that what is only on its way back arrives.
	probe freepages
	no_round_left_pages 8
	nothing_is_left
}

# bats test_tags=machine:own
@test "the kernel log stays clean" {
	bench_found
	probe open $REGS rw map "$REGS_PAGES" rw shared touch fork { touch unmap 1 1 } mremap 1 \
		map 2 rw shared at 3 map $((REGS_PAGES + 1)) rw shared map 1 rw private protect r
	probe open $MEM rw map "$MEM_PAGES" rw shared touch w fork { touch w unmap } mremap 1 \
		map 2 rw shared at 3 map $((MEM_PAGES + 1)) rw shared map 1 rw private protect r
	driver_unbound "$MEM_NAME"
	module_unloads
	kernel_is_clean
}

@test "the user test passes" {
	user_test_passes
}

# bench_found - REGS_NAME, REGS_BASE, REGS_PAGES and the same of MEM: the devices of the bench, from the
# kernel's list. A line of it: bus and function, ids, interrupt, 7 addresses with flags, 7 sizes.
bench_found() {
	local list line field found=0
	list=$(vm get /proc/bus/pci/devices) || return 1
	while read -ra field; do
		case ${field[1]} in
		123411e8) device_is REGS 0 ;;
		1af41110) device_is MEM 2 ;;
		*) continue ;;
		esac
		found=$((found + 1))
	done <<<"$list"
	((found == 2)) || trouble "the bench has $found devices, not 2"
}

# device_is PREFIX BAR - out of the fields of one line.
device_is() {
	local place=$((16#${field[0]}))
	printf -v "$1_NAME" '0000:%02x:%02x.%x' $((place >> 8)) $((place >> 3 & 31)) $((place & 7))
	printf -v "$1_BASE" '%d' $((16#${field[3 + $2]} & ~15))
	printf -v "$1_PAGES" '%d' $((16#${field[10 + $2]} / 4096))
}

driver_unbound() {
	vm write "/sys/bus/pci/devices/$1/driver/unbind" "$1"
}

# device_pulled_out NAME - and switched off (command register 0), as one is that nobody prepared.
device_pulled_out() {
	vm run -- /bin/busybox sh -c "printf '\\0\\0' |
		dd of=/sys/bus/pci/devices/$1/config bs=1 seek=4 conv=notrunc" &&
		vm write "/sys/bus/pci/devices/$1/remove" 1
}

# In 32 bits, like the device.
factorial_of() {
	local n=$1 product=1
	while ((n > 1)); do
		product=$((product * n & 0xffffffff))
		n=$((n - 1))
	done
	echo $product
}

# host_has PAGE - the host's file behind the memory holds the pattern there.
host_has() {
	is "$(pattern_of "$1" 1)" "$(vm shmem read $(($1 * 4096)) 4096 | pattern sum)" \
		"page $1 of the host's file"
}

# cache_is COUNT TYPES - of every page walked.
cache_is() {
	local i
	for ((i = 0; i < $1; i++)); do
		of_page "$i" cache
		[[ "|$2|" == *"|$VALUE|"* ]] || differs "cache type ${2//|/ or }" "cache type $VALUE on page $i" || return 1
	done
}

# insertions_watched - from here on the kernel notes each protection a driver asks frames to have.
insertions_watched() {
	vm write /sys/kernel/tracing/kprobe_events \
		"p:lab/range remap_pfn_range pfn=%dx prot=%r8:x64
p:lab/page vmf_insert_pfn_prot pfn=%dx prot=%cx:x64"
	traced lab
}

# insertions_asked_for_uncached - of all that were noted for frames of the registers. The cache type is
# in the bits 3, 4 and 7; the kernel's PAT makes 2 and 6 UC-, 3 UC. None noted proves nothing.
insertions_asked_for_uncached() {
	local trace line page prot
	trace=$(vm get /sys/kernel/tracing/trace) || return 1
	grep -o 'pfn=.* prot=.*' <<<"$trace" >>"$CHECK/transcript" || true
	while IFS= read -r line; do
		[[ $line =~ pfn=(0x[0-9a-f]+)\ prot=(0x[0-9a-f]+) ]] || continue
		page=$((BASH_REMATCH[1] - REGS_BASE / 4096)) prot=$((BASH_REMATCH[2]))
		((page >= 0 && page < REGS_PAGES)) || continue
		case $((prot >> 3 & 3 | prot >> 5 & 4)) in
		2 | 3 | 6) ;;
		*) differs "a protection that says uncached" "protection ${BASH_REMATCH[2]}" || return 1 ;;
		esac
	done <<<"$trace"
}

# pat_has TYPE START END - one entry of the PAT list covers that range, and has that type.
pat_has() {
	local list line
	list=$(vm get /sys/kernel/debug/x86/pat_memtype_list) || return 1
	printf '# PAT list\n%s\n' "$list" >>"$CHECK/transcript"
	while IFS= read -r line; do
		[[ $line =~ (0x[0-9a-f]+)-(0x[0-9a-f]+)\]\ $1$ ]] || continue
		((BASH_REMATCH[1] <= $2 && BASH_REMATCH[2] >= $3)) && return
	done <<<"$list"
	differs "$1 in the PAT list" "$(pat_entries "$2" "$3" <<<"$list")"
}

# pat_entries START END - the lines of a PAT list that touch the range.
pat_entries() {
	local line some=''
	while IFS= read -r line; do
		[[ $line =~ (0x[0-9a-f]+)-(0x[0-9a-f]+)\]\ (.*)$ ]] || continue
		((BASH_REMATCH[1] < $2 && BASH_REMATCH[2] > $1)) && some+="${some:+, }${BASH_REMATCH[3]}"
	done
	printf '%s' "${some:-no entry}"
}

# iomem_names BASE PAGES - a line that lies in the BAR has lab03 in its name.
iomem_names() {
	local list line first last names=''
	list=$(vm get /proc/iomem) || return 1
	while IFS= read -r line; do
		[[ $line =~ ([0-9a-f]+)-([0-9a-f]+)\ :\ (.*)$ ]] || continue
		first=$((16#${BASH_REMATCH[1]})) last=$((16#${BASH_REMATCH[2]}))
		((first >= $1 && last < $1 + $2 * 4096)) || continue
		[[ ${BASH_REMATCH[3]} == *lab03* ]] && return
		names+="${names:+, }${BASH_REMATCH[3]}"
	done <<<"$list"
	differs "lab03 in /proc/iomem at $(printf '0x%x' "$1")" "${names:-no line}"
}

# window_shows_frames NODE FIRST COUNT BASE - seen from outside, while the process spins.
window_shows_frames() {
	local i
	magic_drawn
	probe_starts spin=ready open "$1" rw map "$3" rw shared at "$2" touch r spin "$MAGIC"
	walked "$3" || return 1
	job_killed
	for ((i = 0; i < $3; i++)); do
		of_page $i pfn
		is "$(printf '0x%x' $(($4 / 4096 + $2 + i)))" "$(printf '0x%x' $((VALUE)))" \
			"frame of page $i of the window at page $2 of $1" || return 1
	done
}

# nothing_is_left - of the module, in the kernel's books.
nothing_is_left() {
	local list entries
	list=$(vm get /proc/iomem) || return 1
	[[ $list != *lab03* ]] || differs "no lab03 in /proc/iomem after rmmod" "it is still there" || return 1
	list=$(vm get /sys/kernel/debug/x86/pat_memtype_list) || return 1
	entries=$(pat_entries "$REGS_BASE" $((REGS_BASE + REGS_PAGES * 4096)) <<<"$list")
	is "no entry" "$entries" "the registers in the PAT list after rmmod" || return 1
	entries=$(pat_entries "$MEM_BASE" $((MEM_BASE + MEM_PAGES * 4096)) <<<"$list")
	is "no entry" "$entries" "the memory in the PAT list after rmmod"
}

# loaded_and_used ROUND - what is allocated between the two marks is allocated by loading.
loaded_and_used() {
	vm write /sys/kernel/tracing/trace_marker "begin $1" || return 1
	module_loads || return 1
	vm write /sys/kernel/tracing/trace_marker "end $1" || return 1
	probe open $REGS rw map 2 rw shared touch open $MEM rw map 2 rw shared touch || return 1
	facts_are touched 2 2 || return 1
	module_unloads
}

# rounds_marked PART - twenty rounds on each node.
rounds_marked() {
	vm write /sys/kernel/tracing/trace_marker "begin $1" || return 1
	probe rounds 20 $REGS 4 rounds 20 $MEM 4 || return 1
	facts_are rounds 20 20 || return 1
	vm write /sys/kernel/tracing/trace_marker "end $1"
}

# no_round_left_pages LIMIT - what was allocated between the marks of a round and never freed. The number of
# free pages does not show it: on 6.12 each CPU keeps hundreds that are not counted, while the
# allocator's own trace is exact. The first round fills caches; in the others a slab may take a page or
# two, so only LIMIT pages, left by each of them, are a leak.
no_round_left_pages() {
	local left
	vm get /sys/kernel/tracing/trace >"$CHECK/trace" || return 1
	left=$(awk '
		function number(hex, value) {
			for (value = 0; hex != ""; hex = substr(hex, 2))
				value = value * 16 + index("0123456789abcdef", substr(hex, 1, 1)) - 1
			return value
		}
		/ begin [1-5]$/ { round = $NF; inside = 1 }
		/ end [1-5]$/ { inside = 0; rounds++ }
		!/ mm_page_(alloc|free): / { next }
		{
			match($0, / pfn=0x[0-9a-f]+/)
			first = number(substr($0, RSTART + 7, RLENGTH - 7))
			match($0, / order=[0-9]+/)
			count = 2 ^ substr($0, RSTART + 7, RLENGTH - 7)
			for (i = 0; i < count; i++) {
				if (/ mm_page_free: /)
					delete owner[first + i]
				else if (inside)
					owner[first + i] = round
			}
		}
		END {
			for (page in owner)
				left[owner[page]]++
			least = left[2] + 0
			for (round = 3; round <= 5; round++)
				if (left[round] + 0 < least)
					least = left[round] + 0
			print rounds == 5 ? least : "lost"
		}' "$CHECK/trace")
	[[ $left != lost ]] || trouble "the trace lacks a round" || return 1
	((left < $1)) || differs "every page of a round given back" "$left pages left by every round"
}

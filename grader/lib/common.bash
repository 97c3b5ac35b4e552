# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2153,SC2154 # one program in four files: what one sets, another reads
# The promises that several labs make in the same words. Each function is the body of one check.

# source_is_clean - W=1 on both kernels; the numbers come from the two builds that grade made.
source_is_clean() {
	local kernel build
	for kernel in 6.1 6.12; do
		build=$OUT/build/$kernel
		[[ -e $build/$MODULE.ko ]] || differs "it compiles on $kernel" \
			"$(grep -m1 -i error "$build/build.log" 2>/dev/null)" || return 1
		is 0 "$(<"$build/warnings")" "warnings on $kernel" || return 1
	done
}

# node_comes_and_goes NODE… - the nodes exist exactly while the module is loaded.
node_comes_and_goes() {
	local node
	for node; do
		vm run -- /bin/busybox test -c "$node" && {
			differs "no $node before the module is loaded" "it is there"
			return 1
		}
	done
	module_loads || return 1
	for node; do
		vm run -- /bin/busybox test -c "$node" ||
			differs "$node, a character device" "no such device" || return 1
	done
	module_unloads || return 1
	for node; do
		vm run -- /bin/busybox test -c "$node" && {
			differs "no $node after rmmod" "it is still there"
			return 1
		}
	done
	return 0
}

# reads_and_writes_stop_at_the_end NODE PAGES
reads_and_writes_stop_at_the_end() {
	local size=$(($2 * 4096))
	probe open "$1" rw read 4096 at $size read 4096 at $((size + 4096)) read 8192 at $((size - 4096)) \
		write 1 at "$2" write 1 at $(($2 + 1)) write 2 at $(($2 - 1)) read 16 at 2^40
	facts_are read 0 0 4096 0 || return 1
	facts_are write ENOSPC ENOSPC 4096
}

# windows_outside_are_refused NODE PAGES ERRNO - one page too many, at and past the end, halves that
# overlap the end, and offsets at which sums wrap.
windows_outside_are_refused() {
	local node=$1 n=$2 errno=$3 start verbs=() at
	verbs=(map $((n + 1)) rw shared map 1 rw shared at "$n" map 1 rw shared at $((n + 1))
		map $((n / 2 + 1)) rw shared at $((n - n / 2)) map "$n" rw shared at 1
		map $((n * 64)) rw shared)
	# Bytes; the core refuses what would wrap as a whole with EOVERFLOW before the driver sees it.
	for at in 2^31 2^32 2^44 2^63 -2p; do
		for start in "$at" "$at+1p"; do
			[[ $start == "-2p+1p" ]] && continue
			verbs+=(mapbytes 4096 rw shared at "$start")
		done
	done
	# A length of the whole buffer at the last offsets that the core lets through.
	verbs+=(mapbytes $((n * 4096)) rw shared at "-$((n + 1))p" map "$n" rw shared)
	probe open "$node" rw "${verbs[@]}" || return 1
	local answers answer i=0
	look_up map
	answers=("${VALUES[@]}")
	is ok "${answers[-1]}" "the whole buffer, after all that" || return 1
	unset 'answers[-1]'
	for answer in "${answers[@]}"; do
		i=$((i + 1))
		[[ $answer == "$errno" ]] || differs "window $i of the list: $errno" \
			"window $i of the list: $answer ($(window_in_words $i "${verbs[@]}"))" || return 1
	done
}

# The I-th map or mapbytes of a list of verbs.
window_in_words() {
	local left=$1 word
	shift
	while (($#)); do
		word=$1
		shift
		[[ $word == map* ]] || continue
		if ((--left == 0)); then
			printf '%s %s' "$word" "$1"
			[[ ${4:-} == at ]] && printf ' at %s' "$5"
			return
		fi
	done
}

# module_stays_while_mapped NODE MAP_VERBS… - the descriptor is closed: only the mapping is left.
module_stays_while_mapped() {
	local node=$1
	shift
	probe_starts hold=mapped open "$node" rw "$@" touch close hold mapped touch unmap hold gone
	fact_is map ok || return 1
	ask unload "$MODULE" && {
		differs "rmmod fails with EWOULDBLOCK" "the module is gone"
		return 1
	}
	[[ $SAID == errno=E* ]] || differs "rmmod fails with EWOULDBLOCK" "$SAID" || return 1
	job_goes_on
	job_says hold=gone || return 1
	all_facts_are sigbus 0 || return 1
	job_goes_on
	job_ends || return 1
	module_unloads || return 1
	[[ $NEEDS == *" module:no "* || ${FRESH:-1} != 0 ]] || module_loads
}

# fresh_memory_is_zero NODE PAGES - nearly all free memory was filled with 0xd7 (probe's dirty) when the machine
# was prepared. But there always are pages of zeros that the kernel has freed since, and a load may get its buffer
# from them by luck, unless it is large: so it is written full, and there is a second load.
fresh_memory_is_zero() {
	FACTS=$(<"$M/prepared")
	(($(fact dirty) >= 4000)) || trouble "only $(fact dirty) pages could be made dirty" || return 1
	module_loads && reads_zero_and_is_filled "$@" || return 1
	(($2 >= 64)) || { module_unloads && module_loads && reads_zero_and_is_filled "$@"; }
}

reads_zero_and_is_filled() {
	probe open "$1" rw map "$2" rw shared allzero readpages "$2" at 0 seed 1 fill || return 1
	fact_is map ok || return 1
	is "$(printf '1%.0s' $(seq "$2"))" "$(fact allzero)" "pages that read zero" || return 1
	content_is "$(zero_pages "$2")"
}

# rounds_leak_nothing NODE PAGES [at PAGE] - a hundred rounds, after a hundred that warm caches up. Free
# pages and slab objects have their own ups and downs (per-CPU lists, RCU), so what seems lost has
# to be lost three times running; a leak is.
rounds_leak_nothing() {
	local try lost=
	# Warm: slabs are filled, caches grown.
	probe rounds 100 "$@" freepages || return 1
	fact_is rounds 100 || return 1
	for try in 1 2 3; do
		lost=$(lost_in_rounds "$@") || return 1
		[[ -z $lost ]] && return
	done
	differs "nothing left behind by 100 rounds" "$lost"
}

# vmap_area is left out: what vunmap() gives back, the kernel frees when it has got enough of it.
# lost_in_rounds NODE PAGES… - prints what a hundred rounds have left behind, or nothing.
lost_in_rounds() {
	local before after missing grown
	# One process counts before and after: one that ended meanwhile would give its own pages back.
	probe_starts hold=begun freepages hold begun rounds 100 "$@" freepages hold ended || return 1
	before=$(vm get /proc/slabinfo) || return 1
	job_goes_on
	job_says hold=ended || return 1
	after=$(vm get /proc/slabinfo) || return 1
	job_goes_on
	job_ends || return 1
	missing=$(($(fact freepages 1) - $(fact freepages 2)))
	if ((missing >= 64)); then
		printf '%d pages fewer are free' "$missing"
		return
	fi
	grown=$(awk 'NR == FNR { before[$1] = $2; next }
		FNR > 2 && $1 != "vmap_area" && ($1 in before) && $2 - before[$1] >= 90 { print $1, $2 - before[$1]; exit }' \
		<(printf '%s\n' "$before") <(printf '%s\n' "$after"))
	[[ -z $grown ]] || printf '%s more objects in %s' "${grown#* }" "${grown% *}"
}

# reloads_leak_nothing MAP_VERBS… - every frame that was mapped goes back to the allocator, when the
# module unloads or already when the last file is released: free pages are too noisy to show it, the
# allocator's tracepoint is exact. The first round and the last stand for all: what leaks leaks always.
reloads_leak_nothing() {
	local round frame
	# Once: switching a tracepoint rewrites kernel code, and TCG translates much of it anew.
	traced kmem/mm_page_free || return 1
	for round in 1 2 3 4 5; do
		module_loads || return 1
		FRAMES=()
		if ((round == 1 || round == 5)); then
			frames_mapped "$@" && trace_cleared && job_killed || return 1
		fi
		module_unloads || return 1
		((${#FRAMES[@]})) || continue
		frames_freed_since || return 1
		for frame in "${FRAMES[@]}"; do
			# The reserved megabyte at 0x8000000 was never the allocator's.
			((frame >= 0x8000 && frame < 0x8100)) && continue
			[[ -n ${FREED[frame]:-} ]] || differs "after rmmod every frame is the allocator's again" \
				"frame $(printf '0x%x' "$frame") is still allocated (round $round)" || return 1
		done
	done
}

# frames_freed_since [MARKER] - FREED has an entry for each frame that kmem:mm_page_free named, since the
# trace was cleared or since the line with MARKER (from probe's marker).
frames_freed_since() {
	local lines line first i
	lines=$(vm get /sys/kernel/tracing/trace | tac | sed "/${1:-entries-in-buffer}/q") || return 1
	[[ $lines == *"${1:-entries-in-buffer}"* ]] || trouble "the trace lacks '${1:-its header}'" || return 1
	FREED=()
	while IFS= read -r line; do
		[[ $line =~ mm_page_free:.*\ pfn=0x([0-9a-f]+)\ order=([0-9]+) ]] || continue
		first=$((16#${BASH_REMATCH[1]}))
		for ((i = 0; i < 1 << BASH_REMATCH[2]; i++)); do
			FREED[first + i]=1
		done
	done <<<"$lines"
}

# frames_mapped MAP_VERBS… - FRAMES: what a mapping of NODE is mapped to, by the page tables. The job that
# maps it spins on.
frames_mapped() {
	local i
	magic_drawn
	probe_starts spin=ready open "$NODE" rw "$@" touch spin "$MAGIC" || return 1
	walked "${PAGES:-1}" || return 1
	FRAMES=()
	for i in "${!PAGE_LINES[@]}"; do
		of_page "$i" pfn
		FRAMES+=($((VALUE)))
	done
}

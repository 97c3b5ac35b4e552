# The promises that several labs make in the same words. Each function is the body of one check.

# source_is_clean - W=1 on both kernels; the numbers come from the two builds that grade made.
source_is_clean() {
	local kernel warnings
	for kernel in 6.1 6.12; do
		warnings=$(cat "$OUT/build/$kernel/warnings" 2>/dev/null) || warnings=
		[[ -n $warnings ]] || differs "it compiles on $kernel" \
			"$(grep -m1 -E 'error|Error' "$OUT/build/$kernel/build.log" 2>/dev/null)" || return 1
		is 0 "$warnings" "warnings on $kernel" || return 1
	done
}

# node_comes_and_goes NODE… - the nodes exist exactly while the module is loaded.
node_comes_and_goes() {
	local node
	for node; do
		vm run -- /bin/busybox test -c "$node" && { differs "no $node before the module is loaded" "it is there"; return 1; }
	done
	module_loads || return 1
	for node; do
		vm run -- /bin/busybox test -c "$node" ||
			differs "$node, a character device" "no such device" || return 1
	done
	module_unloads || return 1
	for node; do
		vm run -- /bin/busybox test -c "$node" && { differs "no $node after rmmod" "it is still there"; return 1; }
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
	read -ra answers <<<"$(facts map)"
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
	local node=$1 answer status=0
	shift
	probe_starts hold=mapped open "$node" rw "$@" touch close hold mapped touch unmap hold gone
	fact_is map ok || return 1
	answer=$(vm unload "$MODULE") && { differs "rmmod fails with EWOULDBLOCK" "the module is gone"; return 1; }
	[[ $answer == errno=E* ]] || differs "rmmod fails with EWOULDBLOCK" "$answer" || return 1
	job_goes_on
	job_says hold=gone || return 1
	all_facts_are sigbus 0 || return 1
	job_goes_on
	job_ends || return 1
	module_unloads || return 1
	[[ $NEEDS == *" module:no "* || ${FRESH:-1} != 0 ]] || module_loads
}

# fresh_memory_is_zero NODE PAGES - nearly all free memory was just filled with 0xd7.
fresh_memory_is_zero() {
	probe dirty || return 1
	module_loads || return 1
	probe open "$1" rw map "$2" rw shared allzero readpages "$2" at 0 || return 1
	fact_is map ok || return 1
	is "$(printf '1%.0s' $(seq "$2"))" "$(fact allzero)" "pages that read zero" || return 1
	content_is "$(zero_pages "$2")"
}

# rounds_leak_nothing NODE PAGES - one CPU, so that no page hides in another CPU's list. A first
# hundred warms caches up; of the second, neither pages nor objects may stay.
rounds_leak_nothing() {
	local before after
	probe rounds 100 "$1" "$2" freepages || return 1
	fact_is rounds 100 || return 1
	before=$(fact freepages)
	SLABS=$(slab_objects) || return 1
	probe rounds 100 "$1" "$2" freepages || return 1
	after=$(fact freepages)
	((before - after < 64)) || differs "the same number of free pages after 100 rounds" \
		"$((before - after)) pages fewer" || return 1
	no_slab_grew
}

# no_slab_grew - against SLABS; a hundred lost objects show, the kernel's own ups and downs do not.
no_slab_grew() {
	local grown
	grown=$(awk 'NR == FNR { before[$1] = $2; next }
		FNR > 2 && ($1 in before) && $2 - before[$1] >= 90 { print $1, $2 - before[$1]; exit }' \
		<(printf '%s\n' "$SLABS") <(slab_objects))
	[[ -z $grown ]] || differs "no objects left behind by 100 rounds" \
		"${grown#* } more objects in ${grown% *}"
}

# reloads_leak_nothing MAP_VERBS… - every frame that was mapped goes back to the allocator while the
# module unloads: free pages are too noisy to show it, the allocator's tracepoint is exact.
reloads_leak_nothing() {
	local round frame
	vm write /sys/kernel/tracing/events/kmem/mm_page_free/enable 1 >/dev/null || return 1
	for round in 1 2 3 4 5; do
		module_loads || return 1
		frames_mapped "$@" || return 1
		vm write /sys/kernel/tracing/trace_marker "unloading $round" >/dev/null || return 1
		module_unloads || return 1
		frames_freed_since "unloading $round" || return 1
		for frame in "${FRAMES[@]}"; do
			[[ -n ${FREED[frame]:-} ]] || differs "rmmod gives every frame back" \
				"frame $(printf '0x%x' "$frame") is still allocated (round $round)" || return 1
		done
	done
}

# frames_freed_since MARKER - FREED has an entry for each frame that kmem:mm_page_free named after it.
frames_freed_since() {
	local trace line first i
	trace=$(vm get /sys/kernel/tracing/trace) || return 1
	[[ $trace == *"$1"* ]] || trouble "the marker '$1' is not in the trace" || return 1
	FREED=()
	while IFS= read -r line; do
		[[ $line =~ mm_page_free:.*\ pfn=0x([0-9a-f]+)\ order=([0-9]+) ]] || continue
		first=$((16#${BASH_REMATCH[1]}))
		for ((i = 0; i < 1 << BASH_REMATCH[2]; i++)); do
			FREED[first + i]=1
		done
	done <<<"${trace##*"$1"}"
}

# frames_mapped MAP_VERBS… - FRAMES: what a mapping of NODE is mapped to, by the page tables.
frames_mapped() {
	local i
	magic_drawn
	probe_starts spin=ready open "$NODE" rw "$@" touch spin $MAGIC || return 1
	walked "${PAGES:-1}" || return 1
	FRAMES=()
	for i in "${!PAGE_LINES[@]}"; do
		FRAMES+=($(($(of_page "$i" pfn))))
	done
	job_killed
}

# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2153,SC2154 # one program in four files: what one sets, another reads
# What a check can claim. Each claim compares a fact with what is wanted; where they differ it writes
# both down and fails. Nothing here decides by what a student can print.

# differs WANTED FOUND - writes both down for the report (the first pair stays) and fails.
differs() {
	if [[ ! -e $CHECK/wanted ]]; then
		printf '%s' "$1" >"$CHECK/wanted"
		printf '%s' "$2" >"$CHECK/found"
	fi
	printf 'wanted: %s\nfound:  %s\n' "$1" "$2"
	return 1
}

# is WANTED FOUND WHAT - the plain comparison.
is() {
	[[ $2 == "$1" ]] || differs "$3: $1" "$3: ${2:-nothing}"
}

# look_up KEY - VALUES: the values of all facts of that name in FACTS, in order.
look_up() {
	local left=$'\n'$FACTS$'\n' key=$'\n'$1=
	VALUES=()
	while [[ $left == *"$key"* ]]; do
		left=${left#*"$key"}
		VALUES+=("${left%%$'\n'*}")
		left=$'\n'${left#*$'\n'}
	done
}

# fact KEY [N] - prints the value of the N-th fact of that name (the first by default).
fact() {
	look_up "$1"
	printf '%s' "${VALUES[${2:-1} - 1]:-}"
}

# facts KEY - all its values, separated by blanks.
facts() {
	look_up "$1"
	printf '%s' "${VALUES[*]}"
}

# fact_is KEY WANTED [N] - the N-th fact of that name.
fact_is() {
	look_up "$1"
	is "$2" "${VALUES[${3:-1} - 1]:-}" "$1"
}

# facts_are KEY WANTED… - all facts of that name, in order.
facts_are() {
	look_up "$1"
	is "${*:2}" "${VALUES[*]}" "$1"
}

# all_facts_are KEY WANTED - every fact of that name, and there is one.
all_facts_are() {
	local value
	look_up "$1"
	for value in "${VALUES[@]:-nothing}"; do
		is "$2" "$value" "$1" || return 1
	done
}

# maps_has PATH MODE [OFFSET] - the area's line in /proc/PID/maps.
maps_has() {
	local line offset=${3:-[0-9a-f]+}
	look_up maps
	line=${VALUES[0]:-}
	[[ $line =~ ^[0-9a-f]+-[0-9a-f]+\ $2\ $offset\ .*\ $1$ ]] ||
		differs "a line in /proc/PID/maps: $2 … $1" "${line:-no line}"
}

# flag_is_set FLAG… / flag_is_clear FLAG… - in VmFlags of smaps.
flag_is_set() {
	local flag flags
	look_up VmFlags
	flags=" ${VALUES[0]:-} "
	for flag; do
		[[ $flags == *" $flag "* ]] || differs "VmFlags with $flag" "VmFlags:$flags" || return 1
	done
}

flag_is_clear() {
	local flag flags
	look_up VmFlags
	flags=" ${VALUES[0]:-} "
	for flag; do
		[[ $flags != *" $flag "* ]] || differs "VmFlags without $flag" "VmFlags:$flags" || return 1
	done
}

# pattern_of FIRST COUNT [SEED] - the hashes that probe must find where the pattern was written.
pattern_of() {
	pattern hash "${3:-$SEED}" "$1" "$2"
}

zero_pages() {
	pattern zero "$1"
}

# content_is WANTED_HASHES [N] - the N-th hash fact; says which page differs, and what it holds.
content_is() {
	local wanted found i
	IFS=, read -ra wanted <<<"$1"
	look_up hash
	IFS=, read -ra found <<<"${VALUES[${2:-1} - 1]:-}"
	for i in "${!wanted[@]}"; do
		[[ ${found[i]:-nothing} == "${wanted[i]}" ]] || differs \
			"page $i holds $(content_in_words "${wanted[i]}")" \
			"page $i holds $(content_in_words "${found[i]:-nothing}")" || return 1
	done
	((${#found[@]} == ${#wanted[@]})) || differs "${#wanted[@]} pages" "${#found[@]} pages"
}

# content_in_words HASH - whose bytes these are: a page of the pattern, zeros, or others.
content_in_words() {
	local known i
	[[ $1 =~ ^[0-9a-f]{16}$ ]] || { printf '%s' "$1" && return; }
	[[ $1 == "$(zero_pages 1)" ]] && printf 'zeros' && return
	IFS=, read -ra known <<<"$(pattern_of 0 16)"
	for i in "${!known[@]}"; do
		[[ ${known[i]} == "$1" ]] && printf 'what was written for page %d' "$i" && return
	done
	printf 'other bytes'
}

# walked PAGES - walks the page tables of the spinning job from its area's address on. PAGE_LINES has
# one line of key=value a page. The area is the last one mapped.
walked() {
	local address
	look_up addr
	address=${2:-${VALUES[-1]:-}}
	[[ -n $address ]] || differs "mmap() succeeds" "map: $(fact map)" || return 1
	ask walk "$MAGIC" "$address" "$1" ||
		differs "a process whose page tables can be walked" "$(<"$CHECK/stderr")" || return 1
	WALK=$SAID
	printf '# walk\n%s\n' "$WALK" >>"$CHECK/transcript"
	mapfile -t PAGE_LINES <<<"$WALK"
}

# of_page I KEY - VALUE: one out of the walk, or nothing.
of_page() {
	VALUE=
	[[ ! " ${PAGE_LINES[$1]} " =~ \ $2=([^ ]*)\  ]] || VALUE=${BASH_REMATCH[1]}
}

# page_is I KEY WANTED
page_is() {
	of_page "$1" "$2"
	is "$3" "$VALUE" "page $1, $2 in the page table"
}

# frames_hold HASH… - the bytes of the frames behind pages 0, 1, …, read by the host from guest memory.
frames_hold() {
	local hashes=("$@") i frames=() ranges=() found
	for i in "${!hashes[@]}"; do
		of_page "$i" pfn
		frames+=("${VALUE:-0}")
		ranges+=($((${VALUE:-0} * 4096)) 4096)
	done
	found=$(vm phys read "${ranges[@]}" | pattern sum) ||
		differs "every page is mapped to a frame in RAM" "${PAGE_LINES[*]}" || return 1
	IFS=, read -ra found <<<"$found"
	for i in "${!hashes[@]}"; do
		[[ ${found[i]} == "${hashes[i]}" ]] ||
			differs "page $i of the window is mapped to the frame with $(content_in_words "${hashes[i]}")" \
				"frame ${frames[i]} holds $(content_in_words "${found[i]}")" || return 1
	done
}

# magic_drawn - a number for probe's spin, one in 2^60.
magic_drawn() {
	MAGIC=$(((SRANDOM << 28) ^ SRANDOM))
}

# dmesg - the kernel's log, from the kernel itself.
dmesg() {
	vm run -- /bin/busybox dmesg
}

# kernel_is_clean - no taint beyond the baseline, no line that condemns.
kernel_is_clean() {
	local taint log line
	taint=$(vm get /proc/sys/kernel/tainted) || return 1
	log=$(dmesg) || return 1
	line=$(grep -E -m1 -f "$GRADER/messages/condemning" <<<"$log") || true
	[[ -z $line ]] || differs "a kernel log without complaints" "$line" || return 1
	(((taint & ~TAINT_BASELINE) == 0)) || differs "taint at $TAINT_BASELINE at most" "taint $taint"
}

# user_test_passes [ARGUMENT…] - the lab's own test.c, built by the kit, run in the guest.
user_test_passes() {
	local status=0 said wrong
	vm put "$OUT/build/$KERNEL/test" /tmp/test || return 1
	said=$(vm run -- /tmp/test "$@") || status=$?
	printf '$ test\n%s\n' "$said" >>"$CHECK/transcript"
	wrong=$(grep -E -m1 '^(not ok|Bail out)' <<<"$said") || true
	[[ $status == 0 && -z $wrong ]] ||
		differs "every line of the user test ok" "${wrong:-exit status $status}"
}

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

# fact KEY [N] - prints the value of the N-th fact of that name in FACTS (the first by default).
fact() {
	local line left=${2:-1}
	while IFS= read -r line; do
		if [[ $line == "$1="* ]] && ((--left == 0)); then
			printf '%s' "${line#*=}"
			return
		fi
	done <<<"$FACTS"
}

# facts KEY - all its values, separated by blanks.
facts() {
	local line all=
	while IFS= read -r line; do
		[[ $line == "$1="* ]] && all+="${all:+ }${line#*=}"
	done <<<"$FACTS"
	printf '%s' "$all"
}

# fact_is KEY WANTED [N] - the N-th fact of that name.
fact_is() {
	is "$2" "$(fact "$1" "${3:-1}")" "$1"
}

# facts_are KEY WANTED… - all facts of that name, in order.
facts_are() {
	is "${*:2}" "$(facts "$1")" "$1"
}

# all_facts_are KEY WANTED - every fact of that name, and there is one.
all_facts_are() {
	local value
	for value in $(facts "$1"); do
		is "$2" "$value" "$1" || return 1
	done
	[[ -n $(facts "$1") ]] || differs "$1: $2" "$1: nothing"
}

# maps_has PATH MODE [OFFSET] - the area's line in /proc/PID/maps.
maps_has() {
	local line offset=${3:-[0-9a-f]+}
	line=$(fact maps)
	[[ $line =~ ^[0-9a-f]+-[0-9a-f]+\ $2\ $offset\ .*\ $1$ ]] ||
		differs "a line in /proc/PID/maps: $2 … $1" "${line:-no line}"
}

# flag_is_set FLAG… / flag_is_clear FLAG… - in VmFlags of smaps.
flag_is_set() {
	local flag flags
	flags=" $(fact VmFlags) "
	for flag; do
		[[ $flags == *" $flag "* ]] || differs "VmFlags with $flag" "VmFlags:$flags" || return 1
	done
}

flag_is_clear() {
	local flag flags
	flags=" $(fact VmFlags) "
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
	IFS=, read -ra found <<<"$(fact hash "${2:-1}")"
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
	address=$(facts addr)
	address=${2:-${address##* }}
	[[ -n $address ]] || differs "mmap() succeeds" "map: $(fact map)" || return 1
	ask walk "$MAGIC" "$address" "$1" ||
		differs "a process whose page tables can be walked" "$(<"$CHECK/stderr")" || return 1
	WALK=$SAID
	printf '# walk\n%s\n' "$WALK" >>"$CHECK/transcript"
	mapfile -t PAGE_LINES <<<"$WALK"
}

# of_page I KEY - a value out of the walk.
of_page() {
	[[ " ${PAGE_LINES[$1]} " =~ \ $2=([^ ]*)\  ]] && printf '%s' "${BASH_REMATCH[1]}"
}

# page_is I KEY WANTED
page_is() {
	is "$3" "$(of_page "$1" "$2")" "page $1, $2 in the page table"
}

# frame_holds I HASH - the bytes of the frame behind page I, read by the host from guest memory.
frame_holds() {
	local frame found
	frame=$(of_page "$1" pfn)
	found=$(vm phys read $((${frame:-0} * 4096)) 4096 | pattern sum) ||
		differs "page $1 is mapped to a frame in RAM" "${PAGE_LINES[$1]}" || return 1
	[[ $found == "$2" ]] ||
		differs "page $1 of the window is mapped to the frame with $(content_in_words "$2")" \
			"frame $frame holds $(content_in_words "$found")"
}

# magic_drawn - a number for probe's spin, one in 2^60.
magic_drawn() {
	MAGIC=$(((SRANDOM << 28) ^ SRANDOM))
}

# dmesg - the kernel's log, from the kernel itself.
dmesg() {
	vm run -- /bin/busybox dmesg
}

# kernel_is_clean - no taint beyond 12288 (out of tree, unsigned), no line that condemns.
kernel_is_clean() {
	local taint log line
	taint=$(vm get /proc/sys/kernel/tainted) || return 1
	log=$(dmesg) || return 1
	line=$(grep -E -m1 -f "$GRADER/messages/condemning" <<<"$log") || true
	[[ -z $line ]] || differs "a kernel log without complaints" "$line" || return 1
	(((taint & ~12288) == 0)) || differs "taint at 12288 at most" "taint $taint"
}

# user_test_passes [ARGUMENT…] - the lab's own test.c, built by the kit, run in the guest.
user_test_passes() {
	local status=0 said wrong
	vm put "$OUT/build/test" /tmp/test || return 1
	said=$(vm run -- /tmp/test "$@") || status=$?
	printf '$ test\n%s\n' "$said" >>"$CHECK/transcript"
	wrong=$(grep -E -m1 '^(not ok|Bail out)' <<<"$said") || true
	[[ $status == 0 && -z $wrong ]] ||
		differs "every line of the user test ok" "${wrong:-exit status $status}"
}

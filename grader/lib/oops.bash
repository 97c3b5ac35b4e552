# shellcheck shell=bash disable=SC2034,SC2153,SC2154 # sourced by judge.bash, which has the other half
# What the kernel's log says about a check that went wrong, in words that help a student.
#
# The log is the console's, written down by the host as it was said: a module can clear the taint and
# wipe dmesg, but what has left by the serial line is out of its reach. It is only ever a witness for
# the prosecution: whoever forges lines in it harms himself.

# oopsed FOLDER - whether the machine's kernel says that it oopsed. Every die() on x86 ends its first
# line with an error code and a count ("Oops: 0002 [#1]", "invalid opcode: 0000 [#1]"); the line has the
# kernel's time stamp and nobody's name before it.
oopsed() {
	local parts
	[[ -s $1/console.log ]] && mapfile -d '' -t parts <"$1/console.log" && [[ "${parts[*]}" == *' [#'* ]] && grep -qaE '^\[ *[0-9.]+\] \[ *[0-9.]+\] ([A-Z][a-z]+ )?[A-Za-z ,:]+[^:]*: [0-9a-f]{4} \[#[0-9]+\]' "$1/console.log" 2>/dev/null
}

# explain_console FOLDER - writes CHECK/explained: what happened, where in the submission, what it means.
explain_console() {
	local log line words meaning where
	[[ -s $1/console.log ]] || return 0
	# Without the two time stamps, and without bytes that are no text.
	log=$(sed -E 's/^\[ *[0-9.]+\] (\[ *[0-9.]+\] ?)?//' "$1/console.log" | LC_ALL=C tr -cd '\11\12\40-\176')
	line=$(grep -m1 -E -f <(grep -v '^#' "$GRADER/messages/explained.tsv" | cut -f1) <<<"$log") || return 0
	words='' meaning=''
	while IFS=$'\t' read -r words meaning; do
		[[ $words != '#'* && $line =~ $words ]] && break
	done <"$GRADER/messages/explained.tsv"
	where=$(place_in_source "$(sed -n "/$(sed 's/[][\.*^$/]/\\&/g' <<<"${line:0:60}")/,\$p" <<<"$log")")
	printf '%s%s\n%s' "$(tidy_line "$line")" "${where:+ in $where}" "$meaning" >"$CHECK/explained"
}

# The kernel's line without what only a kernel hacker wants.
tidy_line() {
	local line=${1#BUG: }
	line=${line%, address: *}
	line=${line/\/build\/*\//}
	printf '%s' "${line:0:100}"
}

# place_in_source LOG - the first place of the trace that is in the submission, as "lab02_mmap(),
# lab02.c:57"; else the kernel's own function. LOG begins with the complaint.
place_in_source() {
	local line function='' offset='' exact=''
	while IFS= read -r line; do
		[[ $line == *'---[ end trace'* ]] && break
		if [[ $line =~ ^(RIP: 0010:| )([a-zA-Z0-9_.]+)\+(0x[0-9a-f]+)/0x[0-9a-f]+\ \[$MODULE\] ]]; then
			function=${BASH_REMATCH[2]} offset=$((BASH_REMATCH[3]))
			# A frame of the trace is where the call returns to: the call is before that.
			[[ ${BASH_REMATCH[1]} == RIP* ]] || offset=$((offset - 1))
			source_line "$function" "$offset"
			return
		fi
		[[ -z $exact && $line =~ ^RIP:\ 0010:([a-zA-Z0-9_]+) ]] && exact=${BASH_REMATCH[1]}
	done <<<"$1"
	[[ -z $exact ]] || printf "the kernel's %s()" "$exact"
}

# source_line FUNCTION OFFSET - by the debug information of the module as it was built. What was inlined
# from a header counts as the line of the submission that used it.
source_line() {
	local module=$OUT/build/$KERNEL/$MODULE.ko section at line=''
	read -r section at < <(objdump -t "$module" 2>/dev/null |
		awk -v name="$1" '$NF == name { print $(NF - 2), $1; exit }') || true
	[[ -z ${at:-} ]] || line=$(addr2line -i -e "$module" -j "$section" "$(printf '0x%x' $((16#$at + $2)))" 2>/dev/null |
		grep -o -m1 "$MODULE\.c:[1-9][0-9]*") || true
	printf '%s()%s' "${1%.cold}" "${line:+, $line}"
}

# A hang costs a whole deadline, so it is waited for once. note_hang GATE - called by the gate before it gives
# its machine back: if that one hangs, OUT/hung says with which outcome and at which step.
note_hang() {
	[[ $1 != ok ]] && request status && [[ $SAID == hang* ]] || return 0
	machine_verdict fail
	printf '%s, %s' "$VERDICT" "$1" >"$OUT/hung"
}

# hung_before - whether the gate hung at a step that this check (of those that need no gate) makes as well.
# Then HUNG is its outcome, and the gate's machine is its evidence.
hung_before() {
	local hung
	[[ -e $OUT/hung ]] || return 1
	hung=$(<"$OUT/hung")
	case $NEEDS$hung in
	*'the module does not load' | *'does not survive the module') ;;
	*' module:no '*'does not unload') ;;
	*' module:no '* | *'does not unload') return 1 ;;
	esac
	HUNG=${hung%%,*}
	cp -r "$OUT/evidence/gate/machine" "$CHECK/" 2>/dev/null || true
	rm -f "$CHECK/machine"/{ctl,fate}
	differs "the machine survives" "it hung when this was tried first" || true
}

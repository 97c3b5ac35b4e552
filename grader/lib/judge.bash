# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2153,SC2154 # one program in four files: what one sets, another reads
# What surrounds every check: what it needs, its machine, and its outcome.
#
# A check is one @test in grader/checks/NN-name.bats; its name is a promise, word for word. What it
# needs is data, in the tags above it:
#
#	machine:none	no machine at all
#	machine:dirty	one whose fresh memory is not zero
#	machine:two	one with two vCPUs
#	machine:pci	one with edu and ivshmem
#	machine:own	one that no other check has used, even with FRESH=0: the check reads the kernel's log, which is
#			everybody's
#	module:no	the check loads the module itself
#	gate:none	the check is tried even if a plain mapping does not work
#
# A checks file defines NODE (and what else its checks share) and works_plainly, the least that has
# to work before the other promises can be tried: it opens the device, maps it, touches it.
#
# Its surroundings come from grader/grade: OUT, LAB, KERNEL, SEED, RUBRIC, BIN, GRADER, FRESH.

GRADER=${GRADER:-$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)}
# shellcheck source=machine.bash
source "$GRADER/lib/machine.bash"
# shellcheck source=claims.bash
source "$GRADER/lib/claims.bash"
# shellcheck source=common.bash
source "$GRADER/lib/common.bash"
# shellcheck source=oops.bash
source "$GRADER/lib/oops.bash"

# host_tool PROGRAM ARGUMENT… - one that is killed says nothing, and nothing is no answer. (141: who reads what it
# says has read enough.)
host_tool() {
	local status=0
	command "$@" || status=$?
	((status < 128 || status == 141)) || trouble "$1 was killed"
	return "$status"
}

for tool in awk cut grep od sed tac tr; do
	eval "$tool() { host_tool $tool \"\$@\"; }"
done

pattern() {
	host_tool "$BIN/pattern" "$@"
}

# By hand, `bats grader/checks/02-….bats` judges the reference.
setup_file() {
	trap - DEBUG
	export FILE_PROCESS=$$
	if [[ -z ${OUT:-} ]]; then
		export OUT=$BATS_FILE_TMPDIR/out
		local name=${BATS_TEST_FILENAME##*/}
		# grade prepares only: it builds, writes the surroundings, and leaves the checks to us.
		"$GRADER/grade" --prepare --lab "${name%%-*}" --out "$OUT" \
			"${SUBMISSION:-$GRADER/../labs/${name%.bats}/lab${name%%-*}.c}" >&2
		set -a
		# shellcheck disable=SC1091 # written by grade --prepare
		source "$OUT/surroundings"
		set +a
	fi
	# Shares of the checks may run side by side: the first to come tries the gate for all.
	exec 9>"$OUT/gate.lock"
	flock 9
	[[ -e $OUT/gate ]] || try_the_gate 9>&-
	exec 9>&-
}

# One machine tries the least once. What fails here is not tried again by every check: a module that
# hangs in mmap costs one deadline, not twenty.
try_the_gate() {
	local gate=ok
	CHECK=$OUT/evidence/gate M=$OUT/evidence/gate/machine NEEDS=' '
	mkdir -p "$CHECK"
	if ! stage_started ${MACHINE:+"$MACHINE"}; then
		gate=broken
	elif ! module_loads >/dev/null 2>&1; then
		gate='the module does not load'
	elif ! stage_kept; then
		gate='the machine does not survive the module'
	elif ! works_plainly >/dev/null 2>&1; then
		gate='a plain mapping does not work'
	elif ! module_unloads >/dev/null 2>&1; then
		gate='the module does not unload'
	fi
	[[ -e $CHECK/trouble ]] && gate=broken
	cp "$M"/{accel,up_ms,scale} "$CHECK/" 2>/dev/null || true
	note_hang "$gate"
	NEEDS=' module:no '
	if [[ $gate == ok ]]; then
		HEALTHY=yes machine_release pass
	else
		machine_stop
	fi
	printf '%s' "$gate" >"$OUT/gate"
}

setup() {
	# bats traces every command to name the line that failed; that is half of the grader's own time,
	# and a claim says better what failed.
	trap - DEBUG
	CHECK_PROCESS=$BASHPID
	check_number
	CHECK=$OUT/evidence/$NUMBER
	M=$CHECK/machine
	[[ -d $CHECK ]] || mkdir -p "$CHECK"
	STARTED=${EPOCHREALTIME/./}
	read_needs
	local gate
	IFS= read -r gate <"$OUT/gate" || true
	if [[ $NEEDS != *" gate:none "* && $gate != ok ]]; then
		[[ $gate == broken ]] && trouble "the kit could not start a machine"
		skip "$gate"
	fi
	[[ $NEEDS == *" machine:none "* ]] && return
	! hung_before || return 1
	local options=()
	[[ $NEEDS == *" machine:dirty "* ]] && options+=(--dirty --prepare dirty)
	[[ $NEEDS == *" machine:two "* ]] && options+=(--cpus 2)
	[[ $NEEDS == *" machine:pci "* || ${MACHINE:-} == --pci ]] && options+=(--pci)
	if [[ ${#options[@]} == 0 && $NEEDS != *" module:no "* && -e $OUT/stage/ctl ]]; then
		machine_start --from "$OUT/stage"
		return
	fi
	machine_take "${options[@]}" || trouble "the kit could not start a machine"
	[[ $NEEDS == *" module:no "* ]] || module_loads || return 1
}

teardown() {
	local status=fail
	if [[ -n ${BATS_TEST_SKIPPED:-} ]]; then
		status=skip
	elif [[ -n ${BATS_TEST_COMPLETED:-} ]]; then
		status=pass
	fi
	if [[ -e $M/ctl || -e $M/fate ]]; then
		machine_verdict "$status"
		status=$VERDICT
		machine_release "$status"
	fi
	status=${HUNG:-$status}
	[[ -e $CHECK/trouble ]] && status=broken
	[[ $status == pass || $status == skip ]] || explain_console "$CHECK/machine"
	printf '%s' "$(((${EPOCHREALTIME/./} - STARTED) / 1000))" >"$CHECK/ms"
	# Last: a check without a status is broken.
	printf '%s' "$status" >"$CHECK/status"
	"$BIN/verdict" "$RUBRIC" "$OUT" >/dev/null || true
}

# The place of this check in the rubric, two digits.
check_number() {
	local points promise _ number=0
	while IFS=$'\t' read -r points promise _; do
		[[ -z $points || $points == '#'* ]] && continue
		number=$((number + 1))
		if [[ $promise == "$BATS_TEST_DESCRIPTION" ]]; then
			printf -v NUMBER '%02d' "$number"
			return
		fi
	done <"$RUBRIC"
	echo "no such promise in $RUBRIC: $BATS_TEST_DESCRIPTION" >&2
	return 1
}

# NEEDS - the tags above this @test. bats 1.8.2 knows them but does not tell the test.
read_needs() {
	local line
	NEEDS=' '
	while IFS= read -r line; do
		case $line in
		'# bats test_tags='*) NEEDS=" ${line#*=} " ;;
		"@test \"$BATS_TEST_DESCRIPTION\" {") break ;;
		@test*) NEEDS=' ' ;;
		esac
	done <"$BATS_TEST_FILENAME"
	NEEDS=${NEEDS//,/ }
}

# trouble WHAT - the kit's own fault, never the student's: the outcome is "broken".
trouble() {
	printf '%s\n' "$1" >>"$CHECK/trouble"
	printf '%s' "$1" >"$CHECK/found"
	return 1
}

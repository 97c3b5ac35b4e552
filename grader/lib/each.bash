#!/usr/bin/env bash
# shellcheck disable=SC2034 # the bats file and judge.bash read what is set here
# Runs the tests of a bats file, each in a process of its own. It is forked, not started: bats starts a shell
# anew for each and reads all its sources there, which costs more than most checks do (`bats FILE` does the
# same, and grader/exam/sameness compares the grades).
#
# Usage: each.bash FILE.bats NAMES
#   NAMES: a file, one name of a @test a line. Of bats it has what judge.bash uses: setup_file, setup,
#   teardown, load, skip, and BATS_TEST_FILENAME, _DESCRIPTION, _COMPLETED, _SKIPPED.
# Prints TAP, what a failed test has said as comments.
set -u

BATS_TEST_FILENAME=$1
mapfile -t wanted <"$2"
declare -A place=()
count=0

load() {
	# shellcheck disable=SC1090 # named in the bats file
	source "${BATS_TEST_FILENAME%/*}/$1.bash"
}

skip() {
	BATS_TEST_SKIPPED=${1:-yes}
	exit 0
}

# tests_as_functions - the file as bash reads it: its N-th @test is the function test_N.
tests_as_functions() {
	awk '/^@test ".*" \{$/ { n++; sub(/^@test /, ""); sub(/ \{$/, ""); print "place[" $0 "]=" n "; test_" n "() {"; next }
		{ print }' "$BATS_TEST_FILENAME"
}

# test_alone NUMBER NAME - ends as the test does: at its first command that fails.
test_alone() {
	BATS_TEST_DESCRIPTION=$2 BATS_TEST_COMPLETED='' BATS_TEST_SKIPPED=''
	trap 'teardown || true' EXIT
	set -e
	setup
	"test_$1"
	BATS_TEST_COMPLETED=yes
}

set +u
# shellcheck disable=SC1090 # our own
source <(tests_as_functions)
setup_file || exit
said=$(mktemp "$OUT/tmp/said.XXXXXX") || exit
for name in "${wanted[@]}"; do
	count=$((count + 1))
	# No && and no if: in those, bash forgets about set -e.
	(test_alone "${place[$name]}" "$name") >"$said" 2>&1
	status=$?
	# Who was killed may have left half an answer behind; and the session itself may be gone.
	if ((status >= 128)) || ! kill -0 "${SESSION_PID:-gone}" 2>/dev/null; then
		session_ends
	fi
	((status == 0)) && printf 'ok %d %s\n' "$count" "$name" && continue
	printf 'not ok %d %s\n' "$count" "$name"
	sed 's/^/# /' "$said"
done

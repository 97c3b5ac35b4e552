# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2153,SC2154 # sourced by run, which has BIN; a subshell each
# The real vm against a QEMU that replays a recorded session (wire/main.c), with faults in it (wire/fault.h): it
# says what became of the machine, takes no wrong answer for a right one, and leaves nothing.

# shellcheck source=wire/sessions.bash
source "$TEST/wire/sessions.bash"

# replayed SESSION - from here on this is what vm finds for QEMU.
replayed() {
	export REPLAY=$TEST/wire/$1 PATH=$BIN/wire:$PATH
}

# heard_again SESSION - the replayed machine is asked what the recorded one was, and the answers are the same.
heard_again() {
	replayed "$1"
	"$1_session" >said
	diff "$TEST/wire/$1.said" said
	nothing_is_left
}

# nothing_is_left - of any machine in this folder: no process, no socket of m, no draft of a file.
nothing_is_left() {
	nobody_works_below
	is '' "$(find . -path ./m/ctl -o -name '*.tmp')" 'files left'
}

# faulty FAULT STATUS FATE VERB ARGUMENT… - where that happens instead of the answer, the verb ends with the status
# and the machine with the fate. What the verb says goes into ./said.
faulty() {
	local fault=$1 status=$2 fate=$3
	replayed verbs
	rm -rf m
	FAULT=$fault "$BIN/vm" start m --cold --accel tcg
	is "$status" "$(status_of "$BIN/vm" "$4" m "${@:5}")" "$fault: exit status of $4"
	cp "$SCRATCH/said" said
	is "$fate" "$("$BIN/vm" status m | head -n1)" "$fault: the fate"
	"$BIN/vm" stop m >/dev/null 2>&1 || true
	nothing_is_left
}

# got FAULT STATUS FATE - the same for a file, of which nothing may arrive unless it is whole.
got() {
	faulty "$1" "$2" "$3" get /tmp/there
	[[ $2 == 0 ]] || is '' "$(grep -v '^vm: ' said)" "$1: what was taken for the file"
}

# ran FAULT STATUS FATE - the same for a program that ends with 7; the only wait that can be made short.
ran() {
	faulty "$1" "$2" "$3" run --deadline 10 -- /bin/busybox sh -c 'echo said; echo complained >&2; exit 7'
	is '' "$(grep -v '^vm: ' said)" "$1: what was taken for the program's words"
}

# looked FAULT STATUS FATE COMMAND - the same for a look from outside, which asks QEMU's monitor. A machine without a
# fault is replayed without its memory, and so broken.
looked() {
	replayed walk
	rm -rf m
	FAULT="$1 at {\"execute\":\"$4\"" "$BIN/vm" start m --cold --accel tcg
	is "$2" "$(status_of "$BIN/vm" walk m 0x5ca1ab1e 0x1000)" "$1 at $4: exit status of walk"
	is "$3" "$("$BIN/vm" status m | head -n1)" "$1 at $4: the fate"
	"$BIN/vm" stop m >/dev/null 2>&1 || true
	nothing_is_left
}

# costs FAULT STATUS REPORT OUTCOME - the same for a whole grade: what comes of the promise whose question is answered
# that way, while the other two are kept on a machine without a fault.
costs() {
	replayed grade
	FAULT="$1 at spawn 0 /tmp/? name ? seed 1 open /dev/lab02 rw map 4 rw shared touch w smaps" grade_session >said
	sed -e "1s/.*/= $2/" -e "2s/.*/$3/" -e "s/^pass Rss/$4 Rss/" "$TEST/wire/grade.said" | diff - said
	nothing_is_left
}

# refuses_to_start FAULT [OPTION…] - no machine comes of it.
refuses_to_start() {
	is 123 "$(FAULT=$1 status_of "$BIN/vm" start m --accel tcg "${@:2}")" "$1: exit status of start"
	nothing_is_left
}

test_a_replayed_machine_answers_as_the_recorded_one() {
	heard_again verbs
}

test_a_replayed_snapshot_is_saved_and_restored() {
	heard_again snapshot
}

test_a_replayed_machine_is_kept_and_another_started_from_it() {
	heard_again kept
}

test_a_replayed_machine_is_judged_as_the_recorded_one() {
	heard_again grade
}

test_no_answer_is_a_hang() {
	ran 'silence at await' 121 hang
	says 'no answer within' "$(<said)"
}

# Whoever oopsed may hold what everybody waits for: the deadline of the call is not waited for.
test_after_an_oops_silence_is_a_hang() {
	got 'oops+silence at get' 121 hang
	says 'no answer after an oops' "$(<said)"
	got 'oops+answer at get' 0 alive
	is delivered "$(<said)" 'the file'
}

test_half_an_answer_is_a_hang() {
	ran 'half at await' 121 hang
}

test_a_length_too_large_is_a_hang() {
	ran 'flipped=5 at await' 121 hang
}

test_a_length_that_no_answer_has_is_a_lost_machine() {
	got 'flipped=7 at get' 122 lost
}

test_the_end_without_an_answer_is_a_lost_machine() {
	got 'end at get' 122 lost
	got 'half+end at get' 122 lost
}

test_a_QEMU_that_is_killed_is_broken_whatever_it_said() {
	got 'crash at get' 123 broken
	got 'half+crash at get' 123 broken
	got 'panic+crash at get' 123 broken
}

test_a_panic_is_a_panic() {
	got 'panic+end at get' 120 panic
	got 'half+panic+end at get' 120 panic
}

test_words_of_a_panic_alone_are_none() {
	got 'panic+answer at get' 0 alive
	is delivered "$(<said)" 'the file'
}

test_a_flood_on_the_console_hides_neither_answer_nor_panic() {
	got 'flood+answer at get' 0 alive
	is delivered "$(<said)" 'the file'
	says 'the rest of a flood is left out' "$(tail -n1 m/console.log)"
	(($(stat -c %s m/console.log) < 5 << 20))
	got 'flood+panic+end at get' 120 panic
}

test_an_answer_with_a_guessed_cookie_is_a_lost_machine() {
	got 'forged at get' 122 lost
	got 'forged+answer at get' 122 lost
}

# One byte each of magic, kind, call and cookie.
test_an_answer_to_something_else_is_a_lost_machine() {
	local byte
	for byte in 0 8 16 24; do
		got "flipped=$byte at get" 122 lost
	done
}

test_an_answer_that_says_it_is_none_is_an_errno() {
	faulty 'flipped=12 at get' 1 alive get /tmp/there
	is errno=EPERM "$(<said)" 'what was said'
}

test_a_second_answer_is_not_taken_for_the_next_one() {
	replayed verbs
	FAULT='answer+answer at get' "$BIN/vm" start m --cold --accel tcg
	is delivered "$("$BIN/vm" get m /tmp/there)" 'the first answer'
	is 122 "$(status_of "$BIN/vm" get m /nowhere)" 'the next call'
	is lost "$("$BIN/vm" status m | head -n1)" 'the fate'
	is 122 "$(status_of "$BIN/vm" stop m)" 'stop'
	nothing_is_left
}

test_the_end_instead_of_the_last_word_is_a_lost_machine() {
	replayed verbs
	FAULT='end at end' "$BIN/vm" start m --cold --accel tcg
	is 122 "$(status_of "$BIN/vm" stop m)" 'stop'
	says lost "$(<m/fate)"
	nothing_is_left
}

test_a_boot_that_ends_early_says_how() {
	replayed verbs
	refuses_to_start 'panic+end at hello' --cold
	says panic "$(<m/fate)"
	refuses_to_start 'end at hello' --cold
	says lost "$(<m/fate)"
	refuses_to_start 'forged at hello' --cold
	says lost "$(<m/fate)"
	refuses_to_start 'crash at {"execute":"qmp_capabilities"' --cold
	says broken "$(<m/fate)"
	refuses_to_start 'refused at {"execute":"qmp_capabilities"' --cold
	says 'broken qmp_capabilities' "$(<m/fate)"
}

test_a_snapshot_that_can_not_be_saved_is_none() {
	replayed snapshot
	own_cache
	BIN=cache/bin refuses_to_start 'refused at {"execute":"migrate"'
	says 'no snapshot: migrate: {"error"' "$(<m/fate)"
	is '' "$(find cache/snapshots -mindepth 1 ! -name lock)" 'snapshots'
}

test_a_snapshot_that_can_not_be_restored_is_built_anew_only_once() {
	replayed snapshot
	own_cache
	BIN=cache/bin refuses_to_start 'refused at {"execute":"migrate-incoming"'
	says 'broken migrate-incoming: {"error"' "$(<m/fate)"
	is 2 "$(grep -c 'booting' "$SCRATCH/said")" 'boots'
}

test_a_panic_costs_one_promise() {
	costs panic+end 1 judged panic
}

test_a_forged_answer_costs_one_promise() {
	costs forged+answer 1 judged fail
	says "the agent's" "$(jq -r '.checks[].found | strings' out/report.json)"
}

test_the_end_of_the_machine_costs_one_promise() {
	costs end 1 judged fail
}

test_a_QEMU_that_is_killed_makes_no_grade() {
	costs crash 3 not-judged broken
}

# Whole, with the right cookie, but without what the request asked for.
test_an_answer_that_holds_nothing_is_a_lost_machine() {
	got 'empty at get' 122 lost
	ran 'empty at spawn' 122 lost
	ran 'empty at await' 122 lost
	faulty 'empty at get /proc/sys/kernel/tainted' 0 lost status --taint
}

# Without a word to wait for, the agent answers when the program is over; the lowest byte of its state is the 36th.
test_a_program_that_is_said_to_run_on_is_a_lost_machine() {
	ran 'flipped=36 at await' 122 lost
}

test_what_the_monitor_refuses_is_the_trouble_of_the_kit() {
	looked refused 123 broken stop
	looked refused 123 broken human-monitor-command
}

test_a_machine_that_ends_while_it_is_looked_at_has_its_own_fate() {
	looked panic+end 120 panic human-monitor-command
	looked end 122 lost human-monitor-command
	looked half+crash 123 broken human-monitor-command
}

test_memory_that_is_out_of_reach_is_the_trouble_of_the_kit() {
	heard_again walk
	says 'broken no guest memory at page table 0x' "$(<m/fate)"
	replayed verbs
	rm -rf m
	"$BIN/vm" start m --cold --accel tcg
	is 123 "$(status_of "$BIN/vm" phys m read 0x1000 8)" 'exit status of phys'
	is 1 "$(status_of "$BIN/vm" phys m read 0x10000000 8)" 'exit status of phys, past the end of memory'
	"$BIN/vm" stop m
}

test_a_machine_that_can_not_be_saved_is_not_kept() {
	replayed kept
	FAULT='refused at {"execute":"migrate"' "$BIN/vm" start m --cold --keepable --accel tcg
	is 123 "$(status_of "$BIN/vm" keep m)" 'keep'
	is 123 "$(status_of "$BIN/vm" start n --from m --accel tcg)" 'start from it'
	says 'is not kept' "$(<"$SCRATCH/said")"
	is broken "$("$BIN/vm" status m | head -n1)" 'the fate'
	"$BIN/vm" stop m >/dev/null 2>&1 || true
	nothing_is_left
}

# Whose fault it is, the fate tells: of a module that was in it, or of the kit.
test_a_kept_machine_that_does_not_wake_up_says_how_it_ended() {
	local fault fate
	replayed kept
	"$BIN/vm" start m --cold --keepable --accel tcg
	"$BIN/vm" keep m
	while read -r fate fault; do
		is 123 "$(FAULT=$fault status_of "$BIN/vm" start n --from m --accel tcg)" "$fault: exit status of start"
		says "$fate " "$(<n/fate)"
	done <<-END
		panic panic+end at hello
		lost half+end at hello
		broken crash at hello
		broken refused at {"execute":"migrate-incoming"
	END
	"$BIN/vm" stop m
	nothing_is_left
}

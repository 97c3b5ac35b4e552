# shellcheck shell=bash disable=SC2154 # sourced by run
# From the machine's fate to the check's status, each told apart, without a machine: fixture/vm answers
# in its place.

# fixture_judged COMMAND… - runs fixture/outcomes.bats over fixture/vm; prints "status promise" a line.
fixture_judged() {
	rm -rf out
	mkdir -p bin out/build/6.1 out/tmp
	ln -sf "$TEST/fixture/vm" "$BIN"/{verdict,pattern,probe} bin/
	: >out/build/6.1/lab99.ko
	printf 'lab=99-fixture\nseed=7\n' >out/run
	sed -n 's/^@test "\(.*\)" {$/\1/p' "$TEST/fixture/outcomes.bats" >names
	sed 's/.*/4\t&\thint\tmore/' names >rubric.tsv
	OUT=$PWD/out LAB=99-fixture KERNEL=6.1 SEED=7 RUBRIC=$PWD/rubric.tsv BIN=$PWD/bin GRADER=$GRADER MODULE=lab99 \
		FRESH=1 timeout 60 "$@" >bats.tap 2>&1 </dev/null || true
	"$BIN/verdict" rubric.tsv out >/dev/null || true
	jq -r '.checks[] | .status + " " + .name' out/report.json
}

# outcomes_are_told_apart COMMAND… - the name of each of the fixture's checks ends in the outcome it must have.
outcomes_are_told_apart() {
	is '' "$(fixture_judged "$@" | awk '$1 != $NF')" 'other outcomes than their names say'
	is 12 "$(jq '.checks | length' out/report.json)" checks
	is not-judged "$(jq -r .status out/report.json)" 'the run, with something broken in it'
}

test_each_outcome_is_told_apart() {
	outcomes_are_told_apart "$GRADER/lib/each.bash" "$TEST/fixture/outcomes.bats" names
}

test_bats_by_hand_tells_each_outcome_apart() {
	outcomes_are_told_apart bats --tap "$TEST/fixture/outcomes.bats"
}

# explained LOG - what oops.bash makes of a console's words.
explained() {
	mkdir -p machine
	sed 's/^/[   0.123] [    4.5] /' >machine/console.log
	(
		# shellcheck disable=SC2034 # oops.bash reads them
		CHECK=$PWD OUT=$PWD KERNEL=6.1 MODULE=lab02
		# shellcheck source=../lib/oops.bash
		source "$GRADER/lib/oops.bash"
		rm -f explained
		explain_console machine
		oopsed machine && printf 'oopsed: '
		cat explained 2>/dev/null || true
	)
}

test_what_the_kernel_says_is_explained() {
	local die='0002 [#1] PREEMPT SMP NOPTI' at='RIP: 0010:lab02_mmap+0x15/0x20 [lab02]'
	says 'oopsed: kernel NULL pointer dereference in lab02_mmap()' "$(printf '%s\n' \
		'BUG: kernel NULL pointer dereference, address: 0000000000000000' "Oops: $die" "$at" | explained)"
	says "oopsed: kernel BUG at mm/memory.c:2402! in the kernel's remap_pfn_range_internal()" "$(printf '%s\n' \
		'kernel BUG at mm/memory.c:2402!' "invalid opcode: $die" 'RIP: 0010:remap_pfn_range_internal+0x3bd/0x580' |
		explained)"
	says 'in lab02_mmap()' "$(printf '%s\n' "general protection fault, maybe for address 0x6b6b6b6b6b6b6b6b: $die" \
		'RIP: 0010:memcpy+0x12/0x20' 'Call Trace:' ' ? lab02_old+0x1/0x2 [lab02]' ' lab02_mmap+0x15/0x20 [lab02]' |
		explained)"
	says 'Bad page state' "$(explained <<<'BUG: Bad page state in process x  pfn:1234')"
	is '' "$(explained <<<'lab02: 4 pages at /dev/lab02')" 'an ordinary line'
	is '' "$(explained <<<'lab02: Oops: 0002 [#1] says the module')" 'a line with a name before it'
}

test_every_explanation_is_a_pattern_and_a_sentence() {
	local pattern meaning
	while IFS=$'\t' read -r pattern meaning; do
		[[ $pattern != '#'* ]] || continue
		[[ -n $meaning ]]
		# 2 is grep's "this is no expression".
		is 1 "$(status_of grep -E -e "$pattern" /dev/null)" "$pattern"
	done <"$GRADER/messages/explained.tsv"
}

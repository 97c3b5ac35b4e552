# shellcheck shell=bash disable=SC2016,SC2153,SC2154 # sourced by run, which has GRADER; a script in quotes
# The host's side under fault: a true report or a clear error, never a wrong grade, and nobody left.

REFERENCE=$KIT/labs/02-remap_pfn_range/lab02.c
FEW=$'builds without a warning on 6.1 and 6.12\nRss stays 0\nmremap() cannot grow the mapping'

# few_judged OUT - the reference by three promises; prints grade's exit status.
few_judged() {
	printf '%s\n' "$FEW" >few
	status_of "$GRADER/grade" --lab 02 --out "$1" --format none --only few "$REFERENCE"
}

few_held() {
	is 3 "$(jq '[.checks[] | select(.status == "pass")] | length' "$1/report.json")" 'promises that held'
}

test_two_graders_at_once_do_not_mind_each_other() {
	few_judged one >one.status &
	few_judged two >two.status
	wait
	few_held one
	few_held two
}

test_two_graders_do_not_write_into_one_folder() {
	mkdir out
	exec {held}>out/lock
	flock "$held"
	is 3 "$(few_judged out)" 'exit status'
	says 'another grader is writing' "$(<"$SCRATCH/said")"
	exec {held}>&-
}

test_a_grader_that_is_killed_leaves_no_machine_and_no_grade() {
	local grader i
	setsid "$GRADER/grade" --lab 02 --out out --format none "$REFERENCE" >log 2>&1 &
	grader=$!
	for ((i = 0; i < 300; i++)); do
		[[ $(jq '[.checks[] | select(.status == "pass")] | length' out/report.json 2>/dev/null || echo 0) -lt 4 ]] || break
		sleep 0.1
	done
	kill -KILL -- "-$grader"
	is not-judged "$(jq -r .status out/report.json)" 'the report it left'
	nobody_works_below
}

# Where namespaces are forbidden there is no way to make one.
test_a_read_only_cache_is_enough_to_judge() {
	unshare -Urm true 2>/dev/null || { echo 'no namespaces, not tried' && return 0; }
	few_judged warm >/dev/null
	printf '%s\n' 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && ! touch "$1/x" 2>/dev/null && shift && "$@"' \
		>script
	is 1 "$(status_of unshare -rm bash script "$KIT/.cache" "$GRADER/grade" --lab 02 --out out --format none \
		--only few "$REFERENCE")" 'exit status'
	few_held out
}

test_a_damaged_snapshot_is_built_anew() {
	own_cache
	sleep 100 &
	local owner=$!
	cache/bin/vm start m --owner $owner
	cache/bin/vm stop m
	truncate -s 1000 cache/snapshots/*/state
	cache/bin/vm start m --owner $owner 2>said
	says 'can not be restored' "$(<said)"
	is alive "$(cache/bin/vm status m)" status
	cache/bin/vm stop m
	# Somebody else's, by its key.
	echo 'another version' >>"$(echo cache/snapshots/*/key)"
	cache/bin/vm start m --owner $owner 2>said
	says 'booting' "$(<said)"
	cache/bin/vm stop m
	kill $owner
}

test_whoever_hears_of_a_stop_may_start_the_next_machine_in_the_same_folder() {
	own_cache
	preloadable cache/bin/vm "$KIT"/vm/host/*.c "${FRAMES[@]}"
	gcc -shared -fPIC -O1 -o slow.so "$TEST/fixture/slow_unlink.c"
	LD_PRELOAD=$PWD/slow.so cache/bin/vm start m --cold --accel tcg --owner $$
	cache/bin/vm stop m
	is 'no ended' "$([[ -e m/ctl ]] || echo no) $(cut -d' ' -f1 m/fate)" 'its socket, and its fate'
}

test_a_KVM_that_hangs_is_not_used() {
	[[ -w /dev/kvm ]] || { echo 'no /dev/kvm, not tried' && return 0; }
	own_cache
	mkdir bin
	cat >bin/qemu-system-x86_64 <<-END
		#!/bin/sh
		case "\$*" in *'-accel kvm'*) exec sleep 1000 ;; esac
		exec $(command -v qemu-system-x86_64) "\$@"
	END
	chmod +x bin/qemu-system-x86_64
	sleep 100 &
	PATH=$PWD/bin:$PATH ACCEL=auto cache/bin/vm start m --cold --owner $!
	says 'tcg: /dev/kvm is there, but a guest did not boot with it' "$(<m/accel)"
	cache/bin/vm stop m
	kill $!
}

test_no_memory_for_QEMU_is_the_trouble_of_the_kit() {
	is 123 "$(ulimit -v 200000 && status_of "$BIN/vm" start m --cold --accel tcg)" 'exit status'
	says 'qemu' "$(<"$SCRATCH/said")"
}

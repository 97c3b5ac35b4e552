# shellcheck shell=bash disable=SC2154 # sourced by run
# The processes of a machine, killed at will: nobody outlives the one it depends on.

# started FOLDER [OPTION…] - a machine that ends with OWNER; sets KEEPER and QEMU, by their working folder.
started() {
	local process name PROCESSES
	timeout 60 "$BIN/vm" start "$1" --owner "$OWNER" "${@:2}"
	KEEPER='' QEMU=''
	processes_in "$1"
	for process in "${PROCESSES[@]}"; do
		name=$(<"$process/comm")
		case $name in
		vm) KEEPER=${process#/proc/} ;;
		qemu-system-*) QEMU=${process#/proc/} ;;
		esac
	done
	[[ -n $KEEPER && -n $QEMU ]]
}

owner_drawn() {
	sleep 100 &
	OWNER=$!
}

# requested WORD… - one request of a session.
requested() {
	printf '%d\n' $#
	printf '%s\0' "$@"
}

test_a_session_answers_as_single_verbs_do() {
	owner_drawn
	started m
	{ requested get "$PWD/m" /proc/version && requested write m /nowhere 1 && requested run m -- /bin/busybox sh -c 'echo a; echo b >&2; exit 7'; } |
		"$BIN/vm" session >said
	version=$("$BIN/vm" get m /proc/version)
	is "$(printf '0 %d 0\n%s\n1 13 0\nerrno=ENOENT\n7 2 2\na\nb' $((${#version} + 1)) "$version")" "$(<said)" answers
	# What has bytes for data, what no verb is called, and half a request.
	is $'125 0 0\n125 0 0' "$({ requested phys m read 0 8 && requested nothing m && printf '2\nget'; } | "$BIN/vm" session)" refusals
	kill "$OWNER"
	gone "$KEEPER"
	requested status m >request
	# shellcheck disable=SC2016 # for the bash that is called
	is 123 "$(status_of bash -c '"$1" session <request' _ "$BIN/vm")" 'a session about a machine without a keeper'
}

test_a_keeper_that_is_killed_takes_QEMU_along() {
	owner_drawn
	started m
	kill -KILL "$KEEPER"
	gone "$QEMU"
	kill "$OWNER"
	is 123 "$(status_of "$BIN/vm" status m)" 'status of a machine without a keeper'
}

test_an_owner_that_is_killed_takes_the_machine_along() {
	owner_drawn
	started m
	kill -KILL "$OWNER"
	gone "$QEMU"
	gone "$KEEPER"
}

test_a_QEMU_that_is_killed_is_the_trouble_of_the_kit() {
	owner_drawn
	started m
	kill -KILL "$QEMU"
	gone "$QEMU"
	# Its first thread is gone before its last one, and only then is it dead.
	for _ in {1..50}; do
		[[ $("$BIN/vm" status m) != alive ]] || sleep 0.1
	done
	says broken "$("$BIN/vm" status m)"
	status_of "$BIN/vm" stop m >/dev/null
	gone "$KEEPER"
	kill "$OWNER"
}

# A driver that forgets to enable it must not be lucky with a machine that was booted: the BIOS enables it there.
test_edu_is_left_to_the_driver_to_enable() {
	local way command
	owner_drawn
	for way in --pci '--pci --cold'; do
		# shellcheck disable=SC2086 # options
		started m $way
		command=$("$BIN/vm" get m /sys/bus/pci/devices/0000:00:11.0/config | od -An -tx2 -j4 -N2)
		is ' 0000' "$command" "the command register of edu, $way"
		"$BIN/vm" stop m
	done
	kill "$OWNER"
}

test_two_machines_start_at_once() {
	local one two
	owner_drawn
	timeout 60 "$BIN/vm" start a --owner "$OWNER" &
	one=$!
	timeout 60 "$BIN/vm" start b --owner "$OWNER" &
	two=$!
	wait "$one" && wait "$two"
	is alive "$("$BIN/vm" status a)" a
	is alive "$("$BIN/vm" status b)" b
	"$BIN/vm" stop a
	"$BIN/vm" stop b
	kill "$OWNER"
}

# Cold, so that no snapshot is looked for under the name of a QEMU that is none.
test_without_QEMU_a_machine_says_so() {
	mkdir empty
	is 123 "$(PATH=$PWD/empty status_of_in_path "$BIN/vm" start m --cold --accel tcg)" 'exit status'
	says 'run: make setup' "$(cat "$SCRATCH/said" m/*.log 2>/dev/null)"
}

# timeout itself is not in that PATH.
status_of_in_path() {
	local status=0
	"$@" >"$SCRATCH/said" 2>&1 </dev/null || status=$?
	printf '%s' "$status"
}

test_a_QEMU_that_crashes_at_once_is_the_trouble_of_the_kit() {
	mkdir bin
	printf '#!/bin/sh\necho no such machine >&2\nexit 1\n' >bin/qemu-system-x86_64
	chmod +x bin/qemu-system-x86_64
	is 123 "$(PATH=$PWD/bin:$PATH status_of "$BIN/vm" start m --cold --accel tcg)" 'exit status'
	says 'qemu' "$(<"$SCRATCH/said")"
}

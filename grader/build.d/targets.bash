# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The two things build can make: the module and the lab's test program. Sourced by build.

# Every line that gcc, objtool or modpost means as a warning; source lines it quotes begin with a blank.
count_warnings() {
	grep -cE '^[^ ].*: warning: |^WARNING: ' "$1" || true
}

first_error() {
	sed -n 's/^build: error: //p' "$1" | grep . || grep -m 1 -iE ' error: |^error: ' "$1" || tail -n 1 "$1"
}

# What a file called $1 of the entry $2 is called for the caller, $3.
deliver() {
	cp "$2/$1" "$out/.build.tmp"
	mv "$out/.build.tmp" "$out/$3"
}

deliver_module() {
	deliver log "$1" build.log
	deliver warnings "$1" warnings
	deliver "$module.ko" "$1" "$module.ko"
}

# Compile the submission into $work.
compile() {
	local recipe=

	[[ ${BUILD:-auto} == make ]] || find_recipe
	run_inside "$([[ $recipe ]] && echo replay || echo make)" "$source" "$module.c" "$recipe"
	take_results
	count_warnings "$work/log" >"$work/warnings"
	[[ ! $recipe ]] || keep_objects
}

build_module() {
	local key

	case ${BUILD:-auto} in
	auto | make | replay) ;;
	*) usage "BUILD is make, replay or not set" ;;
	esac
	list_kit_files
	key=module-$(key_of "/dev/fd/$source")
	if [[ ${BUILD:-auto} == auto ]] && is_kept "$cache/$key"; then
		deliver_module "$cache/$key"
	else
		compile
		case $inside_status in
		0) ;;
		3)
			deliver log "$work" build.log
			trouble "$(tail -n 1 "$work/log")"
			;;
		*)
			deliver log "$work" build.log
			deliver warnings "$work" warnings
			say "it does not compile for $kernel: $(first_error "$work/log")"
			return 1
			;;
		esac
		deliver_module "$work"
		rm -rf "$work/mod" "$work/status"
		[[ ${BUILD:-auto} != auto ]] || keep "$key" "$work"
		rm -rf "$work"
	fi
	if [[ $werror && $(<"$out/warnings") != 0 ]]; then
		say "it builds for $kernel with warnings: $(grep -m 1 -E 'warning|WARNING' "$out/build.log")"
		return 1
	fi
}

build_test() {
	local key test_source

	list_kit_files
	exec {test_source}<"$lab_dir/test.c" || trouble "lab $lab has no test.c"
	key=test-$(key_of "$lab_dir/test.c")
	if ! is_kept "$cache/$key"; then
		run_inside test "$test_source" test.c
		take_results
		[[ $inside_status == 0 ]] || trouble "lab $lab's own test.c does not compile ($(grep -m 1 -E "error|cannot" "$work/log" || tail -n 1 "$work/log")): apt-get install --no-install-recommends libc6-dev, or report it"
		deliver test "$work" test
		keep "$key" "$work"
		rm -rf "$work"
	else
		deliver test "$cache/$key" test
	fi
}

# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables are shared with build, which sources this
# SPDX-License-Identifier: GPL-2.0-only
#
# The two things build can make: the module and the lab's test program. Sourced by build.

# The line a student should read first.
first_error() {
	local log

	log=$(<"$had/build.log")
	sed -n 's/^build: error: //p' <<<"$log" | grep . ||
		grep -m 1 -iE ' error: |^error: ' <<<"$log" || tail -n 1 <<<"$log"
}

# deliver NAME...: results; each whole or not at all.
deliver() {
	(cd "$had" && mv -t "$out" -- "$@") 2>/dev/null || trouble "$1 did not get into $out: is the disk full?"
}

# Compile the submission and say how it went.
compile() {
	local recipe=

	[[ ${BUILD:-auto} == make ]] || find_recipe
	run_inside "$([[ $recipe ]] && echo replay || echo make)" "$source" "$module.c" "$recipe"
	[[ $inside_status != 3 ]] || trouble "$(tail -n 1 "$had/build.log")"
	if [[ $inside_status != 0 ]]; then
		say "it does not compile for $kernel: $(first_error)"
		deliver build.log warnings
		refused=1
		return 1
	fi
	deliver build.log warnings "$module.ko"
	[[ ! $recipe ]] || keep_object
}

# A kept build; it may be pruned under our hands, and is then built again.
take_kept() {
	is_kept "$1" && cp -t "$out" -- "$1"/{build.log,warnings,"$module.ko"}
} 2>/dev/null

build_module() {
	local key

	case ${BUILD:-auto} in
	auto | make | replay) ;;
	*) usage "BUILD is make, replay or not set" ;;
	esac
	list_kit_files
	key_of module "/dev/fd/$source"
	if [[ ${BUILD:-auto} != auto ]] || ! take_kept "$cache/$key"; then
		compile || return 1
		[[ ${BUILD:-auto} != auto ]] || keep "$key" "$out"/{build.log,warnings,"$module.ko"}
	fi
	if [[ $werror && $(<"$out/warnings") != 0 ]]; then
		say "it builds for $kernel with warnings: $(grep -m 1 -E 'warning|WARNING' "$out/build.log")"
		refused=1
		return 1
	fi
}

build_test() {
	local key test_source

	list_kit_files
	[[ -f $lab_dir/test.c ]] || trouble "lab $lab has no test.c: the kit is incomplete"
	key_of test "$lab_dir/test.c"
	if ! is_kept "$cache/$key" || ! cp "$cache/$key/test" "$out/" 2>/dev/null; then
		exec {test_source}<"$lab_dir/test.c"
		run_inside test "$test_source" test.c
		[[ $inside_status == 0 ]] ||
			trouble "lab $lab's own test.c does not compile ($(first_error)): apt-get install --no-install-recommends libc6-dev, or report it"
		deliver test
		chmod 755 "$out/test"
		keep "$key" "$out/test"
	fi
}

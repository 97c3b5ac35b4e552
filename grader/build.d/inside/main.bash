#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The part of build that runs in the sandbox.
#
# Usage: inside/main.bash MODE ROOT KDIR TARGET COMPILER SECONDS
#	make	build TARGET (NN-name/labNN.c under ROOT/build) with kbuild
#	record	the same, and give the recipe: the commands kbuild ran, checked by replaying them
#	replay	run the recipe of ROOT/recipe; where it does not fit, kbuild
#	test	build TARGET as a static program
#
# Writes a tar archive to standard output: status, log, and what was built. The status is
# 0 built, 1 it does not compile, 3 out of time or another trouble that is not the source's fault.

set -uo pipefail

mode=$1 root=$2 target=$4 compiler=$5 seconds=$6
# As kbuild names it: the directory may be a link.
kernel=$(realpath "$root/kernel") kdir=$kernel/$3
lab_dir=$root/build/${target%/*} name=${target##*/}
name=${name%.c}
out=$root/build/out cpu_seconds=$((seconds / 6 + 1))

# shellcheck source=recipe.bash
. "${0%/*}/recipe.bash"

over_limit='signal terminated program|out of memory|Cannot allocate memory|No space left on device'

# Per process; sizes in KiB. Several times what gcc needs, and little enough for a machine of 768 MB.
set_limits() {
	ulimit -c 0
	# The soft limit's signal tells the source's fault from a machine that runs out of memory.
	ulimit -S -t "$cpu_seconds"
	ulimit -H -t "$((cpu_seconds + 2))"
	ulimit -v $((512 << 10))
	ulimit -f $((64 << 10))
	# Counted per user: only in a room of our own are they our processes alone.
	[[ $root ]] || ulimit -u 64
}

steps() {
	local status=0

	recipe=$root/recipe
	case $mode in
	make) kbuild || return 1 ;;
	record)
		record
		return
		;;
	replay)
		replay 2>&1 | capped "$root/build/said"
		status=${PIPESTATUS[0]}
		if ((status == 2)); then
			kbuild || return 1
		else
			cat "$root/build/said"
			((status == 0)) || return 1
		fi
		;;
	test)
		"$compiler" -static -O2 -g -std=gnu11 -Wall -pthread -o "$out/test" "$root/build/$target"
		return
		;;
	esac
	check_size && mv "$lab_dir/$name.ko" "$out/"
}

# A kernel has to find this memory in one piece while it loads the module.
check_size() {
	local data bss

	# There is no /dev/fd in here, so no process substitution.
	read -r _ data bss _ <<<"$(size "$lab_dir/$name.ko" | tail -n 1)"
	((data + bss <= 16 << 20)) && return
	echo "$name.c: error: $(((data + bss) >> 20)) MiB of static data, and a lab may have 16: allocate memory instead"
	return 1
}

# Keep what can be read, and read the rest, so that the writer ends in its own way.
capped() {
	head -c 65536 >"$1"
	cat >/dev/null
}

# What the student wants to read: the compiler's words, without kbuild's and without our paths; and
# without control characters, for the source's own words are among them and end up on a terminal.
tidy_log() {
	sed -E -e "s|$root/build/${target%/*}/||g; s|$root/build/||g; s|$kernel/src/||g" \
		-e '/^make(\[[0-9]+\])?: (Entering|Leaving) directory/d' \
		-e '/^  (CC|LD|BTF|MODPOST) /d; /^Skipping BTF/d' \
		-e '/^warning: the compiler differs from the one used/,/^  You are using:/d' \
		-e 's/[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]/?/g' \
		-e '/^Please submit a full bug report/d; /^See <file:.*README.Bugs>/d'
}

# Every line that gcc, objtool or modpost means as a warning; source lines they quote begin with a blank.
count_warnings() {
	grep -cE '^[^ ].*: warning: |^WARNING: ' "$out/build.log"
}

# The builder holds the other end of fd 8. When it is gone, so is the reason to go on.
watch_lifeline() {
	read -r _ <&8
	while kill -0 $$ 2>/dev/null; do
		kill -KILL -- "-$(<"$root/build/group")" 2>/dev/null
		sleep 0.1
	done
}

if [[ ${7-} == steps ]]; then
	# timeout's own process group, and so everybody's in here.
	echo "$PPID" >"$root/build/group"
	steps
	exit
fi

trap '[[ ! $root ]] || rm -rf "$root"' EXIT
set_limits
mkdir -p "$out"
cd "$root/build" || exit
watch_lifeline 2>/dev/null &
watcher=$!
timeout -k 2 "$seconds" bash "$0" "$@" steps 8<&- 2>&1 | tidy_log 8<&- | capped "$out/build.log" 8<&-
status=${PIPESTATUS[0]}
kill "$watcher"
if ((status == 1)) && grep -qE 'Killed signal terminated program|\] Killed$' "$out/build.log"; then
	echo "the compiler was killed: does this machine have 512 MiB of memory to spare?" >>"$out/build.log"
	status=3
elif ((status == 1)) && grep -qE "$over_limit" "$out/build.log"; then
	echo "build: error: compiling this takes more than a lab may:" \
		"512 MiB of memory, files of 64 MiB, $cpu_seconds s of CPU" >>"$out/build.log"
elif ((status == 124 || status == 137)); then
	echo "not done after $seconds seconds: a busy machine wants a larger BUILD_SECONDS" >>"$out/build.log"
	status=3
fi
echo "$status" >"$out/status"
count_warnings >"$out/warnings"
tar -cf - -C "$out" .

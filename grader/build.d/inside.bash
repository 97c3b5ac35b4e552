#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The part of build that runs in the sandbox.
#
# Usage: inside.bash MODE ROOT KDIR TARGET COMPILER SECONDS
#	make	build TARGET (NN-name/labNN.c under ROOT/build) with kbuild
#	record	the same, and give the recipe: the commands kbuild ran, checked by replaying them
#	replay	run the recipe of ROOT/recipe; where it does not fit, kbuild
#	test	build TARGET as a static program
#
# Writes a tar archive to standard output: status, log, and what was built. The status is
# 0 built, 1 it does not compile, 3 out of time or another trouble that is not the source's fault.

set -uo pipefail

mode=$1 root=$2 kdir=$2/kernel/$3 target=$4 compiler=$5 seconds=$6
lab_dir=$root/build/${target%/*} name=${target##*/}
name=${name%.c}
out=$root/build/out

# Per process; sizes in KiB. Several times what gcc needs, and little enough for a machine of 768 MB.
set_limits() {
	ulimit -c 0
	ulimit -t "$((seconds / 6 + 1))"
	ulimit -v $((512 << 10))
	ulimit -f $((64 << 10))
	# Counted per user: only in a room of our own are they our processes alone.
	[[ $root ]] || ulimit -u 64
}

# Warnings are wanted, and counted afterwards; twenty errors are as good as a thousand. W=1 would also
# run kernel-doc over comments, which is no warning of the compiler's and needs all of perl.
kbuild() {
	make -C "$kdir" M="$lab_dir" W=1 KCFLAGS=-fmax-errors=20 cmd_checkdoc= modules
}

# The command kbuild stored for a file, with make's quoting undone. Recipes always say /build and
# /kernel, so that one recorded here serves there.
stored_command() {
	sed -n '1{s/^[a-z]*cmd_[^ ]* := *//; s/\$\$/$/g; s/\$(pound)/#/g; p}' "$lab_dir/.$1.cmd" |
		sed "s|$root/build/|/build/|g; s|$(realpath "$root/kernel")/|/kernel/|g"
}

# A recipe is one file of shell per step.
write_recipe() {
	mkdir -p "$out/recipe/mod"
	stored_command "$name.o" >"$out/recipe/cc"
	{
		stored_command "$name.mod"
		stored_command modules.order
		stored_command Module.symvers
	} >"$out/recipe/modpost"
	stored_command "$name.mod.o" >"$out/recipe/cc-mod"
	stored_command "$name.ko" >"$out/recipe/ld"
	# The same for every module of this lab, so compiled once. (Kernels before 6.12 have none.)
	[[ ! -f $lab_dir/.module-common.o ]] || cp "$lab_dir/.module-common.o" "$out/recipe/"
	recipe=$out/recipe
}

step() {
	(cd "$kdir" && sh -ec "$(sed "s|/build/|$root/build/|g; s|/kernel/|$root/kernel/|g" "$recipe/$1")")
}

# modpost opens this file in any case, and reads it for a module that states a MODULE_VERSION.
write_dependencies() {
	if grep -qa 'version=' "$lab_dir/$name.o"; then
		"$kdir/scripts/basic/fixdep" "$lab_dir/.$name.o.d" "$lab_dir/$name.o" ''
	fi >"$lab_dir/.$name.o.cmd"
}

# The second compile depends on nothing but the .mod.c that modpost wrote: the same one, the same object.
cc_mod() {
	local sum

	sum=$(sha256sum <"$lab_dir/$name.mod.c") sum=${sum%% *}
	if [[ -f $recipe/mod/$sum.o ]]; then
		cp "$recipe/mod/$sum.o" "$lab_dir/$name.mod.o"
	else
		step cc-mod && mkdir -p "$out/mod" && cp "$lab_dir/$name.mod.o" "$out/mod/$sum.o"
	fi
}

# What kbuild's own environment tells objtool.
export SRCARCH=x86

# 1: the compiler or modpost refused. 2: the recipe does not fit, which only kbuild can judge.
replay() {
	local said status

	step cc || return 1
	# A module that exports symbols goes through steps that this recipe has not seen.
	! grep -qaE '__ksymtab_|__export_symbol_' "$lab_dir/$name.o" || return 2
	write_dependencies
	[[ ! -f $recipe/.module-common.o ]] || cp "$recipe/.module-common.o" "$lab_dir/"
	said=$(step modpost 2>&1)
	status=$?
	[[ ! $said ]] || printf '%s\n' "$said"
	((status == 0)) || { [[ $said == *'ERROR: modpost:'* ]] && return 1 || return 2; }
	cc_mod && step ld || return 2
}

# Replaying must give kbuild's own bytes, or the recipe is not given out.
record() {
	kbuild || return 3
	write_recipe
	cp "$lab_dir/$name.ko" "$root/build/reference.ko"
	find "$lab_dir" ! -name "$name.[ch]" -type f -delete
	rm -f "$lab_dir/$name.ko"
	{ replay && cmp "$root/build/reference.ko" "$lab_dir/$name.ko"; } || rm -rf "$out/recipe"
	rm -rf "$out/mod"
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

# What the student wants to read: the compiler's words, without kbuild's and without our paths.
tidy_log() {
	sed -E -e "s|$root/build/${target%/*}/||g; s|$root/build/||g; s|$root/kernel/src/||g" \
		-e '/^make(\[[0-9]+\])?: (Entering|Leaving) directory/d' \
		-e '/^  (CC|LD|BTF|MODPOST) /d; /^Skipping BTF/d' \
		-e '/^warning: the compiler differs from the one used/,/^  You are using:/d' \
		-e '/^Please submit a full bug report/d; /^See <file:.*README.Bugs>/d'
}

if [[ ${7-} == steps ]]; then
	steps
	exit
fi

set_limits
mkdir -p "$out"
cd "$root/build" || exit
timeout -k 2 "$seconds" bash "$0" "$@" steps 2>&1 | tidy_log | capped "$out/log"
status=${PIPESTATUS[0]}
if ((status == 1)) && grep -qE 'signal terminated program|out of memory|Cannot allocate memory' "$out/log"; then
	echo "build: error: compiling this takes more than a lab may: 512 MiB of memory, files of 64 MiB, $((seconds / 6 + 1)) s of CPU" >>"$out/log"
fi
if ((status == 124 || status == 137)); then
	echo "build: not done after $seconds seconds: a busy machine wants a larger BUILD_SECONDS" >>"$out/log"
	status=3
fi
echo "$status" >"$out/status"
tar -cf - -C "$out" .

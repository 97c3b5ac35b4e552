# shellcheck shell=bash
# shellcheck disable=SC2154 # the places and names are set by main.bash, which sources this
# SPDX-License-Identifier: GPL-2.0-only
#
# Building a module: with kbuild, or by repeating the commands kbuild ran for another module of the lab.
# kbuild spends half its time asking the compiler what it can do; the answers do not change.

# kbuild [FLAG]: warnings are wanted, and counted afterwards; twenty errors are as good as a thousand. W=1
# would also run kernel-doc over comments, which is no warning of the compiler's and needs all of perl.
kbuild() {
	make -C "$kdir" M="$lab_dir" W=1 KCFLAGS="-fmax-errors=20 ${1-}" cmd_checkdoc= modules
}

# The command kbuild stored for a file, with make's quoting undone. Recipes always say /build and
# /kernel, so that one recorded here serves there.
stored_command() {
	# shellcheck disable=SC2016 # the dollars are make's
	sed -n '1{s/^[a-z]*cmd_[^ ]* := *//; s/\$\$/$/g; s/\$(pound)/#/g; p}' "$lab_dir/.$1.cmd" |
		sed "s|$root/build/|/build/|g; s|$kernel/|/kernel/|g"
}

# A recipe is one file of shell per step.
write_recipe() {
	recipe=$root/build/recipe
	mkdir "$recipe"
	stored_command "$name.o" >"$recipe/cc"
	{
		stored_command "$name.mod"
		stored_command modules.order
		stored_command Module.symvers
	} >"$recipe/modpost"
	stored_command "$name.mod.o" >"$recipe/cc-mod"
	stored_command "$name.ko" >"$recipe/ld"
	# The same for every module of this lab, so compiled once. (Kernels before 6.12 have none.)
	[[ ! -f $lab_dir/.module-common.o ]] || cp "$lab_dir/.module-common.o" "$recipe/"
}

step() {
	local commands

	commands=$(<"$recipe/$1")
	[[ ! $root ]] || commands=$(sed "s|/build/|$root/build/|g; s|/kernel/|$kernel/|g" <<<"$commands")
	(cd "$kdir" && exec sh -ec "$commands")
}

# modpost opens this file in any case, and reads it for a module that states a MODULE_VERSION.
write_dependencies() {
	if grep -qa 'version=' "$lab_dir/$name.o"; then
		# Some of the headers it is to read are named from there.
		(cd "$kdir" && scripts/basic/fixdep "$lab_dir/.$name.o.d" "$lab_dir/$name.o" '')
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
		echo "mod/$sum.o" >"$out/object"
	fi
}

# What kbuild's own environment tells objtool.
export SRCARCH=x86

# 1: the compiler or modpost refused. 2: the recipe does not fit, which only kbuild can judge.
replay() {
	local said status

	step cc || return $(($? > 128 ? 2 : 1))
	# A module that exports symbols goes through steps that this recipe has not seen.
	! grep -qaE '__ksymtab_|__export_symbol_' "$lab_dir/$name.o" || return 2
	write_dependencies
	[[ ! -f $recipe/.module-common.o ]] || cp "$recipe/.module-common.o" "$lab_dir/"
	said=$(step modpost 2>&1)
	status=$?
	[[ ! $said ]] || printf '%s\n' "$said"
	if ((status != 0)); then
		[[ $said == *'ERROR: modpost:'* ]] && return 1
		return 2
	fi
	cc_mod || return 2
	step ld || return 2
}

# Replaying must give kbuild's own bytes, or the recipe is not given out. It keeps of the debug information what
# tells the line of an oops: the rest, for gdb, is a seventh of the compiler's time and 19 of 20 bytes to load.
record() {
	kbuild -g1 || return 3
	write_recipe
	cp "$lab_dir/$name.ko" "$root/build/reference.ko"
	find "$lab_dir" -name '*.o' -delete
	rm -f "$lab_dir/$name.ko"
	if ! replay || ! cmp "$root/build/reference.ko" "$lab_dir/$name.ko"; then
		return 0
	fi
	rm -rf "$out/mod" "$out/object"
	cp -r "$recipe/." "$out/"
}

# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables are shared with build, which sources this
# SPDX-License-Identifier: GPL-2.0-only
#
# Not building anything twice. Sourced by build.
#
# .cache/builds holds, each named by the content of everything it depends on:
#	recipe-KEY/	the commands kbuild runs for a lab on a kernel
#	module-KEY/	a module that was built, its log and its number of warnings
#	test-KEY/	a lab's own test program
# Each is made aside and renamed, so it is whole or not there; the oldest are thrown away. The cache is
# only ever a help: where it cannot be written, everything is built.

max_entries=512
max_objects=64

# The files of the kit that a build of this lab sees.
list_kit_files() {
	local file

	kit_files=("$lab_dir/$module.h" "$lab_dir/Makefile")
	for file in "${lab_dir%/*}"/lib/*.{h,mk}; do
		[[ ! -f $file ]] || kit_files+=("$file")
	done
}

# key_of KIND [FILE...]: sets key to KIND and the content key of this lab on this kernel with these tools and files.
# (A shell that forks is slow: this asks sha256sum twice, not once for each part.)
key_of() {
	local sum unread="the tools or files of this lab cannot be read: see above"

	# What lacks a part would be another's key.
	[[ ${tools-} ]] || tools=$(stat -L -c '%n %s %y' "$(type -P "$compiler")" "$(type -P ld)") || trouble "$unread"
	sum=$(sha256sum -- "$kernel_dir/packages" "$grader"/build "$grader"/build.d/{,inside/}*.bash "${kit_files[@]}" \
		"${@:2}") || trouble "$unread"
	sum=$(sha256sum <<<"$tools ${lab_dir##*/} ${SANDBOX-} $sum") || trouble "$unread"
	key=$1-${sum%% *}
}

# is_kept ENTRY: it is there and its bytes are the ones that were kept.
is_kept() {
	[[ -f $1/sums ]] && (cd "$1" && exec sha256sum --status -c sums) || return 1
	touch "$1" 2>/dev/null || true
}

# keep KIND-KEY FILE...: keep these, unless another run was faster.
keep() {
	local aside=$cache/aside.$$ sums

	{ mkdir -p "$cache" 2>/dev/null && [[ -w $cache ]]; } || return 0
	! is_kept "$cache/$1" || return 0
	rm -rf "$aside" "${cache:?}/$1"
	mkdir "$aside"
	# Whole, or not at all.
	{
		cp -t "$aside" -- "${@:2}" &&
			sums=$(cd "$aside" && shopt -s dotglob && sha256sum -- *) &&
			echo "$sums" >"$aside/sums" &&
			mv -T "$aside" "$cache/$1" 2>/dev/null
	} || rm -rf "$aside"
	forget_oldest "$cache" "$max_entries"
}

# forget_oldest DIR NUMBER: leave the NUMBER newest entries.
forget_oldest() {
	local entries=("$1"/*) old

	((${#entries[@]} > $2)) || return 0
	# Another build may rename or remove some meanwhile.
	find "$1" -ignore_readdir_race -mindepth 1 -maxdepth 1 -printf '%T@ %p\n' | sort -rn | tail -n "+$(($2 + 1))" |
		while read -r _ old; do
			rm -rf "$old"
		done
}

# Sets recipe to the directory of this lab's recorded commands; recording costs one kbuild, once.
# Empty where kbuild's work cannot be replayed or kept: then kbuild does it every time.
find_recipe() {
	local key file parts=()

	key_of recipe
	recipe=$cache/$key
	if ! is_kept "$recipe"; then
		if ! mkdir -p "$cache" 2>/dev/null || [[ ! -w $cache ]]; then
			recipe=
			return
		fi
		say "recording how kbuild builds lab $lab on $kernel (once)"
		exec {trivial}<"$grader/build.d/trivial.c"
		run_inside record "$trivial" "$module.c"
		[[ $inside_status == 0 ]] ||
			trouble "not even an empty module builds for $kernel ($(first_error)): run vm/kernels/fetch $kernel --force"
		# Without the commands it says that kbuild's work could not be replayed.
		for file in "$had"/{build.log,cc,modpost,cc-mod,ld,.module-common.o}; do
			[[ ! -f $file ]] || parts+=("$file")
		done
		keep "$key" "${parts[@]}"
	fi
	[[ -f $recipe/cc ]] || recipe=
}

# What was compiled from modpost's output serves whoever has the same output.
keep_object() {
	local object

	[[ -f $had/object ]] && read -r object <"$had/object" || return 0
	[[ -w $recipe && $object =~ ^mod/[0-9a-f]{64}\.o$ ]] || return 0
	mkdir -p "$recipe/mod"
	cp "$had/$object" "$recipe/mod/.$$" && mv "$recipe/mod/.$$" "$recipe/mod/${object##*/}"
	forget_oldest "$recipe/mod" "$max_objects"
}

# shellcheck shell=bash
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

# The content key of this lab on this kernel with these tools, and of the files named.
key_of() {
	{
		printf '%s\n' "${lab_dir##*/}" "$("$compiler" --version)" "$(ld --version)"
		cat "$kernel_dir/packages" "$grader"/build "$grader"/build.d/*.bash "${kit_files[@]}" "$@"
	} | sha256sum | cut -c -64
}

# is_kept ENTRY: it is there and its bytes are the ones that were kept.
is_kept() {
	[[ -f $1/sums ]] && (cd "$1" && sha256sum --status -c sums) && touch "$1"
}

# keep KIND-KEY DIR: keep a copy of DIR, unless another run was faster, and forget the oldest.
keep() {
	local aside=$cache/aside.$$ old

	mkdir -p "$cache" 2>/dev/null && [[ -w $cache ]] || return 0
	rm -rf "$aside"
	cp -r "$2" "$aside"
	(cd "$aside" && find . -type f -exec sha256sum {} + >../sums.$$ && mv ../sums.$$ sums)
	rm -rf "${cache:?}/$1.old"
	[[ ! -e $cache/$1 ]] || mv -T "$cache/$1" "$cache/$1.old" 2>/dev/null || true
	mv -T "$aside" "$cache/$1" 2>/dev/null || rm -rf "$aside"
	rm -rf "${cache:?}/$1.old"
	forget_oldest "$cache" "$max_entries"
}

# forget_oldest DIR NUMBER: leave the NUMBER newest entries.
forget_oldest() {
	local old

	find "$1" -mindepth 1 -maxdepth 1 -printf '%T@ %p\n' | sort -rn | tail -n "+$(($2 + 1))" |
		while read -r _ old; do
			rm -rf "$old"
		done
}

# Sets recipe to the directory of this lab's recorded commands; recording costs one kbuild, once.
# Empty where kbuild's work cannot be replayed or kept: then kbuild does it every time.
find_recipe() {
	local key

	key=recipe-$(key_of)
	recipe=$cache/$key
	if ! is_kept "$recipe"; then
		say "recording how kbuild builds lab $lab on $kernel (once)"
		exec {trivial}<"$grader/build.d/trivial.c"
		run_inside record "$trivial" "$module.c"
		take_results
		[[ $inside_status == 0 ]] || trouble "not even an empty module builds for $kernel ($(grep -m 1 error "$work/log" || tail -n 1 "$work/log")): run vm/kernels/fetch $kernel --force"
		mkdir -p "$work/recipe"
		keep "$key" "$work/recipe"
	fi
	[[ -f $recipe/cc ]] || recipe=
}

# What was compiled from modpost's output serves whoever has the same output.
keep_objects() {
	local object

	for object in "$work"/mod/*.o; do
		[[ -f $object && -w $recipe/mod ]] || continue
		cp "$object" "$recipe/mod/.$$" && mv "$recipe/mod/.$$" "$recipe/mod/${object##*/}"
		forget_oldest "$recipe/mod" "$max_objects"
	done
}

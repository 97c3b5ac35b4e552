# shellcheck shell=bash disable=SC2154 # sourced by run
# The fast path of the build against its referee, kbuild itself.

# built LAB KERNEL BUILD SOURCE - BUILD.ko, and BUILD.loaded: what of it comes into the kernel, all but debug
# information and the id that the linker makes of that.
built() {
	BUILD=$3 "$GRADER/build" --lab "$1" --kernel "$2" --out "$3" "$4"
	cp "$3/lab$1.ko" "$3.ko"
	objcopy --strip-debug -R .note.gnu.build-id "$3.ko" "$3.loaded"
}

same_on() {
	cat "$KIT"/labs/"$1"-*/"lab$1.c" - >changed.c <<<"MODULE_VERSION(\"$2\");"
	built "$1" "$2" make changed.c
	built "$1" "$2" replay changed.c
	cmp make.loaded replay.loaded
	# kbuild steps in where a recipe does not fit; it would have written all the debug information.
	(($(stat -c %s replay.ko) * 4 < $(stat -c %s make.ko))) || { echo "lab $1 on $2 was not replayed" && return 1; }
}

test_the_fast_build_loads_the_bytes_that_kbuild_makes() {
	same_on 02 6.1
	same_on 03 6.12
}

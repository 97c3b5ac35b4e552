# shellcheck shell=bash disable=SC2154 # sourced by run
# The C programs that need no machine: probe, and the frames on the wire.

test_probe_tells_the_truth_about_this_machine() {
	make -s -C "$KIT/labs/probe" check O="$BIN"
}

wire_built() {
	"$1" -std=gnu17 -D_GNU_SOURCE -O1 -g "-fsanitize=$2" -fno-sanitize-recover=all -o "$3" \
		"${@:4}" "$KIT"/vm/wire/{test/fuzz,frame,bytes}.c
}

test_frames_survive_the_wire_and_forged_ones_are_refused() {
	wire_built gcc address,undefined wire "$KIT/vm/wire/test/test.c"
	./wire mutate 50000 "$KIT"/vm/wire/test/corpus/*
}

# Only where clang is: the mutations above need nothing but gcc.
test_a_fuzzer_finds_nothing_in_three_seconds() {
	command -v clang >/dev/null || { echo 'no clang, not tried' && return 0; }
	wire_built clang fuzzer,address,undefined fuzz 2>/dev/null || { echo 'no libFuzzer, not tried' && return 0; }
	mkdir found
	./fuzz -max_total_time=3 -max_len=512 -artifact_prefix=found/ found "$KIT/vm/wire/test/corpus"
}

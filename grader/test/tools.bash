# shellcheck shell=bash disable=SC2154 # sourced by run
# The C programs that need no machine: probe, and the frames on the wire.

test_probe_tells_the_truth_about_this_machine() {
	make -s -C "$KIT/labs/probe" check O="$BIN"
}

FRAMES=("$KIT"/vm/wire/{frame,bytes}.c)

# sanitized COMPILER SANITIZERS PROGRAM SOURCE…
sanitized() {
	"$1" -std=gnu17 -D_GNU_SOURCE -O1 -g "-fsanitize=$2" -fno-sanitize-recover=all -o "$3" "${@:4}"
}

# preloadable PROGRAM SOURCE… - linked dynamically: ours are static, and LD_PRELOAD means nothing to them.
preloadable() {
	gcc -std=gnu17 -D_GNU_SOURCE -O1 -o "$@"
}

test_frames_survive_the_wire_and_forged_ones_are_refused() {
	sanitized gcc address,undefined wire "$KIT"/vm/wire/test/{test,fuzz}.c "${FRAMES[@]}"
	./wire mutate 50000 "$KIT"/vm/wire/test/corpus/*
}

# Only where clang is: the mutations above need nothing but gcc.
test_a_fuzzer_finds_nothing_in_three_seconds() {
	command -v clang >/dev/null || { echo 'no clang, not tried' && return 0; }
	sanitized clang fuzzer,address,undefined fuzz "$KIT/vm/wire/test/fuzz.c" "${FRAMES[@]}" 2>/dev/null ||
		{ echo 'no libFuzzer, not tried' && return 0; }
	mkdir found
	./fuzz -max_total_time=3 -max_len=512 -artifact_prefix=found/ found "$KIT/vm/wire/test/corpus"
}

# In a cache of its own with our kernels. A client that ends frees nothing: leaks are not looked for. A keeper that
# trips ends, and the next verb says so.
test_vm_runs_clean_under_the_sanitizers() {
	local owner answer
	mkdir -p cache/bin
	ln -s "$KIT/.cache/kernels" cache/kernels
	sanitized gcc address,undefined cache/bin/vm "$KIT"/vm/host/*.c "${FRAMES[@]}"
	export ASAN_OPTIONS=detect_leaks=0
	sleep 100 &
	owner=$!
	cache/bin/vm start m --owner $owner --program "$BIN/probe" --keepable
	cache/bin/vm put m "$BIN/pattern" /tmp/there
	is "$(sha256sum <"$BIN/pattern")" "$(cache/bin/vm get m /tmp/there | sha256sum)" 'what was put and got'
	is errno=ENOENT "$(cache/bin/vm get m /nowhere)" 'a file that is not there'
	is load=0x7 "$(cache/bin/vm run m --standby -- map 1 rw anon-shared store 4 0 7 load 4 0 | tail -n 1)" probe
	answer=$(cache/bin/vm spawn m --standby -- map 1 rw anon-shared touch spin 0x5ca1ab1e)
	answer=${answer#job=}
	answer=$(cache/bin/vm await m "${answer%% *}" spin=ready | sed -n 's/^addr=//p')
	cache/bin/vm walk m 0x5ca1ab1e "$answer" | grep -q present=1
	cache/bin/vm phys m read 0x1000000 4096 | wc -c | grep -qx 4096
	cache/bin/vm keep m
	cache/bin/vm start n --owner $owner --from m
	is $'alive\n0' "$(cache/bin/vm stop n --taint)" 'a machine from a kept one'
	cache/bin/vm stop m
	kill $owner
}

test_verdict_runs_clean_under_the_sanitizers() {
	mkdir -p cache/bin
	sanitized gcc address,undefined cache/bin/verdict "$GRADER"/report/*.c
	BIN=$PWD/cache/bin
	test_any_bytes_make_a_valid_report
	test_one_broken_promise_is_1_and_costs_its_points
	test_no_rubric_and_no_folder_are_3
}

#!/usr/bin/env bats
# probe on this machine, without a VM: what it says about memory whose behaviour everybody knows.
# PROBE and PATTERN name the programs; `make check` sets them.
# Braces stand alone because they are words of probe's language:
# shellcheck disable=SC1083

setup_file() {
	export PROBE=${PROBE:-$BATS_TEST_DIRNAME/probe} PATTERN=${PATTERN:-$BATS_TEST_DIRNAME/pattern}
	export ASAN_OPTIONS=detect_leaks=0 # a leak checker cannot run in a process that is traced
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	"$PATTERN" bytes 7 0 3 >file
}

# says FACTS ARGS…: probe prints exactly these facts, those that differ from run to run aside.
says() {
	local wanted=$1 found
	shift
	found=$("$PROBE" "$@" | grep -v -E '^(child\.)*(addr|area|fd|file)=' | paste -s -d ' ')
	[ "$wanted" = "$found" ] || {
		printf 'wanted: %s\nfound:  %s\n' "$wanted" "$found"
		return 1
	}
}

# refuses WORDS ARGS…: a usage error whose message holds WORDS, and nothing was run.
refuses() {
	local words=$1
	shift
	run "$PROBE" "$@"
	[ "$status" = 2 ] && [[ $output = "probe: "*"$words"* ]]
}

hashes() {
	"$PATTERN" hash "$@"
}

@test "a hole cut into a mapping is a SIGSEGV, what is around it stays" {
	says "map=ok unmap=ok load=0x0 load=SIGSEGV code=SEGV_MAPERR at=+0x1000 load=0x0" \
		map 3 rw anon-shared unmap 1 1 load 1 0 load 1 1p load 1 2p
}

@test "past the end of a file is a SIGBUS, and the run goes on" {
	says "open=ok map=ok hash=$(hashes 7 0 3),SIGBUS load=SIGBUS code=BUS_ADRERR at=+0x3008 zero=0 at=+0x0 allzero=000x" \
		open file map 4 r shared hash load 8 3p+8 zero allzero
}

@test "a store into a read-only mapping is a SIGSEGV" {
	says "map=ok store=SIGSEGV code=SEGV_ACCERR at=+0x4 protect=ok store=ok load=0xff" \
		map 1 r anon-private store 4 4 1 protect rw store 1 4 -1 load 4 4
}

@test "a shared page is shared with a child, a private one is not" {
	says "map=ok store=ok child.load=0x1 child.store=ok fork=ok load=0x2" \
		map 1 rw anon-shared store 4 0 1 fork { load 4 0 store 4 0 2 } load 4 0
	says "map=ok store=ok child.load=0x1 child.store=ok fork=ok load=0x1" \
		map 1 rw anon-private store 4 0 1 fork { load 4 0 store 4 0 2 } load 4 0
}

@test "a private mapping of a file keeps its writes to itself" {
	says "open=ok map=ok fill=ok readpages=3 hash=$(hashes 7 0 3) hash=$(hashes 9 5 3)" \
		open file map 3 rw private seed 9 fill as 5 readpages 3 at 0 hash
}

@test "a shared mapping of a file is what read and write see" {
	says "open=ok map=ok fill=ok readpages=2 hash=$(hashes 9 0 2) write=4096 hash=$(hashes 9 0 1),$(hashes 9 2 1)" \
		open file seed 9 map 2 rw shared at 1 fill readpages 2 at 1 write 1 at 2 hash
	[ "$("$PATTERN" sum <file)" = "$(hashes 7 0 1),$(hashes 9 0 1),$(hashes 9 2 1)" ]
}

@test "faults are counted exactly, probe's own never among them" {
	local once="touched=64 minflt=64 majflt=0 sigbus=0 segv=0"
	local none="touched=64 minflt=0 majflt=0 sigbus=0 segv=0"

	# Written first: not every kernel has a zero page for who reads first.
	says "map=ok advise=ok $once $none $none" \
		map 64 rw anon-private advise nohugepage touch w touch touch w
	says "map=ok advise=ok $none" map 64 rw anon-shared,populate advise nohugepage touch w
	says "map=ok advise=ok child.${once// / child.} fork=ok $once" \
		map 64 rw anon-private advise nohugepage fork { touch w } touch w
}

@test "touch counts signals and says where the first was" {
	says "open=ok map=ok touched=3 minflt=0 majflt=0 sigbus=2 segv=0 code=BUS_ADRERR at=+0x3000" \
		open file map 5 r shared,populate touch
}

@test "offsets go to the kernel as they are" {
	says "open=ok map=ok map=EOVERFLOW map=EINVAL map=EINVAL close=ok map=EBADF touch=no-area" \
		open file map 1 r shared at 2^31 mapbytes 1p r shared at -1p mapbytes 1p r shared at 1 \
		mapbytes 0 r shared close map 1 r shared touch
}

@test "a fence shows that nothing lies outside the window, also after unmap" {
	local fence="fence_before=SIGSEGV fence_before_code=SEGV_ACCERR fence_after=SIGSEGV fence_after_code=SEGV_ACCERR fence_readable=0"

	says "open=ok map=ok $fence unmap=ok $fence" open file map 1 rw shared,fenced fence unmap fence
}

@test "mremap grows, moves and duplicates" {
	says "map=ok fill=ok mremap=ok hash=$(hashes 0 0 2),SIGBUS move=ok duplicate=ok hash=$(hashes 0 0 2)" \
		map 2 rw anon-shared fill mremap 3 may hash move duplicate hash 0 2
	says "map=ok duplicate=EINVAL zero=1" map 1 rw anon-private duplicate zero
	says "map=ok mremap=ENOMEM load=outside" map 1 rw anon-private,fenced mremap 2 load 1 1p
}

@test "the kernel's books: mincore, pagemap, maps, smaps" {
	says "map=ok store=ok mincore=010" map 3 rw anon-private store 1 1p 1 mincore
	"$PROBE" map 3 rw anon-private store 1 1p 1 pagemap | grep -qx present=010
	"$PROBE" open file map 2 r shared at 1 maps | grep -q '^maps=.* r--s 00001000 .*/file$'
	"$PROBE" open file map 2 rw shared,populate smaps | grep -qx Rss=8
	"$PROBE" map 1 r anon-private unmap maps | grep -qx maps=none
}

@test "the other ways to the same bytes agree" {
	local hash

	hash=$(hashes 7 0 1)
	says "open=ok map=ok vmread=4096 hash=$hash vmsplice=4096 hash=$hash" open file map 1 rw shared vmread vmsplice
	says "map=ok store=ok ptrace=ok peek=0x2a poke=ok load=0x2b selfmem=ok value=0x2b" \
		map 1 rw anon-shared store 8 8 42 ptrace 8 43 load 8 8 selfmem 8
}

@test "a core dump holds what was written, and only that" {
	[ "$(cat /proc/sys/kernel/core_pattern)" = core ] || skip "cores do not go to files here"
	says "map=ok store=ok core=ok core_memsz=0x2000 core_filesz=0x2000 core_zero=0 advise=ok core=ok core_memsz=0x2000 core_filesz=0x0 core_zero=none" \
		map 2 rw anon-shared store 1 0 1 core advise dontdump core
}

@test "two racing threads lose nothing on an honest file" {
	head -c 1M /dev/zero >zeros
	"$PROBE" open zeros map 256 rw shared map 256 rw shared race 256 with 0 >facts
	grep -qx race_lost=0 facts
	grep -qx race_differs=0 facts
}

@test "a spin ends with SIGUSR1, a hold with a line" {
	local fact

	coproc SPIN { exec "$PROBE" spin 0x5ca1ab1e 3>&-; }
	read -r -t 10 fact <&"${SPIN[0]}" && [ "$fact" = spin=ready ]
	kill -USR1 "$SPIN_PID"
	read -r -t 10 fact <&"${SPIN[0]}" && [ "$fact" = spin=over ]
	[ "$(printf 'a\nb\n' | "$PROBE" hold one hold pid | grep -c -v pid)" = 2 ]
}

@test "rounds stop at the first refusal and say which" {
	says "rounds=10 rounds=0 stopped_at=open stopped_by=ENOENT rounds=0 stopped_at=SIGBUS stopped_by=signal" \
		rounds 10 file 3 rounds 10 missing 1 rounds 10 file 4
}

@test "a wrong command line is refused before anything runs, with the remedy" {
	refuses "no verb; see probe --help" map 1 rw anon-shared frobnicate
	refuses "SHARING is missing; write: map PAGES PROT SHARING" map 1 rw
	refuses "PAGES cannot be 'x'; give a number of pages" map x rw anon-shared
	refuses "PAGE cannot be '2^63'" open file map 1 r shared at 2^63
	refuses "WIDTH cannot be '3'; give 1, 2, 4 or 8" map 1 r anon-shared load 3 0
	refuses "SHARING cannot be 'shared,fence'" map 1 rw shared,fence
	refuses "COUNT is missing" map 1 rw anon-shared unmap 1
	refuses "put 'map PAGES" touch
	refuses "no } ends" fork { pid
	refuses "is no verb" fork { pid } }
}

@test "a wrong page or offset is refused when its turn comes" {
	run "$PROBE" map 2 rw anon-shared touch 1 2
	[ "$status" = 2 ]
	[[ $output = *"choose pages or offsets inside it"* ]]
	run "$PROBE" map 1 rw anon-shared fork { load 4 2 }
	[ "$status" = 2 ]
	[[ $output = *"align it"* ]]
}

@test "- takes the verbs from one line of stdin, and leaves the next one alone" {
	printf 'map 1 rw anon-shared store 4 0 7 load 4 0\n' | "$PROBE" - | grep -qx load=0x7
	[ "$(printf 'hold one hold two pid\na\nb\n' | "$PROBE" - | grep -c -v pid)" = 2 ]
}

@test "name is what others see" {
	coproc NAMED { exec "$PROBE" name elsewhere hold named 3>&-; }
	read -r -u "${NAMED[0]}" _
	[ "$(<"/proc/$NAMED_PID/comm")" = elsewhere ]
	echo >&"${NAMED[1]}"
}

@test "--help shows the grammar, and the README names every verb" {
	"$PROBE" --help >help
	grep -qx '  map PAGES PROT SHARING \[at PAGE\]' help
	sed -n 's/^  \([a-z]*\).*/\1/p' help | grep . >verbs
	[ "$(wc -l <verbs)" -ge 50 ]
	while read -r verb; do
		grep -q "^|.*\`$verb\`" "$BATS_TEST_DIRNAME/README.md" || {
			printf 'missing in README.md: %s\n' "$verb"
			return 1
		}
	done <verbs
}

#!/usr/bin/env bats
# The student's road, in a copy of the kit that borrows this one's tools and kernels.
# shellcheck disable=SC2154 # run sets status and output

setup_file() {
	export KIT=$BATS_FILE_TMPDIR/kit
	local here=${BATS_TEST_FILENAME%/grader/student/*}
	mkdir "$KIT"
	tar -C "$here" --exclude=./.git --exclude=./.cache --exclude=./out --exclude=./work --exclude=./grader/exam -cf - . |
		tar -C "$KIT" -xf -
	ln -s "$here/.cache" "$KIT/.cache"
}

setup() {
	cd "$KIT" || return 1
	COPY=work/02-remap_pfn_range/lab02.c
}

@test "start makes a copy that says TODO, and what to do next" {
	LAB=02 run grader/student/start
	[[ $status == 0 && $output == *"make grade LAB=02"* ]]
	grep -q TODO "$COPY"
	[[ $(<"$COPY") != *"lab: begin"* ]]
}

@test "start never overwrites" {
	echo '/* mine */' >>"$COPY"
	LAB=2 LEVEL=3 run grader/student/start
	[[ $status == 0 && $output == *"there already"* ]]
	grep -q 'mine' "$COPY"
}

@test "each level leaves out more than the one before" {
	local lab sizes level
	for lab in 01 02 03 04 05; do
		sizes=()
		for level in 1 2 3; do
			sizes+=("$(LAB=$lab LEVEL=$level grader/student/skeleton | wc -c)")
		done
		((sizes[0] > sizes[1] && sizes[1] > sizes[2]))
	done
}

@test "a region that regions.tsv does not know is an error" {
	sed -i 's/lab: begin files/lab: begin riddle/' labs/01-*/lab01.c
	LAB=01 run grader/student/skeleton
	[[ $status == 3 && $output == *"riddle"* ]]
}

@test "a lab that is not there is named, with those that are" {
	LAB=77 run grader/student/start
	[[ $status == 2 && $output == *"02-remap_pfn_range"* ]]
	[[ ! -e work/77 ]]
}

@test "a level that is not there leaves nothing behind" {
	LAB=04 LEVEL=9 run grader/student/start
	[[ $status == 2 && ! -e work/04-fault-handler ]]
}

@test "hint before any grade says how to get one" {
	LAB=02 run grader/student/hint
	[[ $status == 2 && $output == *"make grade LAB=02"* ]]
}

@test "watch judges the skeleton, and hint then has one for it" {
	LAB=02 ROUNDS=1 run grader/student/watch
	[[ $status == 0 && $output == *"7 of 100"* ]]
	LAB=02 OUT=out/watch run grader/student/hint
	[[ $status == 0 && $output == "the whole buffer can be mapped shared and writable"* ]]
}

# watched SCRIPT… - each makes, by sed, the next save out of the reference; the screens are in ./screens.
watched() {
	local watcher script rounds=0 seen
	mkdir -p "${COPY%/*}"
	sed "$1" labs/02-remap_pfn_range/lab02.c >"$COPY"
	ROUNDS=$# LAB=02 grader/student/watch >screens 2>&1 3>&- &
	watcher=$!
	for script; do
		# The first is there already.
		((rounds++ == 0)) || sed "$script" labs/02-remap_pfn_range/lab02.c >"$COPY"
		until seen=$(grep -c 'save to judge again' screens) && ((seen >= rounds)); do
			kill -0 $watcher 2>/dev/null || break
			sleep 0.2
		done
	done
	wait $watcher
}

@test "watch judges what was broken, then all; a comment not at all; and finds what broke meanwhile" {
	local offset='s/pfn + first/pfn/' owner='/\.owner/d'
	watched "$offset" "$offset;\$ a /* a comment */" "$offset;$owner" "$owner"
	csplit -s -f screen. screens '/judging …/' '{*}'
	grep -q ' of 100 (2[0-9] of 25' screen.01
	grep -q 'the same module as before' screen.02
	# What broke does not show yet: those that were broken are broken still.
	grep -q '^0 of the [0-9] promises that were broken hold now' screen.03
	[[ $(<screen.03) != *'of 100'* && $(<screen.03) != *rmmod* ]]
	grep -q 'fail .*rmmod is refused while a page is mapped' screen.04
}

@test "the tour shows maps, VmFlags and the page table of the reference" {
	STOP=0 LAB=02 SUBMISSION=labs/02-remap_pfn_range/lab02.c run grader/student/try
	[[ $status == 0 && $output == *" rw-s "*"/dev/lab02"* ]]
	[[ $output == *"PTE["*"special"*"VM_PFNMAP"*"rmmod lab02: EAGAIN"* ]]
}

@test "the tour of a source that does not compile shows what the compiler said" {
	echo 'int' >broken.c
	LAB=02 SUBMISSION=broken.c run grader/student/try
	[[ $status == 1 && $output == *"error:"* ]]
}

@test "a handout that holds a solution is refused" {
	mkdir leak
	cp labs/02-remap_pfn_range/lab02.c leak/notes.txt
	run grader/student/handout-check leak
	[[ $status == 1 && $output == *"notes.txt"* ]]
}

@test "the pictures in the README are those of the walk" {
	local picture
	mkdir pictures
	cp docs/walk.md pictures/
	grader/student/walk --pictures pictures/walk.md
	for picture in pictures/*.svg; do
		cmp "$picture" "docs/${picture##*/}"
		grep -q "(docs/${picture##*/})" README.md
	done
}

@test "every command explains itself" {
	local command
	for command in start hint watch try shell debug handout handout-check skeleton skeletons-check walk; do
		grader/student/$command --help | grep -q '^Usage: '
	done
	vm/doctor --help | grep -q '^Usage: '
}

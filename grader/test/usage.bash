# shellcheck shell=bash disable=SC2154 # sourced by run
# grade, asked for what it cannot do: status 2 and a line that says what to do instead; never a grade.

# refused STATUS WORDS ARGUMENT…
refused() {
	local status=$1 words=$2
	shift 2
	is "$status" "$(status_of "$GRADER/grade" "$@")" "grade $*"
	says "$words" "$(<"$SCRATCH/said")"
	[[ ! -e out/report.json ]] || ! jq -e '.status == "judged"' out/report.json >/dev/null
}

test_grade_refuses_what_is_no_submission() {
	: >empty.c
	echo 'int x;' >x.c
	mkfifo fifo.c
	refused 2 'is not there' --lab 02 --out out nowhere.c
	refused 2 'not a regular file' --lab 02 --out out "$PWD"
	refused 2 'not a regular file' --lab 02 --out out fifo.c
	refused 2 'is empty' --lab 02 --out out empty.c
	refused 2 'name one submission' --lab 02 --out out
	refused 2 'name one submission' --lab 02 --out out x.c x.c
}

test_grade_refuses_options_that_are_none() {
	echo 'int x;' >x.c
	refused 2 'there is no lab 77' --lab 77 --out out x.c
	refused 2 '--lab wants a number' --lab two --out out x.c
	refused 2 '--lab wants a number' --out out x.c
	refused 2 '--out wants a folder' --lab 02 x.c
	refused 2 'unknown option' --lab 02 --out out --frobnicate x.c
	refused 2 '--jobs wants' --lab 02 --out out --jobs 0 x.c
	refused 2 '--format knows' --lab 02 --out out --format pdf x.c
	KERNEL=5.4 refused 2 'choose 6.1 or 6.12' --lab 02 --out out x.c
	SEED=x refused 2 'choose a number' --lab 02 --out out x.c
}

test_grade_says_what_is_not_installed() {
	echo 'int x;' >x.c
	mkdir few
	ln -s "$(command -v bash)" "$(command -v sed)" "$(command -v timeout)" "$(command -v nproc)" \
		"$(command -v env)" "$(command -v jq)" "$(command -v bats)" few/
	PATH=$PWD/few refused 3 'qemu-system-x86_64 is not installed; run: make setup' --lab 02 --out out x.c
}

test_grade_without_a_writable_folder_is_3() {
	echo 'int x;' >x.c
	: >out
	refused 3 'can not be made' --lab 02 --out out/below x.c
}

# A file system of 16 KiB. Where namespaces are forbidden there is no way to make one.
test_grade_on_a_full_disk_is_3() {
	mkdir tiny
	unshare -Urm mount -t tmpfs -o size=16k none tiny 2>/dev/null || { echo 'no namespaces, not tried' && return 0; }
	cat >script <<-'END'
		mount -t tmpfs -o size=16k none tiny
		head -c 20000 /dev/zero >tiny/full 2>/dev/null
		"$@"
	END
	is 3 "$(status_of unshare -Urm bash script "$GRADER/grade" --lab 02 --out tiny/out --format none \
		"$KIT/labs/02-remap_pfn_range/lab02.c")" "$(<"$SCRATCH/said")"
}

test_every_command_has_help() {
	local command
	for command in "$GRADER"/{build,check,grade,grade-all,lint,soak} "$GRADER"/{bench,exam,exam/hostile,test}/run \
		"$GRADER"/exam/sameness "$GRADER"/student/{debug,handout,handout-check,hint,readme-check,shell,skeleton,skeletons-check,start,try,walk,watch} \
		"$KIT"/vm/{doctor,setup} "$KIT"/vm/kernels/{fetch,initramfs} "$BIN"/{vm,probe}; do
		is 0 "$(status_of timeout 5 "$command" --help)" "$command --help"
		grep -qiE 'usage|probe VERB' "$SCRATCH/said" || { echo "$command --help says no usage" && return 1; }
	done
}

# shellcheck shell=bash disable=SC2154 # sourced by run
# verdict: outcomes in, report.json out. A grade is never better than what was recorded.

# outcomes STATUS… - a run in ./run-folder whose promises ended so; "-" leaves the status out.
outcomes() {
	local status number=0
	rm -rf folder && mkdir -p folder/evidence
	printf 'lab=99-test\npath=x.c\nsha256=0\nkernel=6.1\nseed=7\n' >folder/run
	: >rubric.tsv
	for status; do
		number=$((number + 1))
		printf '%d\tpromise %d\thint %d\tmore\n' $((number * 10)) "$number" "$number" >>rubric.tsv
		mkdir "folder/evidence/0$number"
		[[ $status == - ]] || printf '%s' "$status" >"folder/evidence/0$number/status"
	done
}

# judged STATUS… - verdict's exit status and what the report says: status, score, each check.
judged() {
	outcomes "$@"
	printf '%s ' "$(status_of "$BIN/verdict" rubric.tsv folder)"
	jq -r '[.status, .score, .checks[].status] | join(" ")' folder/report.json
}

test_all_kept_is_0_and_all_points() {
	is '0 judged 30 pass pass' "$(judged pass pass)" report
}

test_one_broken_promise_is_1_and_costs_its_points() {
	local status
	for status in fail oops panic hang skip; do
		is "1 judged 10 pass $status" "$(judged pass $status)" report
	done
}

test_a_check_without_an_outcome_is_broken_and_not_judged() {
	is '3 not-judged 10 pass broken' "$(judged pass -)" report
	is '3 not-judged 10 pass broken' "$(judged pass '')" report
	is '3 not-judged 10 pass broken' "$(judged pass passed)" report
	is '3 not-judged 10 pass broken' "$(judged pass broken)" report
}

test_what_does_not_compile_is_build_failed() {
	outcomes fail skip
	echo built=no >>folder/run
	is 1 "$(status_of "$BIN/verdict" rubric.tsv folder)" 'exit status'
	is 'build-failed 0' "$(jq -r '"\(.status) \(.score)"' folder/report.json)" report
}

test_any_bytes_make_a_valid_report() {
	outcomes fail fail
	printf '\xff\xfe\xc0\x80\xed\xa0\x80 "\\ \x01\x1b[31m \x7f \xf4\x90\x80\x80 gr\xc3\xbc\xc3\x9fe' >folder/evidence/01/found
	head -c 100000 /dev/urandom >folder/evidence/02/wanted
	printf 'path=\xff"\\\x02.c\n' >>folder/run
	is 1 "$(status_of "$BIN/verdict" rubric.tsv folder --text)" 'exit status'
	jq -e '.checks[0].found | contains("gr\u00fc\u00dfe")' folder/report.json >/dev/null
	# No byte of it may reach a terminal as a command.
	! grep -aq $'\x1b\\[31m' "$SCRATCH/said" || { echo 'an escape sequence was passed on' && return 1; }
}

# EFBIG stands for ENOSPC: it needs no file system of our own.
test_a_full_disk_is_3_and_leaves_the_report_before_it() {
	outcomes pass pass
	"$BIN/verdict" rubric.tsv folder
	echo fail >folder/evidence/01/status
	is 3 "$(trap '' XFSZ && ulimit -f 0 && "$BIN/verdict" rubric.tsv folder >/dev/null 2>&1 || echo $?)" 'exit status'
	jq -e '.score == 30' folder/report.json >/dev/null
}

test_a_full_terminal_changes_no_verdict() {
	outcomes pass fail
	local status=0
	"$BIN/verdict" rubric.tsv folder --text >/dev/full || status=$?
	is 1 "$status" 'exit status'
}

test_no_rubric_and_no_folder_are_3() {
	outcomes pass
	is 3 "$(status_of "$BIN/verdict" nowhere folder)" 'exit status'
	is 3 "$(status_of "$BIN/verdict" rubric.tsv nowhere)" 'exit status'
	is 2 "$(status_of "$BIN/verdict")" 'exit status'
}

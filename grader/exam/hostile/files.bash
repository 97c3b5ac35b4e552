# shellcheck shell=bash disable=SC2016,SC2034,SC2153,SC2154 # run sources this, and has the other half of the variables
# Submissions that are no C file, or whose name hurts. Each is made, judged, and removed.

FILE_CASES=(empty binary not-utf8 not-utf8-error huge no-newline link link-to-shadow link-to-nowhere link-to-endless
	fifo directory not-c gone blank-in-name quotes-in-name newline-in-name dash-in-name glob-in-name
	command-in-name not-utf8-name long-name)

# file_made NAME DIR - makes the case in DIR; sets file, and wanted (exit status, words in what is said).
file_made() {
	local reference=$REFERENCE
	file=$2/lab02.c wanted=(2 '')
	case $1 in
	empty) : >"$file" && wanted=(2 'is empty') ;;
	binary) head -c 4096 /bin/sh >"$file" && wanted=(2 'is binary') ;;
	not-utf8) { printf '/* Gr\xfc\xdfe \xff\xfe */\n' && cat "$reference"; } >"$file" && wanted=(0 '') ;;
	not-utf8-error) printf '#error \xff\xfe\xc0\x80 \x1b[31m\n' >"$file" && wanted=(1 '') ;;
	huge) truncate -s 100M "$file" && wanted=(2 'larger than 1 MiB') ;;
	no-newline) { cat "$reference" && printf '/* and no newline */'; } >"$file" && wanted=(0 '') ;;
	link) ln -s "$reference" "$file" && wanted=(2 'link') ;;
	link-to-shadow) ln -s /etc/shadow "$file" && wanted=(2 'link') ;;
	link-to-nowhere) ln -s nowhere "$file" ;;
	link-to-endless) ln -s /dev/zero "$file" ;;
	fifo) mkfifo "$file" && wanted=(2 'not a regular file') ;;
	directory) mkdir "$file" && wanted=(2 'not a regular file') ;;
	not-c) file=$2/lab02.ko && cp "$reference" "$file" && wanted=(2 'not a C file') ;;
	gone) wanted=(2 'is not there') ;;
	blank-in-name) file="$2/my lab  02 .c" ;;&
	quotes-in-name) file="$2/a'b\"c\`d.c" ;;&
	newline-in-name) file=$2/$'new\nline\n.c' ;;&
	dash-in-name) file=$2/--out=x.c ;;&
	glob-in-name) file=$2/'*?[a].c' ;;&
	command-in-name) file=$2/'$(touch hurt);&.c' ;;&
	not-utf8-name) file=$2/$'\xff\xfe.c' ;;&
	long-name) file=$2/$(printf 'n%.0s' {1..250}).c ;;&
	*-name) cp "$reference" "$file" && wanted=(0 '') ;;
	esac
}

# Only built, not loaded: what the file is or is called matters to nobody behind the compiler.
file_case() {
	local name=files/$1 dir=$out/files/$1 file wanted wrong=''
	mkdir -p "$dir/in"
	file_made "$1" "$dir/in"
	# The leading dash is only one when no folder stands before it.
	if [[ $1 == dash-in-name ]]; then
		cd "$dir/in" || return
		file=${file##*/}
	fi
	KERNEL=$kernel grade "$name" "$file" --prepare
	((status == wanted[0] || (wanted[0] == 1 && status == 0))) ||
		wrong="grade ended with $status: $(head -n1 "$dir/log")"
	[[ -z ${wanted[1]} ]] || grep -qF -- "${wanted[1]}" "$dir/log" || wrong+="${wrong:+; }it does not say: ${wanted[1]}"
	((wanted[0] == 2)) || jq -e .schema "$report" >/dev/null 2>&1 || wrong+="${wrong:+; }report.json is not JSON"
	[[ -z $(find "$dir" -name hurt) ]] || wrong+='; its name was run as a command'
	row "$name" "exit ${wanted[0]}${wanted[1]:+, says: ${wanted[1]}}" "$wrong"
	cd "$HOSTILE" || return
	rm -rf "$dir/in"
}

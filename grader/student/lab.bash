# shellcheck shell=bash disable=SC2034 # whoever sources this reads what is set here
# What the student's commands share: which lab is meant, which file, and how to say no.

KIT=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
STUDENT=$KIT/grader/student
BIN=$KIT/.cache/bin
# shellcheck source=../lib/usage.bash
source "$KIT/grader/lib/usage.bash"

die() {
	echo "${0##*/}: $1" >&2
	exit "${2:-2}"
}

# no_arguments "$@" - every command is told what to do by variables, so a word is --help or a mistake.
no_arguments() {
	help_asked "$@"
	(($# == 0)) || die "unknown argument $1; see grader/student/${0##*/} --help"
}

# find_lab - LAB=02, 2 or 02-remap_pfn_range; sets LAB (the folder's name), NN, MODULE and REFERENCE.
find_lab() {
	local folder
	[[ -n ${LAB:-} ]] || die "which lab? make ${0##*/} LAB=01; the labs are:$(all_labs)"
	for folder in "$KIT"/labs/[0-9][0-9]-*/; do
		folder=${folder%/}
		folder=${folder##*/}
		[[ $folder == "$LAB" || ($LAB =~ ^[0-9]{1,2}$ && ${folder%%-*} == $(printf '%02d' "$((10#$LAB))")) ]] ||
			continue
		LAB=$folder
		NN=${folder%%-*}
		MODULE=lab$NN
		REFERENCE=labs/$LAB/$MODULE.c
		return
	done
	die "LAB=$LAB: there is no such lab; the labs are:$(all_labs)"
}

all_labs() {
	local folder
	for folder in "$KIT"/labs/[0-9][0-9]-*/; do
		printf ' %s' "$(basename "$folder")"
	done
}

# source_file - the student's copy, or the reference where there is none: as make grade does.
source_file() {
	if [[ -n ${SUBMISSION:-} ]]; then
		[[ -f $SUBMISSION ]] || die "SUBMISSION=$SUBMISSION: name a C file"
		printf '%s' "$SUBMISSION"
	elif [[ -e $KIT/work/$LAB/$MODULE.c ]]; then
		printf '%s' "work/$LAB/$MODULE.c"
	else
		printf '%s' "$REFERENCE"
	fi
}

# need_tools - what make setup builds and fetches.
need_tools() {
	local tool
	for tool in vm probe verdict; do
		[[ -x $BIN/$tool ]] || die "the tools are not built; run: make setup" 3
	done
	KERNEL=${KERNEL:-6.1}
	[[ $KERNEL =~ ^6\.(1|12)$ ]] || die "KERNEL=$KERNEL: choose 6.1 or 6.12"
	[[ -e $KIT/.cache/kernels/$KERNEL/initramfs.cpio ]] ||
		die "kernel $KERNEL is not here; run: make setup" 3
}

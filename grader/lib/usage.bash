# shellcheck shell=bash # sourced by the grader's commands
# A command's header is its manual: the comment from its second line down to "set -…".

# usage - prints it.
usage() {
	sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "$0"
}

# help_asked "$@" - prints it and ends when the first argument asks for it.
help_asked() {
	[[ ${1:-} != -h && ${1:-} != --help ]] || { usage && exit; }
}

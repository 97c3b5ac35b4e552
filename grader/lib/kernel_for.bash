# shellcheck shell=bash
# What is tried in full on one kernel only: half of it on each.

# kernel_for NAME - 6.1 or 6.12, for a name always the same.
kernel_for() {
	local sum
	sum=$(cksum <<<"$1")
	((${sum%% *} % 2)) && echo 6.12 || echo 6.1
}

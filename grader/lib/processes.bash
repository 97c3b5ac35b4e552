# shellcheck shell=bash
# A machine's processes, which work in its folder: its keeper (vm) and its QEMU.

# processes_in FOLDER - PROCESSES: their folders in /proc. No process is started to find them.
processes_in() {
	local process
	PROCESSES=()
	for process in /proc/[0-9]*; do
		[[ ! $process/cwd -ef $1 ]] || PROCESSES+=("$process")
	done
}

# shellcheck shell=bash disable=SC2034,SC2154 # lab.bash and the commands share their variables
# A machine with a lab in it, for try, shell and debug: build, start, load, deliver.

# lab_facts - what differs from lab to lab. VIEWS: node, pages to map, first page; one mapping each.
lab_facts() {
	OPTIONS=() PARAMETERS=() VIEWS=("/dev/$MODULE 4 0")
	case $NN in
	03)
		OPTIONS=(--pci)
		VIEWS=("/dev/lab03-regs 4 0" "/dev/lab03-mem 4 0")
		;;
	05)
		# The middle of the megabyte that every machine sets aside; lab05.h says the same.
		PARAMETERS=(base=0x8040000 size=0x80000)
		VIEWS=("/dev/lab05 4 $((0x8040))")
		;;
	esac
}

ask() {
	"$BIN/vm" "$1" "$M" "${@:2}"
}

# build_lab - module and user test into BUILT.
build_lab() {
	SOURCE=$(cd "$KIT" && realpath "$(source_file)")
	SHOWN=${SOURCE#"$KIT"/}
	BUILT=$KIT/out/${0##*/}/$LAB
	mkdir -p "$BUILT"
	echo "building $SHOWN for kernel $KERNEL, and the lab's user test"
	(cd "$KIT" && grader/build --lab "$NN" --kernel "$KERNEL" --out "$BUILT" --test "$SOURCE") || {
		echo
		head -n 20 "$BUILT/build.log" 2>/dev/null || true
		die "$SHOWN does not build; all the compiler said is in ${BUILT#"$KIT"/}/build.log" 1
	}
}

# start_machine OPTION… - M; it ends with us.
start_machine() {
	M=$BUILT/machine
	rm -rf "$M"
	echo "starting a machine with kernel $(<"$KIT/.cache/kernels/$KERNEL/release")"
	"$BIN/vm" start "$M" --kernel "$KERNEL" --owner $$ "$@" ||
		die "the machine did not start; make doctor says why" 3
	trap '"$BIN/vm" stop "$M" >/dev/null 2>&1 || true' EXIT
}

# load_module - as the student would, and with what the kernel says to it.
load_module() {
	local answer
	printf '\n# insmod %s.ko%s\n' "$MODULE" "${PARAMETERS[*]:+ ${PARAMETERS[*]}}"
	if answer=$(ask load "$BUILT/$MODULE.ko" "${PARAMETERS[@]}"); then
		return
	fi
	echo "insmod: ${answer#errno=}"
	kernel_said 6
	return 1
}

# kernel_said LINES - the end of dmesg; of the console where the machine is gone.
kernel_said() {
	local fate
	fate=$(ask status 2>/dev/null) || true
	if [[ ${fate%%$'\n'*} != alive ]]; then
		echo "    The machine is gone (${fate//$'\n'/: }). The end of its console, all of it is in ${M#"$KIT"/}/console.log:"
		tail -n 25 "$M/console.log" | sed 's/^/    /'
		return
	fi
	ask run -- /bin/busybox dmesg | tail -n "$1" | sed 's/^/    /'
}

deliver_tools() {
	ask put "$BIN/probe" /tmp/probe
	ask put "$BUILT/test" /tmp/test
}

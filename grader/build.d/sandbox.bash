# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables are shared with build, which sources this
# SPDX-License-Identifier: GPL-2.0-only
#
# The room the compiler works in. Sourced by build.
#
# Inside there is /build, a small memory file system, with the lab as it lies in the tree
# (/build/NN-name, /build/lib); /kernel, the headers; /recipe, recorded commands; of the host, what runs a
# compiler, read-only. No /proc, no /etc, no device but null, and no network. The room and all in it end
# with this script, however it ends.

scratch_bytes=$((256 << 20))

sandbox_remedy=': allow user namespaces, or say SANDBOX=none to build without a sandbox'

# Sets room to bubblewrap's arguments.
furnish_room() {
	local dir file

	room=(--unshare-all --die-with-parent --new-session --cap-drop ALL --clearenv
		--setenv PATH /usr/bin:/bin --setenv LC_ALL C --setenv TMPDIR /build --setenv HOME /build)
	for dir in /usr/bin /usr/lib /usr/lib64 /usr/libexec /usr/include /bin /lib /lib64; do
		if [[ -L $dir ]]; then
			room+=(--symlink "$(readlink "$dir")" "$dir")
		elif [[ -d $dir ]]; then
			room+=(--ro-bind "$dir" "$dir")
		fi
	done
	# Debian's awk is a link through /etc/alternatives, and kbuild uses awk.
	room+=(--symlink "$(readlink -f "$(command -v awk)")" /etc/alternatives/awk)
	room+=(--dir /dev --dev-bind /dev/null /dev/null)
	room+=(--ro-bind "$kernel_dir/usr" /kernel --ro-bind "$grader/build.d/inside" /inside)
	room+=(--size "$scratch_bytes" --tmpfs /build)
	for file in "${kit_files[@]}"; do
		room+=(--ro-bind "$file" "/build/${file#"${lab_dir%/*}"/}")
	done
}

# Without bubblewrap: the same furniture in a directory, which inside/main.bash removes at its end. Whoever
# wants to end us early cuts the lifeline, so that this runs to its end even if we do not.
in_directory() {
	local source=$1 target=$2 recipe=$3 mode=$4 directory file

	trap '' HUP INT TERM
	# kbuild cannot live with a blank in a path.
	[[ ${TMPDIR-} =~ ^[/[:alnum:]._-]*$ ]] || TMPDIR=/tmp
	directory=$(mktemp -d "${TMPDIR:-/tmp}/mmap-labs-build.XXXXXX")
	mkdir "$directory/build"
	ln -s "$kernel_dir/usr" "$directory/kernel"
	for file in "${kit_files[@]}"; do
		mkdir -p "$directory/build/$(dirname "${file#"${lab_dir%/*}"/}")"
		cp "$file" "$directory/build/${file#"${lab_dir%/*}"/}"
	done
	cat "/dev/fd/$source" >"$directory/build/$target"
	[[ ! $recipe ]] || cp -r "$recipe" "$directory/recipe"
	exec env -i PATH=/usr/bin:/bin LC_ALL=C TMPDIR="$directory/build" \
		bash "$grader/build.d/inside/main.bash" "$mode" "$directory" "${@:5}"
}

# open_anonymous VARIABLE: a file without a name, so that no way of dying leaves it behind. Bash keeps a
# long here-string in a file it has already removed; /dev/fd opens that one anew, for writing too.
open_anonymous() {
	local long

	printf -v long '%131072s' ''
	exec {fd}<<<"$long"
	{ : >"/dev/fd/$fd"; } 2>/dev/null || chmod u+w "/dev/fd/$fd"
	: >"/dev/fd/$fd"
	printf -v "$1" %d "$fd"
}

# However we end, the lifeline is cut: inside/main.bash then ends what it started. (bubblewrap's own
# --die-with-parent comes too late for a parent that dies while the room is being furnished.)
leave() {
	local status=$?

	if [[ ${inside_pid-} ]]; then
		exec {lifeline}>&-
		wait "$inside_pid" 2>/dev/null || true
	fi
	[[ ! ${had-} ]] || rm -rf "$had"
	# 1 is a verdict on the student's file, never what an accident of ours happens to end with.
	[[ $status != 1 || ${refused-} ]] || trouble "the build itself failed (see above): please report it"
}
trap leave EXIT
trap 'exit 143' HUP INT TERM

# run_inside MODE SOURCE_FD TARGET [RECIPE]: run inside/main.bash with the source as TARGET (a name in the lab
# folder). Sets inside_status and had, the folder of what it made; that goes when we do.
run_inside() {
	local mode=$1 target=${lab_dir##*/}/$3 recipe=${4-} kdir errors held command fd
	local seconds=${BUILD_SECONDS:-60}

	[[ $seconds =~ ^[1-9][0-9]{0,4}$ ]] || usage "BUILD_SECONDS is a number of seconds, not $seconds"
	kdir=$(readlink "$kernel_dir/kdir") || trouble "kernel $kernel is not whole: run vm/kernels/fetch $kernel --force"
	if [[ ${SANDBOX-} == none ]]; then
		[[ $tree != *[[:space:]:]* ]] ||
			trouble "kbuild cannot work below $tree: move the kit to a path without blanks and colons, or use bubblewrap"
		command=(in_directory 7 "$target" "$recipe" "$mode")
	else
		furnish_room
		[[ ! $recipe ]] || room+=(--ro-bind "$recipe" /recipe)
		command=(bwrap "${room[@]}" --file 7 "/build/$target" --remount-ro / bash /inside/main.bash "$mode" "")
	fi

	[[ ! ${results-} ]] || exec {results}<&-
	open_anonymous results
	open_anonymous errors
	# A pipe whose only writing end is ours: it is read-write to be opened without waiting for the other.
	exec {lifeline}<> <(:)
	exec {held}<"/dev/fd/$lifeline"
	"${command[@]}" "${kdir#usr/}" "$target" "$compiler" "$seconds" \
		7<"/dev/fd/$2" 8<&"$held" {lifeline}>&- {held}<&- \
		</dev/null >"/dev/fd/$results" 2>"/dev/fd/$errors" &
	inside_pid=$!
	exec {held}<&-
	wait "$inside_pid" || true
	inside_pid=
	exec {lifeline}>&-

	had=$out/.build.tmp
	rm -rf "$had"
	mkdir "$had"
	# Whoever was killed has left less than an archive.
	tar -xf "/dev/fd/$results" -C "$had" 2>/dev/null || true
	read -r inside_status 2>/dev/null <"$had/status" || {
		[[ ${SANDBOX-} == none ]] || trouble "the sandbox does not work here ($(head -n 1 "/dev/fd/$errors"))${sandbox_remedy}"
		trouble "the build ended without a word ($(head -n 1 "/dev/fd/$errors")): try again"
	}
	exec {errors}<&-
}

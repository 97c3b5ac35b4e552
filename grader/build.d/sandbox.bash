# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The room the compiler works in. Sourced by build.
#
# Inside there is /build, a small memory file system, with the lab as it lies in the tree
# (/build/NN-name, /build/lib); /kernel, the headers; /recipe, recorded commands; of the host, what runs a
# compiler, read-only. No /proc, no /etc, no device but null, and no network. The room and all in it end
# with this script, however it ends.

scratch_bytes=$((256 << 20))

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
	room+=(--ro-bind "$kernel_dir/usr" /kernel --ro-bind "$grader/build.d/inside.bash" /inside.bash)
	room+=(--size "$scratch_bytes" --tmpfs /build)
	for file in "${kit_files[@]}"; do
		room+=(--ro-bind "$file" "/build/${file#"${lab_dir%/*}"/}")
	done
}

# Without bubblewrap: the same furniture in a directory, which a SIGKILL may leave behind; the next run
# clears away what a dead one left.
furnish_directory() {
	local stale file

	for stale in "${TMPDIR:-/tmp}"/mmap-labs-build.*; do
		file=${stale#*/mmap-labs-build.}
		[[ ! -O $stale ]] || kill -0 "${file%%.*}" 2>/dev/null || rm -rf "$stale"
	done
	directory=$(mktemp -d "${TMPDIR:-/tmp}/mmap-labs-build.$$.XXXXXX")
	mkdir "$directory/build"
	ln -s "$kernel_dir/usr" "$directory/kernel"
	for file in "${kit_files[@]}"; do
		mkdir -p "$directory/build/$(dirname "${file#"${lab_dir%/*}"/}")"
		cp "$file" "$directory/build/${file#"${lab_dir%/*}"/}"
	done
}

leave() {
	[[ ! ${inside_pid-} ]] || kill -KILL "$inside_pid" 2>/dev/null || true
	[[ ! ${directory-} ]] || rm -rf "$directory"
	[[ ! ${work-} ]] || rm -rf "$work"
}
trap leave EXIT
trap 'exit 143' HUP INT TERM

# run_inside MODE SOURCE_FD TARGET [RECIPE]: run inside.bash with the source as TARGET (a name in the lab
# folder). Its results, a tar archive, are then on fd $results, and their status in $inside_status.
run_inside() {
	local mode=$1 target=${lab_dir##*/}/$3 recipe=${4-} copy errors writer command
	local seconds=${BUILD_SECONDS:-60} kdir

	copy=$(mktemp)
	exec {results}<"$copy" {writer}>"$copy" {errors}<>"$copy.err"
	rm -f "$copy" "$copy.err"
	kdir=$(readlink "$kernel_dir/kdir")
	if [[ ${SANDBOX-} == none ]]; then
		furnish_directory
		cat "/dev/fd/$2" >"$directory/build/$target"
		[[ ! $recipe ]] || cp -r "$recipe" "$directory/recipe"
		command=(setpriv --pdeathsig KILL env -i PATH=/usr/bin:/bin LC_ALL=C TMPDIR="$directory/build"
			bash "$grader/build.d/inside.bash" "$mode" "$directory")
	else
		furnish_room
		[[ ! $recipe ]] || room+=(--ro-bind "$recipe" /recipe)
		command=(bwrap "${room[@]}" --file 7 "/build/$target" --remount-ro / bash /inside.bash "$mode" "")
	fi
	"${command[@]}" "${kdir#usr/}" "$target" "$compiler" "$seconds" \
		7<"/dev/fd/$2" </dev/null >&"$writer" 2>&"$errors" &
	inside_pid=$!
	wait "$inside_pid" || true
	inside_pid=
	exec {writer}>&-
	[[ ! ${directory-} ]] || rm -rf "$directory"
	directory=

	inside_status=$(tar -xOf "/dev/fd/$results" ./status 2>/dev/null) || {
		[[ ${SANDBOX-} == none ]] || trouble "the sandbox does not work here ($(head -n 1 "/dev/fd/$errors")):" \
			"allow user namespaces, or say SANDBOX=none to build without one"
		trouble "the build ended without a word ($(head -n 1 "/dev/fd/$errors")): try again"
	}
	exec {errors}<&-
}

# Unpack the results of run_inside into $work, a directory beside where they go.
take_results() {
	work=$out/.build
	rm -rf "$work"
	mkdir "$work"
	tar -xf "/dev/fd/$results" -C "$work"
	exec {results}<&-
}

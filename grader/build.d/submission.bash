# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables are shared with build, which sources this
# SPDX-License-Identifier: GPL-2.0-only
#
# What is asked for: the lab, the kernel, the student's file. Sourced by build.

# Larger than any lab by a factor of fifty.
max_source=$((1 << 20))

# Sets lab (two digits), lab_dir and module (labNN).
find_lab() {
	local labs=${LABS_DIR:-$tree/labs} found

	lab=${lab%%-*}
	[[ $lab =~ ^[0-9]{2}$ ]] || usage "say which lab: --lab NN, two digits"
	for found in "$labs/$lab"-*; do
		[[ -f $found/lab$lab.h && -f $found/Makefile ]] || continue
		lab_dir=$found
		[[ $lab_dir == /* ]] || lab_dir=$(cd "$found" && pwd)
		module=lab$lab
		return
	done
	usage "there is no lab $lab: the labs are$(for found in "$labs"/[0-9][0-9]-*; do printf ' %.2s' "${found##*/}"; done)"
}

# Sets kernel_dir and compiler.
find_kernel() {
	[[ $kernel =~ ^[0-9]+\.[0-9]+$ ]] || usage "say which kernel: --kernel 6.1 or --kernel 6.12"
	kernel_dir=$tree/.cache/kernels/$kernel
	[[ -f $kernel_dir/stamp ]] || trouble "kernel $kernel is not there: run vm/kernels/fetch $kernel"
	read -r compiler <"$kernel_dir/compiler"
}

# Copy the file once into one without a name, open as fd $source: what is checked is what is built, and
# nothing stays behind however we end. Each refusal is one line; a name may hold anything, so quote it.
read_submission() {
	local path=$1 name text='' zero=''

	printf -v name %q "${1##*/}"
	[[ $path == /* ]] || path=./$path
	[[ $1 ]] || usage "the submission has no name: grader/build --help explains"
	# Not followed: it may lead to a file of the host, and the compiler quotes what it does not understand.
	[[ ! -L $path ]] || usage "$name is a link: submit the file itself"
	[[ -e $path ]] || usage "there is no file $name: check the path"
	[[ ! -d $path ]] || usage "$name is a directory: name the .c file in it"
	[[ -f $path ]] || usage "$name is not a regular file: copy it to one first"
	[[ $path == *.c ]] || usage "$name is not a C file: a submission is one file called *.c"
	[[ -r $path ]] || usage "$name cannot be read: check its permissions"

	# By bytes, up to the first zero: it succeeds where there is one, or too much.
	local LC_ALL=C
	! IFS= read -r -d '' -n $((max_source + 1)) text <"$path" || zero=yes
	if ((${#text} > max_source)) || [[ $zero && $(stat -L -c %s "$path") -gt $max_source ]]; then
		usage "$name is larger than 1 MiB: a submission is one hand-written C file"
	fi
	[[ ! $zero ]] || usage "$name is binary (it holds zero bytes): submit the C source, not what was built from it"
	[[ $text ]] || usage "$name is empty: submit the file you worked on"
	open_anonymous source
	printf %s "$text" >"/dev/fd/$source"
}

need_tools() {
	local pair missing=()

	for pair in "$compiler:$compiler" make:make ld:binutils tar:tar timeout:coreutils; do
		command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
	done
	[[ ${SANDBOX-} == none ]] || command -v bwrap >/dev/null || missing+=(bubblewrap)
	((${#missing[@]} == 0)) ||
		trouble "missing tools: apt-get install --no-install-recommends ${missing[*]}"
}

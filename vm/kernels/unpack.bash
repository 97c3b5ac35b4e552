# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# From Debian's packages to the layout that fetch promises. Sourced by fetch.

# What the virtio port needs, in the order of loading. 6.12 has all of it built in.
port_modules=(virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_console)

need_tools() {
	local pair missing=()

	for pair in apt-get:apt dpkg:dpkg lz4:lz4 zstd:zstd xz:xz-utils flock:util-linux; do
		command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
	done
	((${#missing[@]} == 0)) ||
		die "missing tools: apt-get install --no-install-recommends ${missing[*]}"
}

# A little-endian number of 1 or 4 bytes at an offset of a file.
number_at() {
	od -An -v -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' \n'
}

# The PVH ELF inside a bzImage: it boots without decompressing itself, a third faster under TCG.
# (Offsets: Documentation/arch/x86/boot.rst; the payload ends in four bytes with its unpacked size.)
extract_vmlinux() {
	local image=$1 out=$2 start length magic unpack

	[[ $(number_at "$image" 514 4) == $((0x53726448)) ]] || die "$image is no bzImage: please report this kernel"
	start=$((($(number_at "$image" 497 1) + 1) * 512 + $(number_at "$image" 584 4)))
	length=$(($(number_at "$image" 588 4) - 4))
	magic=$(od -An -t x1 -j "$start" -N 4 "$image" | tr -d ' ')
	case $magic in
	02214c18) unpack=(lz4 -dc) ;;
	28b52ffd) unpack=(zstd -dcq) ;;
	fd377a58) unpack=(xz -dc) ;;
	*) die "the kernel is compressed in an unknown way ($magic): please report this kernel" ;;
	esac
	tail -c "+$((start + 1))" "$image" | head -c "$length" | "${unpack[@]}" >"$out" || true
	[[ $(stat -c %s "$out") == $(number_at "$image" $((start + length)) 4) ]] ||
		die "the kernel in $image does not unpack: run this again with --force"
	[[ $(number_at "$out" 0 4) == $((0x464c457f)) ]] || die "the kernel in $image is no ELF file: please report this kernel"
}

unpack_modules() {
	local modules=$1 out=$2 name file number=0

	[[ -f $modules/modules.builtin ]] || die "the image package has a new form: please report this kernel"
	mkdir -p "$out"
	for name in "${port_modules[@]}"; do
		grep -q "/$name\.ko$" "$modules/modules.builtin" && continue
		file=$(find "$modules/kernel" -name "$name.ko" -o -name "$name.ko.xz" -o -name "$name.ko.zst")
		number=$((number + 1))
		printf -v name '%s/%02d-%s.ko' "$out" "$number" "$name"
		case $file in
		*.xz) xz -dc "$file" >"$name" ;;
		*.zst) zstd -dcq "$file" >"$name" ;;
		*.ko) cp "$file" "$name" ;;
		*) die "the kernel has no module for ${name##*/}: please report this kernel" ;;
		esac
	done
}

# Make the headers work where they are: no absolute path, no other architecture's 5000 files.
unpack_headers() {
	local headers=$1/usr/src/linux-headers-$2

	sed -i 's|^include /usr/src/|include ../|' "$headers/Makefile"
	! grep -q /usr/src "$headers/Makefile" || die "the headers' Makefile has a new form: please report this kernel"
	find "$1"/usr/src/*-common/arch -mindepth 1 -maxdepth 1 ! -name x86 -exec rm -rf {} +
	# With it every module gets BTF, which nobody here reads and which needs pahole; kbuild skips it
	# where there is no vmlinux.
	rm -f "$headers/vmlinux"
	ln -s "usr/src/linux-headers-$2" "$1/kdir"
	sed -n 's/^CC = .*\(gcc-[0-9]*\)$/\1/p' "$headers/.kernelvariables" >"$1/compiler"
	[[ -s $1/compiler ]] || die "the headers name no compiler: please report this kernel"
}

# unpack_kernel DIR RELEASE: from DIR/debs into DIR.
unpack_kernel() {
	local dir=$1 release=$2 deb modules

	say "unpacking"
	for deb in "$dir"/debs/*.deb; do
		case $deb in
		*/linux-image-*) dpkg -x "$deb" "$dir/image" ;;
		*) dpkg -x "$deb" "$dir/headers" ;;
		esac
	done
	mv "$dir/headers/usr" "$dir/usr"
	mv "$dir/image/boot/vmlinuz-$release" "$dir/vmlinuz"
	mv "$dir/image/boot/config-$release" "$dir/config"
	extract_vmlinux "$dir/vmlinuz" "$dir/vmlinux"
	modules=$(find "$dir/image" -type d -path "*/lib/modules/$release")
	unpack_modules "$modules" "$dir/initramfs-modules"
	unpack_headers "$dir" "$release"
	echo "$release" >"$dir/release"
	rm -rf "$dir/image" "$dir/headers"
}

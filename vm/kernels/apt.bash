# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Asking Debian which packages make up a kernel, and getting them. Sourced by fetch.
#
# The package lists are tried in this order, and the first that serves is used:
#	host     the lists the host already has, as they are
#	update   the host's sources, updated in a private state (no root; the host's lists are left alone)
#	suite    the host's own Debian mirrors, asked for the Debian release that carries this kernel

apt_dir=${cache:?is set by fetch}/apt

# Run an apt tool on the lists that use_lists chose; what it complains about goes to the log.
apt() {
	timeout 900 "$1" -q -c "$apt_dir/conf" "${@:2}" 2>>"$apt_dir/log"
}

# apt reads this after everything of the host; the host's hooks are not meant for private lists.
use_lists() {
	mkdir -p "$apt_dir"/{lists/partial,archives/partial}
	cat >"$apt_dir/conf" <<-EOF
		#clear APT::Update::Pre-Invoke;
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
		#clear Acquire::IndexTargets::deb::DEP-11;
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Acquire::Retries "2";
		Acquire::http::Timeout "20";
		Acquire::https::Timeout "20";
		Dir::Cache "$apt_dir";
	EOF
	[[ $1 == host ]] || echo "Dir::State::Lists \"$apt_dir/lists\";" >>"$apt_dir/conf"
	[[ $1 != suite ]] || cat >>"$apt_dir/conf" <<-EOF
		Dir::Etc::SourceList "$apt_dir/suite.list";
		Dir::Etc::SourceParts "/dev/null";
	EOF
}

update_lists() {
	say "updating the package lists (a private copy, about 10 MB)"
	# Not fatal: a dead third-party source must not stand between us and Debian's.
	apt apt-get update >>"$apt_dir/log" || say "some package lists could not be updated"
}

# The Debian release whose own kernel this is.
suite_of() {
	case $1 in
	6.1) echo bookworm ;;
	6.12) echo trixie ;;
	esac
}

# Write the host's Debian sources with another release's name in them: same mirrors, same keys.
write_suite_list() {
	local suite key

	suite=$(suite_of "$1")
	[[ $suite ]] || return 1
	key=$(find /usr/share/keyrings -name 'debian-archive-keyring.*' 2>/dev/null | sort | head -n 1)
	# shellcheck disable=SC2016 # the names are apt's, not the shell's
	apt apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(COMPONENT) $(REPO_URI)' |
		awk -v suite="$suite" -v key="${key:+[signed-by=$key] }" '
			$1 == "Debian" && $3 == "main" && $2 !~ "^" suite {
				sub(/^[a-z]+/, suite, $2)
				line = "deb " key $4 " " $2 " main"
				if (!seen[line]++)
					print line
			}' >"$apt_dir/suite.list"
	[[ -s $apt_dir/suite.list ]]
}

depends_of() {
	apt apt-cache show "$@" | sed -n 's/^Depends: //p'
}

# Name the kernel's packages as PACKAGE=VERSION, from the meta package that depends on this kernel.
# Sets release, debian_version, packages and uris; fails unless these lists have all of them.
name_packages() {
	local meta depends name

	for meta in "linux-image-$1-cloud-amd64" linux-image-cloud-amd64; do
		depends=$(depends_of --no-all-versions "$meta") || continue
		[[ $depends =~ linux-image-(${1//./\\.}\.[^ ,]*)\ \(=\ ([^\)]*)\) ]] || continue
		release=${BASH_REMATCH[1]} debian_version=${BASH_REMATCH[2]}
		packages=("linux-image-$release=$debian_version" "linux-headers-$release=$debian_version")
		depends=$(depends_of "${packages[1]}") || continue
		while read -r name; do
			packages+=("$name=$debian_version")
		done < <(grep -oE 'linux-(headers-[^ ,|]*-common|kbuild-[^ ,|]*)' <<<"$depends")
		((${#packages[@]} == 4)) || continue
		uris=$(cd "$apt_dir" && apt apt-get download --print-uris "${packages[@]}") && return 0
	done
	return 1
}

# Download the named packages into a directory. apt checks what it downloads, and so do we, against the
# same signed lists: whatever the way it took, no other byte is unpacked.
download_packages() {
	local uri file size sum

	say "downloading $release, Debian's $debian_version ($(awk '{ n += $3 } END { print int(n / 1e6) }' <<<"$uris") MB)"
	(cd "$1" && apt apt-get download "${packages[@]}" >>"$apt_dir/log") || return 1
	while read -r uri file size sum; do
		[[ $sum == SHA256:* ]] || die "apt gives no SHA256 for $uri: update the package lists and try again"
		file=${file//%3a/:}
		if [[ $(stat -c %s "$1/$file") != "$size" || $(sha256sum <"$1/$file") != "${sum#SHA256:}  -" ]]; then
			die "$file is not what the package list promises (a mirror in the middle of an update?): try again later"
		fi
	done <<<"$uris"
}

# get_packages VERSION DIR: name and download, from the first lists that serve.
get_packages() {
	local lists

	: >"$apt_dir/log"
	for lists in host update suite; do
		[[ $lists != suite ]] || write_suite_list "$1" || continue
		use_lists "$lists"
		[[ $lists == host ]] || update_lists
		name_packages "$1" && download_packages "$2" && return 0
	done
	grep -hE '^(E|W|Err)' "$apt_dir/log" | sort -u | tail -n 5 >&2 || true
	if grep -qE 'Could not resolve|Could not connect|Temporary failure|Unable to connect|timed out' "$apt_dir/log"; then
		die "the Debian mirror cannot be reached: connect once (or set http_proxy) and run this again; later runs work offline"
	fi
	[[ $(suite_of "$1") ]] || die "no Debian release here has a cloud kernel $1: use 6.1 or 6.12"
	die "these sources have no cloud kernel $1: add the Debian release $(suite_of "$1") (with its updates and security) to the apt sources and run this again (apt's log: .cache/kernels/apt/log)"
}

#!/bin/bash
# Looks at what `make deb` made: package.sh; prints "ok NAME" or "FAIL NAME" for each question.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
unset MAKEFLAGS MFLAGS MAKELEVEL
export LC_ALL=C.UTF-8

tree=$PWD
version=$(make -s print-version)
deb=$(ls "build/deb/sa-nat64_${version}_"*.deb) || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
installed=$work/installed
packed=$work/packed
dpkg-deb -x "$deb" "$packed"
(
	umask 077
	make -s install DESTDIR="$installed" PREFIX=/usr
) >"$work/log" 2>&1 || cat "$work/log"

# asks NAME COMMAND...: COMMAND succeeds
asks() {
	local name=$1

	shift
	if "$@" >"$work/log" 2>&1; then
		echo "ok $name"
	else
		echo "FAIL $name"
		sed 's/^/     /' "$work/log"
	fi
}
says_nothing() {
	"$@" | tee "$work/said"
	[ ! -s "$work/said" ]
}

elf_files() { find "$1" -type f -exec sh -c 'head -c 4 "$1" | grep ELF >/dev/null' is-elf {} \; -printf '%P\n' | sort; }

# Manual pages are their maker's affair, but once there is one, each program has one.
without_warnings() {
	local suppress=no-manual-page

	[ ! -d "$packed/usr/share/man" ] || suppress=
	lintian --allow-root --fail-on error,warning ${suppress:+--suppress-tags $suppress} "${deb%/*}"/*.changes
}

# what_is_there ROOT: modes, types and names, as if manuals were not compressed
what_is_there() { (cd "$1" && find . -printf '%M %P\n' | sed 's/^\(l[^ ]*\|-.*\/man\/.*\)\.gz$/\1/' | sort -k 2); }
same_files() {
	diff <(what_is_there "$installed" | grep -v '/doc/sa-nat64/LICENSE$') \
		<(what_is_there "$packed" | grep -v '/doc/sa-nat64/\(copyright\|changelog.gz\)$')
}
same_texts() {
	local file

	(cd "$installed" && find . -type f ! -name LICENSE -printf '%P\n') | grep -vxFf <(elf_files "$installed") |
		while read -r file; do
			if [ -e "$packed/$file" ]; then
				cmp "$installed/$file" "$packed/$file"
			else
				zcmp "$installed/$file" "$packed/$file.gz"
			fi 2>&1
		done
}
# code_of FILE: what of a program is not for debuggers
code_of() {
	strip -o "$work/code" -R .comment -R .note -R .note.gnu.build-id -R .gnu_debuglink -R .gnu_debugaltlink "$1"
	objcopy -O binary "$work/code" "$work/bytes"
	sha256sum <"$work/bytes"
}
# Two builds of the same sources in two folders: this tree's and the package's.
same_programs() {
	local program

	for program in $(elf_files "$packed"); do
		[ "$(code_of "$packed/$program")" = "$(code_of "$installed/$program")" ] || echo "$program"
	done
}
# The package made once more, elsewhere and later.
same_package() {
	cp -a build/deb/sa-nat64 "$work/again"
	(
		cd "$work/again" || exit 1
		rm -rf debian/sa-nat64 debian/.debhelper debian/debhelper-build-stamp debian/files debian/sa-nat64.substvars
		umask 077
		SOURCE_DATE_EPOCH=$(dpkg-parsechangelog -S Timestamp) TZ=Asia/Tokyo debian/rules binary
	) && cmp "$deb" "$work/${deb##*/}"
}

programs_named() { [ "$(elf_files "$packed" | sed 's/.*\///' | sort)" = "$(make -s print-programs | tr ' ' '\n' | sort)" ]; }
paths_of_builder() { (cd "$packed" && grep -rlaF -e "$tree" .); }
own_and_closed() { dpkg-deb -c "$deb" | awk '$2 != "root/root" || ($1 !~ /^l/ && $1 !~ /^[-d]rw[-x]r-[-x]r-[-x]$/)'; }
hardened() {
	local program

	for program in $(elf_files "$packed"); do
		readelf -hdlsW "$packed/$program" >"$work/elf"
		grep -q 'Type:.*DYN' "$work/elf" || echo "$program: not position independent"
		grep -q 'FLAGS.*NOW\|BIND_NOW' "$work/elf" || echo "$program: not bound at start"
		grep -q GNU_RELRO "$work/elf" || echo "$program: no RELRO"
		grep 'GNU_STACK' "$work/elf" | grep 'RWE' >/dev/null && echo "$program: executable stack"
		grep -q __stack_chk_fail "$work/elf" || echo "$program: no stack protector"
		grep -q '__[a-z]*_chk@' "$work/elf" || echo "$program: not fortified"
	done
}
# Groups that units name, besides FRR's, are made by the installation; so is the directory of the group.
groups_are_made() {
	mkdir -p "$work/root/etc" "$work/root/run"
	systemd-sysusers --root="$work/root" "$packed/usr/lib/sysusers.d/sa-nat64.conf" || return
	systemd-tmpfiles --root="$work/root" --create "$packed/usr/lib/tmpfiles.d/sa-nat64.conf" || return
	sed -nE 's/^(Group|SupplementaryGroups)=//p' "$packed"/usr/lib/systemd/system/*.service | tr ' ' '\n' |
		grep -vxE 'frr|frrvty' | sort -u >"$work/groups"
	diff "$work/groups" <(cut -d : -f 1 "$work/root/etc/group" | sort) && [ -s "$work/groups" ] &&
		[ "$(stat -c %a "$work/root/run/sa-nat64")" = 2750 ]
}
# What comes with build-essential is not named in debian/control.
same_build_packages() {
	diff <(sed -n '/^packages_build=/,/"$/p' tests/tools/deps.sh | sed 's/.*="//; s/"//' | tr -s ' \t' '\n' |
		grep -vx -e gcc -e libc6-dev -e '' | sort) \
		<(sed -n '/^Build-Depends/,/^[A-Z]/p' debian/control | sed -n 's/^ \([^ ,]*\).*/\1/p' | sort)
}
uninstalled() {
	local kept="./etc/sa-nat64/sync.key"

	touch "$installed/etc/sa-nat64/sync.key" "$installed/usr/sbin/other"
	make -s uninstall DESTDIR="$installed" PREFIX=/usr
	diff <(printf '%s\n' $kept ./usr/sbin/other) <(cd "$installed" && find . ! -type d | sort)
	says_nothing find "$installed/usr" -name '*sa-nat64*'
}

asks lintian without_warnings
asks same-files-as-make-install same_files
asks same-texts-as-make-install says_nothing same_texts
asks every-program programs_named
asks programs-equal-in-two-folders says_nothing same_programs
asks package-equal-when-made-again same_package
asks no-path-of-the-builder says_nothing paths_of_builder
asks modes-and-owners says_nothing own_and_closed
asks hardening says_nothing hardened
asks same-build-packages same_build_packages
asks groups-are-made groups_are_made
asks uninstall uninstalled

#!/bin/bash
# The fast path on Debian 12's stock kernel, in an emulated machine: boots that kernel under QEMU with the programs of
# build/, sends traffic through them (kernel61_guest.sh says which) and prints one `ok` or `FAIL` line for each check.
#
# usage: kernel61.sh [KERNEL]     KERNEL: 6.1.0-NN-amd64, by default the newest that linux-image-amd64 depends on
#
# As root on Debian 12. Needs qemu-system-x86 (installed if it is missing), busybox-static and cpio likewise; no KVM.
# The kernel's package is downloaded by apt and unpacked, not installed. Takes two to five minutes. Exit 1 on any FAIL.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
bin=${BUILD:-$root/build}
object=$root/build/release/gen/translator/fastpath.bpf.o
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
modules="drivers/net/tun drivers/net/veth net/sched/sch_ingress net/sched/cls_bpf"
tools="ip ping iperf3 ethtool bpftool"
limit=900 # seconds for the whole guest

say() { echo "kernel61: $*"; }
die() {
	echo "kernel61: $*" >&2
	exit 1
}

install_tools() {
	local missing=() package

	for package in qemu-system-x86 busybox-static cpio iproute2 iputils-ping iperf3 ethtool bpftool; do
		dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -x installed >/dev/null || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing ${missing[*]}"
	DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends "${missing[@]}" >"$work/apt.log" 2>&1 ||
		die "apt-get failed: $(tail -n 3 "$work/apt.log")"
}

newest_kernel() {
	apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: linux-image-\([0-9].*-amd64\)$/\1/p' | head -n 1
}

fetch_kernel() {
	say "downloading and unpacking linux-image-$kernel"
	(cd "$work" && apt-get -q download "linux-image-$kernel" >apt.log 2>&1) ||
		die "apt-get download failed: $(tail -n 3 "$work/apt.log")"
	dpkg -x "$work"/linux-image-*.deb "$work/kernel"
}

# put PROGRAM: into the guest's /tools, and the libraries it is linked with to their usual paths
put() {
	local library

	install -m 755 "$1" "$guest/tools/"
	for library in $(ldd "$1" 2>/dev/null | grep -o '/[^ ]*'); do
		[ -e "$guest$library" ] || install -D -m 755 "$library" "$guest$library"
	done
}

make_initramfs() {
	local tool module

	guest=$work/guest
	mkdir -p "$guest"/{bin,tools,proc,sys,dev,run,tmp,etc,modules}
	install -m 755 "$(command -v busybox)" "$guest/bin/busybox"
	for tool in $tools; do
		put "$(command -v "$tool")"
	done
	put "$bin/sa-nat64-translator"
	put "$bin/sa-nat64"
	for module in $modules; do
		cp "$work/kernel/lib/modules/$kernel/kernel/$module.ko" "$guest/modules/"
	done
	[ ! -e "$object" ] || cp "$object" "$guest/fastpath.bpf.o"
	install -m 755 "$root/tests/tools/kernel61_guest.sh" "$guest/init"
	(cd "$guest" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/initramfs"
}

# No network card: the guest's only networks are its own namespaces.
boot() {
	say "booting $kernel, without KVM, at most $limit seconds"
	timeout "$limit" qemu-system-x86_64 -machine q35,accel=tcg -cpu max -smp 2 -m 1024 -nic none -nographic \
		-no-reboot -kernel "$work/kernel/boot/vmlinuz-$kernel" -initrd "$work/initramfs" \
		-append "console=ttyS0 quiet panic=-1" </dev/null 2>&1 | sed -u 's/\r//g' | tee "$work/console" |
		grep --line-buffered -aE '^(ok|FAIL|note|  \|) '
}

[ "$(id -u)" = 0 ] || die "run it as root: it installs packages"
[ -x "$bin/sa-nat64-translator" ] || die "$bin/sa-nat64-translator is missing; run make"
install_tools
PATH=$PATH:/usr/sbin:/sbin
kernel=${1:-$(newest_kernel)}
[ -n "$kernel" ] || die "apt knows no linux-image-amd64; is this Debian 12, and was apt-get update run?"
fetch_kernel
make_initramfs
boot || true
if ! grep -qax 'note end' "$work/console"; then
	tail -n 20 "$work/console"
	die "the guest did not come to its end"
fi
! grep -qa '^FAIL ' "$work/console"

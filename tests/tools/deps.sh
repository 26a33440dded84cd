#!/bin/bash
# Installs the Debian packages that a target of the Makefile needs and that are missing:
# deps.sh build|check|demo|bench|deb.
# Only root installs; anybody else is told what to do. No service that comes with a package is started or enabled.
set -euo pipefail

packages_build="gcc libc6-dev pkg-config libmnl-dev libnl-3-dev libnl-route-3-dev libsystemd-dev libprotobuf-c-dev
	protobuf-c-compiler libinih-dev libjansson-dev libsodium-dev libbpf-dev clang bpftool libcap-ng-dev
	libmicrohttpd-dev libncurses-dev zlib1g-dev"
packages_demo="$packages_build ca-certificates iproute2 unbound nginx-light curl bind9-dnsutils iputils-ping
	traceroute procps nftables frr bird2 systemd util-linux python3"
packages_check="$packages_demo git libcmocka-dev clang libclang-rt-14-dev clang-format iperf3
	debhelper dpkg-dev lintian tcpdump tshark ethtool strace bind9-utils pdns-recursor radvd
	man-db mandoc zsh prometheus python3-prometheus-client tmux"
packages_bench="$packages_build git iproute2 iperf3 tayga nftables iputils-ping procps python3
	conntrackd conntrack frr bird2 systemd util-linux"
packages_deb="$packages_build debhelper dpkg-dev"

# Services that would run on the host; the tests start their own copies in namespaces.
services="unbound nginx tayga iperf3 conntrackd frr bird pdns-recursor radvd prometheus"
policy=/usr/sbin/policy-rc.d

missing_of() {
	local package
	for package in "$@"; do
		dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -x installed >/dev/null ||
			echo "$package"
	done
}

forbid_service_start() {
	[ -e "$policy" ] && return
	printf '#!/bin/sh\nexit 101\n' > "$policy"
	chmod 755 "$policy"
	trap 'rm -f "$policy"' EXIT
}

# A service that was just installed must not start at the next boot either.
disable_new_services() {
	local package service
	for package in "$@"; do
		service=${package%-light}
		service=${service%2} # bird2
		case " $services " in
		*" $service "*)
			# The helper does nothing unless a package's script seems to call it.
			DPKG_MAINTSCRIPT_PACKAGE=$package deb-systemd-helper disable "$service.service" >/dev/null 2>&1 || true
			update-rc.d "$service" disable >/dev/null 2>&1 || true
			echo "deps: the service $service was installed, but neither started nor enabled"
			;;
		esac
	done
}

apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 "$@"
}

install_missing() {
	local log
	log=$(mktemp)
	echo "deps: installing for '$group': $*"
	forbid_service_start
	if ! { apt update && apt install --no-install-recommends "$@"; } > "$log" 2>&1; then
		tail -n 20 "$log" >&2
		echo "deps: apt-get failed (full log: $log)" >&2
		exit 1
	fi
	rm -f "$log"
	echo "deps: installed"
	disable_new_services "$@"
}

group=${1:-}
case $group in
build | check | demo | bench | deb) ;;
*)
	echo "usage: deps.sh build|check|demo|bench|deb" >&2
	exit 2
	;;
esac
if ! command -v dpkg-query >/dev/null; then
	echo "deps: no Debian system, nothing is installed; needed are the counterparts of:"
	eval "echo \$packages_$group"
	exit 0
fi
eval "wanted=\$packages_$group"
# shellcheck disable=SC2154,SC2086
mapfile -t missing < <(missing_of $wanted)
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ]; then
	echo "deps: missing packages: ${missing[*]}" >&2
	echo "deps: run 'sudo make deps-$group', or: apt-get install ${missing[*]}" >&2
	exit 1
fi
install_missing "${missing[@]}"

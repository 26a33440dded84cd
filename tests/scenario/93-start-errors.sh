#!/bin/bash
# Everything that can be wrong at start: one clear line, the right exit code, and nothing left half done.
. "$(dirname "$0")/lib.sh"

scenario_open
network
configure

# ends CODE WORD COMMAND...: exit code CODE, and one line on stderr with WORD in it
ends() {
	local code=$1 word=$2 status=0

	shift 2
	"$@" >"$lab_dir/out" 2>"$lab_dir/err" || status=$?
	echo "exit $status"
	cat "$lab_dir/err"
	[ "$status" = "$code" ] && [ "$(wc -l <"$lab_dir/err")" = 1 ] && grep -q -- "$word" "$lab_dir/err"
}
# a second line names --help
refuses_option() {
	local status=0

	start sa-nat64.conf --frobnicate >"$lab_dir/out" 2>"$lab_dir/err" || status=$?
	[ "$status" = 2 ] && grep -q -- --frobnicate "$lab_dir/err" && grep -q -- --help "$lab_dir/err"
}

# start CONFIGURATION [ARGUMENT...]
start() {
	in_ns gw timeout 60 "$bin/sa-nat64-translator" -c "$lab_dir/$1" -r "${rundir:-$lab_dir/run}" "${@:2}"
}
start_without_tun() {
	in_ns gw unshare -m bash -c "mount --bind '$lab_dir' /dev/net &&
		exec timeout 60 '$bin/sa-nat64-translator' -c '$lab_dir/sa-nat64.conf' -r '$lab_dir/run' nat64"
}
# a copy, because the tree may lie where only its owner may look
start_as_nobody() {
	cp "$bin/sa-nat64-translator" "$lab_dir/"
	in_ns gw setpriv --reuid 65534 --regid 65534 --clear-groups timeout 60 \
		"$lab_dir/sa-nat64-translator" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run-nobody" nat64
}
start_elsewhere() { rundir=$lab_dir/run2 start sa-nat64.conf nat64; }
no_device() { refuse in_ns gw ip link show nat64; }

sed 's/^mode = siit/&\npool4 = 198.51.100.0\/28/' "$lab_dir/sa-nat64.conf" >"$lab_dir/bad.conf"

check "--help: 0" translator --help
check "--version: 0" translator --version
check "--check-config accepts: 0" translator --check-config
check "--check-config refuses with file and line: 2" ends 2 "bad.conf:[0-9]*: " start bad.conf --check-config
check "a bad configuration: 2" ends 2 "bad.conf:[0-9]*: " start bad.conf nat64
check "no such file: 2" ends 2 "nowhere.conf" start nowhere.conf nat64
check "no such instance: 2" ends 2 "lower" start sa-nat64.conf lower
check "no instance named: 2" ends 2 "INSTANCE" start sa-nat64.conf
check "an unknown option: 2" refuses_option
check "without /dev/net/tun: 1" ends 1 "/dev/net/tun" start_without_tun
check "without privileges: 1" ends 1 "nat64" start_as_nobody
check "no device was made by any of them" no_device
translator_start
check "the instance runs already: 1" ends 1 "nat64" start sa-nat64.conf nat64
check "the device is in use: 1" ends 1 "nat64" start_elsewhere
check "the one that runs is not disturbed" cli -i nat64 status

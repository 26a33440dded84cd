#!/bin/bash
# What the running translator may still do, and who may speak to it.
. "$(dirname "$0")/lib.sh"

scenario_open
network
configure
translator_start
pid=$lab_pid

status_of() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$pid/status"; }
# at most CAP_NET_ADMIN (bit 12) and CAP_NET_RAW (bit 13)
few_capabilities() {
	echo "$1 is $(status_of "$1")"
	[ $((0x$(status_of "$1") & ~0x3000)) = 0 ]
}
# a copy, because the tree may lie where only its owner may look
refuses_nobody() {
	local said

	cp "$bin/sa-nat64" "$lab_dir/"
	said=$(setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all --inh-caps -all \
		"$lab_dir/sa-nat64" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" status 2>&1) && return 1
	echo "$said"
	grep -qi 'permission' <<<"$said"
}

for set in CapEff CapPrm CapBnd CapInh CapAmb; do
	check "few capabilities: $set" few_capabilities $set
done
check "it can gain none: NoNewPrivs" test "$(status_of NoNewPrivs)" = 1
check "the control socket is 0660" test "$(stat -c %a "$lab_dir/run/nat64/control.sock")" = 660
check "its folder is 0750" test "$(stat -c %a "$lab_dir/run/nat64")" = 750
check "root is answered" cli -i nat64 status
check "an unprivileged user is refused, and told so" refuses_nobody

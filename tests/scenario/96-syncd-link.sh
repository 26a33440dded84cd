#!/bin/bash
# The interface of the exchange comes late, goes, is renamed, is made again, is too narrow: sa-nat64-syncd says so and
# goes on as soon as it can. With an IPv6 and with an IPv4 group.
# mostly waits
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/syncd.sh"

scenario_open
syncd_network

# Both ways, since the state of one box alone says little. last BOX: what was said of the peer last.
last() { grep "instance lower: peer" "$lab_dir/syncd-$1.log" | tail -n 1; }
in_contact() { last a | grep "is in-sync" >/dev/null && last b | grep "is in-sync" >/dev/null; }
apart() { last a | grep "is lost" >/dev/null && last b | grep "is lost" >/dev/null; }

rename() {
	in_ns a ip link set "$1" down
	in_ns a ip link set "$1" name "$2"
	in_ns a ip link set "$2" up
}

group() {
	local name=$1 before

	shift
	syncd_configure "$@"
	in_ns a ip link del sync0
	syncd_start a
	started=("$lab_pid")
	syncd_start b
	started+=("$lab_pid")
	check "$name: it runs without the interface" wait_for 5 logged a "there is no interface sync0"
	syncd_link
	check "$name: the interface comes: in contact" wait_for 10 in_contact
	in_ns a ip link set sync0 down
	check "$name: it goes down: said" wait_for 5 logged a "sync0 is down"
	check "$name: the other side has no carrier: said" wait_for 5 logged b "sync0 has no carrier"
	check "$name: the peers lose each other" wait_for 10 apart
	in_ns a ip link set sync0 up
	in_ns a ip addr replace 10.64.0.1/24 dev sync0
	check "$name: it comes up: in contact" wait_for 10 in_contact
	rename sync0 other0
	check "$name: it is renamed: the peers lose each other" wait_for 10 apart
	rename other0 sync0
	in_ns a ip addr replace 10.64.0.1/24 dev sync0
	check "$name: it has its name again: in contact" wait_for 10 in_contact
	in_ns a ip link del sync0
	check "$name: it vanishes: the peers lose each other" wait_for 10 apart
	syncd_link
	check "$name: another one of that name: in contact" wait_for 10 in_contact
	in_ns a ip link set sync0 mtu 1200
	check "$name: it is too narrow: said" wait_for 5 logged a "carries 1200 bytes, sync-mtu is 1400"
	check "$name: too narrow: the peers lose each other" wait_for 10 apart
	in_ns a ip link set sync0 mtu 1500
	check "$name: wide again: in contact" wait_for 10 in_contact
	before=$(logged_times a "sync-interface is ready")
	in_ns a nft -f - <<-'NFT'
		table inet deny {
			chain out {
				type filter hook output priority 0
				udp dport 6464 drop
			}
		}
	NFT
	check "$name: a firewall forbids it: said" wait_for 5 logged a "cannot send on sync0: Operation not permitted"
	in_ns a nft delete table inet deny
	check "$name: and allows it again" wait_for 10 more_ready "$before"
	check "$name: in contact" wait_for 10 in_contact
	kill "${started[@]}"
	for pid in "${started[@]}"; do
		wait_for 5 refuse test -e "/proc/$pid"
	done
}

more_ready() { [ "$(logged_times a "sync-interface is ready")" -gt "$1" ]; }

group "IPv6"
group "IPv4" "sync-group = 239.64.64.64"

#!/bin/bash
# Two IPv6 hosts behind one gateway meet through its public IPv4 address.
. "$(dirname "$0")/lib.sh"

scenario_open
network
configure \
	"bib = tcp [2001:db8:2::2]:80 198.51.100.1:80" \
	"bib = udp [2001:db8:2::2]:7001 198.51.100.1:7001"
translator_start
lab_web other "[2001:db8:2::2]:80"
udp_server other 7001
tcp_server other 7002

hairpin=64:ff9b:1::c633:6401 # 198.51.100.1
# the other host sees the client's public address behind the prefix, not its own address
from_pool4() {
	local seen

	seen=$(in_ns client curl -sS --max-time 30 "http://[$hairpin]/who")
	echo "seen as $seen"
	[[ $seen == 64:ff9b:1::c633:64* ]]
}

check "TCP, and each sees the other's public address" from_pool4
check "UDP" udp_ask client --count 3 "$hairpin" 7001
check "4 kB UDP" udp_ask client --size 4000 --count 3 "$hairpin" 7001
check "an unbound port is not reached" refuse in_ns client curl -sS --max-time 2 "http://[$hairpin]:7002/"
packets=$(in_ns gw ip -s -j link show nat64 | field 0.stats64.tx.packets)
check "and no packet went round in circles" test "$packets" -lt 500

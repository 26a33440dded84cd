#!/bin/bash
# Datagrams that need fragments: 4 kB UDP and ping, opened from either side.
. "$(dirname "$0")/lib.sh"

scenario_open
network
configure "bib = udp [2001:db8:1::2]:7001 198.51.100.1:7001"
translator_start nat64
translator_start siit
udp_server server 7000
udp_server client 7001

check "4 kB UDP from IPv6 and back" udp_ask client --size 4000 --count 20 "$server6" 7000
check "4 kB UDP from IPv4 and back" udp_ask server --size 4000 --count 20 198.51.100.1 7001
check "60 kB UDP from IPv6 and back" udp_ask client --size 60000 --count 5 "$server6" 7000
check "every size around one packet" bash -c "
	for size in 1231 1232 1233 1240 1252 1253 1444 1452 1453 1472 1473 1480 2952; do
		ip netns exec $lab_id-client $here/udp.py ask --size \$size --tries 10 --timeout 2 $server6 7000 || exit 1
	done"
check "ping with 4000 bytes" in_ns client ping -q -c 3 -i 0.2 -W 2 -s 4000 "$server6"
check "SIIT: 4 kB UDP from IPv6 and back" \
	udp_ask client --bind 2001:db8:1::10 --size 4000 --count 20 2001:db8:46::cb00:7150 7000
check "SIIT: 4 kB UDP from IPv4 and back" udp_ask server --size 4000 --count 20 198.51.100.100 7001

#!/bin/bash
# A more specific native route wins over translation, in both directions (RFC 7915 sections 4.6 and 5.6): r4 has an
# IPv6 address out of pool6, r6 an IPv4 address out of pool4, and gw has routes to them.
. "$(dirname "$0")/lib.sh"

scenario_open
network
configure
lab_addr gw wan 2001:db8:4::1/64
lab_addr r4 uplink 2001:db8:4::2/64
lab_addr r4 lo 64:ff9b:1::cb00:7151/128
lab_addr gw lan 192.0.3.1/24
lab_addr r6 uplink 192.0.3.2/24
lab_addr r6 lo 198.51.100.9/32
lab_route r4 2001:db8:1::/64 2001:db8:4::1
lab_route r6 203.0.113.0/24 192.0.3.1
translator_start

native6=64:ff9b:1::cb00:7151
crossed() { in_ns gw ip -s -j link show nat64 | field 0.stats64.tx.packets; }
ping6() { in_ns client ping -q -c 1 -W 1 "$1"; }
ping4() { in_ns server ping -q -c 1 -W 1 "$1"; }

check "without the route, IPv6 is translated: nobody has the IPv4 address" refuse ping6 "$native6"
check "without the route, IPv4 is translated: nobody has a binding" refuse ping4 198.51.100.9
lab_route gw "$native6/128" 2001:db8:4::2
lab_route gw 198.51.100.9/32 192.0.3.2
before=$(crossed)
check "with it, IPv6 stays IPv6" ping6 "$native6"
check "with it, IPv4 stays IPv4" ping4 198.51.100.9
check "the translator saw neither" test "$(crossed)" = "$before"
check "the neighbour address is still translated" ping6 "$server6"

#!/bin/bash
# SIIT with an explicit mapping: 1:1 in both directions, every port and protocol, nothing for unmapped hosts.
. "$(dirname "$0")/lib.sh"

scenario_open
network
configure
translator_start siit
lab_web server "$server4:80"
lab_web client "[2001:db8:1::10]:80"
udp_server server 7000
udp_server client 7001
tcp_server server 7002

out=2001:db8:46::cb00:7150
says_unreachable() {
	in_ns client ping -c 1 -W 2 -I 2001:db8:1::2 "$out" >"$lab_dir/ping" || true
	cat "$lab_dir/ping"
	grep -Eiq 'from.*(unreachable|policy|failed)' "$lab_dir/ping"
}
seen_by() { [ "$(in_ns "$1" curl -sS --max-time 30 "${@:3}")" = "$2" ]; }

check "TCP from IPv6: the server sees the mapped address" \
	seen_by client 198.51.100.100 --interface 2001:db8:1::10 "http://[$out]/who"
check "TCP from IPv4: the host sees the server behind pool6" seen_by server "$out" http://198.51.100.100/who
check "ping from IPv6" in_ns client ping -q -c 2 -i 0.2 -W 15 -I 2001:db8:1::10 "$out"
check "ping from IPv4" in_ns server ping -q -c 2 -i 0.2 -W 15 198.51.100.100
check "UDP from IPv6, port kept" bash -c "[ \"\$(ip netns exec $lab_id-client $here/udp.py ask --size 0 \
	--bind 2001:db8:1::10 --port 4000 $out 7000)\" = '198.51.100.100 4000' ]"
check "UDP from IPv4" udp_ask server --count 5 198.51.100.100 7001
check "bulk TCP up" transfer client put --bind 2001:db8:1::10 "$out" 7002 $((8 << 20))
check "bulk TCP down" transfer client get --bind 2001:db8:1::10 "$out" 7002 $((8 << 20))
check "a host without mapping gets an error" says_unreachable
check "traceroute from IPv4 ends at the host" bash -c "ip netns exec $lab_id-server traceroute -n -q 1 -w 2 \
	-m 8 198.51.100.100 | tee /dev/stderr | tail -n 1 | grep ' 198.51.100.100 ' >/dev/null"

#!/bin/bash
# SIIT on the fast path: mappings are learned in both directions, a reload changes them at once, idle ones go.
# mostly waits
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/fast.sh"

scenario_open
network
in_ns client ip addr add 2001:db8:1::11/64 dev eth0 nodad
instance=siit
out=2001:db8:46::cb00:7150
# eam LINE...: instance siit with these mappings
eam() {
	{
		printf '%s\n' "[instance siit]" "mode = siit" "tun = siit" "fast-path = on" "pool6 = 2001:db8:46::/96"
		[ $# = 0 ] || printf 'eam = %s\n' "$@"
	} >"$lab_dir/sa-nat64.conf"
}
eam "198.51.100.100 2001:db8:1::10"
translator_start siit
pid=$lab_pid
udp_server server 7000
udp_server client 7001
tcp_server server 7002
lab_start server iperf3 iperf3 -s
wait_for 5 listening server -tl 5201

reloaded() { [ "$(grep -c reloaded "$lab_dir/translator-siit.log")" = "$1" ]; }
reload() {
	kill -HUP "$pid"
	wait_for 5 reloaded "$1"
}
who() { udp_ask client --size 0 --bind 2001:db8:1::10 --port 4000 "$out" 7000; }
seen_as() { [ "$(who)" = "$1 4000" ]; }
iperf() { in_ns client timeout 120 iperf3 -t 1 -B 2001:db8:1::10 -c "$out" "$@"; }
put() { transfer client put --bind 2001:db8:1::10 "$out" 7002 $((8 << 20)); }
get() { transfer client get --bind 2001:db8:1::10 "$out" 7002 $((8 << 20)); }
from4() { udp_ask server --count 5 "$1" 7001; }
ping6() { in_ns client ping -q -c 5 -i 0.01 -W 2 -I 2001:db8:1::10 "$out"; }
ping4() { in_ns server ping -q -c 5 -i 0.01 -W 2 198.51.100.100; }
large() { udp_ask server --size 3000 --count 3 --tries 10 --timeout 3 198.51.100.100 7001; }

check "the fast path is on" status_is fast_path on
check "UDP from IPv6" seen_as 198.51.100.100
check "its two directions are learned" has_flows 1
check "UDP from IPv6 is on the fast path" uses_fast_path seen_as 198.51.100.100
check "so is UDP from IPv4" uses_fast_path from4 198.51.100.100
check "TCP up, every byte right" uses_fast_path put
check "TCP down, every byte right" uses_fast_path get
check "ping from IPv6" uses_fast_path ping6
check "ping from IPv4" uses_fast_path ping4
check "iperf3, TCP" uses_fast_path iperf
check "iperf3, TCP, server to client" uses_fast_path iperf -R
check "fragments take the slow path beside it" large
check "one mapping carried all of them" has_flows 1

eam "198.51.100.101 2001:db8:1::10" "198.51.100.102 2001:db8:1::11"
check "a reload changes the mapping" reload 1
check "the running flow has the new address at once" seen_as 198.51.100.101
check "and again on the fast path" uses_fast_path seen_as 198.51.100.101
check "IPv4 reaches the host by its new address" uses_fast_path from4 198.51.100.101
check "no longer by its old one" refuse udp_ask server --timeout 0.5 198.51.100.100 7001
check "another host has a mapping of its own" from4 198.51.100.102
check "which is learned beside the first" has_flows 2

eam
check "a reload removes the mapping" reload 2
check "the running flow stops at once" refuse udp_ask client --timeout 0.5 --bind 2001:db8:1::10 --port 4000 "$out" 7000
check "from IPv4 too" refuse udp_ask server --timeout 0.5 198.51.100.101 7001
check "the kernel knows nothing of it" has_flows 0

eam "198.51.100.100 2001:db8:1::10"
check "a reload brings the mapping back" reload 3
check "flows are learned again" uses_fast_path put
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
check "killed: the mapping works without the translator" uses_fast_path seen_as 198.51.100.100
eam "198.51.100.102 2001:db8:1::10"
translator_start siit
check "the next one's mappings hold at once" seen_as 198.51.100.102
check "and on the fast path" uses_fast_path seen_as 198.51.100.102
check "idle for a minute, the mapping leaves the kernel" wait_for 90 has_flows 0
check "and is learned again" seen_as 198.51.100.102
check "in both directions" has_flows 1

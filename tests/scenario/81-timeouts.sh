#!/bin/bash
# UDP and ping sessions end after their idle time, and with the last of them the binding.
. "$(dirname "$0")/lib.sh"

scenario_open
network
configure "udp-timeout = 5s" "icmp-timeout = 5s"
translator_start
udp_server server 7000

count() { cli -i nat64 --json status | field "instances.0.$1"; }
none_left() { [ "$(count "$1")" = 0 ]; }

check "UDP passes" udp_ask client --port 4000 "$server6" 7000
check "its session is listed" test "$(count sessions.udp)" = 1
public=$(udp_ask client --port 4000 --size 0 "$server6" 7000)
check "the public port stays the same" test "$(udp_ask client --port 4000 --size 0 "$server6" 7000)" = "$public"
check "the session ends when idle" wait_for 10 none_left sessions.udp
check "the binding ends with it" wait_for 5 none_left bindings
before=$(dropped no-binding)
# shellcheck disable=SC2086 # address and port
check "IPv4 does not reach the host any more" refuse udp_ask server --timeout 0.5 $public
check "and the drop has its reason" test "$(dropped no-binding)" -gt "$before"

check "ping passes" in_ns client ping -q -c 1 "$server6"
check "its session is listed" test "$(count sessions.icmp)" = 1
check "and ends when idle" wait_for 10 none_left sessions.icmp

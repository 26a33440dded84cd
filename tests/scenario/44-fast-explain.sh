#!/bin/bash
# explain, status and stats tell the truth about the fast path: a packet that explain sends there is counted there.
. "$(dirname "$0")/lib.sh"
. "$here/fast.sh"

scenario_open
network
configure "fast-path = on"
translator_start
udp_server server 7000

# path_of ARGUMENT...: what explain says of a packet of the client
path_of() { cli -i nat64 --json explain --from 2001:db8:1::2 --to "$server6" "$@" | field "instances.0.$field"; }
path_is() { [ "$(field=path path_of "${@:2}")" = "$1" ]; }
reason_is() { [ "$(field=path_reason path_of "${@:2}")" = "$1" ]; }
fast_out() { cli -i nat64 --json stats | field instances.0.fast_packets.6to4; }

check "status says that it is on" status_is fast_path on
check "before the first packet there is no session" \
	reason_is "no session in both directions yet" --udp 4000:7000
check "UDP passes" udp_ask client --port 4000 --count 3 "$server6" 7000
check "explain names the fast path" path_is fast --udp 4000:7000
before=$(fast_out)
check "UDP passes again" udp_ask client --port 4000 --count 5 "$server6" 7000
check "and took it" test "$(fast_out)" -ge $((before + 5))
check "status counts the same" test "$(status fast_packets.6to4.used)" = "$(fast_out)"
check "a session was entered" test "$(cli -i nat64 --json stats | field instances.0.fast_flows.installed)" = 1
check "too large a packet of the same session takes the slow one" \
	reason_is "larger than the MTU: cut or answered" --udp 4000:7000 --length 3000
check "so does one at its last hop" reason_is "TTL or hop limit of 1 or less" --udp 4000:7000 --ttl 1
check "and one that opens a connection" reason_is "TCP SYN, FIN or RST" --tcp 4000:80

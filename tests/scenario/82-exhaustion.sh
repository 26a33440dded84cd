#!/bin/bash
# A pool of four ports: the fifth binding is refused with an ICMPv6 error, the first four live on.
. "$(dirname "$0")/lib.sh"

scenario_open
network
pool4="198.51.100.1 2000-2003" configure
translator_start
udp_server server 7000
tcp_server server 7001

refused_at_once() {
	local said

	said=$(udp_ask other --errors --timeout 10 "$server6" 7000 2>&1) && return 1
	echo "$said"
	[[ $said == *"No route to host"* ]]
}

captured() { wait_for 10 grep -E 'unreachable address|address unreachable' "$lab_dir/capture.log" || { cat "$lab_dir/capture.log" && return 1; }; }

for port in 4000 4001 4002 4003; do
	check "binding for port $port" udp_ask client --port $port "$server6" 7000
done
before=$(for port in 4000 4001 4002 4003; do udp_ask client --port $port --size 0 --tries 5 "$server6" 7000; done)
check "they have four public ports" test "$(sort -u <<<"$before" | wc -l)" = 4
lab_start other capture tcpdump -lni eth0 icmp6
wait_for 5 grep listening "$lab_dir/capture.log"
# A host whose neighbour is not known yet says the same of itself.
check "another host reaches the gateway" wait_for 5 in_ns other ping -c 1 -W 1 2001:db8:6::1
check "another host is refused at once" refused_at_once
check "with address unreachable" captured
check "the drop has its reason" test "$(dropped pool4-exhausted)" -gt 0
check "ports are counted for each protocol: TCP has its own four" transfer other put "$server6" 7001 1000
after=$(for port in 4000 4001 4002 4003; do udp_ask client --port $port --size 0 --tries 5 "$server6" 7000; done)
check "the first four live on, unchanged" test "$before" = "$after"

#!/bin/bash
# Flows of the fast path end like others: idle ones by their timers, TCP by FIN and RST; used ones live on. Nothing is
# left in the kernel when their sessions are gone.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/fast.sh"

scenario_open
network
configure "fast-path = on" "udp-timeout = 3s" "icmp-timeout = 2s" "tcp-est-timeout = 4s" "tcp-trans-timeout = 4s" \
	"tcp-init-timeout = 4s"
translator_start
udp_server server 7000
tcp_server server 7001
mkfifo "$lab_dir/orders"

none_left() { status_is sessions.tcp 0 && status_is sessions.udp 0 && status_is sessions.icmp 0; }
answers() { [ "$(wc -l <"$lab_dir/hold.log")" -ge "$1" ]; }
tcp_is() { cli -i nat64 sessions --proto tcp --state "$1" | grep "$server4"; }
probes() { cli -i nat64 --json stats | field instances.0.tcp_probes; }
many() { in_ns client "$here/flows.py" many "$server6" 7000 7001 60; }
ping_many() {
	local number

	for number in 1 2 3 4 5; do
		in_ns client ping -q -c 3 -i 0.01 -W 15 "$server6" || return
	done
}
probed() { [ "$(probes)" -ge 1 ]; }

# Longer than any of their timeouts.
lab_start client steady "$here/flows.py" steady "$server6" 7000 8
udp=$lab_pid
lab_start client steady-tcp "$here/flows.py" steady --tcp "$server6" 7001 8
tcp=$lab_pid
check "a UDP and a TCP flow in use are on the fast path" wait_for 5 has_flows 2
udp_status=0 tcp_status=0
wait "$udp" || udp_status=$?
check "the TCP flow in use was never probed" test "$(probes)" = 0
wait "$tcp" || tcp_status=$?
check "a UDP flow keeps its port while it is used longer than udp-timeout" test $udp_status = 0
check "a TCP flow lives while it is used longer than tcp-est-timeout" test $tcp_status = 0
check "the fast path carried them" carried_more 64 80
check "when they are idle nothing is left in the kernel" wait_for 15 has_flows 0
check "nor sessions" wait_for 5 none_left

lab_start client hold "$here/transfer.py" hold "$server6" 7001 "$lab_dir/orders"
exec 3>"$lab_dir/orders"
check "an idle TCP flow is on the fast path" wait_for 5 has_flows 1
check "it is probed after tcp-est-timeout" wait_for 10 probed
check "and is on the fast path again when it answered" wait_for 5 has_flows 1
exec 3>&-
check "FIN from both ends reaches the state machine" wait_for 5 tcp_is V4_FIN_V6_FIN_RCV
check "and takes the flow out of the kernel" has_flows 0
check "its session ends" wait_for 10 none_left
check "RST ends a flow" in_ns client "$here/flows.py" reset "$server6" 7001
check "it reaches the state machine" wait_for 5 tcp_is TRANS
check "and takes the flow out of the kernel" has_flows 0
check "its session ends" wait_for 10 none_left

check "many UDP and TCP flows" uses_fast_path many
check "many pings" uses_fast_path ping_many
check "all of them end" wait_for 30 none_left
check "with their bindings" wait_for 5 status_is bindings 0
check "and nothing is left in the kernel" has_flows 0

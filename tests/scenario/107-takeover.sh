#!/bin/bash
# The box that carries the traffic loses its power, and the traffic moves to the other: 10,000 idle connections, a busy
# one and transfers whose bytes are compared go on. Then the same the other way round, with the first box back.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/boxes.sh"

idle=${IDLE:-10000}

scenario_open
boxes_network a b
boxes_configure
boxes_start a b
tcp_server server 7001
lab_start server iperf3 iperf3 -s
wait_for 5 listening server -tl 5201
# so that a transfer lasts over the crash
in_ns client tc qdisc replace dev eth0 root tbf rate 200mbit burst 256k latency 50ms
in_ns server tc qdisc replace dev eth0 root tbf rate 200mbit burst 256k latency 50ms

# busy NAME: a transfer each way, and iperf3, all under way
busy() {
	lab_start client "put-$1" "$here/transfer.py" put "$server6" 7001 100000000
	put=$lab_pid
	lab_start client "get-$1" "$here/transfer.py" get "$server6" 7001 100000000
	get=$lab_pid
	lab_start client "iperf3-$1" iperf3 -J -i 1 -t 12 -b 20M -c "$server6"
	iperf3=$lab_pid
}
tcp_at_least() { [ "$(sessions_of "$1" | grep -c '^tcp ')" -ge "$2" ]; } # those that ended meanwhile are listed, too
no_error() {
	python3 - "$lab_dir/$1.log" <<-'PYTHON'
		import json, sys
		run = json.load(open(sys.argv[1]))
		moved = [interval['sum']['bytes'] for interval in run['intervals']]
		print(run.get('error', 'no error'), [f'{count // 1000} kB' for count in moved])
		sys.exit('error' in run or moved[-1] == 0)
	PYTHON
}

# crash FROM TO
crash() {
	local before

	before=$(sessions_of "$2" | grep -c '^tcp ')
	busy "$1"
	check "the busy ones are on $2" wait_for 10 tcp_at_least "$2" $((before + 4))
	lab_box_crash "$1"
	traffic_to "$2"
	check "$1 has no power: every idle connection lives by $2, from the same port" idle_ask
	wait "$iperf3" || true
	wait "$put" && put=0 || put=$?
	wait "$get" && get=0 || get=$?
	check "$1 has no power: the busy connection goes on" no_error "iperf3-$1"
	check "what was sent arrived" test "$put" = 0
	check "what was fetched arrived" test "$get" = 0
}

idle_start "$idle"
check "$idle idle connections by a" idle_opened
check "are on b" wait_for 10 tcp_at_least b "$idle"
crash a b
lab_box_power a
box_routes a
box_translator a
box_syncd a
check "a is back and in sync" wait_for 15 sync_is a state in-sync
check "it has every idle connection" wait_for 10 tcp_at_least a "$idle"
crash b a

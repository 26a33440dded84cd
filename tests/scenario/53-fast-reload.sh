#!/bin/bash
# SIGHUP while iperf3 runs on the fast path, for as long as the rest takes: no stall, and the connection is back on the fast path afterwards.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/fast.sh"

scenario_open
network
configure "fast-path = on"
translator_start
pid=$lab_pid
udp_server server 7000
lab_start server iperf3 iperf3 -s
wait_for 5 listening server -tl 5201

who() { udp_ask client --port 4000 --size 0 "$server6" 7000; }
same_port() { [ "$(who)" = "$public" ]; }
times_reloaded() { [ "$(grep -c 'reloaded; 0 sessions' "$lab_dir/translator-nat64.log")" = "$1" ]; }
reload() {
	kill -HUP "$pid"
	wait_for 5 times_reloaded "$1"
}
never_stalled() {
	python3 - "$lab_dir/iperf3-client.log" <<-'PYTHON'
		import json, sys
		run = json.load(open(sys.argv[1]))
		moved = [interval['sum']['bytes'] for interval in run['intervals']]
		print(run.get('error', 'no error'), [f'{count // 1000} kB' for count in moved])
		ended = run.get('error', '').startswith('interrupt')
		sys.exit(not ended or len(moved) < 3 or 0 in moved[:-1])
	PYTHON
}

public=$(who)
lab_start client iperf3-client iperf3 -J -t 600 -i 1 -c "$server6"
busy=$lab_pid
check "a busy connection is on the fast path" wait_for 5 carried_more 64 1000
for number in 1 2 3; do
	configure "fast-path = on" "udp-timeout = ${number}00s"
	check "reload $number is taken" reload $number
	check "reload $number: the connection is on the fast path again" goes_on 64
	check "reload $number: both ways" goes_on 46
	check "reload $number: UDP keeps its port" same_port
done
check "the settings of the last one hold for UDP" uses_fast_path same_port
configure "fast-path = on" "override-tos = 40"
check "another type of service is taken" reload 4
lab_start server capture tcpdump -vlni eth0 "udp dst port 7000"
wait_for 5 grep listening "$lab_dir/capture.log"
check "UDP is on the fast path again" wait_for 5 uses_fast_path same_port
check "with the new type of service" wait_for 5 grep 'tos 0x28' "$lab_dir/capture.log"
check "in every packet" refuse grep 'tos 0x0' "$lab_dir/capture.log"
kill -INT "$busy"
wait "$busy" || true
check "the busy connection never stalled" never_stalled
configure "fast-path = off"
kill -HUP "$pid"
check "to turn the fast path off needs a restart" wait_for 5 log_has 'need a restart: \[instance nat64\] fast-path'

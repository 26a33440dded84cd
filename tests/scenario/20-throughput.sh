#!/bin/bash
# iperf3: TCP out and back, four streams, UDP, and a connection that IPv4 opens through a static binding.
. "$(dirname "$0")/lib.sh"

scenario_open
network
configure "bib = tcp [2001:db8:1::2]:5201 198.51.100.1:5201"
translator_start
lab_start server iperf3-server iperf3 -s
lab_start client iperf3-client iperf3 -s
wait_for 5 listening server -tl 5201
wait_for 5 listening client -tl 5201

# moves NAMESPACE OPTION...: bytes arrived
moves() {
	in_ns "$1" iperf3 -J -t 1 "${@:2}" >"$lab_dir/iperf3.json" || {
		grep '"error"' "$lab_dir/iperf3.json"
		return 1
	}
	[ "$(field end.sum_received.bytes <"$lab_dir/iperf3.json")" -gt 1000000 ]
}
# arrives OPTION...: a UDP stream of 20 Mbit/s stays in order and loses less than one packet in a hundred
arrives() {
	in_ns client iperf3 -J -t 1 -u -b 5M -c "$server6" "$@" >"$lab_dir/iperf3.json"
	field end.sum.lost_percent <"$lab_dir/iperf3.json" | awk '{ print $1 "% lost"; exit $1 >= 20 }'
	[ "$(field end.streams.0.udp.out_of_order <"$lab_dir/iperf3.json")" -le 10 ]
}

check "TCP, client to server" moves client -c "$server6"
check "TCP, server to client" moves client -c "$server6" -R
check "TCP, both ways at once" moves client -c "$server6" --bidir
check "TCP, four streams" moves client -c "$server6" -P 4
check "UDP, client to server" arrives -l 1200
check "UDP, server to client" arrives -l 1200 -R
check "TCP that IPv4 opened" moves server -c 198.51.100.1
check "TCP that IPv4 opened, backwards" moves server -c 198.51.100.1 -R

#!/bin/bash
# status counts packets and bytes the same, whichever path they took: as nft counts them on their way into the device.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/fast.sh"

scenario_open
network
lab_start server iperf3 iperf3 -s
wait_for 5 listening server -tl 5201
udp_server server 7000
tcp_server server 7001
count_forward

traffic() {
	udp_ask client --count 50 "$server6" 7000
	in_ns client ping -q -c 10 -i 0.01 -W 15 "$server6"
	transfer client put "$server6" 7001 $((4 << 20))
	transfer client get "$server6" 7001 $((4 << 20))
	in_ns client timeout 120 iperf3 -t 1 -c "$server6"
	in_ns client timeout 120 iperf3 -u -b 5M -l 1000 -t 1 -c "$server6"
}
# same COUNTER DIRECTION UNIT: what nft counted is what status says
same() {
	local nft ours

	nft=$(($(forwarded "$1" "$3") - ${start[$1-$3]}))
	ours=$(status "$3.$2")
	echo "$3 $2: nft $nft, status $ours"
	[ "$nft" = "$ours" ] && [ "$nft" -gt 0 ]
}
# counts PATH: traffic over a fresh translator
counts() {
	local unit counter

	configure "fast-path = $1"
	translator_start
	for unit in packets bytes; do
		for counter in out6 in4; do
			start[$counter-$unit]=$(forwarded $counter $unit)
		done
	done
	check "fast-path = $1: traffic of each kind" traffic
	check "fast-path = $1: status names the path" status_is fast_path "$1"
	for unit in packets bytes; do
		check "fast-path = $1: $unit out" settles same out6 6to4 $unit
		check "fast-path = $1: $unit in" settles same in4 4to6 $unit
	done
}

declare -A start
counts off
lab_stop "$lab_pid" || true
counts on
check "most packets took the fast path" test "$(carried 64)" -gt $(($(status packets.6to4) * 9 / 10))

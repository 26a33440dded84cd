#!/bin/bash
# Super-packets of a bulk TCP transfer cross the device whole: the packets on nat64 are far longer than the MTU.
. "$(dirname "$0")/lib.sh"

scenario_open
network
configure "fast-path = off" # the daemon itself has to carry them
translator_start
tcp_server server 7000

statistic() { in_ns gw ip -s -j link show nat64 | field "0.stats64.$1"; }
# average WHAT DIRECTION: transfer and look at the mean length of packets; tx is towards the translator
average() {
	local packets bytes

	packets=$(statistic "$2.packets")
	bytes=$(statistic "$2.bytes")
	transfer client "$1" "$server6" 7000 $((100 << 20))
	packets=$(($(statistic "$2.packets") - packets))
	bytes=$(($(statistic "$2.bytes") - bytes))
	echo "$packets packets of $((bytes / packets)) bytes"
	# every data packet is one of two at most: acknowledgements go the other way
	[ $((bytes / packets)) -gt 10000 ]
}

longest() {
	lab_start gw tcpdump tcpdump -nr "$lab_dir/nat64.pcap" "$1"
	wait "$lab_pid"
	awk '{ for (i = 1; i < NF; i++) if ($i == "length") n = $(i + 1) + 0; if (n > max) max = n }
	     END { print "longest payload: " max; exit max < 30000 }' "$lab_dir/tcpdump.log"
}

check "upload: long packets into the translator" average put tx
check "upload: long packets out of the translator" average put rx
check "download: long packets into the translator" average get tx
check "download: long packets out of the translator" average get rx
lab_start gw capture tcpdump -Uni nat64 -s 96 -c 400 -w "$lab_dir/nat64.pcap" "tcp and greater 2000"
wait_for 5 grep listening "$lab_dir/capture.log"
check "a transfer while we watch" transfer client put "$server6" 7000 $((50 << 20))
lab_stop "$lab_pid" || true
check "IPv6 packets of more than 30,000 bytes" longest ip6
check "IPv4 packets of more than 30,000 bytes" longest ip

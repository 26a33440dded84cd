#!/bin/bash
# With the fast path on the gateway's FORWARD chain sees the packets of both sides, stops established flows at once,
# and tcpdump on the device shows what was translated.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/fast.sh"

scenario_open
network
configure "fast-path = on"
translator_start
udp_server server 7000
tcp_server server 7001
lab_start server iperf3 iperf3 -s
wait_for 5 listening server -tl 5201
count_forward
mkfifo "$lab_dir/orders"

# alike COUNTER COUNTER: as many packets before as after translation, but for those in flight
alike() {
	local a b

	a=$(forwarded "$1" packets)
	b=$(forwarded "$2" packets)
	echo "$1 $a packets, $2 $b packets"
	[ "$a" -gt 100 ] && [ $((a - b)) -le $((a / 50)) ] && [ $((b - a)) -le $((a / 50)) ]
}
# whole COUNTER: super-packets, 10,000 bytes on average at least
whole() {
	local packets bytes

	packets=$(forwarded "$1" packets)
	bytes=$(forwarded "$1" bytes)
	echo "$1: $((bytes / packets)) bytes on average"
	[ $((bytes / packets)) -ge 10000 ]
}
iperf() { in_ns client timeout 120 iperf3 -t 1 -c "$server6" "$@"; }
ask() { udp_ask client --port 4000 --timeout "${1:-15}" "$server6" 7000; }
# stops MATCH...: with this rule in FORWARD the UDP flow gets no answer, without it again
stops() {
	drop_forward "$@"
	refuse ask 0.5
	allow_forward
	ask
}
answers() { [ "$(wc -l <"$lab_dir/hold.log")" -ge "$1" ]; }

check "the fast path is on" status_is fast_path on
check "TCP, client to server" uses_fast_path iperf
check "FORWARD sees super-packets before translation" whole out6
check "and whole after it" whole out4
check "TCP, server to client" uses_fast_path iperf -R
check "super-packets on the way back" whole in4
check "and whole after translation" whole in6
check "FORWARD sees each packet out twice: oifname in IPv6, iifname in IPv4" alike out6 out4
check "and each packet in: oifname in IPv4, iifname in IPv6" alike in4 in6

check "a UDP flow" ask
check "is on the fast path" uses_fast_path ask
lab_start gw capture tcpdump -lni nat64 udp
wait_for 5 grep listening "$lab_dir/capture.log"
check "it goes on" uses_fast_path ask
check "tcpdump shows it translated to IPv4" wait_for 5 grep -E "IP 198\.51\.100\.[0-9]+\.[0-9]+ > $server4\.7000" \
	"$lab_dir/capture.log"
check "and translated to IPv6" wait_for 5 grep "IP6 $server6\.7000 > 2001:db8:1::2\.4000" "$lab_dir/capture.log"

check "a rule on its way out in IPv6 stops it at once" stops oifname nat64 udp dport 7000
check "a rule in IPv4 stops it" stops iifname nat64 ip daddr "$server4"
check "a rule on its way back in IPv4 stops it" stops oifname nat64 ip saddr "$server4"
check "a rule on its way back in IPv6 stops it" stops iifname nat64 ip6 saddr "$server6"

lab_start client hold "$here/transfer.py" hold "$server6" 7001 "$lab_dir/orders"
exec 3>"$lab_dir/orders"
check "a TCP connection is open" wait_for 5 answers 1
echo who >&3
check "and answers" wait_for 5 answers 2
dropped_some() { in_ns gw nft list chain inet filter forward | grep -E 'counter packets [1-9].*drop' >/dev/null; }
drop_forward iifname nat64 ip daddr "$server4" counter
echo who >&3
check "a drop rule sees its next segment" wait_for 5 dropped_some
check "and stops it" refuse answers 3
allow_forward
check "without the rule it goes on" wait_for 15 answers 3
exec 3>&-

# left: packets that leave FORWARD for the server
left() { forwarded out4 packets; }
# none_passes: while the rule drops more and more, not one packet gets by
none_passes() {
	local before

	before=$(left)
	wait_for 5 dropped_some
	echo "$before packets before the rule was seen to drop, $(left) after it"
	[ "$(left)" = "$before" ]
}
before=$(carried 64)
lab_start client busy iperf3 -t 600 -c "$server6"
check "a busy TCP connection is on the fast path" wait_for 5 carried_more 64 $((before + 1000))
drop_forward iifname nat64 ip daddr "$server4" counter
check "a drop rule stops it at once" none_passes
allow_forward
check "without the rule it goes on, on the fast path" goes_on 64 1000

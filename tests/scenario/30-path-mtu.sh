#!/bin/bash
# Path MTU discovery through the translator: bulk TCP over narrow links, without MSS clamping.
#
#   client --- a6 --- b6 --- gw --- b4 --- a4 --- server      one of the inner links is narrow at a time
. "$(dirname "$0")/lib.sh"

megabytes=$((4 << 20))

chain() {
	lab_ns client a6 b6 gw b4 a4 server
	lab_router a6 b6 gw b4 a4
	lab_link client eth0 a6 client
	lab_link a6 uplink b6 downlink
	lab_link b6 uplink gw lan
	lab_link gw wan b4 downlink
	lab_link b4 uplink a4 downlink
	lab_link a4 server server eth0
	lab_addr client eth0 2001:db8:1::2/64
	lab_addr a6 client 2001:db8:1::1/64
	lab_addr a6 uplink 2001:db8:5::1/64
	lab_addr b6 downlink 2001:db8:5::2/64
	lab_addr b6 uplink 2001:db8:6::2/64
	lab_addr gw lan 2001:db8:6::1/64
	lab_addr gw wan 192.0.2.1/24
	lab_addr b4 downlink 192.0.2.2/24
	lab_addr b4 uplink 198.18.0.1/24
	lab_addr a4 downlink 198.18.0.2/24
	lab_addr a4 server 203.0.113.1/24
	lab_addr server eth0 203.0.113.80/24
	lab_route client default 2001:db8:1::1
	lab_route a6 default 2001:db8:5::2
	lab_route b6 default 2001:db8:6::1
	lab_route b6 2001:db8:1::/64 2001:db8:5::1
	lab_route gw 2001:db8::/32 2001:db8:6::2
	lab_route gw default 192.0.2.2
	lab_route b4 203.0.113.0/24 198.18.0.2
	lab_route b4 default 192.0.2.1
	lab_route a4 default 198.18.0.1
	lab_route server default 203.0.113.1
}

# link_mtu MTU NS-A DEVICE-A NS-B DEVICE-B: also forget what both ends learnt before
link_mtu() {
	in_ns "$2" ip link set "$3" mtu "$1"
	in_ns "$4" ip link set "$5" mtu "$1"
	forget
}

# what the hosts learnt from ICMP errors; the client would otherwise offer a smaller MSS at once
forget() {
	in_ns client ip -6 route flush cache
	in_ns server ip route flush cache
}

# learnt NAMESPACE DESTINATION MTU: what the host now believes
learnt() {
	in_ns "$1" ip route get "$2" | tee /dev/stderr | grep "mtu $3" >/dev/null
}

public_address() { udp_ask client --size 0 "$server6" 7000 | awk '{ print $1 }'; }

# narrow WHERE MTU LEARNT-BY-CLIENT LEARNT-BY-SERVER LINK...
narrow() {
	local what="$2 $1"

	link_mtu "$2" "${@:5}"
	check "$what: upload" transfer client put "$server6" 7000 $megabytes
	[ "$3" = - ] || check "$what: the client learnt $3" learnt client "$server6" "$3"
	forget
	check "$what: download" transfer client get "$server6" 7000 $megabytes
	[ "$4" = - ] || check "$what: the server learnt $4" learnt server "$(public_address)" "$4"
	link_mtu 1500 "${@:5}"
}

scenario_open
chain
configure
translator_start
tcp_server server 7000
udp_server server 7000
check "no narrow link: upload" transfer client put "$server6" 7000 $megabytes
check "no narrow link: download" transfer client get "$server6" 7000 $megabytes
check "no narrow link: UDP of 1500 bytes from IPv4" \
	udp_ask client --size 1472 --tries 10 --timeout 2 "$server6" 7000
check "no narrow link: the server learnt 1480" learnt server "$(public_address)" 1480
narrow "between IPv4 routers" 1300 1320 - b4 uplink a4 downlink
narrow "between IPv6 routers" 1300 - 1280 a6 uplink b6 downlink
narrow "on the gateway's IPv4 side" 1300 1320 - gw wan b4 downlink
narrow "on the gateway's IPv6 side" 1300 - 1280 gw lan b6 uplink
narrow "between IPv4 routers, as in a tunnel" 1420 1440 - b4 uplink a4 downlink
narrow "between IPv6 routers, as in a tunnel" 1420 - 1400 a6 uplink b6 downlink

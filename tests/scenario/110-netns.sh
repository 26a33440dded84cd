#!/bin/bash
# sa-nat64-netns with each way to attach: what it builds carries a translator that translates, a second run changes
# nothing, reloads cost no packet, and `down` leaves the box as it was.
#
#   client 2001:db8:1::2 --- r 2001:db8:1::1
#   server 203.0.113.80 ---- r 203.0.113.1
#                            r r0 ------- box a: eth0   (macvlan; port of br0; way to the routed veth)
#                            r r3 ------- box a: eth3   (moved)
#   r has 2001:db8:a::1, 192.0.2.1 and .254 on r0 or r3, or on the box's end of the veth when it is routed
#
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
. "$here/netns.sh"

scenario_open
trap netns_close EXIT
netns_network
udp_server server 9001
tcp_server server 7001

for attach in "macvlan eth0" "veth br0" veth "move eth3"; do
	netns_prepare "$attach"
	netns_config "$attach" "${usual[@]}"
	box_listing >"$lab_dir/before"
	check "$attach: up" netns up nat64
	check "$attach: a second up changes nothing" silent netns up nat64
	check "$attach: show finds it whole" netns show nat64
	inside_translator
	check "$attach: UDP is translated" udp_ask client "$server6" 9001
	check "$attach: TCP is translated" transfer client put "$server6" 7001 1000000
	check "$attach: up beside a running translator changes nothing" silent netns up nat64
	check "$attach: down says who still runs" says 'sa-nat64-transl (pid '"$translator_pid"')' netns down nat64
	inside_stop
	check "$attach: down again" silent netns down nat64
	check "$attach: the box is as it was" box_is_as_before
	netns_unprepare "$attach"
done

# ---- changes under traffic ----
netns_prepare "macvlan eth0"
netns_config "macvlan eth0" "${usual[@]}"
check "up for changes" netns up nat64
inside_translator
pings_start client "$server6"
netns_config "macvlan eth0" "${usual[@]}" 'address = 192.0.2.3/24' 'address = 2001:db8:a::3/64'
check "more addresses" says "added the address 192.0.2.3/24" netns up nat64
netns_config "macvlan eth0" 'address = 192.0.2.3/24' 'address = 2001:db8:a::3/64' 'address = 192.0.2.2/24' \
	'address = 2001:db8:a::2/64' 'gateway = 192.0.2.254' 'gateway = 2001:db8:a::254'
check "other gateways" says "set the default route via 192.0.2.254" netns up nat64
in_ns r ip route replace 198.51.100.0/24 via 192.0.2.3
in_ns r ip route replace 64:ff9b:1::/96 via 2001:db8:a::3
netns_config "macvlan eth0" 'address = 192.0.2.3/24' 'address = 2001:db8:a::3/64' 'gateway = 192.0.2.254' \
	'gateway = 2001:db8:a::254'
check "the first addresses go" says "removed the address 192.0.2.2/24" netns up nat64
check "no packet was lost" pings_lost_none
netns_config "macvlan eth0" 'address = 192.0.2.3/24' 'address = 2001:db8:a::3/64' 'gateway = 192.0.2.254' \
	'gateway = 2001:db8:a::254' 'gateway = 192.0.2.1' 'gateway = 2001:db8:a::1'
check "two gateways share the load" says "via 192.0.2.254, 192.0.2.1" netns up nat64
check "and translation goes on" udp_ask client "$server6" 9001

# docs/campus.md, two routers: next hops in a group that the operator makes. Nobody has 2001:db8:a::77.
hosts=(2001:db8:1::{11..22})
all_hosts_ask() {
	local host

	for host in "${hosts[@]}"; do
		udp_ask client --bind "$host" --tries 20 --timeout 1 "$server6" 9001 || return 1
	done
}
lab_addr client eth0 "${hosts[@]/%//64}"
netns_config "macvlan eth0" 'address = 192.0.2.3/24' 'address = 2001:db8:a::3/64' 'gateway = 192.0.2.254'
check "no IPv6 gateway" says "removed the default route" netns up nat64
for hop in "id 1 via 2001:db8:a::1 dev uplink0" "id 2 via 2001:db8:a::77 dev uplink0" "id 10 group 1/2"; do
	# shellcheck disable=SC2086 # words
	in_box a ip -n nat64-nat64 nexthop add $hop
done
in_box a ip -n nat64-nat64 -6 route add default nhid 10
check "a group of next hops is the operator's" silent netns up nat64
check "and whole" netns show nat64
check "flows go by the router that answers" all_hosts_ask
inside_stop

# ---- where it is mounted ----
check "the mount is shared, as iproute2 makes it" in_box a grep -q ' /run/netns .* shared:' /proc/self/mountinfo
check "iproute2 finds the namespace" in_box a ip netns exec nat64-nat64 true
in_box a sh -c 'mkdir -p /sys/fs/bpf/sa-nat64/nat64/fast/more && touch /run/netns/stays'
check "pinned objects go" says "removed the BPF objects of nat64" netns down nat64
check "with their directory" refuse in_box a test -e /sys/fs/bpf/sa-nat64
check "nothing of others goes" in_box a test -e /run/netns/stays

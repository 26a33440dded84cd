#!/bin/bash
# The gateway's FORWARD chain sees the packets before and after translation, and can stop them.
. "$(dirname "$0")/lib.sh"

scenario_open
network
configure
translator_start
lab_web server "$server4:80"

in_ns gw nft -f - <<'NFT'
table inet filter {
	counter out6 {}
	counter out4 {}
	counter in4 {}
	counter in6 {}
	chain forward {
		type filter hook forward priority filter
		oifname "nat64" meta nfproto ipv6 ip6 daddr 64:ff9b:1::/96 counter name out6
		iifname "nat64" meta nfproto ipv4 ip saddr 198.51.100.0/28 counter name out4
		oifname "nat64" meta nfproto ipv4 ip daddr 198.51.100.0/28 counter name in4
		iifname "nat64" meta nfproto ipv6 ip6 saddr 64:ff9b:1::/96 counter name in6
	}
}
NFT

fetch() { in_ns client curl -sS --max-time "${1:-30}" -o /dev/null "http://[$server6]/who"; }
counted() {
	local n

	n=$(in_ns gw nft -j list counter inet filter "$1" | field nftables.1.counter.packets)
	echo "$1: $n packets"
	[ "$n" -gt 0 ]
}
# stops MATCH...: with this rule in FORWARD nothing comes back
stops() {
	in_ns gw nft insert rule inet filter forward "$@" drop
	refuse fetch 2
	in_ns gw nft delete rule inet filter forward handle \
		"$(in_ns gw nft -a list chain inet filter forward | awk '/drop # handle/ { print $NF }')"
}

check "traffic flows" fetch
for counter in out6 out4 in4 in6; do
	check "FORWARD saw $counter" counted $counter
done
check "a rule on IPv6 stops it" stops ip6 daddr "$server6"
check "a rule on IPv4 stops it" stops ip daddr "$server4"
check "a rule on the way back stops it" stops iifname nat64 ip6 saddr "$server6"
check "traffic flows again" fetch

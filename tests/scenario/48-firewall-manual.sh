#!/bin/bash
# The rule sets of docs/firewalling.md and docs/quickstart.md, as they stand there, let pass what they promise and nothing
# else.
. "$(dirname "$0")/lib.sh"

# rules PAGE [NAME]: the block marked "nft NAME" of a page, loaded into the gateway in place of all others, with the
# laboratory's prefix and interfaces
rules() {
	awk -v mark="\`\`\`nft${2:+ $2}" '$0 == mark { on = 1; next } /^```/ { on = 0 } on' "$root/docs/$1.md" |
		sed "s/64:ff9b::\([0-9a-f/]\)/64:ff9b:1::\1/g; s/\"uplink0\"/\"lan\"/; s/\"ppp0\"/\"wan\"/g
			s/ip saddr 192.0.2.1 /ip saddr 198.51.100.0\/28 /" >"$lab_dir/$1.nft"
	in_ns gw nft flush ruleset
	in_ns gw nft -f "$lab_dir/$1.nft"
	grep "policy drop" <<<"$(in_ns gw nft list chain inet filter forward)"
}
fetch() { in_ns client curl -sS --max-time 30 -o /dev/null "http://[$server6]/who"; }
serve() { in_ns server curl -sS --max-time 30 -o /dev/null "http://198.51.100.1:80/who"; }
# A port of pool4 that a host uses, from a server that it does not speak to
intrude() { udp_ask server --timeout 0.3 "$public" "$port"; }
hop() { grep "64:ff9b:1::c000:202" <<<"$(in_ns client traceroute -6 -n -q 1 -w 1 -m 6 "$server6")"; }
foreign() { in_ns other curl -sS --max-time 1 -o /dev/null --interface 2001:db9::2 "http://[$server6]/who"; }
big() { in_ns client ping -c 1 -W 15 -s 4000 "$server6"; }

scenario_open
network
configure "bib = tcp [2001:db8:1::2]:80 198.51.100.1:80"
translator_start
lab_web server "$server4:80"
lab_web client "[2001:db8:1::2]:80"
udp_server server 7000
in_ns other ip addr add 2001:db9::2/128 dev lo
lab_route r6 2001:db9::/64 2001:db8:2::2
lab_route gw 2001:db9::/64 2001:db8:6::2
check "a host, without rules" fetch
check "a foreign host, without rules" wait_for 5 foreign
check "a server behind the translator, without rules" serve

for set in gateway stateless; do
	check "the rules \"$set\" load" rules firewalling $set
	check "$set: a host reaches a server" fetch
	check "$set: UDP" udp_ask client "$server6" 7000
	check "$set: datagrams in fragments" big
	check "$set: traceroute sees a router on IPv4" hop
	check "$set: a server is reached by its binding" serve
	check "$set: a foreign host is not let through" refuse foreign
done

# Only with connection tracking is an open port closed for others.
udp_ask client --port 4000 "$server6" 7000
port=$(cli -i nat64 --json bib --proto udp | field "bib.0.pool4.port")
public=$(cli -i nat64 --json bib --proto udp | field "bib.0.pool4.address")
check "an open port is known" [ "$port" != 0 ]
before=$(cli -i nat64 --json status | field instances.0.packets.4to6)
rules firewalling stateless >/dev/null
intrude >/dev/null 2>&1 || true
more_from4() { [ "$(cli -i nat64 --json status | field instances.0.packets.4to6)" -gt "$before" ]; }
check "stateless: the translator filters" wait_for 5 more_from4
before=$(cli -i nat64 --json status | field instances.0.packets.4to6)
rules firewalling gateway >/dev/null
intrude >/dev/null 2>&1 || true
check "gateway: connection tracking filters" [ "$(cli -i nat64 --json status | field instances.0.packets.4to6)" = "$before" ]

# The small router masquerades the pool behind its own address.
check "the rules of the small router load" rules quickstart
check "a host reaches a server through it" fetch
check "which sees the router's address" grep -q "^192.0.2.1 " <(udp_ask client --size 0 "$server6" 7000)

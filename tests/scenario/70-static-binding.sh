#!/bin/bash
# Static bindings offer services of IPv6-only hosts to IPv4: TCP, UDP, several hosts, and not more than asked for.
. "$(dirname "$0")/lib.sh"

scenario_open
network
configure \
	"bib = tcp [2001:db8:1::2]:80 198.51.100.1:80" \
	"bib = tcp [2001:db8:2::2]:80 198.51.100.1:8080" \
	"bib = udp [2001:db8:1::2]:7001 198.51.100.1:53" \
	"bib = icmp [2001:db8:1::2]:77 198.51.100.1:77"
translator_start
lab_web client "[2001:db8:1::2]:80"
lab_web other "[2001:db8:2::2]:80"
udp_server client 7001
udp_server server 7000
echo "on client" >"$lab_dir/web-client/index.html"
echo "on other" >"$lab_dir/web-other/index.html"

page() { [ "$(in_ns server curl -sS --max-time 30 "$1")" = "$2" ]; }
seen_as_prefix() { [ "$(in_ns server curl -sS --max-time 30 http://198.51.100.1/who)" = "$server6" ]; }
# the host's own traffic from the bound port leaves from the bound address and port
keeps_public_port() {
	udp_ask client --bind 2001:db8:1::2 --port 7001 --size 0 "$server6" 7000 | tee /dev/stderr |
		grep -qx "198.51.100.1 53"
}

check "TCP to the first host" page http://198.51.100.1/ "on client"
check "TCP to the second host, other port" page http://198.51.100.1:8080/ "on other"
check "the host sees the IPv4 client behind pool6" seen_as_prefix
check "UDP, port 53 to 7001" udp_ask server 198.51.100.1 53
check "a port without binding is not served" refuse in_ns server curl -sS --max-time 2 http://198.51.100.1:81/
check "ping with the bound identifier" in_ns server ping -q -c 2 -i 0.2 -W 15 -e 77 198.51.100.1
check "bib lists them" bash -c "[ \$($bin/sa-nat64 -c $lab_dir/sa-nat64.conf -r $lab_dir/run --json bib |
	grep -o '\"static\": *true' | wc -l) = 4 ]"
lab_stop "$(in_ns client ss -Hulnp 'sport = :7001' | grep -o 'pid=[0-9]*' | cut -d= -f2)" || true
check "outgoing traffic keeps the bound address and port" keeps_public_port

#!/bin/bash
# An address that the gateway gets while a flow to it is on the fast path: nobody reaches the gateway itself through the
# translator, in either mode, and the flow goes on when the address is gone.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/fast.sh"

scenario_open
network
udp_server server 7000
udp_server gw 7000 # what must not be reached

refused() { cli -i "$instance" --json status | field "instances.0.dropped.local-address"; }
# ask [ARGUMENT...]: through $instance, from the same port every time
ask() { udp_ask client --port 4000 "$@" "${ask_from[@]}" "$to" 7000; }
has_address() { in_ns gw ip -4 addr show dev lo | grep "$server4/32" >/dev/null; }
# keeps_off: the address is on the gateway now, and the flow gets no answer and leaves the kernel
keeps_off() {
	local before

	before=$(carried 64)
	refuse ask --timeout 0.5 && has_address && [ "$(carried 64)" = "$before" ] && [ "$(refused)" -gt 0 ]
}
# local_address MODE: a flow of $instance before, with and after the address
local_address() {
	check "$1: a flow to the server" ask --count 3
	check "$1: is on the fast path" uses_fast_path ask
	in_ns gw ip addr add "$server4/32" dev lo
	check "$1: the gateway gets that address: the flow leaves the kernel" wait_for 5 has_flows 0
	check "$1: and does not reach the gateway" keeps_off
	check "$1: nor comes back into the kernel" has_flows 0
	in_ns gw ip addr del "$server4/32" dev lo
	check "$1: without the address the flow goes on" wait_for 5 ask --timeout 0.5
	check "$1: on the fast path again" uses_fast_path ask
	in_ns gw ip addr add 192.0.2.9/32 dev lo
	check "$1: another address does not stop it" ask --count 3
	check "$1: which is on the fast path" uses_fast_path ask
	in_ns gw ip addr del 192.0.2.9/32 dev lo
}

configure "fast-path = on"
ask_from=()
instance=nat64 to=$server6
translator_start nat64
local_address nat64
ask_from=(--bind 2001:db8:1::10)
instance=siit to=2001:db8:46::cb00:7150
translator_start siit
local_address siit

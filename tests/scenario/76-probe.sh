#!/bin/bash
# What sa-nat64-healthd probes (lib/probe_address.h): datagrams between sockets of the gateway itself cross the translator
# and come back; to the first target only while the daemon works, to the second one also while it is stopped. Nobody else
# gets there. The targets lie on the gateway's loopback, as sa-nat64-netns puts them.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/fast.sh"

slow=192.0.0.1 fast=192.0.0.2
port=6464
in_kernel() { [ "$("$1")" = "$2" ]; }
# probe TARGET [ARGUMENT...]: in $instance, from the same port for each target
probe() {
	local target=$1

	shift
	udp_ask gw --port "400${target##*.}" "$@" "${from[@]}" "$prefix$target" "$port"
}
leads_to() { in_ns gw ip "$1" route get "$2" | tee /dev/stderr | grep "dev $3 " >/dev/null; }
has_route() { in_ns gw ip -6 route show proto 64 | tee /dev/stderr | grep "^64:ff9b:1::c000:1 " >/dev/null; }

# probes WHAT DEVICE: both targets, with the daemon working and stopped
probes() {
	check "$1: the slow target answers" probe $slow --count 5
	check "$1: the fast target answers" probe $fast --count 5
	check "$1: only that one is on the fast path" in_kernel flows6 1
	check "$1: and its answers" in_kernel flows4 1
	check "$1: the fast path carries it" uses_fast_path probe $fast --count 5
	kill -STOP "$lab_pid"
	check "$1, stopped: the fast target answers" probe $fast --count 5
	check "$1, stopped: the slow target does not" refuse probe $slow --timeout 0.5
	kill -CONT "$lab_pid"
	check "$1, working again: the slow target answers" wait_for 5 probe $slow --timeout 0.5
}

scenario_open
network
in_ns gw ip addr add $slow/32 dev lo
in_ns gw ip addr add $fast/32 dev lo
udp_server gw $port

instance=nat64
from=() prefix=64:ff9b::
configure "pool6 = 64:ff9b::/96" "destinations = 0.0.0.0/1" "fast-path = on"
translator_start nat64
check "routes lead there although the addresses are not served" leads_to -6 ${prefix}$slow nat64
check "by both prefixes" has_route
probes nat64
prefix=64:ff9b:1::
check "nat64: by the other prefix" probe $slow
check "a host is refused" refuse udp_ask client --timeout 0.5 64:ff9b::$slow $port
check "with a reason of its own" test "$(dropped probe-target)" -gt 0
configure "pool6 = 64:ff9b::/96" "destinations = 128.0.0.0/1" "fast-path = on" "probe4 = 10.64.64.0/30"
kill -HUP "$lab_pid"
check "a reload moves the targets: no route to those before" wait_for 5 refuse has_route
check "but one to the new ones" wait_for 5 leads_to -6 64:ff9b:1::10.64.64.1 nat64
check "those before are addresses like others" refuse probe $slow --timeout 0.5
in_ns gw ip addr add 10.64.64.1/32 dev lo
check "the new one answers" wait_for 5 probe 10.64.64.1 --timeout 0.5
lab_stop "$lab_pid"

instance=siit
prefix=2001:db8:46::
from=(--bind 2001:db8:46::192.0.0.3)
in_ns gw ip addr add 2001:db8:46::192.0.0.3/128 dev lo nodad
configure
translator_start siit
check "siit: the third address leads to the translator" leads_to -4 192.0.0.3 siit
probes siit

#!/bin/bash
# Somebody takes the fast path off the device, or sets the device down, or deletes it: what can be put right is, at once;
# established flows go on, by the slow path meanwhile.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/fast.sh"

scenario_open
network
configure "fast-path = on"
translator_start
pid=$lab_pid
udp_server server 7000
tcp_server server 7001

tc() { in_ns gw tc "$@"; }
ask() { udp_ask client --port 4000 --count 5 "$server6" 7000; }
hold() { transfer client get "$server6" 7001 $((1 << 20)); }
has_program() { [ "$(fastmap program)" != 0 ]; }
reattached() { cli -i nat64 --json stats | field instances.0.fast_flows.reattached; }
was_reattached() { [ "$(reattached)" = "$1" ]; }
routes() { in_ns gw ip route show proto 64 && in_ns gw ip -6 route show proto 64; }
same_routes() { diff <(echo "$before") <(routes); }
is_up() { in_ns gw ip -o link show nat64 | tee /dev/stderr | grep '[<,]UP[,>]' >/dev/null; }

ask
check "a flow is on the fast path" uses_fast_path ask
entered=$(flows6)
pings_start client "$server6"
tc filter del dev nat64 egress
check "the filter is deleted: it is there again" wait_for 1 has_program
tc qdisc del dev nat64 clsact
check "the whole qdisc is: it is there again" wait_for 3 has_program
check "with the flows it had" test "$(flows6)" -ge "$entered"
check "which use it" uses_fast_path ask
check "the log says so" log_has 'somebody took the fast path off device nat64: it is attached again'
check "and the statistics how often" settles was_reattached 2
check "status says on" status_is fast_path on
check "no ping was lost" pings_lost_none

# Where the older qdisc stands there is no egress filter. It is put there while the translator cannot see it.
kill -STOP "$pid"
tc qdisc del dev nat64 clsact
tc qdisc add dev nat64 ingress
kill -CONT "$pid"
why='it was taken off the device and cannot be attached: .*'
says_why() { [[ "$(status fast_path_reason)" =~ ^$why ]]; }
check "it cannot be attached: status says off" wait_for 3 status_is fast_path off
check "and why" says_why
check "and the log, once" test "$(grep -c 'and it cannot be attached' "$lab_dir/translator-nat64.log")" = 1
check "flows take the slow path" ask
check "new ones too" hold
tc qdisc del dev nat64 ingress
check "when it can be, it is" wait_for 3 status_is fast_path on
check "and used" uses_fast_path ask

# ---- the device ----
before=$(routes)
in_ns gw ip link set nat64 down
check "the device is set down: it is up again" wait_for 3 is_up
check "with its routes" wait_for 3 same_routes
check "flows go on" wait_for 3 ask
check "on the fast path" uses_fast_path ask
check "the log says what happened" log_has 'somebody set device nat64 down: it is up again'
in_ns gw bash -c 'ip link set nat64 down; ip link set nat64 up'
check "down for a moment: the routes are back" wait_for 3 same_routes
check "and flows go on" wait_for 3 ask

# ---- forwarding ----
forward() { in_ns gw sysctl -qw "$@"; }
is_down_for() { status_is health down && [[ "$(status reason)" == "$1 0: "* ]]; }
is_critical_for() { local line; line=$(cli check) || [ $? = 2 ] && [[ "$line" == "NAT64 CRITICAL: nat64: down: $1 0: "* ]]; }
forward net.ipv4.ip_forward=0
check "without forwarding: down, and why" wait_for 3 is_down_for 'net.ipv4.ip_forward is'
check "check says so" is_critical_for 'net.ipv4.ip_forward is'
check "and so does the log" log_has 'net.ipv4.ip_forward is 0: packets of other hosts are not routed'
check "nothing is translated" refuse ask
forward net.ipv6.conf.all.forwarding=0
check "neither IPv4 nor IPv6" wait_for 3 is_down_for 'net.ipv6.conf.all.forwarding and net.ipv4.ip_forward are'
forward net.ipv4.ip_forward=1
check "not IPv6" wait_for 3 is_down_for 'net.ipv6.conf.all.forwarding is'
forward net.ipv6.conf.all.forwarding=1
check "both again: up" wait_for 3 status_is health up
check "the log says so" log_has 'forwards packets through the translator again'
check "flows go on" wait_for 3 ask
forward net.ipv4.conf.nat64.forwarding=0
check "the device alone does not forward" wait_for 3 is_down_for 'net.ipv4.conf.nat64.forwarding is'
forward net.ipv4.ip_forward=0
forward net.ipv4.conf.nat64.forwarding=1
check "the device alone does" wait_for 3 is_down_for 'net.ipv4.ip_forward is'
for device in lan wan; do
	forward "net.ipv4.conf.$device.forwarding=1"
done
check "each device does, though not all: up" wait_for 3 status_is health up
check "and flows go on" ask
forward net.ipv4.ip_forward=1

in_ns gw ip link del nat64
code=0
wait "$pid" || code=$?
check "the device is deleted: the translator ends with an error" test "$code" = 1
check "and says why" log_has 'is gone.*; the next start makes another'
translator_start
restored() { [[ "$(status state_file)" == "restored "* ]]; }
check "the next one makes another, sessions stay" restored
check "flows go on" ask

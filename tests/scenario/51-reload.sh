#!/bin/bash
# SIGHUP while connections are open: what fits the new file goes on, what is wrong changes nothing.
. "$(dirname "$0")/lib.sh"

scenario_open
network
pool4=198.51.100.0/30 configure
translator_start
pid=$lab_pid
lab_web server "$server4:80"
lab_web client "[2001:db8:1::2]:80"
udp_server server 7000

log=$lab_dir/translator-nat64.log
fetch() { in_ns client curl -sS --max-time 30 -o /dev/null "http://[$server6]/who"; }
fetch_binding() { in_ns server curl -sS --max-time 30 -o /dev/null "http://$1/who"; }
said() { [ "$(grep -c "$1" "$log")" -gt "$2" ]; }
# reload TEXT: the log says TEXT once more.
reload() {
	local before

	before=$(grep -c "$1" "$log" || true)
	kill -HUP "$pid"
	wait_for 5 said "$1" "$before"
}
sessions() { cli -i nat64 --json status | field instances.0.sessions.udp; }
route_to_tun() { in_ns gw ip route show "$1" | grep 'dev nat64' >/dev/null; }

check "traffic flows" fetch
check "a UDP session exists" udp_ask client "$server6" 7000
before=$(sessions)
check "it is listed" test "$before" -ge 1

pool4=198.51.100.0/28 configure "bib = tcp [2001:db8:1::2]:80 198.51.100.200:80" "mss-clamp = auto"
check "a larger pool, a binding and another key are taken" reload 'reloaded; 0 sessions'
check "the session is still there" test "$(sessions)" = "$before"
check "the larger pool is routed to the device" route_to_tun 198.51.100.0/28
check "the route of the smaller pool is gone" refuse route_to_tun 198.51.100.0/30
check "the new binding serves" fetch_binding 198.51.100.200
check "new connections work" fetch

configure "pool6 = 2001:db8:64::/33"
check "a file with errors is refused" reload 'reload refused'
check "and nothing changed" fetch_binding 198.51.100.200

configure "max-sessions = 1000"
check "a key that needs a restart is named" reload 'need a restart: \[instance nat64\] max-sessions'
check "and nothing changed" fetch

sed -i 's/\[instance nat64\]/[instance other]/' "$lab_dir/sa-nat64.conf"
check "an instance that is gone is refused" reload 'no \[instance nat64\]'

pool4=198.51.100.240/32 configure "pool4-removed = drain"
check "pool4-removed = drain: the pool is replaced" reload 'reloaded; '
check "sessions of the old addresses go on" test "$(sessions)" = "$before"
pool4=198.51.100.241/32 configure
check "pool4-removed = kill: the pool is replaced again" reload 'sessions did not fit'
check "sessions of the old addresses are gone" test "$(sessions)" = 0
check "new connections take the new address" fetch

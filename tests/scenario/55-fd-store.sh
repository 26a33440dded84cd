#!/bin/bash
# The device's descriptor rests with the service manager (manager.py) while no translator runs: what comes meanwhile waits
# in the queue and is translated after the start, in order. What the manager passes is looked at before it is used.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/fast.sh"

scenario_open
network
configure "fast-path = off"
mkdir "$lab_dir/manager"
mkfifo "$lab_dir/orders"
events=$lab_dir/manager/events

pid() { cat "$lab_dir/manager/pid"; }
runs() { [ "$(status pid 2>/dev/null)" = "$(pid)" ]; }
count() { grep -c "^$1" "$events" || true; }
stored() { [ "$(grep ^store "$events" | tail -n 1)" = "store $1" ]; }
is_dead() { [ "$(tail -n 1 "$events")" = ended ]; }
# starts_again: the kill and the start after it
starts_again() {
	local starts

	starts=$(count started)
	kill -KILL "$(pid)"
	wait_for 5 has_started "$starts" && wait_for 10 runs
}
has_started() { [ "$(count started)" -gt "$1" ]; }
# die / live: no translator from now on; a new one
die() {
	touch "$lab_dir/manager/hold"
	kill -KILL "$(pid)"
	wait_for 5 is_dead
}
live() {
	rm "$lab_dir/manager/hold"
	wait_for 10 runs
}
descriptors() { find "/proc/$(pid)/fd" -mindepth 1 | wc -l; }
send() { in_ns client "$here/backlog.py" send "$server6" 7002 "$@"; }
arrived() { [ "$(wc -l <"$lab_dir/arrived.log")" = "$1" ]; }
in_order() {
	settles arrived "$1"
	cmp <(seq "$1") "$lab_dir/arrived.log"
}
open_connections() { [ "$(cli -i nat64 sessions --port 7001 --state ESTABLISHED | grep -c "$server4")" = "$1" ]; }
ask() { udp_ask client "$server6" 7000; }

# The capabilities are those of the unit.
manage() {
	lab_start gw translator-nat64 "$here/manager.py" "$lab_dir/manager" \
		setpriv --bounding-set -all,+net_admin,+bpf,+perfmon --inh-caps -all \
		"$bin/sa-nat64-translator" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" nat64
	manager=$lab_pid
	wait_for 10 runs || lab_fail_with_log translator-nat64
}
manage
check "the first start puts the descriptor there" stored tun
udp_server server 7000
tcp_server server 7001
lab_start server arrived "$here/backlog.py" listen 7002
wait_for 5 listening server -u 7002
descriptors=$(descriptors)

# ---- restarts ----
pings_start client "$server6"
for ((round = 1; round <= 20; round++)); do
	starts_again || break
done
check "twenty kills, twenty starts" test "$round $(count started)" = "21 21"
# Who is killed takes the packet with him that he has just read; a device that were away would lose more each time.
check "no ping was lost, but what was in the translator's hands" pings_lost_at_most 3
check "the store has that one descriptor" stored tun
check "and was given it once" test "$(count FDSTORE=1)" = 1
check "the process has as many descriptors as the first one" test "$(descriptors)" = "$descriptors"

# ---- what waits ----
send 1 10
lab_start client end "$here/backlog.py" end "$server6" 7001 "$lab_dir/orders"
wait_for 5 grep -q open "$lab_dir/end.log"
check "two connections are open" settles open_connections 2
die
send 11 1000
echo now >"$lab_dir/orders"
wait_for 5 grep -q ended "$lab_dir/end.log"
check "nothing comes through without a translator" arrived 10
live
check "with the next one everything comes, in order" in_order 1000
check "FIN and RST end their sessions" settles open_connections 0

# ---- what is not used ----
touch "$lab_dir/manager/junk"
starts_again
check "descriptors of something else are refused" log_has 'descriptor "other" of the service manager is closed: it is of no use'
check "one under its name too" log_has 'descriptor "tun" of the service manager is closed: .*Inappropriate ioctl'
check "and taken out of the store, which has the right one" settles stored tun
check "it translates" ask
die
in_ns gw ip link del nat64
live
check "the device was deleted meanwhile: its descriptor is refused" log_has 'device nat64 in this namespace (No such device)'
check "and a new one stored" settles stored tun
check "it translates by a new device" ask
die
in_ns gw ip link set nat64 netns "$lab_id-other"
live
check "a device that is in another namespace is not taken" test "$(grep -c 'in this namespace (No such device)' \
	"$lab_dir/translator-nat64.log")" = 2
check "it translates by one here" ask
check "the process has as many descriptors as the first one" test "$(descriptors)" = "$descriptors"

# ---- what else the manager is told ----
petted() { [ "$(count WATCHDOG=1)" -gt "$1" ]; }
before=$(count WATCHDOG=1)
check "the watchdog hears of a loop that turns" wait_for 3 petted "$before"
reloads='RELOADING=1 MONOTONIC_USEC=[0-9]* WATCHDOG_USEC=20000000'
kill -HUP "$(pid)"
check "a reload is told, with its time" wait_for 5 grep -qx "$reloads" "$events"
check "and its end" wait_for 5 grep -qx 'READY=1 WATCHDOG_USEC=1000000' "$events"
kill -STOP "$(pid)"
before=$(count WATCHDOG=1)
is_silent() { ! within 2 petted $((before + 1)); }
check "but not from one that stands" is_silent
kill -CONT "$(pid)"
check "and again when it goes on" wait_for 3 petted $((before + 1))

# ---- the fast path, whose program and maps a process of these capabilities cannot ask the kernel for ----
lab_stop "$manager" || true
configure "fast-path = on"
manage
ask4() { udp_ask client --port 4000 --count 3 "$server6" 7000; }
took_over() { log_has "took over $entered sessions that the fast path kept"; }
all="flows4 flows6 program settings stamps tun"
stored_all() { [ "$(grep ^store "$events" | tail -n 1 | cut -d' ' -f2- | tr ' ' '\n' | sort | xargs)" = "$all" ]; }
check "with the fast path its program and maps are stored, too" settles stored_all
check "a flow" uses_fast_path ask4
entered=$(flows6)
check "is entered" test "$entered" -gt 0
for round in 1 2 3; do
	starts_again
	check "kill $round: the next one takes it over" took_over
done
check "and uses it" uses_fast_path ask4
check "each is stored once" settles stored_all
descriptors=$(descriptors)
starts_again
check "and open as often as before" test "$(descriptors)" = "$descriptors"
configure "fast-path = off"
starts_again
check "without a fast path only the device's is left" settles stored tun

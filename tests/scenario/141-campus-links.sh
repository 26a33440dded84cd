#!/bin/bash
# The campus under load while a box loses its power, its uplink, its sync link, or both links, and gets them back: nothing
# breaks, and a box serves again only when it has the sessions of the other.
# timeout: 1200
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/campus.sh"

campus_open
load_start

# whole_before_it_serves: until gw-a serves the lower half; false if it did before it was in sync
whole_before_it_serves() {
	local began=$SECONDS early=0

	while [ $((SECONDS - began)) -lt 160 ]; do
		if campus_is lower=gw-a; then
			in_sync gw-a lower || early=1
			echo "serves after $((SECONDS - began)) s, with $(campus_field gw-a lower sessions.tcp) TCP sessions"
			[ "$early" = 0 ] && [ "$(campus_field gw-a lower sessions.tcp)" -ge 500 ]
			return
		fi
		sleep 0.05 # the pause between two looks
	done
	echo "it does not serve"
	return 1
}

case_begin "box gone"
lab_machine_crash gw-a
check "box gone: the router moved" wait_for 5 campus_is lower=gw-b upper=gw-b siit=gw-b
check "box gone: gw-b carries the lower half" carries lower gw-b
check "box gone: gw-b says that its peer is lost" wait_for 5 says gw-b lower degraded "gw-a"
case_end --gap 10000

case_begin "box back"
lab_machine_power_only gw-a
check "box back: it has all sessions before it serves" whole_before_it_serves
check "box back: gw-a carries the lower half" carries lower gw-a
check "box back: all is well" wait_for 20 campus_whole
check "box back: one move" moved lower gw-a
check "box back: upper stayed" stayed upper
case_end --gap 5000

case_begin "uplink down"
in_ns router ip link set to-gw-a down
check "uplink down: the router moved" wait_for 5 campus_is lower=gw-b upper=gw-b siit=gw-b
check "uplink down: gw-a says why" wait_for 5 says gw-a lower down "carrier|uplink0"
in_ns router ip link set to-gw-a up
check "uplink down: gw-a serves again" wait_for 20 campus_is lower=gw-a siit=gw-a
check "uplink down: there and back, once" moved lower "gw-b gw-a"
case_end --gap 10000

case_begin "sync link down"
in_ns wire ip link set port-gw-a down
check "sync link down: gw-a says so" wait_for 5 says gw-a lower degraded
check "sync link down: gw-b says so" wait_for 5 says gw-b upper degraded
in_ns wire ip link set port-gw-a up
check "sync link down: all is well again" wait_for 20 campus_whole
check "sync link down: the router noticed nothing of lower" stayed lower
check "sync link down: the router noticed nothing of upper" stayed upper
case_end --gap 5000

case_begin "both links down"
in_ns wire ip link set port-gw-a down
in_ns router ip link set to-gw-a down
check "both links down: the router moved" wait_for 5 campus_is lower=gw-b upper=gw-b siit=gw-b
in_ns wire ip link set port-gw-a up
in_ns router ip link set to-gw-a up
check "both links down: it has all sessions before it serves" whole_before_it_serves
check "both links down: all is well again" wait_for 20 campus_whole
check "both links down: there and back, once" moved lower "gw-b gw-a"
case_end --gap 10000

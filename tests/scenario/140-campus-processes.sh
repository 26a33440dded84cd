#!/bin/bash
# The campus under load while programs of a box are killed or stopped, one after the other: nothing breaks, and the router
# moves traffic only where it has to.
# timeout: 1200
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/campus.sh"

# A translator that hangs is taken for dead before its watchdog, after a second, has it started again.
campus_health_lines=$'hold-down = 4s\nhold-down-max = 4s\nprobe-timeout = 500ms\nrestart-grace = 5s'
campus_open
load_start
check "gw-a carries the lower half" carries lower gw-a
check "gw-b carries the upper half" carries upper gw-b

# killed UNIT WHAT: on gw-a; until systemd has started it again
killed() {
	local pid

	pid=$(unit_pid gw-a "$1")
	unit_kill gw-a "$1" KILL
	check "$2: it was started again" wait_for 10 unit_is_new gw-a "$1" "$pid"
}

case_begin "translator killed"
killed sa-nat64-translator@lower "translator killed"
check "translator killed: gw-a carries the lower half" carries lower gw-a
check "translator killed: the router noticed nothing" stayed lower
case_end --gap 5000

case_begin "translator without fast path killed"
pid=$(unit_pid gw-b sa-nat64-translator@upper)
unit_kill gw-b sa-nat64-translator@upper KILL
check "translator without fast path killed: it was started again" wait_for 10 unit_is_new gw-b sa-nat64-translator@upper "$pid"
check "translator without fast path killed: gw-b carries the upper half" carries upper gw-b
case_end --gap 5000

case_begin "translator stopped"
pid=$(unit_pid gw-a sa-nat64-translator@lower)
unit_kill gw-a sa-nat64-translator@lower STOP
check "translator stopped: the router moved" wait_for 5 campus_is lower=gw-b
check "translator stopped: gw-a says why" wait_for 5 says gw-a lower down
check "translator stopped: it shall stay on gw-b" campus_cli gw-a drain lower # for as long as it takes to look
check "translator stopped: it was started again" wait_for 10 unit_is_new gw-a sa-nat64-translator@lower "$pid"
check "translator stopped: gw-b carries the lower half" carries lower gw-b
check "translator stopped: it need not stay" campus_cli gw-a undrain lower
check "translator stopped: gw-a serves again" wait_for 15 campus_is lower=gw-a
check "translator stopped: gw-a carries it again" carries lower gw-a
check "translator stopped: there and back, once" moved lower "gw-b gw-a"
check "translator stopped: nobody else moved" stayed upper
case_end --gap 10000

case_begin "translator without fast path stopped"
unit_kill gw-b sa-nat64-translator@upper STOP
check "translator without fast path stopped: the router moved" wait_for 5 campus_is upper=gw-a
# What waited in the queue on gw-b is counted there as soon as its translator is started again.
check "translator without fast path stopped: gw-a carries the upper half" counts upper gw-a
check "translator without fast path stopped: gw-b serves again" wait_for 15 campus_is upper=gw-b
check "translator without fast path stopped: there and back, once" moved upper "gw-a gw-b"
case_end --gap 10000

case_begin "fast path detached by hand"
in_machine gw-a ip netns exec nat64-lower tc filter del dev nat64 egress
check "fast path detached by hand: it is attached again" wait_for 5 \
	in_machine gw-a bash -c 'ip netns exec nat64-lower tc filter show dev nat64 egress | grep bpf >/dev/null'
check "fast path detached by hand: the router noticed nothing" stayed lower
check "fast path detached by hand: gw-a carries the lower half" carries lower gw-a
case_end --gap 5000

case_begin "syncd killed"
killed sa-nat64-syncd "syncd killed"
check "syncd killed: in sync again" wait_for 20 in_sync gw-a lower
check "syncd killed: the router noticed nothing" stayed lower
case_end --gap 5000

case_begin "bfdd killed"
killed sa-nat64-bfdd@lower "bfdd killed"
check "bfdd killed: all is well again" wait_for 20 box_whole gw-a
check "bfdd killed: gw-a serves" wait_for 15 campus_is lower=gw-a
check "bfdd killed: the upper half stayed" stayed upper
case_end --gap 10000

case_begin "healthd killed"
killed sa-nat64-healthd "healthd killed"
check "healthd killed: all is well again" wait_for 20 box_whole gw-a
check "healthd killed: gw-a serves" wait_for 15 campus_is lower=gw-a siit=gw-a
case_end --gap 10000

case_begin "healthd stopped"
pid=$(unit_pid gw-a sa-nat64-healthd)
unit_kill gw-a sa-nat64-healthd STOP
check "healthd stopped: the router moved" wait_for 10 campus_is lower=gw-b siit=gw-b
check "healthd stopped: it was started again" wait_for 10 unit_is_new gw-a sa-nat64-healthd "$pid"
check "healthd stopped: gw-a serves again" wait_for 15 campus_is lower=gw-a siit=gw-a
check "healthd stopped: there and back, once" moved lower "gw-b gw-a"
case_end --gap 10000
check "all is well in the end" wait_for 10 campus_whole

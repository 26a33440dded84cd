#!/bin/bash
# How long traffic pauses when something fails: the two-box campus (netns/campus.sh) with BFD at 3 x 50 ms, under the load of
# tests/scenario/campus_load.py, and beside it two plain routers without any NAT in place of the boxes.
# Run by `make bench-failover`.
#
# Environment: REPEAT (10) rounds of each case, IDLE (10000) connections held open, STEADY (60) seconds for the CPU time,
# ONLY, a regular expression of the cases. Each report is a line of build/bench/failover.raw; report_failover.py makes
# build/bench/failover.json of it, and tests/bench/table.py puts that into docs/benchmark.md. Nothing here fails for being
# slow, only for not running.
campus_bfd_ms=50
. "$(dirname "$0")/../scenario/lib.sh"
. "$(dirname "$0")/../scenario/campus.sh"

# Traffic comes back after a second instead of five, and the falls of one round after the other do not add up to more, so
# that a round is short; all else is as it is by default.
campus_health_lines=$'hold-down = 1s\nhold-down-max = 1s'

out=$root/build/bench
mkdir -p "$out"
repeat=${REPEAT:-10}
idle=${IDLE:-10000}
steady=${STEADY:-60}
only=${ONLY:-.}

die() {
	echo "bench: $1" >&2
	exit 1
}

# measured CASE HALF: one round of CASE, in which HALF was concerned: what happened since the last report
measured() {
	load_report || die "no report of the load"
	printf '{"case": "%s", "half": "%s", "report": %s}\n' "$1" "$2" "$(tail -n 1 "$lab_dir/load.log")" >>"$out/failover.raw"
	tail -n 1 "$lab_dir/load.log" | python3 -c '
import json, sys
report, (case, half) = json.load(sys.stdin), sys.argv[1:]
print("  %-28s" % case, *("%s %s ms" % (name, row["gap_ms"]) for name, row in report["udp"].items() if name.startswith(half)),
      "TCP %s ms" % max(row["stall_ms"] for name, row in report["tcp"].items() if name.startswith(half)),
      "broken %d" % report["broken"])' "$1" "$2" >&2
}

# rounds CASE HALF FUNCTION: each of them begins and ends with all well
rounds() {
	local round

	[[ $1 =~ $only ]] || return 0
	for ((round = 0; round < repeat; round++)); do
		all_is_well
		load_report
		"$3"
		measured "$1" "$2"
	done
}
all_is_well() {
	wait_for 60 campus_is lower=gw-a upper=gw-b siit=gw-a || die "the router does not send traffic where it should"
	wait_for 60 campus_whole || die "not all is up: gw-a $(health_states gw-a), gw-b $(health_states gw-b)"
}

# ---- the cases ----

# until the traffic of a half goes by that box and a second has passed for its streams to be measured
goes_to() {
	wait_for 20 campus_is "$1" || die "the router did not move: $1"
	sleep 1 # of streams by the new way
}

vanish() {
	lab_machine_crash gw-a
	goes_to lower=gw-b
}
power() {
	lab_machine_power_only gw-a
	goes_to lower=gw-a
}
vanish_and_return() {
	vanish
	measured "box vanishes" lower
	power
}

# Dead for good: systemd does not start it again.
translator_dies() {
	in_machine gw-a bash -c 'mkdir -p "$1" && printf "[Service]\nRestart=no\n" >"$1/dead.conf" && systemctl daemon-reload' \
		dead /run/systemd/system/sa-nat64-translator@lower.service.d
	unit_kill gw-a sa-nat64-translator@lower KILL
	goes_to lower=gw-b
	measured "translator dies" lower
	in_machine gw-a bash -c 'rm -r "$1" && systemctl daemon-reload && systemctl start sa-nat64-translator@lower' \
		alive /run/systemd/system/sa-nat64-translator@lower.service.d
	goes_to lower=gw-a
}

hangs_fast() {
	unit_kill gw-a sa-nat64-translator@lower STOP
	goes_to lower=gw-b
	measured "translator hangs" lower
	goes_to lower=gw-a
}
hangs_slow() {
	unit_kill gw-b sa-nat64-translator@upper STOP
	goes_to upper=gw-a
	measured "translator hangs, slow path" upper
	goes_to upper=gw-b
}

drains() {
	campus_cli gw-a drain lower >/dev/null
	goes_to lower=gw-b
	measured "drain" lower
	campus_cli gw-a undrain lower >/dev/null
	goes_to lower=gw-a
}

restarts() {
	local pid

	pid=$(unit_pid gw-a sa-nat64-translator@lower)
	in_machine gw-a systemctl restart sa-nat64-translator@lower
	wait_for 10 unit_is_new gw-a sa-nat64-translator@lower "$pid"
	sleep 1 # of streams
}
crashes() {
	local pid

	pid=$(unit_pid gw-a sa-nat64-translator@lower)
	unit_kill gw-a sa-nat64-translator@lower KILL
	wait_for 10 unit_is_new gw-a sa-nat64-translator@lower "$pid"
	sleep 1 # of streams
}

# ---- CPU time ----

# cpu_usec BOX SERVICE: of all its processes so far, those that ended included
cpu_usec() {
	lab_machine_hold_run cat "cgroup/$lab_id-$1/system.slice/$2.service/cpu.stat" | awk '$1 == "usage_usec" { print $2 }'
}

# Of gw-a, with its traffic: percent of a core. What vtysh takes is part of healthd's.
cpu_time() {
	local service before=() number

	[[ cpu =~ $only ]] || return 0
	all_is_well
	for service in sa-nat64-healthd sa-nat64-syncd; do
		before+=("$(cpu_usec gw-a "$service")")
	done
	sleep "$steady" # the time over which it is measured
	number=0
	for service in sa-nat64-healthd sa-nat64-syncd; do
		awk -v service="$service" -v used=$(($(cpu_usec gw-a "$service") - before[number])) -v seconds="$steady" 'BEGIN {
			printf "{\"cpu\": \"%s\", \"percent\": %.3f}\n", service, used / seconds / 1e4 }' | tee -a "$out/failover.raw" >&2
		number=$((number + 1))
	done
}

# ---- plain routing ----

# Two routers without NAT, each with FRR's bfdd, between the same hosts and servers, which have IPv6 for it: whatever comes
# to the router by its LAN has been at a box and goes on, and everything else goes to a box first.
plain_network() {
	local box letter

	campus_network
	lab_addr servers eth0 2001:db8:5::80/64
	lab_addr router servers 2001:db8:5::1/64
	in_ns servers ip -6 addr add 2001:db8:f::80/128 dev lo
	in_ns servers ip -6 route add default via 2001:db8:5::1 src 2001:db8:f::80
	in_ns router ip -6 route del 2001:db8:1:1::/64
	in_ns router ip -6 rule add iif lan lookup 100
	in_ns router ip -6 route add 2001:db8:f::/64 via 2001:db8:5::80 table 100
	in_ns router ip -6 route add 2001:db8:1::/64 dev hosts table 100
	in_ns router ip -6 route add 2001:db8:1:1::/64 via 2001:db8:1::2 dev hosts table 100
	for box in "${campus_boxes[@]}"; do
		letter=${box#gw-}
		lab_box "$box"
		lab_router "$box"
		campus_attach "$box"
		lab_addr "$box" eth0 "2001:db8:6464::${letter}1/64"
		plain_routes "$box"
		printf 'bfd\n peer 2001:db8:6464::1 local-address 2001:db8:6464::%s1 interface eth0\n' "$letter" >"$lab_dir/bfdd-$box.conf"
		printf '  transmit-interval %d\n  receive-interval %d\n' "$campus_bfd_ms" "$campus_bfd_ms" >>"$lab_dir/bfdd-$box.conf"
		plain_start "$box"
	done
	campus_router plain_bird_config
}
plain_routes() { in_ns "$1" ip route replace default via 2001:db8:6464::1; }
plain_start() {
	in_box "$1" install -d -o frr -g frr -m 750 /run/frr
	lab_box_start "$1" "zebra-$1" /usr/lib/frr/zebra -f /dev/null -A 127.0.0.1 -P 0
	disown # that it is killed is no news
	wait_for 10 in_box "$1" test -S /run/frr/zserv.api || lab_fail_with_log "zebra-$1"
	lab_box_start "$1" "bfdd-$1" /usr/lib/frr/bfdd -f "$lab_dir/bfdd-$1.conf" -A 127.0.0.1 -P 0
	disown
}
plain_bird_config() {
	local name box preference=200

	campus_bird_config | sed '/^# where/,$d'
	for box in a b; do
		printf 'protocol static plain%s {\n    ipv6 { preference %d; };\n' "$box" "$preference"
		for name in 2001:db8:f::/64 2001:db8:1:1::/64 2001:db8:1::2/128; do
			printf '    route %s via 2001:db8:6464::%s1 bfd;\n' "$name" "$box"
		done
		echo "}"
		preference=100
	done
}
plain_goes_to() {
	wait_for 20 plain_is "$1" || die "plain routing did not move to $1"
	sleep 1 # of streams by the new way
}
plain_is() { [ "$(campus_via 2001:db8:f::80)" = "$1" ] && [ "$(campus_via 2001:db8:1::2)" = "$1" ]; }

plain() {
	local round

	scenario_open
	plain_network
	plain_goes_to gw-a
	load_to "$idle" plain=2001:db8:f::80
	for ((round = 0; round < repeat; round++)); do
		plain_goes_to gw-a
		load_report
		lab_box_crash gw-a
		plain_goes_to gw-b
		measured "plain routing, router vanishes" plain
		lab_box_power gw-a
		plain_routes gw-a
		plain_start gw-a
	done
}

campus() {
	campus_open
	load_start "$idle"
	all_is_well
	rounds "box returns" lower vanish_and_return
	rounds "translator returns" lower translator_dies
	rounds "translator returns from a hang" lower hangs_fast
	rounds "the same, slow path" upper hangs_slow
	rounds "undrain" lower drains
	rounds "translator restarted" lower restarts
	rounds "translator killed, restarted" lower crashes
	cpu_time
}

write_meta() {
	local dirty=

	git -C "$root" diff --quiet HEAD 2>/dev/null || dirty=" and changes"
	printf '{"meta": {"kernel": "%s", "cpus": %d, "cpu": "%s", "commit": "%s", "date": "%s", "load": "%s"}}\n' \
		"$(uname -r)" "$(nproc)" "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)" \
		"$(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)$dirty" "$(date -u +%F)" \
		"$(cut -d " " -f 1 /proc/loadavg)" # what others do; a quiet machine is near 0
}

case ${1:-} in
plain | campus)
	"$1"
	;;
*)
	[ "$(id -u)" = 0 ] || die "network namespaces need root; try: sudo make bench-failover"
	write_meta >"$out/failover.raw"
	[[ ! plain =~ $only ]] || "$0" plain
	"$0" campus
	"$root/tests/bench/report_failover.py" "$out/failover.raw" "$out/failover.json"
	;;
esac

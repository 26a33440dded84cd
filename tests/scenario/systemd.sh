# shellcheck shell=bash
# shellcheck disable=SC2154 # lab.sh and campus.sh set lab_dir and campus_*
# What the scenarios of units share, sourced after lib.sh and netns/campus.sh: one box of the campus, gw-a.

campus_boxes=(gw-a)
# What only a machine with nothing else to do keeps up with is measured by tests/bench/failover.sh.
campus_bfd_ms=300
campus_health_lines="probe-timeout = 2s"
instances=(lower upper siit)
# everything that is to run
all_units=(sa-nat64.service sa-nat64.target sa-nat64-syncd.service sa-nat64-healthd.service)
for instance in "${instances[@]}"; do
	all_units+=("sa-nat64@$instance.target" "sa-nat64-netns@$instance.service")
	all_units+=("sa-nat64-translator@$instance.service" "sa-nat64-zebra@$instance.service")
	all_units+=("sa-nat64-bfdd@$instance.service")
done

# box_up [LINE...]: the campus's network and one box, booted
box_up() {
	campus_network
	campus_machines
	campus_router campus_bird_config
	lab_machine_power gw-a
}

is_active() { in_machine gw-a systemctl is-active "$1"; }
# active_now: all of them; those that are not are printed
active_now() {
	local unit bad=0

	for unit in "${all_units[@]}"; do
		in_machine gw-a systemctl is-active -q "$unit" || {
			echo "$unit is not active"
			bad=1
		}
	done
	return "$bad"
}
all_active() { wait_for 10 active_now || active_now; }
main_pid() { in_machine gw-a systemctl show -P MainPID "sa-nat64-$1.service"; }
has_namespace() { in_machine gw-a ip netns list | grep -w "$1" >/dev/null; }
as_nobody() { in_machine gw-a setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
as_member() { in_machine gw-a setpriv --reuid 65534 --regid 65534 --groups sa-nat64 "$@"; }
# denied COMMAND...: to a member of the group, for want of rights
denied() {
	as_member "$@" >"$lab_dir/denied" 2>&1 && return 1
	cat "$lab_dir/denied"
	grep -q "permission denied: " "$lab_dir/denied"
}

# invocations: each service that runs, with what is new whenever it starts
invocations() {
	local unit

	for unit in "${all_units[@]}"; do
		[[ $unit = *.target ]] || echo "$unit $(in_machine gw-a systemctl show -P InvocationID "$unit")"
	done
}
snapshot() { invocations >"$lab_dir/invocations"; }

# hit UNIT SIGNAL: to its main process; until another one is ready
hit() {
	local pid

	snapshot
	pid=$(main_pid "$1")
	echo "$pid" >"$lab_dir/hit"
	in_machine gw-a kill -s "$2" "$pid"
	wait_for 15 was_replaced "$1"
	wait_for 15 in_machine gw-a systemctl is-active -q "sa-nat64-$1.service"
}
was_replaced() {
	local pid

	pid=$(main_pid "$1")
	[ "$pid" != 0 ] && [ "$pid" != "$(<"$lab_dir/hit")" ]
}

# untouched_but UNIT: since the snapshot only that one was started anew
untouched_but() { diff <(grep -v "^sa-nat64-$1.service " "$lab_dir/invocations") <(invocations | grep -v "^sa-nat64-$1.service "); }

# traffic_to_box: by fixed routes, whatever BFD says
traffic_to_box() {
	in_ns router ip -6 route add 64:ff9b:1::/97 via 2001:db8:6464::a1 metric 1
	in_ns router ip route add 198.51.100.0/28 via 192.0.2.11 metric 1
	wait_for 10 in_ns hosts ping -c 1 -W 1 "$campus_lower6"
}

# pings_survive COMMAND...: a hundred a second through `lower` meanwhile, and none is lost
pings_survive() {
	local status=0

	pings_start hosts "$campus_lower6"
	"$@" || status=1
	pings_lost_none || status=1
	return "$status"
}

# stopped_in_order UNIT...: the journal says so; $journal: which part of it, such as (--boot -1)
stopped_in_order() {
	local unit at last=0

	for unit in "$@"; do
		at=$(in_machine gw-a journalctl -q "${journal[@]}" -o short-unix -u "sa-nat64-$unit.service" --grep '^Stopped ' |
			awk 'END { sub(/[.]/, "", $1); print $1 + 0 == 0 ? 0 : $1 }')
		echo "$unit stopped at $at"
		[ "$at" -gt "$last" ] || return 1
		last=$at
	done
}

# shellcheck shell=bash
# shellcheck disable=SC2154 # lab.sh and lib.sh set lab_dir and root
# What the scenarios of the campus share, sourced after lib.sh: netns/campus.sh under load, and its judge.
#
# A scenario calls campus_open and load_start, and then for each case: case_begin, what goes wrong, checks of who serves
# and of what the programs say, case_end. The router's changes of routes are read from `ip monitor` (moves), who carries
# the traffic from the counters in `sa-nat64 status` of both boxes (carries).
campus_bfd_ms=${campus_bfd_ms:-300}
# shellcheck source=netns/campus.sh
. "$root/netns/campus.sh"

# Who fell waits two seconds instead of five before it serves again. A machine with other work must look neither like a dead
# translator nor like a dead neighbour: two processors have to do everything here, and tests/bench/failover.sh measures how fast
# all this is. upper has no fast path.
campus_health_lines=$'hold-down = 2s\nhold-down-max = 2s\nprobe-timeout = 2s\nrestart-grace = 5s'
campus_upper_lines="fast-path = off"
routes_seen=0 # lines of the router's log before the case
case_name=

# campus_open: the whole campus, both boxes serving their half.
campus_open() {
	scenario_open
	trap campus_end EXIT
	campus_network
	campus_machines
	campus_router campus_bird_config
	lab_machine_power "${campus_boxes[@]}"
	wait_for 30 campus_is lower=gw-a upper=gw-b siit=gw-a || campus_fail
	wait_for 20 campus_whole || campus_fail
}

# campus_whole: every instance on both boxes is up.
campus_whole() {
	local box

	for box in "${campus_boxes[@]}"; do
		box_whole "$box" || return 1
	done
}
box_whole() { health_are "$1" "lower=up upper=up siit=up"; }
health_are() { [ "$(health_states "$1")" = "$2" ]; }

campus_fail() {
	echo "the campus did not come up"
	exit 1
}

# campus_end: what is to be seen when something failed, and the end of the lab
campus_end() {
	local status=$? box

	trap - EXIT
	set +eu
	[ ${#failed[@]} = 0 ] || status=1
	if [ "$status" != 0 ]; then
		for box in "${!lab_machine_pid[@]}"; do
			echo "---- $box"
			campus_cli "$box" status
			in_machine "$box" systemctl --no-pager --failed
			in_machine "$box" journalctl --no-pager -b -o short-precise -n 60
		done
		echo "---- router"
		campus_bird show bfd sessions
		moves_log | tail -n 40
		[ ${#failed[@]} = 0 ] || printf 'failed: %s\n' "${failed[@]}"
	fi
	lab_close "$status"
}

# ---- load ----

# load_start [IDLE]: to both halves; that many idle connections in all, 1000 if not said. load_to IDLE ARGUMENT...: the
# arguments of `campus_load.py run` are given.
load_start() {
	load_to "${1:-1000}" --ping "siit=$campus_siit6@$campus_siit_host" "lower=$campus_lower6" "upper=$campus_upper6"
}
load_to() {
	lab_start servers load-server "$here/campus_load.py" serve "$lab_dir/load.sock" 7100
	wait_for 5 listening servers -tl 7100 || lab_fail_with_log load-server
	mkfifo "$lab_dir/load-orders"
	exec 8<>"$lab_dir/load-orders"
	lab_start hosts load "$here/campus_load.py" run --idle "$1" "${@:2}" \
		"$lab_dir/load.sock" 7100 "$lab_dir/load-orders"
	load_report || lab_fail_with_log load
	wait_for 10 load_copied || lab_fail_with_log load
}
# load_copied: UDP sessions are told to the other box when they are older than sync-min-age.
load_copied() {
	local box instance

	for box in "${!lab_machine_pid[@]}"; do
		for instance in lower upper; do
			[ "$(udp_sessions "$box" "$instance")" -ge 1 ] || return 1
		done
	done
}
# load_sessions BOX INSTANCE: of the load, not of probes, one a line and without what time changes
load_sessions() {
	campus_cli "$1" --json -i "$2" sessions | python3 -c '
import json, sys
for s in json.load(sys.stdin)["sessions"]:
    if s["remote"]["address"] in sys.argv[1:]:
        print(s["proto"], *("%s %d" % (s[side]["address"], s[side]["port"]) for side in ("host", "pool4", "remote")))' \
		"$campus_lower4" "$campus_upper4" | sort
}
# same_sessions: of both boxes, or what differs
same_sessions() {
	local instance

	for instance in lower upper; do
		load_sessions gw-a "$instance" >"$lab_dir/sessions-a"
		load_sessions gw-b "$instance" >"$lab_dir/sessions-b"
		diff "$lab_dir/sessions-a" "$lab_dir/sessions-b" || return 1
	done
}
# udp_sessions BOX INSTANCE: of the load, not of probes
udp_sessions() {
	campus_cli "$1" --json -i "$2" sessions | python3 -c '
import json, sys
print(sum(s["proto"] == "udp" and s["remote"]["port"] == 7102 for s in json.load(sys.stdin)["sessions"]))'
}

# load_report: one more line in load.log
load_report() {
	local before

	before=$(load_lines)
	echo >&8
	wait_for 60 load_has $((before + 1))
}
load_lines() { grep -c "^{" "$lab_dir/load.log" 2>/dev/null || true; }
load_has() { [ "$(load_lines)" -ge "$1" ]; }

# case_begin NAME: measure from now on
case_begin() {
	case_name=$1
	load_report
	routes_seen=$(moves_log | wc -l)
}

# case_end LIMIT...: nothing broke since case_begin, see `campus_load.py judge`; what was measured is printed.
case_end() {
	load_report || echo "no report: $(tail -n 5 "$lab_dir/load.log")"
	check "$case_name: no connection broke, no byte is wrong" "$here/campus_load.py" judge "$lab_dir/load.log" "$@"
	echo "   $(head -n 1 "$lab_dir/check.log")"
	[ ${#lab_machine_pid[@]} = 2 ] || return 0
	wait_for 10 same_sessions || true
	check "$case_name: both boxes hold the same sessions" same_sessions
}

# ---- the router's view ----

# moves_log: "INSTANCE FAMILY BOX" or "... none" for each change of a route
moves_log() {
	awk '
		/via (2001:db8:6464::|192\.0\.2\.)/ && / lan / {
			gone = $2 == "Deleted"
			prefix = gone ? $3 : $2
			for (i = 1; i < NF; i++) if ($i == "via") via = $(i + 1)
			if (prefix == "64:ff9b:1::/97") what = "lower 6"
			else if (prefix == "198.51.100.0/28") what = "lower 4"
			else if (prefix == "64:ff9b:1::8000:0/97") what = "upper 6"
			else if (prefix == "198.51.100.16/28") what = "upper 4"
			else if (prefix == "2001:db8:64::/96") what = "siit 6"
			else if (prefix == "198.51.100.64") what = "siit 4"
			else next
			box = via ~ /::a|2\.1[123]$/ ? "gw-a" : "gw-b"
			print what, gone ? "none" : box, $1
		}' "$lab_dir/routes.log"
}

# moves INSTANCE [FAMILY]: to where its routes went in this case, such as "gw-b gw-a"; empty when they stayed. That a route
# is deleted just before it is replaced, or told once more, is no move.
moves() {
	moves_log | tail -n +$((routes_seen + 1)) | awk -v instance="$1" -v family="${2:-6}" '
		$1 == instance && $2 == family && $3 != "none" && $3 != box { printf "%s%s", sep, box = $3; sep = " " }'
}
# moved INSTANCE TO: both families went there, and nowhere else
moved() {
	echo "IPv6 moved to: $(moves "$1" 6), IPv4 to: $(moves "$1" 4)"
	[ "$(moves "$1" 6)" = "$2" ] && [ "$(moves "$1" 4)" = "$2" ]
}
stayed() { moved "$1" ""; }

# ---- the boxes' view ----

# carries INSTANCE BOX: its packets are counted there. The probes of sa-nat64-healthd are counted on both boxes.
carries() { wait_for 5 carries_now "$@" || carries_now "$@"; } # what waited for a translator may be counted late
carries_now() {
	local box before=() after=() mine=0 others=0

	for box in "${campus_boxes[@]}"; do
		before+=("$(packets "$box" "$1")")
	done
	counts "$1" "$2" || return 1
	for box in "${campus_boxes[@]}"; do
		after+=("$(packets "$box" "$1")")
	done
	echo "${campus_boxes[*]}: before ${before[*]}, after ${after[*]}"
	for box in 0 1; do
		if [ "${campus_boxes[box]}" = "$2" ]; then
			mine=$((after[box] - before[box]))
		else
			others=$((after[box] - before[box]))
		fi
	done
	[ "$mine" -ge $((3 * others)) ]
}
# counts INSTANCE BOX: traffic passes there now, wherever else it does
counts() {
	counted_from=
	wait_for 5 counted "$2" "$1" || {
		echo "$2 counts no packets of $1"
		return 1
	}
}
packets() {
	local value

	value=$(campus_field "$1" "$2" packets.6to4)
	echo "${value/#-/0}"
}
counted() {
	local now

	now=$(packets "$1" "$2")
	counted_from=${counted_from:-$now}
	[ $((now - counted_from)) -ge 500 ]
}

# health_json BOX [INSTANCE]: what `sa-nat64 health` tells; that something is down is no failure here
health_json() { campus_cli "$1" --json ${2:+-i "$2"} health || true; }
# health BOX INSTANCE KEY: such as state, reason or falls
health() { health_json "$1" "$2" | field "instances.0.$3"; }
health_states() {
	health_json "$1" | python3 -c '
import json, sys
print(*("%s=%s" % (i["name"], i["state"]) for i in json.load(sys.stdin)["instances"]))'
}
health_is() { [ "$(health "$1" "$2" state)" = "$3" ]; }

# says BOX INSTANCE STATE REASON-PATTERN: its history, or what it is now, has that
says() {
	health_json "$1" "$2" | python3 -c '
import json, re, sys
instance = json.load(sys.stdin)["instances"][0]
rows = [(row["to"], row["reason"]) for row in instance["history"]] + [(instance["state"], instance["reason"])]
for row in rows:
    print(*row)
sys.exit(not any(state == sys.argv[1] and re.search(sys.argv[2], reason) for state, reason in rows))' "$3" "${4:-}"
}
# unit_pid BOX UNIT; unit_kill BOX UNIT SIGNAL: its main process
unit_pid() { in_machine "$1" systemctl show -P MainPID "$2"; }
unit_kill() { in_machine "$1" systemctl kill --kill-whom=main -s "$3" "$2"; }
unit_is_new() { [ "$(unit_pid "$1" "$2")" != "$3" ] && in_machine "$1" systemctl -q is-active "$2"; }

# in_sync BOX INSTANCE
in_sync() { [ "$({ campus_cli "$1" --json -i "$2" peers || true; } | field instances.0.state)" = in-sync ]; }

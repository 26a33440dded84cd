#!/bin/bash
# The campus starts: one box alone, the other beside it, both at once after a loss of power; and a box whose clock is
# wrong, and jumps, serves like any other.
# timeout: 1200
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/campus.sh"

campus_upper_lines=$'fast-path = off\nlog-sessions = sessions\nlog-file = /var/log/sa-nat64/upper.json'
scenario_open
trap campus_end EXIT
campus_network
campus_machines
campus_router campus_bird_config

lab_machine_power gw-a
check "one box alone: it serves everything" wait_for 30 campus_is lower=gw-a upper=gw-a siit=gw-a
check "one box alone: it says that it is alone" wait_for 10 says gw-a lower degraded "gw-b"
load_start
check "one box alone: it carries the upper half" carries upper gw-a

case_begin "second box"
lab_machine_power_only gw-b
check "second box: it takes its half" wait_for 30 campus_is lower=gw-a upper=gw-b siit=gw-a
check "second box: it has what is open" test "$(campus_field gw-b upper sessions.tcp)" -ge 500
check "second box: all is well" wait_for 20 campus_whole
check "second box: one move" moved upper gw-b
check "second box: lower stayed" stayed lower
case_end --gap 5000

# 100 days of uptime more than gw-a, and a wall clock that is an hour ahead, then behind, then right. Only FRR's programs go
# by the right one: they have capabilities, and so take no library from outside; what they do goes by the monotonic clock.
# wall SECONDS: how far ahead it is from now on
wall() { echo "$1" | lab_machine_write gw-b /var/lib/wall; }
# logged_at SECONDS: what begins now is logged with that clock's time
logged_at() {
	in_ns hosts ping -c 1 -W 2 "$campus_upper6"
	wait_for 5 newest_is "$1" || in_machine gw-b tail -n 1 /var/log/sa-nat64/upper.json
	newest_is "$1"
}
newest_is() {
	in_machine gw-b tail -n 1 /var/log/sa-nat64/upper.json | python3 -c '
import datetime, json, sys
at = datetime.datetime.fromisoformat(json.load(sys.stdin)["time"].replace("Z", "+00:00"))
ahead = (at - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
sys.exit(abs(ahead - int(sys.argv[1])) > 60)' "$1"
}
never_fell() { [ "$(health gw-b upper falls) $(health gw-b lower falls)" = "0 0" ]; }
lab_machine_halt gw-b
wall 3600
lab_machine_write gw-b /usr/lib/wall_clock.so <"$root/build/release/tools/wall_clock.so"
lab_machine_write gw-b /etc/systemd/system/sa-nat64-.service.d/wall.conf <<-EOT
	[Service]
	Environment=LD_PRELOAD=/usr/lib/wall_clock.so WALL_CLOCK=/var/lib/wall
EOT
# shellcheck disable=SC2034 # machine.sh reads it
lab_machine_uptime[gw-b]=8640000
case_begin "wrong clock"
lab_machine_power_only gw-b
check "wrong clock: gw-b takes its half" wait_for 30 campus_is lower=gw-a upper=gw-b siit=gw-a
check "wrong clock: it counts from another day" test "$(in_machine gw-b systemctl show -P ActiveEnterTimestampMonotonic sa-nat64-syncd)" -gt 8640000000000
check "wrong clock: it carries the upper half" carries upper gw-b
check "wrong clock: all is well" wait_for 20 campus_whole
check "wrong clock: an hour ahead, the session log shows it" logged_at 3600
wall -3600
check "wrong clock: two hours back, the session log shows it" logged_at -3600
check "wrong clock: both boxes hold the same sessions" wait_for 10 same_sessions
check "wrong clock: all is well still" campus_whole
check "wrong clock: and was" never_fell
lab_machine_crash gw-a
check "wrong clock: gw-b takes the lower half" wait_for 5 campus_is lower=gw-b
check "wrong clock: gw-b carries the lower half" carries lower gw-b
wall 0
check "wrong clock: right again, the session log shows it" logged_at 0
check "wrong clock: gw-b carries the upper half still" carries upper gw-b
check "wrong clock: nothing fell" never_fell
lab_machine_disk gw-b rm -r etc/systemd/system/sa-nat64-.service.d
case_end --gap 10000

# Nothing outlives that but the configuration: connections begin anew.
lab_machine_crash gw-b
lab_machine_power gw-a gw-b
check "both at once: each has its half" wait_for 30 campus_is lower=gw-a upper=gw-b siit=gw-a
check "both at once: all is well" wait_for 20 campus_whole
check "both at once: the lower half is open" in_ns hosts ping -c 3 -i 0.2 -W 2 "$campus_lower6"
check "both at once: the upper half is open" in_ns hosts ping -c 3 -i 0.2 -W 2 "$campus_upper6"
for box in "${campus_boxes[@]}"; do
	for instance in lower upper siit; do
		check "both at once: $instance on $box never fell" test "$(health "$box" "$instance" falls)" = 0
	done
done

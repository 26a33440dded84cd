#!/bin/bash
# Clocks: one box counts its uptime from another day, its wall clock steps forth and back while sa-nat64-syncd runs.
# Sessions and the time that is left for them do not notice.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/boxes.sh"

scenario_open
boxes_network a b
boxes_configure "tcp-trans-timeout = 2s"
# wall SECONDS: how far ahead is what b's syncd believes from now on
wall() { echo "$1" >"$lab_dir/wall.next" && mv "$lab_dir/wall.next" "$lab_dir/wall"; }
wall 0
# A hundred days of uptime more on b, for its translator and its syncd; the wall clock from a file.
syncd_under="unshare --time --monotonic 8640000 --boottime 8640000 --fork --kill-child
	env LD_PRELOAD=$root/build/release/tools/wall_clock.so WALL_CLOCK=$lab_dir/wall" box_syncd b
box_syncd a
box_translator a
lab_box_start b translator-b unshare --time --monotonic 8640000 --boottime 8640000 --fork --kill-child \
	"$bin/sa-nat64-translator" nat64
wait_for 10 box_cli b -i nat64 bib || lab_fail_with_log translator-b
check "b is in sync" wait_for 15 box_in_sync b
check "a is in sync" wait_for 15 box_in_sync a

# The least and the greatest time left of what BOX holds, in seconds
left_on() {
	box_cli "$1" -i nat64 --json sessions | python3 -c '
import json, sys
left = [s["expires"] for s in json.load(sys.stdin)["sessions"]]
print(min(left), max(left))'
}
# alike: what is left on b is what is left on a, but for some seconds
alike() {
	echo "on a $(left_on a), on b $(left_on b)"
	awk '{ exit !($3 >= $1 - 3 && $3 <= $1 + 3 && $4 >= $2 - 3 && $4 <= $2 + 3) }' <<<"$(left_on a) $(left_on b)"
}

idle_start 100
check "100 connections by a" idle_opened
check "are on b" become_same 5 a b
check "with as much time left" alike
for step in 864000 -315360000 3600 0; do
	wall "$step"
	check "b's wall clock at $step: sessions by a" flows 300 "${step//[^0-9]/}"
	check "$step: are on b" become_same 5 a b
	traffic_to b
	check "$step: sessions by b" flows 300 "1${step//[^0-9]/}"
	check "$step: are on a" become_same 5 a b
	traffic_to a
	check "$step: b is in sync" sync_is b state in-sync
	check "$step: a never lost b" peer_is a b state in-sync
done
check "nothing was lost" peer_is b a lost 0
check "with as much time left" alike
traffic_to b
check "connections live by b" idle_ask

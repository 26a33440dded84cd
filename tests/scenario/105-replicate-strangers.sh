#!/bin/bash
# What does not come from a peer with the key, or not now: another key, garbage, cut and altered datagrams, and a capture
# sent again, to the same syncd and to its successor. Nothing of it changes a session; all of it is counted.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/boxes.sh"

scenario_open
boxes_network a b
boxes_configure
no_offloads
sync_key b "$(printf '23%.0s' {1..32})"
says() { box_cli "$1" peers | tee /dev/stderr | grep -i -- "$2"; }
box_translator a
box_translator b
box_syncd a
box_syncd b
check "another key: a is in sync with nobody" wait_for 15 sync_is a state alone
check "sessions by a" flows 500
check "b counts what it cannot open" wait_for 5 at_least b dropped.bad_seals 5
check "and learns nothing" holds b 0
check "peers says so" says b seal
lab_stop "${syncd_pid[b]}" || true
boxes_configure
box_syncd b
check "the right key: b learns all" become_same 15 a b

lab_start wire capture tcpdump --immediate-mode -U -i port-a -w "$lab_dir/capture.pcap" "udp and inbound"
wait_for 5 grep listening "$lab_dir/capture.log"
check "a capture of sessions by a" flows 2000 2
check "which are on b" become_same 10 a b
captured() { [ "$(stat -c %s "$lab_dir/capture.pcap")" -gt 50000 ]; }
check "is made" wait_for 5 captured
lab_stop "$lab_pid" INT || true

# unmoved COMMAND...: b's sessions stay the same, to the letter, while COMMAND runs, and b stays in sync
unmoved() {
	sessions_of b >"$lab_dir/unmoved"
	"$@"
	wait_for 3 answers_peers b
	sessions_of b | diff "$lab_dir/unmoved" - | head -n 5
	sessions_of b | cmp -s "$lab_dir/unmoved" - && box_in_sync b
}
answers_peers() { box_cli "$1" peers; }
replay() { in_ns wire "$here/frames.py" replay "$lab_dir/capture.pcap" port-b; }
mangle() { in_ns wire "$here/frames.py" mangle "$lab_dir/capture.pcap" port-b "$1"; }

before=$(($(sync_field b dropped.duplicates) + $(sync_field b dropped.replays)))
refused_more() { [ $(($(sync_field b dropped.duplicates) + $(sync_field b dropped.replays))) -ge $((before + 50)) ]; }
check "the capture sent again changes nothing" unmoved replay
check "and is counted" wait_for 3 refused_more
before=$(sync_field b dropped.bad_seals)
for seed in 1 2 3; do
	check "altered, cut and random datagrams, seed $seed" unmoved mangle "$seed"
done
check "bad seals are counted" at_least b dropped.bad_seals $((before + 20))
foreign() { [ "$(box_cli "$1" --json peers | field strangers.foreign)" -ge "$2" ]; }
check "the cut ones too" foreign b 20
check "sessions by a after that" flows 500 3
check "are on b" become_same 5 a b
check "none of it was asked for" sync_is b dropped.malformed 0

# Both boxes lose everything; yesterday's capture is sent to their new lives.
lab_box_crash a
lab_box_crash b
for box in a b; do
	lab_box_power "$box"
	box_routes "$box"
	no_offloads
	box_translator "$box"
	box_syncd "$box"
done
check "both are new and in sync" wait_for 15 box_in_sync b
check "they hold nothing" holds b 0
check "the capture of their former lives brings nothing" unmoved replay
check "it is counted as not accepted" wait_for 3 at_least b dropped.unaccepted 50
check "b holds nothing" holds b 0
check "sessions by a" flows 500 4
check "are on b" become_same 10 a b

#!/bin/bash
# sa-nat64-syncd killed, stopped for a while and ended, the translator killed and ended, both boxes without power: in
# whatever order things die and return, no session of a living translator is lost and all boxes hold the same again.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/boxes.sh"

scenario_open
boxes_network a b
boxes_configure
boxes_start a b
idle_start 200
check "200 connections by a" idle_opened
check "a thousand sessions more" flows 1000
check "both hold the same" become_same 5 a b
count=$(held a)
still_there() { [ "$(held a)" -ge "$count" ] && [ "$(held b)" -ge "$count" ]; }
lost() { [[ $(peer_field "$1" "$2" state) =~ ^(lost|never-heard)$ ]]; }

lab_stop "${syncd_pid[b]}" KILL 2>/dev/null || true
check "b's syncd is killed: a notices" wait_for 8 lost a b
check "the translators keep what they have" still_there
check "sessions by a meanwhile" flows 500 2
box_syncd b
check "started again, b learns them" become_same 10 a b
count=$(held a)

kill -STOP "${syncd_pid[b]}"
check "b's syncd is stopped: a notices" wait_for 8 lost a b
check "sessions by a meanwhile" flows 500 3
kill -CONT "${syncd_pid[b]}"
check "it goes on: b learns them" become_same 10 a b
check "and a sees it in sync" wait_for 5 peer_is a b state in-sync
count=$(held a)

lab_stop "${syncd_pid[a]}" KILL 2>/dev/null || true
check "a's syncd is killed: traffic goes on" flows 500 4
check "and idle connections" idle_ask
check "b keeps all" still_there
box_syncd a
check "started again: b learns what was new" become_same 10 a b
check "nothing was lost" still_there
count=$(held a)

status=0
lab_stop "${syncd_pid[a]}" || status=$?
check "SIGTERM ends it with exit code 0" test "$status" = 0
check "b hears the goodbye" within 2 lost b a
box_syncd a
check "started again: the same" become_same 10 a b
check "nothing was lost" still_there

# The translator of the box without traffic is gone, its state too: everything comes from the box's own syncd.
lab_stop "${translator_pid[b]}" KILL 2>/dev/null || true
in_box b rm -rf /run/sa-nat64/nat64/state
check "b's translator is killed, sessions by a meanwhile" flows 500 5
box_translator b
check "started again with nothing: b has everything" become_same 10 a b
check "nothing was lost" still_there

# The translator that carries the traffic.
lab_stop "${translator_pid[a]}" KILL 2>/dev/null || true
in_box a rm -rf /run/sa-nat64/nat64/state
box_translator a
check "a's translator started again with nothing: a has everything" become_same 10 a b
check "nothing was lost" still_there
check "idle connections live" idle_ask
count=$(held a)

# The same, without the fast path's memory either, and under packets that do not wait for what the syncd tells.
one_port() { [ "$(wc -l <"$lab_dir/asker.log")" -gt "$1" ] && [ "$(sort -u "$lab_dir/asker.log" | tee /dev/stderr | wc -l)" = 1 ]; }
has_asked() { [ "$(wc -l <"$lab_dir/asker.log")" -gt "$1" ]; }
udp_server server 9100
lab_start client asker env PYTHONUNBUFFERED=1 "$here/udp.py" ask --size 0 --port 4444 --timeout 0.005 --tries 2000 \
	--count 1000000 "$server6" 9100
asker=$lab_pid
check "a UDP session under packets" wait_for 5 has_asked 0
check "is on both" become_same 5 a b
lab_stop "${translator_pid[a]}" KILL 2>/dev/null || true
in_box a rm -rf /run/sa-nat64/nat64/state
in_box a tc qdisc del dev nat64 clsact
asked=$(wc -l <"$lab_dir/asker.log")
box_translator a
check "a's translator started again with nothing, under packets: they go on" wait_for 10 has_asked "$((asked + 100))"
lab_stop "$asker" KILL 2>/dev/null || true
check "and always came from one public port" one_port "$asked"
check "it had its sessions first" grep "begins with .* sessions, of sa-nat64-syncd" "$lab_dir/translator-a.log"
check "nothing was lost" still_there
count=$(held a)

# A box without power loses everything and takes it from the other.
lab_box_crash b
check "b has no power: a notices" wait_for 8 lost a b
check "sessions by a meanwhile" flows 500 6
lab_box_power b
box_routes b
box_syncd b
box_translator b
check "b is back, syncd first: it has everything" become_same 15 a b
check "nothing was lost" still_there
check "b is in sync" sync_is b state in-sync
traffic_to b
check "the traffic moves there: idle connections live" idle_ask

# Both boot cold at once.
lab_box_crash a
lab_box_crash b
for box in a b; do
	lab_box_power "$box"
	box_routes "$box"
	box_translator "$box"
done
box_syncd a
box_syncd b
check "both booted cold: they do not wait for each other for ever" wait_for 15 box_in_sync a
check "neither" wait_for 15 box_in_sync b
check "new sessions by b" flows 500 7
check "are on both" become_same 10 a b
check "they are all there" holds_at_least a 450

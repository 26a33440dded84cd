#!/bin/bash
# On a wire that loses 1, 10 and 30 percent in both directions, and on one that loses, doubles, delays, reorders and
# corrupts at once, no session is missing in the end.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/boxes.sh"

seed=${SEED:-1}

scenario_open
boxes_network a b
boxes_configure
no_offloads
boxes_start a b

idle_start 200
check "200 connections by a" idle_opened
check "are on b" become_same 5 a b

made=200
for percent in 1 10 30; do
	lose "$percent"
	traffic_to a
	check "$percent % loss: sessions by a" flows 2000 "$percent"
	traffic_to b
	check "$percent % loss: sessions by b" flows 2000 "10$percent"
	made=$((made + 3900)) # a host and port drawn twice makes one session
	check "$percent % loss: none is missing" become_same 30 a b
	check "$percent % loss: they are all there" holds_at_least a "$made"
	lose 0
done
check "what was lost was sent again" at_least a sent.resent 10

wire_copies 0
lab_start wire wire "$here/wire.py" --loss 10 --double 20 --reorder 30 --delay 2 --corrupt 2 --seed "$seed" port-a port-b
wire=$lab_pid
wait_for 5 grep ready "$lab_dir/wire.log"
check "all of it at once (SEED=$seed): sessions by b" flows 3000 5
check "a worse wire still: none is missing" become_same 30 a b
check "and they are all there" holds_at_least a $((made + 2900))
lab_stop "$wire" || true
check "the wire did lose, double and hold back" grep -E '[1-9][0-9]* lost, [1-9][0-9]* doubled, [1-9][0-9]* held back' "$lab_dir/wire.log"
wire_copies 1
check "on the good wire again, idle connections live" idle_ask
check "both hold the same" become_same 10 a b
check "no public port was given to two hosts" no_port_twice a b

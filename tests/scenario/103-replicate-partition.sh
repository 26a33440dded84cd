#!/bin/bash
# The wire between two boxes is cut without a carrier to show it, and both get traffic: they never give a public port to
# two hosts, and hold the same sessions when the wire is whole again. Also when it is cut in one direction only.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/boxes.sh"

scenario_open
boxes_network a b
boxes_configure "tcp-trans-timeout = 2s"
boxes_start a b
idle_start 200
check "200 connections by a" idle_opened
check "are on b" become_same 5 a b
lost() { [ "$(peer_field "$1" "$2" state)" = lost ]; }

wire_copies 0
check "the wire is cut: a notices" wait_for 8 lost a b
check "and b" wait_for 8 lost b a
check "sessions by a" flows 3000 1
traffic_to b
check "connections go on by b" idle_ask
check "sessions of other hosts by b" flows 3000 2
check "no port was given to two hosts" no_port_twice a b
check "they do not hold the same" refuse same_sessions a b
wire_copies 1
check "the wire is whole: they hold the same" become_same 15 a b
check "all of both" holds_at_least a 6000
check "no port belongs to two hosts" no_port_twice a b
check "nothing had to be settled" test "$(conflicts a b)" = 0
check "connections live" idle_ask

# The same hosts and ports by both boxes: a host has two bindings then, and one of them has to go.
wire_copies 0
check "cut again" wait_for 8 lost a b
check "and b" wait_for 8 lost b a
check "sessions by b" flows 500 3
traffic_to a
check "of the same hosts by a" flows 500 3
wire_copies 1
check "the wire is whole: they hold the same" become_same 15 a b
check "no port belongs to two hosts" no_port_twice a b
settled() { [ "$(conflicts a b)" -gt 0 ]; }
check "conflicts were counted" wait_for 5 settled

# What a sends arrives, what b sends does not.
lab_lose a sync0 100
check "cut in one direction: a notices" wait_for 8 lost a b
check "sessions by a" flows 500 4
traffic_to b
check "sessions by b" flows 500 5
lab_lose a sync0 0
check "whole again: they hold the same" become_same 15 a b
check "connections live" idle_ask
check "no port was given to two hosts" no_port_twice a b

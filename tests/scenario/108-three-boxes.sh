#!/bin/bash
# Three boxes: each learns what any of them makes, a third one joins late, and one that loses a third of everything does
# not disturb the others.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/boxes.sh"

scenario_open
boxes_network a b c
boxes_configure
boxes_start a b
idle_start 200
check "200 connections by a" idle_opened
check "sessions by a" flows 2000
check "a and b hold the same" become_same 5 a b
lost() { [[ $(peer_field "$1" "$2" state) =~ ^(lost|never-heard)$ ]]; }
check "c was never heard" lost a c

boxes_start c
check "c joins: it holds the same" become_same 10 a b c
check "it is in sync, not alone" sync_is c state in-sync
traffic_to c
check "connections live by c" idle_ask
check "sessions by c" flows 1000 2
check "are everywhere" become_same 5 a b c
wire_copies 2
traffic_to b
check "every frame twice: sessions by b" flows 1000 3
check "are everywhere" become_same 5 a b c
wire_copies 1

lab_lose c sync0 30
traffic_to a
check "c loses 30 %: sessions by a" flows 1000 4
check "b has them as ever" become_same 5 a b
check "c has them too" become_same 20 a b c
lab_lose c sync0 0

# Its owner is gone: what it left stays with the others, and a box that comes new gets it from them.
lab_box_crash a
traffic_to b
check "a has no power: connections live by b" idle_ask
lab_box_crash c
lab_box_power c
box_routes c
box_translator c
box_syncd c
check "c starts new: it has what a left" become_same 15 b c
check "all of it" holds_at_least c 5000
lab_box_power a
box_routes a
box_translator a
box_syncd a
check "a is back: all three hold the same" become_same 15 a b c
check "no public port was given to two hosts" no_port_twice a b c
check "connections live" idle_ask

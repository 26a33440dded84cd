#!/bin/bash
# Two boxes hold the same sessions: what one makes the other learns, what ends on one ends on the other, and connections
# go on when the traffic moves, there and back. Every frame twice on the wire changes nothing but a counter.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/boxes.sh"

scenario_open
boxes_network a b
boxes_configure "tcp-trans-timeout = 2s" "icmp-timeout = 10s"
boxes_start a b
check "b is in sync with a" sync_is b state in-sync
tcp_server server 7001
udp_server server 7000

closes() { transfer client get "$server6" 7001 100000 && transfer client put "$server6" 7001 100000; }
who() { udp_ask client --port 4000 --size 0 "$server6" 7000; }
has() { sessions_of "$1" | grep "^$2"; }
same_public() { [ "$(who)" = "$public" ]; }

idle_start 100
check "100 connections by a" idle_opened
check "are on b at once" wait_for 2 holds_at_least b 100
check "as established" test "$(has b 'tcp ESTABLISHED' | wc -l)" = 100
public=$(who)
check "a UDP session is on b once it is old enough" wait_for 3 has b "udp - ${public/% */ }"
check "a ping too" in_ns client ping -c 8 -i 0.1 "$server6"
check "which is listed on b" wait_for 3 has b icmp
check "a thousand UDP sessions more" flows 1000
check "both hold the same" become_same 5 a b
check "among them all of these" holds_at_least b 1100
check "connections that end" closes
check "end on both" become_same 10 a b

traffic_to b
check "the traffic moves to b: all connections live, from the same ports" idle_ask
check "and the UDP session keeps its public port" same_public
check "sessions that b makes" flows 1000 2
check "are on a" become_same 5 a b
check "which holds all of them" holds_at_least a 2100
traffic_to a
check "back to a: all connections live" idle_ask
check "no public port was given to two hosts" no_port_twice a b

before=$(sync_field b sent.sessions)
wire_copies 2
check "with every frame twice" flows 1000 3
check "both hold the same" become_same 5 a b
check "each was sent once" test "$(($(sync_field b sent.sessions) - before))" -lt 500
check "what came twice was counted" wait_for 2 at_least b dropped.duplicates 10
check "and is no replay" sync_is b dropped.replays 0
check "nothing had to be sent again" sync_is a sent.resent 0
check "nothing was lost" peer_is b a lost 0
check "no record was refused" test "$(sync_field a not_entered.refused) $(sync_field b not_entered.refused)" = "0 0"

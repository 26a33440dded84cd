#!/bin/bash
# The translator dies, is stopped for a while, ends: the device stays, and traffic goes on.
. "$(dirname "$0")/lib.sh"

scenario_open
network
configure "bib = tcp [2001:db8:1::2]:80 198.51.100.1:80"
translator_start
pid=$lab_pid
lab_web server "$server4:80"
lab_web client "[2001:db8:1::2]:80"

fetch() { in_ns client curl -sS --max-time 30 -o /dev/null "http://[$server6]/who"; }
fetch_binding() { in_ns server curl -sS --max-time 30 -o /dev/null http://198.51.100.1/who; }

check "traffic flows" fetch
check "the static binding serves" fetch_binding

kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
check "after kill -9 the device and its routes stay" in_ns gw ip link show nat64
translator_start
pid=$lab_pid
check "restarted after kill -9: new connections work" fetch
check "restarted after kill -9: the static binding serves" fetch_binding

kill -STOP "$pid"
lab_start client ping ping -q -n -c 40 -i 0.01 -W 30 "$server6"
ping=$lab_pid
sent_out() { [ "$(in_ns r6 ip -s -j link show uplink | field 0.stats64.tx.packets)" -ge "$1" ]; }
before=$(in_ns r6 ip -s -j link show uplink | field 0.stats64.tx.packets)
check "40 packets wait while it stands still" wait_for 5 sent_out $((before + 40))
kill -CONT "$pid"
wait "$ping" || true
check "all of them were answered" grep ' 40 received' "$lab_dir/ping.log"

status=0
lab_stop "$pid" || status=$?
check "SIGTERM ends it with exit code 0" test "$status" = 0
check "its control socket is gone" test ! -e "$lab_dir/run/nat64/control.sock"
translator_start
check "restarted after SIGTERM: new connections work" fetch
status=0
lab_stop "$lab_pid" INT || status=$?
check "SIGINT ends it with exit code 0" test "$status" = 0

#!/bin/bash
# An idle TCP connection is asked whether it lives: a living one stays, a dead one goes (RFC 6146 section 3.5.2).
. "$(dirname "$0")/lib.sh"

scenario_open
network
configure "tcp-est-timeout = 1s" "tcp-trans-timeout = 2s"
translator_start
tcp_server server 7000
mkfifo "$lab_dir/orders"

stat_of() { cli -i nat64 --json stats | field "instances.0.$1"; }
tcp_sessions() { cli -i nat64 --json status | field instances.0.sessions.tcp; }
probes() { [ "$(stat_of tcp_probes)" -ge "$1" ]; }
no_session() { [ "$(tcp_sessions)" = 0 ]; }
answers() { [ "$(wc -l <"$lab_dir/hold.log")" -ge "$1" ]; }
same_answers() { [ "$(sort -u "$lab_dir/hold.log" | wc -l)" = 1 ]; }

lab_start r6 capture tcpdump -lni uplink "ip6 and src host $server6 and tcp"
wait_for 5 grep listening "$lab_dir/capture.log"
lab_start client hold "$here/transfer.py" hold "$server6" 7000 "$lab_dir/orders"
exec 3>"$lab_dir/orders"
check "a connection is open" wait_for 5 answers 1
check "it is listed" test "$(tcp_sessions)" = 1
check "idle, it is probed" wait_for 10 probes 1
check "the host saw the probe: an empty segment" wait_for 5 grep 'length 0$' "$lab_dir/capture.log"
check "it answered and is probed again" wait_for 10 probes 3
check "the connection is still listed" test "$(tcp_sessions)" = 1
echo who >&3
check "and still works" wait_for 5 answers 2
check "from the same public port" same_answers

in_ns client ip link set eth0 down
check "when the host is silent the session goes" wait_for 15 no_session

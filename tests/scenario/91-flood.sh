#!/bin/bash
# A flood of new sessions fills the table; connections that were there go on, and nobody loses his session.
. "$(dirname "$0")/lib.sh"

udpblast=$root/build/release/bench/udpblast
if [ ! -x "$udpblast" ]; then
	echo "$udpblast is not built; make bench-programs"
	exit 77
fi
scenario_open
network
configure "max-sessions = 20000"
translator_start
tcp_server server 7000
udp_server server 7001
mkfifo "$lab_dir/orders"

answers() { [ "$(wc -l <"$lab_dir/hold.log")" -ge "$1" ]; }
same_answers() { [ "$(sort -u "$lab_dir/hold.log" | wc -l)" = 1 ]; }
full() { [ "$(cli -i nat64 --json status | field instances.0.sessions.udp)" -ge 19900 ]; }

lab_start client hold "$here/transfer.py" hold "$server6" 7000 "$lab_dir/orders"
exec 3>"$lab_dir/orders"
check "a TCP connection is open" wait_for 5 answers 1
before=$(udp_ask client --port 4000 --size 0 "$server6" 7001)
lab_start client flood "$udpblast" flows -t 3 -s "${SEED:-1}" 64:ff9b:1::cb00:7151 9
flood=$lab_pid
check "the flood fills the table" wait_for 10 full
echo who >&3
check "the connection answers during the flood" wait_for 20 answers 2
wait "$flood" || true
check "it kept its public port" same_answers
check "new sessions were refused for their reason" test "$(dropped session-limit)" -gt 0
check "the UDP session from before lives on" \
	test "$(udp_ask client --port 4000 --size 0 "$server6" 7001)" = "$before"
echo who >&3
check "the connection goes on afterwards" wait_for 10 answers 3

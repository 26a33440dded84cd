#!/bin/bash
# A million sessions are listed and counted, as text and as JSON, in little memory, while iperf3 runs through the same translator.
. "$(dirname "$0")/lib.sh"

flows=1000000
scenario_open
network
pool4=198.51.100.0/26 configure "max-sessions = 1500000" "udp-timeout = 1h" "log-sessions = off"
translator_start
lab_start server iperf3-server iperf3 -s
wait_for 5 listening server -tl 5201
# What is sent is all that counts: nobody answers.
in_ns r4 nft 'table ip t { chain c { type filter hook prerouting priority 0; udp dport 9001 drop; }; }'
lab_route r6 2001:db8:8000::/40 2001:db8:1::2

# fill: new flows until the table holds them all
held() { cli -i nat64 --json status | field instances.0.sessions.udp; }
fill() {
	local seed

	for seed in 1 2 3 4 5 6 7 8; do
		in_ns client "$bin/release/bench/udpblast" flows -n 250000 -s "$seed" -t 20 "$server6" 9001
		wait_for 5 settled || true
		[ "$(held)" -lt "$flows" ] || return 0
	done
	held
	return 1
}
settled() {
	local before

	before=$(held)
	cli -i nat64 status >"$lab_dir/settled.log"
	[ "$(held)" = "$before" ]
}

# rate NAME: Mbit/s of four seconds of iperf3
rate() {
	in_ns client iperf3 -J -t 4 -c "$server6" >"$lab_dir/iperf3-$1.json"
	field end.sum_received.bits_per_second <"$lab_dir/iperf3-$1.json" | awk '{ printf "%d\n", $1 / 1e6 }'
}

# measured NAME ARGUMENT...: seconds and KiB that a listing took, and its lines in NAME.out
measured() {
	local name=$1

	shift
	/usr/bin/env python3 - "$lab_dir/$name.out" "$bin/sa-nat64" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" -i nat64 "$@" <<'PYTHON'
import resource
import subprocess
import sys
import time
begin = time.monotonic()
with open(sys.argv[1], 'wb') as out:
    subprocess.run(sys.argv[2:], stdout=out, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print('%.1f s (%.1f s of the processor), %d KiB' % (time.monotonic() - begin, used.ru_utime + used.ru_stime, used.ru_maxrss))
PYTHON
}

is_small() { [ "$(sed 's/.*, //; s/ KiB//' "$lab_dir/$1.cost")" -lt 20000 ]; }

check "a million sessions are there" fill
total=$(held)
measured text sessions >"$lab_dir/text.cost"
echo "   text: $(<"$lab_dir/text.cost")"
check "each is listed once as text" test "$(grep -c ^nat64 "$lab_dir/text.out")" = "$total"
check "in constant memory" is_small text
measured json sessions --json >"$lab_dir/json.cost"
echo "   JSON: $(<"$lab_dir/json.cost")"
check "and as JSON" test "$(grep -c '"instance"' "$lab_dir/json.out")" = "$total"
check "in constant memory, too" is_small json
measured count sessions --count >"$lab_dir/count.cost"
echo "   count: $(<"$lab_dir/count.cost")"
check "they are counted" grep -Eq "^nat64 +$total\$" "$lab_dir/count.out"
rm "$lab_dir"/*.out

# The busy machine decides how much of the rate is left; that most of it is says that nothing stalls.
alone=$(rate alone)
(while cli -i nat64 sessions >"$lab_dir/again.out" && [ ! -e "$lab_dir/stop" ]; do :; done) &
walker=$!
beside=$(rate beside)
touch "$lab_dir/stop"
wait "$walker"
echo "   iperf3: $alone Mbit/s alone, $beside Mbit/s while sessions are listed without a pause"
check "TCP goes on meanwhile" test $((beside * 4)) -gt "$alone"

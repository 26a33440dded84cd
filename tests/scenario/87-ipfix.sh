#!/bin/bash
# The session log as IPFIX: two collectors get what the JSON file has, record by record, as tshark decodes it; one that is not there and
# one that hangs hold up neither traffic nor file nor each other, and their losses are counted (LOG-03, LOG-05, LOG-06).
. "$(dirname "$0")/lib.sh"

udpblast=$root/build/release/bench/udpblast
if [ ! -x "$udpblast" ]; then
	echo "$udpblast is not built; make bench-programs"
	exit 77
fi
scenario_open
network
log=$lab_dir/sessions.json
said=$lab_dir/translator-nat64.log
collectors=("log-ipfix = tcp:203.0.113.80:4739" "log-ipfix = udp:203.0.113.80:4739" "log-ipfix = 203.0.113.80:4740")

# log_as LINE...: configure with these keys beside those of all phases
log_as() { configure "log-file = $log" "${collectors[@]}" "max-sessions = 100" "udp-timeout = ${idle:-300ms}" "port-reuse-delay = 0s" "$@" 2>/dev/null; }
# flows NAMESPACE FIRST COUNT: the first packet of so many flows
flows() {
	in_ns "$1" python3 - "$server6" "$2" "$3" <<-'END'
		import socket, sys
		for port in range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[3])):
		    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
		        s.bind(('::', port))
		        s.sendto(b'x', (sys.argv[1], 7000))
	END
}
lines() { grep -c "\"event\": \"$1\"" "$log" || true; }
at_least() { [ "$(lines "$1")" -ge "$2" ]; }
# reload_as LINE...
reloads=0
reload_as() {
	log_as "$@"
	kill -HUP "$pid"
	reloads=$((reloads + 1))
	wait_for 5 reloaded
}
reloaded() { [ "$(grep -c 'reloaded;' "$said")" -ge $reloads ]; }
# collector NUMBER FIELD, written NUMBER: of stats
collector() { cli -i nat64 --json stats | field "instances.0.collectors.$1.$2"; }
all_written() { [ "$(collector 0 written)" = "$(wc -l <"$log")" ] && [ "$(collector 1 written)" = "$(wc -l <"$log")" ]; }

lab_start server collector "$here/collector.py" 4739
collector_pid=$lab_pid
lab_start server capture tcpdump -i eth0 -U -s 0 --immediate-mode -B 8192 -w "$lab_dir/ipfix.pcap" port 4739
capture=$lab_pid
captures() { grep listening "$lab_dir/capture.log" >/dev/null; }
wait_for 5 listening server -tl 4739
wait_for 5 captures
pool4=198.51.100.1 log_as "log-sessions = sessions" "log-destinations = yes"
translator_start
pid=$lab_pid

flows client 4000 3
check "sessions begin and end" wait_for 5 at_least session-end 3
pool4=198.51.100.1 reload_as "log-sessions = sessions" "max-sessions-per-host = 5"
flows client 4100 8
check "a host has too many" wait_for 5 at_least host-limit 1
check "bindings end" wait_for 5 at_least binding-end 5
idle=1500ms pool4="198.51.100.1 2048-2135" reload_as "log-sessions = blocks"
flows client 4200 95
check "ports run out" wait_for 5 at_least ports-exhausted 1
check "which is told before" wait_for 5 at_least pool4-high-watermark 1
check "and that the table fills" wait_for 5 at_least sessions-high-watermark 1
check "blocks end" wait_for 5 at_least block-end 1
pool4=198.51.100.1 reload_as "log-sessions = blocks"
flows client 4300 120
check "sessions run out" wait_for 5 at_least session-limit 1
reload_as "log-sessions = sessions" "bib = udp [2001:db8:1::2]:9 198.51.100.1:9"
sed -i '/^pool4/d' "$lab_dir/sa-nat64.conf"
kill -HUP "$pid" && reloads=$((reloads + 1))
wait_for 5 reloaded
flows client 4500 1
check "a pool without addresses" wait_for 5 at_least addresses-exhausted 1
check "both collectors have all" wait_for 5 all_written
check "what they got is what the file says" wait_for 10 "$here/ipfix_compare.py" "$lab_dir/ipfix.pcap" "$log" --events \
	start,session-begin,session-end,binding-begin,binding-end,block-begin,block-end,host-limit,session-limit,ports-exhausted,addresses-exhausted,pool4-high-watermark,sessions-high-watermark
kill -INT "$capture" && wait "$capture" || true
check "status shows them" test "$(cli -i nat64 --json status | field instances.0.collectors.1.state)" = up

kill -TERM "$pid" && wait "$pid" || true

# A flood of new flows while one collector refuses and one hangs: the third and the file get every record.
lab_start server third "$here/collector.py" 4741
wait_for 5 listening server -ul 4741
collectors=("log-ipfix = tcp:203.0.113.80:4739" "log-ipfix = udp:203.0.113.80:4741" "log-ipfix = 203.0.113.80:4740")
rm "$log"
pool4=198.51.100.0/28 configure "log-file = $log" "${collectors[@]}" "log-sessions = sessions" "log-destinations = yes"
translator_start
connected() { [ "$(collector 0 state)" = up ]; }
check "the one that will hang is connected" wait_for 5 connected
kill -STOP "$collector_pid"
udp_server server 7000
lab_start client flood "$udpblast" flows -t 30 64:ff9b:1::cb00:7151 9
flood=$lab_pid
both_lost() { [ "$(collector 0 lost)" -gt 1000 ] && [ "$(collector 2 lost)" -gt 1000 ]; }
check "records are lost for the one that refuses and the one that hangs" wait_for 30 both_lost
kill "$flood" && wait "$flood" 2>/dev/null || true
answered() { udp_ask client --port 5000 --timeout 0.5 "$server6" 7000; }
check "traffic goes on" wait_for 5 answered
third_has_all() { [ "$(collector 1 written)" = "$(wc -l <"$log")" ] && [ "$(collector 1 lost)" = 0 ]; }
check "the third collector has all that the file has" wait_for 5 third_has_all
check "nothing was lost for all" test "$(cli -i nat64 --json stats | field instances.0.session_log.lost)" = 0
balance() { [ "$(($(collector 2 lost) + $(collector 2 waiting)))" = "$(wc -l <"$log")" ]; }
check "the books balance" wait_for 5 balance
check "a line says so" wait_for 5 grep 'session log lost .* records for collector 203.0.113.80:4740: Connection refused' "$said"
kill -CONT "$collector_pid"
drained() { [ "$(collector 0 waiting)" = 0 ]; }
check "the one that goes on gets what waits" wait_for 5 drained
check "all is counted" test "$(($(collector 0 lost) + $(collector 0 written)))" -ge "$(wc -l <"$log")"

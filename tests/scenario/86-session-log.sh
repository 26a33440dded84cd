#!/bin/bash
# The session log in a file: who had which port, as lines and by `sa-nat64 who`; ports in blocks; rotation; a full disk that
# stops no packet (LOG-01, LOG-02, LOG-04, LOG-05, OPS-05).
. "$(dirname "$0")/lib.sh"

scenario_open
network
log=$lab_dir/sessions.json
said=$lab_dir/translator-nat64.log
pool4=198.51.100.1
configure "log-sessions = sessions" "log-file = $log" "udp-timeout = 120s"
translator_start
pid=$lab_pid
udp_server server 7000

# line EVENT PYTHON: the log has a line of that event, d, for which the expression holds
line() {
	python3 - "$log" "$1" "$2" <<-'END'
		import json, sys
		lines = [json.loads(line) for line in open(sys.argv[1], encoding='utf-8')]
		sys.exit(not [d for d in lines if d['event'] == sys.argv[2] and eval(sys.argv[3])])
	END
}
has_line() { wait_for 5 line "$@"; }
lines() { grep -c "\"$1\"" "$log" || true; }
figure() { cli -i nat64 --json stats | field "instances.0.session_log.$1"; }
reload() {
	kill -HUP "$pid"
	wait_for 5 grep -c "$1" "$said"
}
asked() { udp_ask "$1" --port "$2" "$server6" 7000; }

check "the start is in the log" has_line start 'd["restored"] == 0'
check "traffic" asked client 4000
check "a binding has its line" has_line binding-begin \
	'd["host6"] == "2001:db8:1::2" and d["host6_port"] == 4000 and d["protocol"] == "udp" and d["pool4"] == "198.51.100.1"'
check "time is UTC, to the millisecond" grep -qE '"time": "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z"' "$log"
check "no destination is in it" refuse grep -q -e 203.0.113.80 -e cb00:7150 -e remote4 -e session-begin "$log"
check "one line, however many packets" test "$(asked client 4000 >/dev/null; lines binding-begin)" = 1
check "others cannot read it" test "$(stat -c %a "$log")" = 640
mv "$log" "$log.1"
renamed() { asked client $((4100 + RANDOM % 1000)) && test -s "$log"; }
check "rotation: a renamed file has a successor" wait_for 5 renamed
check "all that was written is counted" test "$(figure lost)" = 0

configure "log-sessions = blocks" "log-file = $log" "udp-timeout = 120s"
check "reload: blocks of ports" reload reloaded
check "a host's first port" asked other 5000
check "is a block in the log" has_line block-begin \
	'd["host6"] == "2001:db8:2::2" and d["port_max"] - d["port_min"] == 63 and d["port_min"] % 64 == 0'
for port in 5002 5004 5006 5008; do asked other $port >/dev/null; done
# docs/logging.md: who had it
query() {
	zgrep -h "\"protocol\": \"udp\".*\"pool4\": \"198.51.100.1\", \(\"pool4_port\": $1\|\"port_min\": $(($1 / 64 * 64))\)[,}]" \
		"$log"* | sort | tail -n 1
}
who_now() { cli -i nat64 who "198.51.100.1:$1" --proto udp | grep "$2" >/dev/null; }
# who_then PORT HOST: it asks for now, when the block is there
who_then() {
	cli -i nat64 --json who "198.51.100.1:$1" --proto udp --at now |
		python3 -c 'import json, sys
found = json.load(sys.stdin)["candidates"]
sys.exit(not [c for c in found if c["host"]["address"] == sys.argv[1] and c["kind"] == "block"])' "$2"
}
named() { query "$1" | grep "\"block-begin\".*\"host6\": \"$2\"" >/dev/null; }
public=$(cli -i nat64 --json bib | python3 -c 'import json, sys
print([b["pool4"] for b in json.load(sys.stdin)["bib"] if "2001:db8:2::2" in str(b["host"])][0])')
check "the query of the manual names the host" named "$(grep -oE '[0-9]+' <<<"$public" | tail -n 1)" 2001:db8:2::2
check "so does sa-nat64 who, of now" who_now "$(grep -oE '[0-9]+' <<<"$public" | tail -n 1)" 2001:db8:2::2
check "and of then" who_then "$(grep -oE '[0-9]+' <<<"$public" | tail -n 1)" 2001:db8:2::2
check "more ports of it say nothing more" test "$(lines block-begin)" = 1

configure "log-sessions = sessions" "log-file = /dev/full" "udp-timeout = 120s"
kill -HUP "$pid"
lost() { asked client $((6000 + RANDOM % 1000)) && [ "$(figure lost)" -gt 0 ]; }
check "a full disk loses records, and no packet" wait_for 5 lost
check "a line says so" wait_for 5 grep -q 'session log lost .* records: log-file cannot be written' "$said"
for port in 7001 7002 7003 7004 7005; do asked client $port >/dev/null; done
check "and only one" test "$(grep -c 'session log lost' "$said")" = 1
configure "log-sessions = sessions" "log-destinations = yes" "log-file = $log" "udp-timeout = 120s"
kill -HUP "$pid"
check "with destinations: traffic" wait_for 5 asked client 4711
with_destination() { asked client $((8000 + RANDOM % 1000)) && line session-begin 'd["remote4"] == "203.0.113.80" and d["remote4_port"] == 7000'; }
check "sessions have lines, with where they go" wait_for 5 with_destination
kill -TERM "$pid"
check "what waits at the end is written" wait_for 5 refuse kill -0 "$pid"
check "nothing but whole lines" line session-begin True

# A pool of two ports: the drops are in the daemon's own log, and few.
pool4="198.51.100.1 2000-2001" configure
translator_start
flood() { udp_ask other --port "$1" --timeout 0.05 "$server6" 7000 || true; }
for port in $(seq 9000 9030); do flood "$port" >/dev/null 2>&1; done
check "exhaustion is reported" test "$(dropped pool4-exhausted)" -gt 15
check "an alarm said so before" wait_for 3 grep -q 'pool4 udp above 80 %: 2 of 2 in use' "$said"
few_lines() { # ten a minute
	local count

	count=$(grep -c 'dropped (pool4-exhausted)' "$said")
	echo "$count lines of $(dropped pool4-exhausted) drops"
	[ "$count" -ge 10 ] && [ "$count" -lt "$(dropped pool4-exhausted)" ]
}
check "with few lines" few_lines

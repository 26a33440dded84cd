#!/bin/bash
# trace sees packets of both paths: what the kernel carried, and what the translator did and why; as text, JSON and pcapng,
# filtered and limited, for several at once; and leaves nothing behind.
. "$(dirname "$0")/lib.sh"
. "$here/fast.sh"

scenario_open
network
configure "fast-path = on"
translator_start
translator_start siit
udp_server server 7000
tcp_server server 7100

# tracing NAME ARGUMENT...: a trace in the background, its pid in trace_pid; lines go to NAME.out. Returns when it has begun.
tracing() {
	local name=$1

	shift
	"$bin/sa-nat64" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" "$@" >"$lab_dir/$name.out" 2>"$lab_dir/$name.err" </dev/null &
	trace_pid=$!
	wait_for 5 grep -q "tracing; ctrl-C ends" "$lab_dir/$name.err" || lab_fail_with_log "$name.err"
}

# ended NAME PID: wait for it; then it `exited` with NAME and STATUS, its counts on standard error.
ended() {
	local status=0

	wait "$2" || status=$?
	echo "$status" >"$lab_dir/$1.status"
}
exited() {
	[ "$(cat "$lab_dir/$1.status")" = "$2" ] &&
		grep -Eq "^sa-nat64: [0-9]+ packets (shown|written), 0 lost$" "$lab_dir/$1.err"
}

# seen NAME EXPRESSION: how many events e of NAME.out, a JSON object a line, the Python expression holds for.
seen() {
	python3 -c '
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
print(sum(1 for e in events if eval("(" + sys.argv[2] + ")", {"e": e, "events": events})))' "$lab_dir/$1.out" "$2"
}
sees() { [ "$(seen "$@")" -ge 1 ]; }
sees_all() { [ "$(seen "$1" True)" -gt 0 ] && [ "$(seen "$1" True)" = "$(seen "$1" "$2")" ]; }
sees_count() { [ "$(seen "$1" "$2")" = "$3" ]; }

# is_watched: the program in the kernel has been told to report.
is_watched() { [ "$(fastmap trace)" = 1 ]; }

# has_no_tail: the program has nowhere to go on, though it is still told to.
has_no_tail() { is_watched && [ "$(fastmap count traced)" = 0 ]; }

echo "-- off, and on"
check "nobody traces: the program in the kernel reports nothing" refuse is_watched
tracing json --json trace
json=$trace_pid
check "a trace switches it on" is_watched
tracing pcapng trace --pcapng "$lab_dir/trace.pcapng" --snaplen 100
pcapng=$trace_pid
tracing udp --json -i nat64 trace --proto udp --address 2001:db8:1::2 --address 203.0.113.0/24 --port 7000 --limit 6
udp=$trace_pid
tracing drops --json trace --drops
drops=$trace_pid
check "a fifth trace of an instance is refused" eval '! cli -i nat64 trace --drops --limit 1 2>"$lab_dir/fifth.err" &&
	grep -q "4 traces of this instance run already; end one" "$lab_dir/fifth.err"'

echo "-- packets"
check "UDP passes" udp_ask client --port 4000 --count 6 "$server6" 7000
check "TCP passes" transfer client get "$server6" 7100 100000
check "an echo from outside is refused" refuse in_ns server ping -c 1 -W 1 198.51.100.3
# both routers count, so that one hop is left at the device
check "a packet ends at the gateway" refuse in_ns client ping -c 1 -W 1 -t 3 "$server6"
check "SIIT passes" in_ns client ping -c 3 -i 0.2 -I 2001:db8:1::10 2001:db8:46::cb00:7150

echo "-- what was seen"
settled() { sees json 'e["verdict"] == "ttl-exceeded"' && sees json 'e["instance"] == "siit" and e["path"] == "fast"'; }
check "all of it arrived" wait_for 5 settled
ended udp "$udp"
check "the limit ended one" exited udp 0
check "UDP: first slow" sees json \
	'e["in"]["proto"] == "udp" and e["path_reason"] == "no session in both directions yet" and e["direction"] == "6to4"'
check "UDP: then it enters" sees json \
	'e["path_reason"] == "its session enters the fast path with this packet" and e["direction"] == "4to6"'
check "UDP: then fast, both ways" sees_count json 'e["in"]["proto"] == "udp" and e["path"] == "fast"' 10
check "with both tuples" sees json 'e["path"] == "fast" and e["in"]["source"] == {"address": "2001:db8:1::2", "port": 4000} and
	e["out"]["destination"] == {"address": "203.0.113.80", "port": 7000} and e["in"]["length"] == e["out"]["length"] + 20 and
	e["in"]["ttl"] == e["out"]["ttl"] + 1'
check "TCP: SYN slow, with the reason" sees_count json \
	'"syn" in e["in"].get("flags", "") and e["path"] == "slow" and e["path_reason"] == "TCP SYN, FIN or RST"' 2
check "TCP: FIN slow, with the reason" sees json \
	'"fin" in e["in"].get("flags", "") and e["path"] == "slow" and e["path_reason"] == "TCP SYN, FIN or RST"'
check "TCP: never SYN or FIN in the fast path" sees_count json \
	'e["path"] == "fast" and ("syn" in e["in"].get("flags", "") or "fin" in e["in"].get("flags", ""))' 0
check "TCP: data fast, in super-packets" sees json \
	'"ack" in e["in"].get("flags", "") and e["path"] == "fast" and e["in"]["length"] > 1500 and e["direction"] == "4to6"'
check "the last hop: slow, dropped, and what its sender was told" sees json \
	'e["verdict"] == "ttl-exceeded" and e["drop"] and e["path_reason"] == "TTL or hop limit of 1 or less" and
	e["sent"] == 1 and e["out"]["note"] == "type 3 code 0" and "traceroute" in e["meaning"]'
check "a drop without an answer" sees json 'e["verdict"] == "no-binding" and e["sent"] == 0 and "out" not in e'
check "SIIT: first slow, then fast" sees json \
	'e["instance"] == "siit" and e["path_reason"] == "first packet between these addresses"'
check "times do not go back" sees_all json 'e["time"] >= max(o["time"] for o in events[:events.index(e) + 1]
	if o["instance"] == e["instance"])'
check "the filter let one flow through, both ways and both paths" sees_all udp \
	'e["in"]["proto"] == "udp" and 7000 in (e["in"]["source"]["port"], e["in"]["destination"]["port"])'
check "as many as the limit says" sees_count udp True 6
check "--drops shows drops only" sees_all drops 'e["drop"]'

echo "-- the end"
kill -s INT "$json" "$pcapng"
ended json "$json"
check "every line is one of proto/trace.schema.json" python3 "$root/tests/tools/check_schema.py" --lines \
	"$root/proto/trace.schema.json" "$lab_dir/json.out"
ended pcapng "$pcapng"
check "ctrl-C ends a trace with its counts" exited json 0
check "and one that writes" exited pcapng 0
check "traces of drops alone leave the kernel alone" wait_for 5 refuse is_watched
disown "$drops"
check "a killed one is forgotten" kill -KILL "$drops"

frames() { tshark -r "$lab_dir/trace.pcapng" -Y "$1" -T fields -e frame.comment; }
has_frame() { frames "$1" | grep -F -- "$2" >/dev/null; }
check "capinfos reads the file" eval 'capinfos -M "$lab_dir/trace.pcapng" | grep -E "^Number of interfaces in file: *2$" >/dev/null'
check "it names instances" has_frame 'frame.interface_name == "siit" && ipv6' "path fast: translated"
check "the packet before" has_frame 'ipv6.dst == 64:ff9b:1::cb00:7150 && udp.srcport == 4000' \
	"6to4, path slow (no session in both directions yet): translated"
check "and after" has_frame 'ip.dst == 203.0.113.80 && udp.dstport == 7000' "6to4, path fast: translated"
check "a drop with its sentence" has_frame 'ipv6.hlim == 1' "dropped: TTL or hop limit reached zero here"
check "cut at the snaplen" [ "$(frames 'frame.cap_len > 100' | wc -l)" = 0 ]
check "with the length it had" has_frame 'frame.len > 1500 && frame.cap_len == 100' "path fast: translated"

echo "-- text, and translators that end"
tracing text -i nat64 trace --path fast
text=$trace_pid
check "UDP passes" udp_ask client --port 4000 --count 2 "$server6" 7000
check "three lines a packet" wait_for 5 grep -Eq \
	'^  in  udp \[2001:db8:1::2\]:4000 -> \[64:ff9b:1::cb00:7150\]:7000 length [0-9]+ ttl [0-9]+$' "$lab_dir/text.out"
check "the first says what became of it" grep -Eq '^[0-9:]{8}\.[0-9]{6} nat64 6to4 translated fast$' "$lab_dir/text.out"
check "no line is longer than the screen" refuse grep -Eq '.{81}' "$lab_dir/text.out"
lab_stop "$(status pid)" KILL 2>/dev/null || true
ended text "$text"
check "a translator that ends ends the trace" exited text 1
check "which says so" grep -q "instance nat64: the connection to .* was closed" "$lab_dir/text.err"
check "a trace without translator is refused" refuse cli -i nat64 trace
check "the kernel forgot where to report" has_no_tail
translator_start
tracing last --json -i nat64 trace --path fast --limit 2
last=$trace_pid
check "after a restart a trace sees the flow that was taken over" udp_ask client --port 4000 --count 2 "$server6" 7000
ended last "$last"
check "it ends at its limit" exited last 0
tracing reload --json -i nat64 trace --proto udp --limit 4
reload=$trace_pid
configure "fast-path = on" "udp-timeout = 400s"
kill -s HUP "$(status pid)"
check "another configuration is taken" wait_for 5 log_has reloaded
check "UDP passes" udp_ask client --port 4001 --count 2 "$server6" 7000
ended reload "$reload"
check "a trace runs across a reload" exited reload 0
check "and sees both paths" eval 'sees reload "e[\"path\"] == \"slow\"" && sees reload "e[\"path\"] == \"fast\""'

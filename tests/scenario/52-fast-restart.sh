#!/bin/bash
# The translator is killed or ended while the fast path carries flows: they go on without it, and its successor takes
# their sessions over, which come from the state file or, without one, from the flows themselves. A successor with another
# pool takes none, and one of another version only if it reads the maps the
# same way.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/fast.sh"

scenario_open
network
configure "fast-path = on" "bib = udp [2001:db8:1::2]:7002 198.51.100.1:7002"
translator_start
pid=$lab_pid
udp_server server 7000
udp_server client 7002
tcp_server server 7001
lab_start server iperf3 iperf3 -s
wait_for 5 listening server -tl 5201
mkfifo "$lab_dir/orders"

who() { udp_ask client --port 4000 --size 0 "$server6" 7000; }
same_port() { [ "$(who)" = "$public" ]; }
from4() { udp_ask server --port 4002 --count 3 198.51.100.1 7002; }
answers() { [ "$(wc -l <"$lab_dir/hold.log")" -ge "$1" ]; }
same_answers() { [ "$(sort -u "$lab_dir/hold.log" | wc -l)" = 1 ]; }
# asked: the idle connection answers, from the same public port as ever
asked() {
	local before

	before=$(wc -l <"$lab_dir/hold.log")
	echo who >&3
	wait_for 5 answers $((before + 1)) && same_answers
}
static_binding() { cli -i nat64 --json bib | grep '"static": *true' >/dev/null; }
lists() { cli -i nat64 sessions "$@" | grep "$server4"; }
took_over() { sed -n 's/.*took over \([0-9]*\) sessions.*/\1/p' "$lab_dir/translator-nat64.log"; }
takes_over() {
	echo "it took over $(took_over) sessions of $1"
	[ "$(took_over)" = "$1" ]
}
# never_stalled LOG: no interval of iperf3 without a byte, and the transfer came to its end
never_stalled() {
	python3 - "$lab_dir/$1.log" <<-'PYTHON'
		import json, sys
		run = json.load(open(sys.argv[1]))
		moved = [interval['sum']['bytes'] for interval in run['intervals']]
		print(run.get('error', 'no error'), [f'{count // 1000} kB' for count in moved])
		ended = run.get('error', '').startswith('interrupt')
		sys.exit(not ended or len(moved) < 3 or 0 in moved[:-1])
	PYTHON
}
forget_state() { rm "$lab_dir/run/nat64/state"; }
# survives SIGNAL [COMMAND]: flows of four kinds, before the signal, without a translator, and with the next one, which
# starts after COMMAND
survives() {
	local how="$*" busy before

	before=$(carried 64)
	lab_start client iperf3-client iperf3 -J -t 600 -i 1 -c "$server6"
	busy=$lab_pid
	check "$how: a busy connection is on the fast path" wait_for 5 carried_more 64 $((before + 1000))
	before=$(flows6)
	lab_stop "$pid" "$1" 2>/dev/null || true
	${2:-true}
	check "$how: the flows stay" has_flows "$before"
	check "$how, no translator: the busy connection goes on" goes_on 64
	check "$how, no translator: the idle one answers" asked
	check "$how, no translator: the UDP flow keeps its port" same_port
	check "$how, no translator: IPv4 reaches the static binding" from4
	before=$(flows6)
	translator_start
	pid=$lab_pid
	check "$how, started again: it took the sessions over" takes_over "$before"
	check "$how, started again: the maps have its layout" refuse log_has 'another layout'
	check "$how, started again: the UDP session is listed" lists --port 4000
	check "$how, started again: the idle connection is listed" lists --remote "$server4" --port 7001 --state ESTABLISHED
	check "$how, started again: the busy one is listed" lists --remote "$server4" --port 5201 --state ESTABLISHED
	check "$how, started again: the busy connection goes on" goes_on 64
	check "$how, started again: the idle one answers" asked
	check "$how, started again: the UDP flow keeps its port" uses_fast_path same_port
	check "$how, started again: IPv4 reaches the static binding" uses_fast_path from4
	lab_stop "$busy" INT || true
	check "$how: the busy connection never stalled" never_stalled iperf3-client
}

public=$(who)
lab_start client hold "$here/transfer.py" hold "$server6" 7001 "$lab_dir/orders"
exec 3>"$lab_dir/orders"
check "a UDP flow and an idle TCP connection" wait_for 5 answers 1
check "a flow that IPv4 opened through a static binding" from4
survives KILL
survives TERM
survives KILL forget_state
check "the static binding is still one" wait_for 5 static_binding

lab_stop "$pid" || true
check "flows wait for the next translator" test "$(flows6)" -ge 2
pool4=198.51.100.16/28 configure "fast-path = on"
translator_start
check "one with another pool takes none of them over" refuse log_has 'took over'
check "and none is listed" test "$(status sessions.tcp) $(status sessions.udp)" = "0 0"
check "nor left in the kernel" has_flows 0
check "new flows come from its pool" bash -c "[[ '$(who)' = 198.51.100.[12]?' '* ]]"
check "they are on the fast path" uses_fast_path who

lab_stop "$lab_pid" || true
check "a flow waits for the next translator" test "$(flows6)" -ge 1
fastmap layout 1500
translator_start
check "maps of another version are said to be" log_has 'another layout of its maps: its flows are dropped'
check "and not read" refuse log_has 'took over'
check "none of their flows is in the kernel" has_flows 0
check "its session is there without them" test "$(status sessions.tcp) $(status sessions.udp)" = "0 1"
check "and goes on" who
check "and is on the fast path again" uses_fast_path who
lab_stop "$lab_pid" KILL 2>/dev/null || true
translator_start
check "which the next one of this version takes over" log_has 'took over'

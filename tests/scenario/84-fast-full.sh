#!/bin/bash
# max-sessions is reached: what is on the fast path goes on, what came too late is refused and counted, and its turn
# comes when others have ended. A restart may change max-sessions.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/fast.sh"

scenario_open
network
configure "fast-path = on" "max-sessions = 4" "udp-timeout = 3s"
translator_start
pid=$lab_pid
udp_server server 7000
# steady PORT: a flow in use, for longer than the test
flows=()
steady() {
	lab_start client "steady-${#flows[@]}" "$here/flows.py" steady "$server6" 7000 900
	flows+=("$lab_pid")
}
all_run() {
	local flow

	for flow in "${flows[@]}"; do
		kill -0 "$flow" || return
	done
}
late() { udp_ask client --timeout "${1:-15}" --port 5000 "$server6" 7000; }
restart() {
	lab_stop "$pid" || true
	configure "fast-path = on" "udp-timeout = 3s" "$@"
	translator_start
	pid=$lab_pid
}

for _ in 1 2 3 4; do steady; done
check "four flows fill the tables" wait_for 5 has_flows 4
check "one more is refused" refuse late 0.5
check "with its reason" test "$(dropped session-limit)" -gt 0
check "those on the fast path go on" goes_on 64 20
check "none of them lost its port" all_run
kill "${flows[0]}"
unset 'flows[0]'
check "when one ends and its time is over another finds room" wait_for 15 late 0.5
check "on the fast path" uses_fast_path late
check "the others go on" goes_on 64 20
check "none of them lost its port" all_run

before=$(flows6)
restart "max-sessions = 1000"
check "more sessions after a restart: the flows are taken over" log_has "took over $before sessions"
check "they go on" goes_on 64 20
for _ in 1 2 3; do steady; done
check "three more find room" wait_for 10 has_flows 6
check "none of them lost its port" all_run

restart "max-sessions = 5"
check "fewer sessions after a restart: those with room are taken over" log_has "took over 5 sessions"
check "no more than these are in the kernel" has_flows 5

#!/bin/bash
# The session log in a real journal: fields, the manual's query, and a journal that hangs and stops no packet (LOG-05).
. "$(dirname "$0")/lib.sh"

scenario_open
lab_machine_install
lab_machine_new gw
lab_ns client server
lab_link client eth0 gw lan
lab_link gw wan server eth0
lab_addr client eth0 2001:db8:1::2/64
lab_addr gw lan 2001:db8:1::1/64
lab_addr gw wan 203.0.113.1/24
lab_addr server eth0 203.0.113.80/24
lab_machine_write gw /etc/sa-nat64/sa-nat64.conf <<'END'
[instance nat64]
pool6 = 64:ff9b:1::/96
pool4 = 198.51.100.1
log-sessions = sessions
END
lab_machine_power gw
in_machine gw sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
lab_route client default 2001:db8:1::1
lab_route server default 203.0.113.1
in_machine gw systemd-run -q --unit=nat64 -p LogRateLimitIntervalSec=0 sa-nat64-translator -r /run/sa-nat64 nat64
wait_for 10 in_machine gw sa-nat64 status || lab_machine_fail gw
udp_server server 7000

journal() { in_machine gw journalctl -o json "$@"; }
query() {
	journal SYSLOG_IDENTIFIER=sa-nat64-session PROTOCOL=udp POOL4=198.51.100.1 POOL4_PORT="$1" + \
		SYSLOG_IDENTIFIER=sa-nat64-session PROTOCOL=udp POOL4=198.51.100.1 PORT_MIN=$(($1 / 64 * 64))
}
says() { query "$1" | grep '"EVENT":"binding-begin"' | grep '"HOST6":"2001:db8:1::2"' | grep '"HOST6_PORT":"4000"' >/dev/null; }
asked() { udp_ask client --port "$1" "$server6" 7000; }
figure() { in_machine gw sa-nat64 --json stats | field "instances.0.session_log.$1"; }

check "traffic" asked 4000
public=$(in_machine gw sa-nat64 --json bib | python3 -c 'import json, sys
print(json.load(sys.stdin)["bib"][0]["pool4"])' | grep -oE '[0-9]+' | tail -n 1)
check "the query of the manual names the host" wait_for 5 says "$public"
# who_then PORT FOREIGN: who has it by the journal, and how many records others than root forged
who_then() {
	in_machine gw sa-nat64 who "198.51.100.1:$1" --proto udp --at now --json |
		python3 -c 'import json, sys
answer = json.load(sys.stdin)
found = [c for c in answer["candidates"] if c["host"] == {"address": "2001:db8:1::2", "port": 4000} and c["begin_node"] == "gw"]
sys.exit(not found or answer["logs"][0]["log"] != "journal" or answer["logs"][0]["foreign"] != int(sys.argv[1]))' "$2"
}
check "so does sa-nat64 who, by the index of the journal" who_then "$public" 0
forge() {
	in_machine gw setpriv --reuid 65534 --regid 65534 --clear-groups logger --journald <<-END
		SYSLOG_IDENTIFIER=sa-nat64-session
		EVENT=start
		TIME=2026-11-21T14:03:05.123Z
		INSTANCE=nat64
		NODE=gw
		RESTORED=0
	END
}
check "somebody forges a start" forge
check "which is left out, and counted" wait_for 5 who_then "$public" 1
check "the start is there" test -n "$(journal SYSLOG_IDENTIFIER=sa-nat64-session EVENT=start INSTANCE=nat64 NODE=gw)"
check "no destination is" test -z "$(journal SYSLOG_IDENTIFIER=sa-nat64-session | grep REMOTE4 || true)"
check "none was lost" test "$(figure lost)" = 0

# A journal that hangs: its socket fills, the thread waits, packets do not.
journald=$(in_machine gw systemctl show -P MainPID systemd-journald)
in_machine gw kill -STOP "$journald"
flows() {
	in_ns client python3 - "$server6" <<-'END'
		import socket, sys
		for port in range(10000, 10600):
		    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
		        s.bind(('::', port))
		        s.settimeout(2)
		        s.sendto(b'x', (sys.argv[1], 7000))
		        s.recv(100)
	END
}
check "600 flows do not wait" flows
check "records do" test "$(figure waiting)" -gt 0
in_machine gw kill -CONT "$journald"
caught_up() { [ "$(figure waiting)" = 0 ]; }
check "and are written when it goes on" wait_for 10 caught_up

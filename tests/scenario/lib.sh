# shellcheck shell=bash
# What the scenarios share: the usual network, the real programs in it, and checks that print `ok` lines.
#
#   client 2001:db8:1::2 ----+
#          2001:db8:1::10    |
#                            r6 ---------- gw ---------- r4 ---- server 203.0.113.80
#   other  2001:db8:2::2 ----+ 2001:db8:6::/64  192.0.2.0/24
#
# A scenario sources this file, calls scenario_open, network, configure and translator_start, and then check
# for each thing it wants to be true. It ends with 0 when all were, else with 1, the translator's log and a
# list of what failed.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bin=${BUILD:-$root/build}
here=$root/tests/scenario
# shellcheck disable=SC2034 # for the scenarios
server4=203.0.113.80
# shellcheck disable=SC2034 # for the scenarios
server6=64:ff9b:1::cb00:7150
failed=() # checks
# shellcheck source=netns/lab.sh
. "$root/netns/lab.sh"

scenario_open() {
	lab_open
	trap scenario_close EXIT
}

scenario_close() {
	local status=$?

	trap - EXIT
	[ ${#failed[@]} = 0 ] || status=1
	if [ "$status" != 0 ]; then
		tail -n 20 "$lab_dir"/translator-*.log "$lab_dir"/syncd-*.log 2>/dev/null || true
		[ ${#failed[@]} = 0 ] || printf 'failed: %s\n' "${failed[@]}"
	fi
	lab_close "$status"
}

# check WHAT COMMAND...: `ok WHAT`, or `FAIL WHAT` with what COMMAND printed. COMMAND runs in a subshell.
check() {
	local what=$1 status

	shift
	set +e # here, so that a function stops at its first error
	(set -e && "$@") >"$lab_dir/check.log" 2>&1
	status=$?
	set -e
	if [ "$status" = 0 ]; then
		echo "ok $what"
	else
		failed+=("$what")
		echo "FAIL $what (exit $status)"
		sed 's/^/  | /' "$lab_dir/check.log"
	fi
}

# refuse COMMAND...: true when COMMAND fails.
refuse() { ! "$@"; }

network() {
	lab_ns client other r6 gw r4 server
	lab_router r6 gw r4
	lab_link client eth0 r6 client
	lab_link other eth0 r6 other
	lab_link r6 uplink gw lan
	lab_link gw wan r4 uplink
	lab_link r4 server server eth0
	lab_addr client eth0 2001:db8:1::2/64 2001:db8:1::10/64
	lab_addr other eth0 2001:db8:2::2/64
	lab_addr r6 client 2001:db8:1::1/64
	lab_addr r6 other 2001:db8:2::1/64
	lab_addr r6 uplink 2001:db8:6::2/64
	lab_addr gw lan 2001:db8:6::1/64
	lab_addr gw wan 192.0.2.1/24
	lab_addr r4 uplink 192.0.2.2/24
	lab_addr r4 server 203.0.113.1/24
	lab_addr server eth0 203.0.113.80/24
	in_ns client ip route add default via 2001:db8:1::1 src 2001:db8:1::2
	lab_route other default 2001:db8:2::1
	lab_route r6 default 2001:db8:6::1
	lab_route gw 2001:db8::/32 2001:db8:6::2
	lab_route gw default 192.0.2.2
	lab_route r4 198.51.100.0/24 192.0.2.1
	lab_route server default 203.0.113.1
}

# configure [LINE...]: instance `nat64` with the given lines added, and instance `siit` beside it.
configure() {
	{
		echo "[instance nat64]"
		echo "mode = nat64"
		echo "pool6 = 64:ff9b:1::/96"
		echo "pool4 = ${pool4:-198.51.100.0/28}"
		[ $# = 0 ] || printf '%s\n' "$@"
		echo "[instance siit]"
		echo "mode = siit"
		echo "tun = siit"
		echo "pool6 = 2001:db8:46::/96"
		echo "eam = 198.51.100.100 2001:db8:1::10"
	} >"$lab_dir/sa-nat64.conf"
}

translator() { "$bin/sa-nat64-translator" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" "$@"; }

cli() { "$bin/sa-nat64" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" "$@"; }

# translator_start [INSTANCE]: until it answers; its pid in lab_pid.
translator_start() {
	local instance=${1:-nat64}

	lab_start gw "translator-$instance" "$bin/sa-nat64-translator" \
		-c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" "$instance"
	wait_for 10 cli -i "$instance" status || lab_fail_with_log "translator-$instance"
}

# field PATH: a value out of JSON on stdin, as in `cli --json status | field instances.0.sessions.tcp`; 0 if absent.
field() {
	python3 -c '
import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1].split("."):
    value = value[int(key)] if isinstance(value, list) else value.get(key, 0)
print(value)' "$1"
}

# dropped REASON: how many packets instance nat64 dropped for it.
dropped() { cli -i nat64 --json status | field "instances.0.dropped.$1"; }

# udp_server NAMESPACE PORT / tcp_server NAMESPACE PORT: the counterparts of `udp.py ask` and `transfer.py`.
udp_server() {
	lab_start "$1" "udp-$1-$2" "$here/udp.py" echo "$2"
	wait_for 5 listening "$1" -u "$2" || lab_fail_with_log "udp-$1-$2"
}

tcp_server() {
	lab_start "$1" "tcp-$1-$2" "$here/transfer.py" serve "$2"
	wait_for 5 listening "$1" -tl "$2" || lab_fail_with_log "tcp-$1-$2"
}

# listening NAMESPACE SS-OPTION PORT
listening() { [ -n "$(in_ns "$1" ss -Hna "$2" "sport = :$3")" ]; }

# udp_ask NAMESPACE ARGUMENT...: see udp.py.
udp_ask() {
	local ns=$1

	shift
	in_ns "$ns" "$here/udp.py" ask "$@"
}

# pings_start NAMESPACE ADDRESS: a hundred a second, until pings_lost_at_most NUMBER ends them. Those that are still on their way
# when it ends are not lost; ping's own account says that they are.
pings_start() {
	lab_start "$1" pings ping -n -i 0.01 "$2"
	pings_pid=$lab_pid
	wait_for 5 pings_answered 1
}
pings_answered() { [ "$(grep -c 'bytes from' "$lab_dir/pings.log")" -ge "$1" ]; }
pings_lost_none() { pings_lost_at_most 0; }
pings_lost_at_most() {
	wait_for 5 pings_answered $(($(grep -c 'bytes from' "$lab_dir/pings.log") + 20)) || echo "no more answers"
	kill -INT "$pings_pid"
	wait_for 5 grep transmitted "$lab_dir/pings.log"
	awk -v most="$1" 'match($0, /icmp_seq=[0-9]+/) && /bytes from/ {
		number = substr($0, RSTART + 9, RLENGTH - 9) + 0
		answered += !seen[number]++
		if (number > last) last = number
	} END { print answered " of the first " last " were answered"; exit answered + most < last || last <= 20 }' "$lab_dir/pings.log"
}

# transfer NAMESPACE put|get ADDRESS PORT BYTES
transfer() {
	local ns=$1

	shift
	in_ns "$ns" timeout 300 "$here/transfer.py" "$@"
}

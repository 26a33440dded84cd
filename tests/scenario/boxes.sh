# shellcheck shell=bash
# What the scenarios of replication share, sourced after lib.sh: two or three boxes beside each other, each with the real
# programs, its own files and default paths.
#
#                          2001:db8:6:a::/64   +-- a --+   192.0.2.0/28
#   client 2001:db8:1::2 ----- r6 -------------+-- b --+---------- r4 ---- server 203.0.113.80
#          2001:db8:1:1::/64                   +-- c --+
#                                                  |
#                                  wire: sync0 of every box (port-a, port-b, port-c)
#
# Routes on r6 and r4 decide which box carries the traffic (traffic_to), as BFD does elsewhere.

boxes=() # names

# boxes_network BOX...: the network with these boxes; the traffic goes to the first.
boxes_network() {
	boxes=("$@")
	lab_ns client r6 wire r4 server
	lab_router r6 r4
	in_ns wire sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	lab_link client eth0 r6 client
	lab_link r4 server server eth0
	lab_addr client eth0 2001:db8:1::2/64
	lab_addr r6 client 2001:db8:1::1/64
	lab_addr r4 server 203.0.113.1/24
	lab_addr server eth0 203.0.113.80/24
	lab_route client default 2001:db8:1::1
	in_ns client ip -6 route add local 2001:db8:1:1::/64 dev lo
	lab_route r6 2001:db8:1:1::/64 2001:db8:1::2
	lab_route r6 2001:db8:8000::/40 2001:db8:1::2
	lab_route server default 203.0.113.1
	boxes_add "$@"
	traffic_to "$1"
}

# boxes_add BOX...: further boxes, with links to r6, r4 and the wire.
boxes_add() {
	local box

	lab_box "$@"
	for box in "$@"; do
		lab_router "$box"
		lab_link r6 "box-$box" "$box" lan
		lab_link r4 "box-$box" "$box" wan
		lab_link "$box" sync0 wire "port-$box"
		lab_addr r6 "box-$box" "2001:db8:6:$box::2/64"
		lab_addr "$box" lan "2001:db8:6:$box::1/64"
		lab_addr r4 "box-$box" "192.0.2.$(box_net "$box" 2)/28"
		lab_addr "$box" wan "192.0.2.$(box_net "$box" 1)/28"
		box_routes "$box"
	done
	wire_copies 1
}

# box_number BOX: its node id, 0 for a; box_net BOX HOST: the last byte of an address on its link to r4.
box_number() { printf '%d' $((16#$1 - 10)); }
box_net() { echo $(($(box_number "$1") * 16 + $2)); }

# box_routes BOX: what a link that goes down takes with it
box_routes() {
	in_ns "$1" ip -6 route replace 2001:db8::/32 via "2001:db8:6:$1::2"
	in_ns "$1" ip route replace default via "192.0.2.$(box_net "$1" 2)"
}

# wire_copies N: every box's datagrams reach every other one N times
wire_copies() { lab_wire wire "$1" "${boxes[@]/#/port-}"; }

# traffic_to BOX: both directions
traffic_to() {
	in_ns r6 ip route replace 64:ff9b:1::/96 via "2001:db8:6:$1::1"
	in_ns r4 ip route replace 198.51.100.0/24 via "192.0.2.$(box_net "$1" 1)"
}

# boxes_configure [LINE...]: the same configuration and key for all boxes; LINEs belong to instance `nat64`.
boxes_configure() {
	local box

	for box in "${boxes[@]}"; do
		box_config "$box" "$@" | in_box "$box" tee /etc/sa-nat64/sa-nat64.conf >/dev/null
		sync_key "$box" "$(printf '42%.0s' {1..32})"
	done
}

# box_config BOX [LINE...]: the environment may change one call: cluster (its name), cluster_lines (more of that
# section), nodes (names, else all boxes), pool6, pool4.
box_config() {
	local box

	echo "[cluster]"
	echo "name = ${cluster:-lab}"
	echo "sync-interface = sync0"
	echo "sync-key-file = /etc/sa-nat64/sync.key"
	echo "sync-min-age = 100ms"
	[ -z "${cluster_lines:-}" ] || printf '%s\n' "$cluster_lines"
	for box in ${nodes:-${boxes[@]}}; do
		printf '[node %s]\nid = %d\n' "$box" "$(box_number "$box")"
	done
	echo "[instance nat64]"
	echo "pool6 = ${pool6:-64:ff9b:1::/96}"
	echo "pool4 = ${pool4:-198.51.100.0/28}"
	shift
	[ $# = 0 ] || printf '%s\n' "$@"
}

# sync_key BOX HEX
sync_key() { in_box "$1" bash -c 'umask 077; echo "$1" >/etc/sa-nat64/sync.key' key "$2"; }

# box_translator BOX / box_syncd BOX: start it; its pid in lab_pid and in translator_pid[BOX] / syncd_pid[BOX].
declare -A translator_pid=() syncd_pid=()
box_translator() {
	lab_box_start "$1" "translator-$1" "$bin/sa-nat64-translator" nat64
	translator_pid[$1]=$lab_pid
	wait_for 10 box_cli "$1" -i nat64 bib || lab_fail_with_log "translator-$1"
}
box_syncd() {
	# shellcheck disable=SC2086 # a command in front, or nothing
	lab_box_start "$1" "syncd-$1" ${syncd_under:-} "$bin/sa-nat64-syncd"
	syncd_pid[$1]=$lab_pid
	wait_for 10 box_cli "$1" peers || lab_fail_with_log "syncd-$1"
}

# boxes_start BOX...: both programs of each, until all are in sync and hear each other
boxes_start() {
	local box

	for box in "$@"; do
		box_translator "$box"
		box_syncd "$box"
	done
	for box in "$@"; do
		wait_for 15 box_in_sync "$box" || lab_fail_with_log "syncd-$box"
	done
}

box_cli() { in_box "$1" "$bin/sa-nat64" "${@:2}"; }

# sync_field BOX PATH: of the instance in `peers --json`; peer_field BOX PEER KEY
sync_field() { box_cli "$1" --json peers | field "instances.0.$2"; }
sync_is() { [ "$(sync_field "$1" "$2")" = "$3" ]; }
sync_state() { sync_field "$1" state; }
peer_field() {
	box_cli "$1" --json peers | python3 -c '
import json, sys
peers = json.load(sys.stdin)["instances"][0]["peers"]
print(next(p for p in peers if p["node"] == sys.argv[1])[sys.argv[2]])' "$2" "$3"
}
peer_is() { [ "$(peer_field "$1" "$2" "$3")" = "$4" ]; }
box_in_sync() { [[ $(sync_state "$1") =~ ^(in-sync|alone)$ ]]; }

# sessions_of BOX: what it holds, one line for each, without the time that is left; $instance may name another one
sessions_of() {
	box_cli "$1" -i "${instance:-nat64}" --json sessions | python3 -c '
import json, sys
for s in json.load(sys.stdin)["sessions"]:
    side = lambda key: "%s %d" % (s[key]["address"], s[key]["port"])
    print(s["proto"], s["state"], side("pool4"), side("remote"), side("host"), side("remote6"))' | sort
}
held() { sessions_of "$1" | wc -l; }
holds() { [ "$(held "$1")" = "$2" ]; }
holds_at_least() { [ "$(held "$1")" -ge "$2" ]; }

# same_sessions BOX BOX...: all hold the same; else the differences are printed
same_sessions() {
	local first=$1 box status=0

	sessions_of "$first" >"$lab_dir/sessions-$first"
	for box in "${@:2}"; do
		sessions_of "$box" >"$lab_dir/sessions-$box"
		diff "$lab_dir/sessions-$first" "$lab_dir/sessions-$box" >"$lab_dir/sessions.diff" || {
			status=1
			echo "of $(wc -l <"$lab_dir/sessions-$first") on $first and $(wc -l <"$lab_dir/sessions-$box") on $box:"
			head -n 20 "$lab_dir/sessions.diff"
		}
	done
	return "$status"
}
# become_same SECONDS BOX...: in that time
become_same() { wait_for "$1" same_sessions "${@:2}" || same_sessions "${@:2}"; }

# no_port_twice BOX...: no public address and port belongs to two hosts, looked at over all boxes
no_port_twice() {
	local box

	for box in "$@"; do
		sessions_of "$box"
	done | awk '{
		public = $1 " " $3 " " $4; host = $7 " " $8
		if (public in owner && owner[public] != host) {
			print public ": " owner[public] " and " host
			bad = 1
		}
		owner[public] = host
	} END { exit bad }'
}

# conflicts BOX BOX: of both together
conflicts() { echo $(($(sync_field "$1" not_entered.conflicts) + $(sync_field "$2" not_entered.conflicts))); }

# at_least BOX PATH NUMBER: of `peers --json`
at_least() { [ "$(sync_field "$1" "$2")" -ge "$3" ]; }

# no_offloads: nothing of the kernel's offloads on the wire's ends, for frames that user space handles
no_offloads() {
	local box

	for box in "${boxes[@]}"; do
		in_ns "$box" ethtool -K sync0 tx off gso off gro off >/dev/null
		in_ns wire ethtool -K "port-$box" tx off gso off gro off >/dev/null
	done
}

# lose PERCENT: on the way to every box
lose() {
	local box

	for box in "${boxes[@]}"; do
		lab_lose "$box" sync0 "$1"
	done
}

# flows NUMBER [SEED]: about so many UDP sessions, each of another host, by the box that carries the traffic
flows() {
	in_ns client "$root/build/release/bench/udpblast" flows -c "$1" -n "$1" -s "${2:-1}" "$server6" 9003 >/dev/null
}

# idle_start COUNT, not in a check: that many connections, see idle.py. idle_opened / idle_ask: true when all are good.
idle_start() {
	mkfifo "$lab_dir/idle-orders"
	exec 8<>"$lab_dir/idle-orders"
	lab_start server idle-server "$here/idle.py" serve 7100
	wait_for 5 listening server -tl 7100 || lab_fail_with_log idle-server
	lab_start client idle "$here/idle.py" hold "$server6" 7100 "$1" "$lab_dir/idle-orders" 2001:db8:1:1::
}
idle_opened() { idle_reported 1; }
idle_reported() {
	wait_for 40 idle_lines "$1"
	tail -n 1 "$lab_dir/idle.log"
	tail -n 1 "$lab_dir/idle.log" | grep -E '^asked ([0-9]+): \1 good$' >/dev/null
}
idle_lines() { [ "$(wc -l <"$lab_dir/idle.log")" -ge "$1" ]; }
idle_ask() {
	local before

	before=$(wc -l <"$lab_dir/idle.log")
	echo again >&8
	idle_reported $((before + 1))
}

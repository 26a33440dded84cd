# shellcheck shell=bash
# shellcheck disable=SC2154 # lab.sh and lib.sh set lab_dir and root
# The two-box campus on one machine: sourced by netns/demo.sh, by scenarios and by tests/bench/failover.sh.
#
#   hosts (IPv6 only)                 router (BIRD 2)                       servers (IPv4 only)
#   2001:db8:1::2                     static routes with BFD                203.0.113.80  upper half
#   2001:db8:1::64  has an address  ------- hosts   servers -------------   100.64.0.80   lower half
#                   of its own (siit)         dns       |                   www.demo.test, mirror.demo.test
#   2001:db8:1:1::/64 thousands                |       lan
#                                       dns (unbound)   | 2001:db8:6464::1/64, 192.0.2.1/24
#                                     2001:db8:53::53   |
#                           +---------------------------+---------------------------+
#                           | eth0                                                  | eth0
#   gw-a, a machine         |                               gw-b, a machine         |
#     namespace nat64-lower : ::a1, 192.0.2.11                nat64-lower           : ::b1, 192.0.2.21
#     namespace nat64-upper : ::a2, 192.0.2.12                nat64-upper           : ::b2, 192.0.2.22
#     namespace nat64-siit  : ::a3, 192.0.2.13                nat64-siit            : ::b3, 192.0.2.23
#                           | sync0                                                 | sync0
#                           +---------------------- wire ---------------------------+
#
# Each machine has systemd as PID 1 and everything installed (lab_machine). The router prefers gw-a for what `lower` and
# `siit` serve and gw-b for `upper`; each goes to the other box when BFD says that the first is not there. The addresses of
# the Internet are those for documentation, and one that belongs to no network for the lower half, which is why pool6 is
# 64:ff9b:1::/96: 64:ff9b::/96 must not carry such addresses.

campus_boxes=(gw-a gw-b)
# shellcheck disable=SC2034 # for the scripts
campus_upper4=203.0.113.80 campus_upper6=64:ff9b:1::cb00:7150
# shellcheck disable=SC2034 # for the scripts
campus_lower4=100.64.0.80 campus_lower6=64:ff9b:1::6440:50
# shellcheck disable=SC2034 # for the scripts
campus_siit6=2001:db8:64::cb00:7150 campus_siit_host=2001:db8:1::64
campus_bfd_ms=${campus_bfd_ms:-100} # both sides, times three

# campus_network: all but the boxes.
campus_network() {
	lab_ns hosts dns servers router wire
	lab_router router
	in_ns wire sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	lab_link hosts eth0 router hosts
	lab_link dns eth0 router dns
	lab_link servers eth0 router servers
	in_ns router ip link add lan type bridge
	in_ns router ip link set lan up
	lab_addr hosts eth0 2001:db8:1::2/64 "$campus_siit_host/64"
	lab_addr router hosts 2001:db8:1::1/64
	lab_addr dns eth0 2001:db8:53::53/64
	lab_addr router dns 2001:db8:53::1/64
	lab_addr servers eth0 203.0.113.80/24 100.64.0.80/24
	lab_addr router servers 203.0.113.1/24 100.64.0.1/24
	lab_addr router lan 2001:db8:6464::1/64 192.0.2.1/24
	in_ns hosts ip route add default via 2001:db8:1::1 src 2001:db8:1::2
	in_ns hosts ip -6 route add local 2001:db8:1:1::/64 dev lo
	lab_route router 2001:db8:1:1::/64 2001:db8:1::2
	lab_route dns default 2001:db8:53::1
	lab_route servers default 203.0.113.1
	lab_start router routes ip -ts monitor route
}

# campus_attach BOX: its link to the router's LAN and to the wire.
campus_attach() {
	lab_link router "to-$1" "$1" eth0
	in_ns router ip link set "to-$1" master lan
	lab_link wire "port-$1" "$1" sync0
}

# campus_wire COPIES: see lab_wire
campus_wire() { lab_wire wire "$1" "${campus_boxes[@]/#/port-}"; }

# ---- the router ----

# campus_bird_config: what the operator of the router writes.
campus_bird_config() {
	cat <<-EOT
		log stderr all;
		debug protocols { states };
		router id 192.0.2.1;
		protocol device { scan time 1; }
		protocol kernel { ipv4 { export all; }; }
		protocol kernel { ipv6 { export all; }; }
		protocol bfd {
		    interface "lan" { interval $campus_bfd_ms ms; multiplier 3; };
		}
		# where traffic goes while both boxes are well
		protocol static first6 {
		    ipv6 { preference 200; };
		    route 64:ff9b:1::/97 via 2001:db8:6464::a1 bfd;
		    route 64:ff9b:1::8000:0/97 via 2001:db8:6464::b2 bfd;
		    route 2001:db8:64::/96 via 2001:db8:6464::a3 bfd;
		}
		protocol static first4 {
		    ipv4 { preference 200; };
		    route 198.51.100.0/28 via 192.0.2.11 bfd;
		    route 198.51.100.16/28 via 192.0.2.22 bfd;
		    route 198.51.100.64/32 via 192.0.2.13 bfd;
		}
		# and where else it may go
		protocol static second6 {
		    ipv6 { preference 100; };
		    route 64:ff9b:1::/97 via 2001:db8:6464::b1 bfd;
		    route 64:ff9b:1::8000:0/97 via 2001:db8:6464::a2 bfd;
		    route 2001:db8:64::/96 via 2001:db8:6464::b3 bfd;
		}
		protocol static second4 {
		    ipv4 { preference 100; };
		    route 198.51.100.0/28 via 192.0.2.21 bfd;
		    route 198.51.100.16/28 via 192.0.2.12 bfd;
		    route 198.51.100.64/32 via 192.0.2.23 bfd;
		}
	EOT
}

# campus_router CONFIG-COMMAND...: BIRD with what the command prints; `campus_bird ...` asks it.
campus_router() {
	"$@" >"$lab_dir/bird.conf"
	lab_start router bird bird -f -c "$lab_dir/bird.conf" -s "$lab_dir/bird.ctl"
	wait_for 10 campus_bird show status || lab_fail_with_log bird
}
campus_bird() { birdc -s "$lab_dir/bird.ctl" "$@"; }

# ---- the boxes' configuration ----

# campus_config: the same file for both boxes. campus_cluster_lines, campus_health_lines, campus_lower_lines and campus_upper_lines are further
# lines of those sections.
campus_config() {
	local box instance letter number tens

	cat <<-EOT
		[cluster]
		name = campus
		sync-interface = sync0
		sync-key-file = /etc/sa-nat64/sync.key
		${campus_cluster_lines:-}

		[health]
		bfd-interval = ${campus_bfd_ms}ms
		bfd-multiplier = 3
		${campus_health_lines:-}

		[node gw-a]
		id = 0
		[node gw-b]
		id = 1

		[instance lower]
		pool6 = 64:ff9b:1::/96
		destinations = 0.0.0.0/1
		pool4 = 198.51.100.0/28
		primary = gw-a
		${campus_lower_lines:-}

		[instance upper]
		pool6 = 64:ff9b:1::/96
		destinations = 128.0.0.0/1
		pool4 = 198.51.100.16/28
		primary = gw-b
		${campus_upper_lines:-}

		[instance siit]
		mode = siit
		pool6 = 2001:db8:64::/96
		eam = 198.51.100.64 $campus_siit_host
		primary = gw-a
	EOT
	for box in "${campus_boxes[@]}"; do
		letter=${box#gw-}
		tens=$((16#$letter - 9)) # 192.0.2.11 to .13 on gw-a, .21 to .23 on gw-b
		number=0
		for instance in lower upper siit; do
			number=$((number + 1))
			cat <<-EOT

				[network $instance $box]
				attach = macvlan eth0
				address = 2001:db8:6464::$letter$number/64
				address = 192.0.2.$tens$number/24
				gateway = 2001:db8:6464::1
				gateway = 192.0.2.1
				bfd-peer = 2001:db8:6464::1
				bfd-peer = 192.0.2.1
			EOT
		done
	done
}

# campus_configure BOX...: configuration and key, onto the disk of machines
campus_configure() {
	local box

	for box in "$@"; do
		campus_config | lab_machine_write "$box" /etc/sa-nat64/sa-nat64.conf
		printf '42%.0s' {1..32} | lab_machine_write "$box" /etc/sa-nat64/sync.key
		lab_machine_disk "$box" chmod 600 etc/sa-nat64/sync.key
	done
}

# campus_machines: both machines, cabled and configured, off.
campus_machines() {
	local box

	lab_machine_install
	lab_machine_new "${campus_boxes[@]}"
	for box in "${campus_boxes[@]}"; do
		campus_attach "$box"
		lab_machine_disk "$box" systemctl --quiet --root=. enable sa-nat64.target
	done
	campus_configure "${campus_boxes[@]}"
	campus_wire 1
}

# ---- looking at it ----

# campus_serves INSTANCE: the box to which the router sends what the instance serves, by both families: "gw-a"; "none", or
# "gw-a gw-b" when they differ.
campus_serves() {
	local six four

	case $1 in
	lower) six=$(campus_via "$campus_lower6") four=$(campus_via 198.51.100.1) ;;
	upper) six=$(campus_via "$campus_upper6") four=$(campus_via 198.51.100.17) ;;
	siit) six=$(campus_via "$campus_siit6") four=$(campus_via 198.51.100.64) ;;
	esac
	if [ "$six" = "$four" ]; then
		echo "$six"
	else
		echo "$six $four"
	fi
}

# campus_via ADDRESS: the box behind the router's route to it, or none
campus_via() {
	case $(in_ns router ip route get "$1" 2>&1) in
	*" via 2001:db8:6464::a"* | *" via 192.0.2.1"[123]" "*) echo gw-a ;;
	*" via 2001:db8:6464::b"* | *" via 192.0.2.2"[123]" "*) echo gw-b ;;
	*) echo none ;;
	esac
}

# campus_is INSTANCE=BOX...: whether all of that is so
campus_is() {
	local pair

	for pair in "$@"; do
		[ "$(campus_serves "${pair%=*}")" = "${pair#*=}" ] || return 1
	done
}

# campus_box BOX COMMAND...: the command line interface there
campus_cli() { in_machine "$1" timeout 30 sa-nat64 "${@:2}"; }

# campus_field BOX INSTANCE KEY: of `status --json`, such as health or packets.6to4; "-" when it cannot be had
campus_field() {
	{ campus_cli "$1" --json -i "$2" status 2>/dev/null || true; } | python3 -c '
import json, sys
try:
    value = json.load(sys.stdin)["instances"][0]
    for key in sys.argv[1].split("."):
        value = value[key]
except (ValueError, LookupError, TypeError):
    value = "-"
print(value)' "$3"
}

# campus_history BOX INSTANCE: the states it has been in since sa-nat64-healthd runs, such as "starting, warming, up"
campus_history() {
	{ campus_cli "$1" --json -i "$2" health 2>/dev/null || true; } | python3 -c '
import json, sys
try:
    rows = json.load(sys.stdin)["instances"][0]["history"][::-1]
    print(*[row["from"] for row in rows[:1]] + [row["to"] for row in rows], sep=", ")
except (ValueError, LookupError):
    print("-")'
}

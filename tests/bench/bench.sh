#!/bin/bash
# What translation costs: the same packets over plain IPv4 routing, Debian's tayga and sa-nat64.
# Run by `make bench`.
#
#     client                     gateway                             server
#     2001:db8:1::2 ------- ::1            192.0.2.1 ------- 192.0.2.2
#     10.1.0.2     -------  10.1.0.1       (routing: IPv4 all the way)
#                           tun nat64      64:ff9b:1::/96 -> 198.51.100.0/28
#                           tun tayga      2001:db8:a::/96 -> 198.51.100.200
#                           tun flows      64:ff9b:2::/96 -> 198.51.101.0/24, fresh for each measurement
#
# All three ways take turns; each figure is measured REPEAT times and the median counts. Environment:
# REPEAT (3), DURATION of one measurement in seconds (3), SEED of all random choices (1), CONGESTION control
# of TCP (the system's). The figures are kept in build/bench/result.json; tests/bench/table.py puts them
# into docs/benchmark.md. Nothing here fails for being slow, only for not running.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
bin=${BUILD:-$root/build}
tools=$root/build/release/bench
out=$root/build/bench
repeat=${REPEAT:-3}
duration=${DURATION:-3}
seed=${SEED:-1}
congestion=${CONGESTION:-$(cat /proc/sys/net/ipv4/tcp_congestion_control)}
# shellcheck source=netns/lab.sh
. "$root/netns/lab.sh"

die() {
	echo "bench: $1" >&2
	exit 1
}

build_network() {
	lab_ns client gateway server
	lab_router gateway
	lab_link client eth0 gateway lan
	lab_link gateway wan server eth0
	lab_addr client eth0 2001:db8:1::2/64 10.1.0.2/24
	lab_addr gateway lan 2001:db8:1::1/64 10.1.0.1/24
	lab_addr gateway wan 192.0.2.1/24
	lab_addr server eth0 192.0.2.2/24
	lab_route client default 2001:db8:1::1
	lab_route client default 10.1.0.1
	lab_route server default 192.0.2.1
	in_ns server nft -f - <<-'NFT'
		table inet bench {
			counter arrived {}
			chain in {
				type filter hook prerouting priority raw
				udp dport 9001 counter name arrived drop
			}
		}
	NFT
}

start_tayga() {
	mkdir "$lab_dir/tayga"
	cat >"$lab_dir/tayga.conf" <<-EOT
		tun-device tayga
		ipv4-addr 198.51.100.199
		ipv6-addr 2001:db8:b::1
		prefix 2001:db8:a::/96
		map 198.51.100.200 2001:db8:1::2
		data-dir $lab_dir/tayga
	EOT
	in_ns gateway tayga --mktun -c "$lab_dir/tayga.conf" >/dev/null
	in_ns gateway ip link set tayga up
	in_ns gateway ip route add 198.51.100.200 dev tayga
	in_ns gateway ip route add 2001:db8:a::/96 dev tayga
	lab_start gateway tayga tayga -d -c "$lab_dir/tayga.conf"
}

write_config() {
	cat >"$lab_dir/sa-nat64.conf" <<-'EOT'
		[instance nat64]
		mode = nat64
		pool6 = 64:ff9b:1::/96
		pool4 = 198.51.100.0/28
		fast-path = off

		[instance flows]
		mode = nat64
		tun = flows
		pool6 = 64:ff9b:2::/96
		pool4 = 198.51.101.0/24
		max-sessions = 4000000
		fast-path = off
	EOT
}

# start_translator INSTANCE: its pid in lab_pid
start_translator() {
	lab_start gateway "$1" "$bin/sa-nat64-translator" \
		-c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" "$1"
	wait_for 20 test -S "$lab_dir/run/$1/control.sock" || {
		cat "$lab_dir/$1.log" >&2
		die "sa-nat64-translator $1 did not come up"
	}
}

# target WAY: where the server is when reached this way
target() {
	case $1 in
	routing) echo 192.0.2.2 ;;
	tayga) echo 2001:db8:a::192.0.2.2 ;;
	sa-nat64) echo 64:ff9b:1::192.0.2.2 ;;
	esac
}

# tcp WAY FILE IPERF-OPTION...
tcp() {
	local way=$1 file=$2

	shift 2
	in_ns client iperf3 -c "$(target "$way")" -C "$congestion" -t "$duration" -O 1 -J "$@" >"$file" || {
		grep '"error"' "$file" >&2 || true
		die "iperf3 over $way failed"
	}
}

sink_ready() { [ -n "$(in_ns server ss -Hanu "sport = :9000")" ]; }

# udp FILE SENDER-ARGUMENT...: the sink's count goes to FILE
udp() {
	local file=$1 sink

	shift
	lab_start server sink "$tools/udpblast" sink -w 10 9000
	sink=$lab_pid
	wait_for 5 sink_ready || die "udpblast sink did not come up"
	in_ns client "$tools/udpblast" "$@" 9000 >"$file.sent" || die "udpblast $1 failed"
	wait "$sink" || die "udpblast: $(tail -n 1 "$lab_dir/sink.log")"
	cp "$lab_dir/sink.log" "$file"
}

# cpu_seconds PID: spent so far, in user space and in the kernel
cpu_seconds() { awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' "/proc/$1/stat"; }

# Packets of new flows are counted and dropped as they enter the server: a receiver would need a core.
arrived() { in_ns server nft reset counter inet bench arrived | awk '$1 == "packets" { print $2 }'; }
nothing_arrives() { [ "$(arrived | tee -a "$lab_dir/arrived")" = 0 ]; }

# new_sessions N: sessions for a second, and for a second of the translator's processor time
new_sessions() {
	local translator before cpu packets raw=$lab_dir/raw

	start_translator flows
	translator=$lab_pid
	before=$(cpu_seconds "$translator")
	in_ns client "$tools/udpblast" flows -t 2 -s "$seed" 64:ff9b:2::192.0.2.2 9001 >"$raw/flows.sent.$1" ||
		die "udpblast flows failed"
	: >"$lab_dir/arrived"
	wait_for 10 nothing_arrives || die "new flows do not end to arrive"
	packets=$(awk '{ n += $1 } END { print n }' "$lab_dir/arrived")
	cpu=$(awk -v before="$before" '{ print $1 - before }' <<<"$(cpu_seconds "$translator")")
	echo "{\"packets\": $packets, \"seconds\": 2}" >"$raw/udp-sessions.sa-nat64.$1"
	echo "{\"packets\": $packets, \"seconds\": $cpu}" >"$raw/udp-sessions-cpu.sa-nat64.$1"
	lab_stop "$translator" || die "sa-nat64-translator flows ended with $?"
	in_ns gateway ip link del flows
}

measure_once() {
	local n=$1 way

	for way in routing tayga sa-nat64; do
		echo "round $n of $repeat: $way" >&2
		tcp "$way" "$lab_dir/raw/tcp-out.$way.$n"
		tcp "$way" "$lab_dir/raw/tcp-back.$way.$n" -R
		tcp "$way" "$lab_dir/raw/tcp-four.$way.$n" -P 4
		udp "$lab_dir/raw/udp-64.$way.$n" send -f 64 -t "$duration" "$(target "$way")"
	done
	new_sessions "$n"
	"$tools/bench_sessions" -s "$seed" >"$lab_dir/raw/core-sessions.sa-nat64.$n"
}

write_meta() {
	local dirty=

	git -C "$root" diff --quiet HEAD -- Makefile lib proto translator tests/bench 2>/dev/null || dirty=" and changes"
	{
		echo "kernel=$(uname -r)"
		echo "cpu=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)"
		echo "cpus=$(nproc)"
		echo "commit=$(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)$dirty"
		echo "date=$(date -u +%F)"
		echo "seed=$seed"
		echo "congestion=$congestion"
		echo "repeat=$repeat"
		echo "duration=$duration"
	} >"$lab_dir/raw/meta"
}

for program in "$bin/sa-nat64-translator" "$tools/udpblast" "$tools/bench_sessions"; do
	[ -x "$program" ] || die "$program is not there; run 'make build bench-programs' first"
done
lab_open
mkdir "$lab_dir/raw"
write_meta
build_network
start_tayga
write_config
start_translator nat64
lab_start server iperf3 iperf3 -s
for way in routing tayga sa-nat64; do
	wait_for 10 in_ns client iperf3 -c "$(target "$way")" -n 1 || die "no connection over $way"
done
for ((n = 1; n <= repeat; n++)); do
	measure_once "$n"
done
mkdir -p "$out"
rm -rf "$out/raw"
cp -r "$lab_dir/raw" "$out/raw"
"$root/tests/bench/report.py" "$lab_dir/raw" "$out/result.json"

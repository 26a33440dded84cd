#!/bin/bash
# What translation costs: the same packets over plain IPv4 routing, Debian's tayga, and sa-nat64 without and with the
# fast path. Run by `make bench`.
#
#     client                     gateway                             server
#     2001:db8:1::2 ------- ::1            192.0.2.1 ------- 192.0.2.2
#     10.1.0.2     -------  10.1.0.1       (routing: IPv4 all the way)
#                           tun tayga      2001:db8:a::/96 -> 198.51.100.200
#                           tun slow       64:ff9b:4::/96 -> 198.51.102.0/28, fast-path = off
#                           tun fast       64:ff9b:1::/96 -> 198.51.100.0/28, fast-path = on
#                           tun flows      64:ff9b:2::/96 -> 198.51.101.0/24, off; fresh for each measurement
#                           tun many       64:ff9b:3::/96 -> 198.51.103.0/24, on; fresh for each measurement
#
# Every way has a prefix, a pool and a device of its own, so that no flow of one is known to another, and they take
# turns; each figure is measured REPEAT times, and the medians of figures and of the ratios in each round count.
# Environment: REPEAT (3), DURATION of one measurement in seconds (3), SEED of all random choices (1), CONGESTION
# control of TCP (the system's), FLOWS to install for the last part (1000000). The figures are kept in
# build/bench/result.json; tests/bench/table.py puts them into docs/benchmark.md. Nothing here fails for being slow,
# only for not running.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
bin=${BUILD:-$root/build}
tools=$root/build/release/bench
out=$root/build/bench
repeat=${REPEAT:-3}
duration=${DURATION:-3}
seed=${SEED:-1}
many=${FLOWS:-1000000}
ways="routing tayga slow fast"
stats_before=$(sysctl -n kernel.bpf_stats_enabled)
congestion=${CONGESTION:-$(cat /proc/sys/net/ipv4/tcp_congestion_control)}
# shellcheck source=netns/lab.sh
. "$root/netns/lab.sh"
# shellcheck source=tests/bench/meta.sh
. "$root/tests/bench/meta.sh"

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
	lab_route gateway 2001:db8:8000::/40 2001:db8:1::2
	in_ns server nft -f - <<-'NFT'
		table inet bench {
			counter arrived {}
			chain in {
				type filter hook prerouting priority raw
				udp dport 9001 udp length 44 counter name arrived drop
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
		[instance fast]
		tun = fast
		pool6 = 64:ff9b:1::/96
		pool4 = 198.51.100.0/28
		fast-path = on

		[instance slow]
		tun = slow
		pool6 = 64:ff9b:4::/96
		pool4 = 198.51.102.0/28
		fast-path = off

		[instance flows]
		tun = flows
		pool6 = 64:ff9b:2::/96
		pool4 = 198.51.101.0/24
		max-sessions = 4000000
		fast-path = off

		[instance many]
		tun = many
		pool6 = 64:ff9b:3::/96
		pool4 = 198.51.103.0/24
		max-sessions = 2000000
		fast-path = on
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
	slow) echo 64:ff9b:4::192.0.2.2 ;;
	fast) echo 64:ff9b:1::192.0.2.2 ;;
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
	echo "{\"packets\": $packets, \"seconds\": 2}" >"$raw/udp-sessions.slow.$1"
	echo "{\"packets\": $packets, \"seconds\": $cpu}" >"$raw/udp-sessions-cpu.slow.$1"
	lab_stop "$translator" || die "sa-nat64-translator flows ended with $?"
	in_ns gateway ip link del flows
	rm "$lab_dir/run/flows/state"
}

# senders WAY FILE CPU...: packets of as many senders that enter the server, a second. There they are dropped, so that
# every core does nothing but send and forward.
senders() {
	local way=$1 file=$2 cpu pids=()

	shift 2
	arrived >/dev/null
	for cpu in "$@"; do
		in_ns client taskset -c "$cpu" "$tools/udpblast" send -f 64 -t "$duration" "$(target "$way")" 9001 \
			>"$file.sent.$cpu" &
		pids+=($!)
	done
	for cpu in "${pids[@]}"; do
		wait "$cpu" || die "udpblast send over $way failed"
	done
	echo "{\"packets\": $(arrived), \"seconds\": $duration}" >"$file"
}

# program_time DEVICE: nanoseconds spent in the fast path's program and how often it ran
program_time() {
	local id

	id=$(in_ns gateway tc filter show dev "$1" egress | sed -n 's/.* id \([0-9]*\) .*/\1/p' | head -n 1)
	bpftool -j prog show id "${id:?no program on $1}" |
		python3 -c 'import json, sys; p = json.load(sys.stdin); print(p.get("run_time_ns", 0), p.get("run_cnt", 0))'
}

# in_program DEVICE FILE COMMAND...: run COMMAND; nanoseconds in the program for each of the packets go to FILE
in_program() {
	local device=$1 file=$2 before after

	shift 2
	sysctl -qw kernel.bpf_stats_enabled=1
	before=$(program_time "$device")
	"$@" || die "udpblast over $device failed"
	after=$(program_time "$device")
	sysctl -qw "kernel.bpf_stats_enabled=$stats_before"
	awk '{ printf "{\"value\": %.1f}\n", ($3 - $1) / ($4 - $2) }' <<<"$before $after" >"$file"
}

# many_flows FLOWS OPTION...: so many random flows, always the same
many_flows() {
	in_ns client taskset -c 0 "$tools/udpblast" flows -c "$1" -s "$seed" "${@:2}" 64:ff9b:3::192.0.2.2 9003 >/dev/null
}

installed() {
	"$bin/sa-nat64" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" -i many stats --json |
		python3 -c 'import json, sys; print(json.load(sys.stdin)["instances"][0]["fast_flows"]["installed"])'
}

# Random flows are drawn twice now and then; a thousandth may miss.
enough_installed() {
	many_flows "$1" -n "$1" -t 60
	[ "$(installed)" -ge $(($1 - $1 / 1000)) ]
}

# small_packets N COUNT: COUNT flows in the fast path take turns: packets a second, and nanoseconds in the program
small_packets() {
	local file=$lab_dir/raw/flows-$2

	in_ns server nft add rule inet bench in udp dport 9003 counter name arrived drop
	many_flows "$2" -t 1 # what is cold at first
	arrived >/dev/null
	many_flows "$2" -t "$duration"
	echo "{\"packets\": $(arrived), \"seconds\": $duration}" >"$file.fast.$1"
	in_program many "$file-ns.fast.$1" many_flows "$2" -t "$duration"
}

# restart N: kill instance many while it holds all these sessions, and start it again; its pid in translator
restart() {
	local file=$lab_dir/raw/restart.fast.$1

	lab_stop "$translator" KILL 2>/dev/null || true
	in_ns gateway "$root/tests/bench/restart.py" "$lab_dir/run/many/control.sock" "$lab_dir/many.log" \
		"$bin/sa-nat64-translator" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" many >"$file" ||
		die "sa-nat64-translator many was not restarted"
	translator=$(sed 's/.*"pid": \([0-9]*\).*/\1/' "$file")
	grep -q "restored [0-9]* sessions" "$lab_dir/many.log" || die "no session of instance many was restored"
}

is_gone() { ! kill -0 "$1" 2>/dev/null; }

# Many flows become sessions of both directions by an echo on the server.
size_of_table() {
	local translator echo

	start_translator many
	translator=$lab_pid
	for flows in 1 "$many"; do
		in_ns server nft -f - <<<'flush chain inet bench in; add rule inet bench in udp dport 9001 udp length 44 counter name arrived drop'
		lab_start server echo "$tools/udpblast" echo 9003
		echo=$lab_pid
		wait_for 300 enough_installed "$flows" || die "only $(installed) of $flows flows were installed"
		lab_stop "$echo" || true
		small_packets "$1" "$flows"
	done
	restart "$1"
	kill "$translator"
	wait_for 10 is_gone "$translator" || die "sa-nat64-translator many does not end"
	in_ns gateway ip link del many
	rm "$lab_dir/run/many/state"
}

fast_path_alone() {
	local raw=$lab_dir/raw way

	for way in routing fast; do
		senders "$way" "$raw/one-core.$way.$1" 0
	done
	for way in routing fast; do
		[ "$(nproc)" = 1 ] || senders "$way" "$raw/two-cores.$way.$1" 0 1
	done
	in_program fast "$raw/program-ns.fast.$1" senders fast "$lab_dir/timed" 0
	size_of_table "$1"
}

# measure MEASURE WAY FILE
measure() {
	case $1 in
	tcp-out) tcp "$2" "$3" ;;
	tcp-back) tcp "$2" "$3" -R ;;
	tcp-four) tcp "$2" "$3" -P 4 ;;
	tcp-four-back) tcp "$2" "$3" -P 4 -R ;;
	udp-64) udp "$3" send -f 64 -t "$duration" "$(target "$2")" ;;
	esac
}

# The ways follow each other in every measure: what else the machine does meets them alike.
measure_once() {
	local n=$1 what way

	for what in tcp-out tcp-back tcp-four tcp-four-back udp-64; do
		echo "round $n of $repeat: $what" >&2
		for way in $ways; do
			measure "$what" "$way" "$lab_dir/raw/$what.$way.$n"
		done
	done
	echo "round $n of $repeat: sessions, cores, $many flows" >&2
	new_sessions "$n"
	fast_path_alone "$n"
	"$tools/bench_sessions" -s "$seed" >"$lab_dir/raw/core-sessions.slow.$n"
}

write_meta() {
	{
		meta_lines Makefile lib proto translator tests/bench
		echo "seed=$seed"
		echo "congestion=$congestion"
		echo "repeat=$repeat"
		echo "duration=$duration"
		echo "flows=$many"
		echo "load=$(cut -d " " -f 1 /proc/loadavg)" # what others do; a quiet machine is near 0
	} >"$lab_dir/raw/meta"
}

for program in "$bin/sa-nat64-translator" "$tools/udpblast" "$tools/bench_sessions"; do
	[ -x "$program" ] || die "$program is not there; run 'make build bench-programs' first"
done
lab_open
trap 'status=$?; sysctl -qw "kernel.bpf_stats_enabled=$stats_before"; rm -rf "/dev/shm/$lab_id"; lab_close "$status"' EXIT
mkdir "$lab_dir/raw" "/dev/shm/$lab_id"
ln -s "/dev/shm/$lab_id" "$lab_dir/run" # state files belong on tmpfs
write_meta
build_network
start_tayga
write_config
start_translator slow
start_translator fast
lab_start server greeted "$tools/udpblast" echo 9001
lab_start server iperf3 iperf3 -s
for way in $ways; do
	wait_for 10 in_ns client iperf3 -c "$(target "$way")" -n 1 || die "no connection over $way"
done
for ((n = 1; n <= repeat; n++)); do
	measure_once "$n"
done
mkdir -p "$out"
rm -rf "$out/raw"
cp -r "$lab_dir/raw" "$out/raw"
"$root/tests/bench/report.py" "$lab_dir/raw" "$out/result.json"

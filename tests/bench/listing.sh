#!/bin/bash
# What a list of a million sessions costs, and what the traffic loses meanwhile. Run by `make bench-listing`.
#
#     client                     gateway                             server
#     2001:db8:1::2 ------- ::1            192.0.2.1 ------- 192.0.2.2
#                           tun slow       64:ff9b:4::/96 -> 198.51.102.0/26, fast-path = off
#                           tun fast       64:ff9b:1::/96 -> 198.51.100.0/26, fast-path = on
#
# Both instances hold ROWS sessions (1000000). In each of REPEAT rounds (5), iperf3 sends for DURATION seconds (5) through each of
# them alone, while `sa-nat64 sessions` is called again and again, and while `sa-nat64 sessions --json` is; and each list is made
# once without traffic. What is printed goes to /dev/null: whoever reads it has costs of his own. The figures are kept in
# build/bench/listing.json; tests/bench/table.py puts them into docs/benchmark.md.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
bin=${BUILD:-$root/build}
tools=$root/build/release/bench
out=$root/build/bench
repeat=${REPEAT:-5}
duration=${DURATION:-5}
rows=${ROWS:-1000000}
declare -A target=([slow]=64:ff9b:4::192.0.2.2 [fast]=64:ff9b:1::192.0.2.2) pid
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
	lab_addr client eth0 2001:db8:1::2/64
	lab_addr gateway lan 2001:db8:1::1/64
	lab_addr gateway wan 192.0.2.1/24
	lab_addr server eth0 192.0.2.2/24
	lab_route client default 2001:db8:1::1
	lab_route server default 192.0.2.1
	lab_route gateway 2001:db8:8000::/40 2001:db8:1::2
	in_ns server nft 'table ip t { chain c { type filter hook prerouting priority 0; udp dport 9001 drop; }; }'
	lab_start server iperf3 iperf3 -s
}

write_config() {
	cat >"$lab_dir/sa-nat64.conf" <<-EOT
		[instance slow]
		tun = slow
		pool6 = 64:ff9b:4::/96
		pool4 = 198.51.102.0/26
		max-sessions = $((rows + rows / 2))
		udp-timeout = 5h
		fast-path = off

		[instance fast]
		tun = fast
		pool6 = 64:ff9b:1::/96
		pool4 = 198.51.100.0/26
		max-sessions = $((rows + rows / 2))
		udp-timeout = 5h
		fast-path = on
	EOT
}

cli() { "$bin/sa-nat64" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" "$@"; }
held() { cli -i "$1" --json sessions --count | python3 -c 'import json, sys; print(json.load(sys.stdin)["counts"][0]["count"])'; }

# start WAY: a translator that holds the sessions
start() {
	local seed

	lab_start gateway "$1" "$bin/sa-nat64-translator" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" "$1"
	pid[$1]=$lab_pid
	wait_for 20 test -S "$lab_dir/run/$1/control.sock" || die "sa-nat64-translator $1 did not come up"
	for ((seed = 1; seed <= 20 && $(held "$1") < rows; seed++)); do
		in_ns client "$tools/udpblast" flows -n $((rows / 5)) -s "$seed" -t 20 "${target[$1]}" 9001 >/dev/null ||
			die "udpblast flows failed"
	done
	[ "$(held "$1")" -ge "$rows" ] || die "instance $1 holds only $(held "$1") sessions"
}

# rate WAY WHAT: Gbit/s of iperf3, noted as a figure
rate() {
	local file=$lab_dir/iperf3.json

	in_ns client iperf3 -c "${target[$1]}" -t "$duration" -O 1 -J >"$file" || die "iperf3 over $1 failed: $(grep '"error"' "$file")"
	python3 -c 'import json, sys; print(sys.argv[1], json.load(sys.stdin)["end"]["sum_received"]["bits_per_second"] / 1e9)' \
		"$1-$2-rate" <"$file" >>"$figures" || die "iperf3 over $1 says no rate: $(tail -n 5 "$file")"
}

# lists WAY STOP-FILE ARGUMENT...: what tests/bench/listing.py says
lists() {
	"$root/tests/bench/listing.py" "${pid[$1]}" "$2" "$bin/sa-nat64" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" -i "$1" sessions "${@:3}"
}

# note PREFIX: the lines of a file as figures
note() { sed "s/^/$1-/" "$2" >>"$figures"; }

# beside WAY WHAT ARGUMENT...: the rate while lists are made, and what these cost
beside() {
	local way=$1 what=$2 lister

	rm -f "$lab_dir/stop"
	lists "$way" "$lab_dir/stop" "${@:3}" >"$lab_dir/lists" &
	lister=$!
	rate "$way" "$what"
	touch "$lab_dir/stop"
	wait "$lister" || die "no list of $way"
	note "$way-$what" "$lab_dir/lists"
}

measure_once() {
	local way

	for way in slow fast; do
		rate "$way" alone
		beside "$way" text
		beside "$way" json --json
	done
	for way in text json count; do
		# shellcheck disable=SC2046
		lists fast - $([ "$way" = text ] || echo "--$way") >"$lab_dir/lists"
		note "quiet-$way" "$lab_dir/lists"
	done
}

write_meta() {
	{
		meta_lines Makefile cli lib proto translator tests/bench
		echo "repeat=$repeat"
		echo "duration=$duration"
		echo "rows=$(held fast)"
		echo "load=$load" # what others do; a quiet machine is near 0
	} >"$lab_dir/raw/meta"
}

for program in "$bin/sa-nat64-translator" "$bin/sa-nat64" "$tools/udpblast"; do
	[ -x "$program" ] || die "$program is not there; run 'make build bench-programs' first"
done
load=$(cut -d " " -f 1 /proc/loadavg)
lab_open
trap 'status=$?; rm -rf "/dev/shm/$lab_id"; lab_close "$status"' EXIT
mkdir "$lab_dir/raw" "/dev/shm/$lab_id"
ln -s "/dev/shm/$lab_id" "$lab_dir/run" # state files belong on tmpfs
build_network
write_config
start slow
start fast
for way in slow fast; do
	wait_for 10 in_ns client iperf3 -c "${target[$way]}" -n 1 || die "no connection over $way"
done
write_meta
for ((n = 1; n <= repeat; n++)); do
	figures=$lab_dir/raw/figures.$n
	echo "round $n of $repeat" >&2
	measure_once
done
mkdir -p "$out"
rm -rf "$out/raw-listing"
cp -r "$lab_dir/raw" "$out/raw-listing"
"$root/tests/bench/report_listing.py" "$lab_dir/raw" "$out/listing.json"

#!/bin/bash
# What replication costs and how fast it is: two boxes with the real sa-nat64-syncd, fed by feedblast in place of
# translators where only the exchange is measured, and Debian's conntrackd on the same wire. Run by `make bench-sync` and
# as a part of `make bench`. The network is that of the scenarios (tests/scenario/boxes.sh).
#
# Environment: REPEAT (1), MILLION (1000000) sessions where many are asked for, ENTRIES (100000) for the comparison,
# ONLY, a regular expression of the parts to run. The figures are kept in build/bench/sync.json;
# tests/bench/table.py puts them into docs/benchmark.md. Nothing here fails for being slow, only for not running.
. "$(dirname "$0")/../scenario/lib.sh"
. "$(dirname "$0")/../scenario/boxes.sh"
. "$(dirname "$0")/conntrackd.sh"
. "$(dirname "$0")/meta.sh"

tools=$root/build/release/bench
out=$root/build/bench
repeat=${REPEAT:-1}
million=${MILLION:-1000000}
entries=${ENTRIES:-100000}
only=${ONLY:-.}
figures= # file of this round

die() {
	echo "bench: $1" >&2
	tail -n 5 "$lab_dir"/syncd-*.log "$lab_dir"/translator-*.log 2>/dev/null >&2 || true
	exit 1
}

# figure KEY VALUE
figure() {
	echo "$1 $2" >>"$figures"
	echo "  $1 $2" >&2
}
calculate() { awk "BEGIN { printf \"%.6f\", $1 }"; }
number() { field "$2" <"$1"; }

# sent_by BOX bytes|packets: that it has put on the wire so far
sent_by() { in_ns wire ip -s -j link show "port-$1" | field "0.stats64.rx.$2"; }
cpu_seconds() { awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' "/proc/$1/stat"; }

# pair [LINE...]: both syncds start anew; LINEs belong to the section [cluster]
pair() {
	unpair
	lose 0
	cluster_lines=$(printf '%s\n' "$@") boxes_configure "max-sessions = 2000000" "fast-path = on"
	box_syncd a
	box_syncd b
	wait_for 20 box_in_sync a || die "a did not come in sync"
	wait_for 20 sync_is b state in-sync || die "b did not come in sync"
}
unpair() {
	local pid

	for pid in "${feeders[@]}" "${syncd_pid[@]}" "${translator_pid[@]}"; do
		lab_stop "$pid" 2>/dev/null || true
	done
	feeders=()
	syncd_pid=()
	translator_pid=()
	in_box a rm -rf /run/sa-nat64/nat64
	in_box b rm -rf /run/sa-nat64/nat64
}
feeders=() # processes

# sink COUNT SECONDS: the translator's place on b; its figures in $lab_dir/sink.log when sink_wait returns
sink() {
	lab_box_start b sink "$tools/feedblast" sink -n "$1" -t "$2" b nat64
	sink=$lab_pid
	wait_for 5 sync_is b translator True || die "sink: $(cat "$lab_dir/sink.log")"
}
sink_wait() { wait "$sink" || die "sink: $(cat "$lab_dir/sink.log")"; }

# feed ARGUMENT...: the translator's place on a
feed() {
	lab_box_start a feed "$tools/feedblast" send "$@" a nat64
	feeders+=("$lab_pid")
}

# New sessions as fast as both take them, with a wire that is not the limit.
updates() {
	local before_a before_b bytes started

	pair "sync-rate = 10G"
	sink "$million" 120
	before_a=$(cpu_seconds "${syncd_pid[a]}")
	before_b=$(cpu_seconds "${syncd_pid[b]}")
	bytes=$(sent_by a bytes)
	started=$EPOCHREALTIME
	feed -n "$million"
	sink_wait
	figure updates-missing $((million - $(number "$lab_dir/sink.log" sessions)))
	figure updates-rate "$(calculate "$million / ($EPOCHREALTIME - $started)")"
	figure updates-cpu-sender "$(calculate "$million / ($(cpu_seconds "${syncd_pid[a]}") - $before_a)")"
	figure updates-cpu-receiver "$(calculate "$million / ($(cpu_seconds "${syncd_pid[b]}") - $before_b)")"
	figure bytes-per-session "$(calculate "($(sent_by a bytes) - $bytes) / $million")"
	figure memory-per-session "$(calculate "$(sync_field b memory) / $million")"
}

# 50,000 new sessions a second for five seconds
lag() {
	pair
	sink 250000 30
	feed -n 250000 -r 50000
	sink_wait
	figure lag-missing $((250000 - $(number "$lab_dir/sink.log" sessions)))
	figure lag-p50 "$(calculate "$(number "$lab_dir/sink.log" lag_p50_us) / 1000")"
	figure lag-p99 "$(calculate "$(number "$lab_dir/sink.log" lag_p99_us) / 1000")"
	figure lag-max "$(calculate "$(number "$lab_dir/sink.log" lag_max_us) / 1000")"
}

# both directions lose 30 percent
loss() {
	pair
	lose 30
	sink "$entries" 120
	feed -n "$entries" -r 50000
	sink_wait
	lose 0
	figure loss-missing $((entries - $(number "$lab_dir/sink.log" sessions)))
	figure loss-seconds "$(number "$lab_dir/sink.log" seconds)"
}

# A box comes new to one that holds a million sessions and makes 10,000 a second.
joiner() {
	local started

	pair
	lab_stop "${syncd_pid[b]}" || true
	feed -i "$million" -n 200000 -r 10000
	wait_for 60 at_least a sessions "$million" || die "a does not hold $million sessions"
	started=$EPOCHREALTIME
	box_syncd b
	sink $((million + 200000)) 60
	wait_for 120 sync_is b state in-sync || die "the joiner did not come in sync"
	figure joiner-seconds "$(calculate "$EPOCHREALTIME - $started")"
	figure joiner-held "$(sync_field b sessions)"
	sink_wait
	figure joiner-missing $((million + 200000 - $(number "$lab_dir/sink.log" sessions)))
	figure joiner-lag-p99 "$(calculate "$(number "$lab_dir/sink.log" lag_p99_us) / 1000")"
}

# 100,000 flows in the fast path, with a timeout so short that every session is refreshed every ten seconds: what the
# boxes say to each other meanwhile, of the packets that the flows carry.
steady() {
	local sync packets

	pair
	unpair
	boxes_configure "fast-path = on" "udp-timeout = 20s"
	boxes_start a b
	lab_start server echo "$tools/udpblast" echo 9003
	feeders+=("$lab_pid")
	wait_for 60 all_flows || die "a holds $(sync_field a sessions) sessions"
	wait_for 60 holds_copies b 99000 || die "b holds $(sync_field b sessions) sessions"
	sync=$(($(sent_by a packets) + $(sent_by b packets)))
	many_flows -t 20 >"$lab_dir/steady.log"
	sync=$(($(sent_by a packets) + $(sent_by b packets) - sync))
	packets=$(number "$lab_dir/steady.log" packets)
	figure steady-flows "$(sync_field b sessions)"
	figure steady-packets "$packets"
	figure steady-sync-datagrams "$sync"
	figure steady-percent "$(calculate "100 * $sync / $packets")"
}
many_flows() { in_ns client "$tools/udpblast" flows -c 100000 "$@" "$server6" 9003; }
# A burst does not fit into the device's queue, and random flows are drawn twice now and then.
all_flows() {
	many_flows -n 100000 && many_flows -n 100000
	holds_copies a 99900
}
holds_copies() { [ "$(sync_field "$1" sessions)" -ge "$2" ]; }

# ---- the comparison ----

# compared WHO PART COMMAND...: bytes on the wire of both while COMMAND runs, and how long it took
compared() {
	local who=$1 part=$2 a b started

	shift 2
	a=$(sent_by a bytes)
	b=$(sent_by b bytes)
	started=$EPOCHREALTIME
	"$@"
	figure "$who-$part-seconds" "$(calculate "$EPOCHREALTIME - $started")"
	figure "$who-$part-bytes" $(($(sent_by a bytes) + $(sent_by b bytes) - a - b))
}

conntrackd_pair() {
	conntrackd_end
	in_ns a conntrack -F >/dev/null 2>&1 || true
	conntrackd_start a
	conntrackd_pid[a]=$lab_pid
	conntrackd_start b
	conntrackd_pid[b]=$lab_pid
}
declare -A conntrackd_pid=()
conntrackd_end() {
	local box

	for box in "${!conntrackd_pid[@]}"; do
		lab_stop "${conntrackd_pid[$box]}" || true
	done
	conntrackd_pid=()
}
conntrackd_load() {
	conntrackd_load_only
	within 60 conntrackd_has b "$entries" || true # what is missing is a figure
}
conntrackd_resync() {
	conntrackd_start b
	conntrackd_pid[b]=$lab_pid
	conntrackd_ask b -n
	within 60 conntrackd_has b "$entries" || true
}

conntrackd_part() {
	unpair
	conntrackd_entries "$entries" >"$lab_dir/entries"
	split -n l/2 "$lab_dir/entries" "$lab_dir/entries."
	conntrackd_config a 10.8.0.1
	conntrackd_config b 10.8.0.2

	conntrackd_pair
	lab_wire_rate wire 10mbit port-a port-b
	compared conntrackd thin conntrackd_load
	lab_wire_full wire port-a port-b
	figure conntrackd-thin-missing $((entries - $(conntrackd_copies b)))

	conntrackd_pair
	compared conntrackd clean conntrackd_load
	figure conntrackd-clean-missing $((entries - $(conntrackd_copies b)))
	lab_stop "${conntrackd_pid[b]}" || true
	compared conntrackd resync conntrackd_resync
	figure conntrackd-resync-missing $((entries - $(conntrackd_copies b)))

	conntrackd_pair
	lose 20
	compared conntrackd loss conntrackd_load
	lose 0
	figure conntrackd-loss-missing $((entries - $(conntrackd_copies b)))
	conntrackd_end
}

ours_load() {
	feed -n "$entries"
	sink_wait
}
# ours PART: the same sessions, as fast as they are taken
ours() {
	sink "$entries" 120
	compared ours "$1" ours_load
	figure "ours-$1-missing" $((entries - $(number "$lab_dir/sink.log" sessions)))
}
ours_resync() {
	box_syncd b
	sink "$entries" 60
	sink_wait
	wait_for 60 sync_is b state in-sync
}

ours_part() {
	pair
	lab_wire_rate wire 10mbit port-a port-b
	ours thin
	lab_wire_full wire port-a port-b

	pair "sync-rate = 8M"
	lab_wire_rate wire 10mbit port-a port-b
	ours told
	lab_wire_full wire port-a port-b

	pair
	ours clean
	lab_stop "${syncd_pid[b]}" || true
	compared ours resync ours_resync
	figure ours-resync-missing $((entries - $(number "$lab_dir/sink.log" sessions)))

	pair
	lose 20
	ours loss
	lose 0
}

write_meta() {
	{
		meta_lines Makefile lib proto syncd translator tests/bench
		echo "repeat=$repeat"
		echo "million=$million"
		echo "entries=$entries"
		echo "load=$(cut -d " " -f 1 /proc/loadavg)" # what others do; a quiet machine is near 0
	} >"$lab_dir/raw/meta"
}

for program in "$bin/sa-nat64-translator" "$bin/sa-nat64-syncd" "$tools/udpblast" "$tools/feedblast"; do
	[ -x "$program" ] || die "$program is not there; run 'make build bench-programs' first"
done
lab_open
mkdir "$lab_dir/raw"
write_meta
boxes_network a b
lab_addr a sync0 10.8.0.1/24
lab_addr b sync0 10.8.0.2/24
for ((n = 1; n <= repeat; n++)); do
	figures=$lab_dir/raw/figures.$n
	: >"$figures"
	for part in updates lag loss joiner steady conntrackd_part ours_part; do
		[[ $part =~ $only ]] || continue
		echo "round $n of $repeat: $part" >&2
		"$part"
	done
	unpair
done
mkdir -p "$out"
rm -rf "$out/raw-sync"
cp -r "$lab_dir/raw" "$out/raw-sync"
"$root/tests/bench/report_sync.py" "$lab_dir/raw" "$out/sync.json"

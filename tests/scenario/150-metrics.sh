#!/bin/bash
# What Prometheus is told by a box with the real programs: traffic is counted, programs that hang or end are 0 and cost
# those that answer nothing, and a scrape of three instances takes less than 20 ms.
#
#   box: sa-nat64-healthd, sa-nat64-syncd -- sync0 ------ sync0 -- other: sa-nat64-syncd
#        sa-nat64-exporter at 10.64.0.1:9464
#   lower: translators lower, upper and siit -- uplink0 ---- lower -- router
. "$(dirname "$0")/lib.sh"

scenario_open
lab_ns box other lower router
lab_link box sync0 other sync0
lab_addr box sync0 10.64.0.1/24
lab_addr other sync0 10.64.0.2/24
lab_link lower uplink0 router lower
lab_addr lower uplink0 192.0.2.2/24 2001:db8:a::2/64
lab_addr router lower 192.0.2.1/24 2001:db8:a::1/64
lab_addr lower lo 192.0.0.1/32 192.0.0.2/32
lab_router lower
in_ns router ip -6 route add 64:ff9b::/96 via 2001:db8:a::2
in_ns router ip route add 198.51.100.0/24 via 192.0.2.2
(umask 077 && od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$lab_dir/sync.key" && echo >>"$lab_dir/sync.key")
{
	printf '[cluster]\nsync-interface = sync0\nsync-key-file = %s\nsync-wait = 1s\n' "$lab_dir/sync.key"
	printf 'metrics-listen = 10.64.0.1:9464\nmetrics-listen = 10.64.0.2:9464\nmetrics-listen = [::1]:9464\n'
	printf '[node gw-a]\nid = 0\n[node gw-b]\nid = 1\n'
	printf '[instance lower]\ndestinations = 0.0.0.0/1\ntun = lower\npool4 = 198.51.100.0/28\n'
	printf 'allow-private-with-wkp = yes\n'
	printf '[instance upper]\ndestinations = 128.0.0.0/1\ntun = upper\npool4 = 198.51.100.16/28\nnon-global4 = 127.0.0.0/8\n'
	printf '[instance siit]\nmode = siit\ntun = siit\npool6 = 2001:db8:64::/96\neam = 203.0.113.10 2001:db8:10::10\n'
	printf '[network upper gw-a]\nnamespace = %s\naddress = 192.0.2.2/24\naddress = 2001:db8:a::2/64\n' "$lab_id-lower"
} >"$lab_dir/sa-nat64.conf"

start() { # NAMESPACE NAME PROGRAM [ARGUMENT...]; $rundir, $node
	lab_start "$1" "$2" "$bin/$3" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/${rundir:-run}" -n "${node:-gw-a}" "${@:4}"
}
scrape() { in_ns other curl -sS -m 5 -o "$lab_dir/body" -w '%{http_code}' "http://10.64.0.1:9464/metrics" "$@"; }
open=(-H 'Accept: application/openmetrics-text; version=1.0.0')
# value SERIES: its value in what was scraped, labels as they are printed
value() { awk -v name="$1" 'index($0, name " ") == 1 { print $2 }' "$lab_dir/body"; }
# becomes SERIES VALUE
is() { [ "$(scrape "${open[@]}")" = 200 ] && [ "$(value "$1" | tee /dev/stderr)" = "$2" ]; }
becomes() { wait_for 10 is "$@"; }
at_least() { [ "$(scrape)" = 200 ] && [ "$(value "$1" | tee /dev/stderr)" -ge "$2" ]; }

rundir=run-b node=gw-b start other syncd-other sa-nat64-syncd
start box syncd sa-nat64-syncd
syncd=$lab_pid
start box exporter sa-nat64-exporter
exporter=$lab_pid
declare -A translator
for instance in lower upper siit; do
	start lower "translator-$instance" sa-nat64-translator "$instance"
	translator[$instance]=$lab_pid
	wait_for 10 test -S "$lab_dir/run/$instance/control.sock" || lab_fail_with_log "translator-$instance"
done
start box healthd sa-nat64-healthd

up() { echo "sa_nat64_up{node=\"gw-a\",instance=\"$1\",program=\"sa-nat64-translator\"}"; }
for instance in lower upper siit; do
	check "translator $instance is up" becomes "$(up "$instance")" 1
done
check "sa-nat64-healthd is up" becomes 'sa_nat64_up{node="gw-a",program="sa-nat64-healthd"}' 1
check "in sync with the other box" becomes 'sa_nat64_sync_peer_state{node="gw-a",instance="lower",peer="gw-b",state="in-sync"}' 1
check "upper is up, says sa-nat64-healthd" becomes 'sa_nat64_health_state{node="gw-a",instance="upper",state="up"}' 1
check "its probes are timed" test "$(value 'sa_nat64_probes_answered_total{node="gw-a",instance="upper",path="slow"}')" -gt 0

sent() {
	in_ns router ping -q -c 20 -i 0.01 -W 2 64:ff9b::192.0.2.1 || true
	wait_for 5 at_least 'sa_nat64_translated_packets_total{node="gw-a",instance="upper",direction="6to4"}' 20
}
check "packets are counted" sent
check "so is a session" test "$(value 'sa_nat64_sessions{node="gw-a",instance="upper",protocol="icmp"}')" -ge 1
expired() {
	in_ns router ping -q -c 1 -W 1 -t 2 64:ff9b::192.0.2.1 || true
	at_least 'sa_nat64_dropped_packets_total{node="gw-a",instance="upper",reason="ttl-exceeded"}' 1
}
check "a drop is counted under its reason" wait_for 5 expired
drops() { [ "$(grep -c '^sa_nat64_dropped_packets_total{node="gw-a",instance="lower"' "$lab_dir/body")" = \
	"$(grep -c '^X(.*, VERDICT_DROPPED,' "$root/translator/verdict.def")" ]; }
check "every reason is there, also at 0" drops

accepted() {
	scrape && promtool check metrics <"$lab_dir/body"
	scrape "${open[@]}" && "$root/tests/tools/metrics_names.py" <("$bin/sa-nat64" metrics --list) "$lab_dir/body" \
		"$root/docs/monitoring/alerts.yml" "$root/docs/monitoring/grafana.json" "$root/translator/verdict.def" |
		grep -v 'is listed or printed, not both$\|never has' >"$lab_dir/said" || true
	cat "$lab_dir/said"
	[ ! -s "$lab_dir/said" ]
}
check "Prometheus' tools accept both formats" accepted

# The fastest of ten, a quarter of a second apart so that each asks the programs anew: others use the processors as well.
fast() {
	local best=1000000 us
	for _ in {1..10}; do
		us=$(in_ns other curl -sS -m 5 -o /dev/null -w '%{time_total}' "http://10.64.0.1:9464/metrics" "${open[@]}" |
			awk '{ printf "%d", $1 * 1000000 }')
		[ "$us" -ge "$best" ] || best=$us
		read -r -t 0.26 <>"$lab_dir/never" || true
	done
	echo "$best us"
	[ "$best" -lt 20000 ]
}
mkfifo "$lab_dir/never"
check "a scrape takes less than 20 ms" fast
sed 's/^/  /' "$lab_dir/check.log"

# ---- what does not answer ----

kill -STOP "${translator[lower]}"
late() {
	local us
	us=$(in_ns other curl -sS -m 5 -o "$lab_dir/body" -w '%{time_total}' "http://10.64.0.1:9464/metrics" |
		awk '{ printf "%d", $1 * 1000000 }')
	echo "$us us"
	[ "$us" -lt 2000000 ] && [ "$(value "$(up lower)")" = 0 ] && [ "$(value "$(up upper)")" = 1 ]
}
check "a hung translator is 0, the others are 1, within two seconds" late
check "its state is down" becomes 'sa_nat64_health_state{node="gw-a",instance="lower",state="down"}' 1
kill -CONT "${translator[lower]}"
check "it goes on: 1" becomes "$(up lower)" 1
lab_stop "$syncd"
check "sa-nat64-syncd ended: 0" becomes 'sa_nat64_up{node="gw-a",program="sa-nat64-syncd"}' 0
check "its values are missing" refuse grep -q '^sa_nat64_sync_' "$lab_dir/body"
start box syncd sa-nat64-syncd
check "started again: 1" becomes 'sa_nat64_up{node="gw-a",program="sa-nat64-syncd"}' 1
status_of() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$exporter/status"; }
check "the exporter has no capability" test "$(status_of CapPrm) $(status_of CapBnd)" = "0000000000000000 0000000000000000"

#!/bin/bash
# What Prometheus is told by a box with the real programs: traffic is counted, programs that hang or end are 0 and cost
# those that answer nothing, and a scrape of three instances takes less than 20 ms.
#
# The box is drawn in three.sh; sa-nat64-exporter is at 10.64.0.1:9464.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/three.sh"

scenario_open
three_network
scrape() { in_ns other curl -sS -m 30 -o "$lab_dir/body" -w '%{http_code}' "http://10.64.0.1:9464/metrics" "$@"; }
open=(-H 'Accept: application/openmetrics-text; version=1.0.0')
# value SERIES: its value in what was scraped, labels as they are printed
value() { awk -v name="$1" 'index($0, name " ") == 1 { print $2 }' "$lab_dir/body"; }
# becomes SERIES VALUE
is() { [ "$(scrape "${open[@]}")" = 200 ] && [ "$(value "$1" | tee /dev/stderr)" = "$2" ]; }
becomes() { wait_for 10 is "$@"; }
at_least() { [ "$(scrape)" = 200 ] && [ "$(value "$1" | tee /dev/stderr)" -ge "$2" ]; }

three_start
start box exporter sa-nat64-exporter
exporter=$lab_pid

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
		us=$(in_ns other curl -sS -m 30 -o /dev/null -w '%{time_total}' "http://10.64.0.1:9464/metrics" "${open[@]}" |
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
	us=$(in_ns other curl -sS -m 30 -o "$lab_dir/body" -w '%{time_total}' "http://10.64.0.1:9464/metrics" |
		awk '{ printf "%d", $1 * 1000000 }')
	echo "$us us"
	[ "$us" -lt 4000000 ] && [ "$(value "$(up lower)")" = 0 ] && [ "$(value "$(up upper)")" = 1 ]
}
check "a hung translator is 0, the others are 1, and nobody waits for it" late
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

#!/bin/bash
# The units in a real systemd: one box of the campus with three instances. Everything starts at boot, each process comes
# back when it dies or hangs, without any other being touched and without a packet lost, and stopping leaves nothing.
. "$(dirname "$0")/lib.sh"
. "$root/netns/campus.sh"
. "$here/systemd.sh"

scenario_open
box_up
templates=(netns@lower translator@lower zebra@lower bfdd@lower retry@x)
plain=(sa-nat64.service sa-nat64.target sa-nat64@lower.target sa-nat64-syncd.service sa-nat64-healthd.service
	sa-nat64-exporter.service)

# said_nothing COMMAND...: it succeeds and prints not a line
said_nothing() {
	local said

	said=$("$@" 2>&1)
	[ -z "$said" ] || echo "$said"
	[ -z "$said" ]
}
exposed_at_most() { in_machine gw-a systemd-analyze security --no-pager --threshold="$1" "sa-nat64-$2.service" | tail -n 1; }

check "systemd-analyze verify has nothing to say" said_nothing in_machine gw-a systemd-analyze verify --man=no \
	"${plain[@]}" $(printf 'sa-nat64-%s.service ' "${templates[@]}")
for unit in translator@lower syncd healthd exporter bfdd@lower zebra@lower retry@x; do
	check "exposure of $unit is 2.5 or less" exposed_at_most 25 "$unit"
done
check "that of netns@lower, which mounts for others, is 5.5 or less" exposed_at_most 55 netns@lower
check "the check tells: 1.0 is too little" refuse exposed_at_most 10 translator@lower

check "the machine booted without a failed unit" test "$(lab_machine_state gw-a)" = running
for unit in "${all_units[@]}"; do
	check "$unit is active" is_active "$unit"
done
check "what nobody asked for did not start" test -z "$(in_machine gw-a systemctl list-units -q --plain 'sa-nat64-retry@*')"
check "each translator is in its namespace" test "$(in_machine gw-a sa-nat64 --json status | field instances.1.namespace)" = nat64-upper
check "with the fast path" test "$(in_machine gw-a sa-nat64 --json status | field instances.1.fast_path)" = on
check "bfdd's control socket is closed to others" refuse as_nobody test -e /run/frr/lower/bfdd.sock
check "bfdd runs as frr" test "$(in_machine gw-a ps -o user= -p "$(main_pid bfdd@lower)")" = frr

for command in status health metrics peers sessions; do
	check "a member of the group may ask: $command" as_member sa-nat64 "$command"
done
check "but not order: drain" denied sa-nat64 drain
check "nor: resync" denied sa-nat64 resync
check "nor: bib add" denied sa-nat64 -i lower bib add tcp '[2001:db8:1::5]:80' 198.51.100.1:80
check "nor see packets: trace" denied sa-nat64 -i lower trace --limit 1
check "others may not ask" refuse as_nobody sa-nat64 status
told_of_group() { { as_nobody sa-nat64 peers || true; } 2>&1 | grep -F "or join the group sa-nat64" >/dev/null; }
check "and are told of the group" told_of_group
check "nothing is drained" refuse in_machine gw-a test -e /run/sa-nat64/lower/drained

traffic_to_box
for signal in KILL STOP; do
	check "translator@lower, SIG$signal: no ping is lost" pings_survive hit translator@lower $signal
	check "it is another process" was_replaced translator@lower
	check "nothing else was touched" untouched_but translator@lower
done
for unit in syncd zebra@lower bfdd@lower; do
	check "$unit, SIGKILL: no ping is lost" pings_survive hit "$unit" KILL
	check "it is another process" was_replaced "$unit"
	check "nothing else was touched" untouched_but "$unit"
done
check "syncd, SIGSTOP: it is another process" hit syncd STOP
check "nothing else was touched" untouched_but syncd

for unit in translator@lower syncd zebra@lower bfdd@lower healthd; do
	snapshot
	check "restart of $unit" in_machine gw-a systemctl restart "sa-nat64-$unit"
	check "touches nothing else" untouched_but "$unit"
done
# upgrade: as a package does it, with the programs running
upgrade() {
	local instance

	lab_machine_install gw-a
	in_machine gw-a systemctl daemon-reload
	for instance in "${instances[@]}"; do
		in_machine gw-a systemctl restart "sa-nat64-translator@$instance"
	done
	in_machine gw-a systemctl restart sa-nat64-syncd
}
check "programs and units installed anew, translators and syncd restarted: no ping is lost" pings_survive upgrade
check "restart of netns@siit" in_machine gw-a systemctl restart sa-nat64-netns@siit
check "brings its translator back" wait_for 5 is_active sa-nat64-translator@siit.service
lab_start router collector "$here/collector.py" 4739
in_machine gw-a sed -i '/^\[instance lower\]/a log-sessions = blocks\nlog-ipfix = tcp:192.0.2.1:4739\nlog-ipfix = udp:[2001:db8:6464::1]:4739' \
	/etc/sa-nat64/sa-nat64.conf
collector_is_up() { [ "$(in_machine gw-a sa-nat64 -i lower --json status | field "instances.0.collectors.$1.state")" = up ]; }
check "reload of a translator" in_machine gw-a systemctl reload sa-nat64-translator@lower
check "its sandbox lets it reach IPFIX collectors from its namespace, by TCP" wait_for 10 collector_is_up 0
check "and by UDP" wait_for 10 collector_is_up 1
check "reload of syncd" in_machine gw-a systemctl reload sa-nat64-syncd

check "stop of one instance" in_machine gw-a systemctl stop sa-nat64@upper.target
check "takes its namespace" wait_for 10 refuse has_namespace nat64-upper
check "and no other" has_namespace nat64-lower
check "start of one instance" in_machine gw-a systemctl start sa-nat64@upper.target
check "and it works" is_active sa-nat64-translator@upper.service
check "restart of an instance's target" in_machine gw-a systemctl restart sa-nat64@upper.target
check "and it works again" wait_for 10 is_active sa-nat64-translator@upper.service

journal=(--since "$(in_machine gw-a date '+%Y-%m-%d %H:%M:%S.%6N')")
check "stop of everything" in_machine gw-a systemctl stop sa-nat64
check "no process is left" test -z "$(in_machine gw-a pgrep 'sa-nat64|zebra|bfdd' -f)"
check "no namespace" test -z "$(in_machine gw-a ip netns list)"
check "no pinned object" refuse in_machine gw-a test -e /sys/fs/bpf/sa-nat64/lower
check "healthd was first, namespaces last" stopped_in_order healthd bfdd@lower translator@lower netns@lower
check "start of everything" in_machine gw-a systemctl start sa-nat64
check "everything is there" all_active
check "restart of everything" in_machine gw-a systemctl restart sa-nat64
check "everything is there again" all_active
check "nothing failed" test "$(lab_machine_state gw-a)" = running

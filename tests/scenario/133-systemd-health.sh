#!/bin/bash
# sa-nat64-healthd and FRR under a real systemd, before a real router: whatever ends healthd, the routers are not told
# that the box serves any more, and when it is back they are. A translator that systemd restarts moves nothing.
. "$(dirname "$0")/lib.sh"
. "$root/netns/campus.sh"
. "$here/systemd.sh"

# peers: of bfdd in all namespaces
peers() {
	local instance

	for instance in "${instances[@]}"; do
		in_machine gw-a timeout 20 vtysh -N "$instance" -d bfdd -c 'show bfd peers json' 2>/dev/null
	done | python3 -c '
import json, sys
text, count, decoder = sys.stdin.read(), 0, json.JSONDecoder()
while "[" in text:
    found, end = decoder.raw_decode(text[text.index("["):])
    count, text = count + len(found), text[text.index("[") + end:]
print(count)'
}
peers_are() { [ "$(peers)" = "$1" ]; }
routed() { campus_is lower=gw-a upper=gw-a siit=gw-a; }
not_routed() { campus_is lower=none upper=none siit=none; }
# moves: how often a route to the box was deleted so far
moves() { grep -c 'Deleted .* via .* dev lan' "$lab_dir/routes.log" || true; }
has_moved() { [ "$(moves)" -gt "$moved" ]; }
# ends_silent SIGNAL: no other one is started
ends_silent() {
	local started=$SECONDS

	snapshot
	in_machine gw-a kill -s "$1" "$(main_pid healthd)"
	wait_for 5 peers_are 0
	wait_for 3 not_routed
	echo "after $((SECONDS - started)) s"
}
restart_is() {
	printf '[Service]\nRestart=%s\n' "$1" | in_machine gw-a tee >/dev/null /run/systemd/system/sa-nat64-healthd.service.d/lab.conf
	in_machine gw-a systemctl daemon-reload
}

# probed_anew: the process that runs now, and it serves
probed_anew() {
	in_machine gw-a sa-nat64 --json -i lower health >"$lab_dir/health" || true
	cat "$lab_dir/health"
	[ "$(field instances.0.pid <"$lab_dir/health")" = "$(main_pid translator@lower)" ] &&
		[ "$(field instances.0.serving <"$lab_dir/health")" = True ]
}

# So long may a restart take on a busy machine, and so short is the wait after a fall.
campus_health_lines=$(printf '%s\n' "probe-timeout = 5s" "hold-down = 1s")
scenario_open
box_up
check "the router sends the box its traffic" wait_for 20 routed
check "each instance has two peers" wait_for 10 peers_are 6

moved=$(moves)
check "translator@lower, SIGKILL: another process" hit translator@lower KILL
wait_for 10 probed_anew || true
check "healthd knows the new one, and it serves" probed_anew
check "the router noticed nothing" test "$(moves)" = "$moved"
check "translator@lower, SIGSTOP: another process" hit translator@lower STOP
check "and sends its traffic" wait_for 20 routed

in_machine gw-a mkdir -p /run/systemd/system/sa-nat64-healthd.service.d
restart_is no
for signal in KILL STOP; do
	check "healthd, SIG$signal, and none instead: no peer is left, no route" ends_silent $signal
	check "the rest goes on" untouched_but healthd
	in_machine gw-a systemctl start sa-nat64-healthd
	check "started, it makes peers" wait_for 10 peers_are 6
	check "and the router routes" wait_for 20 routed
done
restart_is always
for signal in KILL STOP TERM; do
	moved=$(moves)
	check "healthd, SIG$signal: another process" hit healthd $signal
	check "nothing else was touched" untouched_but healthd
	check "the router took its routes away" wait_for 10 has_moved
	check "and has them again" wait_for 20 routed
done

moved=$(moves)
check "bfdd@lower, SIGKILL: another process" hit bfdd@lower KILL
check "its peers are made again" wait_for 10 peers_are 6
check "the router routes again" wait_for 20 routed
check "zebra@lower, SIGKILL: another process" hit zebra@lower KILL
check "syncd, SIGKILL: another process" hit syncd KILL
check "the router still routes" routed
check "stop of an instance" in_machine gw-a systemctl stop sa-nat64@upper.target
check "the router does not send it traffic" wait_for 5 campus_is lower=gw-a upper=none siit=gw-a
check "start of it" in_machine gw-a systemctl start sa-nat64@upper.target
check "the router does" wait_for 20 routed

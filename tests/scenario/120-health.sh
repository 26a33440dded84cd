#!/bin/bash
# What sa-nat64-healthd finds out about an instance: states and reasons as programs are killed and stopped, links and
# addresses come and go, orders are given, and the configuration is reloaded. Without FRR: there are no bfd-peers.
#
#   box: sa-nat64-healthd, sa-nat64-syncd -- sync0 ------ sync0 -- other: sa-nat64-syncd
#   lower: translator lower -- uplink0 ---- lower -- router
#   siit: translator siit ----- uplink0 ---- siit -- router
. "$(dirname "$0")/lib.sh"

scenario_open
lab_ns box other lower siit router
lab_link box sync0 other sync0
lab_addr box sync0 10.64.0.1/24
lab_addr other sync0 10.64.0.2/24
lab_link lower uplink0 router lower
lab_link siit uplink0 router siit
lab_addr lower uplink0 192.0.2.2/24 2001:db8:a::2/64
lab_addr siit uplink0 192.0.2.3/24 2001:db8:a::3/64
for ns in lower siit; do
	lab_addr $ns lo 192.0.0.1/32 192.0.0.2/32
	lab_router $ns
done
lab_addr siit lo 2001:db8:64::192.0.0.3/128
(umask 077 && od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$lab_dir/sync.key" && echo >>"$lab_dir/sync.key")

# settings [LINE...]: the file of both boxes, with lines of [health] added
settings() {
	{
		printf '[cluster]\nname = campus\nsync-interface = sync0\nsync-key-file = %s\nsync-wait = 1s\n' \
			"$lab_dir/sync.key"
		printf '[health]\nhold-down = 2s\n'
		[[ "$*" = *probe-timeout* ]] || printf 'probe-timeout = 1s\n'
		[ $# = 0 ] || printf '%s\n' "$@"
		printf '[node gw-a]\nid = 0\n[node gw-b]\nid = 1\n'
		printf '[instance lower]\npool6 = 64:ff9b::/96\npool4 = 198.51.100.0/28\nfast-path = on\n'
		printf '[network lower gw-a]\nnamespace = %s\naddress = 192.0.2.2/24\naddress = 2001:db8:a::2/64\n' \
			"$lab_id-lower"
		[ -z "${siit:-}" ] || printf '[instance siit]\nmode = siit\npool6 = 2001:db8:64::/96\neam = 203.0.113.10 2001:db8:10::10\n'
		[ -z "${siit:-}" ] || printf '[network siit gw-a]\nnamespace = %s\naddress = 192.0.2.3/24\naddress = 2001:db8:a::3/64\n' \
			"$lab_id-siit"
	} >"$lab_dir/sa-nat64.conf.new"
	mv "$lab_dir/sa-nat64.conf.new" "$lab_dir/sa-nat64.conf"
}

# asked INSTANCE PATH: a value out of its part of `health`
asked() { { cli --json health "$1" 2>/dev/null || true; } | field "instances.0.$2"; }
is() { [ "$(asked "$1" state | tee /dev/stderr)" = "$2" ]; }
because() { asked "$1" reason | tee /dev/stderr | grep -- "$2" >/dev/null; }
# becomes INSTANCE STATE [REASON]
becomes() {
	wait_for 8 is "$1" "$2" && { [ $# = 2 ] || wait_for 4 because "$1" "$3"; } && return
	cli health "$1"
	return 1
}
healthd_start() {
	lab_start box healthd "$bin/sa-nat64-healthd" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" -n gw-a
	healthd=$lab_pid
	wait_for 5 test -S "$lab_dir/run/healthd.sock" || lab_fail_with_log healthd
}
syncd_start() { # NAMESPACE NODE RUNDIR
	lab_start "$1" "syncd-$1" "$bin/sa-nat64-syncd" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/$3" -n "$2"
	wait_for 5 test -S "$lab_dir/$3/syncd.sock" || lab_fail_with_log "syncd-$1"
}
run_translator() { # INSTANCE
	lab_start "$1" "translator-$1" "$bin/sa-nat64-translator" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" \
		-n gw-a "$1"
}
reloaded_again() { [ "$(grep -c reloaded "$lab_dir/healthd.log")" = 2 ]; }
logged() { grep -q -- "$1" "$lab_dir/healthd.log"; }
because_soon() { wait_for 6 because "$@"; }
history() { { cli --json health "$1" || true; } | python3 -c 'import json, sys
print(len(json.load(sys.stdin)["instances"][0]["history"]))'; }
another_pid() { local pid; pid=$(asked lower pid) && [ "$pid" != 0 ] && [ "$pid" != "$1" ]; }
has_latencies() {
	[ "$(asked "$1" slow_path.6to4_us)" -gt 0 ] && [ "$(asked "$1" slow_path.4to6_us)" -gt 0 ] &&
		[ "$(asked "$1" fast_path.6to4_us)" -gt 0 ] && [ "$(asked "$1" fast_path.4to6_us)" -gt 0 ]
}

# ---- processes ----

settings
syncd_start other gw-b run-b
syncd_start box gw-a run
syncd=$lab_pid
healthd_start
check "nothing runs: down" becomes lower down "does not run; systemctl start sa-nat64-translator@lower"
run_translator lower
translator=$lab_pid
check "it comes up without hold-down" becomes lower up
check "and serves" test "$(asked lower serving)" = True
check "nobody fell" test "$(asked lower falls)" = 0
check "its process is known" test "$(asked lower pid)" -gt 1
check "its interface, too" test "$(asked lower interface)" = uplink0
check "latencies of both paths are known" wait_for 5 has_latencies lower

kill_translator() {
	kill -KILL "$(asked lower pid)"
	lab_stop "$translator" KILL 2>/dev/null || true
}
kill_translator
check "translator killed: down" becomes lower down "has ended (it had pid [0-9]"
check "one fall" test "$(asked lower falls)" = 1
run_translator lower
translator=$lab_pid
check "it waits for the hold-down" becomes lower warming "serves in [0-9]* ms (hold-down 2000 ms"
check "and is up again" becomes lower up

pid=$(asked lower pid)
kill -STOP "$pid"
check "translator stopped: down" becomes lower down "no packet has been translated for [0-9]* ms\|hangs"
check "then it is said to hang" because_soon lower "(pid $pid) hangs"
kill -CONT "$pid"
check "goes on: up" becomes lower up

settings "probe-timeout = 5s" "hold-down-max = 2s"
kill -HUP "$healthd"
check "a reload" wait_for 5 logged "reloaded"
changes=$(history lower)
kill_translator
run_translator lower
translator=$lab_pid
check "a translator that is restarted in time" wait_for 5 another_pid "$pid"
check "changes nothing" test "$(history lower)" = "$changes"
settings "hold-down-max = 2s"
kill -STOP "$healthd"
kill -HUP "$healthd" # it is judged again by a reload before the next probe
sleep 2 # much longer than probe-timeout
kill -CONT "$healthd"
check "a reload that waited" wait_for 5 reloaded_again
check "what healthd slept through is no silence of the translator" test "$(history lower)" = "$changes"
check "it is still up" is lower up

# ---- restarted itself ----

probe_sessions() { cli -i lower --json status | field instances.0.sessions.udp; }
check "the probes have two sessions" test "$(probe_sessions)" = 2
lab_stop "$healthd"
healthd_start
check "restarted: up" becomes lower up
check "with the sessions it had" test "$(probe_sessions)" = 2

# ---- directions and paths ----

# lose RULE: what the TUN device brings is lost if it matches
lose() { in_ns lower nft "add table inet lose; add chain inet lose in { type filter hook input priority 0; };
	add rule inet lose in iifname nat64 $1 drop"; }
found() { in_ns lower nft delete table inet lose; }
lose "ip6 version 6 udp sport 6464"
check "no way back: down" becomes lower down "translated 6to4, but not back 4to6"
found
check "a way back: up" becomes lower up
lose "ip daddr 192.0.0.2"
check "the fast path loses packets: down" becomes lower down "the fast path loses packets 6to4"
found
check "it does not: up" becomes lower up

in_ns lower sysctl -qw net.ipv4.ip_forward=0
check "the kernel forwards nothing: down, though probes pass" becomes lower down "net.ipv4.ip_forward is 0"
in_ns lower sysctl -qw net.ipv4.ip_forward=1
check "it does: up" becomes lower up

# ---- uplink ----

in_ns router ip link set lower down
check "no carrier: down" becomes lower down "uplink0 has no carrier"
in_ns router ip link set lower up
check "carrier: up" becomes lower up
in_ns lower ip addr del 192.0.2.2/24 dev uplink0
check "no address: down" becomes lower down "192.0.2.2/24 is on no interface"
lab_addr lower uplink0 192.0.2.2/24
check "address: up" becomes lower up

# ---- orders ----

check "drain" cli drain lower --reason "new kernel"
check "it is drained at once" is lower drained
check "with its reason" because lower "drained by order: new kernel"
check "unknown instances are refused" refuse cli drain nowhere
lab_stop "$healthd" || true
healthd_start
check "another healthd knows the order" becomes lower drained "new kernel"
check "undrain" cli undrain lower
check "it is up at once" becomes lower up
check "and did not fall" test "$(asked lower falls)" = 0

# ---- replication ----

lab_stop "$syncd" KILL || true
check "syncd killed: degraded" becomes lower degraded "sa-nat64-syncd does not answer"
lab_stop "$healthd" || true
healthd_start
check "who never was in sync waits for syncd" becomes lower warming "sa-nat64-syncd does not answer"
syncd_start box gw-a run
check "and serves when it is" becomes lower up
in_ns other ip link set sync0 down
check "the other box is not heard: degraded" becomes lower degraded "gw-b"
in_ns other ip link set sync0 up
check "it is: up" becomes lower up

# ---- reload ----

siit=yes
settings "hold-down-max = 2s"
run_translator siit
translator_siit=$lab_pid
kill -HUP "$healthd"
check "a reload adds an instance" becomes siit up
check "the other one stays up" is lower up
ip netns del "$lab_id-siit"
check "its namespace goes" becomes siit down "there is no namespace $lab_id-siit"
lab_stop "$translator_siit" || true # by its name nobody finds it any more
siit=
settings "hold-down-max = 2s"
echo nonsense >>"$lab_dir/sa-nat64.conf"
kill -HUP "$healthd"
check "a bad file" wait_for 5 logged "reload refused, nothing changed: .* has errors"
settings "hold-down-max = 2s"
kill -HUP "$healthd"
check "a reload removes an instance" wait_for 5 logged "instance siit is not watched any more"
check "nobody knows it now" wait_for 5 refuse cli health siit
check "the other one is still up" is lower up
check "and never fell" test "$(asked lower falls)" = 0

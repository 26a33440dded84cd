#!/bin/bash
# sa-nat64-healthd, a real translator, a real bfdd and a real router: the router sends traffic when the instance may
# serve, and only then.
#
#   router (bird2: static routes with bfd)          box a (translator, zebra, bfdd -N lower, sa-nat64-healthd)
#     lan 192.0.2.1/24, 2001:db8:a::1/64 ---------- uplink0 192.0.2.2/24, 2001:db8:a::2/64
#     198.51.100.0/28 via 192.0.2.2 bfd
#     64:ff9b:1::/96 via 2001:db8:a::2 bfd
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/frr.sh"

# settings [LINE...]: with lines of [network] added
settings() {
	{
		printf '[health]\nbfd-interval = 300ms\nhold-down = 1s\nprobe-timeout = 2s\n[node gw-a]\nid = 0\n'
		printf '[instance lower]\npool6 = 64:ff9b:1::/96\npool4 = 198.51.100.0/28\n'
		printf '[network lower gw-a]\nattach = veth\naddress = 2001:db8:a::2/64\naddress = 192.0.2.2/24\n'
		[ $# = 0 ] || printf '%s\n' "$@"
	} >"$lab_dir/lower.conf"
	in_box a cp "$lab_dir/lower.conf" /etc/sa-nat64/sa-nat64.conf
}
peers=("bfd-peer = 2001:db8:a::1" "bfd-peer = 192.0.2.1")

translator_run() {
	lab_box_start a translator "$bin/sa-nat64-translator" -n gw-a lower
	translator=$lab_pid
	wait_for 10 in_box a "$bin/sa-nat64" -i lower status
}

healthd_run() {
	lab_box_start a healthd "$bin/sa-nat64-healthd" -n gw-a
	healthd=$lab_pid
	wait_for 5 in_box a test -S /run/sa-nat64/healthd.sock || lab_fail_with_log healthd
}

health() { in_box a "$bin/sa-nat64" health lower || true; }
asked() { { in_box a "$bin/sa-nat64" --json health lower || true; } | field "instances.0.$1"; }
is() { [ "$(asked state | tee /dev/stderr)" = "$1" ]; }
route4() { in_ns router ip route show 198.51.100.0/28 | grep via >/dev/null; }
route6() { in_ns router ip -6 route show 64:ff9b:1::/96 | grep via >/dev/null; }
routed() { route4 && route6; }
unrouted() { ! route4 && ! route6; }
no_peers() { [ "$(in_box a vtysh -N lower -d bfdd -c 'show bfd peers json' 2>/dev/null | tr -d ' \n')" = "[]" ]; }
told() { wait_for 10 routed || { health; false; }; }
silent() { wait_for 10 unrouted && wait_for 5 no_peers || { health; false; }; }

scenario_open
lab_box a
lab_ns router
lab_link router lan a uplink0
lab_addr router lan 192.0.2.1/24 2001:db8:a::1/64
lab_addr a uplink0 192.0.2.2/24 2001:db8:a::2/64
lab_addr a lo 192.0.0.1/32 192.0.0.2/32
lab_router a
# The box is its own instance's namespace, under the name that it would have.
in_box a touch /run/netns/nat64-lower
in_box a mount --bind /proc/self/ns/net /run/netns/nat64-lower
settings "${peers[@]}"
bird_start
zebra_start
bfdd_start
healthd_run
check "without a translator it is down" wait_for 5 is down
check "and bfdd has no peers" no_peers
translator_run
check "with one, the router gets both routes" told
check "and it is up" wait_for 5 is up
check "with both peers" test "$(asked bfd.0.state) $(asked bfd.1.state)" = "up up"
check "and the time after which the router takes it for dead" test "$(asked bfd.0.detection_ms)" = 900

bfdd=$(bfdd_pid)
kill -STOP "$bfdd"
states() { [ "$(asked bfd.0.state) $(asked bfd.1.state)" = "$1" ]; }
check "bfdd hangs: nobody claims to know the peers" wait_for 5 states "unknown unknown"
kill -CONT "$bfdd"
check "it goes on: they are known again" wait_for 15 states "up up"

lab_stop "$translator" KILL 2>/dev/null || true
check "translator killed: no route" silent
translator_run
check "it runs: routes" told
check "drain" in_box a "$bin/sa-nat64" drain lower
check "drained: no route" silent
check "undrain" in_box a "$bin/sa-nat64" undrain lower
check "undrained: routes" told

status=0
lab_stop "$healthd" || status=$?
check "healthd stopped: it ends with 0" test "$status" = 0
check "when its peers are gone" no_peers
check "no route" silent
healthd_run
check "it runs: routes" told
lab_stop "$healthd" KILL 2>/dev/null || true
check "healthd killed: its peers stay" refuse no_peers
check "until somebody withdraws them" in_box a "$bin/sa-nat64-healthd" --withdraw -n gw-a
check "then no route" silent
healthd_run
check "it runs again: routes" told
in_box a sh -c 'echo nonsense >>/etc/sa-nat64/sa-nat64.conf'
lab_stop "$healthd" KILL 2>/dev/null || true
check "withdrawing without a configuration" in_box a "$bin/sa-nat64-healthd" --withdraw -n gw-a
check "no route either" silent

settings "${peers[@]}"
healthd_run
check "routes" told
settings
kill -HUP "$healthd"
check "a reload without bfd-peers: no route" silent
check "it is up all the same" is up
settings "${peers[@]}"
kill -HUP "$healthd"
check "with them: routes" told
check "it never fell" test "$(asked falls)" = 0

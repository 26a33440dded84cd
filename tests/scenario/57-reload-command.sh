#!/bin/bash
# `sa-nat64 reload` and `sa-nat64 config` with all programs of a box: two translators, sa-nat64-syncd and sa-nat64-healthd.
# What one of them refuses none takes; what all take interrupts no connection; what runs is shown as a file that is the same.
. "$(dirname "$0")/lib.sh"

scenario_open
network
lab_ns peer
lab_link gw sync0 peer sync0
lab_addr gw sync0 10.64.0.1/24
(umask 077 && od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$lab_dir/sync.key" && echo >>"$lab_dir/sync.key")

# write [LINE...]: the file, with lines added to instance nat64; $cluster and $siit: those of other sections
write() {
	{
		printf '[cluster]\nname = lab\nsync-interface = sync0\nsync-key-file = %s\n' "$lab_dir/sync.key"
		[ -z "${cluster:-}" ] || echo "$cluster"
		printf '[node gw-a]\nid = 0\n[node gw-b]\nid = 1\n[instance nat64]\npool6 = 64:ff9b:1::/96\n'
		printf 'pool4 = 198.51.100.0/28\nbib = tcp [2001:db8:1::2]:80 198.51.100.3:80\n'
		[ $# = 0 ] || printf '%s\n' "$@"
		printf '[instance siit]\nmode = siit\ntun = siit\npool6 = 2001:db8:46::/96\neam = 198.51.100.100 2001:db8:1::10\n'
		[ -z "${siit:-}" ] || echo "$siit"
	} >"$lab_dir/sa-nat64.conf"
}
run() { # NAME PROGRAM [INSTANCE]
	lab_start gw "$1" "$bin/$2" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" -n gw-a "${@:3}"
}
write
run translator-nat64 sa-nat64-translator nat64
translator=$lab_pid
run translator-siit sa-nat64-translator siit
run syncd sa-nat64-syncd
syncd=$lab_pid
run healthd sa-nat64-healthd
for socket in nat64/control siit/control syncd healthd; do
	wait_for 10 test -S "$lab_dir/run/$socket.sock" || lab_fail_with_log "$socket"
done

# reloads [ARGUMENT...] -- STATUS [TEXT...]: exit status, and lines that are printed
reloads() {
	local arguments=() status=0 text

	while [ "$1" != -- ]; do
		arguments+=("$1")
		shift
	done
	timeout 60 "$bin/sa-nat64" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" reload "${arguments[@]}" >"$lab_dir/said" 2>&1 ||
		status=$?
	cat "$lab_dir/said"
	echo "exit $status"
	[ "$status" = "$2" ] || return 1
	for text in "${@:3}"; do
		grep -- "$text" "$lab_dir/said" >/dev/null || { echo "no line has: $text"; return 1; }
	done
}
# runs [-i INSTANCE]: what runs, whatever the file says by now
runs() { "$bin/sa-nat64" -r "$lab_dir/run" config "$@" 2>"$lab_dir/complaints"; }
# normal FILE: all its values, printed in one way
normal() { "$root/build/release/tools/check_config" "$lab_dir/$1" >"$lab_dir/$1.normal" && test -s "$lab_dir/$1.normal"; }
# same_as_file: what runs is what the file says, whatever the order and what is left to defaults
same_as_file() {
	runs >"$lab_dir/runs.conf"
	cat "$lab_dir/complaints"
	[ ! -s "$lab_dir/complaints" ] && normal sa-nat64.conf && normal runs.conf &&
		diff "$lab_dir/sa-nat64.conf.normal" "$lab_dir/runs.conf.normal"
}
unchanged() { runs | diff "$lab_dir/before" -; }
sessions() { cli -i nat64 --json status | field instances.0.sessions.tcp; }
times_adopted() { [ "$(grep -c 'tables for' "$lab_dir/translator-nat64.log")" = "$1" ]; }

check "what runs is the file" same_as_file
check "and is accepted as a file" "$bin/sa-nat64" --check-config -c "$lab_dir/runs.conf"
check "one instance alone" eval 'runs -i siit >"$lab_dir/siit.conf" && ! grep "instance nat64" "$lab_dir/siit.conf"'
check "is accepted as well" "$bin/sa-nat64" --check-config -c "$lab_dir/siit.conf"
check "as JSON" eval 'cli --json config | python3 "$root/tests/tools/check_schema.py" "$root/proto/config.schema.json" /dev/stdin'

lab_start server iperf3 iperf3 -s
wait_for 5 listening server -tl 5201
lab_start client iperf3-client iperf3 -t 600 -i 3 -c "$server6"
busy=$lab_pid
wait_for 5 eval '[ "$(sessions)" -ge 2 ]' || true
pings_start client "$server6"

check "the same file: nobody has anything to do" reloads -- 0 "^instance nat64 *unchanged" "^sa-nat64-syncd *unchanged"
check "and no translator was built anew" times_adopted 1
route_to_tun() { in_ns gw ip route show 198.51.100.100 | grep "dev siit" >/dev/null; }
in_ns gw ip route del 198.51.100.100 dev siit
check "a route that somebody has removed" refuse route_to_tun
check "is put back by it" eval 'reloads -- 0 "^instance siit *unchanged" && route_to_tun'
cli -i nat64 bib add tcp '[2001:db8:1::2]:81' 198.51.100.3:81 >/dev/null
check "a binding at run time outlives that" eval 'reloads -- 0 && cli bib --port 81 | grep 198.51.100.3:81'
check "and is mentioned with what runs" eval 'runs | grep "^# 1 static binding more"'
runs >"$lab_dir/before"

write "udp-timeout = 400s"
check "dry run: it says what would be" reloads --dry-run -- 0 "^instance nat64 *would reload" "^instance siit *unchanged"
check "and nothing is" unchanged
check "another timeout is taken" reloads -- 0 "^instance nat64 *reloaded *0$" "^instance siit *unchanged" "^sa-nat64-syncd *reloaded"
check "by all that go by it" same_as_file
check "and the binding has ended" refuse eval 'cli bib --port 81 | grep 198.51.100.3:81'
runs >"$lab_dir/before"

write "udp-timeout = 500s" "mtu6 = 12"
line=$(grep -n '^mtu6' "$lab_dir/sa-nat64.conf" | cut -d: -f1)
check "an error in the file: refused before anybody is asked" reloads -- 2 "sa-nat64.conf:$line: mtu6 = 12"
check "nothing has changed" unchanged
siit="tun = siit0" write "udp-timeout = 500s"
sed -i '/^tun = siit$/d' "$lab_dir/sa-nat64.conf"
check "a key that needs a restart of one: all refuse" reloads -- 1 \
	"instance siit: \[instance siit\] tun needs a restart: systemctl restart sa-nat64-translator@siit" "nothing was reloaded" \
	"^instance nat64 *would reload" "^instance siit *refused"
check "nothing has changed" unchanged
cluster="sync-rate = 10M" write "udp-timeout = 500s"
check "one that needs a restart of sa-nat64-syncd" reloads -- 1 "sa-nat64-syncd: \[cluster\] sync-rate needs a restart"
check "nothing has changed" unchanged
check "as JSON" eval '{ cli --json reload 2>/dev/null || true; } | python3 "$root/tests/tools/check_schema.py" "$root/proto/reload.schema.json" /dev/stdin'
write "udp-timeout = 500s"
printf '[instance other]\npool4 = 198.51.100.200\n' >>"$lab_dir/sa-nat64.conf"
check "an instance that does not run" reloads -- 1 "instance other is in .* and does not run"
check "nothing has changed" unchanged
write "udp-timeout = 500s"
sed -i '/^\[instance siit\]/,$d' "$lab_dir/sa-nat64.conf"
check "an instance that the file has no more" reloads -- 1 "instance siit runs and is not in"
check "nothing has changed" unchanged

write "udp-timeout = 500s"
check "one instance alone" reloads nat64 -- 0 "^instance nat64 *reloaded"
check "what others go by differs, which is said" eval 'runs >/dev/null; cat "$lab_dir/complaints"
	grep "\[instance nat64\] udp-timeout: instance nat64 and sa-nat64-healthd run different values" "$lab_dir/complaints"'
check "until they are reloaded" eval 'reloads -- 0 "^sa-nat64-healthd *reloaded" && same_as_file'
runs >"$lab_dir/before"
kill -STOP "$syncd"
write "udp-timeout = 600s"
check "a program that hangs: nobody reloads" reloads -- 1 "sa-nat64-syncd: no answer" "nothing was reloaded"
kill -CONT "$syncd"
check "nothing has changed" unchanged
check "it goes on: all do" wait_for 5 reloads -- 0 "^instance nat64 *reloaded" "^sa-nat64-syncd *reloaded"
check "SIGHUP does the same" eval 'write "udp-timeout = 700s"; kill -HUP "$translator"; wait_for 5 eval "runs -i nat64 | grep 11m40s"'

check "the connection has gone on" test -d "/proc/$busy"
lab_stop "$busy" INT || true
stalls() { grep -v receiver "$lab_dir/iperf3-client.log" | grep -E 'sec +0\.00 Bytes'; }
check "without three seconds in which nothing moved" refuse stalls
check "and no ping was lost" pings_lost_none

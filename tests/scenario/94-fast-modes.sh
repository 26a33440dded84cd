#!/bin/bash
# fast-path = auto, on and off, where the kernel lets BPF in and where it does not.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/fast.sh"

scenario_open
network
udp_server server 7000
ask() { udp_ask client --port 4000 --count 5 "$server6" 7000; }
without_bpf=(setpriv --bounding-set -sys_admin,-bpf --inh-caps -all)
# start_without_bpf: as translator_start, with neither CAP_BPF nor CAP_SYS_ADMIN
start_without_bpf() {
	lab_start gw translator-nat64 "${without_bpf[@]}" "$bin/sa-nat64-translator" \
		-c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" nat64
	wait_for 10 cli -i nat64 status || lab_fail_with_log translator-nat64
}
no_program() { [ "$(fastmap program)" = 0 ]; }
end() { lab_stop "$lab_pid" || true; }
# refuses_to_start: exit code 1, with a sentence that says why
refuses_to_start() {
	local code=0

	in_ns gw timeout 60 "${without_bpf[@]}" "$bin/sa-nat64-translator" -c "$lab_dir/sa-nat64.conf" \
		-r "$lab_dir/run" nat64 >"$lab_dir/refused.log" 2>&1 || code=$?
	cat "$lab_dir/refused.log"
	[ $code = 1 ] && grep -q 'fast-path = on, but there is none: .*: [A-Z]' "$lab_dir/refused.log"
}
notices() { [ "$(grep -c 'fast path' "$lab_dir/translator-nat64.log")" = "$1" ]; }

configure
translator_start
check "auto, the default, finds the fast path" status_is fast_path on
check "flows use it" uses_fast_path ask
check "the log has nothing to say about it" notices 0
check "status has no reason" status_is fast_path_reason ""
end
check "the program stays when the translator ends" refuse no_program

configure "fast-path = off"
translator_start
check "off: the program of the one before is taken off the device" no_program
check "off: status says so" status_is fast_path off
check "off: and why" status_is fast_path_reason "fast-path = off"
check "off: the slow path carries everything" ask
end

configure "fast-path = on"
translator_start
check "on after off: there again" status_is fast_path on
check "on after off: flows use it" uses_fast_path ask
end

configure
start_without_bpf
check "auto where BPF is refused: it starts" status_is fast_path off
check "one line says that it is slow, and why" notices 1
check "with the reason" log_has 'no fast path, every packet takes the slow one: cannot .*: Operation not permitted'
status_reason() { [[ "$(status fast_path_reason)" == "cannot "*"Operation not permitted" ]]; }
check "status has the same reason" status_reason
check "the old program is gone, so that no flow outlives its session" no_program
check "the slow path carries everything" ask
end

configure "fast-path = on"
check "on where BPF is refused: it does not start" refuses_to_start
check "and leaves no control socket" test ! -e "$lab_dir/run/nat64/control.sock"
translator_start
check "on where it may: it starts" status_is fast_path on
check "without a BPF file system the log says that nothing is pinned" log_has 'nothing is pinned'
end

# A BPF file system that only this translator and its successor see.
start_with_bpffs() {
	lab_start gw translator-nat64 unshare --mount sh -c \
		"mount -t bpf bpf /sys/fs/bpf && exec $bin/sa-nat64-translator -c $lab_dir/sa-nat64.conf -r $lab_dir/run nat64"
	wait_for 10 cli -i nat64 status || lab_fail_with_log translator-nat64
}
pinned() { nsenter --mount="/proc/$(status pid)/ns/mnt" bpftool -j "$1" show pinned "/sys/fs/bpf/sa-nat64/nat64/$2" | field id; }
start_with_bpffs
check "with a BPF file system the program on the device is pinned" test "$(pinned prog program)" = "$(fastmap program)"
for map in flows6 flows4 stamps settings counters; do
	check "and the map $map" test "$(pinned map $map)" -gt 0
done
check "which needs no line in the log" refuse log_has pinned

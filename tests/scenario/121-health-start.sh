#!/bin/bash
# Everything that can be wrong when sa-nat64-healthd starts, what it and its child may still do when it runs, what the
# service manager is told, and how it ends. No namespace and no translator is there; that is no reason not to start.
. "$(dirname "$0")/lib.sh"

scenario_open
lab_ns box
{
	printf '[node gw-a]\nid = 0\n[node gw-b]\nid = 1\n'
	printf '[instance lower]\npool4 = 198.51.100.0/28\n'
	printf '[network lower gw-a]\nnamespace = %s-lower\naddress = 192.0.2.2/24\n' "$lab_id"
	printf '[instance plain]\nmode = siit\npool6 = 2001:db8:64::/96\neam = 203.0.113.10 2001:db8:10::10\ntun = siit\n'
} >"$lab_dir/sa-nat64.conf"
{ cat "$lab_dir/sa-nat64.conf" && echo "nonsense = yes"; } >"$lab_dir/bad.conf"

# ends CODE WORD [ARGUMENT...]: exit code CODE and one line on stderr with WORD in it
ends() {
	local code=$1 word=$2 status=0

	shift 2
	in_ns box timeout 60 "$bin/sa-nat64-healthd" -r "$lab_dir/run" "$@" >"$lab_dir/out" 2>"$lab_dir/err" || status=$?
	echo "exit $status"
	cat "$lab_dir/err"
	[ "$status" = "$code" ] && [ "$(wc -l <"$lab_dir/err")" = 1 ] && grep -q -- "$word" "$lab_dir/err"
}
asked() { { cli --json health "$1" 2>/dev/null || true; } | field "instances.0.$2"; }
because() { asked "$1" reason | tee /dev/stderr | grep -- "$2" >/dev/null; }

check "--help: 0" "$bin/sa-nat64-healthd" --help
check "--version: 0" "$bin/sa-nat64-healthd" --version
check "--check-config accepts: 0" "$bin/sa-nat64-healthd" --check-config -c "$lab_dir/sa-nat64.conf"
check "--check-config refuses with file and line: 2" ends 2 "bad.conf:[0-9]*: " -t -c "$lab_dir/bad.conf"
check "a bad configuration: 2" ends 2 "bad.conf:[0-9]*: " -c "$lab_dir/bad.conf" -n gw-a
check "an argument too many: 2" ends 2 "lower" lower
check "no such node: 2" ends 2 "gw-z" -c "$lab_dir/sa-nat64.conf" -n gw-z
check "--withdraw without anything to withdraw: 0" in_ns box "$bin/sa-nat64-healthd" --withdraw \
	-c "$lab_dir/sa-nat64.conf"

# what a service manager is told, one line for each message
lab_start box notify python3 -uc '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(s.recv(4096).decode().replace(chr(10), " "))' "$lab_dir/notify.sock"
wait_for 5 test -S "$lab_dir/notify.sock" || lab_fail_with_log notify
notified() { wait_for 5 grep -q -- "$1" "$lab_dir/notify.log"; }
healthd_start() {
	lab_start box healthd env NOTIFY_SOCKET="$lab_dir/notify.sock" WATCHDOG_USEC=1000000 \
		"$bin/sa-nat64-healthd" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" -n gw-a
	pid=$lab_pid
	# a socket may be there from one that was killed
	wait_for 5 cli --json health || lab_fail_with_log healthd
	child=$(pgrep -P "$pid")
}
status_of() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }
# A capability set has bit 21 (CAP_SYS_ADMIN) and no other.
is_admin_only() { [ "$(status_of "$child" "$1")" = 0000000000200000 ]; }

healthd_start
check "a second one: 1" ends 1 "another sa-nat64-healthd" -c "$lab_dir/sa-nat64.conf" -n gw-a
for set in CapEff CapPrm CapBnd CapInh CapAmb; do
	check "no capability: $set" test "$(status_of "$pid" $set)" = 0000000000000000
done
for set in CapEff CapPrm CapBnd; do
	check "the child may enter namespaces, nothing else: $set" is_admin_only $set
done
for set in CapInh CapAmb; do
	check "the child hands nothing on: $set" test "$(status_of "$child" $set)" = 0000000000000000
done
for who in "$pid" "$child"; do
	check "neither can gain any: NoNewPrivs" test "$(status_of "$who" NoNewPrivs)" = 1
done
check "the child has its socket, its way home and nothing else" test "$(ls "/proc/$child/fd" | tr '\n' ' ')" = "0 1 2 3 4 "
check "the control socket is 0660" test "$(stat -c %a "$lab_dir/run/healthd.sock")" = 660
check "the service manager is told that it is ready" notified "READY=1"
check "that it lives" notified "WATCHDOG=1"
check "and how the instances are" notified "STATUS=lower down, plain down"
check "no namespace is a reason" wait_for 5 because lower "there is no namespace $lab_id-lower"
check "no address for probes, too" wait_for 5 because plain "2001:db8:64::c000:3 in the box's own namespace"
lab_ns lower
check "a namespace that comes is found" wait_for 5 because lower "192.0.0.1 in $lab_id-lower"
check "and needs its addresses" because lower "sa-nat64-netns"
lab_addr lower lo 192.0.0.1/32 192.0.0.2/32 192.0.2.2/24
check "with them, the translator is missing" wait_for 5 because lower "the translator does not run"

kill -TERM "$child" && kill -HUP "$child" && kill -INT "$child"
check "signals for the whole group do not end the child" test -e "/proc/$child"
status=0
lab_stop "$pid" || status=$?
check "SIGTERM: it ends with 0" test "$status" = 0
check "its child, too" refuse test -e "/proc/$child"
check "the service manager knows" notified "STOPPING=1"
check "its socket is gone" refuse test -e "$lab_dir/run/healthd.sock"
healthd_start
lab_stop "$pid" KILL 2>/dev/null || true
check "killed: the child ends, too" wait_for 5 refuse test -e "/proc/$child"
healthd_start
kill -KILL "$child"
check "without its child it goes on" cli --json health lower >/dev/null
ip netns del "$lab_id-lower"
check "and says what it cannot do" wait_for 5 because lower "there is no namespace"
lab_ns lower
check "when it cannot" wait_for 5 because lower "the process that does so is gone; restart sa-nat64-healthd"

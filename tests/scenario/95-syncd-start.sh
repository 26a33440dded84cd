#!/bin/bash
# Everything that can be wrong when sa-nat64-syncd starts, what it may still do when it runs, and how it ends.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/syncd.sh"

scenario_open
syncd_network
syncd_configure

# ends CODE WORD [ARGUMENT...]: exit code CODE and one line on stderr with WORD in it
ends() {
	local code=$1 word=$2 status=0

	shift 2
	in_ns a timeout 60 "$bin/sa-nat64-syncd" -r "$lab_dir/run-a" "$@" >"$lab_dir/out" 2>"$lab_dir/err" || status=$?
	echo "exit $status"
	cat "$lab_dir/err"
	[ "$status" = "$code" ] && [ "$(wc -l <"$lab_dir/err")" = 1 ] && grep -q -- "$word" "$lab_dir/err"
}
with() { ends "$1" "$2" -c "$lab_dir/$3" -n "${4:-gw-a}"; }

sed '/^sync-interface/d' "$lab_dir/sa-nat64.conf" >"$lab_dir/single.conf"
sed 's/^id = 1/id = 16/' "$lab_dir/sa-nat64.conf" >"$lab_dir/bad.conf"
sed 's/sync.key/none.key/' "$lab_dir/sa-nat64.conf" >"$lab_dir/nokey.conf"
sed 's/sync.key/open.key/' "$lab_dir/sa-nat64.conf" >"$lab_dir/openkey.conf"
cp "$key" "$lab_dir/open.key"
chmod 644 "$lab_dir/open.key"

check "--help: 0" "$bin/sa-nat64-syncd" --help
check "--version: 0" "$bin/sa-nat64-syncd" --version
check "--check-config accepts: 0" "$bin/sa-nat64-syncd" --check-config -c "$lab_dir/sa-nat64.conf"
check "--check-config refuses with file and line: 2" ends 2 "bad.conf:[0-9]*: " -t -c "$lab_dir/bad.conf"
check "a bad configuration: 2" with 2 "bad.conf:[0-9]*: " bad.conf
check "an argument too many: 2" ends 2 "lower" lower
check "no sync-interface: 2" with 2 "sync-interface" single.conf
check "no such node: 2" with 2 "gw-z" sa-nat64.conf gw-z
check "no key file: 2" with 2 "none.key" nokey.conf
check "a key that others can read: 2" with 2 "open.key" openkey.conf
check "nothing is left of any of them" refuse test -e "$lab_dir/run-a/sync.sock"

# what a service manager is told, one line for each message
lab_start a notify python3 -uc '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(s.recv(4096).decode().replace(chr(10), " "))' "$lab_dir/notify.sock"
wait_for 5 test -S "$lab_dir/notify.sock" || lab_fail_with_log notify
notified() { wait_for 5 grep -q -- "$1" "$lab_dir/notify.log"; }
lab_start a syncd-a env NOTIFY_SOCKET="$lab_dir/notify.sock" WATCHDOG_USEC=1000000 "$bin/sa-nat64-syncd" \
	-c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run-a" -n gw-a
pid=$lab_pid
wait_for 5 test -S "$lab_dir/run-a/sync.sock" || lab_fail_with_log syncd-a
status_of() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$pid/status"; }
check "a second one: 1" with 1 "another sa-nat64-syncd" sa-nat64.conf
for set in CapEff CapPrm CapBnd CapInh CapAmb; do
	check "no capability: $set" test "$(status_of $set)" = 0000000000000000
done
check "it can gain none: NoNewPrivs" test "$(status_of NoNewPrivs)" = 1
check "the feed's socket is 0600" test "$(stat -c %a "$lab_dir/run-a/sync.sock")" = 600
check "the control socket is 0660" test "$(stat -c %a "$lab_dir/run-a/syncd.sock")" = 660
check "without peers it is alone and in sync" wait_for 5 logged a "instance lower: alone"
check "the service manager is told that it is ready" notified "READY=1"
check "that it lives" notified "WATCHDOG=1"
check "and how it is" notified "STATUS=1 of 1 instances in sync, 0 with every peer"
check "stateless instances are not replicated" refuse logged a "instance siit"

reloaded() { wait_for 5 logged a "$1"; }
kill -HUP "$pid"
check "SIGHUP: nothing changed" reloaded "reload: nothing that this program goes by has changed"
sed -i 's/^pool4 = .*/pool4 = 198.51.100.0\/27/' "$lab_dir/sa-nat64.conf"
kill -HUP "$pid"
check "SIGHUP: another pool4 is taken over" reloaded "reloaded; instances: 0 new, 0 gone, 1 with another configuration"
sed -i 's/^max-sessions = .*/max-sessions = 5/' "$lab_dir/sa-nat64.conf"
kill -HUP "$pid"
check "SIGHUP: another size is another instance" reloaded "reloaded; instances: 1 new, 1 gone, 0 with another configuration"
check "with as much room" logged a "instance lower: room for the sessions of 2 nodes, 5 of each"
sed -i 's/^\[instance lower\]/[instance later]/' "$lab_dir/sa-nat64.conf"
kill -HUP "$pid"
check "SIGHUP: an instance comes, and one goes" reloaded "instance later: room for the sessions of 2 nodes"
check "the service manager is told of the new one" wait_for 10 logged a "instance later: alone"
syncd_configure "sync-rate = 10M"
kill -HUP "$pid"
check "SIGHUP: another rate needs a restart" reloaded "need a restart: \[cluster\] sync-rate"
syncd_configure
sed -i 's/^id = 1/id = 2/' "$lab_dir/sa-nat64.conf"
kill -HUP "$pid"
check "SIGHUP: another node id needs a restart" reloaded "need a restart: \[node gw-b\] id"
syncd_configure
syncd_key "$key"
kill -HUP "$pid"
check "SIGHUP: another key needs a restart" reloaded "need a restart: the key in"
echo "nonsense" >>"$lab_dir/sa-nat64.conf"
kill -HUP "$pid"
check "SIGHUP: a bad file changes nothing" reloaded "sa-nat64.conf has errors"
kill -TERM "$pid"
check "SIGTERM: it ends" wait_for 5 refuse test -e "/proc/$pid"
check "the service manager knows" notified "STOPPING=1"
check "its sockets are gone" refuse test -e "$lab_dir/run-a/sync.sock" -o -e "$lab_dir/run-a/syncd.sock"

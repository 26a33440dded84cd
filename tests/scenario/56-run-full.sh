#!/bin/bash
# A run directory without room, at the start and at a reload: the translator goes on without what does not fit, says so,
# and uses the room when there is some.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/fast.sh"

scenario_open
mkdir "$lab_dir/run"
trap 'umount -l "$lab_dir/run" 2>/dev/null || true; scenario_close' EXIT
network
configure "max-sessions = 10000"
udp_server server 7000
ask() { udp_ask client --port 4000 "$server6" 7000; }
keeps_none() { [[ "$(status state_file)" == "none, sessions end with the process: cannot $1"* ]]; }

# One file fits, the second one of a reload does not.
mount -t tmpfs -o size=1200k tmpfs "$lab_dir/run"
translator_start
check "a state file, just so" status_is state_file "started empty"
ask
configure "max-sessions = 10000" "udp-timeout = 400s"
kill -HUP "$lab_pid"
check "no room for another at a reload: status says so" wait_for 5 keeps_none "make another beside"
check "so does the log, with the reason" log_has 'state file: none, .*beside.*No space left on device'
check "the session goes on" test "$(status sessions.udp)" = 1
check "and translation" ask
check "the old file is gone, for it would be of the past" test ! -e "$lab_dir/run/nat64/state"
kill -HUP "$lab_pid"
check "so that the next reload, of the same file, makes one" wait_for 5 status_is state_file "new since the last reload"
lab_stop "$lab_pid" KILL 2>/dev/null || true
translator_start
check "from which the session comes back" test "$(status sessions.udp)" = 1
lab_stop "$lab_pid" || true

# Not even room for the socket: only the two directories fit.
umount "$lab_dir/run"
mount -t tmpfs -o size=1200k,nr_inodes=2 tmpfs "$lab_dir/run"
lab_start gw translator-nat64 "$bin/sa-nat64-translator" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" nat64
check "no room at the start: it translates" wait_for 5 ask
check "the log says that there is no state file" log_has 'state file: none, .*No space left on device'
check "nor a socket, and what happens" log_has 'cannot make the control socket .*: No space left on device; it translates'
mount -o remount,nr_inodes=100 "$lab_dir/run"
check "with room the socket comes" wait_for 5 status_is fast_path on
check "status says that there is no state file" keeps_none make
kill -HUP "$lab_pid"
check "until a reload makes one" wait_for 5 status_is state_file "new since the last reload"

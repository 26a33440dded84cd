#!/bin/bash
# Sessions get from a translator of one box to that of the other, whatever dies or stops in between; and what strangers
# send on the link changes nothing.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/syncd.sh"

scenario_open
syncd_network
syncd_configure
syncd_start a
pid_a=$lab_pid
syncd_start b
pid_b=$lab_pid

in_contact() { logged a "peer gw-b is in-sync" && logged b "peer gw-a is in-sync"; }
wait_for 10 in_contact || lab_fail_with_log syncd-a
feeder_start b -f 100000 -n 50
feeder_b=$lab_pid
feeder_start a -n 1000
feeder_a=$lab_pid
check "sessions of a come to b" wait_for 5 fed b held 1000
check "sessions of b come to a" wait_for 5 fed a held 50
check "both are told that all is well" wait_for 5 fed a state in-sync
check "and that all peers are in contact" wait_for 5 fed b contact 1

# restart_feeder PID BOX OPTION...: a process that knows nothing of what the one before held
restart_feeder() {
	kill "$1"
	wait_for 5 refuse test -e "/proc/$1"
	shift
	feeder_start "$@"
}
restart_feeder "$feeder_b" b -f 100000 -n 50
feeder_b=$lab_pid
check "a translator that starts empty is told all, its own as well" wait_for 5 fed b held 1050
kill -KILL "$pid_b"
check "syncd is killed: its translator knows" wait_for 5 fed b state disconnected
check "syncd is killed: the peer knows" wait_for 10 fed a contact 0
syncd_start b
pid_b=$lab_pid
check "syncd comes back: its translator is in sync" wait_for 10 fed b state in-sync
check "syncd comes back: all peers are in contact" wait_for 10 fed a contact 1

restart_feeder "$feeder_a" a -n 1000 -u 1 -g
check "what ends at a ends at b" wait_for 5 fed b held 50
feeder_a=$lab_pid

kill -STOP "$feeder_b"
restart_feeder "$feeder_a" a -n 100000
feeder_a=$lab_pid
check "a translator that hangs holds nobody up: told" wait_for 10 fed a told 100000
check "nor its syncd: the peers stay in contact" fed a contact 1
kill -CONT "$feeder_b"
check "and when it goes on it has all" wait_for 10 fed b held 100050

# strangers KIND: send them from box a to box b; what b says of them is in the log
strangers() { in_ns a timeout 120 "$here/stranger.py" sync0 ff02::6464 "$1" 50; }
said() { # KIND TEXT
	strangers "$1" && wait_for 5 logged b "$2"
}
check "garbage is named" said garbage "were no datagrams of sa-nat64"
check "another version is named" said version "another version of the protocol"
check "another cluster is named" said cluster "of another cluster"
check "another instance is named" said instance "not in the configuration here"
check "what was routed is named" said routed "were routed here"
check "a broken seal is named" said flipped "not sealed with this cluster's key"
check "cut datagrams are sent" strangers truncated
check "datagrams are sent again" strangers again
check "nothing of it changed a session" fed b held 100050
check "nor parted the peers" fed b contact 1
check "each of them costs few lines" test "$(wc -l <"$lab_dir/syncd-b.log")" -lt 100

syncd_key "$key"
kill "$pid_b"
wait_for 5 refuse test -e "/proc/$pid_b"
syncd_start b
check "another key: a says so" wait_for 10 logged a "not sealed with this cluster's key"
check "another key: b says so" wait_for 10 logged b "not sealed with this cluster's key"
check "another key: they are not in contact" wait_for 10 fed a contact 0
kill "$pid_a"
check "syncd ends at SIGTERM" wait_for 5 refuse test -e "/proc/$pid_a"

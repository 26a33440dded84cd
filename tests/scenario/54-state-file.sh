#!/bin/bash
# The translator is killed at random moments while flows come and go: its state file gives the next one all sessions,
# no public port has two owners, held connections go on. Once on tmpfs with the fast path, once on a disk without it.
# Then what a state file is not used for: another configuration, a full file system, a second process.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/fast.sh"

rounds=5
scenario_open
leave() {
	local status=$?

	umount "$lab_dir/full" 2>/dev/null || true
	rm -rf "/dev/shm/$lab_id"
	return "$status"
}
trap 'set +e; leave; scenario_close' EXIT
mkdir "/dev/shm/$lab_id" "$lab_dir/disk" "$lab_dir/full"
network
udp_server server 7000
tcp_server server 7001
mkfifo "$lab_dir/orders"

state=$lab_dir/run/nat64/state
log=$lab_dir/translator-nat64.log
begin() {
	translator_start
	pid=$lab_pid
}
kill_it() { lab_stop "$pid" KILL 2>/dev/null || true; }
# hold: flows whose public ports must not change; asked for through descriptor 3
hold() {
	lab_start client hold "$here/keeping.py" hold "$server6" 7000 7001 50 "$lab_dir/orders"
	holder=$lab_pid
	exec 3>"$lab_dir/orders"
	wait_for 10 grep -q ready "$lab_dir/hold.log"
}
answers() { [ "$(wc -l <"$lab_dir/hold.log")" -gt "$1" ]; }
held() {
	local before

	before=$(wc -l <"$lab_dir/hold.log")
	echo again >&3
	wait_for 20 answers "$before"
	tail -n 1 "$lab_dir/hold.log"
	[ "$(tail -n 1 "$lab_dir/hold.log")" = same ]
}
let_go() {
	lab_stop "$holder" KILL 2>/dev/null || true
	exec 3>&-
}
churn() {
	lab_start client churn nice "$here/keeping.py" churn "$server6" 7000 7001
	churner=$lab_pid
}
list() { cli -i nat64 --json "$1" >"$lab_dir/$2.json"; }
is_settled() {
	list sessions before && list sessions again && "$here/keeping.py" same "$lab_dir/before.json" "$lab_dir/again.json"
}
all_back() {
	list sessions after && "$here/keeping.py" same "$lab_dir/before.json" "$lab_dir/after.json"
}
no_port_twice() { list bib bindings && "$here/keeping.py" unique "$lab_dir/bindings.json"; }
restored() { sed -n 's/.*restored \([0-9]*\) sessions of .* bindings, 0 torn.*/\1/p' "$log"; }
restored_some() { [ "$(restored)" -ge 100 ]; }
moment() { sleep "0.$((RANDOM % 10))$((RANDOM % 10))"; } # any moment is as good as the other: that is the test

# killed_often WHERE: in the middle of churn
killed_often() {
	local where=$1 round

	hold
	churn
	for ((round = 1; round <= rounds; round++)); do
		moment
		kill_it
		begin
		check "$where, kill $round: sessions are back, none is torn" restored_some
		check "$where, kill $round: the held flows go on" held
		check "$where, kill $round: no public port has two owners" no_port_twice
	done
	lab_stop "$churner" KILL 2>/dev/null || true
}

# ---- tmpfs, with the fast path ----
ln -s "/dev/shm/$lab_id" "$lab_dir/run"
configure "fast-path = on"
begin
check "it starts empty" status_is state_file "started empty"
killed_often "tmpfs, fast path"
wait_for 20 is_settled || true
entered=$(flows6)
check "hundreds of flows are in the fast path" test "$entered" -ge 100
kill_it
begin
check "at rest: each session is back as it was" all_back
check "all flows of the fast path stayed" log_has "took over $entered sessions"
check "and none without a session" has_flows "$entered"
check "the held flows take the fast path" uses_fast_path held
lab_stop "$pid" || true
begin
check "ended by SIGTERM: each session is back" all_back
let_go

# ---- a disk, without the fast path; ports are used again and again ----
lab_stop "$pid" || true
rm "$lab_dir/run"
ln -s "$lab_dir/disk" "$lab_dir/run"
configure "fast-path = off" "udp-timeout = 20s" "tcp-trans-timeout = 2s" "port-reuse-delay = 0s"
begin
check "another run directory starts empty" status_is state_file "started empty"
killed_often "disk, no fast path"
let_go

# ---- reload ----
hold
for ((round = 1; round <= 3; round++)); do
	configure "fast-path = off" "udp-timeout = ${round}00s"
	kill -HUP "$pid"
	moment
	kill_it
	begin
	check "killed while it reloads, $round: the held flows go on" held
done
configure "fast-path = off" "udp-timeout = 400s"
kill -HUP "$pid"
check "a reload makes a new file" wait_for 10 status_is state_file "new since the last reload"
kill_it
begin
check "from which sessions come back" restored_some
check "and the held flows go on" held

# ---- not used ----
second() { ! translator nat64 >"$lab_dir/second.log" 2>&1 && grep -q "another translator runs instance nat64" "$lab_dir/second.log"; }
check "a second process is refused" second
check "and disturbs nothing" held
let_go
lab_stop "$pid" || true
configure "fast-path = off" "max-sessions = 5000"
begin
check "a file of another max-sessions is set aside" log_has "state is of another version or configuration"
check "and kept" test -s "$state.old"
check "the tables are empty" status_is state_file "started empty"
lab_stop "$pid" || true
head -c 100 /dev/urandom >"$state"
begin
check "garbage is set aside" log_has "is not a state file"
lab_stop "$pid" || true

mount -t tmpfs -o size=64k tmpfs "$lab_dir/full"
rm "$lab_dir/run"
ln -s "$lab_dir/full" "$lab_dir/run"
begin
check "a full file system: it says so" log_has "No space left on device"
check "and so does status" bash -c "'$bin/sa-nat64' -c '$lab_dir/sa-nat64.conf' -r '$lab_dir/run' -i nat64 status |
	grep -q 'state file .*none, sessions end with the process'"
check "it translates all the same" udp_ask client "$server6" 7000
kill_it
begin
check "and starts empty" test "$(status sessions.udp)" = 0

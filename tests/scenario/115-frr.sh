#!/bin/bash
# The side of sa-nat64-healthd towards FRR, with a real bfdd and a real router.
#
#   router (bird2: static routes with bfd)          box a (zebra, bfdd -N lower; frr_drive for healthd)
#     lan 192.0.2.1/24, 2001:db8:a::1/64 ---------- uplink0 192.0.2.2/24, 2001:db8:a::2/64
#     198.51.100.0/28 via 192.0.2.2 bfd
#     64:ff9b:1::/96 via 2001:db8:a::2 bfd
# mostly waits
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/frr.sh"

interval=300ms

write_config() {
	cat >"$lab_dir/$1.conf" <<-EOT
		[health]
		bfd-interval = $interval
		bfd-multiplier = 3
		$2
		[node gw-a]
		id = 0
		[instance lower]
		mode = nat64
		pool6 = 64:ff9b:1::/96
		pool4 = 198.51.100.0/28
		[network lower gw-a]
		attach = veth
		address = 2001:db8:a::2/64
		address = 192.0.2.2/24
		bfd-peer = 2001:db8:a::1
		bfd-peer = 192.0.2.1
	EOT
	chmod 644 "$lab_dir/$1.conf"
}

router_start() {
	lab_start router monitor ip -o -ts monitor route
	lab_start router tcpdump tcpdump -i lan --immediate-mode -U -w "$lab_dir/bfd.pcap" udp port 3784
	wait_for 10 grep -q "listening on" "$lab_dir/tcpdump.log"
	bird_start
}

bfdd_kill() {
	kill -KILL "$(bfdd_pid)"
	wait_for 5 problem "no bfdd runs in pathspace lower; systemctl start sa-nat64-bfdd@lower"
}

bfd() { in_box a vtysh -N lower -d bfdd "$@" 2>/dev/null; }

# Without privileges, but in FRR's groups; PATH has nothing but what the scenario puts there.
drive_start() {
	mkfifo "$lab_dir/orders"
	cp "$bin/release/tools/frr_drive" "$lab_dir/frr_drive"
	chmod 755 "$lab_dir/frr_drive"
	mkdir "$lab_dir/path"
	vtysh_is "$(command -v vtysh)"
	lab_box_start a drive setpriv --reuid nobody --regid nogroup --groups frr,frrvty --bounding-set -all \
		env PATH="$lab_dir/path" /bin/bash -c "exec $lab_dir/frr_drive $lab_dir/lower.conf gw-a lower <$lab_dir/orders"
	drive_pid=$lab_pid
	exec 7>"$lab_dir/orders"
	wait_for 5 last "withdrawn 1"
}

vtysh_is() { ln -sfn "$1" "$lab_dir/path/vtysh"; }

order() { echo "$@" >&7; }
last() { tail -n 1 "$lab_dir/drive.log" | grep -E -- "$1" >/dev/null; }
problem() { last "problem .*$1"; }
well() { last 'peers [^,]*=up/[0-9]+,[^,]*=up/[0-9]+ .* problem $'; }
withdrawn() { last "=silent/0,.*=silent/0 withdrawn 1"; }
up() {
	order want
	wait_for 15 well
}
silent() {
	order silence
	wait_for 5 withdrawn
}

route4() { in_ns router ip route show 198.51.100.0/28 | grep via >/dev/null; }
route6() { in_ns router ip -6 route show 64:ff9b:1::/96 | grep via >/dev/null; }
routed() { route4 && route6; }
unrouted() { ! route4 && ! route6; }

# Milliseconds between the last order WORD and a line of either log after it: since WORD drive|monitor PATTERN
since() {
	python3 - "$lab_dir" "$@" <<-'PY'
		import datetime, re, sys
		folder, word, log, pattern = sys.argv[1:]
		drive = open(folder + '/drive.log').read().splitlines()
		start = [int(l.split()[0]) for l in drive if l.endswith(' order ' + word)][-1]
		def stamp(line):
		    if log == 'drive':
		        return int(line.split()[0])
		    return round(datetime.datetime.fromisoformat(line[1:line.index(']')]).timestamp() * 1000)
		times = [stamp(l) for l in open('%s/%s.log' % (folder, log)) if re.search(pattern, l) and l[:1] in '[0123456789']
		print(min(t for t in times if t >= start) - start)
	PY
}

# How long it took to be silent, and until the router had no route of a family.
measure_silence() {
	echo "   silence: bfdd told and read back after $(since silence drive 'withdrawn 1') ms," \
		"routes gone after $(since silence monitor 'Deleted 198.51') and $(since silence monitor 'Deleted 64:ff9b') ms"
}

# packets STATE: how many BFD packets of the box were on the wire with that state (0: AdminDown, 3: Up).
packets() {
	tshark -r "$lab_dir/bfd.pcap" -Y "bfd.sta == $1 && (ip.src == 192.0.2.2 || ipv6.src == 2001:db8:a::2)" \
		2>/dev/null | wc -l
}

has_packets() { [ "$(packets "$1")" -gt 0 ]; }

# The loop of the driver was always on time, but for what this machine is late by itself: it never waited the second that it
# gives bfdd and vtysh.
never_late() { [ "$(tail -n 1 "$lab_dir/drive.log" | sed 's/.* late \([0-9]*\) .*/\1/')" -lt 900 ]; }

scenario_open
lab_ns router
lab_box a
lab_link router lan a uplink0
lab_addr router lan 192.0.2.1/24 2001:db8:a::1/64
lab_addr a uplink0 192.0.2.2/24 2001:db8:a::2/64
write_config lower "bfd-withdraw = silence"
router_start
zebra_start
bfdd_start
drive_start

check "without an order there is no peer" [ "$(bfd -c 'show bfd peers json' | tr -d '[:space:]')" = '[]' ]
check "without an order the router has no route" unrouted
check "peers come up when they are wanted" up
check "routes of both families appear" wait_for 5 routed
echo "   advertised: up after $(since want drive '=up/[0-9]+,.*=up/') ms, routes after" \
	"$(since want monitor '198.51.100.0/28') and $(since want monitor '64:ff9b:1::/96') ms"
check "silence is read back" silent
check "routes of both families go" wait_for 5 unrouted
measure_silence

# ---- bfdd ----
up
bfdd_kill
check "an ended bfdd is named" problem "no bfdd runs in pathspace lower"
bfdd_start
check "a restarted bfdd gets its peers again" wait_for 15 well
order silence
wait_for 5 withdrawn
bfdd_kill
bfdd_start
check "a restarted bfdd that gets no order stays silent" wait_for 5 last "withdrawn 1 .* problem $"
check "it has no peer" [ "$(bfd -c 'show bfd peers json' | tr -d '[:space:]')" = '[]' ]

up
kill -STOP "$(bfdd_pid)"
check "a bfdd that hangs is named" wait_for 4 problem "bfdd did not answer within 1000 ms"
wait_for 5 unrouted
order silence
kill -CONT "$(bfdd_pid)"
check "an order that was given meanwhile is carried out" wait_for 5 last "withdrawn 1 .* problem $"
up
kill -STOP "$(bfdd_pid)"
wait_for 4 problem "bfdd did not answer"
kill -CONT "$(bfdd_pid)"
check "peers are up again when it goes on" wait_for 15 well
check "the loop never waited" never_late

kill "$(in_box a cat /run/frr/lower/zebra.pid)"
bfdd_kill
bfdd_start
check "a missing zebra is named" wait_for 10 problem "zebra does not run in pathspace lower"
zebra_start
check "peers come up when it is there" wait_for 15 well

# ---- vtysh ----
silent
rm "$lab_dir/path/vtysh"
order want
check "a missing vtysh is named" wait_for 5 problem "vtysh is not installed; install Debian's package frr"
vtysh_is "$(command -v vtysh)"
check "it is used when it is there" wait_for 15 well
rm "$lab_dir/path/vtysh"
check "to be silent needs no vtysh" silent
printf '#!/bin/sh\nexec /bin/sleep 60\n' >"$lab_dir/vtysh-hangs"
chmod 755 "$lab_dir/vtysh-hangs"
vtysh_is "$lab_dir/vtysh-hangs"
order want
check "a vtysh that hangs is named" wait_for 4 problem "vtysh did not end within 1000 ms"
check "no such process stays" wait_for 5 refuse pgrep -f "^/bin/sleep 60$" --ns "$drive_pid" --nslist mnt
vtysh_is "$(command -v vtysh)"
check "peers come up with a better one" wait_for 15 well
check "the loop never waited for it" never_late

# ---- orders that overtake each other ----
hasty() {
	local n

	for n in {1..8}; do
		order want
		[ $((n % 2)) = 0 ] || bfd -c "show version" # as long as a call of vtysh
		order silence
	done
	wait_for 5 withdrawn
	bfd -c "show version"
	[ "$(bfd -c 'show bfd peers json' | tr -d '[:space:]')" = '[]' ]
}

check "the last of many orders counts" hasty
up

# ---- configuration ----
interval=400ms
write_config slower "bfd-withdraw = silence"
lines=$(wc -l <"$lab_dir/drive.log")
order reload "$lab_dir/slower.conf"
check "timers change by reload" wait_for 5 last "=up/1200,.*=up/1200"
check "without a flap" refuse grep -qE "=(down|init|silent)" <(tail -n +"$((lines + 1))" "$lab_dir/drive.log")
check "BFD was on the wire" has_packets 3
check "but never AdminDown" refuse has_packets 0
write_config shutting "bfd-withdraw = admin-down"
order reload "$lab_dir/shutting.conf"
order silence
check "admin-down shuts peers down" wait_for 5 last "=admin-down/0,.*=admin-down/0 withdrawn 1"
wait_for 5 unrouted
check "AdminDown was on the wire" wait_for 5 has_packets 0
check "and up again" up
interval=300ms
order reload "$lab_dir/lower.conf"
wait_for 5 last "=up/900,.*=up/900"

# ---- one family ----
routed || wait_for 5 routed
in_ns router nft -f - <<-NFT
	table inet deaf {
		chain in {
			type filter hook input priority 0
			meta nfproto ipv6 udp dport 3784 drop
		}
	}
NFT
check "a family that is dead takes the other one with it" wait_for 8 unrouted
check "it is said which" wait_for 3 problem "BFD peer 2001:db8:a::1 did not answer while 192.0.2.1 did"
check "the dead one is asked alone" wait_for 5 last "1=down/0,192.0.2.1=silent/0 .* split 1"
in_ns router nft delete table inet deaf
check "both are back when it answers" wait_for 15 well
check "with their routes" wait_for 5 routed

# ---- the end ----
bfd -c "configure terminal" -c bfd -c "peer 192.0.2.99 interface uplink0" -c end
silent
check "a foreign peer is left alone" grep -q 192.0.2.99 <(bfd -c "show bfd peers json")
up
kill -STOP "$drive_pid"
check "all peers are withdrawn without the driver" in_box a "$lab_dir/frr_drive" --withdraw lower 1000
check "foreign ones too" [ "$(bfd -c 'show bfd peers json' | tr -d '[:space:]')" = '[]' ]
kill -CONT "$drive_pid"
wait_for 15 well
kill -STOP "$drive_pid" "$(bfdd_pid)"
pid=$(bfdd_pid)
check "a bfdd that hangs is ended" in_box a "$lab_dir/frr_drive" --withdraw lower 300
check "it is gone" wait_for 5 refuse kill -0 "$pid"
check "no bfdd is nothing to withdraw" in_box a "$lab_dir/frr_drive" --withdraw lower 300

# Nobody takes what is in its queue, so nothing more can be said to it.
bfdd_start
kill -STOP "$(bfdd_pid)"
pid=$(bfdd_pid)
in_box a python3 - <<-'PY'
	import socket
	for _ in range(100):
	    with socket.socket(socket.AF_UNIX) as client:
	        client.setblocking(False)
	        try:
	            client.connect('/run/frr/lower/bfdd.vty')
	        except BlockingIOError:
	            break
PY
check "one that cannot even be reached is ended, too" in_box a "$lab_dir/frr_drive" --withdraw lower 300
check "it is gone, too" wait_for 5 refuse kill -0 "$pid"
kill -CONT "$drive_pid"

# ---- something else in the place of bfdd ----
fake() {
	lab_box_start a fake "$here/fake_vty.py" /run/frr/lower/bfdd.vty "$1"
	disown "$lab_pid"
}

order punctual
fake garbage
check "what cannot be read is named" wait_for 5 problem "answers something else than its peers"
kill "$lab_pid"
wait_for 5 problem "no bfdd runs"
fake endless
check "words without end are named" wait_for 5 problem "more peers than are looked at"
kill "$lab_pid"
wait_for 5 problem "no bfdd runs"
fake refuse
check "a refusal is named" wait_for 5 problem "bfdd refused what it was told: Unknown command: all of them"
kill "$lab_pid"
wait_for 5 problem "no bfdd runs"
check "the loop never waited for any of them" never_late

bfdd_start
lab_box_start a stranger setpriv --reuid nobody --regid nogroup --clear-groups \
	bash -c "sleep 2 | $lab_dir/frr_drive $lab_dir/lower.conf gw-a lower"
check "who is not in FRR's groups is told so" wait_for 5 grep -q "has to be in the groups frr and frrvty" "$lab_dir/stranger.log"
wait_for 15 well
order end
check "the driver ends" wait_for 5 refuse kill -0 "$drive_pid"

#!/bin/busybox sh
# shellcheck shell=dash
# What runs in the emulated machine of kernel61.sh, as its first process: two instances with fast-path = on between a
# client and a server namespace, traffic through them, `ok` or `FAIL` for each check, power off.
#
#   client 2001:db8:1::2 ---- this namespace: translators nat64 and siit ---- server 203.0.113.80
/bin/busybox --install -s /bin
export PATH=/tools:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t bpf bpf /sys/fs/bpf
mkdir -p /run/sa-nat64 /run/netns /dev/net

# Not busybox's own.
ip() { /tools/ip "$@"; }

nat64_server=64:ff9b:1::cb00:7150
siit_server=2001:db8:64::cb00:7150

# check WHAT COMMAND...
check() {
	what=$1
	shift
	if "$@" >/tmp/check.log 2>&1; then
		echo "ok $what"
	else
		echo "FAIL $what"
		tail -n 15 /tmp/check.log | sed 's/^/  | /'
	fi
}

# wait_for COMMAND...: until it succeeds, at most 60 seconds
wait_for() {
	deadline=$(($(date +%s) + 60))
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$deadline" ] || return 1
		usleep 100000
	done
}

network() {
	local side

	for module in /modules/*.ko; do
		insmod "$module" || echo "FAIL module $module"
	done
	ip link set lo up
	for side in client server; do
		ip netns add $side
		ip link add $side type veth peer name uplink netns $side
		ip link set $side up
		ip -n $side link set lo up
		ip -n $side link set uplink up
	done
	echo 1 >/proc/sys/net/ipv4/ip_forward
	echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
	ip address add 2001:db8:1::1/64 dev client nodad
	ip -n client address add 2001:db8:1::2/64 dev uplink nodad
	ip -n client route add default via 2001:db8:1::1
	ip address add 203.0.113.1/24 dev server
	ip -n server address add 203.0.113.80/24 dev uplink
	ip -n server route add default via 203.0.113.1
}

# configure FAST-PATH
configure() {
	cat >/etc/sa-nat64.conf <<-END
		[instance nat64]
		mode = nat64
		pool6 = 64:ff9b:1::/96
		pool4 = 198.51.100.1 1024-65535
		max-sessions = 10000
		fast-path = $1
		[instance siit]
		mode = siit
		tun = siit
		pool6 = 2001:db8:64::/96
		eam = 192.0.2.10 2001:db8:1::2
		fast-path = $1
	END
}

# start INSTANCE: its process id is in /run/INSTANCE.pid
start() {
	sa-nat64-translator -c /etc/sa-nat64.conf "$1" >>"/tmp/$1.log" 2>&1 &
	echo $! >"/run/$1.pid"
	wait_for test -S "/run/sa-nat64/$1/control.sock" || { cat "/tmp/$1.log"; return 1; }
}

end() {
	kill "-$2" "$(cat "/run/$1.pid")"
	wait "$(cat "/run/$1.pid")"
	rm -f "/run/sa-nat64/$1/control.sock"
}

fast_path_is_on() { sa-nat64 -c /etc/sa-nat64.conf -i "$1" --json status | grep -E '"fast_path": *"on"' >/dev/null; }

# carried INSTANCE DIRECTION: packets that the fast path translated so far; direction 1: 6 to 4, 2: 4 to 6
carried() {
	bpftool -j map dump pinned "/sys/fs/bpf/sa-nat64/$1/counters" | grep -o '"packets":\[[0-9,]*\]' |
		sed 's/.*\[\(.*\)\]/\1/' | awk -F, -v d="$2" '{ n += $d } END { print n + 0 }'
}

# by_fast_path INSTANCE MINIMUM COMMAND...: COMMAND succeeds and the fast path carries MINIMUM packets of it each way
by_fast_path() {
	instance=$1 minimum=$2
	shift 2
	before64=$(carried "$instance" 1) before46=$(carried "$instance" 2)
	"$@" || return
	after64=$(($(carried "$instance" 1) - before64)) after46=$(($(carried "$instance" 2) - before46))
	echo "fast path: $after64 packets 6 to 4, $after46 packets 4 to 6"
	[ $after64 -ge "$minimum" ] && [ $after46 -ge "$minimum" ]
}

pings() { ip netns exec client ping -q -n -c 20 -i 0.1 "$@" | tee /tmp/ping.log; grep -q ' 0% packet loss' /tmp/ping.log; }
stream() { ip netns exec client iperf3 -t 3 -c "$@"; }
# datagrams ADDRESS OPTION...: a UDP stream arrives whole but for 5 %
datagrams() {
	ip netns exec client iperf3 -u -b 4M -t 3 -l 1200 -c "$@" | tee /tmp/udp.log
	grep receiver /tmp/udp.log | grep -E '\(([0-4](\.[0-9]+)?|[0-9.]+e-[0-9]+)%\)' >/dev/null
}
offload_is() { ethtool -k "$1" | grep -E "^[[:space:]]*$2: $3" >/dev/null; }

traffic() {
	check "$1: ping" by_fast_path "$1" 15 pings "$2"
	check "$1: ping, 1200 bytes" by_fast_path "$1" 15 pings -s 1200 "$2"
	check "$1: ping, answers that the slow path cuts" pings -s 1300 "$2"
	check "$1: TCP, client to server" by_fast_path "$1" 20 stream "$2"
	grep '^fast path' /tmp/check.log | sed "s/^/note $1, TCP: /"
	check "$1: TCP, server to client" by_fast_path "$1" 20 stream "$2" -R
	check "$1: UDP, client to server" by_fast_path "$1" 1 datagrams "$2"
	check "$1: UDP, server to client" by_fast_path "$1" 1 datagrams "$2" -R
}

# Without super-packets at the ends: every packet has its own complete or partial checksum.
plain_segments() {
	ip netns exec client ethtool -K uplink tso off gso off tx "$1" &&
		ip netns exec server ethtool -K uplink tso off gso off tx "$1" && stream $nat64_server
}

# The translator is killed: the ping goes on; a new one takes the flow over.
survives_kill() {
	ip netns exec client ping -q -n -c 60 -i 0.1 $nat64_server >/tmp/long.log &
	pinging=$!
	usleep 1000000
	end nat64 9
	usleep 1000000
	start nat64 || return 1
	wait $pinging
	cat /tmp/long.log /tmp/nat64.log
	grep -q ' 0% packet loss' /tmp/long.log && grep -q 'took over' /tmp/nat64.log
}

load_figures() {
	bpftool -d prog load /fastpath.bpf.o /sys/fs/bpf/figures >/tmp/verifier.log 2>&1
	loaded=$?
	grep -E '^(processed|stack depth|verification time)' /tmp/verifier.log | sed 's/^/note verifier: /'
	[ $loaded = 0 ] || { tail -n 40 /tmp/verifier.log; return 1; }
	rm /sys/fs/bpf/figures
}

echo "note kernel $(uname -r)"
network
[ ! -e /fastpath.bpf.o ] || { check "the verifier accepts the program" load_figures; grep '^note' /tmp/check.log; }
configure on
check "nat64 starts with fast-path = on" start nat64
check "siit starts with fast-path = on" start siit
check "nat64: status says so" fast_path_is_on nat64
check "siit: status says so" fast_path_is_on siit
grep -h verified_insns /proc/"$(cat /run/nat64.pid)"/fdinfo/* | sort -u | sed 's/^/note /'
check "TCP segmentation is on for the device" offload_is nat64 tx-tcp-segmentation on
offload_is nat64 tx-udp-segmentation on && echo "note UDP segmentation is on" || echo "note UDP segmentation is off"
ip netns exec server iperf3 -s -D
wait_for ip netns exec server nc -z 203.0.113.80 5201
traffic nat64 $nat64_server
traffic siit $siit_server
check "nat64: TCP without super-packets" by_fast_path nat64 20 plain_segments on
check "nat64: TCP with complete checksums" by_fast_path nat64 20 plain_segments off
check "nat64: a ping survives kill -9 and a restart" survives_kill
end nat64 15
end siit 15
configure off
check "nat64 starts with fast-path = off" start nat64
check "nat64, slow path: ping" pings $nat64_server
check "nat64, slow path: TCP" stream $nat64_server
check "nat64, slow path: UDP" datagrams $nat64_server
echo "note end"
sync
poweroff -f

# shellcheck shell=bash
# A laboratory of network namespaces on one machine: namespaces, links between them, programs in them.
#
# Sourced by netns/demo.sh, tests/scenario/lib.sh and tests/bench/bench.sh. Everything a lab makes
# carries its lab_id in the name ("sn64-PID"), so any number of labs run side by side, and lab_close
# removes all of it. Nothing here waits for time to pass: wait_for asks for a condition until a deadline.

lab_id=
lab_dir=
lab_pid= # process that lab_start started last, for the sourcing script
# shellcheck source=netns/machine.sh
. "$(dirname "${BASH_SOURCE[0]}")/machine.sh"

# lab_open: a directory for logs and sockets, and removal of everything when the script ends.
lab_open() {
	if [ "$(id -u)" != 0 ]; then
		echo "$0: network namespaces need root; try: sudo $0" >&2
		exit 1
	fi
	lab_id=sn64-$$
	lab_dir=$(mktemp -d "${TMPDIR:-/tmp}/$lab_id.XXXXXX")
	chmod 755 "$lab_dir"
	trap lab_close EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

# lab_close [STATUS]: end the programs in the lab's namespaces, delete the namespaces and the directory.
lab_close() {
	local status=${1:-$?} ns

	trap - EXIT INT TERM
	lab_machines_end
	for ns in $(lab_namespaces); do
		lab_signal "$ns" TERM
	done
	for ns in $(lab_namespaces); do
		within 5 lab_is_quiet "$ns" || lab_signal "$ns" KILL
		ip netns del "$ns" || true
		rm -rf "/etc/netns/$ns"
	done
	rmdir --ignore-fail-on-non-empty /etc/netns 2>/dev/null || true
	[ -z "$lab_dir" ] || rm -rf "$lab_dir"
	exit "$status"
}

lab_namespaces() { ip netns list | awk -v id="$lab_id-" 'index($1, id) == 1 { print $1 }'; }

lab_is_quiet() { [ -z "$(ip netns pids "$1")" ]; }

lab_signal() {
	local pid

	for pid in $(ip netns pids "$1"); do
		kill -s "$2" "$pid" 2>/dev/null || true
	done
}

# wait_for SECONDS COMMAND...: until COMMAND succeeds; false when the deadline passed. SECONDS is what a machine with nothing
# else to do may need; one that is busy, or slow, gets four times as many, which costs nothing where COMMAND succeeds.
wait_for() { within $((4 * $1)) "${@:2}"; }

# within SECONDS COMMAND...: the same in just that time, where an end of the wait is no failure.
within() {
	local deadline=$((SECONDS + $1 + 1))

	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.05 # the pause between two looks, not the wait itself
	done
}

# in_ns NAMESPACE COMMAND...
in_ns() {
	local ns=$1

	shift
	ip netns exec "$lab_id-$ns" "$@"
}

# lab_ns NAME...: new namespaces; loopback up, no duplicate address detection, no limit on ICMP errors.
lab_ns() {
	local ns

	for ns in "$@"; do
		ip netns add "$lab_id-$ns"
		in_ns "$ns" ip link set lo up
		in_ns "$ns" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
			net.ipv6.conf.default.accept_ra=0 net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
	done
}

# lab_router NAME...: let these namespaces forward both families.
lab_router() {
	local ns

	for ns in "$@"; do
		in_ns "$ns" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	done
}

# lab_link NS-A DEVICE-A NS-B DEVICE-B [MTU]: a veth pair, up on both ends.
lab_link() {
	ip link add "$2" netns "$lab_id-$1" mtu "${5:-1500}" type veth \
		peer name "$4" netns "$lab_id-$3" mtu "${5:-1500}"
	in_ns "$1" ip link set "$2" up
	in_ns "$3" ip link set "$4" up
}

# lab_addr NAMESPACE DEVICE ADDRESS/LENGTH...
lab_addr() {
	local ns=$1 dev=$2 addr

	shift 2
	for addr in "$@"; do
		case $addr in
		*:*) in_ns "$ns" ip addr add "$addr" dev "$dev" nodad ;;
		*) in_ns "$ns" ip addr add "$addr" dev "$dev" ;;
		esac
	done
}

# lab_route NAMESPACE PREFIX GATEWAY
lab_route() { in_ns "$1" ip route add "$2" via "$3"; }

# lab_resolver NAMESPACE ADDRESS: the name server that programs in this namespace ask.
lab_resolver() {
	wait_for 5 mkdir -p "/etc/netns/$lab_id-$1" # another lab may be removing /etc/netns
	echo "nameserver $2" >"/etc/netns/$lab_id-$1/resolv.conf"
	echo "hosts: files dns" >"/etc/netns/$lab_id-$1/nsswitch.conf"
}

# lab_start NAMESPACE LOG COMMAND...: in the background, output in $lab_dir/LOG.log; its pid in lab_pid.
lab_start() {
	local ns=$1 log=$lab_dir/$2.log

	shift 2
	setsid ip netns exec "$lab_id-$ns" "$@" >"$log" 2>&1 </dev/null &
	# shellcheck disable=SC2034 # the sourcing script reads it
	lab_pid=$!
}

# lab_stop PID [SIGNAL]: end a process of lab_start and wait for it; returns its exit status.
lab_stop() {
	kill -s "${2:-TERM}" "$1" 2>/dev/null || true
	wait "$1"
}

# lab_fail_with_log LOG: what did not come up, and what it said.
lab_fail_with_log() {
	sed "s/^/$1: /" "$lab_dir/$1.log" >&2
	echo "$0: $1 did not come up" >&2
	exit 1
}

# lab_web NAMESPACE LISTEN...: nginx serves $lab_dir/web-NAMESPACE there; /who tells visitors their address.
lab_web() {
	local ns=$1 listen temp

	shift
	mkdir -p "$lab_dir/web-$ns" "$lab_dir/nginx-$ns"
	{
		echo "daemon off; user root; worker_processes 1; pid $lab_dir/nginx-$ns/pid;"
		echo "error_log stderr; events {} http { access_log off; sendfile on;"
		for temp in client_body proxy fastcgi uwsgi scgi; do
			echo "${temp}_temp_path $lab_dir/nginx-$ns/$temp;"
		done
		echo "server {"
		printf 'listen %s;\n' "$@"
		# shellcheck disable=SC2016 # the variable is nginx's
		printf '%s\n' 'default_type text/plain; location = /who { return 200 "$remote_addr\n"; }'
		echo "root $lab_dir/web-$ns; } }"
	} >"$lab_dir/nginx-$ns.conf"
	lab_start "$ns" "nginx-$ns" nginx -e stderr -c "$lab_dir/nginx-$ns.conf"
	for listen in "$@"; do
		wait_for 10 in_ns "$ns" curl -sf "http://$listen/who" || lab_fail_with_log "nginx-$ns"
	done
}

# lab_dns NAMESPACE ADDRESS [CONFIG]: unbound serves the zone demo.test (www is 203.0.113.80, mirror 100.64.0.80) there, with
# AAAA records made by DNS64 as `sa-nat64 dns64` has it from that configuration.
lab_dns() {
	if [ -n "${3:-}" ]; then
		"$bin/sa-nat64" -c "$3" dns64 unbound
	else
		printf 'server:\n    module-config: iterator\n'
	fi >"$lab_dir/dns64-$1.conf"
	cat >"$lab_dir/demo.test.zone" <<-'EOT'
		$ORIGIN demo.test.
		@    3600 IN SOA ns.demo.test. admin.demo.test. 1 3600 600 86400 60
		@    3600 IN NS  ns.demo.test.
		ns   3600 IN A   203.0.113.53
		www  3600 IN A   203.0.113.80
		mirror 3600 IN A 100.64.0.80
	EOT
	cat >"$lab_dir/unbound-$1.conf" <<-EOT
		include: "$lab_dir/dns64-$1.conf"
		server:
		    interface: $2
		    access-control: 0.0.0.0/0 allow
		    access-control: ::/0 allow
		    local-zone: "test." nodefault
		    local-zone: "ip6.arpa." static
		    local-zone: "in-addr.arpa." static
		    directory: "$lab_dir"
		    pidfile: "$lab_dir/unbound-$1.pid"
		    chroot: ""
		    username: ""
		    use-syslog: no
		    do-daemonize: no
		auth-zone:
		    name: "demo.test"
		    zonefile: "$lab_dir/demo.test.zone"
		    for-downstream: no
		remote-control:
		    control-enable: no
	EOT
	lab_start "$1" "unbound-$1" unbound -c "$lab_dir/unbound-$1.conf"
	wait_for 10 in_ns "$1" dig +time=1 +tries=1 "@$2" www.demo.test || lab_fail_with_log "unbound-$1"
}

# ---- boxes: machines with files of their own ----
#
# A box is a namespace whose programs also see an /etc, a /run, a /sys/fs/bpf and a host name of their own, so that
# default paths serve on several boxes at once. `in_ns BOX` and the functions above work on its network as ever; only
# in_box and lab_box_start see its files. What a box writes into its /etc outlives a crash, its /run does not.

declare -A lab_box_pid=() # of the process that holds a box's mounts

# lab_box NAME...: new boxes; NAME is also the host name.
lab_box() {
	local box

	for box in "$@"; do
		lab_ns "$box"
		in_ns "$box" sysctl -qw net.ipv6.conf.all.keep_addr_on_down=1 \
			net.ipv6.conf.default.keep_addr_on_down=1
		mkdir "$lab_dir/box-$box"
		# shellcheck disable=SC2016 # $1 and $2 are of the shell inside
		lab_start "$box" "box-$box" unshare --mount --uts --propagation private bash -ec '
			hostname "$1"
			mount -t tmpfs tmpfs "$2"
			mkdir "$2/up" "$2/work" "$2/run"
			mount -t overlay overlay -o "lowerdir=/etc,upperdir=$2/up,workdir=$2/work" /etc
			mkdir -p /etc/sa-nat64
			mount -t tmpfs -o mode=755 tmpfs /run
			mkdir /run/netns /run/sa-nat64
			mount -t bpf bpf /sys/fs/bpf
			touch "$2/ready"
			exec sleep infinity' box "$box" "$lab_dir/box-$box"
		lab_box_pid[$box]=$lab_pid
		wait_for 5 in_box "$box" test -e "$lab_dir/box-$box/ready" || lab_fail_with_log "box-$box"
	done
}

# in_box NAME COMMAND...
in_box() {
	local box=$1

	shift
	nsenter -t "${lab_box_pid[$box]}" -m -u -n "$@"
}

# lab_box_start NAME LOG COMMAND...: as lab_start, in the box.
lab_box_start() {
	local box=$1 log=$lab_dir/$2.log

	shift 2
	setsid nsenter -t "${lab_box_pid[$box]}" -m -u -n "$@" >"$log" 2>&1 </dev/null &
	# shellcheck disable=SC2034 # the sourcing script reads it
	lab_pid=$!
}

# lab_box_crash NAME: the power fails. All its programs are gone at once, its links, its /run and its devices too.
lab_box_crash() {
	local dev pid

	for dev in $(in_ns "$1" ip -o link show type veth | sed 's/^[0-9]*: \([^@:]*\).*/\1/'); do
		in_ns "$1" ip link set "$dev" down
	done
	for pid in $(ip netns pids "$lab_id-$1"); do
		[ "$pid" = "${lab_box_pid[$1]}" ] || kill -KILL "$pid" 2>/dev/null || true
	done
	wait_for 5 lab_box_is_off "$1"
	for dev in $(in_ns "$1" ip -o link show type tun | sed 's/^[0-9]*: \([^@:]*\).*/\1/'); do
		in_ns "$1" ip link del "$dev"
	done
	in_box "$1" bash -c 'rm -rf /run/sa-nat64/* /sys/fs/bpf/sa-nat64'
}

lab_box_is_off() { [ "$(ip netns pids "$lab_id-$1")" = "${lab_box_pid[$1]}" ]; }

# lab_box_power NAME: its links come back; addresses stayed, routes did not.
lab_box_power() {
	local dev

	for dev in $(in_ns "$1" ip -o link show type veth | sed 's/^[0-9]*: \([^@:]*\).*/\1/'); do
		in_ns "$1" ip link set "$dev" up
	done
}

# ---- the wire between boxes ----

# lab_wire NAMESPACE COPIES DEVICE...: what enters by one of the devices leaves by all others, COPIES times (2: as on
# a ring with two ways around; 0: a cut that no carrier shows). Called again it changes the number.
lab_wire() {
	local ns=$1 copies=$2 from to n actions

	shift 2
	for from in "$@"; do
		in_ns "$ns" tc qdisc del dev "$from" clsact 2>/dev/null || true
		in_ns "$ns" tc qdisc add dev "$from" clsact
		actions=()
		for to in "$@"; do
			for ((n = 0; n < copies; n++)); do
				[ "$to" = "$from" ] || actions+=(action mirred egress mirror dev "$to")
			done
		done
		[ ${#actions[@]} = 0 ] || in_ns "$ns" tc filter add dev "$from" ingress protocol all \
			u32 match u32 0 0 "${actions[@]}"
	done
}

# lab_wire_rate NAMESPACE RATE DEVICE...: a thin link, such as 10mbit; what does not fit into a short queue is lost.
lab_wire_rate() {
	local ns=$1 rate=$2 dev

	shift 2
	for dev in "$@"; do
		in_ns "$ns" tc qdisc replace dev "$dev" root tbf rate "$rate" burst 32k limit 60k
	done
}

# lab_wire_full NAMESPACE DEVICE...: thin no longer
lab_wire_full() {
	local ns=$1 dev

	shift
	for dev in "$@"; do
		in_ns "$ns" tc qdisc del dev "$dev" root
	done
}

# lab_lose NAMESPACE DEVICE PERCENT: that share of the UDP that enters by DEVICE is lost, at random; 0 ends it, and 100
# is a cut in one direction.
lab_lose() {
	local which="numgen random mod 100 < $3"

	in_ns "$1" nft delete table netdev lose 2>/dev/null || true
	[ "$3" != 100 ] || which=
	[ "$3" = 0 ] || in_ns "$1" nft -f - <<-NFT
		table netdev lose {
			chain in {
				type filter hook ingress device "$2" priority 0
				meta l4proto udp $which counter drop
			}
		}
	NFT
}

# shellcheck shell=bash
# What the scenarios of sa-nat64-netns share, sourced after lib.sh: a box with two NICs, and who is behind them.

# shellcheck disable=SC2034 # for the scenarios
usual=('address = 192.0.2.2/24' 'address = 2001:db8:a::2/64' 'gateway = 192.0.2.1' 'gateway = 2001:db8:a::1')
translator_pid=

netns_network() {
	lab_box a
	lab_ns client r server
	lab_router r
	lab_link client eth0 r client
	lab_link server eth0 r server
	lab_link r r0 a eth0
	lab_link r r3 a eth3
	lab_addr client eth0 2001:db8:1::2/64
	lab_addr r client 2001:db8:1::1/64
	lab_addr r server 203.0.113.1/24
	lab_addr server eth0 203.0.113.80/24
	lab_route client default 2001:db8:1::1
	lab_route server default 203.0.113.1
}

# The inner namespaces are no lab's: end what runs there first, or they stay.
netns_close() {
	local status=$?

	set +e
	[ -z "$translator_pid" ] || kill -KILL "$translator_pid" 2>/dev/null || true
	(exit "$status")
	scenario_close
}

# netns_router DEVICE: the gateways of the section, and the way back
netns_router() {
	lab_addr r "$1" 192.0.2.1/24 192.0.2.254/24 2001:db8:a::1/64 2001:db8:a::254/64
	in_ns r ip route replace 198.51.100.0/24 via 192.0.2.2
	in_ns r ip route replace 64:ff9b:1::/96 via 2001:db8:a::2
}

# netns_prepare ATTACH: what the operator does beforehand; netns_unprepare takes it away
netns_prepare() {
	netns_attach=$1
	case $1 in
	"macvlan eth0") netns_router r0 ;;
	"move eth3") netns_router r3 ;;
	"veth br0")
		in_ns a ip link add br0 type bridge
		in_ns a ip link set eth0 master br0
		in_ns a ip link set br0 up
		wait_for 5 bridge_has_carrier
		netns_router r0
		;;
	veth)
		lab_router a
		lab_addr a eth0 10.0.0.1/24 2001:db8:c::1/64
		lab_addr r r0 10.0.0.2/24 2001:db8:c::2/64
		lab_route a 203.0.113.0/24 10.0.0.2
		lab_route a 2001:db8:1::/64 2001:db8:c::2
		in_ns r ip route replace 198.51.100.0/24 via 10.0.0.1
		in_ns r ip route replace 64:ff9b:1::/96 via 2001:db8:c::1
		;;
	esac
}

bridge_has_carrier() { in_ns a ip link show br0 | grep 'state UP' >/dev/null; }

netns_unprepare() {
	in_ns a ip link del br0 2>/dev/null || true
	in_ns a ip addr flush dev eth0 scope global
	in_ns r ip addr flush dev r0 scope global
	in_ns r ip addr flush dev r3 scope global
}

# netns_config ATTACH LINE...
netns_config() {
	{
		printf '[node a]\nid = 0\n[instance nat64]\npool6 = 64:ff9b:1::/96\npool4 = 198.51.100.0/28\n'
		printf '[network nat64 a]\nattach = %s\n' "$1"
		printf '%s\n' "${@:2}"
	} | in_box a tee /etc/sa-nat64/sa-nat64.conf >/dev/null
}

netns() { in_box a "$bin/sa-nat64-netns" "$@"; }

# silent COMMAND...: it succeeds and has nothing to say
silent() {
	local said

	said=$("$@" 2>&1) && [ -z "$said" ] || { echo "it said: $said" && return 1; }
}

# says TEXT COMMAND...: it succeeds and says that
says() {
	local said

	said=$("${@:2}" 2>&1) && grep -qF -- "$1" <<<"$said" || { echo "it said: $said" && return 1; }
}

# box_listing: links, addresses, routes, namespaces, mounts and pins of the box, without what moves by itself
box_listing() {
	in_box a bash -c '
		ip -o link | sed "s/^[0-9]*: //; s/@if[0-9]*//; s/qdisc [a-z_]*//" | sort
		ip -o addr | grep -v "inet6 fe80" | sed "s/^[0-9]*: //" | sort
		ip route; ip -6 route | grep -v "^fe80\|^ff00\|^multicast" || true
		ls /run/netns
		grep "/run/netns/nat64-" /proc/self/mountinfo || true
		find /sys/fs/bpf/sa-nat64 2>/dev/null || true'
}
box_is_as_before() { box_listing | diff "$lab_dir/before" -; }

# inside_translator: in the namespace, until it answers. The routed veth needs its end in the box to be addressed.
inside_translator() {
	if [ "$netns_attach" = veth ]; then
		in_ns a ip addr replace 192.0.2.1/24 dev nat64-nat64
		in_ns a ip addr replace 2001:db8:a::1/64 dev nat64-nat64 nodad
		in_ns a ip route replace 198.51.100.0/24 via 192.0.2.2
		in_ns a ip route replace 64:ff9b:1::/96 via 2001:db8:a::2
	fi
	lab_box_start a translator-nat64 nsenter --net=/run/netns/nat64-nat64 "$bin/sa-nat64-translator" nat64
	translator_pid=$lab_pid
	wait_for 10 in_box a "$bin/sa-nat64" -i nat64 status || lab_fail_with_log translator-nat64
}

inside_stop() {
	lab_stop "$translator_pid" || true
	translator_pid=
}

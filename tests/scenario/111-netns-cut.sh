#!/bin/bash
# sa-nat64-netns is killed at every system call that changes something, while it builds and while it removes, with each
# way to attach: another `up` completes what is there, another `down` leaves nothing.
#
#   r r0 --- eth0 box a   (macvlan)        The cards are down, so that nobody is asked on the link, which takes time.
#   r r3 --- eth3         (moved)
#
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
. "$here/netns.sh"

scenario_open
trap netns_close EXIT
netns_network

# cut CALL N VERB: killed when it enters its Nth system call of that name; 137 then, else it came to its end
cut_at() {
	in_box a strace -o /dev/null -f -e trace="$1" -e inject="$1:signal=KILL:when=$2" \
		"$bin/sa-nat64-netns" "$3" nat64 >/dev/null 2>&1
}

# inner_listing: of the namespace, without what differs from time to time
inner_listing() {
	in_box a nsenter --net=/run/netns/nat64-nat64 bash -c '
		ip -o link | sed "s/^[0-9]*: //; s/@if[0-9]*//" | sort
		ip -o addr | sed "s/^[0-9]*: //" | sort
		ip route; ip -6 route
		cd /proc/sys/net && grep -H . ipv4/ip_forward ipv6/conf/uplink0/* ipv4/conf/uplink0/* 2>/dev/null || true' |
		grep -v 'stable_secret\|/mtu:'
}

# cut_up CALL: at every one of them, until none is left; counts in $cuts
cut_up() {
	local n code

	for ((n = 1; ; n++)); do
		code=0
		cut_at "$1" "$n" up || code=$?
		[ "$code" != 0 ] || break
		netns up nat64 >"$lab_dir/up" 2>&1 || { cat "$lab_dir/up" && return 1; }
		netns show nat64 || { echo "after cut $n at $1" && return 1; }
		inner_listing | diff "$lab_dir/whole" - || { echo "after cut $n at $1" && return 1; }
		netns down nat64 >/dev/null
		box_listing | diff "$lab_dir/before" - || { echo "after cut $n at $1" && return 1; }
	done
	netns down nat64 >/dev/null
	echo "$n cuts at $1"
	[ "$n" -gt "$2" ] # it was really cut
}

# cut_down CALL: the same for down; and half of the times what was cut was itself only half built
cut_down() {
	local n code

	for ((n = 1; ; n++)); do
		code=0
		[ $((n % 2)) = 1 ] || cut_at sendmsg $((n * 3)) up || true
		[ $((n % 2)) = 0 ] || netns up nat64 >/dev/null 2>&1
		cut_at "$1" "$n" down || code=$?
		netns down nat64 >"$lab_dir/down" 2>&1 || { cat "$lab_dir/down" && return 1; }
		box_listing | diff "$lab_dir/before" - || { echo "after cut $n at $1" && return 1; }
		[ "$code" != 0 ] || break
	done
	echo "$n cuts at $1"
	[ "$n" -gt "$2" ]
}

in_ns a ip link set eth3 down
in_ns a ip link set eth3 alias "port 3"
for attach in veth "move eth3" "macvlan eth0"; do
	in_ns a ip link set eth0 down
	case $attach in
	macvlan*) netns_config "$attach" ;; # without addresses nobody is asked either
	*) netns_config "$attach" "${usual[@]}" ;;
	esac
	[ "$attach" != "macvlan eth0" ] || in_ns a ip link set eth0 up
	box_listing >"$lab_dir/before"
	netns up nat64 >/dev/null 2>&1
	inner_listing >"$lab_dir/whole"
	netns down nat64 >/dev/null
	check "$attach: cut at each message to the kernel" cut_up sendmsg 20
	check "$attach: cut at each mount" cut_up mount 1
	check "$attach: cut while down works" cut_down sendmsg 5
	check "$attach: cut while down unmounts" cut_down umount2 1
done
check "cut at each write of a sysctl" cut_up write 20
check "cut at the new namespace" cut_up unshare 1

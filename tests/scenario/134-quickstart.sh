#!/bin/bash
# docs/quickstart.md, command by command, on machines with a systemd of their own.
#
#   client 2001:db8:1::2 ---- lan [ box ] wan ---- 192.0.2.2 server 203.0.113.80             "A box of its own"
#
#   guest 2001:db8:2::2 ---- router 2001:db8:1::1, 192.0.2.1 ---- vmbr0 [ pve1 [ main ] ]    "On a Proxmox host"
#                              | 203.0.113.80
#
# 64:ff9b::/96 must not carry the addresses of the documentation; 64:ff9b:1::/96 takes its place.
. "$(dirname "$0")/lib.sh"
. "$root/netns/machine.sh"

# section TITLE: the lines of that part of the page
section() {
	awk -v title="## $1" '/^## / { on = $0 == title } on' "$root/docs/quickstart.md" |
		sed 's/64:ff9b::/64:ff9b:1::/g'
}
# blocks TITLE KIND: what stands in blocks of that kind there
blocks() { section "$1" | awk -v kind="\`\`\`$2" '/^```/ { on = !on && ($0 == kind || index($0, kind " ") == 1); next } on'; }
# follow TITLE MACHINE CLIENT: "# " on the machine, "$ " on the client
follow() {
	local line where

	while IFS= read -r line <&3; do
		case $line in
		'# '*) where="in_machine $2" ;;
		'$ '*) where="in_ns $3" ;;
		*) continue ;;
		esac
		check "$1: ${line:2}" $where bash -ec "${line:2}"
	done 3< <(blocks "$1" console | grep -v -e unbound -e pve-firewall)
}

scenario_open
lab_machine_install
lab_machine_new box pve1
lab_ns client server guest router
lab_link client eth0 box lan
lab_link box wan server eth0
lab_addr client eth0 2001:db8:1::2/64
lab_addr box lan 2001:db8:1::1/64
lab_addr box wan 192.0.2.1/24
lab_addr server eth0 192.0.2.2/24
lab_addr server lo 203.0.113.80/32
in_ns client ip route add default via 2001:db8:1::1
lab_route server 198.51.100.0/28 192.0.2.1

lab_router router
lab_link guest eth0 router guests
lab_link router lan pve1 nic
lab_addr guest eth0 2001:db8:2::2/64
lab_addr router guests 2001:db8:2::1/64
lab_addr router lan 2001:db8:1::1/64 192.0.2.1/24
lab_addr router lo 203.0.113.80/32
in_ns guest ip route add default via 2001:db8:2::1
lab_route router 64:ff9b:1::/96 2001:db8:1::64
lab_route router 198.51.100.0/28 192.0.2.64
in_ns pve1 ip link add vmbr0 type bridge
in_ns pve1 ip link set nic master vmbr0
in_ns pve1 ip link set vmbr0 up

lab_web server 203.0.113.80:80
lab_web router 203.0.113.80:80
# No configuration yet: the machines boot as after an installation.
lab_machine_power box pve1
blocks "A box of its own" ini | lab_machine_write box /etc/sa-nat64/sa-nat64.conf
blocks "On a Proxmox host" ini | lab_machine_write pve1 /etc/sa-nat64/sa-nat64.conf
in_machine box ip route add default via 192.0.2.2

follow "A box of its own" box client
follow "On a Proxmox host" pve1 guest
fetch() { in_ns guest curl -gsS --max-time 2 -o /dev/null 'http://[64:ff9b:1::203.0.113.80]/'; }
check "a guest reaches a server through the namespace on the bridge" wait_for 10 fetch
check "the host's own namespace has no device of it" refuse in_machine pve1 ip link show nat64

check "a resolver's configuration is printed" in_machine box sa-nat64 dns64 unbound
follow "Stop, remove" box client
check "nothing of it is left" test -z "$(in_machine box ip -o link show type tun)"

#!/bin/bash
# The campus under load while its operator works on it: drain and undrain, every unit restarted, an instance taken out and
# put back by reload, a configuration that differs between the boxes, a full /run. Nothing breaks.
# timeout: 1200
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/campus.sh"

campus_open
load_start

case_begin "drain"
check "drain: accepted" campus_cli gw-a drain lower --reason "new memory"
check "drain: the router moved" wait_for 5 campus_is lower=gw-b
check "drain: gw-a says why" says gw-a lower drained "new memory"
check "drain: gw-b carries the lower half" carries lower gw-b
check "drain: siit stayed on gw-a" campus_is siit=gw-a
check "undrain: accepted" campus_cli gw-a undrain lower
check "undrain: gw-a serves again" wait_for 10 campus_is lower=gw-a
check "undrain: gw-a carries the lower half" carries lower gw-a
check "drain, undrain: there and back, once" moved lower "gw-b gw-a"
case_end --gap 5000 --lost 1000

# restarted BOX UNIT: in order, and all is well again before the next
restarted() {
	in_machine "$1" systemctl restart "$2"
	check "restart of $2 on $1: all is well again" wait_for 30 all_well
}
all_well() { campus_is lower=gw-a upper=gw-b siit=gw-a && campus_whole; }

case_begin "each unit restarted"
for unit in {translator,zebra,bfdd}@{lower,upper,siit} syncd healthd netns@{lower,upper,siit}; do
	restarted gw-a "sa-nat64-$unit.service"
done
case_end --gap 10000

case_begin "all units restarted, box by box"
restarted gw-a sa-nat64.target
restarted gw-b sa-nat64.target
case_end --gap 10000

# edited BOX SED-COMMAND: its configuration; reloaded
edited() {
	in_machine "$1" sed -i "$2" /etc/sa-nat64/sa-nat64.conf
	in_machine "$1" systemctl reload sa-nat64
}

case_begin "instance taken out and put back"
in_machine gw-a cp /etc/sa-nat64/sa-nat64.conf /etc/sa-nat64/whole.conf
check "instance taken out: reloaded" edited gw-a '/^\[network lower gw-a\]/,/^$/d; /^\[instance lower\]/,/^$/d; /^\[network lower gw-b\]/,/^$/d'
check "instance taken out: the router moved" wait_for 10 campus_is lower=gw-b siit=gw-a
check "instance taken out: its namespace is gone" wait_for 10 refuse in_machine gw-a test -e /run/netns/nat64-lower
check "instance taken out: the others go on" wait_for 10 health_are gw-a "upper=up siit=up"
in_machine gw-a cp /etc/sa-nat64/whole.conf /etc/sa-nat64/sa-nat64.conf
check "instance put back: reloaded" in_machine gw-a systemctl reload sa-nat64
check "instance put back: gw-a serves again" wait_for 20 campus_is lower=gw-a
check "instance put back: all is well" wait_for 20 campus_whole
check "instance taken out and put back: upper and siit stayed" stayed siit
case_end --gap 10000

case_begin "configuration differs"
check "configuration differs: reloaded" edited gw-b '/^\[instance lower\]/,/^$/s/^pool4 = .*/pool4 = 198.51.100.0\/29/'
check "configuration differs: gw-b says so" wait_for 10 says gw-b lower degraded "config"
check "configuration differs: gw-a says so" wait_for 10 says gw-a lower degraded "config"
check "configuration differs: the router noticed nothing" stayed lower
in_machine gw-b sed -i 's/198.51.100.0\/29/198.51.100.0\/28/' /etc/sa-nat64/sa-nat64.conf
in_machine gw-b systemctl reload sa-nat64
check "configuration differs: all is well again" wait_for 20 campus_whole
case_end --gap 5000

case_begin "no room for the state file"
in_machine gw-a systemctl stop sa-nat64-translator@lower
check "no room for the state file: the router moved" wait_for 10 campus_is lower=gw-b
in_machine gw-a bash -c 'rm -f /run/sa-nat64/lower/state; fallocate -l "$(df --output=avail -B 1 /run | tail -n 1)" /run/full'
in_machine gw-a systemctl start sa-nat64-translator@lower
check "no room for the state file: gw-a serves all the same" wait_for 20 campus_is lower=gw-a
check "no room for the state file: gw-a carries the lower half" carries lower gw-a
in_machine gw-a rm /run/full
check "no room for the state file: with room, after a restart, all is well" restarted gw-a sa-nat64-translator@lower.service
case_end --gap 10000

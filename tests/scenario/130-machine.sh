#!/bin/bash
# The lab's machines themselves: they boot, share nothing, lose what a power cut takes and keep their disks.
. "$(dirname "$0")/lib.sh"

scenario_open
lab_machine_install
lab_machine_new a b
lab_link a eth0 b eth0
lab_addr a eth0 192.0.2.1/24
lab_addr b eth0 192.0.2.2/24
echo "of a" | lab_machine_write a /etc/sa-nat64/lab
lab_machine_power a b

services() { in_machine "$1" systemctl list-units --plain --no-legend --type=service | awk '{ print $1 }'; }
only_journal_and_files() {
	services a
	refuse grep -qv -e '^systemd-journal' -e '^systemd-tmpfiles-setup.service$' <<<"$(services a)"
}
# no_trace_of_first_boot: what the program of the lines below made is gone
no_trace() {
	in_machine a ip netns list
	[ -z "$(in_machine a ip netns list)" ] && refuse in_machine a test -e /run/lab
}
reachable() { wait_for 5 in_machine a ping -c 1 -W 1 192.0.2.2; }

check "both run" test "$(lab_machine_state a) $(lab_machine_state b)" = "running running"
check "nothing of this system's services does" only_journal_and_files
check "host names" test "$(in_machine a hostname) $(in_machine b hostname)" = "a b"
check "programs are installed" in_machine a sa-nat64 --version
check "one hears the other" reachable
check "files are of one machine" refuse in_machine b test -e /etc/sa-nat64/lab
check "and were there from the beginning" in_machine a grep -q "of a" /etc/sa-nat64/lab

in_machine a ip netns add inner
in_machine a systemd-run -q --unit=lab-sleep -p NetworkNamespacePath=/run/netns/inner sleep infinity
in_machine a touch /run/lab
boot=$(in_machine a cat /proc/sys/kernel/random/boot_id)
check "a namespace of its own, and a unit in it" test -n "$(in_machine a ip netns pids inner)"
check "other machines do not see it" test -z "$(in_machine b ip netns list)"
echo "second" | lab_machine_write a /etc/sa-nat64/lab
lab_machine_crash a
check "a power cut: nothing runs" test -z "$(ip netns pids "$lab_id-a")"
check "its links are down" test -z "$(in_ns b ip -br link show up dev eth0 | grep -w LOWER_UP)"
lab_machine_power a
check "it comes back" test "$(lab_machine_state a)" = running
check "what it wrote is there" in_machine a grep -q second /etc/sa-nat64/lab
check "what ran is not" no_trace
check "it is another boot" test "$boot" != "$(in_machine a cat /proc/sys/kernel/random/boot_id)"
check "one hears the other again" reachable
lab_machine_halt b
check "an orderly halt" test "$(lab_machine_state b)" = off
lab_machine_power b
check "and back" test "$(lab_machine_state b)" = running

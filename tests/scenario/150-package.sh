#!/bin/bash
# The Debian package in a test root and under a real systemd: nothing starts by its installation, an upgrade with everything
# running loses no ping, removal leaves nothing but the configuration and the key, and a purge not even that.
. "$(dirname "$0")/lib.sh"
. "$root/netns/campus.sh"
. "$here/systemd.sh"

scenario_open
new=$(ls "$root/build/deb/sa-nat64_$(make -s -C "$root" print-version)_"*.deb) || {
	echo "no package of this version: run 'make deb'"
	exit 1
}
# the same content as an earlier version
dpkg-deb -R "$new" "$lab_dir/old"
sed -i 's/^Version: .*/Version: 0.0.1/' "$lab_dir/old/DEBIAN/control"
dpkg-deb -Znone -b "$lab_dir/old" "$lab_dir/old.deb" >/dev/null
cp "$new" "$lab_dir/new.deb"

campus_health_lines=$(printf '%s\n' "probe-timeout = 5s" "hold-down = 1s") # as in 133-systemd-health
campus_cluster_lines='metrics-listen = [::1]:9464'
all_units+=(sa-nat64-exporter.service)
campus_network
lab_machine_new gw-a
campus_attach gw-a
lab_machine_disk gw-a rm -f usr/sbin/policy-rc.d # of a container: nothing may be started
lab_machine_disk gw-a rm -rf etc/sa-nat64

in_root() { lab_machine_disk gw-a chroot . "$@"; }
nothing_left() {
	[ -z "$(lab_machine_disk gw-a find usr etc var/lib -name '*sa-nat64*' ! -path 'var/lib/dpkg/*' | tee /dev/stderr)" ]
}
for package in old new; do
	lab_machine_write gw-a "/root/$package.deb" <"$lab_dir/$package.deb"
done
check "a root without systemd: installed" in_root dpkg -i /root/old.deb
check "upgraded" in_root dpkg -i /root/new.deb
check "the command is there" in_root sa-nat64 --version
check "the group is there" in_root getent group sa-nat64
check "nothing is enabled" refuse lab_machine_disk gw-a test -e etc/systemd/system/multi-user.target.wants/sa-nat64.target
check "purged" in_root dpkg --purge sa-nat64
check "nothing is left" nothing_left

campus_configure gw-a
campus_wire 1
campus_router campus_bird_config
lab_machine_power gw-a
dpkg_i() { in_machine gw-a env DEBIAN_FRONTEND=noninteractive dpkg -i "/root/$1.deb" >"$lab_dir/dpkg.log" 2>&1 || { cat "$lab_dir/dpkg.log"; return 1; }; }
said() { cat "$lab_dir/dpkg.log"; grep -q -- "$1" "$lab_dir/dpkg.log"; }
version_is() { [ "$(in_machine gw-a dpkg-query -Wf '${Version}' sa-nat64)" = "$1" ]; }
idle() { [ -z "$(in_machine gw-a systemctl list-units -q --plain 'sa-nat64*' | tee /dev/stderr)" ]; }
nothing_runs_or_waits() {
	{
		in_machine gw-a find /run /sys/fs/bpf -name '*sa-nat64*' ! -path '/run/log/*'
		in_machine gw-a find /run -path '/run/frr/*'
		in_machine gw-a systemctl list-units --all -q --plain 'sa-nat64*' | grep -v ' not-found ' || true
	} >"$lab_dir/kept"
	cat "$lab_dir/kept"
	[ ! -s "$lab_dir/kept" ]
}
serves() { [ "$(in_machine gw-a sa-nat64 --json -i "$1" health | field instances.0.serving)" = "$2" ]; }
all_serve() { serves lower "$1" && serves upper "$1" && serves siit "$1"; }
# changed UNIT: it was started anew since the snapshot
changed() { ! diff <(grep "^sa-nat64-$1.service " "$lab_dir/invocations") <(invocations | grep "^sa-nat64-$1.service "); }

check "a machine: the older version is installed" dpkg_i old
check "the run directory is the group's" test "$(in_machine gw-a stat -c '%a %G' /run/sa-nat64)" = "2750 sa-nat64"
check "nothing is started" idle
check "nor enabled" refuse in_machine gw-a systemctl is-enabled sa-nat64.target
check "enabled and started by hand" in_machine gw-a systemctl enable --now sa-nat64.target
check "everything is there" all_active
check "and serves" wait_for 30 all_serve True

traffic_to_box
snapshot
check "upgrade with everything running: no ping is lost" pings_survive dpkg_i new
check "it is the new version" refuse version_is 0.0.1
for unit in translator@lower translator@upper translator@siit syncd exporter; do
	check "$unit is the new one" changed "$unit"
done
check "healthd is not, for that would move traffic" refuse changed healthd
check "which is said, and what to do" said "drain; systemctl restart sa-nat64-healthd"
check "nothing else was touched" untouched_but '\(translator@.*\|syncd\|exporter\)'
check "everything is there" all_active
check "and serves still" all_serve True

snapshot
campus_config | sed 's/^pool4 = 198.51.100.16/poool4 = 198.51.100.16/' | lab_machine_write gw-a /etc/sa-nat64/sa-nat64.conf
check "installed again with errors in the file" dpkg_i new
check "that is said" said "refuses the configuration"
check "and everything goes on as it was" untouched_but no-unit
campus_config | lab_machine_write gw-a /etc/sa-nat64/sa-nat64.conf
check "drained" in_machine gw-a sa-nat64 drain
check "downgrade of a drained box" dpkg_i old
check "takes healthd with it" changed healthd
check "everything is there" all_active

check "removed while running" in_machine gw-a dpkg -r sa-nat64
check "no process is left" test -z "$(in_machine gw-a pgrep 'sa-nat64|zebra|bfdd' -f)"
check "no namespace" test -z "$(in_machine gw-a ip netns list)"
check "nothing in /run and below /sys/fs/bpf, no unit" nothing_runs_or_waits
check "the configuration and the key are" in_machine gw-a test -s /etc/sa-nat64/sync.key -a -s /etc/sa-nat64/sa-nat64.conf
check "purged" in_machine gw-a dpkg --purge sa-nat64
check "nothing is left at all" nothing_left
check "nothing failed" test "$(lab_machine_state gw-a)" = running

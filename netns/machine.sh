# shellcheck shell=bash
# shellcheck disable=SC2154,SC2164 # lab.sh sets lab_id and lab_dir; what runs inside runs with -e
# Machines: boxes with a systemd of their own as PID 1, sourced by netns/lab.sh.
#
# A machine runs this system's files with a service manager, processes, mounts, a host name, a journal and devices of
# its own. Its network is the lab's namespace of its name, so in_ns, lab_link, lab_addr and the rest work on it as on
# any other; what its programs make below /run/netns belongs to it alone and dies with it.
#
#	lab_machine_install                      what `make install` makes is on every machine made after this
#	lab_machine_new a b                      disks and namespaces; nothing runs
#	lab_link a lan router to-a               the network, before or after power is on
#	lab_machine_write a /etc/sa-nat64/sa-nat64.conf <lab.conf
#	lab_machine_power a b                    on; returns when both have booted
#	in_machine a systemctl status sa-nat64.target
#	lab_machine_crash a                      the power fails: everything but the disk is gone at once
#	lab_machine_power a
#	lab_machine_halt a                       an orderly shutdown
#
# `lab_machine a b` is lab_machine_new and lab_machine_power. lab_close ends them all.
#
# The disk is an overlay over this system's root, in memory, and outlives a crash: /etc, enabled units, the journal
# (journalctl -b -1). /run, /tmp, /dev and /sys/fs/bpf are new at each boot, but $lab_dir is seen in a machine, too.
# Nothing that this system's packages start is started there: only journald, tmpfiles, and what is enabled on the
# machine itself (systemctl enable) by multi-user.target. Not there: udev, D-Bus, logins, resource control.
# Cgroups are version 2 in a hierarchy of the machine's own, whichever version this system uses.

declare -A lab_machine_pid=()        # PID 1 of a machine that is on
declare -A lab_machine_supervisor=() # the process that waits for it
declare -A lab_machine_uptime=()     # seconds by which its uptime is ahead of this system's, from the next boot on
lab_machine_holder=                  # the process whose mount namespace has the disks
lab_machine_source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# lab_machine NAME...: new machines, on; NAME is also the host name.
lab_machine() {
	lab_machine_new "$@"
	lab_machine_power "$@"
}

# lab_machine_new NAME...: new machines, off.
lab_machine_new() {
	local name

	lab_machine_hold
	for name in "$@"; do
		lab_ns "$name"
		in_ns "$name" sysctl -qw net.ipv6.conf.all.keep_addr_on_down=1 \
			net.ipv6.conf.default.keep_addr_on_down=1
		# shellcheck disable=SC2016 # $1 is of the shell inside
		lab_machine_hold_run bash -ec '
			mkdir "$1" "$1/root" "$1/upper" "$1/work" "cgroup/$2"
			layers=base:/
			[ ! -d installed ] || layers=installed:$layers
			mount -t overlay -o "lowerdir=$layers,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
			echo "$1" >"$1/root/etc/hostname"
			tr -d - </proc/sys/kernel/random/uuid >"$1/root/etc/machine-id"' \
			new "$name" "$lab_id-$name"
	done
}

# lab_machine_install [NAME...]: `make install` with PREFIX=/usr onto the disks of these machines; without names, into
# a layer that all machines share that are made later.
lab_machine_install() {
	local staged=$lab_dir/installed name

	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$lab_machine_source" install \
		DESTDIR="$staged" PREFIX=/usr >"$lab_dir/install.log" 2>&1 || lab_fail_with_log install
	lab_machine_hold
	[ $# -gt 0 ] || lab_machine_hold_run cp -a "$staged" installed
	for name in "$@"; do
		lab_machine_hold_run cp -a --remove-destination "$staged/." "$name/root" # programs that run stay as they are
	done
	rm -rf "$staged"
}

# lab_machine_write NAME PATH: standard input becomes that file on its disk, be it on or off; mode 0644.
lab_machine_write() {
	# shellcheck disable=SC2016 # $1 is of the shell inside
	lab_machine_hold_run bash -ec 'mkdir -p "$(dirname "$1")"; cat >"$1"' write "$1/root$2"
}

# lab_machine_disk NAME COMMAND...: in the root directory of its disk, be it on or off.
lab_machine_disk() { nsenter -t "$lab_machine_holder" -m env -C "$lab_dir/machines/$1/root" "${@:2}"; }

# in_machine NAME COMMAND...
in_machine() {
	local name=$1

	shift
	nsenter -t "${lab_machine_pid[$name]}" -m -u -i -n -p -C -r -w "$@"
}

# lab_machine_power NAME...: links up, and boot them at the same time; until all have booted. A unit that failed is no
# hindrance.
lab_machine_power() {
	local name

	lab_machine_power_only "$@"
	for name in "$@"; do
		wait_for 40 lab_machine_is_up "$name" || lab_machine_fail "$name"
	done
}

# lab_machine_power_only NAME...: the same, until systemd answers.
lab_machine_power_only() {
	local name

	for name in "$@"; do
		lab_box_power "$name"
		lab_machine_hold_run rm -f "$name/pid"
		setsid nsenter --net="/run/netns/$lab_id-$name" nsenter -t "$lab_machine_holder" -m \
			unshare --fork --kill-child --pid --mount --uts --ipc --propagation private \
			${lab_machine_uptime[$name]:+--time --monotonic "${lab_machine_uptime[$name]}"} \
			${lab_machine_uptime[$name]:+--boottime "${lab_machine_uptime[$name]}"} \
			bash -ec "$(declare -f lab_machine_boot lab_machine_mount); lab_machine_boot \"\$@\"" \
			boot "$lab_dir/machines" "$name" "$lab_id-$name" "$lab_dir" \
			>"$lab_dir/machine-$name.log" 2>&1 </dev/null &
		lab_machine_supervisor[$name]=$!
	done
	for name in "$@"; do
		wait_for 5 lab_machine_hold_run test -s "$name/pid" || lab_fail_with_log "machine-$name"
		lab_machine_pid[$name]=$(lab_machine_hold_run cat "$name/pid")
		wait_for 10 lab_machine_answers "$name" || lab_fail_with_log "machine-$name"
	done
}

# lab_machine_crash NAME: the power fails.
lab_machine_crash() {
	lab_machine_cables "$1" down
	kill -KILL "${lab_machine_pid[$1]}"
	lab_machine_ended "$1"
}

# lab_machine_halt NAME: everything is stopped in order.
lab_machine_halt() {
	in_machine "$1" systemctl poweroff >/dev/null 2>&1 || true
	wait_for 60 lab_machine_is_off "$1" || lab_machine_fail "$1"
	lab_machine_cables "$1" down
	lab_machine_ended "$1"
}

# lab_machine_state NAME: what `systemctl is-system-running` says, or off.
lab_machine_state() {
	if lab_machine_is_off "$1"; then
		echo off
	else
		timeout 5 nsenter -t "${lab_machine_pid[$1]}" -m -u -i -n -p -C -r -w \
			systemctl is-system-running 2>/dev/null || true
	fi
}

lab_machine_is_up() { [[ $(lab_machine_state "$1") =~ ^(running|degraded)$ ]]; }
lab_machine_answers() { [[ $(lab_machine_state "$1") =~ ^(initializing|starting|running|degraded)$ ]]; }
lab_machine_is_off() { [ -z "${lab_machine_supervisor[$1]:-}" ] || ! kill -0 "${lab_machine_supervisor[$1]}" 2>/dev/null; }

# lab_machine_fail NAME: it did not boot or end in time; shown is why.
lab_machine_fail() {
	{
		in_machine "$1" systemctl --no-pager list-jobs
		in_machine "$1" systemctl --no-pager --failed
		in_machine "$1" journalctl --no-pager -b -n 40
	} >>"$lab_dir/machine-$1.log" 2>&1 || true
	lab_fail_with_log "machine-$1"
}

# lab_machine_cables NAME up|down: of all veth devices in its own namespace
lab_machine_cables() {
	local dev

	for dev in $(in_ns "$1" ip -o link show type veth | sed 's/^[0-9]*: \([^@:]*\).*/\1/'); do
		in_ns "$1" ip link set "$dev" "$2" || true # one end may just vanish with a namespace
	done
}

# lab_machine_ended NAME: wait for the end, and remove what a machine without power does not have.
lab_machine_ended() {
	local dev kind

	wait_for 10 lab_machine_is_off "$1"
	for kind in tun macvlan; do
		for dev in $(in_ns "$1" ip -o link show type "$kind" | sed 's/^[0-9]*: \([^@:]*\).*/\1/'); do
			in_ns "$1" ip link del "$dev"
		done
	done
	lab_machine_hold_run find "cgroup/$lab_id-$1" -mindepth 1 -depth -type d -exec rmdir {} +
	unset "lab_machine_pid[$1]" "lab_machine_supervisor[$1]"
}

# lab_machines_end: for lab_close; no machine is left, nor a disk.
lab_machines_end() {
	local name

	[ -n "$lab_machine_holder" ] || return 0
	for name in "${!lab_machine_pid[@]}"; do
		kill -KILL "${lab_machine_pid[$name]}" 2>/dev/null || true
	done
	for name in "${!lab_machine_supervisor[@]}"; do
		wait_for 10 lab_machine_is_off "$name" || kill -KILL "${lab_machine_supervisor[$name]}" || true
	done
	lab_machine_hold_run find cgroup -mindepth 1 -depth -type d -path "cgroup/$lab_id-*" -exec rmdir {} + || true
	kill -KILL "$lab_machine_holder" 2>/dev/null || true
	wait "$lab_machine_holder" 2>/dev/null || true
	lab_machine_holder=
}

# ---- inside ----

# lab_machine_hold_run COMMAND...: where the disks are
lab_machine_hold_run() { nsenter -t "$lab_machine_holder" -m env -C "$lab_dir/machines" "$@"; }

# lab_machine_hold: once in a lab: a mount namespace for disks, in it the layer that takes this system's services away.
lab_machine_hold() {
	[ -z "$lab_machine_holder" ] || return 0
	mkdir "$lab_dir/machines"
	setsid unshare --mount --propagation private bash -ec \
		"$(declare -f lab_machine_base); lab_machine_base \"\$1\"; exec sleep infinity" hold "$lab_dir/machines" \
		>"$lab_dir/machines.log" 2>&1 </dev/null &
	lab_machine_holder=$!
	wait_for 10 lab_machine_hold_run test -e ready || lab_fail_with_log machines
}

# lab_machine_base DIRECTORY: in the holder's mount namespace
lab_machine_base() {
	local unit

	mount -t tmpfs -o size=1g,mode=755 machines "$1"
	cd "$1"
	mkdir base work root cgroup
	mount -t cgroup2 cgroup2 cgroup
	mount -t overlay -o lowerdir=/,upperdir=base,workdir=work overlay root
	(
		cd root
		rm -rf etc/systemd/system etc/systemd/*.conf.d etc/sa-nat64 var/log/journal var/lib/systemd/coredump
		mkdir -p etc/systemd/system etc/systemd/journald.conf.d etc/sa-nat64 var/log/journal
		printf '[Journal]\nStorage=persistent\nSystemMaxUse=64M\nRuntimeMaxUse=16M\nRateLimitIntervalSec=0\n' \
			>etc/systemd/journald.conf.d/lab.conf
		rm -f etc/machine-id var/lib/dbus/machine-id
		rm -rf usr/lib/systemd/system-generators/* usr/local/lib/systemd etc/systemd/system-generators
		rm -f usr/lib/systemd/system/sa-nat64*
		for unit in usr/lib/systemd/system/*.wants/*; do
			case ${unit##*/} in
			systemd-journald.s* | systemd-journald-dev-log.socket | systemd-journal-flush.service | systemd-tmpfiles-setup.service) ;;
			*) rm -f "$unit" ;;
			esac
		done
	)
	umount root
	touch ready
}

# lab_machine_boot DISKS NAME CGROUP SEEN: as the first process of new namespaces. SEEN is a directory of this system
# that the machine sees, too.
lab_machine_boot() {
	local pid

	cd "$1/$2"
	hostname "$2"
	read -r pid _ </proc/self/stat # as seen from outside: this is still the old /proc
	echo 0 >"../cgroup/$3/cgroup.procs"
	lab_machine_mount root "$4"
	echo "$pid" >pid
	cd root
	pivot_root . mnt
	exec unshare --cgroup chroot . sh -ec '
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
		umount -l /mnt
		mount --make-rshared /
		exec env -i container=lab /lib/systemd/systemd systemd.unit=multi-user.target systemd.firstboot=no'
}

# lab_machine_mount ROOT SEEN
lab_machine_mount() {
	local dev

	mount -t proc proc "$1/proc"
	mount -t sysfs -o ro sysfs "$1/sys"
	mount -t bpf -o mode=700 bpf "$1/sys/fs/bpf"
	mount -t tmpfs -o mode=755,size=2g tmpfs "$1/run"
	mount -t tmpfs -o mode=1777,size=256m tmpfs "$1/tmp"
	cat /proc/sys/kernel/random/uuid >"$1/run/boot-id" # a boot of its own to the journal, and to whoever asks
	mount --bind "$1/run/boot-id" "$1/proc/sys/kernel/random/boot_id"
	mkdir -p "$1$2"
	mount --bind "$2" "$1$2"
	mount -t tmpfs -o mode=755,size=1m tmpfs "$1/dev"
	for dev in null zero full random urandom tty; do
		touch "$1/dev/$dev"
		mount --bind "/dev/$dev" "$1/dev/$dev"
	done
	touch "$1/dev/console"
	mkdir "$1/dev/net" "$1/dev/pts" "$1/dev/shm"
	mknod -m 666 "$1/dev/net/tun" c 10 200
	mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts"
	ln -s pts/ptmx "$1/dev/ptmx"
	mount -t tmpfs -o mode=1777,size=64m tmpfs "$1/dev/shm"
}

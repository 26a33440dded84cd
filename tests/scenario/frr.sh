# shellcheck shell=bash
# What the scenarios with a real bfdd and a real router share, sourced after lib.sh: FRR in box a, pathspace lower, and BIRD
# in namespace router, with static routes for both families that BFD decides about.

frr=/usr/lib/frr
if [ ! -x $frr/bfdd ] || ! command -v bird >/dev/null; then
	echo "needs frr and bird2"
	exit 77
fi

bird_start() {
	cat >"$lab_dir/bird.conf" <<-EOT
		router id 192.0.2.1;
		log stderr all;
		protocol device { }
		protocol bfd { interface "*" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }
		protocol static { ipv4; route 198.51.100.0/28 via 192.0.2.2 bfd; }
		protocol static { ipv6; route 64:ff9b:1::/96 via 2001:db8:a::2 bfd; }
		protocol kernel { ipv4 { export all; }; }
		protocol kernel { ipv6 { export all; }; }
	EOT
	lab_start router bird bird -f -c "$lab_dir/bird.conf" -s "$lab_dir/bird.ctl"
	wait_for 10 birdc -s "$lab_dir/bird.ctl" show protocols
}

zebra_start() {
	in_box a install -d -o frr -g frr -m 750 /run/frr /run/frr/lower
	lab_box_start a zebra $frr/zebra -N lower -f /dev/null -A 127.0.0.1 -P 0
	wait_for 10 in_box a test -S /run/frr/lower/zserv.api
}

bfdd_start() {
	lab_box_start a bfdd $frr/bfdd -N lower -f /dev/null -A 127.0.0.1 -P 0
	disown "$lab_pid" # the shell has nothing to say when it is killed
	wait_for 10 in_box a vtysh -N lower -d bfdd -c "show version"
}

bfdd_pid() { in_box a cat /run/frr/lower/bfdd.pid; }

# shellcheck shell=bash
# Two boxes with sa-nat64-syncd, and translators played by build/release/tools/feeder.
#
#   a (node gw-a) sync0 ------------------ sync0 b (node gw-b)
#
# A scenario sources lib.sh and this file, and calls scenario_open, syncd_network and syncd_configure.

feeder=$root/build/release/tools/feeder

# One link; each box has the same files but a run directory of its own.
syncd_network() {
	lab_ns a b
	syncd_link
	# shellcheck disable=SC2034 # for the scenarios
	key=$lab_dir/sync.key
	syncd_key "$key"
}

syncd_link() {
	lab_link a sync0 b sync0
	in_ns a ip addr add 10.64.0.1/24 dev sync0
	in_ns b ip addr add 10.64.0.2/24 dev sync0
}

# syncd_key FILE
syncd_key() {
	(umask 077 && od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$1" && echo >>"$1")
}

# syncd_configure [LINE...]: lines of [cluster] beside the usual ones
syncd_configure() {
	{
		printf '[cluster]\nname = %s\nsync-interface = sync0\nsync-key-file = %s\nsync-wait = 1s\n' \
			"${cluster:-campus}" "$key"
		[ $# = 0 ] || printf '%s\n' "$@"
		printf '[node gw-a]\nid = 0\n[node gw-b]\nid = 1\n'
		printf '[instance lower]\npool4 = 198.51.100.0/28\nmax-sessions = 300000\n'
		printf '[instance siit]\nmode = siit\ntun = siit\npool6 = 2001:db8:46::/96\n'
		printf 'eam = 198.51.100.100 2001:db8:1::10\n'
	} >"$lab_dir/${conf:-sa-nat64.conf}"
}

# syncd_start BOX: its log is syncd-BOX.log, its pid in lab_pid
syncd_start() {
	lab_start "$1" "syncd-$1" "$bin/sa-nat64-syncd" -c "$lab_dir/${conf:-sa-nat64.conf}" \
		-r "$lab_dir/run-$1" -n "gw-$1"
	wait_for 5 test -S "$lab_dir/run-$1/sync.sock" || lab_fail_with_log "syncd-$1"
}

# feeder_start BOX [OPTION...]: its lines go to feeder-BOX.log
feeder_start() {
	local box=$1 node=0

	shift
	[ "$box" = a ] || node=1
	lab_start "$box" "feeder-$box" "$feeder" -c "$lab_dir/sa-nat64.conf" "$@" \
		"$lab_dir/run-$box/sync.sock" lower "$node"
}

# fed BOX WORD VALUE: whether the last line of a feeder says so
fed() { tail -n 1 "$lab_dir/feeder-$1.log" | grep -- "\<$2 $3\>" >/dev/null; }

# logged BOX TEXT: whether its syncd said so; logged_times BOX TEXT: how often
logged() { grep -q -- "$2" "$lab_dir/syncd-$1.log"; }
logged_times() { grep -c -- "$2" "$lab_dir/syncd-$1.log" || true; }

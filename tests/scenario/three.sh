# shellcheck shell=bash
# Sourced behind lib.sh by those who want one box with all real programs and three instances, as in operation.
#
#   box: sa-nat64-healthd, sa-nat64-syncd -- sync0 ------ sync0 -- other: sa-nat64-syncd
#   lower: translators lower, upper and siit -- uplink0 ---- lower -- router

# three_network: the namespaces, and the configuration, which has sa-nat64-exporter at 10.64.0.1:9464
three_network() {
	lab_ns box other lower router
	lab_link box sync0 other sync0
	lab_addr box sync0 10.64.0.1/24
	lab_addr other sync0 10.64.0.2/24
	lab_link lower uplink0 router lower
	lab_addr lower uplink0 192.0.2.2/24 2001:db8:a::2/64
	lab_addr router lower 192.0.2.1/24 2001:db8:a::1/64
	lab_addr lower lo 192.0.0.1/32 192.0.0.2/32
	lab_router lower
	in_ns router ip -6 route add 64:ff9b::/96 via 2001:db8:a::2
	in_ns router ip route add 198.51.100.0/24 via 192.0.2.2
	(umask 077 && od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$lab_dir/sync.key" && echo >>"$lab_dir/sync.key")
	{
		printf '[cluster]\nsync-interface = sync0\nsync-key-file = %s\nsync-wait = 1s\n' "$lab_dir/sync.key"
		printf 'metrics-listen = 10.64.0.1:9464\nmetrics-listen = 10.64.0.2:9464\nmetrics-listen = [::1]:9464\n'
		printf '[node gw-a]\nid = 0\n[node gw-b]\nid = 1\n'
		printf '[instance lower]\ndestinations = 0.0.0.0/1\ntun = lower\npool4 = 198.51.100.0/28\n'
		printf 'allow-private-with-wkp = yes\n'
		printf '[instance upper]\ndestinations = 128.0.0.0/1\ntun = upper\npool4 = 198.51.100.16/28\nnon-global4 = 127.0.0.0/8\n'
		printf '[instance siit]\nmode = siit\ntun = siit\npool6 = 2001:db8:64::/96\neam = 203.0.113.10 2001:db8:10::10\n'
		printf '[network upper gw-a]\nnamespace = %s\naddress = 192.0.2.2/24\naddress = 2001:db8:a::2/64\n' "$lab_id-lower"
	} >"$lab_dir/sa-nat64.conf"
}

# start NAMESPACE NAME PROGRAM [ARGUMENT...]: with the configuration; $rundir, $node
start() {
	lab_start "$1" "$2" "$bin/$3" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/${rundir:-run}" -n "${node:-gw-a}" "${@:4}"
}

# three_start: all but the exporter; their pids are in $syncd and ${translator[NAME]}
three_start() {
	local instance

	rundir=run-b node=gw-b start other syncd-other sa-nat64-syncd
	start box syncd sa-nat64-syncd
	# shellcheck disable=SC2034 # for those who source this
	syncd=$lab_pid
	declare -gA translator
	for instance in lower upper siit; do
		start lower "translator-$instance" sa-nat64-translator "$instance"
		# shellcheck disable=SC2034
		translator[$instance]=$lab_pid
		wait_for 10 test -S "$lab_dir/run/$instance/control.sock" || lab_fail_with_log "translator-$instance"
	done
	start box healthd sa-nat64-healthd
}

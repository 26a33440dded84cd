#!/bin/bash
# Mixed traffic through both modes with short timeouts, so that sessions expire and come back all the time: the kernel's
# maps hold what the daemon says, every packet is counted once, memory does not grow, nothing is left at the end.
# SOAK_SECONDS=N: 25 unless set, `make soak` takes 600.
# timeout: 1200
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/fast.sh"

seconds=${SOAK_SECONDS:-25}
scenario_open
network
{
	printf '%s\n' "[instance nat64]" "mode = nat64" "pool6 = 64:ff9b:1::/96" "pool4 = 198.51.100.0/28" "fast-path = on"
	printf '%s\n' "udp-timeout = 2s" "icmp-timeout = 1s" "tcp-est-timeout = 10s" "tcp-trans-timeout = 2s"
	printf '%s\n' "tcp-init-timeout = 2s" "port-reuse-delay = 0s" "max-sessions = 20000" "icmp-error-rate = 0"
	printf 'bib = %s [2001:db8:1::2]:%s 198.51.100.1:%s\n' udp 7000 7000 udp 7009 7009 tcp 7001 7001
	printf '%s\n' "[instance siit]" "mode = siit" "tun = siit" "pool6 = 2001:db8:46::/96" "fast-path = on"
	printf '%s\n' "eam = 198.51.100.100 2001:db8:1::10" "icmp-error-rate = 0"
} >"$lab_dir/sa-nat64.conf"
in_ns gw nft -f - <<'NFT'
table inet filter {
	counter nat64 {}
	counter siit {}
	chain forward {
		type filter hook forward priority filter
		oifname "nat64" counter name nat64
		oifname "siit" counter name siit
	}
}
NFT
translator_start nat64
pids=$lab_pid
translator_start siit
pids=$pids,$lab_pid
for host in client server; do
	udp_server "$host" 7000
	tcp_server "$host" 7001
done

# traffic NAME NAMESPACE ARGUMENT...: in the background; its pid in running[NAME]
declare -A running ended
traffic() {
	local name=$1 host=$2

	shift 2
	lab_start "$host" "traffic-$name" nice "$here/soak.py" traffic "$@" 7000 7001 7009 "$seconds"
	running[$name]=$lab_pid
}
# went_well NAME: every exchange was right
went_well() {
	cat "$lab_dir/traffic-$1.log"
	[ "${ended[$1]}" = 0 ]
}
watch() {
	"$here/soak.py" watch "$bin/sa-nat64 -c $lab_dir/sa-nat64.conf -r $lab_dir/run" \
		"ip netns exec $lab_id-gw $here/fastmap.py" "$pids" "$seconds" nat64 siit | tee "$lab_dir/watch.json"
}
# look FILE EXPRESSION: of the JSON in FILE, which is `seen`
look() {
	python3 - "$1" <<-PYTHON
		import json, sys
		seen = json.load(open(sys.argv[1]))
		print(json.dumps(seen)[:2000])
		sys.exit(not ($2))
	PYTHON
}
read_stats() { cli -i "$1" --json stats --all >"$lab_dir/$1.json"; }
# counted_once INSTANCE: what nft saw on its way to the device is the sum of what became of the packets
counted_once() {
	local total='sum(i["packets"].values()) + sum(v["count"] for v in i["verdicts"] if v["drop"])'

	echo "nft $(forwarded "$1" packets) packets, $(forwarded "$1" bytes) bytes"
	look "$lab_dir/$1.json" "[i for i in seen['instances'] if ($total, sum(i['bytes'].values())) == \
($(forwarded "$1" packets), $(forwarded "$1" bytes))]"
}
none_left() { status_is sessions.tcp 0 && status_is sessions.udp 0 && status_is sessions.icmp 0; }
holds() { [ "$(cli -i "$instance" --json stats | field instances.0.fast_flows.held)" = "$1" ]; }

traffic nat64-from6 client "$server6"
traffic nat64-from4 server --kinds udp,steady,tcp,bulk,fragments,closed,hops 198.51.100.1
traffic siit-from6 client --bind 2001:db8:1::10 2001:db8:46::cb00:7150
traffic siit-from4 server 198.51.100.100
check "the maps hold what the daemon says, at every look for $seconds seconds" watch
for name in "${!running[@]}"; do
	ended[$name]=0
	wait "${running[$name]}" || ended[$name]=$?
done
for name in "${!running[@]}"; do
	check "$name: every exchange of each kind was right" went_well "$name"
done
for instance in nat64 siit; do
	read_stats $instance
	check "$instance: nothing was dropped" look "$lab_dir/$instance.json" \
		"not [v for i in seen['instances'] for v in i['verdicts'] if v['drop'] and v['count']]"
	check "$instance: each packet and byte is counted once" counted_once $instance
	check "$instance: a quarter and more took the fast path" look "$lab_dir/$instance.json" \
		"[i for i in seen['instances'] if sum(i['fast_packets'].values()) * 4 > sum(i['packets'].values())]"
	check "$instance: no flow was refused by it" look "$lab_dir/$instance.json" \
		"[i for i in seen['instances'] if i['fast_flows']['refused'] == 0]"
done
created=$(field instances.0.new_sessions <"$lab_dir/nat64.json" | tr "'" '"')
check "sessions came and went: three times as many as there ever were at once" look "$lab_dir/watch.json" \
	"sum($created.values()) > 3 * seen['instances']['nat64']['sessions_max'] > 0"
check "memory of the translators did not grow since a third of the time" look "$lab_dir/watch.json" \
	"all(last <= third + 4096 for third, last in zip(seen['resident_kb']['third'], seen['resident_kb']['last']))"
check "nor did their open files, but for a connection that is just ending" look "$lab_dir/watch.json" \
	"all(last <= first + 1 for first, last in zip(seen['files']['first'], seen['files']['last']))"

instance=nat64
check "idle: no session is left" wait_for 30 none_left
check "nor a flow in the kernel" has_flows 0
check "nor one that the daemon holds" holds 0
instance=siit
if [ "$seconds" -ge 60 ]; then
	check "idle for a minute: no stateless mapping is left" wait_for 90 has_flows 0
	check "nor one that the daemon holds" holds 0
else
	check "of stateless mappings there is one in each direction" has_flows 1
	check "as the daemon says" holds 2
fi

echo "watch $(cat "$lab_dir/watch.json")"
for name in "${!running[@]}"; do
	echo "$name $(cat "$lab_dir/traffic-$name.log")"
done
for instance in nat64 siit; do
	echo "$instance $(python3 -c '
import json, sys
row = json.load(sys.stdin)["instances"][0]
print({key: row[key] for key in ("packets", "bytes", "fast_packets", "fast_flows", "new_sessions", "expired")})' \
		<"$lab_dir/$instance.json")"
done

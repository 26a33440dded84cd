#!/bin/bash
# The two-box campus at work: `sudo make demo`, or `sudo netns/demo.sh` once it is built. The network is drawn in
# netns/campus.sh: hosts that have IPv6 only, servers that have IPv4 only, a router between them, and two boxes at the
# router, each with systemd, FRR and all of sa-nat64. gw-a carries what goes to the lower half of the IPv4 Internet, gw-b
# the upper half. In the middle of a download by gw-a its power is cut.
#
# KEEP=1 leaves everything running and says how to look around; `netns/demo.sh --remove ID` removes it.
# One box alone is shown by netns/demo-single.sh.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
bin=${BUILD:-$root/build}
# shellcheck source=netns/lab.sh
. "$root/netns/lab.sh"
# shellcheck source=netns/demo-steps.sh
. "$root/netns/demo-steps.sh"
# shellcheck source=netns/campus.sh
. "$root/netns/campus.sh"

size=48M rate=8M # of the download: six seconds

start_campus() {
	campus_network
	echo "Booting gw-a and gw-b ..."
	campus_machines
	campus_config >"$lab_dir/sa-nat64.conf"
	lab_dns dns 2001:db8:53::53 "$lab_dir/sa-nat64.conf"
	lab_resolver hosts 2001:db8:53::53
	campus_router campus_bird_config
	lab_machine_power "${campus_boxes[@]}"
	lab_web servers 203.0.113.80:80 100.64.0.80:80
	echo "This page is on IPv4 only." >"$lab_dir/web-servers/index.html"
	head -c "$size" /dev/urandom >"$lab_dir/web-servers/big.bin"
	(cd "$lab_dir/web-servers" && sha256sum big.bin) >"$lab_dir/big.sha256"
}

show_routes() {
	wait_for 30 campus_is lower=gw-a upper=gw-b siit=gw-a || true
	campus_bird show bfd sessions
	echo "lower: $(campus_serves lower), upper: $(campus_serves upper), siit: $(campus_serves siit)"
	campus_is lower=gw-a upper=gw-b siit=gw-a
}

show_dns64() {
	in_ns hosts dig +short AAAA mirror.demo.test
	in_ns hosts dig +short AAAA www.demo.test
	echo "64:ff9b:1::100.64.0.80, ::203.0.113.80"
	[ "$(in_ns hosts dig +short AAAA mirror.demo.test)" = "$campus_lower6" ]
	[ "$(in_ns hosts dig +short AAAA www.demo.test)" = "$campus_upper6" ]
}

# visit URL BOX INSTANCE [OPTION...]: that box carried it; the last line says under which address the server saw us
visit() {
	local before seen after

	before=$(campus_field "$2" "$3" packets.6to4)
	seen=$(in_ns hosts curl -sS --max-time 10 "${@:4}" "$1/who")
	after=$(campus_field "$2" "$3" packets.6to4)
	echo "by $2: the server saw $seen"
	[ "$after" -gt "$before" ]
}
show_lower() { visit http://mirror.demo.test gw-a lower; }
show_upper() { visit http://www.demo.test gw-b upper; }
show_siit() { visit "http://[$campus_siit6]" gw-a siit --interface "$campus_siit_host"; }

# Five thousand pings each, so that the counters show who carries what beside the probes of sa-nat64-healthd.
show_split() {
	in_ns hosts ping -q -f -c 5000 mirror.demo.test
	in_ns hosts ping -q -f -c 5000 www.demo.test
	echo "see \"packets\" below"
}

# status BOX: what an operator types there, the lines that matter here
status() {
	local instance

	printf '\n%s# sa-nat64 status\n' "$1"
	for instance in lower upper; do
		campus_cli "$1" -i "$instance" status | grep -E '^(name|health|bfd|sessions|packets|sync) ' || true
	done
	echo
}

start_download() {
	lab_start hosts download curl -sS --max-time 300 --limit-rate "$rate" -o "$lab_dir/big.bin" -w 'curl ended: %{exitcode}\n' \
		http://mirror.demo.test/big.bin
	lab_start hosts pings ping -D -i 0.02 -w 60 "$campus_lower6"
}

under_way() { [ "$(stat -c %s "$lab_dir/big.bin")" -ge $((16 << 20)) ]; }

show_under_way() {
	wait_for 30 under_way
	echo "$(($(stat -c %s "$lab_dir/big.bin") >> 20)) MB so far, by $(campus_serves lower)"
	campus_is lower=gw-a
}

show_moved() {
	wait_for 10 campus_is lower=gw-b upper=gw-b siit=gw-b
	sleep 1 # of pings by the new way
	echo "all by gw-b; pings were lost for $(longest_silence) ms"
}

# longest_silence: between two answered pings
longest_silence() {
	sed -n 's/^\[\([0-9.]*\)\].*bytes from.*/\1/p' "$lab_dir/pings.log" |
		awk 'NR > 1 && $1 - last > most { most = $1 - last } { last = $1 } END { printf "%d", most * 1000 }'
}

show_download() {
	wait_for 75 grep -q '^curl ended' "$lab_dir/download.log"
	cat "$lab_dir/download.log"
	grep -qx 'curl ended: 0' "$lab_dir/download.log"
	(cd "$lab_dir" && sha256sum --quiet -c big.sha256)
	echo "$size, sha256 matches"
}

show_return() {
	local began=$SECONDS

	wait_for 60 returned
	printf '%s\n' "$(campus_history gw-a lower), after $((SECONDS - began)) s"
	returned
}
returned() { [[ $(campus_history gw-a lower) == *", up" ]]; }

show_again() {
	wait_for 20 campus_is lower=gw-a upper=gw-b siit=gw-a
	visit http://mirror.demo.test gw-a lower
}

print_keep() {
	cat <<-EOT
		Everything is left running. To look around:
		  ip netns exec $lab_id-hosts bash       an IPv6-only host; try: curl http://mirror.demo.test/
		  ip netns exec $lab_id-router birdc -s $lab_dir/bird.ctl show bfd sessions
		  nsenter -t ${lab_machine_pid[gw-a]} -a bash         box gw-a; try: sa-nat64 status
		  nsenter -t ${lab_machine_pid[gw-b]} -a bash         box gw-b
		and to remove it: $0 --remove $lab_id
	EOT
}

if [ "${1:-}" = --remove ]; then
	remove_kept "${2:-}"
	# shellcheck source=/dev/null
	. "$lab_dir/machines.state"
	lab_close
fi

need_programs unbound nginx curl dig ping sha256sum bird birdc bfdd zebra vtysh unshare nsenter python3
lab_open
sed -n '/^#   hosts/,/^# Each/s/^# \{0,1\}//p' "$root/netns/campus.sh" | sed '$d'
start_campus
step "the router found both by BFD" "birdc show bfd sessions" show_routes
step "DNS64 makes IPv6 addresses" "dig AAAA mirror and www.demo.test" show_dns64
step "a server in the lower half" "curl http://mirror.demo.test/who" show_lower
step "a server in the upper half" "curl http://www.demo.test/who" show_upper
step "a host with its own IPv4" "curl --interface $campus_siit_host ..." show_siit
step "traffic to both halves" "ping -f mirror and www.demo.test" show_split
status gw-a
status gw-b
start_download
step "a download by gw-a" "curl http://mirror.demo.test/big.bin" show_under_way
event "the power of gw-a is cut" "" lab_machine_crash gw-a
step "the router moves to gw-b" "birdc show bfd sessions" show_moved
status gw-b
step "the download finishes" "sha256sum -c" show_download
event "gw-a has power again" "" lab_machine_power_only gw-a
step "it joins, then it serves" "sa-nat64 health" show_return
step "its half is its own again" "curl http://mirror.demo.test/who" show_again
status gw-a
status gw-b
if [ "${KEEP:-0}" = 1 ]; then
	trap - EXIT
	declare -p lab_machine_pid lab_machine_supervisor lab_machine_holder >"$lab_dir/machines.state"
	print_keep
fi
end_of_steps

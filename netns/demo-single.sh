#!/bin/bash
# One box at work, in one screenful: `sudo make demo-single`, or `sudo netns/demo-single.sh` once it is built.
#
#     client                     gateway                  router                    server
#     IPv6 only                  sa-nat64, unbound        IPv4 only                 IPv4 only, nginx
#   +---------------+          +----------------+       +-------------+          +---------------+
#   | 2001:db8:1::2 |----------| ::1  192.0.2.1 |-------| 192.0.2.2   |----------| 203.0.113.80  |
#   | (and ::10)    |          +----------------+       | 203.0.113.1 |          | www.demo.test |
#   +---------------+                                   +-------------+          +---------------+
#
# Two instances run in the gateway. `nat64` shares the public addresses 198.51.100.0/28 among all IPv6
# hosts and shows the whole of IPv4 to them behind 64:ff9b:1::/96 (64:ff9b::/96 must not carry the
# addresses reserved for documentation that a demo has to use). `siit` gives 2001:db8:1::10 the public
# address 198.51.100.100 for itself.
#
# KEEP=1 leaves everything running and says how to look around; `netns/demo-single.sh --remove ID` removes it.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
bin=${BUILD:-$root/build}
# shellcheck source=netns/lab.sh
. "$root/netns/lab.sh"

# shellcheck source=netns/demo-steps.sh
. "$root/netns/demo-steps.sh"

build_network() {
	lab_ns client gateway router server
	lab_router gateway router
	lab_link client eth0 gateway lan
	lab_link gateway wan router uplink
	lab_link router net server eth0
	lab_addr client eth0 2001:db8:1::2/64 2001:db8:1::10/64
	lab_addr gateway lan 2001:db8:1::1/64
	lab_addr gateway wan 192.0.2.1/24
	lab_addr router uplink 192.0.2.2/24
	lab_addr router net 203.0.113.1/24
	lab_addr server eth0 203.0.113.80/24
	# what 2001:db8:1::10 sends for itself it sends on purpose; everything else leaves from ::2
	in_ns client ip route add default via 2001:db8:1::1 src 2001:db8:1::2
	lab_route gateway default 192.0.2.2
	lab_route router 198.51.100.0/24 192.0.2.1
	lab_route server default 203.0.113.1
	lab_resolver client 2001:db8:1::1
	in_ns gateway nft -f - <<-'NFT'
		table inet demo {
			chain forward {
				type filter hook forward priority filter
				oifname "nat64" meta nfproto ipv6 counter
				iifname "nat64" meta nfproto ipv4 counter
			}
		}
	NFT
}

write_gateway_config() {
	cat >"$lab_dir/sa-nat64.conf" <<-'EOT'
		[instance nat64]
		mode = nat64
		pool6 = 64:ff9b:1::/96
		pool4 = 198.51.100.0/28
		bib = tcp [2001:db8:1::2]:80 198.51.100.1:80

		[instance siit]
		mode = siit
		tun = siit
		pool6 = 2001:db8:46::/96
		eam = 198.51.100.100 2001:db8:1::10
	EOT
}

start_servers() {
	lab_web server 203.0.113.80:80
	lab_web client "[2001:db8:1::2]:80" "[2001:db8:1::10]:80"
	lab_dns gateway 2001:db8:1::1 "$lab_dir/sa-nat64.conf"
	echo "This page is on IPv4 only." >"$lab_dir/web-server/index.html"
	echo "This page is on IPv6 only." >"$lab_dir/web-client/index.html"
	head -c 100M /dev/urandom >"$lab_dir/web-server/100M.bin"
	(cd "$lab_dir/web-server" && sha256sum 100M.bin) >"$lab_dir/100M.sha256"
}

# start_translator INSTANCE
start_translator() {
	lab_start gateway "translator-$1" "$bin/sa-nat64-translator" \
		-c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" "$1"
	wait_for 10 test -S "$lab_dir/run/$1/control.sock" || lab_fail_with_log "translator-$1"
}

show_dns64() {
	local answer

	answer=$(in_ns client dig +short AAAA www.demo.test)
	echo "$answer"
	[ "$answer" = 64:ff9b:1::cb00:7150 ]
}

show_page() {
	local page

	page=$(in_ns client curl -sS --max-time 10 http://www.demo.test/)
	echo "\"$page\""
	[ "$page" = "This page is on IPv4 only." ]
}

show_ping() {
	local out

	out=$(in_ns client ping -c 3 -i 0.2 -W 2 www.demo.test)
	awk -F'[ ,/]+' '/received/ { n = $4 } /^rtt/ { print n " of 3 replies, " $8 " ms" }' <<<"$out"
	grep -q ' 3 received' <<<"$out"
}

# The last two hops are on IPv4 only: their errors come back translated, their addresses behind the prefix.
show_traceroute() {
	local out router=64:ff9b:1::c000:202 server=64:ff9b:1::cb00:7150

	out=$(in_ns client traceroute -6 -n -q 1 -w 2 -m 8 www.demo.test)
	echo "$out"
	grep -q " $router " <<<"$out"
	awk -v router=$router -v server=$server \
		'END { print $1 " hops, one is " router; exit $2 != server }' <<<"$out"
}

show_download() {
	local rate

	rate=$(in_ns client curl -sS --max-time 120 -o "$lab_dir/100M.bin" -w '%{speed_download}' \
		http://www.demo.test/100M.bin)
	(cd "$lab_dir" && sha256sum --quiet -c 100M.sha256)
	awk -v r="$rate" 'BEGIN { printf "sha256 matches, %.1f Gbit/s\n", r * 8 / 1e9 }'
}

show_source() {
	local seen

	seen=$(in_ns client curl -sS --max-time 10 http://www.demo.test/who)
	echo "the server saw $seen"
	[[ $seen == 198.51.100.* ]]
}

show_bib() {
	local page

	page=$(in_ns server curl -sS --max-time 10 http://198.51.100.1/)
	echo "\"$page\""
	[ "$page" = "This page is on IPv6 only." ]
}

show_siit_out() {
	local seen

	seen=$(in_ns client curl -sS --max-time 10 --interface 2001:db8:1::10 \
		"http://[2001:db8:46::203.0.113.80]/who")
	echo "the server saw $seen"
	[ "$seen" = 198.51.100.100 ]
}

show_siit_in() {
	local seen

	seen=$(in_ns server curl -sS --max-time 10 http://198.51.100.100/who)
	echo "the server saw $seen"
	[ "$seen" = 2001:db8:46::cb00:7150 ]
}

show_firewall() {
	local counts

	counts=$(in_ns gateway nft list chain inet demo forward |
		awk '/counter packets/ { for (i = 1; i < NF; i++) if ($i == "packets") print $(i + 1) }')
	# shellcheck disable=SC2086 # two numbers, two words
	set -- $counts
	echo "$1 IPv6 and $2 IPv4 packets seen"
	[ "$1" -gt 0 ] && [ "$2" -gt 0 ]
}

show_all() {
	step "DNS64 makes an IPv6 address" "dig AAAA www.demo.test" show_dns64
	step "a page from an IPv4-only server" "curl http://www.demo.test/" show_page
	step "ping" "ping www.demo.test" show_ping
	step "routers on IPv4 show up" "traceroute www.demo.test" show_traceroute
	step "100 MB over IPv4" "curl http://www.demo.test/100M.bin" show_download
	step "a shared public address" "curl http://www.demo.test/who" show_source
	step "IPv4 reaches an IPv6 server" "server: curl http://198.51.100.1/" show_bib
	step "own public address, outwards" "curl --interface 2001:db8:1::10 ..." show_siit_out
	step "own public address, inwards" "server: curl http://198.51.100.100/" show_siit_in
	step "the firewall sees both sides" "nft: oifname nat64, iifname nat64" show_firewall
}

print_topology() {
	sed -n '/^#     client/,/^#$/s/^# \{0,1\}//p' "$0"
}

print_keep() {
	cat <<-EOT

		Everything is left running. To look around:
		  ip netns exec $lab_id-client bash      the IPv6-only host; try: curl http://www.demo.test/
		  ip netns exec $lab_id-gateway bash     try: tcpdump -ni nat64
		  ip netns exec $lab_id-server bash      the IPv4-only host; try: curl http://198.51.100.1/
		  $bin/sa-nat64 -c $lab_dir/sa-nat64.conf -r $lab_dir/run status
		and to remove it: $0 --remove $lab_id
	EOT
}

if [ "${1:-}" = --remove ]; then
	remove_kept "${2:-}"
	lab_close
fi

need_programs unbound nginx curl dig ping traceroute nft sha256sum
lab_open
build_network
write_gateway_config
start_servers
start_translator nat64
start_translator siit
print_topology
show_all
echo
"$bin/sa-nat64" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" status || failed=$((failed + 1))
if [ "${KEEP:-0}" = 1 ]; then
	trap - EXIT
	print_keep
fi
end_of_steps

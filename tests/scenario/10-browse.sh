#!/bin/bash
# What users do all day - curl, dig, ping, traceroute - through a stateful and a stateless instance.
. "$(dirname "$0")/lib.sh"

scenario_open
network
configure "address4 = 198.51.100.200" "address6 = 2001:db8:64::1"
translator_start nat64
translator_start siit
lab_web server "$server4:80"
lab_dns server "$server4"
echo "a page on IPv4" >"$lab_dir/web-server/index.html"

page() { [ "$(in_ns client curl -sS --max-time 30 "$@")" = "a page on IPv4" ]; }
# seen_as PATTERN CURL-ARGUMENT...
seen_as() {
	local seen

	seen=$(in_ns client curl -sS --max-time 30 "${@:2}")
	echo "the server saw $seen"
	# shellcheck disable=SC2053 # a pattern
	[[ $seen == $1 ]]
}
resolves() { [ "$(in_ns client dig +short +time=15 +tries=1 "$@" www.demo.test A)" = "$server4" ]; }
# traceroute_shows PREFIX-LESS-A-COLON OPTION...: every IPv4 hop, with its own address behind the prefix, and the end
traceroute_shows() {
	local out

	out=$(in_ns client traceroute -6 -n -q 1 -w 2 -m 8 "${@:2}" "$1:cb00:7150")
	echo "$out"
	grep -q " $1:c000:202 " <<<"$out" && tail -n 1 <<<"$out" | grep " $1:cb00:7150 " >/dev/null
}

for mode in nat64 siit; do
	if [ "$mode" = nat64 ]; then
		prefix=64:ff9b:1: source=2001:db8:1::2 public='198.51.100.*'
	else
		prefix=2001:db8:46: source=2001:db8:1::10 public=198.51.100.100
	fi
	server=$prefix:cb00:7150
	check "$mode: curl" page --interface "$source" "http://[$server]/"
	check "$mode: the server sees the public address" \
		seen_as "$public" --interface "$source" "http://[$server]/who"
	check "$mode: dig over UDP" resolves -b "$source" "@$server"
	check "$mode: dig over TCP" resolves +tcp -b "$source" "@$server"
	check "$mode: ping" in_ns client ping -q -c 3 -i 0.2 -W 15 -I "$source" "$server"
	check "$mode: ping with 1400 bytes" in_ns client ping -q -c 2 -i 0.2 -s 1400 -I "$source" "$server"
	check "$mode: traceroute with UDP" traceroute_shows "$prefix" -s "$source"
	check "$mode: traceroute with ICMP" traceroute_shows "$prefix" -I -s "$source"
	check "$mode: traceroute with TCP" traceroute_shows "$prefix" -T -s "$source"
done
check "a closed port is refused at once" \
	refuse in_ns client curl -sS --connect-timeout 15 "http://[$server6]:81/"
check "the refusal is the server's" \
	bash -c "ip netns exec $lab_id-client curl -sS --max-time 15 'http://[$server6]:81/'; [ \$? = 7 ]"
check "the translator's own IPv6 address answers ping" in_ns client ping -q -c 1 -W 15 2001:db8:64::1
check "the translator's own IPv4 address answers ping" in_ns server ping -q -c 1 -W 15 198.51.100.200
check "traceroute shows the translator's own address" bash -c "ip netns exec $lab_id-client traceroute -6 -n \
	-q 1 -w 2 -m 8 $server6 | tee /dev/stderr | grep ' 2001:db8:64::1 ' >/dev/null"

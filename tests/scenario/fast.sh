# shellcheck shell=bash
# What the scenarios of the fast path share, sourced after lib.sh: a look at the program on the device and at its maps
# (fastmap.py), and nft counters of both sides of the device in the FORWARD chain.

# fastmap ARGUMENT...: see fastmap.py. The device of an instance has its name in these tests.
fastmap() { in_ns gw "$here/fastmap.py" "$@" "${instance:-nat64}"; }

# flows6 / flows4: entries of the two maps of flows, 0 without a program on the device.
flows6() { fastmap count flows6; }
flows4() { fastmap count flows4; }
has_flows() { [ "$(flows6)" = "$1" ] && [ "$(flows4)" = "$1" ]; }

# carried 64|46: packets that the fast path translated in this direction since the program was loaded.
carried() { fastmap packets "$1"; }
carried_more() { [ "$(carried "$1")" -ge "$2" ]; }

# goes_on 64|46 [PACKETS]: the fast path carries that many more, within five seconds.
goes_on() {
	local before

	before=$(carried "$1")
	wait_for 5 carried_more "$1" $((before + ${2:-100}))
}

# uses_fast_path COMMAND...: COMMAND succeeds, and the fast path carried packets in both directions.
uses_fast_path() {
	local before64 before46

	before64=$(carried 64)
	before46=$(carried 46)
	"$@" || return
	[ "$(carried 64)" -gt "$before64" ] && [ "$(carried 46)" -gt "$before46" ]
}

# status PATH: a field of $instance, nat64 unless set; log_has TEXT: what the translator wrote since its last start.
status() { cli -i "${instance:-nat64}" --json status | field "instances.0.$1"; }
status_is() { [ "$(status "$1")" = "$2" ]; }
log_has() { grep -q -- "$1" "$lab_dir/translator-${instance:-nat64}.log"; }

# count_forward: counters out6, out4, in4 and in6 of packets into and out of device nat64.
count_forward() {
	in_ns gw nft -f - <<-'NFT'
		table inet filter {
			counter out6 {}
			counter out4 {}
			counter in4 {}
			counter in6 {}
			chain forward {
				type filter hook forward priority filter
				oifname "nat64" meta nfproto ipv6 counter name out6
				iifname "nat64" meta nfproto ipv4 counter name out4
				oifname "nat64" meta nfproto ipv4 counter name in4
				iifname "nat64" meta nfproto ipv6 counter name in6
			}
		}
	NFT
}

# forwarded COUNTER packets|bytes
forwarded() { in_ns gw nft -j list counter inet filter "$1" | field "nftables.1.counter.$2"; }

# drop_forward MATCH...: a drop rule at the head of the chain; allow_forward takes it out.
drop_forward() { in_ns gw nft insert rule inet filter forward "$@" drop; }
allow_forward() {
	in_ns gw nft delete rule inet filter forward handle \
		"$(in_ns gw nft -a list chain inet filter forward | awk '/drop # handle/ { print $NF }')"
}

# settles COMMAND...: true within two seconds; otherwise what COMMAND prints is seen.
settles() { wait_for 2 "$@" || "$@"; }

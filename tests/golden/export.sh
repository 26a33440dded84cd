#!/bin/bash
# What `sa-nat64 dns64` and `sa-nat64 pref64` print, and that the programs it is for take it: export.sh BINDIR
#
# Each case runs one command and compares command line, output, complaints and exit status with export/NAME.txt.
# UPDATE=1 writes the files; read the difference. Then the real programs check the text, and resolvers answer by it in a
# namespace of their own:  dig --> unbound or pdns_recursor, port 5300 --> unbound with the zone, port 5301
set -uo pipefail
. "$(dirname "$0")/verdict.sh"

bindir=$(realpath "$1")
cd "$(dirname "$0")/export" || exit 1
work=$(mktemp -d)
chmod 755 "$work"
ns=nat64-export-$$
pids=()
export PATH=$PATH:/usr/sbin

cleanup() {
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	ip netns del "$ns" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT

# check NAME ARGUMENT...: one command against its golden file; what it printed stays in $work/NAME.conf
check() {
	local name=$1 status

	shift
	"$bindir/sa-nat64" "$@" >"$work/$name.conf" 2>"$work/err" </dev/null
	status=$?
	{
		echo "\$ sa-nat64 $*"
		cat "$work/$name.conf" "$work/err"
		echo "exit $status"
	} >"$work/$name.txt"
	[ "${UPDATE:-}" != 1 ] || cp "$work/$name.txt" "$name.txt"
	diff -u --label "$name.txt" --label printed "$name.txt" "$work/$name.txt" >"$work/diff" 2>&1
	verdict "$name" "$work/diff"
}

for program in unbound bind powerdns; do
	check "$program-halves" -c halves.conf dns64 "$program"
	check "$program-ranges" -c ranges.conf dns64 "$program"
	check "$program-parts" -c parts.conf dns64 "$program"
done
check unbound-tenant -c ranges.conf dns64 unbound --instance tenant
check unbound-lower -c parts.conf -i lower dns64 unbound
check bind-lower -c parts.conf dns64 bind -i lower
check powerdns-tenant -c ranges.conf dns64 powerdns -i tenant
check unbound-servers -c siit.conf dns64 unbound -i servers
check unbound-siit -c siit.conf dns64 unbound
check unbound-nothing -c parts.conf dns64 unbound -i nothing
check unbound-no-instance -c parts.conf dns64 unbound -i middle
check unbound-no-config -c missing.conf dns64 unbound
check dns64-wrong-program -c parts.conf dns64 dnsmasq
check dns64-no-program -c parts.conf dns64
check dns64-two-programs -c parts.conf dns64 bind unbound
check dns64-help dns64 --help
check radvd-halves -c halves.conf pref64 radvd --interface lan0
check radvd-ranges -c ranges.conf pref64 radvd --interface lan0 --interval 301
check radvd-longest -c halves.conf pref64 radvd --interface lan0 --interval 1800
check radvd-parts -c parts.conf pref64 radvd --interface lan0
check radvd-no-interface -c halves.conf pref64 radvd
check networkd-halves -c halves.conf pref64 networkd
check networkd-interface -c ranges.conf pref64 networkd --interface lan0 --interval 10
check pref64-wrong-interval -c halves.conf pref64 networkd --interval 3
check pref64-help pref64 --help

# ---- the programs' own checks ----

# accepted NAME COMMAND...: the command has to succeed
accepted() {
	local name=$1

	shift
	"$@" >"$work/log" 2>&1 && : >"$work/log"
	verdict "$name" "$work/log"
}

for name in unbound-halves unbound-ranges unbound-tenant unbound-lower; do
	accepted "$name-is-accepted" unbound-checkconf "$work/$name.conf"
done
for name in bind-halves bind-ranges bind-parts bind-lower; do
	printf 'options {\n\tinclude "%s";\n};\n' "$work/$name.conf" >"$work/named.conf"
	accepted "$name-is-accepted" named-checkconf "$work/named.conf"
done
for name in powerdns-halves powerdns-ranges; do
	cp "$work/$name.conf" "$work/recursor.conf"
	accepted "$name-is-accepted" pdns_recursor --config-dir="$work" --config=check
done

# A radvd that is too old for the option refuses it as the text says, and takes the rest.
version=$(radvd --version 2>&1 | sed -n 's/^Version: //p')
for name in radvd-halves radvd-ranges radvd-longest; do
	radvd --configtest -m stderr -C "$work/$name.conf" >"$work/log" 2>&1 && : >"$work/log"
	if grep -q "^$work/$name.conf:$(grep -n nat64prefix "$work/$name.conf" | tail -n 1 | cut -d: -f1) error: syntax error" "$work/log" &&
		[[ "$version" =~ ^2\.1[0-9]$ ]]; then
		sed '/^\tnat64prefix/,/^\t};/d' "$work/$name.conf" >"$work/old.conf"
		radvd --configtest -m stderr -C "$work/old.conf" >"$work/log" 2>&1 && : >"$work/log"
	fi
	verdict "$name-is-accepted" "$work/log"
done

# ---- resolvers that answer by it ----

# until_true SECONDS COMMAND...: repeat COMMAND until it succeeds
until_true() {
	local deadline=$((SECONDS + $1))

	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		read -r -t 0.05 <>"$work/never" || true
	done
}

# ask PORT NAME: its AAAA records, sorted, in one line
ask() {
	ip netns exec "$ns" dig +short +time=15 +tries=1 -p "$1" @127.0.0.1 AAAA "$2" | sort | tr '\n' ' '
}

answers() {
	ip netns exec "$ns" dig +time=1 +tries=1 -p "$1" @127.0.0.1 A v4.demo.test >"$work/dig" 2>&1 && grep -q '192\.0\.2\.33' "$work/dig"
}

# run NAME COMMAND...: in the background
run() {
	local name=$1

	shift
	ip netns exec "$ns" "$@" >"$work/$name.log" 2>&1 </dev/null &
	pids+=($!)
}

stop_last() {
	kill "${pids[-1]}"
	wait "${pids[-1]}" 2>/dev/null
	unset 'pids[-1]'
}

# unbound_conf PORT: what any unbound here begins with
unbound_conf() {
	cat <<-EOT
		server:
		    interface: 127.0.0.1
		    port: $1
		    directory: "$work"
		    pidfile: "$work/unbound-$1.pid"
		    chroot: ""
		    username: ""
		    use-syslog: no
		    do-daemonize: no
		    do-not-query-localhost: no
		    local-zone: "test." nodefault
		remote-control:
		    control-enable: no
	EOT
}

mkfifo "$work/never"
ip netns add "$ns" && ip -n "$ns" link set lo up || echo "FAIL no-namespace"
cat >"$work/demo.test.zone" <<'ZONE'
$ORIGIN demo.test.
@      3600 IN SOA  ns.demo.test. admin.demo.test. 1 3600 600 86400 60
@      3600 IN NS   ns.demo.test.
ns     3600 IN A    127.0.0.1
v4     3600 IN A    192.0.2.33
both   3600 IN A    192.0.2.34
both   3600 IN AAAA 2001:db8::34
mapped 3600 IN A    192.0.2.35
mapped 3600 IN AAAA ::ffff:192.0.2.35
ZONE
{
	unbound_conf 5301
	printf 'auth-zone:\n    name: "demo.test"\n    zonefile: "%s"\n    for-downstream: yes\n' "$work/demo.test.zone"
} >"$work/auth.conf"
run auth unbound -c "$work/auth.conf"
until_true 60 answers 5301 || cat "$work/auth.log"

# compare NAME EXPECTED PRINTED
compare() {
	[ "$2" = "$3" ] && : >"$work/log" || echo "expected '$2', got '$3'" >"$work/log"
	verdict "$1" "$work/log"
}

# unbound_answers NAME V4 MAPPED: with the text of case NAME
unbound_answers() {
	{
		unbound_conf 5300
		cat "$work/$1.conf"
		printf 'stub-zone:\n    name: "demo.test"\n    stub-addr: 127.0.0.1@5301\n'
	} >"$work/resolver.conf"
	run resolver unbound -c "$work/resolver.conf"
	until_true 60 answers 5300 || cat "$work/resolver.log"
	compare "$1-makes-addresses" "$2" "$(ask 5300 v4.demo.test)"
	compare "$1-leaves-real-ones" '2001:db8::34 ' "$(ask 5300 both.demo.test)"
	compare "$1-ignores-mapped-ones" "$3" "$(ask 5300 mapped.demo.test)"
	stop_last
}

unbound_answers unbound-halves '64:ff9b::c000:221 ' '64:ff9b::c000:223 '
unbound_answers unbound-ranges '2001:db8:64::c000:221 ' '2001:db8:64::c000:223 '
unbound_answers unbound-tenant '2001:db8:66:c000:2:2100:: ' '2001:db8:66:c000:2:2300:: '

run resolver pdns_recursor --config-dir="$work/none" --local-address=127.0.0.1 --local-port=5300 --daemon=no \
	--socket-dir="$work" --threads=1 --forward-zones=demo.test=127.0.0.1:5301 --dnssec=off --dont-query= \
	"--$(grep '^dns64-prefix=' "$work/powerdns-halves.conf")"
until_true 60 answers 5300 || cat "$work/resolver.log"
compare powerdns-halves-makes-addresses '64:ff9b::c000:221 ' "$(ask 5300 v4.demo.test)"
compare powerdns-halves-leaves-real-ones '2001:db8::34 ' "$(ask 5300 both.demo.test)"
compare powerdns-does-not-ignore-mapped-ones '::ffff:192.0.2.35 ' "$(ask 5300 mapped.demo.test)"

#!/bin/bash
# What sa-nat64 prints, asking real translators: cli.sh BINDIR
#
#   one namespace:  2001:db8::5 on lo --> device nat64 (instance lower)
#                                         device siit  (instance siit); instance upper is configured, but does not run
#
# Replication, which has states that no real program could be brought into here, is played: tools/fake_control.py answers for
# the translators and sa-nat64-syncd what cli/replies/ holds, in the run directory "played".
#
# Each case runs one command and compares command line, output, complaints and exit status with cli/NAME.txt; process ids,
# times, memory and the ports that the pool hands out are made equal first. UPDATE=1 writes the files; read the difference.
set -uo pipefail
. "$(dirname "$0")/verdict.sh"

bindir=$(realpath "$1")
root=$(realpath "$(dirname "$0")/../..")
golden=$root/tests/golden/cli
work=$(mktemp -d)
ns=nat64-cli-$$
pids=()

cleanup() {
	for pid in "${pids[@]}"; do
		kill -CONT "$pid" 2>/dev/null
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	ip netns del "$ns" 2>/dev/null
	rm -rf "$work" "/run/frr/$ns"
}
trap cleanup EXIT

die() {
	echo "FAIL set-up"
	echo "     $*"
	sed 's/^/     /' "$work"/*.log 2>/dev/null
	exit 1
}

# until_true SECONDS COMMAND...: repeat COMMAND until it succeeds
until_true() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		read -r -t 0.05 <>"$work/never" || true
	done
}

own_version=$("$bindir/sa-nat64" --version | cut -d' ' -f2 | sed 's/[.+]/\\&/g')

normalise() {
	sed -E -e "s/ version $own_version\$/ version N/; s/\"version\": \"$own_version\"/\"version\": \"N\"/" -e "s/$ns/NAMESPACE/g; s,$work,DIRECTORY,g; s/node $(hostname)\$/node HOST/" -e 's/pid [0-9]+/pid N/; s/"pid": [0-9]+/"pid": N/' \
		-e 's/uptime +([0-9]+[dhms] ?)+/uptime N/; s/"(uptime|expires|idle)": [0-9]+/"\1": N/g' \
		-e 's/tables [0-9.]+ .iB   resident [0-9.]+ .iB/tables N   resident N/' \
		-e 's/"(tables|resident)": [0-9]+/"\1": N/g' \
		-e 's/(198\.51\.100\.1:)[0-9]{4,5}( *)/\1PORT  /g; s/("198\.51\.100\.1", "port": )[0-9]{4,5}/\1PORT/g' \
		-e 's/(198\.51\.100\.1 .* id )[0-9]{4,5}/\1ID/' \
		-e 's/ +[0-9]+(m [0-9]+)?s$/  N/'
}

# check NAME ARGUMENT...: one command against its golden file
check() {
	local name=$1 status
	shift
	{
		echo "\$ sa-nat64 $*"
		"$bindir/sa-nat64" "$@" 2>&1 </dev/null
		status=$?
		echo "exit $status"
	} | normalise >"$work/$name.txt"
	if [ "${UPDATE:-}" = 1 ]; then
		cp "$work/$name.txt" "$golden/$name.txt"
	fi
	diff -u --label "$name.txt" --label printed "$golden/$name.txt" "$work/$name.txt" >"$work/diff" 2>&1
	verdict "$name" "$work/diff"
}

start() {
	ip netns exec "$ns" "$bindir/sa-nat64-translator" -c cli.conf -r run -n gw-a "$1" 2>"$work/$1.log" &
	pids+=($!)
	until_true 60 [ -S "run/$1/control.sock" ] || die "instance $1 made no control socket"
}

# The processes under ip netns exec are the translators themselves: it execs.
mkfifo "$work/never"
cp "$golden/cli.conf" "$work/"
cd "$work" || exit 1
ip netns add "$ns" || die "no namespace (root needed)"
ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1 \
	net.ipv6.conf.default.addr_gen_mode=1 net.ipv6.conf.lo.disable_ipv6=0 || die "sysctl"
# The kernel's own multicast listener reports would be counted as drops, sooner or later.
ip netns exec "$ns" nft 'table ip6 t { chain c { type filter hook output priority 0; ip6 daddr ff00::/8 drop; }; }' ||
	die "nft"
ip -n "$ns" link set lo up
ip -n "$ns" addr add 2001:db8::5/128 dev lo
ip -n "$ns" route add blackhole 1.0.0.0/8
start lower
start siit

# Two UDP flows and a SYN that leave, a private address and a foreign destination that do not.
ip netns exec "$ns" python3 - <<'PYTHON' || die "no traffic"
import socket

def send(kind, port, to, to_port):
    s = socket.socket(socket.AF_INET6, kind)
    s.bind(('2001:db8::5', port))
    s.setblocking(False)
    try:
        s.connect((to, to_port))
        if kind == socket.SOCK_DGRAM:
            s.send(b'12345678')
    except BlockingIOError:
        pass

send(socket.SOCK_DGRAM, 4000, '64:ff9b::102:304', 53)
send(socket.SOCK_DGRAM, 4000, '64:ff9b::102:305', 53)
send(socket.SOCK_DGRAM, 4001, '64:ff9b::a00:1', 53)
send(socket.SOCK_STREAM, 4002, '64:ff9b::102:304', 443)
PYTHON
seen() {
	"$bindir/sa-nat64" -c cli.conf -r run -i lower status --json 2>"$work/cli.log" |
		python3 -c 'import json, sys
i = json.load(sys.stdin)["instances"][0]
sys.exit(i["packets"]["6to4"] < 3 or sum(i["dropped"].values()) < 1)'
}
until_true 60 seen || die "the translator did not count the packets: $("$bindir/sa-nat64" -c cli.conf -r run stats)"

ask=(-c cli.conf -r run)
check status "${ask[@]}" status
check status-json "${ask[@]}" status --json
check status-one "${ask[@]}" -i lower status
check stats "${ask[@]}" -i lower stats
check stats-json "${ask[@]}" -i lower stats --json
check sessions "${ask[@]}" -i lower sessions
check sessions-json "${ask[@]}" -i lower sessions --json
check sessions-proto "${ask[@]}" -i lower sessions --proto tcp --state V6_INIT --host 2001:db8::/64
check sessions-remote "${ask[@]}" -i lower sessions --remote 1.2.3.5 --pool4 198.51.100.1
check sessions-limit "${ask[@]}" -i lower sessions --proto udp --port 53 --limit 1 --json
check sessions-prefix "${ask[@]}" -i lower sessions --remote 1.2.3.0/24 --pool4 198.51.100.0/30
check sessions-other-prefix "${ask[@]}" -i lower sessions --remote 1.2.4.0/24 --count
check sessions-count "${ask[@]}" sessions --count
check sessions-count-json "${ask[@]}" -i lower sessions --proto udp --count --json
check sessions-idle "${ask[@]}" -i lower sessions --idle 2h --count
check sessions-bad-idle "${ask[@]}" -i lower sessions --idle 5x
check sessions-bad-prefix "${ask[@]}" -i lower sessions --remote 1.2.3.4/24
check bib-count "${ask[@]}" -i lower bib --count
check bib-idle "${ask[@]}" -i lower bib --idle 2h
check sessions-none "${ask[@]}" -i siit sessions
check sessions-none-json "${ask[@]}" -i siit sessions --json
check sessions-bad-state "${ask[@]}" -i lower sessions --state OPEN
check sessions-bad-state-for-all "${ask[@]}" sessions --state OPEN
check sessions-bad-state-for-all-json "${ask[@]}" sessions --state OPEN --json
check bib "${ask[@]}" -i lower bib
check bib-json "${ask[@]}" -i lower bib --port 443 --json
check bib-down "${ask[@]}" bib --proto tcp --port 443
check bib-add "${ask[@]}" -i lower bib add tcp '[2001:db8:7::81]:80' 198.51.100.1:80
check bib-added "${ask[@]}" -i lower bib --port 80
check bib-add-again "${ask[@]}" -i lower bib add tcp '[2001:db8:7::82]:80' 198.51.100.1:80
check bib-add-elsewhere "${ask[@]}" -i lower bib add udp '[2001:db8:7::82]:80' 192.0.2.1:80
check bib-add-pool6 "${ask[@]}" -i lower bib add udp '[64:ff9b::1]:80' 198.51.100.1:80
check bib-add-siit "${ask[@]}" -i siit bib add udp '[2001:db8:7::82]:80' 192.0.2.1:80
check bib-add-which "${ask[@]}" bib add udp '[2001:db8:7::82]:80' 192.0.2.1:80
check bib-add-short "${ask[@]}" bib add tcp '[2001:db8:7::81]:80'
check bib-add-bad "${ask[@]}" bib add tcp 2001:db8:7::81:80 198.51.100.1:80
check bib-remove-json "${ask[@]}" -i lower bib remove tcp 198.51.100.1:80 --json
check bib-remove-again "${ask[@]}" -i lower bib remove tcp 198.51.100.1:80
check bib-remove-configured "${ask[@]}" -i lower bib remove tcp 198.51.100.1:443
check bib-bad-word "${ask[@]}" bib delete
check pool4 "${ask[@]}" -i lower pool4
check pool4-siit "${ask[@]}" -i siit pool4
check pool4-json "${ask[@]}" -i lower pool4 --json
check pool4-addresses "${ask[@]}" -i lower pool4 198.51.100.0/24 --addresses
check pool4-addresses-json "${ask[@]}" -i lower pool4 --addresses --json
check pool4-elsewhere "${ask[@]}" -i lower pool4 192.0.2.1
check pool4-elsewhere-json "${ask[@]}" -i lower pool4 192.0.2.0/24 --addresses --json
check pool4-elsewhere-siit "${ask[@]}" -i siit pool4 192.0.2.1
check pool4-elsewhere-down "${ask[@]}" pool4 192.0.2.1
sed '/^\[instance upper\]/,$d' cli.conf >two.conf
check pool4-nowhere -c two.conf -r run pool4 8.8.8.8
check pool4-down "${ask[@]}" pool4
check pool4-bad-prefix "${ask[@]}" pool4 198.51.100.1/24
check pool4-two "${ask[@]}" pool4 198.51.100.1 198.51.100.2
check pool4-help pool4 --help
check capabilities "${ask[@]}" -i lower capabilities
check capabilities-siit "${ask[@]}" -i siit capabilities
check capabilities-json "${ask[@]}" -i siit capabilities --json
check who "${ask[@]}" who 198.51.100.1:443
check who-json "${ask[@]}" -i lower who 198.51.100.1:443 --json
check who-mapping "${ask[@]}" -i siit who 203.0.113.10:80
check who-nobody "${ask[@]}" -i lower who 198.51.100.1:1 --proto udp
check who-elsewhere "${ask[@]}" -i lower who 192.0.2.1:443
check who-no-port "${ask[@]}" who 198.51.100.1
check who-no-address "${ask[@]}" who
check who-log-without-time "${ask[@]}" who 198.51.100.1:443 --log sessions.json
check who-help who --help

# Who had it then: the logs of both boxes, one of them rotated and packed, one with a torn line.
cp "$golden"/sessions/gw-* . && gzip gw-a.json.2
sed "s,DIRECTORY,$work," "$golden/sessions/sessions.conf" >sessions.conf
then=(-c sessions.conf who 198.51.100.7:40123 --at "2026-11-21 14:03:05 UTC")
export TZ=UTC
check who-then "${then[@]}" --log gw-a.json --log gw-b.json
check who-then-json "${then[@]}" --log gw-a.json --log gw-b.json --json
check who-then-one-box "${then[@]}" --log gw-a.json
check who-then-config "${then[@]}" --json
check who-then-exact "${then[@]}" --within 0s --proto tcp --log gw-a.json --log gw-b.json
check who-then-block -c sessions.conf who 198.51.100.7:2000 --at 2026-11-21T15:00:00+01:00 --log gw-a.json --log gw-b.json
check who-then-remote -c sessions.conf who 198.51.100.7:3000 --at "2026-11-21 14:00" --log gw-a.json --log gw-b.json
check who-then-static -c sessions.conf who 198.51.100.7:443 --at "2026-11-21 14:00" --log gw-a.json --log gw-b.json
check who-then-no-log -c sessions.conf -i upper who 198.51.100.7:443 --at "2026-11-21 14:00"
check who-then-missing "${then[@]}" --log nowhere.json
check who-then-bad-time -c sessions.conf who 198.51.100.7:443 --at "21.11.2026 14:00"
check who-then-tomorrow -c sessions.conf who 198.51.100.7:443 --at tomorrow
check who-then-future -c sessions.conf who 198.51.100.7:443 --at "9999-01-01"
check who-then-bad-within -c sessions.conf who 198.51.100.7:443 --at -2h --within 2d
"$bindir/sa-nat64" "${then[@]}" --log gw-a.json --log gw-b.json --json >who.json 2>/dev/null
unset TZ
"$bindir/sa-nat64" "${ask[@]}" -i lower who 198.51.100.1:443 --json >who-now.json 2>/dev/null
for file in who.json who-now.json; do
	python3 "$root/tests/tools/check_schema.py" "$root/proto/who.schema.json" "$file"
done >"$work/log" 2>&1
verdict who-schema "$work/log"

# What runs, and a changed file. Instance upper is in the file and does not run; nobody plays sa-nat64-syncd yet.
check config "${ask[@]}" config
check config-one "${ask[@]}" config -i siit
check config-json "${ask[@]}" -i siit config --json
check config-down "${ask[@]}" -i upper config
check config-nothing -r nowhere config
check config-argument "${ask[@]}" config lower
check dns64-runs "${ask[@]}" dns64 bind
check dns64-runs-one "${ask[@]}" -i lower dns64 unbound
check dns64-json "${ask[@]}" dns64 unbound --json
check reload-stranger "${ask[@]}" reload
check reload-same "${ask[@]}" reload lower
check reload-down "${ask[@]}" reload upper
check reload-help reload --help
cp cli.conf whole.conf
sed -i 's/^tun = siit$/tun = siit7\nmtu4 = 1400/' cli.conf
check reload-restart "${ask[@]}" reload siit
check reload-restart-json "${ask[@]}" reload siit --json
sed 's/^tun = siit$/&\nmtu4 = 1400/' whole.conf >cli.conf
check reload-dry-run "${ask[@]}" reload siit --dry-run
check reload-done "${ask[@]}" reload siit
check config-reloaded "${ask[@]}" config -i siit
sed 's/^tun = siit$/&\nmtu4 = 14\nmtu5 = 1400/' whole.conf >cli.conf
check reload-error "${ask[@]}" reload
cp whole.conf cli.conf
check reload-done-json "${ask[@]}" reload siit --json
{
	"$bindir/sa-nat64" "${ask[@]}" -i lower config >runs.conf
	"$bindir/sa-nat64" --check-config -c runs.conf
	diff <("$bindir/sa-nat64" "${ask[@]}" -i lower config) runs.conf # asked twice: the same
	sed -e '/^\[instance siit\]/,$d' whole.conf | grep -c '^bib' >"$work/bindings"
	[ "$(grep -c '^bib' runs.conf)" = "$(<"$work/bindings")" ] || echo "not all bindings: $(cat runs.conf)"
} >"$work/log" 2>&1
verdict config-is-accepted-as-a-file "$work/log"

check trace-bad-verdict "${ask[@]}" -i lower trace --verdict lost
check trace-bad-verdict-for-all "${ask[@]}" trace --verdict lost
check trace-two-outputs "${ask[@]}" -i lower trace --pcapng - --json
check trace-not-writable "${ask[@]}" -i lower trace --pcapng missing/file.pcapng
check trace-down "${ask[@]}" -i upper trace --limit 1
check trace-help trace --help
check explain-udp "${ask[@]}" -i lower explain --from 2001:db8::5 --to 64:ff9b::1.2.3.4 --udp 4000:53
check explain-drop "${ask[@]}" -i lower explain --from 2001:db8::5 --to 64:ff9b::10.0.0.1 --tcp 4000:80
check explain-json "${ask[@]}" -i lower explain --from 2001:db8::5 --to 64:ff9b::10.0.0.1 --tcp 4000:80 --json
check explain-too-big "${ask[@]}" -i lower explain --from 2001:db8::5 --to 64:ff9b::1.2.3.4 --udp 4000:53 --length 3000
check explain-inbound "${ask[@]}" -i lower explain --from 1.2.3.4 --to 198.51.100.1 --tcp 4000:443
check explain-siit "${ask[@]}" -i siit explain --from 2001:db8:10::10 --to 2001:db8:64::192.0.2.1 --icmp 7
check explain-ttl "${ask[@]}" -i siit explain --from 192.0.2.1 --to 203.0.113.10 --proto 50 --ttl 1
check explain-fragments "${ask[@]}" -i siit explain \
	--hex '45 00 00 1c 00 01 20 01 40 11 5c c3 c0 00 02 01 cb 00 71 0a 01 02 03 04 05 06 07 08'
check explain-all "${ask[@]}" explain --from 2001:db8::5 --to 64:ff9b::1.2.3.4 --icmp 9
check explain-short "${ask[@]}" -i lower explain --from 2001:db8::5 --to 64:ff9b::1.2.3.4 --tcp 1:2 --length 59
check explain-bad-hex "${ask[@]}" explain --hex '60 0z'
check explain-no-packet "${ask[@]}" explain
check wrong-command "${ask[@]}" sesion
check wrong-option "${ask[@]}" status --jsno
check wrong-value "${ask[@]}" sessions --host 192.0.2.1
check no-command "${ask[@]}"
check help --help
check help-bib bib --help
check check-config -c cli.conf -t
check config-missing -c nowhere.conf status
check daemon-missing -r nowhere -i lower status
check daemon-missing-sessions -r nowhere -i lower sessions
check rundir-missing -r nowhere sessions

# ---- replication ----

# play SOCKET REPLIES: answer there from now on, in the place of who did before
play() {
	mkdir -p "played/$(dirname "$1")"
	rm -f "played/$1"
	"$root/tests/tools/fake_control.py" "played/$1" "$golden/replies/$2.json" >>"$work/played.log" 2>&1 &
	pids+=($!)
	until_true 60 [ -S "played/$1" ] || die "nobody plays $1"
}

sed "s,DIRECTORY,$work," "$golden/sync.conf" >sync.conf
played=(-c sync.conf -r played)
for instance in lower siit upper; do
	play "$instance/control.sock" "$instance"
done
check sync-absent-status "${played[@]}" -i lower status
check sync-absent-status-json "${played[@]}" -i lower status --json
check sync-absent-peers "${played[@]}" peers
check sync-absent-check "${played[@]}" check
check sync-off-peers "${ask[@]}" peers
check sync-off-resync -r played resync
play syncd.sock peers-well
check sync-well-status "${played[@]}" status
check sync-well-status-json "${played[@]}" status --json
check sync-well-peers "${played[@]}" peers
check sync-well-peers-json "${played[@]}" peers --json
check sync-well-peers-no-config -r played peers
check sync-well-check "${played[@]}" check --warning 97 --critical 98
check sync-well-check-pool "${played[@]}" check
check sync-well-check-one "${played[@]}" -i lower check --warning 40 --critical 45 --json
check sync-wrong-reply "${played[@]}" resync
play syncd.sock peers-wrong
check sync-wrong-status "${played[@]}" status
check sync-wrong-peers "${played[@]}" peers
check sync-wrong-peers-json "${played[@]}" peers --json
check sync-wrong-check "${played[@]}" check
check sync-wrong-check-lag "${played[@]}" -i lower check --lag 5000 --warning 99 --critical 99
play syncd.sock peers-no-link
check sync-no-link-status "${played[@]}" -i upper status
check sync-no-link-peers "${played[@]}" peers
play syncd.sock peers-seals-past
check sync-seals-past "${played[@]}" -i lower check --warning 90
play syncd.sock peers-seals-rising
check sync-seals-rising "${played[@]}" -i lower check --warning 90
play syncd.sock peers-lower-only
check sync-other-config-status "${played[@]}" -i upper status
check sync-other-config-check "${played[@]}" -i upper check --warning 99 --critical 99
play syncd.sock refused
check sync-refused-peers "${played[@]}" -i middle peers
play syncd.sock resync
check sync-resync "${played[@]}" resync
play upper/control.sock upper-full
rm played/lower/control.sock
check check-down-and-full "${played[@]}" check
check check-siit -r played -i siit check
check check-no-box -c nowhere.conf -r nowhere check
check check-no-rundir -r nowhere check
check check-wrong-limits check --warning 90 --critical 80
check check-wrong-value check --warning 80%

# IPFIX collectors.
play syncd.sock peers-well
play lower/control.sock logging-status
check logging-status "${played[@]}" -i lower status
check logging-status-json "${played[@]}" -i lower status --json
check logging-check "${played[@]}" -i lower check
play lower/control.sock logging-stats
check logging-stats "${played[@]}" -i lower stats
check logging-stats-json "${played[@]}" -i lower stats --json

# Nobody waits longer than two seconds for a daemon that hangs.
play syncd.sock silent
play lower/control.sock silent
: >"$work/late"
for name in status peers check; do
	before=$(date +%s%N)
	check "sync-hung-$name" "${played[@]}" "$name"
	in_two_seconds "$before" "$bindir/sa-nat64" "${played[@]}" "$name" >>"$work/late"
done
verdict sync-hung-within-two-seconds "$work/late"
play lower/control.sock lower

# A sa-nat64-syncd of an earlier version beside translators of this one.
play ../run/syncd.sock older
sed '/^\[instance upper\]/,$d' whole.conf >one.conf
check config-older-all -r run config
check reload-older -c one.conf -r run reload
rm run/syncd.sock

# ---- health ----

sed "s,DIRECTORY,$work," "$golden/health.conf" >health.conf
health=(-c health.conf -r played)
play upper/control.sock upper
play syncd.sock peers-well
check health-absent "${health[@]}" health
check health-absent-status "${health[@]}" -i lower status
check health-absent-status-json "${health[@]}" -i lower status --json
check health-absent-check "${health[@]}" check --warning 98 --critical 99
check health-absent-drain "${health[@]}" drain
play healthd.sock health-well
check health-well "${health[@]}" health
check health-well-json "${health[@]}" -i lower health --json
check health-well-status "${health[@]}" status
check health-well-status-json "${health[@]}" -i lower status --json
check health-well-status-no-routers "${played[@]}" -i lower status
check health-well-check "${health[@]}" check --warning 98 --critical 99
play healthd.sock health-wrong
check health-wrong "${health[@]}" health
check health-wrong-json "${health[@]}" health --json
check health-wrong-status "${health[@]}" status
check health-wrong-check "${health[@]}" check --warning 98 --critical 99
play healthd.sock health-frr
check health-frr "${health[@]}" health
check health-frr-status "${health[@]}" -i lower status
check health-frr-check "${health[@]}" check --warning 98 --critical 99
play healthd.sock health-lower-only
check health-other-config-status "${health[@]}" -i upper status
check health-other-config-check "${health[@]}" -i upper check --warning 98 --critical 99
play healthd.sock drain-done
check drain-done "${health[@]}" drain lower --reason "replacing the power supply"
play healthd.sock drain-done
check drain-done-json "${health[@]}" drain -i lower --json
play healthd.sock drain-done
check drain-no-wait "${health[@]}" drain --wait 0
play healthd.sock drain-late
check drain-late "${health[@]}" drain lower --wait 1
play healthd.sock drain-no-routers
check drain-no-routers "${health[@]}" drain lower
play healthd.sock undrain-done
check undrain-done "${health[@]}" undrain lower
play healthd.sock undrain-late
check undrain-late "${health[@]}" undrain lower --wait 1
play healthd.sock refused-health
check health-refused "${health[@]}" health middle
check drain-refused "${health[@]}" drain middle
check drain-two drain lower upper
check drain-bad-name drain 'low/er'
check drain-bad-wait drain --wait 1m
check drain-help drain --help
mv played/upper/control.sock played/upper/away
play healthd.sock health-wrong
check health-down-status "${health[@]}" -i upper status
check health-down-check "${health[@]}" -i upper check
play healthd.sock health-well
check health-just-down-status "${health[@]}" -i upper status
mv played/upper/away played/upper/control.sock

check frr-config "${health[@]}" frr-config --node gw-a
check frr-config-lower -c health.conf frr-config lower -n gw-a --interface eth0
check frr-config-no-node -c health.conf frr-config --node gw-z
check frr-config-no-instance -c health.conf frr-config middle -n gw-a
check frr-config-no-network -c health.conf frr-config siit -n gw-a
check frr-config-no-routers -c health.conf frr-config -n gw-b
check frr-config-bad-interface -c health.conf frr-config --interface 'eth 0'
printf '[instance alone]\npool4 = 198.51.100.1\n' >alone.conf
check frr-config-alone -c alone.conf frr-config
check health-not-needed -c alone.conf -r nowhere health
check instance-unknown -c alone.conf -r nowhere -i middle status
check instance-unknown-check -c alone.conf -r nowhere -i middle check
check frr-config-json -c health.conf frr-config --json

# What frr-config prints is what FRR reads, also when the peers are taken out of their comments.
"$bindir/sa-nat64" "${health[@]}" frr-config --node gw-a >printed.conf
sed -E 's/^ !( +profile| peer)/\1/' printed.conf >peers.conf
{
	[ "$(grep -c '^ peer' peers.conf)" = 4 ] || echo "not all peers: $(cat peers.conf)"
	chmod 755 . # for bfdd, which is user frr
	for file in printed.conf peers.conf; do
		vtysh -C -f "$work/$file" || echo "vtysh refuses $file"
		# an empty /var/tmp: bfdd complains of what one of the same pid, killed long ago, left there
		# shellcheck disable=SC2016 # $@ is of the shell inside
		unshare --mount sh -c 'mount -t tmpfs tmpfs /var/tmp && exec "$@"' sh \
			/usr/lib/frr/bfdd -C -N "$ns" -f "$work/$file" 2>&1 | grep -v "interface uplink0 .* doesn't exist"
	done
	chmod 700 .
} >"$work/log" 2>&1
verdict frr-config-is-accepted "$work/log"

play healthd.sock silent
: >"$work/late"
for name in status health drain check; do
	before=$(date +%s%N)
	check "health-hung-$name" "${health[@]}" "$name"
	in_two_seconds "$before" "$bindir/sa-nat64" "${health[@]}" "$name" >>"$work/late"
done
verdict health-hung-within-two-seconds "$work/late"
play healthd.sock health-well

# The key file.
check sync-key-make "${played[@]}" sync-key
check sync-key-again "${played[@]}" sync-key
check sync-key-good "${played[@]}" sync-key --check
cp sync.key first.key
check sync-key-force "${played[@]}" sync-key --force
chmod 644 first.key
check sync-key-readable sync-key --check first.key
echo 0123 >short.key && chmod 600 short.key
check sync-key-short sync-key --check short.key
check sync-key-no-directory sync-key nowhere/sync.key
check sync-key-both "${played[@]}" sync-key --check --force
check sync-key-two sync-key one.key two.key
check sync-key-bad-config -c nowhere.conf sync-key
{
	cmp -s sync.key first.key && echo "--force left the old key in place"
	[ "$(stat -c %a sync.key)" = 600 ] || echo "mode $(stat -c %a sync.key)"
	grep -qxE '[0-9a-f]{64}' sync.key || echo "no line of 64 hexadecimal digits"
	ls ./*.new ./*/*.new 2>/dev/null
} >"$work/log"
verdict sync-key-file "$work/log"

# Everyone else has no business here; the directory says so, and so does the socket.
chmod 755 "$work" run run/lower
cat >unprivileged <<SCRIPT
#!/bin/sh
exec setpriv --reuid 65534 --regid 65534 --clear-groups ./program/sa-nat64 "\$@"
SCRIPT
chmod 755 unprivileged
mkdir program && cp "$bindir/sa-nat64" program/
real=$bindir
mkdir as-nobody && ln -s ../unprivileged as-nobody/sa-nat64
bindir=$work/as-nobody
check permission-socket -r run -i lower stats
chgrp daemon run/lower/control.sock
check permission-group -r run -i lower stats
chmod 750 run
check permission-directory -r run stats
check permission-dns64 "${ask[@]}" dns64 bind
check permission-config "${ask[@]}" config
check permission-reload "${ask[@]}" reload --dry-run
chmod 700 played
check permission-check "${played[@]}" -i lower check
check permission-peers "${played[@]}" peers
check permission-status "${played[@]}" -i lower status
check permission-health "${health[@]}" health
check permission-health-check "${health[@]}" -i lower check
bindir=$real

# ---- the whole ----

# JSON keys against the schema; text within 80 columns; every verdict known to stats.
# fits SCHEMA ARGUMENT...: what this command line prints with --json
fits() {
	"$bindir/sa-nat64" "${@:2}" --json >"$work/schema.json" 2>/dev/null
	python3 "$root/tests/tools/check_schema.py" "$root/proto/$1.schema.json" "$work/schema.json" 2>&1 | sed "s/^/${*:2}: /"
}
{
	for name in status stats sessions bib pool4 capabilities check config; do
		fits "$name" "${ask[@]}" "$name"
	done
	fits counts "${ask[@]}" sessions --count
	fits counts "${ask[@]}" bib --count
	fits bib-change "${ask[@]}" -i lower bib add tcp '[2001:db8:7::81]:80' 198.51.100.1:80
	fits bib-change "${ask[@]}" -i lower bib remove tcp 198.51.100.1:80
	fits explain "${ask[@]}" explain --from 2001:db8::5 --to 64:ff9b::1.2.3.4 --icmp 9
	fits explain "${ask[@]}" -i lower explain --from 2001:db8::5 --to 64:ff9b::1.2.3.4 --udp 4000:53 --length 3000
	fits explain "${ask[@]}" -i siit explain --from 192.0.2.1 --to 203.0.113.10 --proto 50 --ttl 1
	fits reload "${ask[@]}" reload lower
	fits reload "${ask[@]}" reload upper
	for replies in peers-well peers-wrong peers-no-link silent; do
		play syncd.sock "$replies"
		fits status "${played[@]}" status
		fits check "${played[@]}" check
		[ "$replies" = silent ] || fits peers "${played[@]}" peers
	done
	for command in status stats; do
		play lower/control.sock "logging-$command"
		fits "$command" "${played[@]}" -i lower "$command"
	done
	play lower/control.sock lower
	for replies in health-well health-wrong health-frr health-lower-only silent; do
		play healthd.sock "$replies"
		fits status "${health[@]}" status
		fits check "${health[@]}" check
		[ "$replies" = silent ] || fits health "${health[@]}" health
	done
	play syncd.sock resync
	fits resync "${played[@]}" resync
	for replies in drain-done drain-late drain-no-routers; do
		play healthd.sock "$replies"
		fits drain "${health[@]}" drain --wait 0
	done
} >"$work/log"
verdict json-fits-its-schemas "$work/log"
"$bindir/sa-nat64" "${ask[@]}" status 2>/dev/null | awk 'length > 80' >"$work/log"
for command in "stats --all" pool4 "pool4 --addresses" capabilities; do
	# shellcheck disable=SC2086 # the words of one command
	"$bindir/sa-nat64" "${ask[@]}" $command 2>/dev/null | awk 'length > 80' >>"$work/log"
done
for replies in peers-well peers-wrong peers-no-link; do
	play syncd.sock "$replies"
	"$bindir/sa-nat64" "${played[@]}" status
	"$bindir/sa-nat64" "${played[@]}" peers
done >"$work/shown" 2>/dev/null # no pipe: a shell behind it would not tell this one whom to end
for replies in health-well health-wrong health-frr; do
	play healthd.sock "$replies"
	"$bindir/sa-nat64" "${health[@]}" status
	"$bindir/sa-nat64" "${health[@]}" health
done >>"$work/shown" 2>/dev/null
awk 'length > 80' "$work/shown" >>"$work/log"
verdict text-fits-80-columns "$work/log"
"$bindir/sa-nat64" "${ask[@]}" -i lower stats --all --json | grep -o '"verdict": "[^"]*"' | cut -d'"' -f4 >"$work/named"
sed -nE 's/^X\([A-Z0-9_]+, "([^"]*)".*/\1/p' "$root/translator/verdict.def" | diff - "$work/named" >"$work/log"
verdict stats-know-every-verdict "$work/log"

# The manual shows commands that exist, with options that they have; what is behind a bar is another program. So do the
# sentences of all programs, where %s is the name of an instance.
{
	grep -hE '^\$ sa-nat64 ' "$root"/docs/*.md "$root"/README.md | cut -c3- | sed 's/ | .*//'
	grep -ohE '`sa-nat64 [^`%]*`' "$root"/docs/*.md "$root"/README.md "$root"/*/*.c | grep -v COMMAND | tr -d '`'
	grep -ohE "'sa-nat64 [^']*'" "$root"/*/*.c | sed "s/%s/lower/g" | tr -d "'"
} | sort -u >"$work/shown"
: >"$work/log"
[ -s "$work/shown" ] || echo "no command found in docs/" >"$work/log"
while read -r line; do
	(
		sa-nat64() { "$bindir/sa-nat64" "$@" --help </dev/null >/dev/null; }
		touch packet.hex
		eval "$line"
	) 2>>"$work/log" || echo "does not work: $line" >>"$work/log"
done <"$work/shown"
verdict manual-shows-real-commands "$work/log"

# Without the kernel's forwarding nothing gets to them.
ip netns exec "$ns" sysctl -qw net.ipv4.ip_forward=0
is_down() { "$bindir/sa-nat64" "${ask[@]}" -i "$1" status >"$work/cli.log" 2>&1; [ $? = 1 ]; }
for instance in lower siit; do
	until_true 5 is_down "$instance" || die "instance $instance is not down"
done
check forwarding-off-status "${ask[@]}" -i siit status
check forwarding-off-status-json "${ask[@]}" -i siit status --json
check forwarding-off-check "${ask[@]}" -i siit check
ip netns exec "$ns" sysctl -qw net.ipv4.ip_forward=1

# A stopped translator costs less than two seconds and is named; so does a full disk.
kill -STOP "${pids[0]}"
before=$(date +%s%N)
check daemon-hung "${ask[@]}" status
in_two_seconds "$before" "$bindir/sa-nat64" "${ask[@]}" status >"$work/late"
verdict daemon-hung-within-two-seconds "$work/late"
kill -CONT "${pids[0]}"
"$bindir/sa-nat64" "${ask[@]}" -i lower stats >/dev/full 2>"$work/full"
: >"$work/log"
grep -q 'cannot write the output: No space left' "$work/full" || echo "a full disk goes unnoticed" >"$work/log"
verdict full-disk "$work/log"

# A killed one leaves a socket that nobody listens on.
kill -KILL "${pids[0]}"
wait "${pids[0]}" 2>/dev/null
check daemon-killed "${ask[@]}" -i lower sessions

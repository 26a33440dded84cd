#!/bin/bash
# How things are shown: shown.sh BINDIR
#
# Colours (one command of each kind, and that they change nothing else), widths (the longest values there can be), and the
# samples of `top --batch`. tests/tools/fake_control.py plays all programs; each case runs one command and compares command
# line, output, complaints and exit status with shown/NAME.txt, where <1;31> stands for the escape sequence of a colour.
# UPDATE=1 writes the files; read the difference.
set -uo pipefail
. "$(dirname "$0")/played.sh"
golden=$root/tests/golden/shown
unset NO_COLOR

normalise() {
	sed -E -e "s,$work,DIRECTORY,g; s/node $(hostname)\$/node HOST/; s/\x1b\[([0-9;]*)m/<\1>/g" \
		-e 's/^(time  *)[0-9:.]+/\1N/; s/"time": "[^"]*"/"time": "N"/; s/^[0-9:]{8}\.[0-9]{6}/TIME/'
}

sed "s,DIRECTORY,$work," "$root/tests/golden/cli/health.conf" >box.conf
for instance in lower siit upper; do
	play "$instance/control.sock" "$replies/$instance.json"
done
play syncd.sock "$replies/peers-wrong.json"
play healthd.sock "$replies/health-wrong.json"

# ---- colours ----

box=(-c box.conf -r run)
always=("${box[@]}" --color always)
check color-status "${always[@]}" -i lower status
check color-health "${always[@]}" health upper
check color-peers "${always[@]}" peers
check color-check "${always[@]}" check
check color-json "${always[@]}" -i lower health --json
check color-which status --color sometimes
play lower/control.sock "$golden/replies/explain.json"
check color-explain "${always[@]}" -i lower explain --from 2001:db8::5 --to 64:ff9b::10.0.0.1 --udp 4000:53
play lower/control.sock "$golden/replies/trace.json"
check color-trace "${always[@]}" -i lower trace --limit 2
play lower/control.sock "$replies/lower.json"

# The lines are those without colours, byte for byte.
for command in status health peers check; do
	"$bindir/sa-nat64" "${always[@]}" $command 2>&1 | sed -E 's/\x1b\[[0-9;]*m//g' >painted
	"$bindir/sa-nat64" "${box[@]}" $command >plain 2>&1
	diff -u plain painted >>log
done
verdict colours-change-nothing-else

# painted [VARIABLE=VALUE...] [-- OPTION...]: how many sequences status has on a terminal
painted() {
	local variables=()
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		variables+=("$1")
		shift
	done
	[ $# = 0 ] || shift
	env "${variables[@]}" script -qec "'$bindir/sa-nat64' ${box[*]} status $*" /dev/null </dev/null | grep -c "$(printf '\033\\[')"
}
{
	[ "$(painted TERM=xterm)" -gt 0 ] || echo "no colours on a terminal"
	[ "$(painted TERM=xterm NO_COLOR=)" -gt 0 ] || echo "an empty NO_COLOR counts"
	[ "$(painted TERM=xterm NO_COLOR=1)" = 0 ] || echo "colours in spite of NO_COLOR"
	[ "$(painted TERM=dumb)" = 0 ] || echo "colours on TERM=dumb"
	[ "$(painted -u TERM)" = 0 ] || echo "colours without TERM"
	[ "$(painted TERM=xterm -- --color never)" = 0 ] || echo "colours in spite of --color never"
	[ "$(painted TERM=dumb NO_COLOR=1 -- --color always)" -gt 0 ] || echo "no colours in spite of --color always"
	TERM=xterm "$bindir/sa-nat64" "${box[@]}" status | grep -c "$(printf '\033')" | grep -vx 0
} >log 2>&1
verdict colours-where-they-are-wanted

# ---- widths ----

# Values as long as they get: names of 31 letters, IPv6 peers, counters of 64 bits, a path of 107 bytes in a sentence of 400.
python3 - <<'PYTHON' || echo "no replies" >log
import json

most, name = 2**64 - 1, 'a-name-of-thirty-one-letters-xy'
path = '/run/' + 'a-directory-of-a-long-name/' * 3 + 'sock/control.sock-and-more'
why = ('the state file %s cannot be used; ' % path + 'see what is there and whether there is room for it ' * 8)[:399]
peers6 = ['2001:db8:6464:aaaa:bbbb:cccc:dddd:%x' % n for n in (0xeeee, 0xffff)]
both = {'from6': most, 'from4': most}
each = {'tcp': most, 'udp': most, 'icmp': most}
status = {
    'cluster': name, 'node': name, 'instance': name, 'mode': 'nat64', 'namespace': 'nat64-' + name, 'pid': 4194304,
    'uptime_us': most, 'health': 'degraded', 'reason': why, 'fast_path': 'off', 'fast_path_reason': why, 'sessions': each,
    'sessions_max': 2**32 - 1, 'bindings': most, 'static_bindings': 2**32 - 1, 'pool4_used': each, 'pool4_ports': each,
    'packets': both, 'bytes': both, 'table_bytes': most, 'resident_bytes': most, 'fast_packets': both, 'state_file': why,
    'drops': [{'name': 'a-reason-of-many-letters-%02d' % n, 'count': most, 'drop': 1} for n in range(40)],
    'feed': {'attached': 0, 'reason': why}}
probe = {'sent': most, 'answered': most, 'lost_6to4': 2**62, 'lost_4to6': 2**62, 'latency_6to4_us': most, 'latency_4to6_us': most,
         'latency_max_us': most, 'silent_us': most, 'problem': why}
bfd = [{'peer': peer, 'state': 'admin-down', 'reason': why, 'detection_us': most} for peer in peers6]
health = {'name': name, 'state': 'degraded', 'reason': why, 'since_us': most, 'serving': 1, 'falls': most, 'bfd': bfd,
          'bfd_problem': why, 'slow': probe, 'fast': probe, 'interface': 'an-interface-15', 'sync': 'joining'}
peers = [{'node': 'b' + name[1:], 'id': 15, 'state': 'not-accepted', 'reason': why, 'lag_us': most, 'lost': most}]
sync = {'name': name, 'state': 'joining', 'reason': why, 'queue_repair': 2**62, 'queue_news': 2**62, 'queue_bulk': 2**62,
        'peers': peers}
for file, replies in (
        ('status', [{'status': status}]),
        ('health', [{'health': {'node': name, 'version': '1.0', 'instances': [health]}}]),
        ('peers', [{'peers': {'cluster': name, 'node': name, 'link': why, 'interface': 'an-interface-15',
                              'instances': [sync]}}])):
    with open('long-%s.json' % file, 'w', encoding='utf-8') as f:
        json.dump(replies, f)
PYTHON
name=a-name-of-thirty-one-letters-xy
play "$name/control.sock" long-status.json
play syncd.sock long-peers.json
play healthd.sock long-health.json
check long-status -r run -i $name status
"$bindir/sa-nat64" -r run -i $name status | awk 'length > 80' >log
"$bindir/sa-nat64" -r run -i $name status | tr -s ' \n' ' ' |
	grep -o 'directory-of-a-long-name/a-directory' >/dev/null || echo "a path is cut, not continued" >>log
"$bindir/sa-nat64" -r run -i $name health | awk 'length > 80' >>log
verdict longest-values-fit-80-columns

# ---- samples of top ----

play lower/control.sock "$golden/replies/top-lower.json"
play siit/control.sock "$golden/replies/top-siit.json"
rm run/upper/control.sock
play syncd.sock "$replies/peers-well.json"
play healthd.sock "$replies/health-wrong.json"
check top-batch "${box[@]}" top --batch 1 --interval 0.2
play lower/control.sock "$golden/replies/top-lower.json"
check top-batch-two "${box[@]}" top --batch 2 --interval 0.2 -i lower
play lower/control.sock "$golden/replies/top-lower.json"
check top-batch-json "${box[@]}" top --batch 2 --interval 0.2 --json -i lower
check top-no-terminal "${box[@]}" top
check top-json-alone "${box[@]}" top --json
check top-bad-interval "${box[@]}" top --interval 0.1
check top-bad-batch "${box[@]}" top --batch 0
check top-nobody -r nowhere top --batch 1
check top-help top --help
for instance in lower siit upper; do
	play lower/control.sock "$golden/replies/top-lower.json"
	"$bindir/sa-nat64" "${box[@]}" top --batch 2 --interval 0.2 --json -i $instance 2>/dev/null | while read -r line; do
		echo "$line" >line.json
		python3 "$root/tests/tools/check_schema.py" "$root/proto/top.schema.json" line.json
	done
done >log 2>&1
verdict top-schema
# One that hangs costs the others nothing, and is named when it is given up, which the last sample waits for.
play lower/control.sock "$replies/silent.json"
"$bindir/sa-nat64" "${box[@]}" top --batch 12 --interval 0.2 --json 2>/dev/null | python3 -c '
import json, statistics, sys
samples = [json.loads(line) for line in sys.stdin]
times = [float(s["time"][17:-1]) for s in samples]
gaps = [(b - a) % 60 for a, b in zip(times, times[1:])]
lower, siit = [[s["instances"][i] for s in samples] for i in (0, 1)]
if len(samples) != 12 or statistics.median(gaps) > 1:  # 1.5 each, if they waited
    print("samples are late", gaps)
if not all("packets_rate" in one for one in siit):
    print("the other one is missing", siit)
if "within 1.5 s: the translator hangs" not in lower[-1]["reason"]:
    print("nobody says that it hangs", lower[-1])
' >log 2>&1
verdict top-goes-on-when-one-hangs

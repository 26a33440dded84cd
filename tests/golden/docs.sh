#!/bin/bash
# What the manuals show is so: docs.sh BINDIR
#
# Blocks of docs/*.md that are marked "ini check", "bird" or "frr" (with further words behind them, or none) are read by the
# programs they are for; commands of "$ " lines are those of programs and units that exist. Commands of sa-nat64 itself are
# cli.sh's.
set -uo pipefail
. "$(dirname "$0")/verdict.sh"

bindir=$(realpath "$1")
root=$(realpath "$(dirname "$0")/../..")
docs=$root/docs
campus=$docs/examples/campus.conf
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# blocks MARK: each block of that mark into a file MARK-N
blocks() {
	awk -v mark="$1" -v name="${1// /-}" '
		/^```/ && inside { inside = 0; next }
		inside { print > file }
		/^```/ && ($0 == "```" mark || index($0, "```" mark " ") == 1) { inside = 1; file = name "-" ++n }' "$docs"/*.md
	ls "${1// /-}"-* >/dev/null 2>&1 || echo "no block \"$1\" found in docs/"
}

: >log
blocks "ini check" >>log
for file in ini-check-*; do
	"$bindir/sa-nat64-translator" --check-config --config "$file"
done >>log 2>&1
verdict configurations-are-accepted

blocks bird >>log
for file in bird-*; do
	bird -p -c "$file" >>log 2>&1 || echo "bird refuses $file" >>log
done
verdict bird-accepts-its-configuration

blocks frr >>log
for file in frr-*; do
	vtysh -C -f "$work/$file" >>log 2>&1 || echo "vtysh refuses $file" >>log
done
verdict frr-accepts-its-configuration

# The page shows a part of the example, and the router's next hops are addresses in it.
grep -v '^$' ini-check-1 | while read -r line; do
	sed 's/ *;.*//' "$campus" | grep -xF "$line" >/dev/null || echo "not in campus.conf: $line"
done >>log
grep -ho 'via [^ ;]*' bird-* | sort -u | while read -r _ address; do
	grep -qE "^address = $address/" "$campus" || echo "$address is no address of campus.conf"
done >>log
verdict the-campus-is-the-same-everywhere

for node in gw-a gw-b; do
	"$bindir/sa-nat64" -c "$campus" frr-config -n "$node" >"$node.conf"
	[ "$(grep -c '^ ! peer' "$node.conf")" = 6 ] || echo "$node has other peers: $(grep peer "$node.conf")"
	vtysh -C -f "$work/$node.conf"
done >>log 2>&1
verdict frr-config-of-the-campus

grep -hE '^\$ sa-nat64-' "$docs"/*.md "$root/README.md" | cut -c3- | sort -u | while read -r program arguments; do
	eval "$bindir/$program $arguments --help" >help 2>&1 && [ -s help ] || echo "does not work: $program $arguments"
done >>log
grep -hoE '^\$ systemctl .*' "$docs"/*.md | grep -oE 'sa-nat64[a-z-]*(@[a-z]+)?(\.(service|target))?( |$)' | sort -u |
	sed 's/@[a-z]*/@/; s/ $//; /\./!s/$/.service/' | while read -r unit; do
	[ -e "$root/systemd/$unit.in" ] || echo "no unit $unit"
done >>log
verdict programs-and-units-exist

# A reason that the manuals quote is one that a program gives: PLACEHOLDERS, the instance, a sysctl and "..." stand for
# anything.
python3 - "$root" >>log <<'PYTHON'
import glob
import re
import sys

root = sys.argv[1]
sentences = []
for path in glob.glob(root + '/healthd/*.c') + glob.glob(root + '/syncd/*.c') + glob.glob(root + '/cli/*.c') + [
        root + '/translator/forwarding.c']:
    with open(path, encoding='utf-8') as f:
        joined = re.sub(r'"\s*(?:PRI\w+|[A-Z_]+)?\s*"', '', f.read())
    sentences += [re.sub(r'%(\.\d+)?(zu|s|d|u)?', '\0', s) for s in re.findall(r'"((?:[^"\\\n]|\\.)*)"', joined)]
sentences += [s.replace('\0 did not \0', who) for s in sentences for who in ('vtysh did not end', 'bfdd did not answer')]
text = '\n'.join(sentences)

quoted = []
with open(root + '/docs/operations.md', encoding='utf-8') as f:
    for state, reasons in re.findall(r'^\| `(?:drained|starting|down|warming|degraded)`[^|]*(\|)([^|]*)\|', f.read(), re.M):
        quoted += re.findall('`([^`]+)`', reasons)
with open(root + '/docs/campus.md', encoding='utf-8') as f:
    quoted += re.findall(r'`(?:down|degraded|warming|drained) \(([^`]*)\)`', f.read())
if len(quoted) < 40:
    print('only %d reasons found in the manuals' % len(quoted))
for reason in quoted:
    parts = re.split(r':? *(?:\b(?:net\.\S+ is|[A-Z]|REASON|STATE|6to4|uplink0|lower|150|300|900|1000)\b|\.\.\.)', reason)
    if not re.search('.*'.join(re.escape(part.strip()) for part in parts), text):
        print('no program says "%s"' % reason)
PYTHON
verdict reasons-are-those-of-the-programs

"$root/tests/tools/docs_commands.py" "$bindir"
"$root/tests/tools/docs_verdicts.py"

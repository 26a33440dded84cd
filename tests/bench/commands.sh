#!/bin/bash
# What it takes to ask the whole box: status, check, metrics of three instances, with all real programs (tests/scenario/three.sh),
# and what top costs while it runs. Run by `make bench-commands`.
#
# Environment: REPEAT (50) runs of each command. The result is build/bench/commands.json; tests/bench/table.py puts it into
# docs/benchmark.md. Nothing here fails for being slow, only for not running.
. "$(dirname "$0")/../scenario/lib.sh"
. "$(dirname "$0")/../scenario/three.sh"

out=$root/build/bench
mkdir -p "$out"
scenario_open
three_network
three_start
is_whole() {
	{ cli status --json || true; } | python3 -c 'import json, sys
lower, upper, siit = json.load(sys.stdin)["instances"]
sys.exit(not all(one["pid"] for one in (lower, upper, siit)) or upper["health"] != "up" or lower["sync"]["state"] != "in-sync")'
}
wait_for 20 is_whole || {
	cli status
	echo "bench: the box is not whole" >&2
	exit 1
}
"$root/tests/bench/commands.py" "${REPEAT:-50}" "$out/commands.json" "$bin/sa-nat64" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run"

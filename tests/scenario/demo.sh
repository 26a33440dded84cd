#!/bin/bash
# A demo as `make demo` runs it: every step succeeds, and nothing of it is left behind. usage: demo.sh [NAME]
set -euo pipefail

cd "$(dirname "$0")/../.."
env -u KEEP "netns/${1:-demo}.sh" &
demo=$!
trap 'kill "$demo" 2>/dev/null || true; wait "$demo" || true' TERM INT
wait "$demo"

left=$(ip netns list | grep "^sn64-$demo-" || true)
left+=$(find "${TMPDIR:-/tmp}" /etc/netns -maxdepth 1 -name "sn64-$demo[.-]*" 2>/dev/null || true)
left+=$(grep "sn64-$demo\." /proc/mounts || true)
if [ -n "$left" ]; then
	echo "the demo left behind: $left"
	exit 1
fi

# shellcheck shell=bash
# Sourced by golden tests of a box whose programs tests/tools/fake_control.py plays, in a directory of their own. $1 is BINDIR.
. "$(dirname "${BASH_SOURCE[0]}")/verdict.sh"

# shellcheck disable=SC2034 # for those who source this
bindir=$(realpath "$1")
root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
# shellcheck disable=SC2034
replies=$root/tests/golden/cli/replies
work=$(mktemp -d)
pids=()
cleanup() {
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	rm -rf "$work"
}
trap cleanup EXIT
cd "$work" || exit 1
mkfifo never
: >log

until_true() {
	local deadline=$((SECONDS + 60))
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		read -r -t 0.05 <>never || true
	done
}

# play SOCKET FILE: answer there from now on, in the place of who did before
play() {
	mkdir -p "run/$(dirname "$1")"
	rm -f "run/$1"
	"$root/tests/tools/fake_control.py" "run/$1" "$2" >>played.log 2>&1 &
	pids+=($!)
	until_true [ -S "run/$1" ] || echo "nobody plays $1" >>log
}

# check NAME ARGUMENT...: one command against its golden file in $golden, both as normalise, which the test has, leaves them
check() {
	local name=$1
	shift
	{
		echo "\$ sa-nat64 $*"
		"$bindir/sa-nat64" "$@" 2>complaints </dev/null
		echo "exit $?"
		cat complaints
	} | normalise >"$name.txt"
	[ "${UPDATE:-}" != 1 ] || cp "$name.txt" "$golden/$name.txt"
	diff -u --label "$name.txt" --label printed "$golden/$name.txt" "$name.txt" >log 2>&1
	verdict "$name"
}

#!/bin/bash
# What systemd is told to start: generator.sh BINDIR
#
# For every generator/NAME.conf, sa-nat64-generator as node gw-a has to write what generator/NAME.out shows: links,
# drop-ins with their text, and what is said on standard error. UPDATE=1 writes NAME.out from what it does now; read
# the difference.
set -uo pipefail

bindir=$(realpath "$1")
cd "$(dirname "$0")/generator" || exit 1
tool=$bindir/sa-nat64-generator
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# tree DIRECTORY: every link and every file in it
tree() {
	(
		cd "$1" || exit
		find . -type l -printf '%P -> %l\n' | sort
		find . -type f -printf '%P\n' | sort | while read -r file; do
			echo "== $file"
			cat "$file"
		done
	)
}

# generate NAME [ARGUMENT...]: into $work/NAME; the whole outcome on standard output
generate() {
	local name=$1 status=0

	shift
	mkdir "$work/$name"
	"$tool" "$@" "$work/$name" 2>"$work/err" || status=$?
	tree "$work/$name"
	sed 's/^/stderr: /' "$work/err"
	[ "$status" = 0 ] || echo "exit status $status"
}

# verdict NAME EXPECTED PRINTED
verdict() {
	[ "${UPDATE:-}" != 1 ] || cp "$3" "$2"
	if diff -u --label "$2" --label printed "$2" "$3" >"$work/log" 2>&1; then
		echo "ok $1"
	else
		echo "FAIL $1"
		sed 's/^/     /' "$work/log"
	fi
}

for conf in *.conf; do
	name=${conf%.conf}
	generate "$name" -c "$conf" -n gw-a >"$work/out"
	verdict "$name" "$name.out" "$work/out"
done
generate stranger -c campus.conf -n gw-z >"$work/out"
verdict another-node stranger.out "$work/out"
generate absent -c "$work/absent.conf" >"$work/out"
verdict not-configured /dev/null "$work/out"
generate nowhere -c campus.conf -n gw-a >/dev/null
"$tool" -c campus.conf -n gw-a "$work/not/there" 2>"$work/err" >"$work/out"
echo "exit status $?" >>"$work/out"
echo "exit status 1" >"$work/expected"
UPDATE='' verdict no-directory "$work/expected" "$work/out"
UPDATE='' verdict no-directory-is-named <(sed "s|.*|sa-nat64-generator: cannot write $work/not/there: No such file or directory|" "$work/expected") "$work/err"

# Twice into the same directory, three directories as systemd gives it, and time enough at boot.
"$tool" -c campus.conf -n gw-a "$work/nowhere" "$work" "$work" 2>"$work/err"
echo "exit status $?" >"$work/out"
echo "exit status 0" >"$work/expected"
UPDATE='' verdict twice "$work/expected" "$work/out"
UPDATE='' verdict silent /dev/null "$work/err"

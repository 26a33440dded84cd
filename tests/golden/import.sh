#!/bin/bash
# What is made of other programs' configurations: import.sh BINDIR
#
# For every import/NAME.json and NAME.conf, `sa-nat64 import-jool` or `import-tayga` has to print what import/NAME.txt shows:
# the configuration, the remarks and the exit status. What is printed is itself accepted. UPDATE=1 writes the files; read
# the difference.
set -uo pipefail

bindir=$(realpath "$1")
cd "$(dirname "$0")/import" || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check NAME ARGUMENT...: one command against its golden file
check() {
	local name=$1 status

	shift
	"$bindir/sa-nat64" "$@" >"$work/out" 2>"$work/err"
	status=$?
	{
		echo "\$ sa-nat64 $*"
		cat "$work/out" "$work/err"
		echo "exit $status"
	} >"$work/txt"
	[ "${UPDATE:-}" != 1 ] || cp "$work/txt" "$name.txt"
	{
		diff -u --label "$name.txt" --label printed "$name.txt" "$work/txt"
		if [[ "$name" != *-help && "$status" = 0 ]]; then
			"$bindir/sa-nat64-translator" --check-config -c "$work/out" ||
				echo "what it prints is refused: exit status $?"
		elif [ "$status" != 0 ] && [ -s "$work/out" ]; then
			echo "it prints a configuration and exits with $status"
		fi
	} 2>&1 | grep -v ': warning: ' >"$work/log"
	if [ -s "$work/log" ]; then
		echo "FAIL $name"
		sed 's/^/     /' "$work/log"
	else
		echo "ok $name"
	fi
}

for file in *.json; do
	check "${file%.json}" import-jool "$file"
done
for file in *.conf; do
	check "${file%.conf}" import-tayga "$file"
done
check jool-as-siit import-jool --mode siit jool-unclear.json
check jool-as-nat64 import-jool --mode nat64 jool-unclear.json
check jool-wrong-mode import-jool --mode siit jool-full.json
check jool-named import-jool jool-bib-only.json --name campus
check jool-from-standard-input import-jool - <siit-old.json
check jool-missing import-jool missing.json
check jool-directory import-jool .
check jool-is-tayga import-jool tayga-pool.conf
check jool-no-file import-jool
check jool-wrong-option import-jool --mode both jool-full.json
check jool-two-files import-jool jool-full.json siit-old.json
check jool-help import-jool --help
check tayga-is-jool import-tayga jool-bib-only.json
check tayga-named import-tayga tayga-map.conf --name servers
check tayga-help import-tayga --help

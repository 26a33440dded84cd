#!/bin/bash
# What is said about configurations: config.sh BINDIR
#
# For every config/NAME.conf, check_config has to print config/NAME.err on standard error and exit 2, or 0 when
# NAME.err holds nothing but warnings. An accepted file prints config/NAME.out where there is one, and what it prints
# is itself accepted and prints the same. UPDATE=1 writes .err, .out and the manual from what is printed now; read the difference.
set -uo pipefail
. "$(dirname "$0")/verdict.sh"

bindir=$(realpath "$1")
cd "$(dirname "$0")/config" || exit 1
tool=$bindir/tools/check_config
[ -x "$tool" ] || tool=$bindir/release/tools/check_config
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check_case NAME PATH: run the tool on PATH and compare with NAME.err, NAME.out
check_case() {
	local name=$1 path=$2 expected=0 status
	"$tool" "$path" >"$work/out" 2>"$work/err"
	status=$?
	if [ "${UPDATE:-}" = 1 ]; then
		cp "$work/err" "$name.err"
		[ ! -e "$name.out" ] || cp "$work/out" "$name.out"
	fi
	if grep -qv ': warning: ' "$name.err"; then
		expected=2
	fi
	{
		diff -u --label "$name.err" --label printed "$name.err" "$work/err"
		[ "$status" = "$expected" ] || echo "exit status $status, expected $expected"
		if [ -e "$name.out" ]; then
			diff -u --label "$name.out" --label printed "$name.out" "$work/out"
		fi
		if [ "$status" = 0 ]; then
			"$tool" "$work/out" 2>/dev/null >"$work/again" ||
				echo "what it prints is refused: exit status $?"
			diff -u --label printed --label 'printed again' "$work/out" "$work/again"
		fi
	} >"$work/log" 2>&1
	verdict "$name" "$work/log"
}

for conf in *.conf; do
	check_case "${conf%.conf}" "$conf"
done
check_case file-missing no-such-file
check_case file-is-directory .
check_case file-unreadable /proc/self/mem

# The reference in the manual is what the key table prints.
manual=../../../docs/configuration.md
"$tool" --help >"$work/help"
if [ "${UPDATE:-}" = 1 ]; then
	sed -i -e '/^```text keys$/,/^```$/{/^```/!d}' -e "/^\`\`\`text keys$/r $work/help" "$manual"
fi
sed -n '/^```text keys$/,/^```$/{/^```/!p}' "$manual" |
	diff -u --label "${manual#../../../}" --label 'key table' - "$work/help" >"$work/log"
verdict manual-is-current "$work/log"

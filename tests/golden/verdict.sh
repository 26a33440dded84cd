# shellcheck shell=bash
# Sourced by the golden tests.

# verdict NAME [LOG]: the file LOG ("log") says what is wrong, empty for nothing; it is emptied
verdict() {
	local log=${2:-log}

	if [ -s "$log" ]; then
		echo "FAIL $1"
		sed 's/^/     /' "$log"
	else
		echo "ok $1"
	fi
	: >"$log"
}

# in_two_seconds BEGAN COMMAND...: says so when COMMAND, which began then (`date +%s%N`) and has just ended, took longer, and so
# it does four times more, beside what a start costs here and now: that a machine has other work is no fault of it.
in_two_seconds() {
	local began=$1 now start_ms=0 took_ms=0 try

	for try in 1 2 3 4 5; do
		took_ms=$((($(date +%s%N) - began) / 1000000))
		[ "$took_ms" -ge $((2000 + 3 * start_ms)) ] || return 0
		now=$(date +%s%N)
		"$2" --version >/dev/null
		start_ms=$((($(date +%s%N) - now) / 1000000))
		began=$(date +%s%N)
		[ "$try" = 5 ] || "${@:2}" >/dev/null 2>&1 </dev/null
	done
	echo "takes $took_ms ms: ${*:2}"
}

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

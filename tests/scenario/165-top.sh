#!/bin/bash
# The live screen, in a terminal of tmux, over a real translator under traffic of a known rate: what it shows, its keys, other
# sizes, a translator that hangs or is killed, and that the terminal is as it was before in the end.
. "$(dirname "$0")/lib.sh"

scenario_open
network
configure
translator_start siit
translator_start
translator=$lab_pid
lab_start server iperf3 iperf3 -s
wait_for 5 listening server -tl 5201
lab_start client load iperf3 -u -b 8M -l 1000 -t 900 -c "$server6" # 1000 packets a second
export TMUX_TMPDIR=$lab_dir LC_ALL=C.UTF-8
unset TMUX NO_COLOR

screen() { tmux -L "$lab_id" -f /dev/null "$@"; }
shown() { screen capture-pane -p -t top; }
keys() { screen send-keys -t top "$@"; }
shows() { shown | grep -E -- "$1" >/dev/null; }
# all PATTERN...: the screen has all of them; of those behind a ! none
all() {
	local wanted=true pattern missing=0
	for pattern in "$@"; do
		if [ "$pattern" = '!' ]; then
			wanted=false
		elif shows "$pattern"; then
			$wanted || missing=1
		else
			! $wanted || missing=1
		fi
	done
	[ $missing = 0 ] || shown
	return $missing
}
# look SECONDS PATTERN...: until it has; else it is printed
look() { wait_for "$1" all "${@:2}" || all "${@:2}"; }
# open WIDTH HEIGHT [ARGUMENT...]: the screen; the shell around it says how it ended and what it found
open() {
	local size="-x $1 -y $2"
	shift 2
	rm -f "$lab_dir/before" "$lab_dir/after" "$lab_dir/status" "$lab_dir/pid"
	cat >"$lab_dir/run.sh" <<-SCRIPT
		stty -g >"$lab_dir/before"
		"$bin/sa-nat64" -c "$lab_dir/sa-nat64.conf" -r "$lab_dir/run" top $* 2>"$lab_dir/complaints" &
		echo \$! >"$lab_dir/pid"
		fg %1 >/dev/null
		echo \$? >"$lab_dir/status"
		stty -g >"$lab_dir/after"
		exec cat
	SCRIPT
	# shellcheck disable=SC2086
	screen new-session -d -s top $size bash -m "$lab_dir/run.sh"
	look 5 'quit' || { cat "$lab_dir/complaints"; return 1; }
}
close() { screen kill-session -t top; }
# restored STATUS: it ended with this status, and left the terminal as it had found it
restored() {
	wait_for 5 test -s "$lab_dir/after" || return 1
	cat "$lab_dir/status" "$lab_dir/before" "$lab_dir/after"
	[ "$(cat "$lab_dir/status")" = "$1" ] && cmp -s "$lab_dir/before" "$lab_dir/after" &&
		[ "$(screen display -p -t top '#{alternate_on} #{cursor_flag}')" = "0 1" ]
}
trap 'screen kill-server 2>/dev/null || true; scenario_close' EXIT

# rates: packets and bits of the line 6to4 of instance nat64, in units
rates() {
	shown | awk '/^siit/ { exit } $1 == "6to4" {
		packets = $2; unit = $3; bits = $4
		if (unit == "packets/s") unit = 1; else { sub(/p.*/, "", unit); unit = unit == "k" ? 1000 : 1e6 }
		printf "%d %d\n", packets * unit, bits * ($5 == "Mbit/s" ? 1000000 : $5 == "kbit/s" ? 1000 : 1)
	}'
}
fits() {
	local packets bits
	read -r packets bits < <(rates) || return 1
	echo "$packets packets, $bits bits a second"
	[ "$packets" -ge 850 ] && [ "$packets" -le 1150 ] && [ "$bits" -ge 7100000 ] && [ "$bits" -le 9700000 ]
}
# is WIDTH HEIGHT: the screen is so large, with its head in the first line and its foot in the last one
is() { [ "$(shown | wc -L)" -le "$1" ] && [ "$(shown | wc -l)" = "$2" ] && shown | sed -n '1p;$p' | grep -c 'every\|quit' | grep -x 2; }

check "a screen of 80x24" open 80 24 --interval 0.5
check "the rate that is sent is shown, in packets and bits" wait_for 10 fits
check "with bars, state, sessions and drops" look 5 '[▂▃▄▅▆▇█]{3}' '^nat64 +up' 'sessions [1-9]' 'drops ' 
check "no value is missing" look 3 '^nat64' '!' ' - .*[a-z]/s|new -|drops -'
check "in colours on a terminal that has them" eval 'screen capture-pane -e -p -t top | grep "$(printf "\033\\[")[0-9;]*32m.*up" >/dev/null'

keys s
check "s: sessions by protocol" look 3 'udp +sessions [1-9]'
keys d
in_ns client ping -q -c 3 -i 0.1 -W 1 -t 3 "$server6" >/dev/null || true
check "d: every reason that occurred, with its count" look 5 'ttl-exceeded .* [1-9]'
keys d s i
check "i: the first instance alone" look 3 '^nat64' '!' '^siit'
keys i
check "i: the next one" look 3 '^siit' '!' '^nat64'
keys a
check "a: all" look 3 '^siit' '^nat64'
keys '?'
check "?: the keys" look 3 'stop the screen'
keys h
check "h: back" look 3 '^nat64'
keys +
check "+: a longer interval" look 3 'every 1 s'
keys - -
check "-: a shorter one" look 3 'every 0.2 s'
keys Space
check "space: it stands still" look 3 'paused'
keys Space
check "space: it goes on" look 3 '^nat64' '!' 'paused'

screen resize-window -t top -x 60 -y 12
check "60x12: all that has room, and how much has not" eval 'look 3 "^nat64" "quit" && is 60 12'
screen resize-window -t top -x 40 -y 10
check "40x10: still" eval 'look 3 "more lines" "6to4 .*p/s .*bit/s" && is 40 10'
screen resize-window -t top -x 30 -y 5
check "30x5: it says so" look 3 'too small'
screen resize-window -t top -x 100 -y 30
check "100x30: all again" look 3 '^siit'

# What hangs: keys react meanwhile, the other instance goes on, and after 1.5 seconds it is said.
kill -STOP "$translator"
keys '?'
check "a translator hangs: keys react" look 1 'stop the screen'
keys '?'
check "it is shown as down, with the reason" look 4 '^nat64 +down' 'no answer from'
check "the other one is up" shows '^siit +up'
kill -CONT "$translator"
check "it goes on: up" look 4 '^nat64 +up'
keys + + # every second
look 3 'every 1 s'
kill -KILL "$translator"
check "killed: down" look 2 '^nat64 +down'
keys q
check "q ends it, and the terminal is as before" restored 0
close

translator_start
open 80 24
kill -TERM "$(cat "$lab_dir/pid")"
check "so does SIGTERM" restored 143
close
open 80 24
kill -SEGV "$(cat "$lab_dir/pid")"
check "and even a crash leaves it so" restored 139
close
open 80 24
pid=$(cat "$lab_dir/pid")
close
check "a terminal that is gone ends it" wait_for 3 refuse kill -0 "$pid"

# without a terminal
refused() {
	refuse cli top </dev/null 2>"$lab_dir/said" || return 1
	cat "$lab_dir/said"
	grep -q 'top --batch' "$lab_dir/said" && grep -q 'status' "$lab_dir/said"
}
check "without a terminal it names what to use" refused
screen new-session -d -s top -x 80 -y 24 \
	"TERM=dumb '$bin/sa-nat64' -c '$lab_dir/sa-nat64.conf' -r '$lab_dir/run' top 2>'$lab_dir/dumb'; exec cat"
check "so it does on one that cannot draw" wait_for 5 grep -q 'TERM=dumb' "$lab_dir/dumb"
close
rate_fits() {
	local rate

	rate=$(cli -i nat64 top --batch 1 --interval 1 --json | field instances.0.packets_rate.6to4)
	[ "$rate" -ge 850 ] && [ "$rate" -le 1150 ]
}
check "--batch sees the same rate" wait_for 10 rate_fits

#!/bin/bash
# An instance is added by `sa-nat64 reload`, box by box, is replicated, and is removed again; the one that was there all
# the time does not notice.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/boxes.sh"

scenario_open
boxes_network a b
export cluster_lines="sync-wait = 1s"
boxes_configure
boxes_start a b
in_ns r6 ip route replace 64:ff9b:2::/96 via 2001:db8:6:a::1
syncd_a=${syncd_pid[a]} syncd_b=${syncd_pid[b]}

extra=("[instance extra]" "tun = extra" "pool6 = 64:ff9b:2::/96" "pool4 = 198.51.100.64/28" "max-sessions = 5000")
# file BOX [LINE...]: with lines at its end
file() { box_config "$1" "${@:2}" | in_box "$1" tee /etc/sa-nat64/sa-nat64.conf >/dev/null; }
declare -A extra_pid=()
extra_start() {
	lab_box_start "$1" "extra-$1" "$bin/sa-nat64-translator" extra
	extra_pid[$1]=$lab_pid
	wait_for 10 box_cli "$1" -i extra bib || lab_fail_with_log "extra-$1"
}
# reloads BOX STATUS TEXT...: lines that are printed
reloads() {
	local status=0 text

	box_cli "$1" reload >"$lab_dir/said" 2>&1 || status=$?
	cat "$lab_dir/said"
	for text in "${@:3}"; do
		grep -- "$text" "$lab_dir/said" >/dev/null || { echo "no line has: $text"; return 1; }
	done
	[ "$status" = "$2" ]
}
# checks BOX STATUS [TEXT]
checks() {
	local status=0

	box_cli "$1" check >"$lab_dir/check" 2>&1 || status=$?
	cat "$lab_dir/check"
	[ "$status" = "$2" ] && { [ $# = 2 ] || grep -- "$3" "$lab_dir/check" >/dev/null; }
}
logged() { grep -- "$2" "$lab_dir/syncd-$1.log" >/dev/null; }
without="peer b never-heard: it replicates other instances with this box, but not this one; sa-nat64 reload there"

check "sessions by a" flows 300
check "are on b" become_same 5 a b
check "nothing is wrong" checks a 0
# of_nat64 BOX: how often its sa-nat64-syncd has said something of the old instance
of_nat64() { grep -c "instance nat64: " "$lab_dir/syncd-$1.log"; }
said_a=$(of_nat64 a) said_b=$(of_nat64 b)
datagrams=$(sync_field b sent.datagrams)

file a "${extra[@]}"
extra_start a
check "a translator of a new instance is turned away by sa-nat64-syncd" \
	wait_for 5 logged a "no stateful \[instance extra\] .* sa-nat64 reload"
check "check says what to do" checks a 2 "extra: sa-nat64-syncd does not know this instance: .* sa-nat64 reload"
check "a reloads" reloads a 0 "^instance nat64 *unchanged" "^sa-nat64-syncd *reloaded"
check "the translator is let in" wait_for 5 logged a "instance extra: its translator (pid ${extra_pid[a]}, "
check "b has no such instance: a waits for it, then goes on alone" wait_for 10 checks a 1 "$without"
check "and peers says so" eval 'box_cli a peers | tee /dev/stderr | tr -s " \n" " " | grep "but not this one" >/dev/null'
check "nothing is wrong on b" checks b 0

file b "${extra[@]}"
extra_start b
check "b reloads" reloads b 0 "^sa-nat64-syncd *reloaded"
check "nothing is wrong on a" wait_for 10 checks a 0
check "nor on b" wait_for 10 checks b 0
server6=64:ff9b:2::cb00:7150 flows 200 2
check "sessions of the new instance are on both" eval 'instance=extra become_same 5 a b'
check "all of them" eval 'instance=extra holds_at_least b 190'
check "those of the old one, too" same_sessions a b
check "all of them" holds_at_least b 290
check "which nothing has happened to" test "$(of_nat64 a) $(of_nat64 b)" = "$said_a $said_b"
check "and which has no lag" eval '[ "$(peer_field b a lag_ms | cut -d . -f 1)" -lt 2000 ] && [ "$(peer_field b a lost)" = 0 ]'
check "it has gone on sending" at_least b sent.datagrams "$((datagrams + 1))"

file a
lab_stop "${extra_pid[a]}" || true
check "the file of a has it no more, and its translator has ended: reload" reloads a 0 "^instance nat64 *unchanged" \
	"^sa-nat64-syncd *reloaded"
check "nothing is wrong there" wait_for 5 checks a 0
check "b misses it, and no more than that" wait_for 5 checks b 1 "extra: peer a lost: .* not this one"
file b
lab_stop "${extra_pid[b]}" || true
check "b, too" reloads b 0 "^sa-nat64-syncd *reloaded"
check "nothing is wrong there" wait_for 5 checks b 0
check "the old instance has all its sessions" become_same 5 a b
check "of the same process" eval 'test -d "/proc/$syncd_a" && test -d "/proc/$syncd_b"'

file b "max-sessions = 500000"
check "another max-sessions is refused by the translator, and so by all" reloads b 1 "instance nat64: \[instance nat64\] max-sessions needs a restart" \
	"^sa-nat64-syncd *would reload"
lab_stop "${translator_pid[b]}" || true
box_translator b
check "it was restarted: sa-nat64-syncd takes it without" reloads b 0 "^sa-nat64-syncd *reloaded"
check "and learns everything again" wait_for 10 box_in_sync b
check "a has another configuration by now, which is said" wait_for 5 checks a 1 "peer b has another configuration"
check "all sessions" become_same 5 a b
check "from nothing" logged b "instance nat64: room for the sessions of 2 nodes, 500000 of each"

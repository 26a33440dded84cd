#!/bin/bash
# Boxes with different configurations: what fits is shared, what does not is refused and said, and nothing is settled
# silently. One with other prefixes takes nothing at all.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/boxes.sh"

scenario_open
boxes_network a b
boxes_configure
boxes_start a b

# reconfigure BOX [LINE...]: both programs start again with another configuration
reconfigure() {
	local box=$1

	shift
	lab_stop "${translator_pid[$box]}" || true
	lab_stop "${syncd_pid[$box]}" || true
	box_config "$box" "$@" | in_box "$box" tee /etc/sa-nat64/sa-nat64.conf >/dev/null
	in_box "$box" rm -rf /run/sa-nat64/nat64/state
	box_translator "$box"
	box_syncd "$box"
	wait_for 15 box_in_sync "$box" || true # which is checked below
}
says() { box_cli "$1" "$2" | tee /dev/stderr | grep -i -- "$3"; }
# part_of BOX OTHER: all it holds is held by the other too
part_of() { ! comm -23 <(sessions_of "$1") <(sessions_of "$2") | grep .; }
complains() { refuse box_cli "$1" check; }

check "alike: check has no complaint" box_cli a check
check "sessions by a" flows 300
check "are on b" become_same 5 a b

pool4=198.51.100.8/29 reconfigure b
check "b has half of the pool: a sees that it differs" wait_for 5 peer_is a b config_differs True
check "and b" wait_for 5 peer_is b a config_differs True
check "the prefixes do not" peer_is a b prefixes_differ False
check "check complains on a" complains a
check "peers says what differs" says b peers differ
check "what does not fit is refused and counted" wait_for 10 at_least b not_entered.refused 20
check "a keeps what it has" holds_at_least a 290
check "what fits is on b" holds_at_least b 50
check "and nothing else" part_of b a

reconfigure b
check "alike again: b has all" become_same 15 a b
check "and nothing differs" wait_for 5 peer_is a b config_differs False

pool6=64:ff9b:2::/96 reconfigure b
check "b has another prefix: it takes nothing" wait_for 10 peer_is b a prefixes_differ True
check "a says so too" wait_for 5 peer_is a b prefixes_differ True
check "sessions by a meanwhile" flows 300 2
check "none is on b" holds b 0
check "check complains on b" complains b
count=$(held a)
check "a keeps what it has" test "$count" -ge 590
reconfigure b
check "alike again: b has all" become_same 15 a b
check "check has no complaint" wait_for 10 box_cli a check

# shellcheck shell=bash
# A demo as a list of steps with one line each: sourced by netns/demo.sh and netns/demo-single.sh after lab.sh.

failed=0
steps=0

die() {
	echo "demo: $1" >&2
	exit 1
}

# need_programs PROGRAM...: of Debian's packages; and ours in $bin
need_programs() {
	local program missing=

	for program in "$@"; do
		[ -n "$(PATH=$PATH:/usr/lib/frr command -v "$program")" ] || missing="$missing $program"
	done
	[ -z "$missing" ] || die "missing:$missing; 'make demo' as root installs the Debian packages"
	for program in sa-nat64-translator sa-nat64; do
		# shellcheck disable=SC2154 # the demo's
		[ -x "$bin/$program" ] || die "$bin/$program is not there; run 'make' first"
	done
}

# step WHAT COMMAND-IN-SHORT FUNCTION: run FUNCTION; its last line of output is the result to show.
step() {
	local result status

	steps=$((steps + 1))
	set +e # here, so that the function itself stops at its first error
	result=$(set -e && "$3" 2>&1)
	status=$?
	set -e
	printf '%2d  %-31s %-37s %s\n' "$steps" "$1" "$2" "$(tail -n 1 <<<"$result")"
	if [ "$status" != 0 ]; then
		failed=$((failed + 1))
		printf '    ^^^ FAILED; all it printed:\n%s\n' "$result"
	fi
}

# event WHAT COMMAND-IN-SHORT FUNCTION [ARGUMENT...]: a step that changes the lab itself, in this shell. It has to succeed.
event() {
	steps=$((steps + 1))
	printf '%2d  %-31s %s\n' "$steps" "$1" "$2"
	"${@:3}"
}

# end_of_steps: the exit status
end_of_steps() {
	if [ "$failed" -gt 0 ]; then
		echo "demo: $failed of $steps steps FAILED" >&2
		exit 1
	fi
}

# remove_kept ID: what KEEP=1 left
remove_kept() {
	[[ $1 =~ ^sn64-[0-9]+$ ]] || die "--remove wants the name that KEEP=1 printed, such as sn64-1234"
	lab_id=$1
	lab_dir=$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name "$lab_id.*")
	[ -n "$lab_dir" ] || die "nothing of $lab_id is there"
}

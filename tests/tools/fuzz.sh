#!/bin/bash
# Runs fuzzers one after the other: fuzz.sh [--seconds N] [--seed N] NAME...
#
# Seeds come from tests/fuzz/seeds/NAME/ and, where there is one, from tests/fuzz/seeds_NAME.py OUTDIR. What a run finds
# worth keeping stays in build/fuzz/corpus/NAME for the next one; an input that crashes or hangs is kept as
# build/fuzz/NAME-crash-... with the command that repeats it in the output.
set -euo pipefail

cd "$(dirname "$0")/../.."
seconds=15
seed=0 # another one each time
while [ $# -gt 1 ]; do
	case $1 in
	--seconds) seconds=$2 ;;
	--seed) seed=$2 ;;
	*) break ;;
	esac
	shift 2
done
if [ $# = 0 ]; then
	echo "usage: fuzz.sh [--seconds N] [--seed N] NAME..." >&2
	exit 2
fi

export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1

fuzz() {
	local name=$1 corpus=build/fuzz/corpus/$1 options=() seeds=()
	mkdir -p "$corpus"
	if [ -d "tests/fuzz/seeds/$name" ]; then
		seeds+=("tests/fuzz/seeds/$name")
	fi
	if [ -e "tests/fuzz/seeds_$name.py" ]; then
		mkdir -p "build/fuzz/seeds/$name"
		python3 "tests/fuzz/seeds_$name.py" "build/fuzz/seeds/$name"
		seeds+=("build/fuzz/seeds/$name")
	fi
	if [ -e "tests/fuzz/$name.dict" ]; then
		options+=("-dict=tests/fuzz/$name.dict")
	fi
	"build/fuzz/$name" -max_total_time="$seconds" -seed="$seed" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="build/fuzz/$name-" "${options[@]}" "$corpus" "${seeds[@]}"
}

for name in "$@"; do
	fuzz "$name"
done

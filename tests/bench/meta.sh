# shellcheck shell=bash
# Sourced by the benchmarks: on what they ran.

# meta_lines FOLDER...: machine, commit and date as KEY=VALUE; the commit says so when the tree differs from it in one of these
meta_lines() {
	local dirty=

	# shellcheck disable=SC2154 # of who sources this
	git -C "$root" diff --quiet HEAD -- "$@" 2>/dev/null || dirty=" and changes"
	echo "kernel=$(uname -r)"
	echo "cpu=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)"
	echo "cpus=$(nproc)"
	echo "commit=$(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)$dirty"
	echo "date=$(date -u +%F)"
}

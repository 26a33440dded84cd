#!/bin/bash
# What sa-nat64-netns prints and refuses: netns.sh BINDIR
#
#   this network namespace is the box:  eth0 ---- far   another namespace, 192.0.2.77 and 2001:db8:a::77
#                                       eth3 ---- far3
#                                       br0, a bridge with the port port0
#
# The script runs in mount and network namespaces of its own, with an empty /run. Each case writes a configuration, runs
# one command and compares what it prints with netns/NAME.txt. UPDATE=1 writes the files; read the difference.
set -uo pipefail

if [ "${NETNS_GOLDEN:-}" != inside ]; then
	NETNS_GOLDEN=inside exec unshare --mount --net --propagation private "$0" "$@"
fi

bindir=$(realpath "$1")
golden=$(realpath "$(dirname "$0")")/netns
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 1

die() {
	echo "FAIL set-up"
	echo "     $*"
	exit 1
}

# The namespaces of this script go with it, since /run is its own.
mount -t tmpfs tmpfs /run && mount -t bpf bpf /sys/fs/bpf && mkdir /run/netns || die "mounts (root needed)"
ip netns add far || die "no namespace"
for nic in eth0:far0 eth3:far3 port0:far1; do
	ip link add "${nic%:*}" type veth peer name "${nic#*:}" netns far &&
		ip link set "${nic%:*}" up && ip -n far link set "${nic#*:}" up || die "$nic"
done
ip link set lo up
ip link add br0 type bridge && ip link set port0 master br0 && ip link set br0 up || die br0
# Without its own detection of duplicates, the far end answers at once.
ip netns exec far sysctl -qw net.ipv6.conf.far0.accept_dad=0
ip -n far link set far0 address 02:00:00:00:00:77
ip -n far addr add 192.0.2.77/24 dev far0
ip -n far addr add 2001:db8:a::77/64 dev far0 nodad

# config LINE...: nodes, and the instances that the cases are about
config() {
	{
		printf '[node gw-a]\nid = 0\n[node gw-b]\nid = 1\n'
		printf '[instance lower]\npool6 = 64:ff9b:1::/96\npool4 = 198.51.100.0/28\n'
		printf '[instance upper]\npool6 = 64:ff9b:1::/96\npool4 = 198.51.100.16/28\n'
		printf '[instance siit]\nmode = siit\npool6 = 2001:db8:46::/96\neam = 203.0.113.0/28 2001:db8:9::/124\n'
		printf '%s\n' "$@"
	} >netns.conf
}

# lower LINE...: the usual section with other lines
lower() { config '[network lower gw-a]' "$@"; }
usual=('attach = macvlan eth0' 'address = 192.0.2.2/24' 'address = 2001:db8:a::2/64' 'gateway = 192.0.2.1'
	'gateway = 2001:db8:a::1')

# check NAME ARGUMENT...: one command against its golden file
check() {
	local name=$1
	shift
	{
		echo "\$ sa-nat64-netns $*"
		"${under[@]}" "$bindir/sa-nat64-netns" -c netns.conf -n "${node:-gw-a}" "$@" 2>&1 </dev/null
		echo "exit $?"
	} | sed -E "s,$work,DIRECTORY,g; s/set [0-9]+ sysctls/set N sysctls/; s/pid( |\": )[0-9]+/pid\1N/; s/mac(\": \"| )[0-9a-f:]{17}/mac\1MAC/; s,^[^ ]*/sa-nat64-netns: ,sa-nat64-netns: ," >"$name.txt"
	[ "${UPDATE:-}" != 1 ] || cp "$name.txt" "$golden/$name.txt"
	if diff -u --label "$name.txt" --label printed "$golden/$name.txt" "$name.txt" >diff 2>&1; then
		echo "ok $name"
	else
		echo "FAIL $name"
		sed 's/^/     /' diff
	fi
}
under=()

# ---- the command line ----
config
check help --help
check nothing
check unknown-verb start lower
check two-instances up lower upper
check not-root-instance up nosuch
check no-section up lower
check down-nothing down lower
check down-never-heard-of down nosuch
check down-bad-name down ../lower
under=(setpriv --reuid 65534)
check not-root up lower
under=()
config '[network lower gw-b]' "${usual[@]}"
check other-node up lower
node=gw-c check no-such-node up lower

# ---- conflicts: one line each, and nothing was made ----
lower 'attach = macvlan eth9'
check interface-absent up lower
lower 'attach = move eth9'
check nic-absent up lower
lower 'attach = veth eth0'
check no-bridge up lower
lower 'attach = macvlan port0'
check bridge-port up lower
lower 'attach = macvlan lo'
check loopback up lower
lower 'address = 192.0.2.2/24'
check no-attach up lower
config '[network lower gw-a]' 'attach = macvlan eth0' 'namespace = same' '[network upper gw-a]' 'namespace = same'
check same-namespace up lower
config '[network lower gw-a]' 'attach = move eth3' '[network upper gw-a]' 'attach = macvlan eth3'
check same-nic up lower
check same-nic-other-side up upper
lower 'attach = macvlan eth0' 'address = 192.0.2.2/24' 'gateway = 192.0.3.1' 'gateway = 2001:db8:a::1' 'gateway = fe80::1'
check gateway up lower
ip addr add 192.0.2.2/24 dev eth3
lower "${usual[@]}"
check address-of-the-box up lower
lower 'attach = move eth3' 'address = 192.0.2.9/24'
check nic-in-use up lower
ip addr del 192.0.2.2/24 dev eth3
lower 'attach = macvlan eth0' 'address = 192.0.2.77/24' 'address = 2001:db8:a::77/64' 'address = 2001:db8:a::78/64'
check address-answers up lower
config '[network lower gw-a]' 'attach = macvlan eth0' 'address = 198.51.100.2/24' 'address = 64:ff9b:1::1/64'
check pools-are-local up lower
config '[network siit gw-a]' 'attach = macvlan eth0' 'address = 203.0.113.2/24'
check eam-is-local up siit
ip link add nat64-lower type bridge
lower 'attach = veth'
check host-end-taken up lower
ip link del nat64-lower
ip link add uplink0 type bridge
lower "${usual[@]}"
check box-has-uplink0 up lower
ip link del uplink0
ls /run/netns >listing
[ "$(cat listing)" = far ] && echo "ok conflicts-change-nothing" || echo "FAIL conflicts-change-nothing"

# ---- built, looked at, removed ----
lower "${usual[@]}"
check show-nothing show lower
check up-first up lower
check up-again up lower
check show-whole show lower
check show-json show lower --json
config '[network lower gw-a]' "${usual[@]}" '[network upper gw-a]' 'attach = macvlan eth3' 'address = 192.0.2.2/25'
check address-of-another-instance up upper
ip -n nat64-lower addr del 192.0.2.2/24 dev uplink0
ip -n nat64-lower addr add 192.0.2.99/24 dev uplink0
ip netns exec nat64-lower sysctl -qw net.ipv4.ip_forward=0
check show-broken show lower
check up-mends up lower
lower 'namespace = elsewhere' "${usual[@]}"
check elsewhere up lower
lower "${usual[@]/192.0.2.2/192.0.2.3}" 'gateway = 192.0.2.4'
check up-changed up lower
lower 'attach = veth br0' "${usual[@]:1}"
check up-other-attachment up lower
ip netns exec nat64-lower sleep 1000 &
sleeper=$!
until [ -n "$(ip netns pids nat64-lower)" ]; do :; done
check show-programs show lower
config
check down-with-program down lower
kill "$sleeper"
check down-again down lower
lower 'namespace = another-name' "${usual[@]}"
"$bindir/sa-nat64-netns" -c netns.conf -n gw-a up lower >/dev/null
config
check down-by-the-mark down lower
lower "${usual[@]}"
"$bindir/sa-nat64-netns" -c netns.conf -n gw-a up lower >/dev/null
echo nonsense >>netns.conf
check down-without-configuration down lower
ip link set eth0 down
lower "${usual[@]}"
check parent-down up lower
check parent-down-down down lower
ip link set eth3 alias "to the router"
lower 'attach = move eth3' 'address = 192.0.2.2/24'
check up-move up lower
check show-move show lower
check down-move down lower
[ "$(ip -br link show eth3 | awk '{ print $2 }')" = UP ] && ip link show eth3 | grep 'alias to the router' >/dev/null &&
	echo "ok nic-is-back-as-it-was" || echo "FAIL nic-is-back-as-it-was"

#!/bin/bash
# The configuration and the units in a real systemd: instances added and removed by a reload, a file with errors at a
# reload and at boot, a boot after a power cut, a translator that cannot start for a while, a box without namespaces.
. "$(dirname "$0")/lib.sh"
. "$root/netns/campus.sh"
. "$here/systemd.sh"

scenario_open
box_up
check "everything is there" all_active

# configured SED-SCRIPT...: the campus's file, changed
configured() { campus_config | sed "$@" | lab_machine_write gw-a /etc/sa-nat64/sa-nat64.conf; }
status_says() {
	in_machine gw-a systemctl status --no-pager "$1" >"$lab_dir/status" || true
	cat "$lab_dir/status"
	grep -q -- "$2" "$lab_dir/status"
}
state_file_is() {
	in_machine gw-a sa-nat64 -i lower --json status >"$lab_dir/status" || true # of the box's health
	cat "$lab_dir/status"
	field instances.0.state_file <"$lab_dir/status" | grep "$1" >/dev/null
}
is_failed() { in_machine gw-a systemctl is-failed -q "$1"; }
# none_of PATTERN: no such unit is loaded and not at rest
none_of() {
	local units

	units=$(in_machine gw-a systemctl list-units --plain --no-legend --state=active,activating,failed "$1")
	echo "$units"
	[ -z "$units" ]
}
rename="s/^\(\[instance \|\[network \)siit\b/\1ex-tra_1/"

# reloads STATUS LINE...: by the command: exit status, and lines that it prints
reloads() {
	local status=0 line

	in_machine gw-a sa-nat64 reload >"$lab_dir/reload" 2>&1 || status=$?
	cat "$lab_dir/reload"
	for line in "${@:2}"; do
		grep -- "$line" "$lab_dir/reload" >/dev/null || { echo "no line has: $line"; status=wrong; }
	done
	[ "$status" = "$1" ]
}

# cli_says STATUS COMMAND TEXT...: the same of another command
cli_says() {
	local status=0 text

	# shellcheck disable=SC2086 # words
	in_machine gw-a sa-nat64 $2 >"$lab_dir/cli" 2>&1 || status=$?
	cat "$lab_dir/cli"
	for text in "${@:3}"; do
		grep -F -- "$text" "$lab_dir/cli" >/dev/null || { echo "nothing has: $text"; status=wrong; }
	done
	[ "$status" = "$1" ]
}
check "no such instance" cli_says 2 "status -i middle" "there is no instance middle; the configuration has lower, upper, siit"

snapshot
configured -e "$rename" -e '/^\[instance lower\]/a max-sessions = 5000'
check "reload by the command: a key that needs a restart, nobody reloads" reloads 1 \
	"lower: \[instance lower\] max-sessions needs a restart: systemctl restart sa-nat64-translator@lower" "nothing was reloaded"
check "and nothing has started" none_of "sa-nat64*@ex-tra_1.*"
configured -e "$rename"
check "reload by the command: siit is gone from the file, ex-tra_1 is new" reloads 0 "^instance ex-tra_1 *started" \
	"^instance siit *stopped" "^instance lower *unchanged" "^sa-nat64-healthd *reloaded"
check "the new instance runs" wait_for 10 is_active sa-nat64-translator@ex-tra_1.service
check "with a namespace and FRR" wait_for 5 is_active sa-nat64-bfdd@ex-tra_1.service
check "the old one does not" wait_for 5 none_of "sa-nat64*@siit.*"
check "nor has it a namespace" refuse has_namespace nat64-siit
check "nothing else was touched" untouched_but "[a-z]*@siit"
check "nobody serves metrics" none_of sa-nat64-exporter.service
metrics_at() { in_machine gw-a curl -sSg -m 5 -o /dev/null "http://[::1]:$1/metrics"; }
listens_at() { configured -e "$rename" -e "s/^name = .*/&\\nmetrics-listen = [::1]:$1/"; }
listens_at 9465
check "reload by the command: metrics-listen is new" reloads 0 "^sa-nat64-exporter *started" "^instance lower *unchanged"
check "they are there" wait_for 5 metrics_at 9465
exporter=$(main_pid exporter)
listens_at 9464
check "reload by the command: another address for metrics" reloads 0 "^sa-nat64-exporter *reloaded" "^instance lower *unchanged"
check "they are there, too" metrics_at 9464
check "and nowhere else" refuse metrics_at 9465
check "of the same process" test "$(main_pid exporter)" = "$exporter"
listens_at 80
check "an address that cannot be had: said" reloads 1 "^sa-nat64-exporter *refused" \
	"sa-nat64-exporter: does not do as metrics-listen says; journalctl -u sa-nat64-exporter says why"
check "it stays where it was" metrics_at 9464
check "systemctl status says so" status_says sa-nat64-exporter 'listening at \[::1\]:9464; what the file says was refused'
listens_at 9464
check "and takes what can be had" reloads 0 "^sa-nat64-exporter *reloaded"
configured -e "$rename" -e '/^bfd-peer/d' -e '/^sync-interface/d' -e 's/^name = .*/&\nmetrics-listen = [::1]:9464/'
check "reload: no bfd-peers, no sync-interface, but metrics-listen" in_machine gw-a systemctl reload sa-nat64
metrics() { in_machine gw-a curl -sSg -m 30 'http://[::1]:9464/metrics'; }
serves() { metrics >"$lab_dir/metrics" && grep '^sa_nat64_up{.*instance="ex-tra_1",.*} 1$' "$lab_dir/metrics"; }
check "metrics are served, as an unprivileged user" wait_for 10 serves
check "it is none of root" refuse test "$(in_machine gw-a ps -o user= -p "$(main_pid exporter)")" = root
check "FRR ended" wait_for 5 none_of "sa-nat64-bfdd@*"
check "syncd too" none_of sa-nat64-syncd.service
check "the translators did not" is_active sa-nat64-translator@lower.service
configured -e ''
check "reload: all as before" in_machine gw-a systemctl reload sa-nat64
check "metrics are served no more" wait_for 5 none_of sa-nat64-exporter.service
check "everything is there again" all_active

snapshot
configured -e 's/^pool4 = 198.51.100.16/poool4 = 198.51.100.16/'
check "reload: a file with errors is refused" refuse in_machine gw-a systemctl reload sa-nat64
check "status says where" status_says sa-nat64 "sa-nat64.conf:[0-9]*: unknown key 'poool4'"
check "nothing changed" diff "$lab_dir/invocations" <(invocations)
in_machine gw-a systemctl daemon-reload
check "status of the target says it after daemon-reload" status_says sa-nat64.target "starts nothing: .*sa-nat64.conf:[0-9]*: unknown key"
check "what ran goes on" diff "$lab_dir/invocations" <(invocations)

lab_machine_crash gw-a
lab_machine_power gw-a
check "boot with such a file: nothing starts" none_of "sa-nat64-*@*"
check "status says why" status_says sa-nat64 "unknown key 'poool4'"
check "and so does that of the target" status_says sa-nat64.target "unknown key 'poool4'"
check "the machine is degraded" test "$(lab_machine_state gw-a)" = degraded
configured -e ''
check "with the error out, reload-or-restart is enough" in_machine gw-a systemctl reload-or-restart sa-nat64
check "everything is there again" all_active

lab_machine_crash gw-a
lab_machine_power gw-a
check "a boot after a power cut: everything is there" all_active
check "without a failed unit" test "$(lab_machine_state gw-a)" = running
lab_machine_halt gw-a
in_ns gw-a ip link set eth0 name late0
lab_machine_power gw-a
journal=(--boot -1)
check "the halt began with healthd and ended with namespaces" stopped_in_order healthd bfdd@lower translator@lower netns@lower

check "a boot without the interface: instances fail" is_failed sa-nat64-netns@lower
in_ns gw-a ip link set late0 down
in_ns gw-a ip link set late0 name eth0 up
check "when it comes, everything is there" wait_for 30 active_now

configured -e 's/^pool4 = 198.51.100.16/poool4 = 198.51.100.16/'
in_machine gw-a systemctl kill -s KILL sa-nat64-translator@siit
check "the file has errors, a translator dies: it is not tried at once" wait_for 10 is_failed sa-nat64-translator@siit
check "check names the file, and the unit that starts what is down" cli_says 2 check \
	"/etc/sa-nat64/sa-nat64.conf has errors" "\`systemctl start sa-nat64-translator@siit\` starts it"
check "after a single try" test "$(in_machine gw-a systemctl show -P NRestarts sa-nat64-translator@siit)" = 1
configured -e ''
lab_machine_disk gw-a chmod -x usr/sbin/sa-nat64-translator
in_machine gw-a systemctl kill -s KILL sa-nat64-translator@upper
check "a translator that cannot start is left alone for a while" \
	wait_for 10 is_failed sa-nat64-translator@upper
check "others are not" is_active sa-nat64-translator@lower.service
lab_machine_disk gw-a chmod +x usr/sbin/sa-nat64-translator
check "when it can, it does by itself" wait_for 30 is_active sa-nat64-translator@upper.service
check "so does the one whose configuration was wrong" wait_for 30 is_active sa-nat64-translator@siit.service

# as large as what is in it
in_machine gw-a systemctl stop sa-nat64-translator@lower
in_machine gw-a rm /run/sa-nat64/lower/state
in_machine gw-a bash -c 'mount -o remount,size="$(df --output=used -B1k /run | tail -n 1)k" /run'
check "/run is full: start of a translator" in_machine gw-a systemctl start sa-nat64-translator@lower
check "it translates, and says that it keeps no state" state_file_is "none, .*No space left"
check "restart of the others" in_machine gw-a systemctl restart sa-nat64-syncd sa-nat64-healthd sa-nat64-bfdd@upper
in_machine gw-a mount -o remount,size=2g /run
check "with room again a reload is enough" in_machine gw-a systemctl reload sa-nat64
check "and there is a state file" wait_for 5 state_file_is "new since"
check "everything is there" all_active

# Everybody else knows the box by its full name.
in_machine gw-a bash -c 'echo gw-a >/etc/sa-nat64/node && hostname gw-a.example.net'
check "the host name is no node, but a file names it: reload" in_machine gw-a systemctl reload sa-nat64
check "and restart" in_machine gw-a systemctl restart sa-nat64-syncd sa-nat64-healthd sa-nat64-netns@siit
check "everything is there" all_active
check "status knows the box as its node" test "$(in_machine gw-a sa-nat64 --json status | field node)" = gw-a
check "so does frr-config" in_machine gw-a sa-nat64 frr-config
in_machine gw-a rm /etc/sa-nat64/node
check "without the file it is no box of this configuration" refuse in_machine gw-a sa-nat64-syncd
in_machine gw-a hostname gw-a

printf '%s\n' "[instance main]" "pool4 = 198.51.100.1" | lab_machine_write gw-a /etc/sa-nat64/sa-nat64.conf
lab_machine_crash gw-a
lab_machine_power gw-a
check "one instance, no [network]: it runs" is_active sa-nat64-translator@main.service
check "in the box's own namespace" in_ns gw-a ip link show nat64
check "and says so" test "$(in_machine gw-a sa-nat64 --json status | field instances.0.namespace)" = default
check "without namespaces, FRR, syncd and healthd" none_of "sa-nat64-[nzbsh]*"
rm_conf() { lab_machine_disk gw-a rm etc/sa-nat64/sa-nat64.conf; }
rm_conf
lab_machine_crash gw-a
lab_machine_power gw-a
check "no file: nothing runs" none_of "sa-nat64-*@*"
check "and status says what to do" status_says sa-nat64 "sa-nat64.conf"

#!/bin/bash
# What monitoring systems are told: metrics.sh BINDIR
#
# tests/tools/fake_control.py plays a box of three instances: lower answers and is well, upper hangs, siit does not run.
# `sa-nat64 metrics` is compared with metrics/NAME.txt, with the time of day and the release made equal (UPDATE=1 writes the
# files; read the difference), and read by Prometheus' own tools; sa-nat64-exporter gives the same over HTTP. The dashboard,
# the alerts and the table in docs/monitoring.md have to know what there is.
# It runs in a network namespace of its own: a port of this system may be anybody's.
set -uo pipefail

if [ "${METRICS_GOLDEN:-}" != inside ]; then
	METRICS_GOLDEN=inside exec unshare --net "$0" "$@"
fi
ip link set lo up
. "$(dirname "$0")/played.sh"
golden=$root/tests/golden/metrics

normalise() {
	sed -E -e "s,$work,DIRECTORY,g; s/(start_time_seconds\{.*\}) [0-9]+$/\1 N/; s/node=\"$(hostname)\"/node=\"HOST\"/; s/(version=)\"[^\"]*\"/\1\"N\"/"
}

# get URL ARGUMENT...: into head and body; the status is printed
get() {
	local url=$1
	shift
	curl -sS -g -m 30 -D head -o body -w '%{http_code}' "$@" "$url" 2>>log
}

port=9464
sed "s,DIRECTORY,$work,; s/^name = campus/&\nmetrics-listen = [::1]:$port\nmetrics-listen = 127.0.0.1:$port\nmetrics-listen = 192.0.2.250:$port/" \
	"$root/tests/golden/cli/health.conf" >box.conf
play lower/control.sock "$golden/lower.json"
play upper/control.sock "$replies/silent.json"
play syncd.sock "$replies/peers-wrong.json"
play healthd.sock "$replies/health-wrong.json"
verdict set-up

before=$(date +%s%N)
check box -c box.conf -r run metrics
in_two_seconds "$before" "$bindir/sa-nat64" -c box.conf -r run metrics >log
verdict a-hung-translator-costs-less-than-two-seconds
check one -c box.conf -r run -i lower metrics --format prometheus
check nobody -c box.conf -r nowhere metrics
check wrong-format metrics --format xml
check help metrics --help

"$bindir/sa-nat64" -c box.conf -r run -i lower metrics >open.txt 2>log
verdict quiet-while-all-answer
"$bindir/sa-nat64" -c box.conf -r run -i lower metrics --format prometheus >older.txt
promtool check metrics <older.txt >log 2>&1
verdict promtool-accepts-the-older-format
"$bindir/sa-nat64" metrics --list >list.md
"$root/tests/tools/metrics_names.py" list.md open.txt "$root/docs/monitoring/alerts.yml" \
	"$root/docs/monitoring/grafana.json" "$root/translator/verdict.def" >log 2>&1
verdict openmetrics-and-what-uses-it
sed -n '/^| name | type /,/^$/p' "$root/docs/monitoring.md" | sed '/^$/d' | diff - list.md >log
verdict the-manual-lists-them-all

cp "$root/docs/monitoring/alerts.yml" "$golden/alerts_test.yml" .
{ promtool check rules alerts.yml && promtool test rules alerts_test.yml; } >said 2>&1 || cp said log
verdict alerts
sed -n '/^```yaml prometheus/,/^```$/p' "$root/docs/monitoring.md" | sed '/^```/d; s,/etc/prometheus/,,' >prometheus.yml
promtool check config prometheus.yml >said 2>&1 || cp said log
[ -s prometheus.yml ] || echo "the manual shows no configuration" >log
verdict prometheus-accepts-its-configuration

# ---- over HTTP ----

"$bindir/sa-nat64-exporter" -c box.conf -r run 2>exporter.log &
exporter=$!
pids+=("$exporter")
answers() { curl -s -g -o /dev/null "http://[::1]:$port/"; }
until_true answers || cat exporter.log >>log
verdict exporter-starts

rm run/upper/control.sock
status=$(get "http://[::1]:$port/metrics" -H 'Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5')
[ "$status" = 200 ] || echo "status $status" >>log
grep -qi '^content-type: application/openmetrics-text; version=1.0.0; charset=utf-8' head || cat head >>log
grep -qx 'sa_nat64_up{node="gw-a",instance="lower",program="sa-nat64-translator"} 1' body || echo "lower is not up" >>log
grep -qx 'sa_nat64_up{node="gw-a",instance="upper",program="sa-nat64-translator"} 0' body || echo "upper is not down" >>log
"$bindir/sa-nat64" -c box.conf -r run metrics 2>/dev/null >now.txt
sed -i '/start_time/d' body now.txt
diff now.txt body >>log
verdict http-openmetrics-is-that-of-the-command
status=$(get "http://127.0.0.1:$port/metrics")
[ "$status" = 200 ] || echo "status $status" >>log
grep -qi '^content-type: text/plain; version=0.0.4' head || cat head >>log
promtool check metrics <body >>log 2>&1
verdict http-older-format

{
	[ "$(get "http://[::1]:$port/")" = 404 ] || echo "/ is not 404: $(cat head)"
	[ "$(get "http://[::1]:$port/metrics/x")" = 404 ] || echo "/metrics/x is not 404"
	[ "$(get "http://[::1]:$port/metrics" -X POST -d a=b)" = 405 ] || echo "POST is not 405: $(cat head)"
	[ "$(get "http://[::1]:$port/metrics" -I)" = 200 ] || echo "HEAD is not 200"
	head -c 100000 /dev/zero | tr '\0' a >long
	[ "$(get "http://[::1]:$port/metrics" -H "X: $(head -c 60000 long)")" = 431 ] || echo "60 kB of head are not 431: $(cat head)"
} >>log
verdict http-other-requests

# Twenty that say nothing lock nobody else out, and are gone after five seconds; somebody at another address is served at once.
python3 - "$port" >>log 2>&1 <<'PYTHON'
import socket
import sys
import time
import urllib.request

port = int(sys.argv[1])
silent = [socket.create_connection(('127.0.0.1', port), 5) for _ in range(20)]
for s in silent:
    try:
        s.send(b'GET /metrics HTTP/1.1\r\n')
    except OSError:
        pass  # refused already
urllib.request.urlopen(urllib.request.Request('http://[::1]:%d/metrics' % port), timeout=4.5).read()
other = socket.create_connection(('127.0.0.1', port), 5, source_address=('127.0.0.9', 0))
other.settimeout(4.5)  # the others are connected until then
other.send(b'GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
if not other.recv(100).startswith(b'HTTP/1.1 200'):
    print('somebody else is not served')
deadline = time.monotonic() + 60
for s in silent:
    s.settimeout(max(0.1, deadline - time.monotonic()))
    try:
        while s.recv(1000):
            pass
    except ConnectionError:
        pass
    except socket.timeout:
        print('a silent one is still connected')
PYTHON
verdict http-silent-clients

# A box on which nothing answers; the exporter sees by itself when that changes, and so it does when the configuration does.
mv run away
gone() { [ "$(get "http://[::1]:$port/metrics")" = 503 ]; }
until_true gone || echo "not 503" >>log
grep -q '^No program of sa-nat64 answers on this box' body || cat body >>log
grep -q 'instance lower: not running: ' body || cat body >>log
mv away run
back() { [ "$(get "http://[::1]:$port/metrics")" = 200 ]; }
until_true back || echo "not 200 again" >>log
sed '/^\[network upper/,$d; /^\[instance upper/,/^$/d' box.conf >new.conf && mv new.conf box.conf
only_lower() { back && ! grep -q 'instance="upper"' body; }
until_true only_lower || echo "the configuration of before" >>log
echo nonsense >>box.conf
until_true only_lower || echo "a broken configuration changes something" >>log
verdict http-notices-what-changes

# SIGHUP: it listens where the file says now, and where it did before when that is no good.
sed '$d' box.conf >new.conf && mv new.conf box.conf
moved_to() { curl -sfg -m 5 -o /dev/null "http://$1/metrics"; }
listens_at() { sed -i "s/^metrics-listen = .*/metrics-listen = $1/" box.conf && kill -HUP "$exporter"; }
listens_at "[::]:$port"
until_true moved_to "[::1]:$port" || echo "it does not listen at [::]" >>log
listens_at "127.0.0.2:$port"
until_true moved_to "127.0.0.2:$port" || echo "it does not listen at 127.0.0.2" >>log
moved_to "[::1]:$port" && echo "it listens at [::], too" >>log
python3 -c 'import socket, sys, time
s = socket.create_server(("127.0.0.3", int(sys.argv[1])))
print(flush=True)
time.sleep(60)' "$port" >taken &
taken=$!
until_true [ -s taken ]
listens_at "127.0.0.3:$port"
refused() { grep -q 'not reloaded: it listens where it did before' exporter.log; }
until_true refused || cat exporter.log >>log
grep -q "cannot listen at metrics-listen = 127.0.0.3:$port: .*; another program has this port" exporter.log || cat exporter.log >>log
moved_to "127.0.0.2:$port" || echo "it does not listen at 127.0.0.2 any more" >>log
kill "$taken"
verdict exporter-takes-another-address

kill "$exporter"
wait "$exporter" || echo "exit status $?" >>log
"$bindir/sa-nat64-exporter" -c "$root/tests/golden/cli/cli.conf" 2>said
[ $? = 2 ] || echo "without metrics-listen it does not exit with 2" >>log
grep -q 'has no metrics-listen in \[cluster\]: add one' said || cat said >>log
verdict exporter-ends

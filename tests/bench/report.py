#!/usr/bin/env python3
"""Medians and ratios from the raw files of one benchmark run.

usage: report.py RAW-FOLDER RESULT-JSON

RAW-FOLDER holds "meta" (KEY=VALUE lines) and MEASURE.WAY.N files: iperf3 -J output, or the JSON object that
udpblast and bench_sessions print. Prints a table and writes all of it as JSON."""
import json
import os
import statistics
import sys

WAYS = ('routing', 'tayga', 'sa-nat64')
MEASURES = (  # key, what, unit, divisor
    ('tcp-out', 'TCP, one stream, out', 'Gbit/s', 1e9),
    ('tcp-back', 'TCP, one stream, back', 'Gbit/s', 1e9),
    ('tcp-four', 'TCP, four streams, out', 'Gbit/s', 1e9),
    ('udp-64', 'UDP, 64-byte packets, 64 flows', 'kpackets/s', 1e3),
    ('udp-sessions', 'UDP, new sessions through the device', 'k/s', 1e3),
    ('udp-sessions-cpu', 'the same, for a second of its CPU time', 'k/s', 1e3),
)
CORE = (
    ('empty_rate', 'new sessions, empty tables', 'k/s', 1e3),
    ('full_rate', 'new sessions, tables full', 'k/s', 1e3),
    ('bytes_per_session', 'memory for each session', 'bytes', 1),
)


def read_json(path):
    with open(path, encoding='utf-8') as f:
        return json.load(f)


def value_of(path):
    """Bits or packets a second in one raw file."""
    data = read_json(path)
    if 'end' in data:
        return data['end']['sum_received']['bits_per_second']
    return data['packets'] / data['seconds']


def runs_of(folder, measure, way):
    names = [n for n in os.listdir(folder) if n.startswith(f'{measure}.{way}.') and n.rsplit('.', 1)[1].isdigit()]
    return [os.path.join(folder, n) for n in sorted(names)]


def collect(folder):
    with open(os.path.join(folder, 'meta'), encoding='utf-8') as f:
        result = {'meta': dict(line.rstrip('\n').split('=', 1) for line in f), 'measures': [], 'core': []}
    for key, what, unit, divisor in MEASURES:
        row = {'key': key, 'what': what, 'unit': unit}
        for way in WAYS:
            values = [value_of(path) / divisor for path in runs_of(folder, key, way)]
            if values:
                row[way] = {'median': statistics.median(values), 'runs': values}
        result['measures'].append(row)
    core = [read_json(path) for path in runs_of(folder, 'core-sessions', 'sa-nat64')]
    for key, what, unit, divisor in CORE:
        values = [run[key] / divisor for run in core]
        result['core'].append({'key': key, 'what': what, 'unit': unit, 'median': statistics.median(values),
                               'runs': values})
    result['held'] = core[0]['held']
    return result


def ratio(row, other):
    if other not in row or 'sa-nat64' not in row:
        return None
    return row['sa-nat64']['median'] / row[other]['median']


def show(value, digits=2, suffix=''):
    return '-' if value is None else f'{value:.{digits}f}{suffix}'


def print_result(result):
    meta = result['meta']
    print(f"kernel {meta['kernel']}, {meta['cpus']} x {meta['cpu']}, commit {meta['commit']}, {meta['date']}, "
          f"TCP {meta['congestion']}, seed {meta['seed']}, median of {meta['repeat']}")
    print(f"{'':38}{'routing':>10}{'tayga':>10}{'sa-nat64':>10} {'':11}{'of routing':>10}{'of tayga':>10}")
    for row in result['measures']:
        cells = ''.join(f"{show(row[way]['median'] if way in row else None):>10}" for way in WAYS)
        print(f"{row['what']:38}{cells} {row['unit']:11}{show(ratio(row, 'routing')):>10}"
              f"{show(ratio(row, 'tayga'), suffix=' x'):>10}")
    print(f"the core alone, one thread, {result['held']} sessions held:")
    for row in result['core']:
        print(f"  {row['what']:36}{'':20}{show(row['median'], 1):>10} {row['unit']}")


def main():
    if len(sys.argv) != 3:
        sys.exit('usage: report.py RAW-FOLDER RESULT-JSON')
    result = collect(sys.argv[1])
    with open(sys.argv[2], 'w', encoding='utf-8') as f:
        json.dump(result, f, indent=1)
        f.write('\n')
    print_result(result)


if __name__ == '__main__':
    main()

#!/usr/bin/env python3
"""Medians and ratios from the raw files of one benchmark run.

usage: report.py RAW-FOLDER RESULT-JSON

RAW-FOLDER holds "meta" (KEY=VALUE lines) and MEASURE.WAY.N files: iperf3 -J output, or the JSON object that
udpblast and bench_sessions print, or {"value"}. Prints a table and writes all of it as JSON."""
import json
import os
import statistics
import sys

WAYS = ('routing', 'tayga', 'slow', 'fast')
MEASURES = (  # key, what, unit, divisor
    ('tcp-out', 'TCP, one stream, out', 'Gbit/s', 1e9),
    ('tcp-back', 'TCP, one stream, back', 'Gbit/s', 1e9),
    ('tcp-four', 'TCP, four streams, out', 'Gbit/s', 1e9),
    ('tcp-four-back', 'TCP, four streams, back', 'Gbit/s', 1e9),
    ('udp-64', 'UDP, 64-byte packets, 64 flows', 'kpackets/s', 1e3),
    ('one-core', 'UDP, 64-byte packets, on one core', 'kpackets/s', 1e3),
    ('two-cores', 'the same, on two cores at once', 'kpackets/s', 1e3),
    ('udp-sessions', 'new UDP sessions through the device', 'k/s', 1e3),
    ('udp-sessions-cpu', 'the same, for a second of its CPU time', 'k/s', 1e3),
)
CORE = (
    ('empty_rate', 'new sessions, empty tables', 'k/s', 1e3),
    ('full_rate', 'new sessions, tables full', 'k/s', 1e3),
    ('bytes_per_session', 'memory for each session', 'bytes', 1),
    ('restart_ms', 'restoring a tenth more sessions', 'ms', 1),
)


def read_json(path):
    with open(path, encoding='utf-8') as f:
        return json.load(f)


def value_of(path):
    """Bits or packets a second in one raw file."""
    data = read_json(path)
    if 'value' in data:
        return data['value']
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
    result['goals'] = goals(folder, result)
    result['fast'] = fast_path(folder, result)
    core = [read_json(path) for path in runs_of(folder, 'core-sessions', 'slow')]
    for key, what, unit, divisor in CORE:
        values = [run[key] / divisor for run in core]
        result['core'].append({'key': key, 'what': what, 'unit': unit, 'median': statistics.median(values),
                               'runs': values})
    result['held'] = core[0]['held']
    return result


def median_of(result, key, way):
    """None when it was not measured."""
    row = next(row for row in result['measures'] if row['key'] == key)
    return row[way]['median'] if way in row else None


def ratio(row, way, other):
    """Median of the ratios in each round: the ways were measured one after the other."""
    if other not in row or way not in row:
        return None
    return statistics.median(mine / its for mine, its in zip(row[way]['runs'], row[other]['runs']))


def median_of_raw(folder, key):
    values = [value_of(path) for path in runs_of(folder, key, 'fast')]
    return statistics.median(values) if values else None


def goals(folder, result):
    """What the fast path is to reach: (what, ratio, least ratio)."""
    rows = {row['key']: row for row in result['measures']}
    tcp = [key for key in rows if key.startswith('tcp-')]
    found = [(rows[key]['what'] + ', of routing', ratio(rows[key], 'fast', 'routing'), 0.85) for key in tcp]
    found += [(rows[key]['what'] + ', of tayga', ratio(rows[key], 'fast', 'tayga'), 6) for key in tcp]
    found += [(rows['udp-64']['what'] + ', of routing', ratio(rows['udp-64'], 'fast', 'routing'), 0.70),
              (rows['udp-64']['what'] + ', of tayga', ratio(rows['udp-64'], 'fast', 'tayga'), 1.5)]
    if 'fast' in rows['two-cores']:
        one, two = median_of(result, 'one-core', 'fast'), median_of(result, 'two-cores', 'fast')
        found.append(('two cores, of one', two / one, 1.7))
    many = result['meta']['flows']
    found.append((f'small packets: rate over {many} flows, of one flow',
                  median_of_raw(folder, f'flows-{many}') / median_of_raw(folder, 'flows-1'), 0.8))
    return [{'what': what, 'ratio': value, 'least': least} for what, value, least in found]


def fast_path(folder, result):
    """What the program in the kernel costs: rows of (what, unit, value)."""
    many = result['meta']['flows']
    whole = 1e6 / median_of(result, 'one-core', 'fast')
    routing = 1e6 / median_of(result, 'one-core', 'routing')
    program = median_of_raw(folder, 'program-ns')
    one, all_of_them = median_of_raw(folder, 'flows-1'), median_of_raw(folder, f'flows-{many}')
    rows = [('the program in the kernel, 64 flows', 'ns/packet', program),
            ('the whole path, from sendmsg() to the server', 'ns/packet', whole),
            ('the same, plain routing', 'ns/packet', routing),
            ('share of the program in the whole path', '%', 100 * program / whole),
            ('the program, one flow', 'ns/packet', median_of_raw(folder, 'flows-1-ns')),
            (f'the program, {many} flows in turn', 'ns/packet', median_of_raw(folder, f'flows-{many}-ns')),
            ('the whole path, one flow', 'ns/packet', 1e9 / one),
            (f'the whole path, {many} flows in turn', 'ns/packet', 1e9 / all_of_them),
            ('growth of the whole path from one flow to all', '%', 100 * (one / all_of_them - 1)),
            (f'killed with {many} sessions: until it serves again', 'ms', median_of_raw(folder, 'restart'))]
    if median_of(result, 'two-cores', 'routing'):
        rows.append(('two cores, of one: plain routing', 'x', median_of(result, 'two-cores', 'routing') /
                     median_of(result, 'one-core', 'routing')))
    return [{'what': what, 'unit': unit, 'value': value} for what, unit, value in rows]


def show(value, digits=2, suffix=''):
    return '-' if value is None else f'{value:.{digits}f}{suffix}'


def verdict_of(goal):
    return 'reached' if goal['ratio'] is not None and goal['ratio'] >= goal['least'] else 'missed'


def print_result(result):
    meta = result['meta']
    print(f"kernel {meta['kernel']}, {meta['cpus']} x {meta['cpu']}, commit {meta['commit']}, {meta['date']}, "
          f"TCP {meta['congestion']}, seed {meta['seed']}, "
          f"load before {meta['load']}, median of {meta['repeat']}")
    print(f"{'':42}" + ''.join(f'{way:>10}' for way in WAYS) + f"{'':13}{'fast:':>6}{'routing':>9}{'tayga':>9}")
    for row in result['measures']:
        cells = ''.join(f"{show(row[way]['median'] if way in row else None):>10}" for way in WAYS)
        print(f"{row['what']:42}{cells} {row['unit']:12}{'':6}{show(ratio(row, 'fast', 'routing')):>9}"
              f"{show(ratio(row, 'fast', 'tayga'), suffix=' x'):>9}")
    print('the fast path is to reach:')
    for goal in result['goals']:
        print(f"  {goal['what']:50}{show(goal['ratio']):>10}, at least {goal['least']}: {verdict_of(goal)}")
    print('the fast path:')
    for row in result['fast']:
        print(f"  {row['what']:50}{show(row['value'], 1):>10} {row['unit']}")
    print(f"the core alone, one thread, {result['held']} sessions held:")
    for row in result['core']:
        print(f"  {row['what']:36}{'':20}{show(row['median'], 1):>10} {row['unit']}")


def main(collect_from, print_of):
    """Of each report: RAW-FOLDER to RESULT-JSON and to the terminal."""
    if len(sys.argv) != 3:
        sys.exit('usage: %s RAW-FOLDER RESULT-JSON' % os.path.basename(sys.argv[0]))
    result = collect_from(sys.argv[1])
    with open(sys.argv[2], 'w', encoding='utf-8') as f:
        json.dump(result, f, indent=1)
        f.write('\n')
    print_of(result)


if __name__ == '__main__':
    main(collect, print_result)

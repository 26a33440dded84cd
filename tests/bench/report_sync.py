#!/usr/bin/env python3
"""Medians from the raw files of one run of sync.sh.

usage: report_sync.py RAW-FOLDER RESULT-JSON

RAW-FOLDER holds "meta" (KEY=VALUE lines) and figures.N ("KEY VALUE" lines), one for each round. Prints tables and
writes all of it as JSON."""
import os
import statistics

from report import main

FIGURES = (  # key, what, unit, divisor, bar: at least a positive one, at most a negative one
    ('updates-cpu-sender', 'new sessions, for a second of CPU time of the syncd that sends', 'k/s', 1e3, 200),
    ('updates-cpu-receiver', 'the same, of the one that receives', 'k/s', 1e3, 200),
    ('updates-rate', 'new sessions from translator to translator, all on one machine', 'k/s', 1e3, None),
    ('updates-missing', 'of them missing at the other translator', '', 1, -0),
    ('bytes-per-session', 'on the wire for each new session, headers and seal included', 'bytes', 1, -60),
    ('memory-per-session', 'memory of a syncd for each session held', 'bytes', 1, None),
    ('lag-p50', '50,000 new sessions a second: median from translator to translator', 'ms', 1, None),
    ('lag-p99', 'the same, 99 of 100', 'ms', 1, -50),
    ('lag-max', 'the same, the slowest', 'ms', 1, None),
    ('loss-missing', '30 % loss: sessions missing', '', 1, -0),
    ('loss-seconds', '30 % loss: until all are there', 's', 1, None),
    ('joiner-seconds', 'a joiner: in sync after', 's', 1, -20),
    ('joiner-missing', 'of all sessions, the new ones too, missing', '', 1, -0),
    ('joiner-lag-p99', '10,000 new ones a second meanwhile: 99 of 100 within', 'ms', 1, None),
    ('steady-percent', 'datagrams of sync, of the packets of 100,000 steady flows', '%', 1, -1),
)
COMPARED = (  # part, what
    ('thin', 'wire of 10 Mbit/s'), ('told', 'the same, sync-rate = 8M'), ('clean', 'wire without a limit'),
    ('resync', 'the receiver starts anew'), ('loss', '20 % loss'))
WHO = (('conntrackd', 'conntrackd, FT-FW'), ('ours', 'sa-nat64-syncd'))


def collect(folder):
    with open(os.path.join(folder, 'meta'), encoding='utf-8') as f:
        result = {'meta': dict(line.rstrip('\n').split('=', 1) for line in f), 'figures': {}}
    runs = {}
    for name in sorted(n for n in os.listdir(folder) if n.startswith('figures.')):
        with open(os.path.join(folder, name), encoding='utf-8') as f:
            for key, value in (line.split() for line in f):
                runs.setdefault(key, []).append(float(value))
    for key, values in runs.items():
        result['figures'][key] = {'median': statistics.median(values), 'runs': values}
    return result


def value_of(result, key, divisor=1):
    figure = result['figures'].get(key)
    return None if figure is None else figure['median'] / divisor


def show(value):
    if value is None:
        return '-'
    return f'{value:.0f}' if value >= 1000 or value == int(value) else f'{value:.3g}'


def verdict_of(value, bar):
    """(bar in words, reached or missed)"""
    if bar is None or value is None:
        return '', ''
    least = bar > 0
    return f"{'at least' if least else 'at most'} {abs(bar)}", \
        'reached' if (value >= bar if least else value <= -bar) else 'missed'


def rows(result):
    """(what, value, unit, bar in words, verdict) of what was measured."""
    for key, what, unit, divisor, bar in FIGURES:
        value = value_of(result, key, divisor)
        yield (what, show(value), unit) + verdict_of(value, bar)


def compared(result):
    """(what, who, megabytes, seconds, missing)"""
    for part, what in COMPARED:
        for who, name in WHO:
            if f'{who}-{part}-bytes' not in result['figures']:
                continue
            yield (what, name, show(value_of(result, f'{who}-{part}-bytes', 1e6)),
                   show(value_of(result, f'{who}-{part}-seconds')), show(value_of(result, f'{who}-{part}-missing')))


def print_result(result):
    meta = result['meta']
    print(f"kernel {meta['kernel']}, {meta['cpus']} x {meta['cpu']}, commit {meta['commit']}, {meta['date']}, "
          f"load before {meta['load']}, median of {meta['repeat']}")
    for what, value, unit, bar, verdict in rows(result):
        print(f'{what:66}{value:>10} {unit:6} {bar:14} {verdict}')
    print(f"{meta['entries']} sessions{'':20}{'':20}{'MB on wire':>12}{'seconds':>10}{'missing':>10}")
    for what, name, size, seconds, missing in compared(result):
        print(f'{what:26}{name:20}{size:>12}{seconds:>10}{missing:>10}')


if __name__ == '__main__':
    main(collect, print_result)

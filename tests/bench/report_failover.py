#!/usr/bin/env python3
"""What failover.sh measured: medians and worst of each case.

usage: report_failover.py RAW RESULT-JSON

RAW has one JSON object a line: a report of campus_load.py with its case, or a share of CPU time. Prints a table and
writes all of it as JSON."""
import json
import statistics
import sys

FIGURES = (  # key, heading
    ('gap64', 'longest gap 6to4'), ('gap46', 'longest gap 4to6'), ('stall', 'TCP stalls'), ('lost', 'datagrams lost'))
BARS = (  # what is asked for: cases, figure, median or worst, at most
    ('box vanishes|translator dies|translator hangs|translator hangs, slow path', 'gap', 'median', 300),
    ('box vanishes|translator dies|translator hangs|translator hangs, slow path', 'gap', 'worst', 400),
    ('box vanishes|translator dies|translator hangs|translator hangs, slow path', 'stall', 'worst', 1000),
    ('translator restarted|translator killed, restarted', 'gap', 'worst', 50))
CPU_BAR = 2.0


def figures(row):
    """What one round says of the half that was concerned."""
    report, half = row['report'], row['half']
    udp = {name.split()[1]: stream for name, stream in report['udp'].items() if name.split()[0] == half}
    return {'gap64': udp['6to4']['gap_ms'], 'gap46': udp['4to6']['gap_ms'],
            'stall': max(c['stall_ms'] for name, c in report['tcp'].items() if name.split()[0] == half),
            'lost': sum(stream['lost'] for stream in udp.values()),
            'broken': report['broken'], 'corrupt': report['corrupt'], 'idle': report['idle']['connections']}


def collect(path):
    cases, cpu, meta = {}, {}, {}
    with open(path, encoding='ascii') as file:
        for row in map(json.loads, file):
            if 'meta' in row:
                meta = row['meta']
            elif 'cpu' in row:
                cpu[row['cpu']] = row['percent']
            else:
                cases.setdefault(row['case'], []).append(figures(row))
    result = []
    for case, rounds in cases.items():
        entry = {'case': case, 'rounds': len(rounds), 'idle': max(r['idle'] for r in rounds),
                 'broken': sum(r['broken'] for r in rounds), 'corrupt': sum(r['corrupt'] for r in rounds)}
        for key, _ in FIGURES:
            values = [r[key] for r in rounds]
            entry[key] = {'median': statistics.median(values), 'worst': max(values)}
        entry['gap'] = {which: max(entry['gap64'][which], entry['gap46'][which]) for which in ('median', 'worst')}
        result.append(entry)
    return result, cpu, meta


def verdicts(cases, cpu):
    """(what, measured, at most) of what is asked for."""
    rows = []
    for names, key, which, bar in BARS:
        found = [c[key][which] for c in cases if c['case'] in names.split('|')]
        if found:
            what = {'gap': 'longest gap', 'stall': 'TCP stall'}[key]
            rows.append((f"{what}, {which}: {names.replace('|', '; ')} (ms)", max(found), bar))
    ours = [c for c in cases if not c['case'].startswith('plain')]
    if ours:
        rows.append((f"connections broken, of {max(c['idle'] for c in ours)} idle ones and the busy ones, all rounds",
                     sum(c['broken'] for c in ours), 0))
    if cpu:
        rows.append(('CPU time of sa-nat64-healthd, its vtysh, and sa-nat64-syncd, steady state (% of a core)',
                     sum(cpu.values()), CPU_BAR))
    return rows


def table(result):
    """Lines of Markdown."""
    lines = ['| | rounds | ' + ' | '.join(heading for _, heading in FIGURES) + ' | broken |',
             '|---|--:' + '|--:' * len(FIGURES) + '|--:|']
    for case in result['cases']:
        cells = [f"{case[key]['median']:.0f} / {case[key]['worst']:.0f}" for key, _ in FIGURES]
        lines.append(f"| {case['case']} | {case['rounds']} | {' | '.join(cells)} | {case['broken']} |")
    lines += ['', '| asked for | measured | at most | |', '|---|--:|--:|---|']
    lines += [f"| {what} | {value:.3g} | {bar:g} | {'reached' if value <= bar else 'missed'} |"
              for what, value, bar in result['verdicts']]
    return lines


def main():
    cases, cpu, meta = collect(sys.argv[1])
    result = {'meta': meta, 'cases': cases, 'cpu': cpu, 'verdicts': verdicts(cases, cpu)}
    with open(sys.argv[2], 'w', encoding='utf-8') as file:
        json.dump(result, file, indent=1)
    print(*table(result), sep='\n')


if __name__ == '__main__':
    main()

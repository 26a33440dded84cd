#!/usr/bin/env python3
"""Time and processor time of commands that ask the whole box: commands.py REPEAT RESULT-JSON SA-NAT64 [OPTION...]

Prints a table and writes it as JSON. Run by commands.sh."""
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import time

COMMANDS = (['status'], ['status', '--json'], ['check'], ['metrics'])
LIMIT_MS = 50  # of status
TOP_SAMPLES = 20


def run(words):
    """Wall clock, and user and system time, of one run: milliseconds."""
    began = time.monotonic()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return (time.monotonic() - began) * 1000, (usage.ru_utime + usage.ru_stime) * 1000


def measure(words, repeat):
    runs = [run(words) for _ in range(repeat)]
    wall, cpu = zip(*runs)
    return {'wall_ms': statistics.median(wall), 'worst_ms': max(wall), 'cpu_ms': statistics.median(cpu)}


def meta(repeat):
    with open('/proc/cpuinfo', encoding='utf-8') as f:
        cpu = next((line.split(': ', 1)[1].strip() for line in f if line.startswith('model name')), 'unknown')
    commit = subprocess.run(['git', '-C', os.path.dirname(os.path.abspath(__file__)), 'rev-parse', '--short', 'HEAD'],
                            capture_output=True, text=True).stdout.strip() or 'unknown'
    return {'kernel': platform.release(), 'cpu': cpu, 'cpus': os.cpu_count(), 'commit': commit, 'repeat': repeat,
            'date': datetime.datetime.now(datetime.timezone.utc).date().isoformat(), 'load': os.getloadavg()[0]}


def cells(result):
    """Rows of (command, median, worst, processor time)."""
    return [(row['what'], *('%.1f' % row[key] if key in row else '-' for key in ('wall_ms', 'worst_ms', 'cpu_ms')))
            for row in result['rows']]


def goal(result):
    took = result['rows'][0]['wall_ms']
    return ('status of three instances, median (ms)', '%.1f' % took, str(LIMIT_MS),
            'reached' if took < LIMIT_MS else 'missed')


def main():
    repeat, path, *program = int(sys.argv[1]), *sys.argv[2:]
    result = {'meta': meta(repeat), 'rows': []}
    for command in COMMANDS:
        result['rows'].append(dict(measure(program + command, repeat), what='`%s`' % ' '.join(command)))
    _, cpu = run(program + ['top', '--batch', str(TOP_SAMPLES), '--interval', '0.2'])
    result['rows'].append({'what': '`top`, a look', 'cpu_ms': cpu / (TOP_SAMPLES + 1)})
    with open(path, 'w', encoding='utf-8') as f:
        json.dump(result, f, indent=1)
        f.write('\n')
    for row in cells(result):
        print('%-20s %8s ms, worst %8s ms, %8s ms of processors' % row)
    print('%s: %s, below %s: %s' % goal(result))


if __name__ == '__main__':
    main()

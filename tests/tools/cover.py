#!/usr/bin/env python3
"""Runs unit tests, vectors and golden tests of the cover build and prints line coverage: one row for each file of the programs.

usage: cover.py       after `make VARIANT=cover tests`; `make cover` does both"""
import collections
import glob
import json
import os
import subprocess
import sys

OUT = 'build/cover'


def run_tests():
    for old in glob.glob(OUT + '/**/*.gcda', recursive=True):
        os.remove(old)
    commands = [[p] for p in sorted(glob.glob(OUT + '/unit/*'))]
    if os.path.exists(OUT + '/vectors'):
        commands += [[OUT + '/vectors', 'tests/vectors/%s.json' % name] for name in ('vectors', 'more')]
    commands += [[p, OUT] for p in sorted(glob.glob('tests/golden/*.sh'))]
    for command in commands:
        run = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if run.returncode:
            print('cover: %s failed (exit code %d); its lines count all the same' % (command[0], run.returncode))


def collect():
    """{file: {line: times run}}, sums over all programs that were linked with the file."""
    lines = collections.defaultdict(collections.Counter)
    for data in glob.glob(OUT + '/**/*.gcno', recursive=True):
        run = subprocess.run(['gcov', '--json-format', '--stdout', data], capture_output=True, text=True)
        for document in run.stdout.splitlines():
            for source in json.loads(document)['files']:
                for line in source['lines']:
                    lines[source['file']][line['line_number']] += line['count']
    return lines


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
    run_tests()
    total = covered = 0
    for path, counts in sorted(collect().items()):
        if path.startswith(('/', 'build/', 'tests/')) or not path.endswith('.c'):
            continue
        hit = sum(1 for n in counts.values() if n)
        total, covered = total + len(counts), covered + hit
        print('%5.1f %%  %5d of %5d lines  %s' % (100 * hit / len(counts), hit, len(counts), path))
    if not total:
        print('cover: nothing was measured; build with `make cover`', file=sys.stderr)
        return 1
    print('%5.1f %%  %5d of %5d lines  all' % (100 * covered / total, covered, total))
    return 0


if __name__ == '__main__':
    sys.exit(main())

#!/usr/bin/env python3
"""Checks that docs/conformance.md is whole and names only tests that exist.

usage: conformance.py

Each requirement of AREAS has one row, `| ID | level | what | shown by |`. In the last column stand vector ids (A01,
B13-B16) and, in backticks, unit/PROGRAM or unit/PROGRAM/TEST, scenario/NAME, golden/NAME, golden/config/CASE,
fuzz/NAME, lint/NAME. A row without any of them begins with "no test:" and gives the reason. Prints one
"file:line: message" for each offence; exit 1 when there is one."""
import json
import os
import re
import subprocess
import sys

PAGE = 'docs/conformance.md'
# Prefix of the ids and how many of them there are.
AREAS = {'ADR': 12, 'V46': 14, 'V64': 15, 'L4': 10, 'PMT': 12, 'I46': 19, 'I64': 15, 'ERR': 13, 'BIB': 14, 'UDP': 5,
         'ICQ': 5, 'FLT': 4, 'HPN': 4, 'ICE': 6, 'TCP': 16, 'FRG': 11, 'EAM': 11, 'N46': 4, 'MSS': 3, 'ECN': 3, 'SEC': 24,
         'LOG': 7, 'MON': 8}
LEVELS = ('MUST', 'MUST NOT', 'SHOULD', 'SHOULD NOT', 'MAY', 'expected')
VECTOR = r'[A-G]\d\d'


def make_list(name):
    out = subprocess.run(['make', '-s', 'print-' + name], capture_output=True, text=True, check=True).stdout
    return out.split()


def vector_ids():
    ids = set()
    for name in ('vectors', 'more'):
        with open('tests/vectors/%s.json' % name, encoding='utf-8') as f:
            ids |= {v['id'] for v in json.load(f)['vectors']}
    return ids


def unit_tests():
    """unit/PROGRAM and unit/PROGRAM/TEST of what is listed; a test that is not run would not compile."""
    names = set()
    for program in make_list('unit-tests'):
        with open('tests/unit/test_%s.c' % program, encoding='utf-8') as f:
            tests = re.findall(r'^static void (\w+)\(void \*\*', f.read(), re.M)
        names.add('unit/' + program)
        names |= {'unit/%s/%s' % (program, test) for test in tests}
    return names


def known_tests():
    names = unit_tests()
    names |= {'scenario/' + n for n in make_list('scenarios')}
    names |= {'golden/' + n for n in make_list('golden-tests')}
    names |= {'golden/config/' + f[:-4] for f in os.listdir('tests/golden/config') if f.endswith('.err')}
    names |= {'fuzz/' + n for n in make_list('fuzzers')}
    lint = subprocess.run(['tests/tools/lint.py', '--list'], capture_output=True, text=True, check=True).stdout
    return names | {'lint/' + n for n in lint.split()}


def vectors_named(text):
    """Every id that the text names, ranges spelt out; None for a range that goes nowhere."""
    for first, last in re.findall(r'\b(%s)(?:-(%s))?\b' % (VECTOR, VECTOR), re.sub(r'`[^`]*`', '', text)):
        if not last:
            yield first
        elif first[0] != last[0] or first >= last:
            yield None
        else:
            yield from ('%s%02d' % (first[0], n) for n in range(int(first[1:]), int(last[1:]) + 1))


def judge_row(level, what, shown, tests, vectors):
    """What is wrong with one row."""
    named = re.findall(r'`((?:unit|scenario|golden|fuzz|lint)/[^`]*)`', shown)
    ids = list(vectors_named(shown))
    if not set(re.split(r' ?/ ?|, | if ', level)) & set(LEVELS):
        yield 'no level "%s"' % level
    if not what:
        yield 'nothing is said about it'
    for name in named:
        if name not in tests:
            yield 'there is no test %s' % name
    for vector in ids:
        if vector not in vectors:
            yield 'there is no vector %s' % (vector or 'in a range that goes backwards')
    if not named and not ids and not shown.startswith('no test: '):
        yield 'no test is named and no reason given'


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
    tests, vectors, bad = known_tests(), vector_ids(), []
    wanted = {'%s-%02d' % (area, n) for area, count in AREAS.items() for n in range(1, count + 1)}
    seen = set()
    with open(PAGE, encoding='utf-8') as f:
        lines = f.read().splitlines()
    for number, line in enumerate(lines, 1):
        m = re.match(r'\| ([A-Z][A-Z0-9]+-\d\d) \| (.*?) \| (.*) \| (.*) \|$', line)
        if not m:
            continue
        requirement = m.group(1)
        offences = list(judge_row(*m.groups()[1:], tests, vectors))
        if requirement in seen or requirement not in wanted:
            offences.append('a second row, or no such requirement')
        seen.add(requirement)
        bad += ['%s:%d: %s: %s' % (PAGE, number, requirement, text) for text in offences]
    bad += ['%s:1: no row for %s' % (PAGE, r) for r in sorted(wanted - seen)]
    print('\n'.join(bad) or 'ok %s' % PAGE)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())

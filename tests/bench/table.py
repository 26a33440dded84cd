#!/usr/bin/env python3
"""Put the figures of the last benchmark into docs/benchmark.md, between its two marks.

usage: table.py [RESULT-JSON]      default: build/bench/result.json"""
import json
import os
import sys

from report import WAYS, ratio, show, verdict_of

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
BEGIN = '<!-- figures: made by tests/bench/table.py -->\n'
END = '<!-- end of figures -->\n'


def table(result):
    meta = result['meta']
    lines = [
        f"Kernel {meta['kernel']}, {meta['cpus']} × {meta['cpu']}, commit {meta['commit']}, {meta['date']}, "
        f"TCP {meta['congestion']}, seed {meta['seed']}, load before the run {meta['load']}; "
        f"medians of {meta['repeat']} runs of {meta['duration']} s.", '',
        '| | unit | routing | tayga | sa-nat64, slow path | sa-nat64, fast path | fast, of routing | fast, of tayga |',
        '|---|---|--:|--:|--:|--:|--:|--:|']
    for row in result['measures']:
        cells = [show(row[way]['median'] if way in row else None) for way in WAYS]
        cells += [show(ratio(row, 'fast', 'routing')), show(ratio(row, 'fast', 'tayga'), suffix=' ×')]
        lines.append(f"| {row['what']} | {row['unit']} | {' | '.join(cells)} |")
    lines += ['', 'What the fast path is to reach:', '', '| | ratio | at least | |', '|---|--:|--:|---|']
    lines += [f"| {goal['what']} | {show(goal['ratio'])} | {goal['least']:.2f} | {verdict_of(goal)} |"
              for goal in result['goals']]
    lines += ['', 'The fast path:', '', '| | unit | |', '|---|---|--:|']
    lines += [f"| {row['what']} | {row['unit']} | {show(row['value'], 1)} |" for row in result['fast']]
    lines += ['', f"The core alone, one thread, {result['held']} sessions held:", '', '| | unit | |', '|---|---|--:|']
    lines += [f"| {row['what']} | {row['unit']} | {show(row['median'], 1)} |" for row in result['core']]
    return '\n'.join(lines) + '\n'


def main():
    source = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, 'build', 'bench', 'result.json')
    page = os.path.join(ROOT, 'docs', 'benchmark.md')
    with open(source, encoding='utf-8') as f:
        result = json.load(f)
    with open(page, encoding='utf-8') as f:
        text = f.read()
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    with open(page, 'w', encoding='utf-8') as f:
        f.write(head + BEGIN + '\n' + table(result) + '\n' + END + tail)


if __name__ == '__main__':
    main()

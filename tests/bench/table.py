#!/usr/bin/env python3
"""Put the figures of the last benchmarks into docs/benchmark.md, between their marks: those of bench.sh, and those of
sync.sh, of listing.sh, of failover.sh and of commands.sh, each if there is a result.

usage: table.py [FOLDER]      default: build/bench, where the JSON files of these lie"""
import json
import os
import sys

import commands
import report_failover
import report_listing
import report_sync
from report import WAYS, ratio, show, verdict_of

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
BEGIN = '<!-- figures: made by tests/bench/table.py -->\n'
END = '<!-- end of figures -->\n'
BEGIN_SYNC = '<!-- figures of replication: made by tests/bench/table.py -->\n'
END_SYNC = '<!-- end of figures of replication -->\n'
BEGIN_LISTING = '<!-- figures of lists: made by tests/bench/table.py -->\n'
END_LISTING = '<!-- end of figures of lists -->\n'
BEGIN_FAILOVER = '<!-- figures of failover: made by tests/bench/table.py -->\n'
END_FAILOVER = '<!-- end of figures of failover -->\n'
BEGIN_COMMANDS = '<!-- figures of commands: made by tests/bench/table.py -->\n'
END_COMMANDS = '<!-- end of figures of commands -->\n'


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


def table_sync(result):
    meta = result['meta']
    lines = [
        f"Kernel {meta['kernel']}, {meta['cpus']} × {meta['cpu']}, commit {meta['commit']}, {meta['date']}, "
        f"load before the run {meta['load']}; rounds: {meta['repeat']}; {meta['million']} sessions where "
        'nothing else is said.', '', '| | | unit | to reach | |', '|---|--:|---|---|---|']
    lines += [f"| {' | '.join(cells)} |" for cells in report_sync.rows(result)]
    lines += ['', f"{meta['entries']} sessions, made as fast as they are taken:", '',
              '| | | MB on the wire | seconds | missing |', '|---|---|--:|--:|--:|']
    lines += [f"| {' | '.join(cells)} |" for cells in report_sync.compared(result)]
    return '\n'.join(lines) + '\n'


def table_listing(result):
    meta, cell = result['meta'], report_sync.show
    lines = [
        f"Kernel {meta['kernel']}, {meta['cpus']} × {meta['cpu']}, commit {meta['commit']}, {meta['date']}, "
        f"load before the run {meta['load']}; {meta['rows']} sessions; medians of {meta['repeat']} rounds of "
        f"{meta['duration']} s.", '',
        '| | | alone, Gbit/s | meanwhile, Gbit/s | lost, % | seconds of a list | of processors: command |',
        '|---|---|--:|--:|--:|--:|--:|']
    for way, form, *values in report_listing.busy_rows(result):
        lines.append(f"| {way} | {form} | {' | '.join(map(cell, values))} |")
    lines += ['', '| without traffic | seconds of a list | of processors: command | translator | MiB of the command |',
              '|---|--:|--:|--:|--:|']
    lines += [f"| {form} | {' | '.join(map(cell, values))} |" for form, *values in report_listing.quiet_rows(result)]
    lines += ['', '| to reach | | | |', '|---|--:|---|---|']
    lines += [f"| {' | '.join(cells)} |" for cells in report_listing.goals(result)]
    return '\n'.join(lines) + '\n'


def table_failover(result):
    meta = result['meta']
    lines = [f"Kernel {meta['kernel']}, {meta['cpus']} × {meta['cpu']}, commit {meta['commit']}, {meta['date']}, "
             f"load before the run {meta['load']}. Milliseconds, and datagrams of 2,000 a second; median / worst.", '']
    return '\n'.join(lines + report_failover.table(result)) + '\n'


def table_commands(result):
    meta = result['meta']
    lines = [f"Kernel {meta['kernel']}, {meta['cpus']} × {meta['cpu']}, commit {meta['commit']}, {meta['date']}, "
             f"load before the run {meta['load']:.2f}; {meta['repeat']} runs of each; milliseconds.", '',
             '| | median | worst | of processors, median |', '|---|--:|--:|--:|']
    lines += [f"| {' | '.join(row)} |" for row in commands.cells(result)]
    lines += ['', '| asked for | measured | below | |', '|---|--:|--:|---|', f"| {' | '.join(commands.goal(result))} |"]
    return '\n'.join(lines) + '\n'


def put(text, begin, end, source, make):
    """text with make(what stands in source) between the marks; unchanged when nothing was measured."""
    if not os.path.exists(source):
        return text
    with open(source, encoding='utf-8') as f:
        result = json.load(f)
    head, rest = text.split(begin)
    _, tail = rest.split(end)
    return head + begin + '\n' + make(result) + '\n' + end + tail


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, 'build', 'bench')
    page = os.path.join(ROOT, 'docs', 'benchmark.md')
    with open(page, encoding='utf-8') as f:
        text = f.read()
    text = put(text, BEGIN, END, os.path.join(folder, 'result.json'), table)
    text = put(text, BEGIN_SYNC, END_SYNC, os.path.join(folder, 'sync.json'), table_sync)
    text = put(text, BEGIN_LISTING, END_LISTING, os.path.join(folder, 'listing.json'), table_listing)
    text = put(text, BEGIN_FAILOVER, END_FAILOVER, os.path.join(folder, 'failover.json'), table_failover)
    text = put(text, BEGIN_COMMANDS, END_COMMANDS, os.path.join(folder, 'commands.json'), table_commands)
    with open(page, 'w', encoding='utf-8') as f:
        f.write(text)


if __name__ == '__main__':
    main()

#!/usr/bin/env python3
"""Medians from the raw files of one run of listing.sh.

usage: report_listing.py RAW-FOLDER RESULT-JSON

RAW-FOLDER holds "meta" (KEY=VALUE lines) and figures.N ("KEY VALUE" lines), one for each round. Prints a table and
writes all of it as JSON."""
import statistics

from report import main
from report_sync import collect, show, value_of, verdict_of

WAYS = (('fast', 'fast path'), ('slow', 'slow path'))
FORMS = (('text', 'text'), ('json', 'JSON'), ('count', '--count'))


def loss(result, way, form):
    """Percent of the rate that is lost while lists are made: median of the rounds, or None."""
    alone, beside = (result['figures'].get(f'{way}-{what}-rate') for what in ('alone', form))
    if not alone or not beside:
        return None
    return statistics.median(100 * (1 - mine / its) for mine, its in zip(beside['runs'], alone['runs']))


def busy_rows(result):
    """(way, form, Gbit/s alone, meanwhile, percent lost, seconds of a list, of the command's processor)"""
    for way, name in WAYS:
        for form, word in FORMS[:2]:
            yield (name, word, value_of(result, f'{way}-alone-rate'), value_of(result, f'{way}-{form}-rate'),
                   loss(result, way, form), value_of(result, f'{way}-{form}-seconds'),
                   value_of(result, f'{way}-{form}-cpu-command'))


def quiet_rows(result):
    """(form, seconds, of the command's processor, of the translator's, MiB)"""
    for form, word in FORMS:
        yield (word, *(value_of(result, f'quiet-{form}-{key}') for key in ('seconds', 'cpu-command', 'cpu-translator')),
               value_of(result, f'quiet-{form}-memory', 1024))


def goals(result):
    """(what, value, bar in words, reached or missed)"""
    for way, form, _, _, lost, seconds, _ in busy_rows(result):
        yield (f'{way}, {form}: rate lost (%)', show(lost)) + verdict_of(lost, -5)
        yield (f'{way}, {form}: seconds of a list', show(seconds)) + verdict_of(seconds, -5)


def print_result(result):
    meta = result['meta']
    print(f"kernel {meta['kernel']}, {meta['cpus']} x {meta['cpu']}, commit {meta['commit']}, {meta['date']}, "
          f"load before {meta['load']}, median of {meta['repeat']}, {meta['rows']} sessions")
    print(f"{'':22}{'alone':>10}{'listed':>10}{'lost %':>10}{'seconds':>10}{'command':>10}")
    for way, form, *values in busy_rows(result):
        print(f"{way + ', ' + form:22}" + ''.join(f'{show(value):>10}' for value in values))
    print(f"{'without traffic':22}{'seconds':>10}{'command':>10}{'translator':>12}{'MiB':>8}")
    for form, seconds, command, translator, memory in quiet_rows(result):
        print(f'{form:22}{show(seconds):>10}{show(command):>10}{show(translator):>12}{show(memory):>8}')
    for what, value, bar, verdict in goals(result):
        print(f'{what:42}{value:>10} {bar:14} {verdict}')


if __name__ == '__main__':
    main(collect, print_result)

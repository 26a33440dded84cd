#!/usr/bin/env python3
"""Keeps the tables of docs/troubleshooting.md equal to translator/verdict.def: usage: docs_verdicts.py [--write]

Every reason for a dropped packet has a row: name, sentence and source come from verdict.def, in its order and under its
headings; what to do is written by hand in the page. Without --write, prints "ok NAME" or "FAIL NAME" with what differs;
with it, rewrites the first columns and leaves the last one as it is (empty for a new reason, which then fails)."""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
PAGE = os.path.join(ROOT, 'docs', 'troubleshooting.md')
BEGIN, END = '<!-- reasons: first columns by tests/tools/docs_verdicts.py -->', '<!-- end of reasons -->'
HEAD = '| reason | what it means | see | what to do |\n|---|---|---|---|\n'


def groups():
    """[(title, [(name, sentence, source)])] of what is dropped"""
    found = []
    with open(os.path.join(ROOT, 'translator', 'verdict.def'), encoding='utf-8') as f:
        text = f.read()
    for part in re.split(r'/\* -- ', text)[1:]:
        title = part[:part.index(' --')]
        rows = re.findall(r'X\(\w+, "([^"]+)", VERDICT_DROPPED, [^"]*"([^"]+)",\s*"([^"]+)"\)', part)
        if rows:
            found.append((title, [(name, sentence, source) for name, source, sentence in rows]))
    return found


def remedies(text):
    """{name: what to do} of the page"""
    return dict(re.findall(r'^\| `([a-z0-9-]+)` \|.*\| ([^|]*?) *\|$', text, re.M))


def tables(known):
    out = []
    for title, rows in groups():
        out.append('\n### %s\n\n%s' % (title[0].upper() + title[1:], HEAD))
        out += ['| `%s` | %s | %s | %s |\n' % (n, sentence, source, known.get(n, '')) for n, sentence, source in rows]
    return ''.join(out) + '\n'


def main():
    with open(PAGE, encoding='utf-8') as f:
        text = f.read()
    begin, end = text.index(BEGIN) + len(BEGIN) + 1, text.index(END)
    known = remedies(text[begin:end])
    wanted = tables(known)
    if '--write' in sys.argv[1:]:
        with open(PAGE, 'w', encoding='utf-8') as f:
            f.write(text[:begin] + wanted + text[end:])
        return 0
    names = [name for _, rows in groups() for name, _, _ in rows]
    wrong = ['%s: say what to do' % name for name in names if len(known.get(name, '')) < 8]
    wrong += ['%s is no reason' % name for name in known if name not in names]
    have = set(text[begin:end].splitlines())
    wrong += ['docs_verdicts.py --write is needed: ' + line for line in wanted.splitlines() if line not in have]
    if len(names) < 40:
        wrong.append('only %d reasons found' % len(names))
    print('%s every-reason-for-a-drop-is-explained' % ('FAIL' if wrong else 'ok'), *wrong, sep='\n     ')
    return bool(wrong)


sys.exit(main())

#!/usr/bin/env python3
"""Writes replies to each command line of fuzz_replies.c into OUTDIR: usage: seeds_replies.py OUTDIR

The replies are those of the golden tests, and those that edges.py has well programs give."""
import glob
import json
import os
import re
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../tools'))
import edges

# What the commands ask that do not ask what they are called.
ASKS = {'status': ('status', 'peers', 'health'), 'top': ('status', 'stats', 'peers', 'health'), 'undrain': ('drain', 'health'),
        'drain': ('drain', 'health'), 'config': ('config', 'status')}
ASKS['check'] = ASKS['metrics'] = ASKS['top']
CHANGE = ('bib_change',)
HOSTILE = 'a"\\{}\x1b[31m\x07\n\x9b\u00fc'
REFUSAL = {'error': HOSTILE, 'invalid': True}
# What strings and numbers become.
ALTERED = {'hostile': (HOSTILE, 1), 'long': ('long \u20ac' * 80, 2**64 - 1), 'empty': ('', 0)}


def altered(message, values, text, number):
    """The same values with another string and number in each place."""
    def one(kind, value):
        if kind in edges.MESSAGES:
            return altered(kind, value, text, number)
        return text if kind == 'string' else number if kind in ('uint32', 'uint64') else value

    out = {}
    for key, value in values.items():
        kind = edges.MESSAGES[message][key][1]
        out[key] = [one(kind, v) for v in value] if isinstance(value, list) else one(kind, value)
    return out


def chunk(request, reply):
    message = edges.identified(reply, 0)
    return struct.pack('<BH', edges.MESSAGES['Request'][request][0], len(message)) + message


def golden_replies():
    """(name, request, reply) of each in the golden tests' files that has one."""
    for path in sorted(glob.glob(edges.REPLIES + '/*.json')):
        with open(path, encoding='utf-8') as f:
            replies = json.load(f)
        if isinstance(replies, dict):
            replies = [reply for connection in replies['connections'] for reply in connection]
        for reply in replies:
            for one in reply if isinstance(reply, list) else [reply]:
                for request in one or {}:
                    if request in edges.REQUESTS.values():
                        yield os.path.basename(path)[:-5], request, one


def seeds(line):
    """(name, replies)"""
    word = line.split()[0]
    asks = CHANGE if line.startswith(('bib add', 'bib remove')) else ASKS.get(word, (word,))
    well = b''.join(chunk(request, reply) for request in asks for reply in edges.WELL[request])
    yield 'well', well
    for name, (text, number) in ALTERED.items():
        yield name, b''.join(chunk(request, altered('Reply', reply, text, number)) for request in asks
                             for reply in edges.WELL[request])
    yield 'refused', b''.join(chunk(request, REFUSAL) for request in asks)
    for name, request, reply in golden_replies():
        if request == asks[0] or (request in asks and word == 'check'):
            yield name, chunk(request, reply) + well


def main():
    with open(HERE + '/fuzz_replies.c', encoding='utf-8') as f:
        lines = re.findall(r'^\t"(.*)",$', f.read(), re.M)
    for number, line in enumerate(lines):
        for name, replies in seeds(line):
            for json_wanted in (0, 1):
                with open(os.path.join(sys.argv[1], '%d-%s-%d' % (number, name, json_wanted)), 'wb') as f:
                    f.write(bytes([number, json_wanted]) + replies)


if __name__ == '__main__':
    main()

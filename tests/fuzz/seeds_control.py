#!/usr/bin/env python3
"""Writes one request of each command, and an explanation of every vector, into OUTDIR: usage: seeds_control.py OUTDIR"""
import json
import os
import sys


def varint(n):
    out = b''
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def number(field, value):
    return varint(field << 3) + varint(value)


def data(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def request(command, body, version=1):
    return number(1, version) + number(2, 7) + data(command, body)


HOST = bytes.fromhex('20010db8000600000000000000000001')
POOL4 = bytes([203, 0, 113, 1])
SERVER = bytes.fromhex('20010db80064000000000000c6336450')
FILTER = (data(1, b'tcp') + data(2, HOST) + number(3, 64) + data(4, POOL4) + number(5, 443) +
          data(6, bytes([198, 51, 100, 80])) + data(7, b'V6_INIT'))


def fields(protocol, length):
    return data(2, data(1, HOST) + data(2, SERVER) + number(3, protocol) + number(4, 4000) + number(5, 53) +
                number(6, 2) + number(7, length) + number(8, 64))


SEEDS = {
    'status': request(3, b''),
    'stats': request(4, b''),
    'sessions': request(41, b''),
    'sessions-filter': request(41, data(1, FILTER) + number(2, 1) + number(3, 10)),
    'bib': request(42, data(1, data(1, b'udp'))),
    'explain-tcp': request(7, fields(6, 0)),
    'explain-udp': request(7, fields(17, 3000)),
    'explain-icmp': request(7, fields(58, 100)),
    'explain-other': request(7, fields(50, 65575)),
    'trace': request(19, b''),
    'trace-filter': request(19, data(1, data(1, b'udp') + data(2, data(1, HOST) + number(2, 64)) +
                                    data(2, data(1, bytes([198, 51, 100, 80])) + number(2, 24)) + number(3, 53) +
                                    data(4, b'translated') + data(6, b'6to4') + data(7, b'slow')) + number(2, 256)),
    'trace-drops': request(19, data(1, number(5, 1)) + number(2, 2048)),
    'config': request(30, b''),
    'config-piece': request(30, number(1, 9) + number(2, 1)),
    'reload-check': request(31, data(1, b'check')),
    'reload-apply': request(31, data(1, b'apply')),
    'reload-outcome': request(31, data(1, b'outcome')),
    'pool4': request(32, b''),
    'pool4-addresses': request(32, data(1, POOL4) + number(2, 24) + number(3, 1)),
    'capabilities': request(33, b''),
    'who': request(34, data(1, POOL4) + number(2, 443) + data(3, b'tcp')),
    'bib-add': request(40, data(2, b'udp') + data(3, HOST) + number(4, 53) + data(5, POOL4) + number(6, 5353)),
    'bib-remove': request(40, number(1, 1) + data(2, b'tcp') + data(5, POOL4) + number(6, 443)),
    'version': request(3, b'', version=9),
}

vectors = os.path.join(os.path.dirname(__file__), '..', 'vectors', 'vectors.json')


def packets(node):
    """Every hexadecimal packet anywhere in the vectors."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == 'hex' and isinstance(value, str):
                yield value
            else:
                yield from packets(value)
    elif isinstance(node, list):
        for value in node:
            yield from packets(value)


with open(vectors, encoding='utf-8') as f:
    for i, text in enumerate(packets(json.load(f))):
        try:
            SEEDS['vector-%d' % i] = request(7, data(1, bytes.fromhex(text)))
        except ValueError:
            pass  # a template, not a packet

for name, seed in SEEDS.items():
    for mode in (0, 1):
        with open(os.path.join(sys.argv[1], '%s-%d' % (name, mode)), 'wb') as f:
            f.write(bytes([mode]) + seed)

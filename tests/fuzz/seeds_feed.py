#!/usr/bin/env python3
"""Seeds of fuzz_feed: a hello, a scan, changes, and everything in one message.

usage: seeds_feed.py OUTDIR"""
import os
import sys


def text(tag, value):
    return bytes([tag << 3 | 2, len(value)]) + value


def chunk(message):
    """Padded with an unknown field, because lengths are multiples of 8."""
    pad = -len(message) % 8
    if pad == 1:
        pad += 8
    message += text(15, bytes(pad - 2)) if pad else b''
    return bytes([len(message) // 8]) + message


VERSION = b'\x08\x01'
HOST = bytes.fromhex('20010db8000000000000000000000001')
IDENTITY = b'\x15\x01\x64\x33\xc6\x18\xc0\xb8\x02\x25\x50\x71\x00\xcb\x28\xbb\x03'
SESSION = IDENTITY + text(6, HOST) + b'\x38\x99\x8e\x03\x48\xa0\x38\x50\x01'
GONE = IDENTITY + b'\x30\x01'
HELLO = VERSION + text(2, text(1, b'lower') + b'\x10\x00')
SCAN = VERSION + b'\x28\x01' + text(3, SESSION) + b'\x30\x01'
CHANGES = VERSION + text(3, SESSION + b'\x40\x05') + text(4, GONE) + text(8, GONE) + text(7, text(1, GONE) + b'\x10\x03')
SEEDS = {
    'hello': HELLO,
    'scan': chunk(SCAN),
    'changes': chunk(SCAN) + chunk(CHANGES),
    'twice': chunk(SCAN) + chunk(VERSION + b'\x28\x01') + chunk(VERSION + b'\x30\x01'),
    'stats': chunk(VERSION + text(11, b'\x08\x05\x10\x06\x18\x07')),
}

for name, data in SEEDS.items():
    with open(os.path.join(sys.argv[1], name), 'wb') as f:
        f.write(data)

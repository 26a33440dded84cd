#!/usr/bin/env python3
"""Seeds of fuzz_records: rows of eight-byte steps.

usage: seeds_records.py OUTDIR"""
import os
import random
import sys

SESSION, GONE, PACKET, PASS, TURN, LISTEN = 0, 2, 3, 5, 7, 0x80
SEEDS = {
    'copy': bytes([SESSION | LISTEN, 1, 1, 10, 0, 0x20, 0, 33]) + bytes([PACKET, 1, 1, 10, 0, 0, 0, 16]),
    'own': bytes([PACKET, 1, 1, 0, 0, 5, 1, 16]) + bytes([PASS | LISTEN, 0, 5, 0, 0, 0, 0, 0]),
    'conflict': bytes([SESSION, 1, 1, 10, 0, 0x20, 0, 33]) + bytes([SESSION | LISTEN, 1, 2, 10, 0, 0x20, 0, 36]),
    'end': bytes([SESSION, 1, 1, 10, 0, 0x20, 0, 33]) + bytes([GONE | LISTEN, 1, 0, 10, 0, 2, 0, 5]),
    'expire': bytes([SESSION, 1, 1, 10, 0, 0x20, 0, 1]) + bytes([PASS | LISTEN, 0, 0, 255, 0, 0, 0, 0]),
    'again': bytes([PACKET, 1, 1, 0, 0, 5, 1, 16]) + bytes([TURN, 0, 1, 1, 0, 0, 0, 0]),
}
for number in range(8):
    SEEDS['mix-%d' % number] = random.Random(number).randbytes(1600)

for name, data in SEEDS.items():
    with open(os.path.join(sys.argv[1], name), 'wb') as f:
        f.write(data)

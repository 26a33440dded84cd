#!/usr/bin/env python3
"""Write inputs for fuzz_core.c made from the packet vectors into a folder.

usage: seeds_core.py OUTDIR"""
import json
import os
import struct
import sys

VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'vectors', 'vectors.json')

# Index into configs[] of fuzz_core.c.
CONFIGS = {'nat64': 0, 'siit': 3, 'siit-wkp': 6, 'siit-8215': 3, 'siit-eam7757': 4, 'siit-overlap': 3, 'siit-pure': 5}
OP_PACKET, OP_FIXED, OP_REPLY, OP_ERROR, OP_TIME, OP_EXPLAIN = 0, 1, 4, 5, 6, 0x80


def chunk(op, data):
    return struct.pack('!BH', op, len(data)) + data


def config_index(vector):
    if vector['config_overrides'].get('filtering') == 'address-dependent':
        return 1
    return CONFIGS.get(vector['config'], 3)


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    with open(VECTORS) as f:
        document = json.load(f)
    for vector in document['vectors']:
        steps = vector['setup'] + [vector]
        packets = [bytes.fromhex(p['hex']) for step in steps for p in step['input']]
        plain = b''.join(chunk(OP_PACKET, p) for p in packets)
        lively = b''.join(chunk(OP_EXPLAIN | OP_FIXED, p) for p in packets)
        lively += chunk(OP_REPLY, b'') + chunk(OP_ERROR, bytes([3, 4, 0, 0, 5, 0, 0])) + chunk(OP_TIME, bytes([100, 0, 1]))
        for name, body in (('plain', plain), ('lively', lively)):
            with open(os.path.join(folder, '%s-%s' % (vector['id'], name)), 'wb') as out:
                out.write(bytes([config_index(vector)]) + body)


if __name__ == '__main__':
    main()

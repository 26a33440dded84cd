#!/usr/bin/env python3
"""Write inputs for fuzz_core.c made from the packet vectors into a folder.

usage: seeds_core.py OUTDIR"""
import json
import os
import struct
import sys

VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'vectors')

# Indices into configs[] of fuzz_core.c.
CONFIGS = {'nat64': (0, 1, 2), 'siit-wkp': (6,), 'siit-eam7757': (4,), 'siit-pure': (5,)}
OP_PACKET, OP_FIXED, OP_OFFLOADED, OP_REPLY, OP_ERROR, OP_TIME, OP_EXPLAIN = 0, 1, 3, 4, 5, 6, 0x80
GSO_TCPV4, GSO_TCPV6, GSO_UDP_L4 = 1, 4, 5


def chunk(op, data):
    return struct.pack('!BH', op, len(data)) + data


def super_packet(packet, segment):
    """The TCP or UDP packet made 4,000 bytes longer, behind the header that announces segments; else None."""
    version = packet[0] >> 4
    if version not in (4, 6) or len(packet) < 48:
        return None
    at = 20 if version == 4 else 40
    proto = packet[9 if version == 4 else 6]
    if proto not in (6, 17) or (version == 4 and packet[0] != 0x45):
        return None
    whole = bytearray(packet) + bytes(4000)
    struct.pack_into('!H', whole, 2 if version == 4 else 4, len(whole) - (0 if version == 4 else 40))
    if proto == 17:
        struct.pack_into('!H', whole, at + 4, len(whole) - at)
    headers = at + (8 if proto == 17 else (packet[at + 12] >> 4) * 4)
    kind = GSO_UDP_L4 if proto == 17 else GSO_TCPV4 if version == 4 else GSO_TCPV6
    return struct.pack('=BBHHHH', 1, kind, headers, segment, at, 6 if proto == 17 else 16) + bytes(whole)


def bodies(packets):
    plain = b''.join(chunk(OP_PACKET, p) for p in packets)
    yield 'plain', plain
    supers = [super_packet(p, segment) for p in packets for segment in (500, 1000, 1400)]
    if any(supers):
        yield 'offloaded', plain + b''.join(chunk(OP_OFFLOADED, s) for s in supers if s)
    fixed = b''.join(chunk(OP_EXPLAIN | OP_FIXED, p) for p in packets)
    answered = fixed + chunk(OP_REPLY, b'') + chunk(OP_ERROR, bytes([3, 4, 0, 0, 5, 0, 0]))
    yield 'lively', answered + chunk(OP_TIME, bytes([100, 0, 1])) + fixed
    # Two hours and more: idle connections are probed; then a jump without ticks.
    yield 'old', answered + 2 * chunk(OP_TIME, bytes([250, 0, 3])) + chunk(OP_REPLY, b'') + \
        chunk(OP_TIME, bytes([250, 0, 0x83])) + fixed


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    vectors = []
    for name in ('vectors', 'more'):
        with open(os.path.join(VECTORS, name + '.json')) as f:
            vectors += json.load(f)['vectors']
    for vector in vectors:
        steps = vector['setup'] + [vector]
        packets = [bytes.fromhex(p['hex']) for step in steps for p in step['input']]
        for config in CONFIGS.get(vector['config'], (3,)):
            for name, body in bodies(packets):
                with open(os.path.join(folder, '%s-%d-%s' % (vector['id'], config, name)), 'wb') as out:
                    out.write(bytes([config]) + body)


if __name__ == '__main__':
    main()

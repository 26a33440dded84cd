#!/usr/bin/env python3
"""Writes one payload with each part of a datagram into OUTDIR: usage: seeds_replica.py OUTDIR"""
import os
import struct
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


def fixed32(field, value):
    return varint(field << 3 | 5) + struct.pack('<I', value)


def fixed64(field, value):
    return varint(field << 3 | 1) + struct.pack('<Q', value)


def identity(port):
    return fixed32(2, 1) + number(3, port) + fixed32(4, 1) + number(5, 1)


def session(port, version, owner=0):
    return data(1, identity(port) + data(6, bytes(15) + b'\1') + number(7, 4000) + number(8, 1) + number(9, 300) +
                number(10, version) + number(11, owner))


def gone(port, version):
    return data(2, identity(port) + number(6, version))


def ranges(node, *pairs):
    return (number(1, node) + b''.join(data(f, b''.join(varint(p[f - 2]) for p in pairs)) for f in (2, 3)))


EPOCH = bytes([1] * 16)
CHALLENGE = bytes([2] * 16)
SEEDS = {
    'sessions': b''.join(session(p, 3) for p in range(1, 25)),
    'taken': session(1, 9) + session(2, 9, 3) + session(3, 1, 1),
    'gone': gone(2, 3) + gone(4, 1) + gone(500, 1),
    'hello': data(3, data(1, CHALLENGE) + data(2, number(1, 0) + data(2, CHALLENGE)) + number(3, 2) + fixed64(4, 0) +
                  fixed64(5, 0) + data(6, b'1.0') + number(7, 64)),
    'heartbeat': data(4, number(1, 1001) + number(2, 2) + number(3, 64) + number(4, 1) + number(5, 64) +
                      data(6, bytes(512)) + data(7, number(1, 0) + data(2, bytes(16)) + number(4, 100))),
    'nack': data(5, number(1, 0) + data(2, bytes(16)) + data(3, varint(1)) + data(4, varint(40))),
    'nack-miss': data(6, ranges(0, (900, 950), (1001, 1100))),
    'nack-done': data(13, ranges(0, (900, 999), (1001, 1002))),
    'snapshot-request': data(7, number(1, 0) + number(2, 7)),
    'snapshot-end': data(8, number(1, 0) + number(2, 7) + number(3, 64)),
    'bucket-request': data(9, number(1, 0) + number(2, 0) + data(3, b''.join(varint(b) for b in range(0, 1024, 16)))),
    'listing': data(10, number(1, 1) + number(2, 5) + fixed64(4, 2**64 - 1) + data(5, struct.pack('<3Q', 1, 2, 3))),
    'want': data(11, number(1, 0) + number(2, 0) + number(3, 5) + data(4, struct.pack('<3Q', 1, 2, 3))),
    'goodbye': data(12, data(1, b'stopped')),
    'unknown': data(99, b'of a later version') + session(7, 4),
}

for name, seed in SEEDS.items():
    with open(os.path.join(sys.argv[1], name), 'wb') as f:
        f.write(b'\0' + seed)

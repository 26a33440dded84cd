#!/usr/bin/env python3
"""Seeds of fuzz_datagram: one payload of each kind of proto/sync.proto, and headers that are nearly right.

usage: seeds_datagram.py OUTDIR"""
import os
import sys


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def number(tag, value):
    return varint(tag << 3) + varint(value)


def fixed(tag, value, size):
    return varint(tag << 3 | (5 if size == 4 else 1)) + value.to_bytes(size, 'little')


def text(tag, value):
    return varint(tag << 3 | 2) + varint(len(value)) + value


HOST = bytes.fromhex('20010db8000000000000000000000001')
SESSION = (fixed(2, 0xc6336401, 4) + number(3, 40000) + fixed(4, 0xcb007150, 4) + number(5, 443) + text(6, HOST)
           + number(7, 51000) + number(9, 7200) + number(10, 1))
GONE = fixed(2, 0xc6336401, 4) + number(3, 1025) + fixed(4, 0xcb007100, 4) + number(5, 443) + number(6, 1)
EPOCH = bytes(range(16))
SEEDS = {
    'session': text(1, SESSION),
    'udp': text(1, number(1, 1) + SESSION),
    'owned': text(1, SESSION + number(11, 1)),
    'taken': text(1, SESSION + number(11, 2) + number(8, 5)),
    'gone': text(2, GONE),
    'hello': text(3, text(1, EPOCH) + text(2, number(1, 0) + text(2, EPOCH)) + number(3, 2) + fixed(4, 1, 8)
                  + fixed(5, 2, 8) + text(6, b'1.0') + number(7, 10)),
    'heartbeat': text(4, number(1, 9) + number(2, 2) + number(3, 20) + number(4, 1) + number(5, 64)
                      + text(6, bytes(64 * 8)) + text(7, number(1, 0) + text(2, EPOCH) + number(3, 5) + number(4, 10))),
    'nack': text(5, number(1, 0) + text(2, EPOCH) + text(3, b'\x01\x05') + text(4, b'\x02\x09')),
    'miss': text(6, number(1, 0) + text(2, b'\x01') + text(3, b'\x03')),
    'snapshot': text(7, number(1, 0) + number(2, 1)),
    'end': text(8, number(1, 0) + number(2, 1) + number(3, 20)),
    'buckets': text(9, number(1, 0) + number(2, 0) + text(3, b'\x00\x01\x05')),
    'listing': text(10, number(1, 1) + number(2, 3) + fixed(3, 0, 8) + fixed(4, 2**64 - 1, 8) + text(5, bytes(range(16)))),
    'want': text(11, number(1, 0) + number(2, 0) + number(3, 1) + text(4, bytes(range(24)))),
    'goodbye': text(12, text(1, b'stopping')),
    'done': text(13, number(1, 0) + text(2, b'\x01') + text(3, b'\x03')),
}


def main():
    for name, payload in SEEDS.items():
        with open(os.path.join(sys.argv[1], name), 'wb') as f:
            f.write(b'\x01' + payload)
        with open(os.path.join(sys.argv[1], name + '-ahead'), 'wb') as f:
            f.write(b'\x15' + payload)
    with open(os.path.join(sys.argv[1], 'raw'), 'wb') as f:
        f.write(b'\x00N64S\x01\x00\x01\x00' + bytes(48))
    with open(os.path.join(sys.argv[1], 'all'), 'wb') as f:
        f.write(b'\x01' + b''.join(SEEDS.values()))


main()

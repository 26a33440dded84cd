#!/usr/bin/env python3
"""Datagrams that sa-nat64-syncd must not take, made from one that it would.

usage: stranger.py INTERFACE GROUP KIND COUNT

Waits for a datagram that this box sends to GROUP, and sends COUNT variants of it: garbage, truncated, flipped (a bit of
the seal), version (major 2), cluster (another one), routed (hop limit 64), instance (another one), again (unchanged)."""
import os
import random
import socket
import struct
import sys

PORT = 6464
ETH_P_IPV6 = 0x86dd
HEADERS = 14 + 40 + 8


def overhear(interface, group):
    """The payload of the next datagram to the group that leaves by the interface."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as s:
        s.bind((interface, 0))
        s.settimeout(10)
        wanted = socket.inet_pton(socket.AF_INET6, group)
        while True:
            frame, address = s.recvfrom(65536)
            if address[2] == socket.PACKET_OUTGOING and frame[12:14] == struct.pack('!H', ETH_P_IPV6) \
                    and frame[20] == socket.IPPROTO_UDP and frame[38:54] == wanted:
                return bytearray(frame[HEADERS:])


def variant(kind, datagram, rng):
    if kind == 'garbage':
        return rng.randbytes(rng.randrange(1, 1300))
    out = bytearray(datagram)
    if kind == 'truncated':
        return out[:rng.randrange(8, len(out))]
    if kind == 'flipped':
        out[32:40] = rng.randbytes(8)  # a number not seen yet, so that it gets as far as the seal
        out[rng.randrange(40, len(out))] ^= 1 << rng.randrange(8)
    if kind == 'version':
        out[4] = 2
    if kind == 'cluster':
        out[8] ^= 0xff
    if kind == 'instance':
        out[12] ^= 0xff
    return out


def main():
    interface, group, kind, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    rng = random.Random(1)
    datagram = overhear(interface, group)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 64 if kind == 'routed' else 255)
        to = (group, PORT, 0, socket.if_nametoindex(interface))
        for _ in range(count):
            s.sendto(variant(kind, datagram, rng), to)
    os._exit(0)


main()

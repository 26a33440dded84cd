#!/usr/bin/env python3
"""Random packets into a TUN device, as if the kernel had routed them there.

usage: garbage.py [--seed N] [--count N] DEVICE DESTINATION6 DESTINATION4

A third is pure noise behind a version nibble; the others are TCP, UDP, ICMP, fragments and extension headers to the
given destinations with some bytes changed, so that they get deep into the translator."""
import argparse
import ipaddress
import random
import socket
import struct

ETH_P_IP, ETH_P_IPV6 = 0x0800, 0x86dd
NEXT_HEADERS = (0, 1, 6, 17, 43, 44, 50, 51, 58, 59, 60, 132, 255)


def checksum(data):
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv6(rng, destination):
    payload = rng.randbytes(rng.choice((0, 4, 8, 20, 40, 100, 1400)))
    source = ipaddress.IPv6Address('2001:db8:1::').packed[:8] + rng.randbytes(8)
    return struct.pack('!IHBB', 6 << 28 | rng.getrandbits(28), len(payload), rng.choice(NEXT_HEADERS),
                       rng.randrange(256)) + source + destination.packed + payload


def ipv4(rng, destination):
    payload = rng.randbytes(rng.choice((0, 4, 8, 20, 40, 100, 1400)))
    options = rng.randbytes(4 * rng.choice((0, 0, 0, 1, 3, 10)))
    flags = rng.choice((0, 0, 0x4000, 0x2000, rng.getrandbits(16)))
    head = struct.pack('!BBHHHBBH4s4s', 4 << 4 | 5 + len(options) // 4, rng.randrange(256),
                       20 + len(options) + len(payload), rng.getrandbits(16), flags, rng.randrange(256),
                       rng.choice((1, 6, 17, rng.randrange(256))), 0, rng.randbytes(4), destination.packed) + options
    return head[:10] + struct.pack('!H', checksum(head)) + head[12:] + payload


def mutilate(rng, packet):
    data = bytearray(packet)
    for _ in range(rng.choice((0, 0, 1, 2, 5))):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data[:rng.randrange(1, len(data) + 1)] if rng.random() < 0.2 else data)


def noise(rng, version):
    data = bytearray(rng.randbytes(rng.randrange(1, 1500)))
    data[0] = version << 4 | data[0] & 0xf
    return bytes(data)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--count', type=int, default=10000)
    parser.add_argument('device')
    parser.add_argument('destination6', type=ipaddress.IPv6Address)
    parser.add_argument('destination4', type=ipaddress.IPv4Address)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
    for _ in range(args.count):
        version = rng.choice((4, 6))
        if rng.random() < 1 / 3:
            packet = noise(rng, version)
        elif version == 6:
            packet = mutilate(rng, ipv6(rng, args.destination6))
        else:
            packet = mutilate(rng, ipv4(rng, args.destination4))
        sock.sendto(packet, (args.device, ETH_P_IPV6 if version == 6 else ETH_P_IP))
    print(f'{args.count} packets with seed {args.seed}')


if __name__ == '__main__':
    main()

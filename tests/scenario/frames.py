#!/usr/bin/env python3
"""Frames of a capture, sent again, for the scenarios.

usage: frames.py replay CAPTURE DEVICE        all of them, in their order
       frames.py mangle CAPTURE DEVICE SEED   cut short, with bits turned, or random bytes for a payload

CAPTURE is what tcpdump -w wrote on an Ethernet device, of UDP over IPv6; its checksums are made anew, for a capture at
the sender has them unfinished. Prints how many were sent."""
import random
import socket
import struct
import sys

IP6_AT, UDP_AT, PAYLOAD_AT = 14, 54, 62
NUMBER_AT = 36  # in the payload, upper half of what counts


def frames(path):
    with open(path, 'rb') as f:
        data = f.read()
    order = '<' if data[:4] in (b'\xd4\xc3\xb2\xa1', b'\x4d\x3c\xb2\xa1') else '>'
    at = 24
    while at + 16 <= len(data):
        _, _, count, _ = struct.unpack(order + 'IIII', data[at:at + 16])
        yield data[at + 16:at + 16 + count]
        at += 16 + count


def is_udp6(frame):
    return frame[12:14] == b'\x86\xdd' and frame[IP6_AT + 6] == socket.IPPROTO_UDP and len(frame) > PAYLOAD_AT


def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff or 0xffff


def with_payload(frame, payload):
    """The frame with this UDP payload, lengths and checksum to match."""
    length = 8 + len(payload)
    ip6 = frame[IP6_AT:IP6_AT + 4] + struct.pack('!H', length) + frame[IP6_AT + 6:UDP_AT]
    udp = frame[UDP_AT:UDP_AT + 4] + struct.pack('!HH', length, 0) + payload
    pseudo = ip6[8:40] + struct.pack('!II', length, socket.IPPROTO_UDP)
    return frame[:IP6_AT] + ip6 + udp[:6] + struct.pack('!H', checksum(pseudo + udp)) + payload


def mangled(frame, choice):
    payload = bytearray(frame[PAYLOAD_AT:])
    kind = choice.randrange(3)
    if kind == 0:
        payload = payload[:choice.randrange(len(payload))]
    elif kind == 1:
        payload[NUMBER_AT] ^= choice.randrange(1, 256)  # a number that was not seen yet
        for _ in range(choice.randrange(8)):
            payload[choice.randrange(len(payload))] ^= 1 << choice.randrange(8)
    else:
        payload = bytearray(choice.randbytes(choice.randrange(1, 1300)))
    return with_payload(frame, bytes(payload))


def main():
    if len(sys.argv) < 4 or sys.argv[1] not in ('replay', 'mangle'):
        sys.exit(__doc__)
    choice = random.Random(int(sys.argv[4])) if sys.argv[1] == 'mangle' else None
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((sys.argv[3], 0))
    count = 0
    for frame in frames(sys.argv[2]):
        if is_udp6(frame):
            sock.send(mangled(frame, choice) if choice else with_payload(frame, frame[PAYLOAD_AT:]))
            count += 1
    print(count)


if __name__ == '__main__':
    main()

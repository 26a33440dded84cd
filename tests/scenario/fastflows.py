"""Flows and random packets of them for the differential test of the fast path (fastdiff.py), and the rule that says
which packets the fast path has to carry."""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'vectors'))
import packets as build  # noqa: E402

TCP, UDP, ICMP = 6, 17, 1
FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
DF_LIMIT = 1260
CHECKSUM_AT = {TCP: 16, UDP: 6, ICMP: 2, 58: 2}
GSO_TCP4, GSO_TCP6, GSO_UDP, GSO_ECN = 1, 4, 5, 0x80
NO_OFFLOAD = (0, 0, 0, 0, 0, 0)  # virtio_net_hdr: flags, gso_type, hdr_len, gso_size, csum_start, csum_offset


class Flow:
    """One flow: what its packets look like on both sides; 64 goes from host6 to remote6, from pool4 to remote4."""

    def __init__(self, proto, side6, side4):
        self.proto = proto
        self.side = {6: side6, 4: side4}  # (source, destination, source port, destination port) of direction 64
        self.must_reopen = False  # the slow path has to see the next packet: the state machine is not open

    def ends(self, version):
        """Source, destination and ports of a packet that comes in as IPv6 or IPv4."""
        return self.incoming(self.side[version], version)

    def translated(self, version):
        return self.incoming(self.side[10 - version], version)

    @staticmethod
    def incoming(side, version):
        src, dst, src_port, dst_port = side
        return (src, dst, src_port, dst_port) if version == 6 else (dst, src, dst_port, src_port)

    def __str__(self):
        return '%s %s / %s' % ({TCP: 'tcp', UDP: 'udp', ICMP: 'icmp'}[self.proto], self.side[6], self.side[4])


def transport(flow, version, ends, data, flags=ACK, echo_reply=None, options=b''):
    """A right transport header and its payload."""
    src, dst, src_port, dst_port = ends
    if flow.proto == TCP:
        return build.tcp(src, dst, src_port, dst_port, data, fl=flags, seq=1000, ack=2000, opts=options)
    if flow.proto == UDP:
        return build.udp(src, dst, src_port, dst_port, data)
    is_reply = version == 4 if echo_reply is None else echo_reply
    identifier = src_port if (version == 6) else dst_port
    rest = struct.pack('!HH', identifier, 7)
    if version == 6:
        return build.ic6(src, dst, 129 if is_reply else 128, 0, rest, data)
    return build.ic4(0 if is_reply else 8, 0, rest, data)


def network(flow, version, ends, payload, proto=None, **fields):
    proto = flow.proto if proto is None else proto
    if version == 6:
        return build.ip6(ends[0], ends[1], 58 if proto == ICMP else proto, payload, **fields)
    return build.ip4(ends[0], ends[1], proto, payload, **fields)


def plain(flow, version, data=b'plain', **more):
    """The simplest packet of a flow."""
    ends = flow.ends(version)
    return network(flow, version, ends, transport(flow, version, ends, data, **more))


# ---- the rule ----

def transport_qualifies(proto, l4, gso_type):
    if proto == TCP:
        header = (l4[12] >> 4) * 4 if len(l4) >= 20 else 0
        return 20 <= header <= len(l4) and not l4[13] & (FIN | SYN | RST)
    if gso_type:
        return False
    if len(l4) < 8:
        return False
    if proto == UDP:
        return l4[6:8] != b'\0\0' and 8 <= struct.unpack('!H', l4[4:6])[0] <= len(l4)
    return l4[0] in ((128, 129) if proto == 58 else (0, 8))


def wire_len(proto, l4, gso_size):
    if proto == TCP and gso_size:
        return min(len(l4), (l4[12] >> 4) * 4 + gso_size)
    return len(l4)


def qualifies(packet, vnet, mtu):
    """Whether the fast path has to carry a packet of an open flow. mtu: (mtu4, mtu6, lowest-ipv6-mtu)"""
    gso_type, gso_size = vnet[1], vnet[3]
    if packet[0] >> 4 == 6:
        if len(packet) < 40 or struct.unpack('!H', packet[4:6])[0] != len(packet) - 40 or packet[7] <= 1:
            return False
        proto, l4 = packet[6], packet[40:]
        limit = mtu[0] - 20
    else:
        if len(packet) < 20 or packet[0] != 0x45 or struct.unpack('!H', packet[2:4])[0] != len(packet):
            return False
        if packet[8] <= 1 or build.ocsum(packet[:20]) != 0xffff:
            return False
        fragment = struct.unpack('!H', packet[6:8])[0]
        if fragment & 0x3fff:
            return False
        proto, l4 = packet[9], packet[20:]
        limit = (mtu[1] if fragment & 0x4000 else min(mtu[1], mtu[2])) - 40
    if proto not in (TCP, UDP, 58 if packet[0] >> 4 == 6 else ICMP):
        return False
    return transport_qualifies(proto, l4, gso_type) and wire_len(proto, l4, gso_size) <= limit


# ---- random packets ----

def random_size(rng, mtu):
    kind = rng.random()
    if kind < 0.5:
        return rng.randrange(0, 1500)
    if kind < 0.9:
        around = rng.choice((DF_LIMIT, mtu[0], mtu[1], mtu[2], mtu[1] - 20, 64, 1))
        return max(0, around + rng.randrange(-70, 30))
    return rng.randrange(1500, 9000 if kind < 0.98 else 65400)


def random_flags(rng):
    if rng.random() < 0.8:
        return rng.choice((ACK, ACK | 0x08, ACK | 0x40, ACK | 0x80, ACK | 0x20))
    return rng.randrange(256) & ~(FIN | RST)


def random_fields(rng, version):
    """Keywords of the network header."""
    ttl = rng.randrange(0, 4) if rng.random() < 0.1 else rng.choice((64, 255, rng.randrange(2, 256)))
    if version == 6:
        return {'tc': rng.randrange(256), 'fl': rng.choice((0, rng.randrange(1 << 20))), 'hl': ttl}
    return {'tos': rng.randrange(256), 'ttl': ttl, 'id': rng.randrange(65536), 'df': rng.randrange(2)}


def random_options(rng):
    return rng.choice((b'', b'', b'\1\1\x08\x0a' + bytes(8), b'\1' * 4 * rng.randrange(1, 11)))


def checksum_of(flow, version, ends, l4):
    head = build.pseudo(ends[0], ends[1], flow.proto, len(l4)) if flow.proto != ICMP else b''
    if flow.proto == ICMP and version == 6:
        head = build.pseudo(ends[0], ends[1], 58, len(l4))
    return build.inet(head, bytes(l4))


def aim_checksum(rng, flow, version, l4, data_at, aim_version):
    """Change a word of the payload so that the right checksum is zero on the side of aim_version."""
    l4, place, at = bytearray(l4), CHECKSUM_AT[flow.proto], (len(l4) - 2) & ~1
    if at < data_at:
        return bytes(l4)
    aim = bytearray(l4)
    if flow.proto == ICMP:
        aim[0] = l4[0] if aim_version == version else {8: 128, 0: 129, 128: 8, 129: 0}[l4[0]]
    ends = flow.ends(version) if aim_version == version else flow.translated(version)
    if flow.proto == ICMP:
        aim[4:6] = struct.pack('!H', ends[2] if version == 6 else ends[3])
    else:
        aim[0:4] = struct.pack('!HH', ends[2], ends[3])
    aim[at:at + 2] = aim[place:place + 2] = b'\0\0'
    l4[at:at + 2] = struct.pack('!H', checksum_of(flow, aim_version, ends, aim))
    l4[place:place + 2] = b'\0\0'
    checksum = checksum_of(flow, version, flow.ends(version), l4) or rng.choice((0, 0xffff))
    l4[place:place + 2] = struct.pack('!H', checksum)
    return bytes(l4)


def spoil_transport(rng, flow, l4):
    """Wrong checksums, lengths, types."""
    l4 = bytearray(l4)
    kind = rng.randrange(6)
    place = CHECKSUM_AT[flow.proto]
    if kind == 0:
        l4[place:place + 2] = struct.pack('!H', rng.choice((0, 0xffff, rng.randrange(65536))))
    elif kind == 1:
        l4[place:place + 2] = b'\0\0'
    elif kind == 2 and flow.proto == UDP:
        l4[4:6] = struct.pack('!H', rng.choice((0, 7, 8, len(l4) - 1, len(l4) + 1, 65535)) & 0xffff)
    elif kind == 2 and flow.proto == TCP:
        l4[12] = rng.randrange(256)
    elif flow.proto == ICMP and kind == 3:
        l4[0] = rng.choice((0, 8, 128, 129, 13, 15, 130, 133, 135))
    elif flow.proto == ICMP and kind == 4:
        l4[1] = rng.randrange(256)
    elif kind == 5:
        del l4[rng.randrange(len(l4)):]
    return bytes(l4)


def spoil_network(rng, version, packet):
    """Wrong lengths, checksum, header length; padding, truncation."""
    packet = bytearray(packet)
    kind = rng.randrange(5)
    at = 4 if version == 6 else 2
    if kind == 0:
        packet += bytes(rng.randrange(1, 40))
    elif kind == 1 and len(packet) > 41:
        del packet[rng.randrange(41, len(packet)):]
    elif kind == 2:
        length = struct.unpack('!H', packet[at:at + 2])[0] + rng.choice((-9, -8, -1, 1, 8))
        packet[at:at + 2] = struct.pack('!H', max(0, min(length, 65535)))
    elif version == 4 and kind == 3:
        packet[10] ^= 1 << rng.randrange(8)
    elif version == 4:
        packet[0] = 0x40 | rng.randrange(16)
    return bytes(packet) if version == 6 or kind == 3 else with_header_checksum(packet)


def with_header_checksum(packet):
    packet = bytearray(packet)
    packet[10:12] = b'\0\0'
    packet[10:12] = struct.pack('!H', build.inet(bytes(packet[:(packet[0] & 15) * 4])))
    return bytes(packet)


def with_extension(rng, flow, ends, l4, fields):
    """IPv6 extension headers."""
    next_header = 58 if flow.proto == ICMP else flow.proto
    kind = rng.randrange(4)
    if kind == 0:
        return network(flow, 6, ends, build.opthdr(next_header) + l4, proto=0, **fields)
    if kind == 1:
        return network(flow, 6, ends, build.opthdr(next_header) + l4, proto=60, **fields)
    if kind == 2:
        return network(flow, 6, ends, build.rthdr(next_header, rng.randrange(2)) + l4, proto=43, **fields)
    return network(flow, 6, ends, build.fh(next_header, 0, 0, rng.randrange(1 << 32)) + l4, proto=44, **fields)


def fragments(rng, flow, version, ends, l4, number, fields):
    """All pieces of a datagram, in any order."""
    count = rng.randrange(2, 5)
    step = max(24, len(l4) // count + 7 & ~7)
    pieces = []
    for at in range(0, len(l4), step):
        piece, more = l4[at:at + step], int(at + step < len(l4))
        if version == 6:
            header = build.fh(58 if flow.proto == ICMP else flow.proto, at // 8, more, number)
            pieces.append(network(flow, 6, ends, header + piece, proto=44, **fields))
        else:
            pieces.append(network(flow, 4, ends, piece, mf=more, off=at // 8, **dict(fields, id=number & 0xffff, df=0)))
    rng.shuffle(pieces)
    return pieces


def partial(flow, version, l4, ends):
    """The packet as a sender leaves it whose device completes the checksum. Returns it and its virtio_net_hdr."""
    place = CHECKSUM_AT[flow.proto]
    head = build.pseudo(ends[0], ends[1], flow.proto, len(l4))
    l4 = l4[:place] + struct.pack('!H', build.ocsum(head)) + l4[place + 2:]
    return l4, (1, 0, 0, 0, 40 if version == 6 else 20, place)


def super_packet(rng, flow, version, l4, vnet):
    """The virtio_net_hdr that makes a packet with a partial checksum a super-packet of at most 60 segments."""
    header = (l4[12] >> 4) * 4 if flow.proto == TCP else 8
    size = rng.choice((536, 1200, 1220, 1240, 1400, 1420, 1440, 1460, rng.randrange(100, 1500)))
    size = max(size, (len(l4) - header) // 60 + 1)
    if size >= len(l4) - header:
        return vnet
    kind = GSO_UDP if flow.proto == UDP else GSO_TCP6 if version == 6 else GSO_TCP4
    if flow.proto == TCP and rng.random() < 0.2:
        kind |= GSO_ECN
    return (1, kind, vnet[4] + header, size, vnet[4], vnet[5])


def random_step(rng, flow, version, mtu, number):
    """A step of the test: [(packet, virtio_net_hdr)], all of one datagram."""
    ends, fields = flow.ends(version), random_fields(rng, version)
    kind, size = rng.random(), random_size(rng, mtu)
    if 0.82 <= kind < 0.92 and flow.proto != ICMP:
        size = rng.randrange(1000, 60000) if kind >= 0.86 else size
    options = random_options(rng)
    l4 = transport(flow, version, ends, rng.randbytes(min(size, 65400)), random_flags(rng),
                   rng.choice((None, None, True, False)), options)
    data_at = (20 + len(options)) if flow.proto == TCP else 8
    if kind < 0.05:
        l4 = aim_checksum(rng, flow, version, l4, data_at, version)
    elif kind < 0.10:
        l4 = aim_checksum(rng, flow, version, l4, data_at, 10 - version)
    elif kind < 0.18:
        l4 = spoil_transport(rng, flow, l4)
    if 0.18 <= kind < 0.26:
        packet = spoil_network(rng, version, network(flow, version, ends, l4, **fields))
        return [(packet[:65535], NO_OFFLOAD)]
    if 0.26 <= kind < 0.32 and len(l4) > 48:
        return [(p, NO_OFFLOAD) for p in fragments(rng, flow, version, ends, l4, number, fields)]
    if 0.32 <= kind < 0.38:
        if version == 6:
            return [(with_extension(rng, flow, ends, l4[:65000], fields), NO_OFFLOAD)]
        fields['opts'] = rng.choice((b'\1' * 4, b'\x07\x07\x04' + bytes(5), b'\x83\x07\x04' + bytes(5), b'\0' * 40))
    vnet = NO_OFFLOAD
    if 0.76 <= kind < 0.92 and flow.proto != ICMP:
        l4, vnet = partial(flow, version, l4, ends)
    if 0.82 <= kind < 0.92 and flow.proto != ICMP and len(l4) > 200:
        vnet = super_packet(rng, flow, version, l4, vnet)
    return [(network(flow, version, ends, l4, **fields), vnet)]

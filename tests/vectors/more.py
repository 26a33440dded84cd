#!/usr/bin/env python3
"""Writes more.json: the vectors that the requirements name and vectors.json does not hold.

usage: more.py [--check]      --check writes nothing and fails when more.json is not what this file says

Every expectation is put together here from the text of the RFC it names, field by field and with checksums of its own;
nothing comes from a translator. Actors and configurations are those of vectors.json."""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from packets import (a4, a6, emb, fh, ic4, ic6, inet, ip4, ip6, opthdr, pseudo, rthdr, tcp, u16x2, u32,  # noqa: E402
                     udp)

LETTERS = b'ABCDEFGHIJKLMNOP'
H6, H6V4, H4, R4 = '2001:db8:c0de::5', '198.51.100.5', '203.0.113.7', '203.0.113.99'
OWN4, OWN6 = '192.0.2.254', '2001:db8:ffff::1'
N6, M6, D6 = '2001:db8:6::10', '2001:db8:6::20', '2001:db8:6::30'
E6 = '2001:db8:6::40'
POOL, S4, X4 = '203.0.113.1', '198.51.100.80', '198.51.100.99'
PREFIX = '2001:db8:64::/96'
ONE_PORT = {'pool4': [{'addr': '203.0.113.2', 'ports': '40001-40001'}], 'static_bib': []}
FREE4 = [[4, 2], [10, 2]]  # the IPv4 identification is the translator's choice, and with it the header checksum
FREE4_QUOTE = FREE4 + [[22, 2], [32, 2], [38, 2]]  # the same in a quote, and with it the ICMP checksum

vectors = []


def pattern(length):
    return bytes((3 + 7 * i) & 255 for i in range(length))


def in6(v4):
    """An IPv4 address behind the prefix of most configurations."""
    return emb(PREFIX, v4)


# ---- expectations ----------------------------------------------------------------------------------------------

def packet(data, ignore=None):
    side = 'v6' if data[0] >> 4 == 6 else 'v4'
    return {'kind': 'packet', 'side': side, 'hex': data.hex(),
            'ignore': (FREE4 if side == 'v4' else []) if ignore is None else ignore}


def error4(to, icmp_type, code, rest, offender, source=OWN4, **more):
    quote = offender[:576 - 28]
    data = ip4(source, to, 1, ic4(icmp_type, code, rest, quote))
    return dict({'kind': 'icmp-error', 'side': 'v4', 'hex': data.hex(), 'min_quoted': min(len(offender), 28)}, **more)


def error6(to, icmp_type, code, rest, offender, source=OWN6, **more):
    quote = offender[:1280 - 48]
    data = ip6(source, to, 58, ic6(source, to, icmp_type, code, rest, quote))
    return dict({'kind': 'icmp-error', 'side': 'v6', 'hex': data.hex(), 'min_quoted': len(quote)}, **more)


def fragments(whole, max_len, ident=None, **more):
    side = 'v6' if whole[0] >> 4 == 6 else 'v4'
    return dict({'kind': 'fragments', 'side': side, 'whole': whole.hex(), 'max_len': max_len, 'ident': ident}, **more)


def some(expected):
    """One expectation, several, or a word."""
    if isinstance(expected, str) or isinstance(expected, list):
        return expected
    return [packet(expected)] if isinstance(expected, bytes) else [expected]


def step(packets, expected, alternatives=(), comment=''):
    packets = [packets] if isinstance(packets, bytes) else packets
    return {'input': [{'side': 'v6' if p[0] >> 4 == 6 else 'v4', 'hex': p.hex()} for p in packets],
            'expected': some(expected), 'alternatives': [some(a) for a in alternatives], 'comment': comment}


def add(vector_id, name, config, packets, expected, rfc, requirements, level='MUST', overrides=None, setup=(),
        alternatives=(), comment='', **more):
    judged = step(packets, expected, alternatives)
    first = judged['input'][-1]['side'][1]
    sides = {e['side'][1] for e in judged['expected']} if judged['expected'] != 'drop' else {str(10 - int(first))}
    vectors.append(dict({
        'id': vector_id, 'name': name, 'direction': '%sto%s' % (first, min(sides)), 'config': config,
        'config_overrides': overrides or {}, 'setup': list(setup), 'input': judged['input'],
        'expected': judged['expected'], 'alternatives': judged['alternatives'], 'level': level, 'rfc': rfc,
        'requirements': requirements.split(), 'comment': comment}, **more, core=False))


# ---- packets -----------------------------------------------------------------------------------------------------

def udp4(src, dst, sport, dport, data=LETTERS, ck=None, **header):
    return ip4(src, dst, 17, udp(src, dst, sport, dport, data, ck=ck), **header)


def udp6(src, dst, sport, dport, data=LETTERS, ck=None, **header):
    return ip6(src, dst, 17, udp(src, dst, sport, dport, data, ck=ck), **header)


def tcp4(src, dst, sport, dport, fl, data=b'', ttl=64, **header):
    return ip4(src, dst, 6, tcp(src, dst, sport, dport, data, fl=fl, **header), ttl=ttl)


def tcp6(src, dst, sport, dport, fl, data=b'', hl=64, **header):
    return ip6(src, dst, 6, tcp(src, dst, sport, dport, data, fl=fl, **header), hl=hl)


def extended(headers, last):
    """Extension headers, each (number, builder from the next number), in front of the transport (number, bytes):
    the first number and all the bytes."""
    number, body = last
    for kind, build in reversed(headers):
        number, body = kind, build(number) + body
    return number, body


# ---- A: addresses ------------------------------------------------------------------------------------------------

HOST_A, SERVER_A = '3fff:0:c0de::5', '192.0.2.33'
PREFIXES = {40: '2001:db8:100::/40', 64: '2001:db8:122:344::/64'}


def addresses():
    for vector_id, length in (('A02', 40), ('A05', 64)):
        carried = emb(PREFIXES[length], SERVER_A)
        add(vector_id, 'embedded IPv4 destination, /%d prefix' % length, 'siit-pl%d' % length,
            udp6(HOST_A, carried, 4000, 53), udp4(H6V4, SERVER_A, 4000, 53, ttl=63),
            'RFC 6052 2.2, 2.3, table 1', 'ADR-01 ADR-02', comment='192.0.2.33 is carried as ' + carried)
    for vector_id, length in (('A08', 40), ('A11', 64)):
        carried = emb(PREFIXES[length], SERVER_A)
        add(vector_id, 'IPv4 source embedded, /%d prefix' % length, 'siit-pl%d' % length,
            udp4(SERVER_A, H6V4, 53, 4000), udp6(carried, HOST_A, 53, 4000, hl=63),
            'RFC 6052 2.2, 2.3, table 1', 'ADR-01 ADR-03', comment='u octet and suffix are zero: ' + carried)
    noisy = emb(PREFIXES[40], SERVER_A, suffix=bytes.fromhex('deadbeefcafe'))
    add('A14', 'non-zero suffix bits are ignored (/40)', 'siit-pl40', udp6(HOST_A, noisy, 4000, 53),
        udp4(H6V4, SERVER_A, 4000, 53, ttl=63), 'RFC 6052 2.2', 'ADR-05', level='SHOULD',
        comment='destination ' + noisy)
    for vector_id, private in (('A17', '172.16.5.5'), ('A20', '198.18.0.1')):
        given = udp6(H6, emb('64:ff9b::/96', private), 4000, 53)
        add(vector_id, 'well-known prefix with non-global IPv4 destination ' + private, 'siit-wkp', given, 'drop',
            'RFC 6052 3.1', 'ADR-07', alternatives=[error6(H6, 1, 1, u32(0), given)],
            comment='no IPv4 packet may leave')
    given = udp4('10.0.0.1', H6V4, 4000, 53)
    add('A23', 'well-known prefix with non-global IPv4 source 10.0.0.1', 'siit-wkp', given, 'drop', 'RFC 6052 3.1',
        'ADR-07',
        alternatives=[error4('10.0.0.1', 3, 13, u32(0), given)], comment='no IPv6 packet may leave')


# ---- B: IPv4 to IPv6 ---------------------------------------------------------------------------------------------

def to_h6(sport, dport, data, ck=None, **header):
    """What arrives at H6 of a UDP datagram from H4."""
    return udp6(in6(H4), H6, sport, dport, data, ck=ck, hl=63, **header)


def headers46():
    add('B02', 'DF=0, small: no Fragment header, CE survives', 'siit', udp4(H4, H6V4, 4000, 53, tos=0x03, id=0x1234),
        to_h6(4000, 53, LETTERS, tc=0x03), 'RFC 7915 4, 4.1; RFC 8021', 'V46-09 V46-02 ECN-01')
    route = bytes([131, 7, 4]) + a4('198.51.100.2') + b'\x00'
    given = udp4(H4, H6V4, 4000, 53, opts=route)
    add('B05', 'unexpired loose source route', 'siit', given, error4(H4, 3, 5, u32(0), given, min_quoted=36),
        'RFC 7915 4.1', 'V46-07',
        level='MUST (drop) / SHOULD (error)', alternatives=['drop'])
    clean = udp4(H4, H6V4, 4000, 53), to_h6(4000, 53, LETTERS)
    broken = []
    for option in (bytes([7, 0, 4, 0]), bytes([7, 1, 4, 0]), bytes([7, 255, 4, 0]), bytes([1, 1, 1, 7]),
                   bytes([131, 2, 131, 0])):
        given = udp4(H4, H6V4, 4000, 53, opts=option)
        broken.append(step(given, 'drop', [clean[1], error4(H4, 12, 0, u32(0), given, any_rest=True, any_code=True)],
                           comment='options ' + option.hex()))
    add('B08', 'options whose length is a lie, then a normal packet', 'siit', clean[0], clean[1],
        'RFC 791 3.1; RFC 4884 9', 'SEC-20',
        setup=broken, comment='length 0, 1, 255, cut off, source route without pointer: no loop, no overrun')
    quoted = udp4(H6V4, H4, 53, 4000, ttl=60)
    add('B11', 'TTL 1 on an ICMPv4 error: silence', 'siit', ip4(R4, H6V4, 1, ic4(3, 3, u32(0), quoted), ttl=1), 'drop',
        'RFC 1812 4.3.2.7', 'ERR-03')
    middle = pattern(800)
    add('B14', 'IPv4 fragment (middle)', 'siit', ip4(H4, H6V4, 17, middle, id=0xbeef, mf=1, off=100),
        ip6(in6(H4), H6, 44, fh(17, 100, 1, 0xbeef) + middle, hl=63), 'RFC 7915 4.1', 'V46-10 V46-11',
        comment='identification 0x0000beef, offset and M copied; no transport header in it')


def sizes46():
    given = udp4(H4, H6V4, 4000, 53, pattern(1481 - 28), df=1)
    add('B17', 'DF=1, 1481 bytes do not fit 1500 in IPv6', 'siit', given, error4(H4, 3, 4, u32(1480), given),
        'RFC 7915 1.4, 4.1; RFC 1191 4',
        'PMT-01', comment='1481 + 20 > 1500; MTU 1500 - 20')
    body = udp(H4, H6V4, 4000, 53, pattern(2000 - 8))[:1456]
    given = ip4(H4, H6V4, 17, body, df=1, mf=1, id=0xbeef)
    add('B20', 'DF=1 fragment of 1476 bytes: the Fragment header counts', 'siit', given,
        error4(H4, 3, 4, u32(1472), given),
        'RFC 7915 1.4', 'PMT-03', level='expected', alternatives=[error4(H4, 3, 4, u32(1480), given)],
        comment='1456 + 48 > 1500; 1472 = 1500 - 28 is what fits')
    for vector_id, length, overrides, limit, req in (
            ('B23', 1500, {}, 1280, 'PMT-04'),
            ('B26', 1500, {'lowest_ipv6_mtu': 1500, 'mtu_v6': 1400}, 1400, 'PMT-04 PMT-05')):
        data = pattern(length - 28)
        add(vector_id, 'DF=0, %d bytes is cut to %d' % (length, limit), 'siit',
            udp4(H4, H6V4, 4000, 53, data, id=0x5678),
            fragments(to_h6(4000, 53, data), limit, 0x5678, min_pieces=2), 'RFC 7915 4, 4.1', req,
            level='SHOULD' if not overrides else 'MUST', overrides=overrides,
            comment='the smaller of lowest-ipv6-mtu and the next-hop MTU; the same identification in each piece')


def transport46():
    given = udp4(H4, H6V4, 4000, 53, ck=0)
    add('B29', 'UDP checksum 0, drop policy', 'siit', given, 'drop', 'RFC 7915 4.5 (erratum 6955)', 'L4-03',
        level='SHOULD',
        overrides={'udp_zero_csum': 'drop'}, alternatives=[error4(H4, 3, 13, u32(0), given)])
    # Two last bytes that make the IPv6 checksum zero; the IPv4 one is not.
    data = LETTERS + b'\0\0'
    rest = inet(pseudo(in6(H4), H6, 17, 8 + len(data)), udp(in6(H4), H6, 4000, 53, data, ck=0))
    data = LETTERS + rest.to_bytes(2, 'big')
    given = udp4(H4, H6V4, 4000, 53, data)
    assert given[26:28] not in (b'\0\0', b'\xff\xff') and udp(in6(H4), H6, 4000, 53, data)[6:8] == b'\xff\xff'
    add('B32', 'UDP whose updated IPv6 checksum is zero', 'siit', given, to_h6(4000, 53, data), 'RFC 768; RFC 8200 8.1',
        'L4-05',
        comment='also after an incremental update the field is ffff, never 0000')
    for vector_id, source in (('B35', '0.0.0.0'), ('B38', '240.0.0.1')):
        add(vector_id, 'martian IPv4 source ' + source, 'siit', udp4(source, H6V4, 4000, 53), 'drop',
            'RFC 7915 4.1; RFC 1812 5.3.7', 'SEC-10 V46-08', level='SHOULD', comment='silent: no ICMP either')
    add('B41', 'ESP is forwarded unmodified (stateless)', 'siit', ip4(H4, H6V4, 50, pattern(40)),
        ip6(in6(H4), H6, 50, pattern(40), hl=63),
        'RFC 7915 4.1, 4.5', 'L4-07 V46-14')
    forged = ic6(in6(H4), H6, 134, 0, u32(0x40000708), bytes(8))
    given = ip4(H4, H6V4, 58, forged)
    add('B44', 'IPv4 protocol 58 (smuggled ICMPv6)', 'siit', given, 'drop', 'RFC 7915 4.1 (literal copy) vs security',
        'SEC-12',
        level='expected', alternatives=[error4(H4, 3, 13, u32(0), given), ip6(in6(H4), H6, 58, forged, hl=63)],
        comment='a router advertisement, built by an IPv4 host')
    add('B47', 'Total Length larger than the packet', 'siit', udp4(H4, H6V4, 4000, 53, tl=60), 'drop', 'RFC 1812 5.2.2',
        'SEC-21')


# ---- C: IPv6 to IPv4 ---------------------------------------------------------------------------------------------

def from_h6(sport, dport, data, ck=None, **header):
    """What arrives at H4 of a UDP datagram from H6."""
    return udp4(H6V4, H4, sport, dport, data, ck=ck, ttl=63, **header)


def headers64():
    data = pattern(1280 - 60)
    tcp_out = ip4(H6V4, H4, 6, tcp(H6V4, H4, 4000, 80, data, fl=0x10), ttl=63)
    add('C02', 'TCP, 1280 -> 1260 bytes: DF=0', 'siit', tcp6(H6, in6(H4), 4000, 80, 0x10, data), tcp_out,
        'RFC 7915 5, 5.1', 'V64-05')
    given = udp6(H6, in6(H4), 4000, 53, hl=1)
    add('C05', 'hop limit 1', 'siit', given, error6(H6, 3, 0, u32(0), given), 'RFC 7915 5.1; RFC 4443 3.3', 'V64-04')
    add('C08', 'hop limit 2 leaves with TTL 1', 'siit', udp6(H6, in6(H4), 4000, 53, hl=2),
        udp4(H6V4, H4, 4000, 53, ttl=1), 'RFC 7915 5.1', 'V64-04')
    body = udp(H6, in6(H4), 4000, 53, LETTERS)
    kind, ext = extended([(60, opthdr), (43, lambda n: rthdr(n, 0)), (0, opthdr)], (17, body))
    add('C11', 'routing header without segments left, headers in any order', 'siit', ip6(H6, in6(H4), kind, ext),
        from_h6(4000, 53, LETTERS),
        'RFC 7915 5.1', 'V64-08', comment='destination options, routing (segments left 0), hop-by-hop')
    add('C14', 'atomic fragment', 'siit', ip6(H6, in6(H4), 44, fh(17, 0, 0, 0x12345678) + body),
        [packet(udp4(H6V4, H4, 4000, 53, id=0x5678, ttl=63), [])], 'RFC 7915 5.1.1; RFC 6946 4', 'V64-10 V64-11',
        comment='identification: the low 16 bits; DF 0, MF 0, offset 0')
    middle = pattern(800)
    add('C17', 'IPv6 fragment (middle)', 'siit', ip6(H6, in6(H4), 44, fh(17, 100, 1, 0x12345678) + middle),
        [packet(ip4(H6V4, H4, 17, middle, id=0x5678, mf=1, off=100, ttl=63), [])], 'RFC 7915 5.1.1', 'V64-10',
        comment='ID 0x5678, DF 0')
    given = ip6(H6, in6(H4), 44, fh(60, 0, 1, 0x5678) + opthdr(17) + body)
    add('C20', 'Fragment header followed by destination options', 'siit', given, 'drop', 'RFC 7915 5.1.1', 'V64-13',
        level='SHOULD',
        alternatives=[error6(H6, 1, 1, u32(0), given)], comment='drop and log; the default 1/1 error is acceptable')
    given = ip6(H6, in6(H4), 44, fh(51, 0, 1, 0x5678) + bytes([17, 4]) + bytes(22) + body)
    add('C23', 'Fragment header followed by AH', 'siit', given, 'drop', 'RFC 7915 5.1.1', 'V64-13', level='SHOULD',
        alternatives=[error6(H6, 1, 1, u32(0), given)], comment='drop and log; the default 1/1 error is acceptable')


def sizes64():
    data = pattern(1420 - 48)
    add('C26', '1420 bytes just fit a 1400-byte IPv4 link', 'siit', udp6(H6, in6(H4), 4000, 53, data),
        from_h6(4000, 53, data, df=1), 'RFC 7915 1.4', 'PMT-07', overrides={'mtu_v4': 1400},
        comment='1420 - 20 = 1400, DF set')
    data = pattern(1280 - 48)
    add('C29', '1280 bytes towards a 1000-byte IPv4 link are cut', 'siit', udp6(H6, in6(H4), 4000, 53, data),
        fragments(from_h6(4000, 53, data), 1000, df=0, min_pieces=2), 'RFC 7915 5.1.1', 'PMT-09',
        overrides={'mtu_v4': 1000},
        comment='DF 0 and one identification')


def transport64():
    add('C32', 'martian IPv6 source ff02::1', 'siit', udp6('ff02::1', in6(H4), 4000, 53), 'drop',
        'RFC 7915 5.1; RFC 4443 2.4(e.6)', 'SEC-10 V64-14',
        level='SHOULD', comment='silent')
    stranger = '2001:db8:dead::1'
    given = udp6(stranger, in6(H4), 4000, 53)
    add('C35', 'source without mapping', 'siit', given, error6(stranger, 1, 5, u32(0), given),
        'RFC 7915 5.4; RFC 4443 3.1', 'ERR-02 EAM-10',
        level='SHOULD', alternatives=[error6(stranger, 1, 1, u32(0), given), 'drop'],
        comment='1/5 is the finer choice, 1/1 the default')
    add('C38', 'GRE is forwarded unmodified (stateless)', 'siit', ip6(H6, in6(H4), 47, pattern(40)),
        ip4(H6V4, H4, 47, pattern(40), ttl=63),
        'RFC 7915 5.1, 5.5', 'L4-07 V64-07')
    forged = ic4(5, 1, a4('192.0.2.1'), udp4(H4, '192.0.2.9', 53, 4000))
    given = ip6(H6, in6(H4), 1, forged)
    add('C41', 'IPv6 next header 1 (smuggled ICMPv4)', 'siit', given, 'drop', 'RFC 7915 5.1 (literal copy) vs security',
        'SEC-12', level='expected',
        alternatives=[error6(H6, 1, 1, u32(0), given), ip4(H6V4, H4, 1, forged, ttl=63)],
        comment='an ICMPv4 redirect, built by an IPv6 host')
    body = udp(H6, in6(H4), 4000, 53, LETTERS)
    broken = []
    for what, kind, payload in (
            ('longer than the packet', 0, bytes([17, 255]) + opthdr(17)[2:] + body),
            ('nothing behind it', 60, opthdr(0)),
            ('cut after four bytes', 0, opthdr(17)[:4]),
            ('Fragment header cut after four bytes', 44, fh(17, 0, 0, 1)[:4])):
        given = ip6(H6, in6(H4), kind, payload)
        broken.append(step(given, 'drop', [error6(H6, 4, 0, u32(0), given, any_rest=True, any_code=True)],
                           comment='extension header ' + what))
    add('C44', 'extension headers whose length is a lie, then a normal packet', 'siit', udp6(H6, in6(H4), 4000, 53),
        from_h6(4000, 53, LETTERS),
        'RFC 8200 4; RFC 4884 9', 'SEC-20', setup=broken, comment='no loop, no overrun')


# ---- D: ICMPv4 to ICMPv6 -----------------------------------------------------------------------------------------

QUOTE4 = udp4(H6V4, H4, 53, 4000, ttl=60)  # what H6 sent, as IPv4 saw it
QUOTE6 = udp6(H6, in6(H4), 53, 4000, hl=60)  # the same in IPv6: its hop limit is copied, not decremented


def icmp46(icmp_type, code, rest, quote=QUOTE4, source=R4, **header):
    return ip4(source, H6V4, 1, ic4(icmp_type, code, rest, quote), **header)


def icmp46_out(icmp_type, code, rest, quote=QUOTE6, source=R4):
    return ip6(in6(source), H6, 58, ic6(in6(source), H6, icmp_type, code, rest, quote), hl=63)


def unreachable46():
    echo = u16x2(0x77, 3) + LETTERS
    add('D02', 'echo reply', 'siit', ip4(H4, H6V4, 1, ic4(0, 0, echo[:4], echo[4:])),
        ip6(in6(H4), H6, 58, ic6(in6(H4), H6, 129, 0, echo[:4], echo[4:]), hl=63), 'RFC 7915 4.2', 'I46-01')
    for vector_id, code, to in (('D05', 2, (4, 1, 6)), ('D08', 6, (1, 0, 0)), ('D11', 9, (1, 1, 0)),
                                ('D14', 12, (1, 0, 0)), ('D17', 15, (1, 1, 0))):
        add(vector_id, 'destination unreachable code %d -> type %d code %d' % (code, *to[:2]), 'siit',
            icmp46(3, code, u32(0)),
            icmp46_out(*to[:2], u32(to[2])), 'RFC 7915 4.2, 4.3', 'I46-02 I46-10',
            comment='inner hop limit not decremented (60)' + (', pointer 6' if code == 2 else ''))
    big4 = udp4(H6V4, H4, 53, 4000, pattern(1480 - 28), ttl=60, df=1)[:92]
    big6 = udp6(H6, in6(H4), 53, 4000, pattern(1480 - 28), hl=60)[:112]
    for vector_id, mtu, told, why in (('D20', 1300, 1320, '1300 + 20'),
                                      ('D23', 1500, 1500, 'capped by the IPv6 next hop')):
        add(vector_id, 'fragmentation needed MTU %d -> packet too big MTU %d' % (mtu, told), 'siit',
            icmp46(3, 4, u32(mtu), big4),
            icmp46_out(2, 0, u32(told), big6), 'RFC 7915 4.2', 'I46-03',
            comment=why + '; the quoted packet is truncated (92 of 1480 bytes), its length fields are not')
    jumbo4 = udp4(H6V4, H4, 53, 4000, pattern(4000 - 28), ttl=60, df=1)[:92]
    jumbo6 = udp6(H6, in6(H4), 53, 4000, pattern(4000 - 28), hl=60)[:112]
    add('D26', 'fragmentation needed with MTU 0, original 4000 bytes, jumbo links', 'siit',
        icmp46(3, 4, u32(0), jumbo4),
        icmp46_out(2, 0, u32(2022), jumbo6), 'RFC 7915 4.2; RFC 1191 7.1', 'I46-04',
        overrides={'mtu_v4': 9000, 'mtu_v6': 9000},
        alternatives=[icmp46_out(2, 0, u32(2002), jumbo6)], comment='plateau 2002 below 4000, + 20')


def problems46():
    for vector_id, pointer, to in (('D29', 0, 0), ('D32', 3, 4), ('D35', 6, None), ('D38', 9, 6), ('D41', 12, 8),
                                   ('D44', 15, 8), ('D47', 18, 24)):
        add(vector_id, 'parameter problem pointer %d -> %s' % (pointer, 'drop' if to is None else to), 'siit',
            icmp46(12, 0, u32(pointer << 24)),
            'drop' if to is None else icmp46_out(4, 0, u32(to)), 'RFC 7915 4.2 figure 3', 'I46-07')
    add('D50', 'parameter problem code 2 (bad length)', 'siit', icmp46(12, 2, u32(2 << 24)), icmp46_out(4, 0, u32(4)),
        'RFC 7915 4.2 figure 3', 'I46-07',
        comment='the pointer map applies to codes 0 and 2')
    for vector_id, icmp_type, name in (('D53', 4, 'source quench'), ('D56', 9, 'router advertisement'),
                                       ('D59', 14, 'timestamp reply'),
                                       ('D62', 17, 'address mask request'), ('D65', 41, 'experimental (unknown)')):
        add(vector_id, 'ICMPv4 type %d %s' % (icmp_type, name), 'siit', icmp46(icmp_type, 0, u32(0)), 'drop',
            'RFC 7915 4.2', 'I46-05',
            comment='silent: no error back')


def quotes46():
    data = pattern(1992)
    part = udp(H6V4, H4, 53, 4000, data)[:64]
    inner4 = ip4(H6V4, H4, 17, part, ttl=60, id=0x1111, mf=1, tl=20 + 800)
    inner6 = ip6(H6, in6(H4), 44, fh(17, 0, 1, 0x1111) + udp(H6, in6(H4), 53, 4000, data)[:64], hl=60, plen=8 + 800)
    add('D68', 'quoted first fragment', 'siit', icmp46(11, 0, u32(0), inner4), icmp46_out(3, 0, u32(0), inner6),
        'RFC 7915 4.3; RFC 5508 REQ-3b', 'I46-11',
        comment='the quote gains a Fragment header and is 28 bytes longer; its length describes the original')
    add('D71', 'ICMPv4 error from an illegal source', 'siit', icmp46(3, 1, u32(0), source='127.0.0.1'),
        icmp46_out(1, 0, u32(0), source='127.0.0.1'),
        'RFC 7915 4.1', 'I46-14 V46-08', level='SHOULD', alternatives=['drop'],
        comment='errors are exempt from the check of the source')
    data = pattern(1472 - 28)
    inner4, inner6 = udp4(H6V4, H4, 53, 4000, data, ttl=60), udp6(H6, in6(H4), 53, 4000, data, hl=60)
    add('D74', 'ICMPv4 error of 1500 bytes', 'siit', icmp46(3, 3, u32(0), inner4),
        icmp46_out(1, 4, u32(0), inner6[:1280 - 48]), 'RFC 4443 2.4(c)',
        'I46-16', level='expected', alternatives=[icmp46_out(1, 4, u32(0), inner6[:1500 - 48])],
        comment='the quote is cut so that the error has 1280 bytes; never in fragments')


# ---- E: ICMPv6 to ICMPv4 -----------------------------------------------------------------------------------------

QUOTE6_BACK = udp6(in6(H4), H6, 53, 4000, hl=60)  # what H4 sent, as IPv6 saw it
QUOTE4_BACK = udp4(H4, H6V4, 53, 4000, ttl=60)


def icmp64(icmp_type, code, rest, quote=QUOTE6_BACK, source=H6):
    return ip6(source, in6(H4), 58, ic6(source, in6(H4), icmp_type, code, rest, quote))


def icmp64_out(icmp_type, code, rest, quote=QUOTE4_BACK, source=H6V4, ignore=None):
    data = ip4(source, H4, 1, ic4(icmp_type, code, rest, quote), ttl=63)
    return [packet(data, FREE4_QUOTE if ignore is None else ignore)]


def plain64():
    echo = u16x2(0x77, 3) + LETTERS
    add('E02', 'echo reply', 'siit', ip6(H6, in6(H4), 58, ic6(H6, in6(H4), 129, 0, echo[:4], echo[4:])),
        ip4(H6V4, H4, 1, ic4(0, 0, echo[:4], echo[4:]), ttl=63), 'RFC 7915 5.2', 'I64-01')
    add('E05', 'destination unreachable code 2 -> type 3 code 1', 'siit', icmp64(1, 2, u32(0)),
        icmp64_out(3, 1, u32(0)), 'RFC 7915 5.2, 5.3',
        'I64-02 I64-09', comment='inner TTL not decremented (60); inner ID free')
    add('E08', 'destination unreachable code 5 -> drop', 'siit', icmp64(1, 5, u32(0)), 'drop', 'RFC 7915 5.2', 'I64-02',
        comment='codes 5 and 6 are "other" in RFC 7915: silent drop')
    big6 = udp6(in6(H4), H6, 53, 4000, pattern(1480 - 28), hl=60)[:112]
    big4 = udp4(H4, H6V4, 53, 4000, pattern(1480 - 28), ttl=60, df=1)[:92]
    for vector_id, mtu, told, why in (('E11', 1400, 1380, '1400 - 20'), ('E14', 9000, 1480, 'min(8980, 1500, 1480)')):
        add(vector_id, 'packet too big MTU %d -> fragmentation needed MTU %d' % (mtu, told), 'siit',
            icmp64(2, 0, u32(mtu), big6),
            icmp64_out(3, 4, u32(told), big4), 'RFC 7915 5.2', 'I64-03', comment=why)
    add('E17', 'time exceeded code 0', 'siit', icmp64(3, 0, u32(0)), icmp64_out(11, 0, u32(0)), 'RFC 7915 5.2',
        'I64-05')


def problems64():
    for vector_id, pointer, to in (('E20', 1, 1), ('E23', 4, 2), ('E26', 7, 8), ('E29', 23, 12), ('E32', 39, 16),
                                   ('E35', 0x01000000, None)):
        add(vector_id, 'parameter problem pointer %s -> %s' % (pointer if pointer < 100 else hex(pointer),
                                                               'drop' if to is None else to), 'siit',
            icmp64(4, 0, u32(pointer)), 'drop' if to is None else icmp64_out(12, 0, u32(to << 24)),
            'RFC 7915 5.2 figure 6', 'I64-06')
    add('E38', 'parameter problem code 3 (incomplete header chain)', 'siit', icmp64(4, 3, u32(0)), 'drop',
        'RFC 7915 5.2; RFC 7112 5', 'I64-06')
    for vector_id, icmp_type, name in (('E41', 132, 'MLD done'), ('E44', 134, 'router advertisement'),
                                       ('E47', 137, 'redirect')):
        add(vector_id, 'ICMPv6 type %d %s' % (icmp_type, name), 'siit', icmp64(icmp_type, 0, u32(0)), 'drop',
            'RFC 7915 5.2', 'I64-07',
            comment='silent: no error back')


def interface_object(address):
    """RFC 4884 extension structure with an RFC 5837 object: incoming interface, its IPv6 address."""
    body = bytes([0x20, 0, 0, 0]) + u16x2(24, 2 << 8 | 0x04) + u16x2(2, 0) + a6(address)
    return body[:2] + inet(body).to_bytes(2, 'big') + body[4:]


def quotes64():
    router = '2001:db8:1234::1'
    named = QUOTE4_BACK + bytes(128 - len(QUOTE4_BACK)) + interface_object(router)
    add('E50', 'time exceeded from a router without mapping', 'siit', icmp64(3, 0, u32(0), source=router),
        icmp64_out(11, 0, u32(0), source='192.0.2.253'), 'RFC 6791 3-5', 'I64-08', level='SHOULD',
        alternatives=[icmp64_out(11, 0, u32(32 << 16), named, source='192.0.2.253'),
                      icmp64_out(11, 0, u32(0), source=OWN4)],
        comment='the address of rfc6791-pool4; with or without the RFC 5837 object that names the router')
    body = udp(in6(H4), H6, 53, 4000, LETTERS)
    atomic = ip6(in6(H4), H6, 44, fh(17, 0, 0, 0x12344321) + body, hl=60)
    add('E53', 'quoted atomic fragment', 'siit', icmp64(1, 4, u32(0), atomic),
        icmp64_out(3, 3, u32(0), udp4(H4, H6V4, 53, 4000, ttl=60, id=0x4321), ignore=FREE4),
        'RFC 7915 5.1.1, 5.3', 'I64-10', comment='inner identification 0x4321, DF 0')
    data = pattern(1400 - 48)
    add('E56', 'quoted packet of 1400 bytes: inner DF set', 'siit',
        icmp64(1, 4, u32(0), udp6(in6(H4), H6, 53, 4000, data, hl=60)[:112]),
        icmp64_out(3, 3, u32(0), udp4(H4, H6V4, 53, 4000, data, ttl=60, df=1)[:92]), 'RFC 7915 5.1, 5.3', 'I64-10',
        comment='1380 > 1260; the length field describes the original, not the quote')
    data = pattern(172)
    mpls = bytes.fromhex('2000bdb50008010100012140')
    quote6, quote4 = udp6(in6(H4), H6, 53, 4000, data, hl=60)[:128], udp4(H4, H6V4, 53, 4000, data, ttl=60)[:108]
    add('E59', 'time exceeded with RFC 4884 extension, 128-byte quote', 'siit',
        icmp64(3, 0, u32(16 << 24), quote6 + mpls),
        icmp64_out(11, 0, u32(32 << 16), quote4 + bytes(20) + mpls), 'RFC 7915 5.2; RFC 4884 4', 'I64-13',
        comment='the quote shrinks to 108 bytes and is padded with zeros to 128; length 16 (x8) -> 32 (x4)')


# ---- F: explicit address mappings --------------------------------------------------------------------------------

def mappings():
    rows = {'F02': ('192.0.2.1', '2001:db8:aaaa::'), 'F05': ('192.0.2.16', '2001:db8:cccc::'),
            'F08': ('192.0.2.24', '2001:db8:cccc::8'),
            'F11': ('192.0.2.128', '2001:db8:dddd::'), 'F14': ('192.0.2.152', '2001:db8:dddd:0:6000::'),
            'F17': ('192.0.2.191', '2001:db8:dddd:0:fc00::'),
            'F20': ('192.0.2.195', '2001:db8:eeee:9:8000::'), 'F23': ('192.0.2.248', in6('192.0.2.248'))}
    for vector_id, (v4, v6) in rows.items():
        if int(vector_id[1:]) % 2:
            add(vector_id, 'EAM table: %s -> %s' % (v4, v6), 'siit-eam7757', udp4(H4, v4, 4000, 53),
                udp6(in6(H4), v6, 4000, 53, hl=63),
                'RFC 7757 3.3.1, app. B', 'EAM-01 EAM-02')
        else:
            add(vector_id, 'EAM table: %s -> %s' % (v6, v4), 'siit-eam7757', udp6(v6, in6(H4), 4000, 53),
                udp4(v4, H4, 4000, 53, ttl=63),
                'RFC 7757 3.3.2, app. B', 'EAM-01 EAM-02')
    inside = '2001:db8:ffc6:3364:4000::'  # 198.51.100.64 behind 2001:db8:ff00::/40
    add('F26', 'overlap: IPv6 side, each address by its own longest prefix', 'siit-overlap',
        udp6('2001:db8::abcd', '2001:db8:ffcb:71:700::', 4000, 53),
        udp4('198.51.100.64', H4, 4000, 53, ttl=63), 'RFC 7757 3.3.2, 5', 'EAM-04',
        setup=[step(udp6(inside, '2001:db8:ffcb:71:700::', 4000, 53), udp4('198.51.100.64', H4, 4000, 53, ttl=63),
                    comment='the address inside the /40 means 198.51.100.64 too: only IPv6 prefixes are compared')])
    host_a, host_b = '2001:db8:aaaa::', '2001:db8:bbbb::b'
    a_seen, b_seen = in6('192.0.2.1'), in6('192.0.2.2')
    add('F29', 'hairpin, first packet', 'siit-eam7757', udp6(host_a, b_seen, 4000, 53),
        udp6(a_seen, host_b, 4000, 53, hl=63), 'RFC 7757 4.2.2, figure 8',
        'EAM-06 EAM-07', level='SHOULD', alternatives=[udp6(a_seen, host_b, 4000, 53, hl=62)],
        comment='the source is not translated back by its explicit mapping; hop limit decremented once')
    error = ip6(host_b, a_seen, 58, ic6(host_b, a_seen, 1, 4, u32(0), udp6(a_seen, host_b, 4000, 53, hl=60)))
    seen = ic6(b_seen, host_a, 1, 4, u32(0), udp6(host_a, b_seen, 4000, 53, hl=60))
    add('F32', 'hairpin, ICMPv6 error from the destination', 'siit-eam7757', error,
        ip6(b_seen, host_a, 58, seen, hl=63), 'RFC 7757 4.2.1, figure 10',
        'EAM-06 EAM-08', level='SHOULD', alternatives=[ip6(b_seen, host_a, 58, seen, hl=62)],
        comment='the outer source equals the inner destination, so both follow RFC 6052')


# ---- G: stateful NAT64 -------------------------------------------------------------------------------------------

SYN, SYN_ACK, ACK, RST = 0x02, 0x12, 0x10, 0x04


def opened(protocol_port=(40000, 61000), server=(S4, 53)):
    """N6 sends a datagram through its static binding."""
    inner, public = protocol_port
    return step(udp6(N6, in6(server[0]), inner, server[1]), udp4(POOL, server[0], public, server[1], ttl=63))


def handshake():
    """N6 connects to S4:443 through its static binding."""
    return [step(tcp6(N6, in6(S4), 40000, 443, SYN), tcp4(POOL, S4, 61000, 443, SYN, ttl=63)),
            step(tcp4(S4, POOL, 443, 61000, SYN_ACK, ack=1), tcp6(in6(S4), N6, 443, 40000, SYN_ACK, ack=1, hl=63))]


def state():
    add('G02', 'UDP inbound to an existing session', 'nat64', udp4(S4, POOL, 53, 61000),
        udp6(in6(S4), N6, 53, 40000, hl=63), 'RFC 6146 3.5.1, 3.6.1',
        'UDP-02', setup=[opened()])
    add('G05', 'RST in ESTABLISHED is forwarded', 'nat64', tcp4(S4, POOL, 443, 61000, RST),
        tcp6(in6(S4), N6, 443, 40000, RST, hl=63),
        'RFC 6146 3.5.2.2 ESTABLISHED', 'TCP-07', setup=handshake())
    given = udp4(S4, POOL, 53, 1234)
    add('G08', 'UDP inbound without binding', 'nat64', given, 'drop', 'RFC 6146 3.5.1', 'UDP-03',
        alternatives=[error4(S4, 3, 3, u32(0), given, any_code=True),
                      error4(S4, 3, 3, u32(0), given, source=POOL, any_code=True)])
    add('G11', 'address-dependent filtering looks at the address only', 'nat64', udp4(S4, POOL, 999, 61000),
        udp6(in6(S4), N6, 999, 40000, hl=63),
        'RFC 6146 1.2.3, 3.5.1', 'FLT-03', overrides={'filtering': 'address-dependent'}, setup=[opened()],
        comment='the same host, another port')
    given = ip6(N6, in6(S4), 132, pattern(32))
    add('G14', 'unsupported protocol from IPv6', 'nat64', given, error6(N6, 1, 4, u32(0), given), 'RFC 6146 3.4',
        'ERR-08', level='SHOULD',
        alternatives=['drop'], comment='port unreachable')
    add('G17', 'IPv4 SYN to a static binding', 'nat64', tcp4(X4, POOL, 5555, 61000, SYN),
        tcp6(in6(X4), N6, 5555, 40000, SYN, hl=63),
        'RFC 6146 3.5.2.2 CLOSED', 'TCP-02 N46-01')
    add('G44', 'IPv4-initiated connection completes', 'nat64', tcp6(N6, in6(X4), 40000, 5555, SYN_ACK, ack=1),
        tcp4(POOL, X4, 61000, 5555, SYN_ACK, ack=1, ttl=63), 'RFC 6146 3.5.2.2 V4 INIT', 'TCP-05',
        setup=[step(tcp4(X4, POOL, 5555, 61000, SYN), tcp6(in6(X4), N6, 5555, 40000, SYN, hl=63))])
    one = '203.0.113.2'
    add('G47', 'data after RST revives the session', 'nat64', tcp4(S4, one, 443, 40001, ACK, LETTERS, ack=3),
        tcp6(in6(S4), D6, 443, 33333, ACK, LETTERS, ack=3, hl=63),
        'RFC 6146 3.5.2.2 TRANS', 'TCP-07', overrides=ONE_PORT, setup=[
            step(tcp6(D6, in6(S4), 33333, 443, SYN), tcp4(one, S4, 40001, 443, SYN, ttl=63)),
            step(tcp4(S4, one, 443, 40001, SYN_ACK, ack=1), tcp6(in6(S4), D6, 443, 33333, SYN_ACK, ack=1, hl=63)),
            step(tcp4(S4, one, 443, 40001, RST), tcp6(in6(S4), D6, 443, 33333, RST, hl=63)),
            step(tcp6(D6, in6(S4), 33333, 443, ACK, LETTERS, ack=2),
                 tcp4(one, S4, 40001, 443, ACK, LETTERS, ack=2, ttl=63))],
        comment='a dynamic binding: had the RST ended it, the data would be refused')


def hairpins_and_errors():
    add('G20', 'UDP hairpin', 'nat64', udp6(N6, in6(POOL), 40000, 62000), udp6(in6(POOL), M6, 61000, 50000, hl=62),
        'RFC 6146 3.8; RFC 4787 REQ-9', 'HPN-01',
        alternatives=[udp6(in6(POOL), M6, 61000, 50000, hl=63)])
    quote4, quote6 = udp4(POOL, S4, 61000, 53, ttl=60), udp6(N6, in6(S4), 40000, 53, hl=60)
    add('G23', 'ICMPv4 port unreachable for a session', 'nat64', ip4(S4, POOL, 1, ic4(3, 3, u32(0), quote4)),
        ip6(in6(S4), N6, 58, ic6(in6(S4), N6, 1, 4, u32(0), quote6), hl=63), 'RFC 6146 3.5, 3.6.1; RFC 5508 REQ-4',
        'ICE-01', setup=[opened()],
        comment='inner source and port restored to what N6 sent')
    router = '2001:db8:9::1'
    data = pattern(1480 - 28)
    seen6 = udp6(in6(S4), N6, 53, 40000, data, hl=60)[:112]
    seen4 = udp4(S4, POOL, 53, 61000, data, ttl=60, df=1)[:92]
    out = ip4(POOL, S4, 1, ic4(3, 4, u32(1380), seen4), ttl=63)
    add('G26', 'ICMPv6 packet too big from a router inside', 'nat64',
        ip6(router, in6(S4), 58, ic6(router, in6(S4), 2, 0, u32(1400), seen6)),
        [packet(out, FREE4_QUOTE)], 'RFC 6146 3.6.1; RFC 5508 REQ-5', 'ICE-03 PMT-10', setup=[opened()],
        comment='outer source = the pool address of the binding')
    add('G29', 'ICMPv4 error with nothing behind the quoted IP header', 'nat64',
        ip4(S4, POOL, 1, ic4(3, 3, u32(0), quote4[:20])), 'drop', 'RFC 6146 3.4', 'ICE-05',
        setup=[opened()])


def pieces_and_limits():
    data = pattern(1000)
    whole = udp(S4, POOL, 53, 61000, data, ck=0)
    pieces = [ip4(S4, POOL, 17, whole[:504], id=0x9a, mf=1), ip4(S4, POOL, 17, whole[504:], id=0x9a, off=63)]
    add('G32', 'IPv4 UDP fragments with checksum 0', 'nat64', pieces,
        fragments(udp6(in6(S4), N6, 53, 40000, data, hl=63), 1500), 'RFC 6146 3.4', 'FRG-05',
        setup=[opened()], comment='the checksum is computed over all pieces')
    bad = []
    for what, given in (
            ('ends beyond 65535', ip6(N6, in6(S4), 44, fh(17, 8190, 0, 0x99) + pattern(24))),
            ('is empty', ip6(N6, in6(S4), 44, fh(17, 10, 1, 0x98))),
            ('is no multiple of 8', ip6(N6, in6(S4), 44, fh(17, 10, 1, 0x97) + pattern(20)))):
        bad.append(step(given, 'drop', [error6(N6, 4, 0, u32(0), given, any_rest=True)],
                        comment='a piece that ' + what))
    for what, given in (('ends beyond 65535', ip4(S4, POOL, 17, pattern(24), id=0x99, off=8190)),
                        ('is empty', ip4(S4, POOL, 17, b'', id=0x98, off=10, mf=1)),
                        ('is no multiple of 8', ip4(S4, POOL, 17, pattern(20), id=0x97, off=10, mf=1))):
        bad.append(step(given, 'drop', [error4(S4, 12, 0, u32(0), given, any_rest=True, any_code=True)],
                        comment='a piece that ' + what))
    add('G35', 'impossible fragments, then a normal packet', 'nat64', udp4(S4, POOL, 53, 61000),
        udp6(in6(S4), N6, 53, 40000, hl=63), 'RFC 791; RFC 8200 4.5',
        'FRG-08', setup=bad)
    given = udp6(E6, in6(S4), 33335, 53)
    add('G38', 'no port left for a second host', 'nat64', given, error6(E6, 1, 3, u32(0), given),
        'RFC 6146 3.5.1.1; RFC 6888 REQ-11', 'ERR-09 BIB-10',
        level='MUST (drop) / SHOULD (error)', overrides=ONE_PORT,
        alternatives=['drop', error6(E6, 1, 1, u32(0), given)],
        setup=[step(udp6(D6, in6(S4), 33333, 53), udp4('203.0.113.2', S4, 40001, 53, ttl=63))])
    options = bytes([1, 2, 4, 1000 >> 8, 1000 & 255, 1, 1, 0])
    add('G41', 'MSS clamping never raises', 'nat64', tcp6(N6, in6(S4), 40000, 443, SYN, opts=options),
        tcp4(POOL, S4, 61000, 443, SYN, opts=options, ttl=63),
        'RFC 7915 1.4; operator practice', 'MSS-02', level='expected', overrides={'mss_clamp': 'auto'},
        comment='MSS 1000 at an odd offset, behind a NOP')
    options = bytes([2, 4, 1460 >> 8, 1460 & 255, 4, 2, 8, 10]) + u32(1) + u32(0)
    options += bytes([1, 3, 3, 7, 34, 10]) + b'COOKIE12' + bytes([1, 1])
    add('G50', 'a SYN with every option and data passes unchanged', 'nat64',
        tcp6(N6, in6(S4), 40000, 443, 0xc2, LETTERS, opts=options, urg=3),
        tcp4(POOL, S4, 61000, 443, 0xc2, LETTERS, opts=options, urg=3, ttl=63), 'RFC 5382 REQ-2; RFC 4821',
        'MSS-03 TCP-16',
        comment='MSS 1460, SACK, timestamps, window scale, Fast Open cookie and data, ECN setup flags, urgent pointer')


def document():
    with open(os.path.join(HERE, 'vectors.json')) as f:
        first = json.load(f)
    for build in (addresses, headers46, sizes46, transport46, headers64, sizes64, transport64, unreachable46,
                  problems46, quotes46, plain64, problems64,
                  quotes64, mappings, state, hairpins_and_errors, pieces_and_limits):
        build()
    vectors.sort(key=lambda v: v['id'])
    known = {v['id'] for v in first['vectors']}
    assert not [v['id'] for v in vectors if v['id'] in known] and len({v['id'] for v in vectors}) == len(vectors)
    return {'format': first['format'], 'actors': first['actors'], 'configs': first['configs'], 'count': len(vectors),
            'vectors': vectors}


def main():
    path = os.path.join(HERE, 'more.json')
    text = json.dumps(document(), indent=0) + '\n'
    if sys.argv[1:] == ['--check']:
        with open(path) as f:
            if f.read() == text:
                print('ok more.json')
                return 0
        print('FAIL more.json\n     it is not what tests/vectors/more.py writes; run that and look at the difference')
        return 1
    with open(path, 'w') as f:
        f.write(text)
    return 0


if __name__ == '__main__':
    sys.exit(main())

#!/usr/bin/env python3
"""The fast path against the slow one: two translators with the same configuration, each in a namespace of its own, one
with fast-path = on and one with off, get the same random packets; what they send must be equal byte for byte.

usage: fastdiff.py [--bin FOLDER] [--seed N] [--packets N] [--only NAME]

Flows are opened in both directions, then random packets of them follow: sizes, flags, traffic classes, TTLs, DF,
fragments, options, extension headers, wrong checksums and lengths, padding, partial checksums, super-packets. Not
compared is only the identification of IPv4 packets that came in whole, which is random. For each packet the fast
path's counter tells whether it carried it; fastflows.py says whether it had to. Prints one line for each configuration,
with the seed; exit 1 on any difference."""
import argparse
import ctypes
import errno
import os
import random
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

import fastmap
from fastflows import (ACK, FIN, GSO_UDP, ICMP, NO_OFFLOAD, RST, SYN, TCP, UDP, Flow, build, plain, qualifies,
                       random_step)

CLONE_NEWNET = 0x40000000
SOL_PACKET, PACKET_VNET_HDR, PACKET_OUTGOING = 263, 15, 4
VNET = struct.Struct('=BBHHHH')
OWN4, ASKER4 = '192.0.2.1', '192.0.2.77'
FAILURES_SHOWN = 5
DEADLINE = 30  # seconds, of a machine that has much else to do
PREFIXES = {32: '2001:db8::/32', 40: 'fd40:40:4000::/40', 48: 'fd48:48:4800::/48', 56: 'fd56:56:56:5600::/56',
            64: 'fd64:64:64:64::/64', 96: 'fd96::/96'}
libc = ctypes.CDLL(None, use_errno=True)
libbpf = ctypes.CDLL('libbpf.so.1', use_errno=True)


# ---- the two gateways ----

class Gateway:
    """A translator in a namespace, and a socket on its device."""

    def __init__(self, program, config, fast):
        self.namespace = 'diff-%s-%d' % (fast, os.getpid())
        self.instance = 'diff%s%d' % (fast, os.getpid())
        self.folder = tempfile.mkdtemp(prefix='fastdiff')
        self.process = self.socket = None
        try:
            self.start(program, config, fast)
        except BaseException:
            self.close()
            raise

    def start(self, program, config, fast):
        path = self.folder + '/conf'
        with open(path, 'w') as out:
            print('[instance %s]\ntun = nat64\nfast-path = %s\n%s' % (self.instance, fast, config), file=out)
        run('ip', 'netns', 'add', self.namespace)
        run('ip', 'netns', 'exec', self.namespace, 'sysctl', '-qw', 'net.ipv6.conf.all.accept_ra=0',
            'net.ipv6.conf.default.addr_gen_mode=1', 'net.ipv6.conf.all.addr_gen_mode=1')
        with open(self.folder + '/log', 'wb') as log:
            self.process = subprocess.Popen(['ip', 'netns', 'exec', self.namespace, program, '-c', path, '-r',
                                             self.folder + '/run', self.instance], stdout=log, stderr=log)
        wait_until(lambda: os.path.exists('%s/run/%s/control.sock' % (self.folder, self.instance)) or self.ended())
        if self.ended():
            with open(self.folder + '/log') as log:
                sys.exit('the translator did not start: ' + log.read()[-500:])
        run('ip', '-n', self.namespace, 'link', 'set', 'nat64', 'mtu', '65535')
        here = os.open('/proc/self/ns/net', os.O_RDONLY)
        try:
            there = os.open('/run/netns/' + self.namespace, os.O_RDONLY)
            enter(there)
            os.close(there)
            self.socket = open_device('nat64')
            self.counters = open_counters('nat64') if fast == 'on' else None
        finally:
            enter(here)
            os.close(here)

    def ended(self):
        return self.process.poll() is not None

    def send(self, packet, vnet):
        """False: this kernel knows no UDP super-packets (before 6.2)."""
        protocol = 0x86dd if packet[0] >> 4 == 6 else 0x0800
        try:
            self.socket.sendto(VNET.pack(*vnet) + packet, ('nat64', protocol))
        except OSError as error:
            if error.errno == errno.EINVAL and vnet[1] == GSO_UDP:
                return False
            raise
        return True

    def collect(self, mark, at_least):
        """[(virtio_net_hdr, packet)] that came out before the answer to the ping `mark`, which takes the slow path."""
        out, marked, end = [], False, time.monotonic() + DEADLINE
        while not marked or len(out) < at_least:
            if not select.select([self.socket], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError('%s: %s' % (self.namespace, 'too few packets' if marked else 'no answer to ping'))
            data, address = self.socket.recvfrom(70000)
            packet = data[VNET.size:]
            if address[2] == PACKET_OUTGOING:
                continue
            if is_answer(packet, mark):
                marked = True
            else:
                out.append((VNET.unpack(data[:VNET.size]), packet))
        return out

    def close(self):
        if self.process and not self.ended():
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.socket:
            self.socket.close()
        subprocess.run(['ip', 'netns', 'del', self.namespace], stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree('/sys/fs/bpf/sa-nat64/' + self.instance, ignore_errors=True)


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def wait_until(condition):
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            sys.exit('the translator did not come up in %d s' % DEADLINE)
        time.sleep(0.01)


def enter(namespace):
    if libc.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), 'setns')


def open_device(device):
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    opened.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    opened.bind((device, 3))
    return opened


def open_counters(device):
    """Descriptor of the map `counters` of the program on the device."""
    number = str(fastmap.program(device))
    for map_id in fastmap.run('bpftool', '-j', 'prog', 'show', 'id', number)['map_ids']:
        if fastmap.run('bpftool', '-j', 'map', 'show', 'id', str(map_id))['name'] == 'counters':
            return libbpf.bpf_map_get_fd_by_id(map_id)
    sys.exit('the fast path has no counters')


def carried(counters):
    """Packets that the fast path translated so far."""
    cpus = libbpf.libbpf_num_possible_cpus()
    values, zero = (ctypes.c_uint64 * (4 * cpus))(), ctypes.c_uint32(0)
    if libbpf.bpf_map_lookup_elem(counters, ctypes.byref(zero), values):
        raise OSError(ctypes.get_errno(), 'cannot read the counters')
    return sum(values[4 * cpu] + values[4 * cpu + 1] for cpu in range(cpus))


def ping(mark):
    return build.ip4(ASKER4, OWN4, ICMP, build.ic4(8, 0, struct.pack('!HH', 0x6464, mark), b''))


def is_answer(packet, mark):
    return (len(packet) >= 28 and packet[0] >> 4 == 4 and packet[9] == ICMP and packet[16:20] == build.a4(ASKER4) and
            packet[20] == 0 and packet[24:28] == struct.pack('!HH', 0x6464, mark))


# ---- comparing ----

def finished(vnet, packet):
    """The packet with its checksum completed, as any receiver would see it."""
    if not vnet[0] & 1:
        return packet
    start, at = vnet[4], vnet[4] + vnet[5]
    checksum = build.inet(packet[start:])
    if vnet[5] == 6 and checksum == 0:
        checksum = 0xffff
    return packet[:at] + struct.pack('!H', checksum) + packet[at + 2:]


def comparable(vnet, packet, was_whole):
    """What must be equal on both ways. The identification is masked, after a look at the header checksum."""
    packet = bytearray(finished(vnet, packet))
    if packet[0] >> 4 == 4:
        if build.ocsum(bytes(packet[:(packet[0] & 15) * 4])) != 0xffff:
            packet += b' wrong header checksum'
        if was_whole or not struct.unpack('!H', packet[6:8])[0] & 0x3fff:
            packet[4:6] = packet[10:12] = b'\0\0'
    return vnet[1], vnet[3], bytes(packet)


def show(packets):
    return ['%s%s%s' % (p[:90].hex(), '...' if len(p) > 90 else '', ' (%d bytes, gso %d of %d)' % (len(p), size, kind))
            for kind, size, p in packets] or ['nothing']


class Differential:
    """Sends steps through both gateways and compares."""

    def __init__(self, gateways, mtu):
        self.on, self.off = gateways
        self.mtu, self.number, self.failures = mtu, 0, []
        self.steps = self.carried = 0

    def step(self, flow, packets, expected=None):
        """expected: how many packets the fast path has to carry; None: the rule says. Not said (-1): any number."""
        self.number = self.number % 65535 + 1
        if expected is None:
            expected = 0 if flow.must_reopen else sum(qualifies(p, v, self.mtu) for p, v in packets)
        before = carried(self.on.counters)
        for gateway in (self.on, self.off):
            for packet, vnet in packets:
                if not gateway.send(packet, vnet):
                    return []
            gateway.send(ping(self.number), NO_OFFLOAD)
        moved = carried(self.on.counters) - before
        was_whole = len(packets) == 1
        out = [sorted(comparable(v, p, was_whole) for v, p in gateway.collect(self.number, at_least))
               for gateway, at_least in ((self.on, moved), (self.off, 0))]
        self.steps += 1
        self.carried += moved
        if out[0] != out[1]:
            self.fail(flow, packets, ['with the fast path: ' + line for line in show(out[0])] +
                      ['without: ' + line for line in show(out[1])])
        if expected not in (moved, -1):
            self.fail(flow, packets, ['the fast path carried %d packets, not %d' % (moved, expected)])
        return out[1]

    def fail(self, flow, packets, lines):
        self.failures.append('\n    '.join(
            ['step %d, %s' % (self.steps, flow)] +
            ['in: ' + line for line in show([(v[1], v[3], p) for p, v in packets])] + lines))
        if len(self.failures) >= FAILURES_SHOWN:
            raise AssertionError

    def one(self, flow, version, expected=None, **more):
        out = self.step(flow, [(plain(flow, version, **more), NO_OFFLOAD)], expected)
        if len(out) != 1:
            self.fail(flow, [], ['a plain packet from IPv%d was not translated: %d packets' % (version, len(out))])

    def open(self, flow):
        if flow.proto == TCP:
            self.one(flow, 6, -1, flags=SYN)
            self.one(flow, 4, -1, flags=SYN | ACK)
        self.one(flow, 6, -1)
        self.one(flow, 4, -1)
        self.one(flow, 6, 1)
        self.one(flow, 4, 1)

    def reset(self, flow, version):
        """After a RST the state machine sees the next packet; then the flow is back."""
        self.one(flow, version, 0, flags=RST)
        self.one(flow, 6, 0)
        self.one(flow, 6, 1)
        self.one(flow, 4, 1)

    def end(self, flow):
        """One FIN leaves a flow open; with the second one it is over."""
        self.one(flow, 6, 0, flags=FIN | ACK)
        self.one(flow, 4, 1)
        self.one(flow, 4, 0, flags=FIN | ACK)
        self.one(flow, 6, 0)
        self.one(flow, 4, 0)


# ---- configurations and their flows ----

def stateful(rng):
    """nat64 with static bindings, so that both translators use the same ports; one flow for each prefix and protocol."""
    lines, flows = ['mode = nat64', 'pool4 = 198.51.100.0/28 1024-65535'], []
    for length, prefix in PREFIXES.items():
        lines.append('pool6 = ' + prefix)
        for name, proto in (('tcp', TCP), ('udp', UDP), ('icmp', ICMP)):
            host, address = 'fd01::%x' % rng.randrange(1, 65535), '198.51.100.%d' % rng.randrange(16)
            port6, port4 = length * 100 + proto, length * 200 + proto
            remote, port = '8.%d.%d.%d' % (length, proto, rng.randrange(1, 255)), rng.randrange(1, 65536)
            lines.append('bib = %s [%s]:%d %s:%d' % (name, host, port6, address, port4))
            flows.append(Flow(proto, (host, build.emb(prefix, remote), port6, port), (address, remote, port4, port)))
    return lines, flows


def stateless(rng):
    """siit: explicit mappings and prefixes of all lengths, in all combinations of the two."""
    lines = ['mode = siit', 'eam = 203.0.113.0/24 fd24:24::/120', 'eam = 203.0.113.66 fd66::1']
    pairs = [('203.0.113.5', 'fd24:24::5'), ('203.0.113.66', 'fd66::1')]
    for length, prefix in PREFIXES.items():
        lines.append('pool6 = %s for %d.0.0.0/8' % (prefix, length))
        address = '%d.%d.7.9' % (length, rng.randrange(256))
        pairs.append((address, build.emb(prefix, address)))
    flows = []
    for i, (source4, source6) in enumerate(pairs):
        remote4, remote6 = pairs[(i + rng.randrange(1, len(pairs))) % len(pairs)]
        for proto in (TCP, UDP, ICMP):
            port, remote_port = rng.randrange(1, 65536), rng.randrange(1, 65536)
            flows.append(Flow(proto, (source6, remote6, port, remote_port), (source4, remote4, port, remote_port)))
    return lines, flows


# name: (flows, mtu4, mtu6, lowest-ipv6-mtu, further lines)
CONFIGURATIONS = {
    'nat64': (stateful, 1500, 1500, 1280, []),
    'nat64-settings': (stateful, 1400, 1480, 1400, ['zeroize-traffic-class = yes', 'override-tos = 0x28',
                                                    'udp-checksum-zero = drop', 'filtering = address-dependent']),
    'siit': (stateless, 1500, 1500, 1280, []),
    'siit-settings': (stateless, 9000, 1420, 1280, ['zeroize-traffic-class = yes', 'override-tos = 0',
                                                    'udp-checksum-zero = drop', 'eam-hairpin-mode = simple']),
}


def play(test, rng, flows, is_stateful, count):
    for flow in flows:
        test.open(flow)
    for number in range(count):
        flow, version = rng.choice(flows), rng.choice((6, 4))
        if is_stateful and flow.proto == TCP and rng.random() < 0.03:
            test.reset(flow, version)
        else:
            test.step(flow, random_step(rng, flow, version, test.mtu, number + 1))
    for flow in flows:
        test.one(flow, 6, 1)
        test.one(flow, 4, 1)
        if is_stateful and flow.proto == TCP:
            test.end(flow)


def compare(options, name):
    make, mtu4, mtu6, lowest, more = CONFIGURATIONS[name]
    rng = random.Random('%d %s' % (options.seed, name))
    lines, flows = make(rng)
    lines += more + ['address4 = ' + OWN4, 'address6 = fd01:1::1', 'icmp-error-rate = 0', 'mtu4 = %d' % mtu4,
                     'mtu6 = %d' % mtu6, 'lowest-ipv6-mtu = %d' % lowest]
    gateways = []
    try:
        for fast in ('on', 'off'):
            gateways.append(Gateway(options.bin + '/sa-nat64-translator', '\n'.join(lines), fast))
        test = Differential(gateways, (mtu4, mtu6, lowest))
        try:
            play(test, rng, flows, make is stateful, options.packets)
        except AssertionError:
            pass
        except TimeoutError as why:
            test.failures.append('step %d: %s' % (test.steps + 1, why))
    finally:
        for gateway in gateways:
            gateway.close()
    print('%s %s: %d steps, %d packets on the fast path, seed %d' % (
        'FAIL' if test.failures else 'ok', name, test.steps, test.carried, options.seed))
    for failure in test.failures:
        print('  ' + failure)
    sys.stdout.flush()
    return not test.failures


def main():
    parser = argparse.ArgumentParser(description='Compare the fast path with the slow one.')
    parser.add_argument('--bin', default='build')
    parser.add_argument('--seed', type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument('--packets', type=int, default=4000, help='for each configuration (4000)')
    parser.add_argument('--only', choices=CONFIGURATIONS)
    options = parser.parse_args()
    names = [options.only] if options.only else list(CONFIGURATIONS)
    return 0 if all([compare(options, name) for name in names]) else 1


if __name__ == '__main__':
    sys.exit(main())

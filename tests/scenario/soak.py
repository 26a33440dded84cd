#!/usr/bin/env python3
"""Mixed traffic that never rests, and a look at the books of the translator meanwhile; for the scenario of that name.

usage: soak.py traffic [--bind ADDRESS] [--kinds KIND,...] [--hops N] ADDRESS UDP-PORT TCP-PORT CLOSED-PORT SECONDS
       soak.py watch CLI FASTMAP PID,... SECONDS INSTANCE...

`traffic` asks `udp.py echo` and `transfer.py serve` at ADDRESS, every kind in a thread of its own, and prints as JSON
how many exchanges of each kind were right and which went wrong; exit 1 when any did.

  udp        flows of a few datagrams that stop, from ports that come back when their sessions have expired
  steady     one UDP flow that lives on
  tcp        connections that carry something and end by FIN, by FIN of one side first, or by RST
  bulk       megabytes over TCP in both directions, compared by their sums
  fragments  datagrams of 4000 bytes
  echo       pings, each with an identifier of its own
  closed     datagrams to a port where nobody listens: ICMP errors come back
  hops       datagrams that expire at the last router: so they do here

`watch` looks every second or two at the statistics of the instances and at the maps of the kernel: entries in both maps must be
what the daemon says it holds. It prints as JSON what it saw; exit 1 when the books differed."""
import argparse
import hashlib
import json
import os
import random
import socket
import struct
import subprocess
import sys
import threading
import time

TIMEOUT = 3  # of a datagram, which is sent again
PATIENCE = 30
RECVERR = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}
HOPS = {socket.AF_INET: (socket.IPPROTO_IP, socket.IP_TTL), socket.AF_INET6: (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS)}
MSG_ERRQUEUE = 0x2000
LINGER_NONE = struct.pack('ii', 1, 0)
WRONG_SHOWN = 5


class Traffic:
    def __init__(self, args):
        self.args = args
        self.family = socket.AF_INET6 if ':' in args.address else socket.AF_INET
        self.end = time.monotonic() + args.seconds
        self.done, self.wrong = {}, {}

    # ---- sockets ----

    def open(self, kind, port, local=0):
        sock = socket.socket(self.family, kind)
        sock.settimeout(TIMEOUT if kind == socket.SOCK_DGRAM else PATIENCE)
        if self.args.bind or local:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((self.args.bind or ('::' if self.family == socket.AF_INET6 else '0.0.0.0'), local))
        sock.connect((self.args.address, port))
        return sock

    def ask(self, sock, size):
        """One datagram and its answer; path MTU discovery may cost the first of a large kind."""
        data = os.urandom(size)
        for left in reversed(range(10)):
            try:
                sock.send(data)
                answer = sock.recv(65535)
                break
            except TimeoutError:
                if left == 0:
                    raise
        if answer != data:
            raise ValueError(f'{len(answer)} other bytes came back for {size}')

    # ---- kinds: one exchange each ----

    def udp(self, number):
        with self.open(socket.SOCK_DGRAM, self.args.udp_port, 20000 + number % 400) as sock:
            for size in (1, 100, 1100):
                self.ask(sock, size)
        time.sleep(0.01)  # the rhythm of new flows

    def steady(self, number):
        if number == 0:
            self.steady_socket = self.open(socket.SOCK_DGRAM, self.args.udp_port)
        self.ask(self.steady_socket, 64)
        time.sleep(0.1)

    def tcp(self, number):
        sock = self.open(socket.SOCK_STREAM, self.args.tcp_port)
        stream = sock.makefile('rb')
        for size in (10, 5000):
            sock.sendall(b'get %d\n' % size)
            digest = hashlib.sha256(stream.read(size)).hexdigest()
            if stream.readline().decode().strip() != digest:
                raise ValueError('another sum')
        ending = number % 3
        if ending == 1:
            sock.shutdown(socket.SHUT_WR)
            if stream.read():
                raise ValueError('bytes after the end')
        elif ending == 2:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
        stream.close()
        sock.close()
        time.sleep(0.02)

    def bulk(self, number):
        order = ('put', 'get')[number % 2]
        command = [os.path.join(os.path.dirname(os.path.abspath(__file__)), 'transfer.py'), order]
        command += ['--bind', self.args.bind] if self.args.bind else []
        subprocess.run(command + [self.args.address, str(self.args.tcp_port), str(1 << 21)], check=True, timeout=60,
                       capture_output=True)
        time.sleep(0.5)

    def fragments(self, _):
        with self.open(socket.SOCK_DGRAM, self.args.udp_port) as sock:
            for _ in range(3):
                self.ask(sock, 4000)
        time.sleep(0.1)

    def echo(self, number):
        is6 = self.family == socket.AF_INET6
        identifier = 1 + number % 65000
        with socket.socket(self.family, socket.SOCK_RAW, socket.IPPROTO_ICMPV6 if is6 else socket.IPPROTO_ICMP) as sock:
            sock.settimeout(PATIENCE)
            if self.args.bind:
                sock.bind((self.args.bind, 0))
            sock.connect((self.args.address, 0))
            for sequence in range(3):
                head = struct.pack('!BBHHH', 128 if is6 else 8, 0, 0, identifier, sequence)
                if not is6:
                    head = head[:2] + struct.pack('!H', checksum(head)) + head[4:]
                sock.send(head)
                while True:
                    reply = sock.recv(2048)[0 if is6 else 20:]
                    if reply[0] == (129 if is6 else 0) and reply[4:8] == head[4:8]:
                        break
        time.sleep(0.02)

    def closed(self, _):
        with self.open(socket.SOCK_DGRAM, self.args.closed_port) as sock:
            self.expect_error(sock, ConnectionRefusedError)
        time.sleep(0.05)

    def hops(self, _):
        with self.open(socket.SOCK_DGRAM, self.args.udp_port) as sock:
            level, option = HOPS[self.family]
            sock.setsockopt(level, option, self.args.hops)
            sock.setsockopt(*RECVERR[self.family], 1)
            self.expect_error(sock, OSError)
            _, notes, _, _ = sock.recvmsg(2048, 512, MSG_ERRQUEUE)
            kind = notes[-1][2][5:7]  # sock_extended_err: type and code
            if kind != (b'\3\0' if self.family == socket.AF_INET6 else b'\x0b\0'):
                raise ValueError(f'another error: type {kind[0]} code {kind[1]}')
        time.sleep(0.05)

    def expect_error(self, sock, kind):
        """The kernels on the way may hold an ICMP error back that came too soon after others."""
        for left in reversed(range(50)):
            sock.send(b'error')
            sock.settimeout(0.3)
            try:
                answer = sock.recv(2048)
                raise ValueError(f'{len(answer)} bytes came back')
            except TimeoutError:
                if left == 0:
                    raise
            except kind:
                return

    # ---- all of them ----

    def repeat(self, kind):
        number = 0
        self.done[kind] = 0
        while time.monotonic() < self.end and len(self.wrong.get(kind, [])) < WRONG_SHOWN:
            try:
                getattr(self, kind)(number)
                self.done[kind] += 1
            except Exception as error:  # pylint: disable=broad-except
                self.wrong.setdefault(kind, []).append(f'{number}: {error!r}')
            number += 1

    def run(self):
        threads = [threading.Thread(target=self.repeat, args=(kind,)) for kind in self.args.kinds.split(',')]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(json.dumps({'right': self.done, 'wrong': self.wrong}))
        return 1 if self.wrong or 0 in self.done.values() else 0


def checksum(data):
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


# ---- the books ----

def run_json(prefix, *arguments):
    return json.loads(subprocess.run(prefix.split() + list(arguments), check=True, capture_output=True, text=True).stdout)


class Instance:
    """What was seen of one."""

    def __init__(self, cli, fastmap, name):
        self.cli, self.fastmap, self.name = cli, fastmap, name
        self.held_max = self.looks = self.sessions_max = 0
        self.wrong = []

    def stats(self):
        row = run_json(self.cli, '-i', self.name, '--json', 'stats', '--all')['instances'][0]
        return row['fast_flows']['held'], row['fast_flows']['installed']

    def look(self):
        """Flows come and go while the maps are read, so how many came tells between which numbers an honest map is."""
        held, installed = self.stats()
        counts = [run_json(self.fastmap, 'count', name, self.name) for name in ('flows6', 'flows4')]
        held_after, installed_after = self.stats()
        came = installed_after - installed
        self.looks += 1
        self.held_max = max(self.held_max, held)
        stateful = installed_after > 0
        for name, count in zip(('flows6', 'flows4'), counts):
            if stateful and not held_after - came <= count <= held + came:
                self.wrong.append(f'{name} has {count}, the daemon {held} and then {held_after}, {came} came')
        if not stateful and held == held_after != sum(counts):
            self.wrong.append(f'the maps have {counts}, the daemon {held}')
        status = run_json(self.cli, '-i', self.name, '--json', 'status')['instances'][0]
        self.sessions_max = max(self.sessions_max, sum(status['sessions'][proto] for proto in ('tcp', 'udp', 'icmp')))


def memory_of(pid):
    with open(f'/proc/{pid}/status') as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith('VmRSS'))


def watch(args):
    instances = [Instance(args.cli, args.fastmap, name) for name in args.instance]
    resident, files = [], []
    end = time.monotonic() + args.seconds
    while time.monotonic() < end:
        for instance in instances:
            instance.look()
        resident.append([memory_of(pid) for pid in args.pid.split(',')])
        files.append([len(os.listdir(f'/proc/{pid}/fd')) for pid in args.pid.split(',')])
        time.sleep(1)
    print(json.dumps({'looks': len(resident), 'resident_kb': {'first': resident[0], 'third': resident[len(resident) // 3],
                                                              'last': resident[-1]},
                      'files': {'first': files[0], 'last': files[-1]},
                      'instances': {i.name: {'held_max': i.held_max, 'sessions_max': i.sessions_max,
                                             'wrong': i.wrong[:WRONG_SHOWN]} for i in instances}}))
    return 1 if any(i.wrong for i in instances) else 0


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser('traffic')
    command.add_argument('--bind')
    command.add_argument('--kinds', default='udp,steady,tcp,bulk,fragments,echo,closed,hops')
    command.add_argument('--hops', type=int, default=5)
    command.add_argument('address')
    for name in ('udp_port', 'tcp_port', 'closed_port'):
        command.add_argument(name, type=int)
    command.add_argument('seconds', type=float)
    command.set_defaults(run=lambda args: Traffic(args).run())
    command = commands.add_parser('watch')
    command.add_argument('cli')
    command.add_argument('fastmap')
    command.add_argument('pid')
    command.add_argument('seconds', type=float)
    command.add_argument('instance', nargs='+')
    command.set_defaults(run=watch)
    args = parser.parse_args()
    sys.exit(args.run(args))


if __name__ == '__main__':
    main()

#!/usr/bin/env python3
"""Traffic through the campus, and its judge: what was lost, for how long, and whether anything broke.

usage: campus_load.py serve SOCKET PORT
       campus_load.py run [--idle COUNT] [--rate PPS] [--prefix PREFIX] [--ping NAME=ADDRESS@SOURCE]... NAME=ADDRESS...
                          SOCKET PORT FIFO
       campus_load.py judge FILE [--gap MS] [--stall MS] [--lost COUNT]

`serve` is the IPv4 end and `run` the IPv6 end. Between them, for each target NAME:
  - two UDP streams, one each way, RATE (1000) numbered datagrams a second;
  - two TCP connections that stay for ever, one each way, with blocks that carry their SHA-256, 6.5 Mbit/s each;
  - pings, 20 a second;
  - COUNT/targets idle TCP connections (idle.py), each from another host of PREFIX, asked when a report is wanted.
For each line that `run` reads from FIFO it appends one line of JSON to its output about the time since the line before:
connections broken, blocks corrupt, the longest gap and what was lost of each stream. Gaps are measured where packets arrive,
by the kernel's clock, and time in which the sender itself did not get to run is taken off. SOCKET is a Unix socket between
the two, outside of the network that is judged. `judge` exits 1 and says why when a report (the last of FILE) is not good enough."""
import argparse
import contextlib
import errno
import hashlib
import json
import multiprocessing
import os
import select
import socket
import struct
import sys
import time
import zlib

import idle

SO_RCVBUFFORCE = 33  # from asm-generic/socket.h
SO_TIMESTAMPNS = 35  # from asm-generic/socket.h, as the type of the control message too
ICMP6_FILTER = 1  # from netinet/icmp6.h
ECHO_REQUEST, ECHO_REPLY = 128, 129
BUFFER = 4 << 20
TICK = 0.001
LATE = 0.01  # what a busy machine makes of a tick
HEAD = struct.Struct('!16sQQ')  # target, number, microseconds that the sender was late so far
BODY = os.urandom(60)
PING_RATE = 20
BLOCK = 8192
BLOCK_RATE = 100
DIGEST = 32


class Pacer:
    """How many are due, and how long the sender did not run although it should have."""

    def __init__(self, rate):
        self.interval, self.next, self.last, self.late = 1 / rate, None, None, 0

    def due(self, now):
        self.next = self.next or now
        if self.last is not None:
            self.late += now - self.last if now - self.last > self.interval + LATE else 0
        self.last = now
        count = int((now - self.next) / self.interval) + 1 if now >= self.next else 0
        self.next += count * self.interval
        if count > 100:  # a long pause: it is not made good
            count = 100
        return count


class Stream:
    """What arrives of one numbered stream: longest gap and losses since the last report."""

    def __init__(self, rate):
        self.interval = 1 / rate
        self.highest, self.at, self.late = None, None, 0
        self.corrupt = 0
        self.begin()

    def begin(self):
        self.first, self.received, self.gap, self.corrupt = self.highest, 0, 0, 0

    def arrived(self, number, at, late):
        self.received += 1
        if self.highest is None:
            self.first = number - 1
        elif number <= self.highest:
            return
        else:
            self.gap = max(self.gap, at - self.at - (late - self.late), (number - self.highest) * self.interval)
        self.highest, self.at, self.late = number, at, late

    def report(self):
        silent = time.time() - self.at if self.at else float('inf')
        expected = (self.highest or 0) - (self.first or 0)
        result = {'received': self.received, 'lost': max(0, expected - self.received), 'corrupt': self.corrupt,
                  'gap_ms': round(1e3 * max(self.gap, silent), 1) if self.at else None}
        self.begin()
        return result


def stamped(sock, size=2048):
    """(data, (peer, how to answer from the address that was asked), time of arrival) of what waits in a socket."""
    while True:
        try:
            data, control, _, peer = sock.recvmsg(size, 128)
        except BlockingIOError:
            return
        except OSError:  # an ICMP error about an earlier datagram
            continue
        at, asked = time.time(), ()
        for level, kind, value in control:
            if level == socket.IPPROTO_IPV6:
                asked = ((level, kind, value),)
            elif kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = struct.unpack('qq', value)
                at = seconds + nanoseconds / 1e9
        yield data, (peer, asked), at


def prepare(sock):
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    return sock


class Udp:
    """One end of the UDP streams of all targets."""

    def __init__(self, rate):
        self.pacer, self.number, self.rate = Pacer(rate), 0, rate
        self.socks, self.peers, self.streams, self.moved = {}, {}, {}, 0

    def listen(self, port):
        sock = prepare(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        sock.bind(('::', port))
        self.socks[None] = sock

    def connect(self, name, address, port):
        sock = prepare(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
        sock.connect((address, port))
        self.socks[name], self.peers[name] = sock, None

    def tick(self, now):
        for _ in range(self.pacer.due(now)):
            self.number += 1
            for name, peer in self.peers.items():
                data = HEAD.pack(name.encode(), self.number, int(self.pacer.late * 1e6)) + BODY
                data += struct.pack('!I', zlib.crc32(data))
                with contextlib.suppress(OSError):  # no route, or an ICMP error: it is lost
                    if peer:
                        self.socks[None].sendmsg([data], peer[1], 0, peer[0])
                    else:
                        self.socks[name].send(data)
        for sock in self.socks.values():
            for data, peer, at in stamped(sock):
                self.take(data, peer if None in self.socks else None, at)

    def take(self, data, peer, at):
        name, number, late = HEAD.unpack_from(data)
        name = name.rstrip(b'\0').decode()
        stream = self.streams.setdefault(name, Stream(self.rate))
        if zlib.crc32(data[:-4]) != struct.unpack('!I', data[-4:])[0]:
            stream.corrupt += 1
        elif self.peers.setdefault(name, peer) != peer:
            self.moved += 1
            self.peers[name] = peer
        stream.arrived(number, at, late / 1e6)

    def report(self):
        moved, self.moved = self.moved, 0
        return {'udp': {name: stream.report() for name, stream in self.streams.items()}, 'moved': moved}


class Ping:
    """Echo requests to one target."""

    def __init__(self, address, source, ident):
        self.pacer, self.number, self.stream, self.ident = Pacer(PING_RATE), 0, Stream(PING_RATE), ident
        self.sock = prepare(socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6))
        self.sock.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, self.only(ECHO_REPLY))
        if source:
            self.sock.bind((source, 0))
        self.sock.connect((address, 0))

    @staticmethod
    def only(kind):
        """Blocks all ICMPv6 types but one."""
        blocked = [0xffffffff] * 8
        blocked[kind >> 5] &= ~(1 << (kind & 31))
        return struct.pack('8I', *blocked)

    def tick(self, now):
        for _ in range(self.pacer.due(now)):
            self.number += 1
            data = struct.pack('!BBHHHQQ', ECHO_REQUEST, 0, 0, self.ident, self.number & 0xffff, self.number,
                               int(self.pacer.late * 1e6))
            with contextlib.suppress(OSError):
                self.sock.send(data + BODY)
        for data, _, at in stamped(self.sock):
            kind, _, _, ident, _, number, late = struct.unpack_from('!BBHHHQQ', data)
            if kind == ECHO_REPLY and ident == self.ident:
                self.stream.corrupt += data[24:] != BODY
                self.stream.arrived(number, at, late / 1e6)

    def report(self):
        return self.stream.report()


class Blocks:
    """One TCP connection that carries blocks one way: number, random bytes, SHA-256 of both."""

    def __init__(self, sock, sends):
        self.sock, self.sends, self.pacer = sock, sends, Pacer(BLOCK_RATE)
        self.number, self.buffer, self.broken = 0, b'', None
        self.bytes, self.corrupt, self.stall, self.at, self.counted = 0, 0, 0, None, False
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def tick(self, now):
        if self.broken:
            return
        try:
            if self.sends:
                self.send(self.pacer.due(now))
            else:
                self.receive(now)
        except BlockingIOError:
            pass
        except OSError as error:
            self.broken = error.strerror or str(error)
            self.sock.close()

    def send(self, count):
        for _ in range(count):
            if len(self.buffer) < 64 * BLOCK:  # no more than that is made good after a stall
                data = struct.pack('!Q', self.number) + os.urandom(BLOCK - DIGEST - 8)
                self.buffer += data + hashlib.sha256(data).digest()
                self.number += 1
        while self.buffer:
            self.buffer = self.buffer[self.sock.send(self.buffer):]

    def receive(self, now):
        while True:
            data = self.sock.recv(1 << 18)
            if not data:
                raise ConnectionResetError(errno.ECONNRESET, 'the other end closed it')
            if self.at:
                self.stall = max(self.stall, now - self.at)
            self.at = now
            self.bytes += len(data)
            self.buffer += data
            while len(self.buffer) >= BLOCK:
                block, self.buffer = self.buffer[:BLOCK], self.buffer[BLOCK:]
                data = block[:-DIGEST]
                if hashlib.sha256(data).digest() != block[-DIGEST:] or struct.unpack_from('!Q', data)[0] != self.number:
                    self.corrupt += 1
                self.number = struct.unpack_from('!Q', data)[0] + 1

    def report(self):
        silent = time.monotonic() - self.at if self.at else 0
        result = {'bytes': self.bytes, 'corrupt': self.corrupt, 'broken': self.broken,
                  'stall_ms': round(1e3 * max(self.stall, silent), 1)}
        self.bytes, self.corrupt, self.stall = 0, 0, 0
        return result


class Tcp:
    """One end of the TCP connections of all targets. The IPv6 end opens them, and says which way each goes."""

    def __init__(self):
        self.listener, self.new, self.by_name = None, [], {}

    def listen(self, port):
        self.listener = socket.create_server(('::', port), family=socket.AF_INET6, dualstack_ipv6=True)
        self.listener.setblocking(False)

    def connect(self, name, address, port):
        for way in ('6to4', '4to6'):
            sock = socket.create_connection((address, port), 60)
            sock.sendall(f'{name} {way}\n'.encode())
            self.by_name[f'{name} {way}'] = Blocks(sock, way == '6to4')

    def accept(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                sock, _ = self.listener.accept()
                sock.setblocking(False)
                self.new.append(sock)
        for sock in self.new[:]:
            with contextlib.suppress(BlockingIOError):
                name = sock.recv(64, socket.MSG_PEEK).split(b'\n')[0]
                sock.recv(len(name) + 1)
                self.new.remove(sock)
                name = name.decode()
                self.by_name[name] = Blocks(sock, name.endswith('4to6'))

    def tick(self, now):
        if self.listener:
            self.accept()
        for blocks in self.by_name.values():
            blocks.tick(now)

    def report(self):
        return {name: blocks.report() for name, blocks in self.by_name.items()
                if not blocks.sends or blocks.broken}


def turn(parts, until_readable, act):
    """All parts every millisecond, for ever; act() when something comes from outside."""
    poll = select.poll()
    poll.register(until_readable, select.POLLIN)
    while True:
        for part in parts:
            part.tick(time.monotonic())
        if poll.poll(0):
            act()
        time.sleep(TICK)  # the rhythm of the streams


def serve(args):
    idle.more_files()
    multiprocessing.Process(target=idle.serve, args=(args.port,), daemon=True).start()
    udp, tcp = Udp(args.rate), Tcp()
    tcp.listen(args.port + 1)
    udp.listen(args.port + 2)
    orders = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    orders.bind(args.socket)

    def answer():
        _, peer = orders.recvfrom(100)
        orders.sendto(json.dumps({**udp.report(), 'tcp': tcp.report()}).encode(), peer)

    turn([udp, tcp], orders, answer)


class Crowds:
    """The idle connections to all targets, in a process of their own: asking takes a while."""

    def __init__(self, args, targets):
        self.pipe, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=self.run, args=(theirs, args, targets), daemon=True)
        self.process.start()
        self.ask()

    @staticmethod
    def run(pipe, args, targets):
        crowds = [idle.Crowd(address, args.port, args.idle // len(targets), '%s%x:0' % (args.prefix, number))
                  for number, address in enumerate(targets.values(), 1)]
        known = 0
        while pipe.recv():
            connections = [c for crowd in crowds for c in crowd.connections]
            for crowd in crowds:
                crowd.ask()
            bad = sum(c.state != 'good' for c in connections)
            pipe.send({'connections': len(connections), 'good': len(connections) - bad, 'broken': max(0, bad - known),
                       'text': idle.summary(connections)})
            known = bad

    def ask(self):
        self.pipe.send(True)
        return self.pipe.recv()


def merge(here, there, pings, crowd, seconds):
    """One report of both ends."""
    udp = {f'{name} 4to6': row for name, row in here['udp'].items()}
    udp |= {f'{name} 6to4': row for name, row in there['udp'].items()}
    tcp = here['tcp'] | there['tcp']
    return {
        'seconds': round(seconds, 1),
        'broken': here['moved'] + there['moved'] + crowd['broken'] + sum(bool(row['broken']) for row in tcp.values()),
        'corrupt': sum(row['corrupt'] for rows in (udp, tcp, pings) for row in rows.values()),
        'gap_ms': max(row['gap_ms'] for row in udp.values()),
        'stall_ms': max(row['stall_ms'] for row in tcp.values()),
        'lost': sum(row['lost'] for row in udp.values()),
        'udp': udp, 'tcp': tcp, 'ping': pings, 'idle': crowd}


def run(args):
    idle.more_files()
    targets = dict(target.split('=', 1) for target in args.target)
    crowds = Crowds(args, targets)
    udp, tcp, pings = Udp(args.rate), Tcp(), {}
    for name, address in targets.items():
        udp.connect(name, address, args.port + 2)
        tcp.connect(name, address, args.port + 1)
        pings[name] = Ping(address, None, len(pings) + 1)
    for name, address in (ping.split('=', 1) for ping in args.ping):
        pings[name] = Ping(*address.split('@'), len(pings) + 1)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind(args.socket + '.client')
    server.connect(args.socket)
    orders = os.open(args.fifo, os.O_RDWR)
    ends, theirs = multiprocessing.Pipe()
    begun = time.monotonic()

    def ends_report():
        theirs.recv()
        theirs.send(({**udp.report(), 'tcp': tcp.report()}, {name: ping.report() for name, ping in pings.items()}))

    def reporter():
        nonlocal begun
        while os.read(orders, 100):
            crowd = crowds.ask()
            server.send(b'report')
            ends.send(True)
            there = json.loads(server.recv(65536))
            here, ping = ends.recv()
            print(json.dumps(merge(here, there, ping, crowd, time.monotonic() - begun)), flush=True)
            begun = time.monotonic()

    multiprocessing.Process(target=reporter, daemon=True).start()
    turn([udp, tcp, *pings.values()], theirs, ends_report)


def last(path):
    with open(path, encoding='ascii') as file:
        return json.loads(file.readlines()[-1])


def judge(args):
    """What is wrong with a report."""
    report = last(args.file)
    wrong = []
    if report['broken']:
        wrong.append(f"{report['broken']} connections broken: {report['idle']['text']}")
        wrong += [f"{name}: {row['broken']}" for name, row in report['tcp'].items() if row['broken']]
    if report['corrupt']:
        wrong.append(f"{report['corrupt']} corrupt")
    for key, limit in (('gap_ms', args.gap), ('stall_ms', args.stall), ('lost', args.lost)):
        if limit is not None and report[key] > limit:
            wrong.append(f'{key} is {report[key]}, at most {limit} is good')
    streams = {**report['udp'], **{f'{name} ping': row for name, row in report['ping'].items()}}
    wrong += [f'{name}: nothing arrived' for name, row in streams.items() if not row['received']]
    print('%.1f s: longest gap %.0f ms, %d of the datagrams lost, TCP stalled for %.0f ms, broken %d, corrupt %d' % (
        report['seconds'], report['gap_ms'], report['lost'], report['stall_ms'], report['broken'], report['corrupt']))
    if wrong:
        print(*wrong, sep='\n')
        for rows in ('udp', 'tcp', 'ping'):
            print(*(f'{rows} {name}: {row}' for name, row in report[rows].items()), sep='\n')
        sys.exit(1)


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser('serve')
    command.add_argument('--rate', type=int, default=1000)
    command.add_argument('socket')
    command.add_argument('port', type=int)
    command.set_defaults(run=serve)
    command = commands.add_parser('run')
    command.add_argument('--rate', type=int, default=1000)
    command.add_argument('--idle', type=int, default=1000)
    command.add_argument('--prefix', default='2001:db8:1:1::')
    command.add_argument('--ping', action='append', default=[])
    command.add_argument('target', nargs='+')
    command.add_argument('socket')
    command.add_argument('port', type=int)
    command.add_argument('fifo')
    command.set_defaults(run=run)
    command = commands.add_parser('judge')
    command.add_argument('file')
    for limit in ('--gap', '--stall', '--lost'):
        command.add_argument(limit, type=float)
    command.set_defaults(run=judge)
    args = parser.parse_args()
    args.run(args)


if __name__ == '__main__':
    main()

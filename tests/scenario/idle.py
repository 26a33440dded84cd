#!/usr/bin/env python3
"""Thousands of TCP connections that are held open, for the scenarios.

usage: idle.py serve PORT
       idle.py hold ADDRESS PORT COUNT FIFO PREFIX

`serve` answers every line with the peer's address and port in front. `hold` opens COUNT connections, each from another
address of PREFIX/64 (which has to be a local route), and lets each ask once: its own number and some random text. For
each line that it reads from FIFO all of them ask again. After each round it prints "asked COUNT: N good", and with
less than COUNT what was wrong with the others: a connection is good when its answer is what it sent, within 120
seconds, under the public address and port that it had at first, and no other has those."""
import collections
import ipaddress
import os
import resource
import select
import socket
import sys
import time

IPV6_FREEBIND = 78  # from linux/in6.h
OPENING = 200  # connections on their way at a time
LIMIT = 120
LINE = 200


class Connection:
    """One connection of `hold`."""

    def __init__(self, number, source, peer):
        self.number, self.public, self.sent, self.got, self.state = number, None, b'', b'', 'opening'
        self.sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
        self.sock.bind((source, 0))
        self.sock.connect_ex(peer)

    def ask(self):
        if self.state == 'broken':
            return
        self.sent = b'%d %s\n' % (self.number, os.urandom(8).hex().encode())
        self.got, self.state = b'', 'asked'
        try:
            self.sock.send(self.sent)
        except OSError as error:
            self.fail(error)

    def fail(self, error):
        self.state, self.error = 'broken', str(error)
        self.sock.close()

    def read(self):
        try:
            data = self.sock.recv(LINE)
        except OSError as error:
            return self.fail(error)
        self.got += data
        if not data:
            self.fail('the server closed it')
        elif self.got.endswith(b'\n'):
            self.judge()

    def judge(self):
        address, port, text = self.got.split(b' ', 2)
        self.public = self.public or (address, port)
        if text != self.sent:
            self.fail('another answer')
        elif self.public != (address, port):
            self.fail(f'from {self.public} it moved to {(address, port)}')
        else:
            self.state = 'good'


def more_files():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def turn(poll, by_fd):
    """Whatever happened on the sockets: connected, readable, broken."""
    for fd, event in poll.poll(0.1, 1024):
        connection = by_fd[fd]
        if connection.state == 'opening':
            error = connection.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                connection.fail(os.strerror(error))
                continue
            poll.modify(fd, select.EPOLLIN)
            connection.ask()
        elif event & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
            connection.read()


def finish(poll, by_fd, connections, deadline, most):
    """Until at most so many of them are under way."""
    while time.monotonic() < deadline:
        turn(poll, by_fd)
        if sum(c.state in ('opening', 'asked') for c in connections) <= most:
            break


def report(connections):
    print(summary(connections), flush=True)


def summary(connections):
    good = [c for c in connections if c.state == 'good']
    publics = collections.Counter(c.public for c in good)
    errors = collections.Counter(c.error if c.state == 'broken' else 'no answer' for c in connections if c not in good)
    twice = [p for p, count in publics.items() if count > 1]
    text = ''.join(f', {count} x {error}' for error, count in errors.most_common(5))
    text += f', one public address and port for several: {twice[:3]}' if twice else ''
    return f'asked {len(connections)}: {len(good)} good{text}'


class Crowd:
    """COUNT connections, opened at once; `ask` lets each ask once more."""

    def __init__(self, address, port, count, prefix):
        self.poll, self.by_fd, self.connections = select.epoll(), {}, []
        base = ipaddress.IPv6Address(prefix)
        deadline = time.monotonic() + LIMIT
        for number in range(count):
            connection = Connection(number, str(base + 1 + number), (address, port))
            self.by_fd[connection.sock.fileno()] = connection
            self.poll.register(connection.sock, select.EPOLLOUT)
            self.connections.append(connection)
            if number % OPENING == OPENING - 1:
                finish(self.poll, self.by_fd, self.connections[-2 * OPENING:], deadline, OPENING)
        finish(self.poll, self.by_fd, self.connections, deadline, 0)

    def ask(self):
        for connection in self.connections:
            connection.ask()
        finish(self.poll, self.by_fd, self.connections, time.monotonic() + LIMIT, 0)


def hold(address, port, count, fifo, prefix):
    crowd = Crowd(address, int(port), int(count), prefix)
    report(crowd.connections)
    with open(fifo, encoding='ascii') as orders:
        for _ in orders:
            crowd.ask()
            report(crowd.connections)


def serve(port):
    listener = socket.create_server(('::', int(port)), family=socket.AF_INET6, backlog=4096,
                                    dualstack_ipv6=True)
    poll, peers = select.epoll(), {}
    poll.register(listener, select.EPOLLIN)
    while True:
        for fd, _ in poll.poll():
            if fd == listener.fileno():
                sock, peer = listener.accept()
                name = b'%s %d ' % (peer[0].removeprefix('::ffff:').encode(), peer[1])
                peers[sock.fileno()] = sock, name
                poll.register(sock, select.EPOLLIN)
                continue
            sock, name = peers[fd]
            try:
                data = sock.recv(LINE)
            except OSError:
                data = b''
            if data:
                sock.send(name + data)  # an order is one segment
            else:
                del peers[fd]
                sock.close()


def main():
    if len(sys.argv) not in (3, 7) or sys.argv[1] not in ('serve', 'hold'):
        sys.exit(__doc__)
    more_files()
    {'serve': serve, 'hold': hold}[sys.argv[1]](*sys.argv[2:])


if __name__ == '__main__':
    main()

#!/usr/bin/env python3
"""UDP over plain sockets, for the scenarios.

usage: udp.py echo PORT
       udp.py ask [--bind ADDRESS] [--port PORT] [--size BYTES] [--count N] [--tries N] [--timeout SECONDS]
                  [--errors] ADDRESS PORT

`echo` answers every datagram with the same bytes, or with the sender's address and port when it says "who".
`ask` sends COUNT datagrams of random bytes one after the other and exits 1 unless each comes back unchanged,
at the last of TRIES; with --size 0 it asks "who" and prints the answer. With --errors an ICMPv6 error that does not
forbid further tries, such as address unreachable, ends it at once."""
import argparse
import os
import socket
import sys

IPV6_RECVERR = 25  # from linux/in6.h


def echo(args):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    sock.bind(('::', args.port))
    while True:
        data, asked, _, peer = sock.recvmsg(65535, 256)
        if data == b'who':
            data = f"{peer[0].removeprefix('::ffff:')} {peer[1]}".encode()
        sock.sendmsg([data], asked, 0, peer)  # from the address that was asked


def exchange(sock, data, tries):
    """The answer; path MTU discovery costs the first datagram."""
    for left in reversed(range(tries)):
        try:
            sock.send(data)
            return sock.recv(65535)
        except TimeoutError:
            if left == 0:
                raise


def ask(args):
    family, kind, _, _, peer = socket.getaddrinfo(args.address, args.port, type=socket.SOCK_DGRAM)[0]
    sock = socket.socket(family, kind)
    any_address = '::' if family == socket.AF_INET6 else '0.0.0.0'
    sock.bind((args.bind or any_address, args.local_port))
    sock.connect(peer)
    if args.errors:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    sock.settimeout(args.timeout)
    for number in range(args.count):
        data = os.urandom(args.size) if args.size else b'who'
        try:
            answer = exchange(sock, data, args.tries)
        except OSError as error:
            sys.exit(f'datagram {number + 1} of {args.count}: {error}')
        if args.size == 0:
            print(answer.decode())
        elif answer != data:
            sys.exit(f'datagram {number + 1} of {args.count}: another answer of {len(answer)} bytes')


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser('echo')
    command.add_argument('port', type=int)
    command.set_defaults(run=echo)
    command = commands.add_parser('ask')
    command.add_argument('--bind')
    command.add_argument('--port', type=int, default=0, dest='local_port')
    command.add_argument('--size', type=int, default=100)
    command.add_argument('--count', type=int, default=1)
    command.add_argument('--tries', type=int, default=1)
    command.add_argument('--errors', action='store_true')
    command.add_argument('--timeout', type=float, default=15)
    command.add_argument('address')
    command.add_argument('port', type=int)
    command.set_defaults(run=ask)
    args = parser.parse_args()
    args.run(args)


if __name__ == '__main__':
    main()

#!/usr/bin/env python3
"""Flows of many kinds, for the scenarios; the servers are `udp.py echo` and `transfer.py serve`.

usage: flows.py many ADDRESS UDP-PORT TCP-PORT COUNT
       flows.py reset ADDRESS TCP-PORT
       flows.py steady [--tcp] ADDRESS PORT SECONDS

`many` opens COUNT UDP flows, which just stop, and COUNT TCP connections, which carry something and end: a third by FIN
from both, a third half first, a third by RST. `reset` opens one connection and ends it by RST. `steady` asks ten
times a second and exits 1 when no answer comes, or when its public address or port changed."""
import argparse
import socket
import struct
import sys
import time

TIMEOUT = 20


def udp_flow(address, port):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.connect((address, port))
    sock.settimeout(TIMEOUT)
    return sock


def ask(sock):
    """The own public address and port as the server sees them."""
    sock.sendall(b'who' if sock.type == socket.SOCK_DGRAM else b'who\n')
    answer = sock.recv(100).decode().strip()
    if not answer:
        sys.exit('the connection ended')
    return answer


def opened(sock):
    for _ in range(3):
        ask(sock)
    return sock


def end_half_first(sock):
    sock.sendall(b'get 5000\n')
    sock.shutdown(socket.SHUT_WR)
    while sock.recv(65536):
        pass
    sock.close()


def end_by_reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    sock.close()


def many(args):
    endings = [socket.socket.close, end_half_first, end_by_reset]
    udp = [opened(udp_flow(args.address, args.udp_port)) for _ in range(args.count)]
    tcp = [opened(socket.create_connection((args.address, args.tcp_port), TIMEOUT)) for _ in range(args.count)]
    for number, sock in enumerate(tcp):
        endings[number % len(endings)](sock)
    for sock in udp:
        sock.close()


def reset(args):
    end_by_reset(opened(socket.create_connection((args.address, args.port), TIMEOUT)))


def steady(args):
    open_flow = (lambda *peer: socket.create_connection(peer, TIMEOUT)) if args.tcp else udp_flow
    sock = open_flow(args.address, args.port)
    first, end = ask(sock), time.monotonic() + args.seconds
    while time.monotonic() < end:
        time.sleep(0.1)  # the rhythm of the flow
        if (now := ask(sock)) != first:
            sys.exit(f'was {first}, is {now}')


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser('many')
    command.add_argument('address')
    for name in ('udp_port', 'tcp_port', 'count'):
        command.add_argument(name, type=int)
    command.set_defaults(run=many)
    command = commands.add_parser('reset')
    command.add_argument('address')
    command.add_argument('port', type=int)
    command.set_defaults(run=reset)
    command = commands.add_parser('steady')
    command.add_argument('--tcp', action='store_true')
    command.add_argument('address')
    command.add_argument('port', type=int)
    command.add_argument('seconds', type=float)
    command.set_defaults(run=steady)
    args = parser.parse_args()
    args.run(args)


if __name__ == '__main__':
    main()

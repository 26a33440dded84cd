#!/usr/bin/env python3
"""Flows that have to survive a restart, and others that come and go; the servers are `udp.py echo` and `transfer.py serve`.

usage: keeping.py hold ADDRESS UDP-PORT TCP-PORT COUNT FIFO
       keeping.py churn ADDRESS UDP-PORT TCP-PORT
       keeping.py same SESSIONS SESSIONS
       keeping.py unique BINDINGS

`hold` opens COUNT flows of each kind and prints "ready"; for each line that it reads from FIFO it asks every flow for
its public address and port, and prints "same", or what changed. `churn` opens and closes flows until it is ended.
`same` compares two outputs of `sessions --json` but for what time changes; `unique` looks whether a public port in
the output of `bib --json` belongs to two hosts. Both exit 1 and say what is wrong."""
import argparse
import collections
import contextlib
import json
import socket
import struct
import sys

TIMEOUT = 20
RESET = struct.pack('ii', 1, 0)
OPEN_AT_ONCE = 300
CHANGING = ('expires', 'idle')


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
        raise OSError('the connection ended')
    return answer


def hold(args):
    flows = [udp_flow(args.address, args.udp_port) for _ in range(args.count)]
    flows += [socket.create_connection((args.address, args.tcp_port), TIMEOUT) for _ in range(args.count)]
    first = [ask(sock) for sock in flows]
    print('ready', flush=True)
    with open(args.fifo) as orders:
        for _ in orders:
            wrong = []
            for sock, was in zip(flows, first):
                try:
                    now = ask(sock)
                except OSError as error:
                    now = str(error)
                if now != was:
                    wrong.append(f'{was} became {now}')
            print('; '.join(wrong) or 'same', flush=True)


def churn(args):
    flows = collections.deque()
    number = 0
    while True:
        number += 1
        with contextlib.suppress(OSError):  # nobody translates while there is no translator
            sock = udp_flow(args.address, args.udp_port)
            flows.append(sock)
            sock.send(b'x')
            if number % 5 == 0:
                connection = socket.create_connection((args.address, args.tcp_port), 0.2)
                connection.sendall(b'who\n')
                if number % 2:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                connection.close()
        while len(flows) > OPEN_AT_ONCE:
            flows.popleft().close()


def rows(path, key):
    with open(path) as file:
        return json.load(file)[key]


def same(args):
    before, after = ({json.dumps({k: v for k, v in row.items() if k not in CHANGING}, sort_keys=True)
                      for row in rows(path, 'sessions')} for path in (args.before, args.after))
    print(f'{len(before)} sessions before, {len(after)} after')
    for row in sorted(before - after)[:10]:
        print('lost', row)
    for row in sorted(after - before)[:10]:
        print('new', row)
    sys.exit(before != after or not before)


def unique(args):
    owners = collections.defaultdict(list)
    for row in rows(args.bindings, 'bib'):
        owners[row['proto'], json.dumps(row['pool4'])].append(row)
    twice = [found for found in owners.values() if len(found) > 1]
    print(f'{len(owners)} public ports', *twice[:10], sep='\n')
    sys.exit(bool(twice) or not owners)


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    for run, names in ((hold, 'address udp_port tcp_port count fifo'), (churn, 'address udp_port tcp_port'),
                       (same, 'before after'), (unique, 'bindings')):
        command = commands.add_parser(run.__name__)
        for name in names.split():
            command.add_argument(name, type=int if name.endswith('port') or name == 'count' else str)
        command.set_defaults(run=run)
    args = parser.parse_args()
    args.run(args)


if __name__ == '__main__':
    main()

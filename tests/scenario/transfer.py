#!/usr/bin/env python3
"""Bytes over one TCP connection, checked by their SHA-256, for the scenarios.

usage: transfer.py serve PORT
       transfer.py put|get [--bind ADDRESS] ADDRESS PORT BYTES
       transfer.py hold ADDRESS PORT FIFO

`put` sends random bytes and compares the sum that the server answers; `get` receives BYTES and compares their sum
with the one that follows them; exit 1 when they differ. `hold` opens a connection, asks "who", prints the answer,
and asks again for each line that it reads from FIFO, until that ends."""
import argparse
import hashlib
import os
import socket
import socketserver
import sys

CHUNK = 1 << 20


def chunks(count):
    """Random bytes, a megabyte repeated: making them must not be the slow part."""
    block = os.urandom(CHUNK)
    while count > 0:
        part = block[:count]
        yield part
        count -= len(part)


def read_sum(stream, count):
    digest = hashlib.sha256()
    while count > 0:
        data = stream.read(min(count, CHUNK))
        if not data:
            sys.exit(f'the connection ended, {count} bytes missing')
        digest.update(data)
        count -= len(data)
    return digest.hexdigest()


def write_sum(stream, count):
    digest = hashlib.sha256()
    for part in chunks(count):
        stream.write(part)
        digest.update(part)
    stream.flush()
    return digest.hexdigest()


class Handler(socketserver.StreamRequestHandler):
    wbufsize = -1

    def handle(self):
        for line in self.rfile:
            order, _, count = line.decode().strip().partition(' ')
            if order == 'put':
                answer = read_sum(self.rfile, int(count))
            elif order == 'get':
                answer = write_sum(self.wfile, int(count))
            else:
                answer = '%s %d' % (self.client_address[0].removeprefix('::ffff:'), self.client_address[1])
            self.wfile.write(answer.encode() + b'\n')
            self.wfile.flush()


class Server(socketserver.ThreadingTCPServer):
    address_family = socket.AF_INET6
    allow_reuse_address = True
    daemon_threads = True


def connect(args):
    source = (args.bind, 0) if getattr(args, 'bind', None) else None
    sock = socket.create_connection((args.address, args.port), timeout=120, source_address=source)
    return sock.makefile('rwb')


def serve(args):
    with Server(('::', args.port), Handler) as server:
        server.serve_forever()


def put(args):
    stream = connect(args)
    stream.write(b'put %d\n' % args.count)
    mine = write_sum(stream, args.count)
    theirs = stream.readline().decode().strip()
    if mine != theirs:
        sys.exit(f'sent {mine}, arrived {theirs}')


def get(args):
    stream = connect(args)
    stream.write(b'get %d\n' % args.count)
    stream.flush()
    mine = read_sum(stream, args.count)
    theirs = stream.readline().decode().strip()
    if mine != theirs:
        sys.exit(f'sent {theirs}, arrived {mine}')


def ask_who(stream):
    stream.write(b'who\n')
    stream.flush()
    answer = stream.readline().decode().strip()
    if not answer:
        sys.exit('the connection ended')
    print(answer, flush=True)


def hold(args):
    stream = connect(args)
    ask_who(stream)
    with open(args.fifo, encoding='ascii') as orders:
        for _ in orders:
            ask_who(stream)


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser('serve')
    command.add_argument('port', type=int)
    command.set_defaults(run=serve)
    for name, run in (('put', put), ('get', get), ('hold', hold)):
        command = commands.add_parser(name)
        if run != hold:
            command.add_argument('--bind')
        command.add_argument('address')
        command.add_argument('port', type=int)
        if run == hold:
            command.add_argument('fifo')
        else:
            command.add_argument('count', type=int)
        command.set_defaults(run=run)
    args = parser.parse_args()
    args.run(args)


if __name__ == '__main__':
    main()

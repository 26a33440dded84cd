#!/usr/bin/env python3
"""Packets that are sent while nobody translates, for the scenarios.

usage: backlog.py listen PORT               prints the number in each datagram that comes
       backlog.py send ADDRESS PORT FIRST LAST
                                            sends numbered datagrams, from the same port every time
       backlog.py end ADDRESS PORT FIFO     opens two connections and prints "open"; when a line comes from FIFO, ends
                                            one by FIN and the other by RST"""
import socket
import struct
import sys
import time

SOURCE_PORT = 4000
PAUSE = 0.0005  # no burst that the links' own queues do not hold


def listen(port):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sock.bind(('::', int(port)))
    while True:
        print(sock.recv(100).decode(), flush=True)


def send(address, port, first, last):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.bind(('::', SOURCE_PORT))
    for number in range(int(first), int(last) + 1):
        sock.sendto(str(number).encode(), (address, int(port)))
        time.sleep(PAUSE)


def end(address, port, fifo):
    calm, hasty = (socket.create_connection((address, int(port)), 30) for _ in range(2))
    print('open', flush=True)
    with open(fifo) as orders:
        orders.readline()
    calm.close()
    hasty.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    hasty.close()
    print('ended', flush=True)


{'listen': listen, 'send': send, 'end': end}[sys.argv[1]](*sys.argv[2:])

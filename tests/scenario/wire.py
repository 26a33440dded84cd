#!/usr/bin/env python3
"""A wire of bad quality between network devices, for the scenarios.

usage: wire.py [--loss %] [--double %] [--reorder %] [--delay MS] [--corrupt %] [--seed N] DEVICE DEVICE...

What enters by one device leaves by all others. Each copy is lost, doubled, held back by up to five milliseconds so that
others overtake it, or has one bit of its payload turned, as often as asked for; all random choices come from the
seed. Ends by a signal and then prints how many frames it saw, lost, doubled, held back and corrupted."""
import argparse
import heapq
import random
import select
import signal
import socket
import sys
import time

ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_IGNORE_OUTGOING = 23
SO_RCVBUFFORCE = 33
BUFFER = 32 << 20
BATCH = 64
HEADERS = 62  # Ethernet, IPv6 and UDP
HOLD_S = 0.005


class Wire:
    def __init__(self, options):
        self.options, self.random = options, random.Random(options.seed)
        self.sockets = [self.open(device) for device in options.devices]
        self.queue, self.number = [], 0
        self.count = {'seen': 0, 'lost': 0, 'doubled': 0, 'held back': 0, 'corrupted': 0}

    @staticmethod
    def open(device):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        sock.bind((device, 0))
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        sock.setblocking(False)
        return sock

    def happens(self, what, percent):
        found = self.random.random() * 100 < percent
        self.count[what] += found
        return found

    def enter(self, sock, frame):
        self.count['seen'] += 1
        for other in self.sockets:
            if other is sock or self.happens('lost', self.options.loss):
                continue
            for _ in range(1 + self.happens('doubled', self.options.double)):
                self.queue_copy(other, frame)

    def queue_copy(self, sock, frame):
        due = time.monotonic() + self.options.delay / 1000
        if self.happens('held back', self.options.reorder):
            due += self.random.random() * HOLD_S
        if len(frame) > HEADERS and self.happens('corrupted', self.options.corrupt):
            at = self.random.randrange(HEADERS, len(frame))
            frame = frame[:at] + bytes([frame[at] ^ 1 << self.random.randrange(8)]) + frame[at + 1:]
        self.number += 1
        heapq.heappush(self.queue, (due, self.number, sock, frame))

    def leave(self):
        now = time.monotonic()
        while self.queue and self.queue[0][0] <= now:
            _, _, sock, frame = heapq.heappop(self.queue)
            try:
                sock.send(frame)
            except OSError:
                pass  # the device is down: a wire loses then

    def run(self):
        while True:
            wait = max(0, self.queue[0][0] - time.monotonic()) if self.queue else 1
            for sock in select.select(self.sockets, [], [], wait)[0]:
                for _ in range(BATCH):
                    try:
                        frame = sock.recv(65536)
                    except OSError:
                        break
                    self.enter(sock, frame)
            self.leave()


def main():
    parser = argparse.ArgumentParser()
    for name in ('loss', 'double', 'reorder', 'delay', 'corrupt'):
        parser.add_argument('--' + name, type=float, default=0)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('devices', nargs='+')
    wire = Wire(parser.parse_args())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print('ready', flush=True)
    try:
        wire.run()
    finally:
        print(', '.join(f'{count} {what}' for what, count in wire.count.items()), flush=True)


if __name__ == '__main__':
    main()

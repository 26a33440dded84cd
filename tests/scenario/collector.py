#!/usr/bin/env python3
"""An IPFIX collector that takes everything and understands nothing: usage: collector.py PORT

Listens on TCP and UDP, IPv4 and IPv6. A capture on its wire shows what came. Ends on SIGTERM."""
import selectors
import socket
import sys

BACKLOG = 8
sockets = selectors.DefaultSelector()
port = int(sys.argv[1])
for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
    s = socket.socket(socket.AF_INET6, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.bind(('::', port))
    if kind == socket.SOCK_STREAM:
        s.listen(BACKLOG)
    sockets.register(s, selectors.EVENT_READ, kind == socket.SOCK_STREAM)
while True:
    for key, _ in sockets.select():
        if key.data:
            sockets.register(key.fileobj.accept()[0], selectors.EVENT_READ, False)
        elif not key.fileobj.recv(65536):
            sockets.unregister(key.fileobj)
            key.fileobj.close()

#!/usr/bin/env python3
"""Answers requests on a control socket with replies from a file: usage: fake_control.py SOCKET FILE

FILE holds a JSON list of replies, written with the names of proto/control.proto ({"peers": {"node": "gw-a"}}). Each connection gets
them in turn, the last one again and again; null is no answer at all, a list of replies answers one request (as a stream does).
{"connections": [LIST, ...]} has such a list for each connection, the last one again and again. Bytes are written as hexadecimal
digits. The id of the request is put in. Ends on SIGTERM."""
import json
import os
import re
import socket
import struct
import sys
import threading

PROTO = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../proto/control.proto')
VARINT, BYTES = 0, 2
PACKED = {'fixed32': 'I', 'fixed64': 'Q'}


def read_messages(path):
    """{message: {field: (number, type)}}; a repeated field is written as a JSON list."""
    messages, fields = {}, None
    with open(path, encoding='utf-8') as f:
        for line in f:
            opened = re.match(r'message (\w+)', line)
            field = re.match(r'\s+(?:repeated )?(\w+) (\w+) = (\d+)(?: \[packed = true\])?;', line)
            if opened:
                fields = messages.setdefault(opened.group(1), {})
            elif field:
                fields[field.group(2)] = (int(field.group(3)), field.group(1))
    return messages


def varint(number):
    out = b''
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def tagged(number, payload):
    return varint(number << 3 | BYTES) + varint(len(payload)) + payload


def encode(messages, name, values):
    out = b''
    for key, value in values.items():
        number, kind = messages[name][key]
        if kind in PACKED:
            out += tagged(number, struct.pack('<%d%s' % (len(value), PACKED[kind]), *value))
            continue
        for one in value if isinstance(value, list) else [value]:
            if kind in messages:
                out += tagged(number, encode(messages, kind, one))
            elif kind in ('string', 'bytes'):
                out += tagged(number, one.encode() if kind == 'string' else bytes.fromhex(one))
            else:
                out += varint(number << 3 | VARINT) + varint(int(one))
    return out


def request_id(request):
    """Field 2 of a Request, which sa-nat64 writes behind field 1, both as one varint."""
    place, number, shift = 3, 0, 0
    assert request[0] == 8 and request[2] == 16, request
    while True:
        number |= (request[place] & 127) << shift
        if request[place] < 128:
            return number
        place, shift = place + 1, shift + 7


def serve(connection, replies):
    turn = 0
    while True:
        request = connection.recv(65536)
        if not request:
            return
        reply = replies[min(turn, len(replies) - 1)]
        turn += 1
        for one in reply:
            connection.send(one + varint(2 << 3 | VARINT) + varint(request_id(request)))


def read_replies(messages, replies):
    """For each request the messages that answer it."""
    def answers(reply):
        return reply if isinstance(reply, list) else [] if reply is None else [reply]
    return [[encode(messages, 'Reply', dict(one, version=1)) for one in answers(reply)] for reply in replies]


def main():
    messages = read_messages(PROTO)
    with open(sys.argv[2], encoding='utf-8') as f:
        wanted = json.load(f)
    connections = [read_replies(messages, replies)
                   for replies in (wanted['connections'] if isinstance(wanted, dict) else [wanted])]
    server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server.bind(sys.argv[1] + '.new')
    server.listen()
    os.rename(sys.argv[1] + '.new', sys.argv[1])  # whoever sees the name can connect
    count = 0
    while True:
        connection = server.accept()[0]
        replies = connections[min(count, len(connections) - 1)]
        count += 1
        threading.Thread(target=serve, args=(connection, replies), daemon=True).start()


if __name__ == '__main__':
    main()

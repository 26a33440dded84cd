#!/usr/bin/env python3
"""A daemon on a vty socket of FRR that behaves badly.

usage: fake_vty.py PATH garbage|endless|refuse

Every command is answered: with text that is no list of peers; with text that does not end; or with a refusal."""
import os
import socket
import sys
import threading

ANSWERS = {'garbage': b'[{"peer":"192.0.2.1 && rm"}]\n\0\0\0\0', 'refuse': b'% Unknown command: all of them\n\0\0\0\2'}


def serve(connection, mode):
    try:
        while data := connection.recv(4096):
            if mode == 'endless':
                while True:
                    connection.sendall(b'[' * 65536)
            connection.sendall(ANSWERS[mode] * data.count(b'\0'))
    except OSError:
        pass
    connection.close()


def main():
    path, mode = sys.argv[1:]
    if os.path.exists(path):
        os.unlink(path)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
    os.chmod(path, 0o777)
    server.listen(8)
    while True:
        connection, _ = server.accept()
        threading.Thread(target=serve, args=(connection, mode), daemon=True).start()


if __name__ == '__main__':
    main()

#!/usr/bin/env python3
"""How long a translator takes from its start until it serves, which is when its control socket answers.

usage: restart.py SOCKET LOG COMMAND...

Starts COMMAND in the background, with its output in LOG, and prints one JSON object: its pid and the milliseconds. The
process goes on."""
import json
import socket
import subprocess
import sys
import time

DEADLINE_S = 60
LOOK_EVERY_S = 0.001


def answers(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
        try:
            client.connect(path)
        except OSError:
            return False
    return True


def main():
    path, log, *command = sys.argv[1:]
    if answers(path):
        sys.exit(f'restart.py: somebody listens at {path}')
    with open(log, 'w') as out:
        start = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
    while not answers(path):
        if process.poll() is not None or time.monotonic() - start > DEADLINE_S:
            sys.exit(f'restart.py: {command[0]} does not serve')
        time.sleep(LOOK_EVERY_S)
    print(json.dumps({'pid': process.pid, 'value': round((time.monotonic() - start) * 1e3, 1)}))


if __name__ == '__main__':
    main()

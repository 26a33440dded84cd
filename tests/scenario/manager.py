#!/usr/bin/env python3
"""A stand-in for the service manager: starts a program, takes its notifications, keeps descriptors for it, and starts
it again when it ends.

usage: manager.py DIRECTORY COMMAND...

In DIRECTORY it makes the socket `notify`; `events`, one line for each thing that happens: "started PID", "ended",
each notification as it came with blanks for line ends, and "store NAME..." after a change of the store; `pid` of the
program. While there is a file `hold`, a program that has ended is not started again. A file `junk` is taken as the
order to put two descriptors into the store that are none of the program's, one of them under a name of its. Nothing
in the store is compared, so that what a program stores twice is there twice. SIGTERM ends both."""
import os
import select
import signal
import socket
import sys

WATCHDOG_US = 1000000
FIRST_FD = 3  # SD_LISTEN_FDS_START
directory, command = sys.argv[1], sys.argv[2:]
store = []  # (name, descriptor)
events = open(os.path.join(directory, 'events'), 'w', buffering=1)


def path(name):
    return os.path.join(directory, name)


def say(*words):
    print(*words, file=events)


def start():
    if os.path.exists(path('junk')):
        os.remove(path('junk'))
        store[:0] = ((name, os.open('/dev/null', os.O_RDWR)) for name in ('tun', 'other'))
    pid = os.fork()
    if pid == 0:
        spare = [os.dup(fd) for _, fd in store]  # some may stand where others are to go
        spare = [fd if fd >= FIRST_FD + len(store) else os.dup2(fd, 200 + fd) for fd in spare]
        for number, fd in enumerate(spare):
            os.dup2(fd, FIRST_FD + number, inheritable=True)
        os.environ.update(NOTIFY_SOCKET=path('notify'), WATCHDOG_USEC=str(WATCHDOG_US), WATCHDOG_PID=str(os.getpid()))
        if store:
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(store)),
                              LISTEN_FDNAMES=':'.join(name for name, _ in store))
        os.closerange(FIRST_FD + len(store), 400)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        os.execvp(command[0], command)
    with open(path('pid.new'), 'w') as f:
        f.write(str(pid))
    os.rename(path('pid.new'), path('pid'))
    say('started', pid)
    return pid


def take(sock):
    text, fds, _, _ = socket.recv_fds(sock, 4096, 16)
    lines = text.decode().split('\n')
    say(*lines)
    names = [line.removeprefix('FDNAME=') for line in lines if line.startswith('FDNAME=')]
    if 'FDSTORE=1' in lines:
        store.extend((names[0], fd) for fd in fds)
        fds = []
    if 'FDSTOREREMOVE=1' in lines:
        for name, fd in store:
            if name in names:
                os.close(fd)
        store[:] = [(name, fd) for name, fd in store if name not in names]
    for fd in fds:
        os.close(fd)
    if names:
        say('store', *(name for name, _ in store))


def main():
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    if os.path.exists(path('notify')):
        os.remove(path('notify'))
    sock.bind(path('notify'))
    ending = []
    signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
    pid = start()
    while not ending:
        if select.select([sock], [], [], 0.01)[0]:
            take(sock)
        if pid and os.waitpid(pid, os.WNOHANG)[0]:
            say('ended')
            pid = 0
        if not pid and not os.path.exists(path('hold')) and not select.select([sock], [], [], 0)[0]:
            pid = start()
    if pid:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


main()

#!/usr/bin/env python3
"""What a list costs: runs a command of sa-nat64 once, or again and again until a file is there.

usage: listing.py PID STOP-FILE COMMAND...      STOP-FILE "-": once

PID is the translator that answers. Prints lines "KEY VALUE", medians of all runs: seconds, cpu-command and cpu-translator
(seconds of processors, system calls included), memory (KiB at most), and lists, the number of runs. What the command prints goes
to /dev/null."""
import os
import statistics
import subprocess
import sys
import time


def cpu_of(pid):
    with open(f'/proc/{pid}/schedstat', encoding='ascii') as f:
        return int(f.read().split()[0]) / 1e9


def run(pid, command):
    """(seconds, of processors: the command's, the translator's; KiB)"""
    before, began = cpu_of(pid), time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f'listing.py: {command[0]} failed')
    return time.monotonic() - began, used.ru_utime + used.ru_stime, cpu_of(pid) - before, used.ru_maxrss


def main():
    pid, stop, *command = sys.argv[1:]
    runs = [run(pid, command)]
    while stop != '-' and not os.path.exists(stop):
        runs.append(run(pid, command))
    for key, values in zip(('seconds', 'cpu-command', 'cpu-translator', 'memory'), zip(*runs)):
        print(key, f'{max(values) if key == "memory" else statistics.median(values):.3f}')
    print('lists', len(runs))


main()

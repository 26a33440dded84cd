#!/usr/bin/env python3
"""A look at the fast path's program on a device of this namespace and at its maps, through tc and bpftool.

usage: fastmap.py program DEVICE              prints its id, or 0 without one
       fastmap.py count flows6|flows4 DEVICE  prints how many entries the map holds
       fastmap.py packets 64|46 DEVICE        prints the sum of the packet counters over all processors"""
import json
import subprocess
import sys


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return json.loads(done.stdout or 'null')


def program(device):
    hooks = run('bpftool', '-j', 'net', 'show', 'dev', device)
    return next((hook['id'] for hook in hooks[0]['tc'] if hook['kind'] == 'clsact/egress'), 0)


def entries(device, name):
    number = program(device)
    if number == 0:
        return []
    for map_id in run('bpftool', '-j', 'prog', 'show', 'id', str(number))['map_ids']:
        if run('bpftool', '-j', 'map', 'show', 'id', str(map_id))['name'] == name:
            return run('bpftool', '-j', 'map', 'dump', 'id', str(map_id))
    sys.exit(f'the program on {device} has no map {name}')


def packets(device, direction):
    row = ['64', '46'].index(direction)
    values = [value for entry in entries(device, 'counters') for value in entry['formatted']['values']]
    return sum(value['value']['packets'][row] for value in values)


def main():
    order, *what, device = sys.argv[1:]
    if order == 'program':
        print(program(device))
    elif order == 'count':
        print(len(entries(device, what[0])))
    else:
        print(packets(device, what[0]))


if __name__ == '__main__':
    main()

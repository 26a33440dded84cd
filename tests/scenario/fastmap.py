#!/usr/bin/env python3
"""A look at the fast path's program on a device of this namespace and at its maps, through tc and bpftool.

usage: fastmap.py program DEVICE              prints its id, or 0 without one
       fastmap.py count flows6|flows4 DEVICE  prints how many entries the map holds
       fastmap.py packets 64|46 DEVICE        prints the sum of the packet counters over all processors
       fastmap.py trace DEVICE                prints 1 while the program reports packets, else 0
       fastmap.py layout NUMBER DEVICE        lets the maps look as if another version had left them"""
import json
import subprocess
import sys


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return json.loads(done.stdout or 'null')


def program(device):
    hooks = run('bpftool', '-j', 'net', 'show', 'dev', device)
    return next((hook['id'] for hook in hooks[0]['tc'] if hook['kind'] == 'clsact/egress'), 0)


def find(device, name):
    """The map's id; 0 without a program."""
    number = program(device)
    if number == 0:
        return 0
    for map_id in run('bpftool', '-j', 'prog', 'show', 'id', str(number))['map_ids']:
        if run('bpftool', '-j', 'map', 'show', 'id', str(map_id))['name'] == name:
            return map_id
    sys.exit(f'the program on {device} has no map {name}')


def entries(device, name):
    map_id = find(device, name)
    return run('bpftool', '-j', 'map', 'dump', 'id', str(map_id)) if map_id else []


def set_layout(device, number):
    """The layout is the first word of the settings."""
    value = entries(device, 'settings')[0]['value']
    value[:4] = [f'0x{byte:02x}' for byte in number.to_bytes(4, sys.byteorder)]
    subprocess.run(['bpftool', 'map', 'update', 'id', str(find(device, 'settings')), 'key', '0', '0', '0', '0',
                    'value', *value], check=True)


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
    elif order == 'trace':
        print(find(device, 'settings') and entries(device, 'settings')[0]['formatted']['value']['trace'])
    elif order == 'layout':
        set_layout(device, int(what[0]))
    else:
        print(packets(device, what[0]))


if __name__ == '__main__':
    main()

#!/usr/bin/env python3
"""Seeds of fuzz_session_log: logs of a binding, of blocks, of sessions, with a restart, and cut off.

usage: seeds_session_log.py OUTDIR"""
import json
import os
import sys


def record(time, event, node='gw-a', **more):
    return json.dumps({'time': '2026-11-21T%sZ' % time, 'event': event, 'instance': 'lower', 'node': node, **more})


HOST = {'protocol': 'tcp', 'host6': '2001:db8:7::5'}
PORT = {**HOST, 'host6_port': 51000, 'pool4': '198.51.100.7', 'pool4_port': 40123}
BLOCK = {**HOST, 'pool4': '198.51.100.7', 'port_min': 40064, 'port_max': 40127}
REMOTE = {**PORT, 'remote4': '203.0.113.80', 'remote4_port': 443}
BINDING = [record('13:00:00.000', 'start', restored=0), record('14:00:00.123', 'binding-begin', **PORT),
           record('14:05:00.123', 'binding-end', node='gw-b', **PORT)]
SEEDS = {
    'binding': BINDING,
    'blocks': [record('14:00:00.123', 'block-begin', **BLOCK), record('14:03:06.000', 'block-end', **BLOCK)],
    'sessions': [record('14:00:00.1', 'session-begin', **REMOTE), record('14:03:04.000', 'session-end', **REMOTE)],
    'restart': BINDING[:2] + [record('14:02:00.000', 'start', restored=7)],
    'cut': [BINDING[1], BINDING[2][:100]],
}

for name, lines in SEEDS.items():
    with open(os.path.join(sys.argv[1], name), 'w', encoding='utf-8') as f:
        f.write('\n'.join(lines) + '\n')

#!/usr/bin/env python3
"""Writes requests to sa-nat64-healthd into OUTDIR: usage: seeds_healthd_answer.py OUTDIR"""
import sys

import requests

NAMES = ('', 'lower', 'siit', 'nowhere', 'n\x1b[31m', 'long' * 20)
SEEDS = {'health-%d' % i: {'health': {'instance': name}} for i, name in enumerate(NAMES)}
SEEDS.update({'drain-%d' % i: {'drain': {'instance': name, 'reason': 'a new kernel'}} for i, name in enumerate(NAMES)})
SEEDS['undrain'] = {'drain': {'undrain': True}}
SEEDS.update({'reason-%d' % i: {'drain': {'reason': reason}}
              for i, reason in enumerate(('two\nlines', '\x9b31m', 'ü' * 50, 'x' * 101))})

requests.write(sys.argv[1], SEEDS, range(8))

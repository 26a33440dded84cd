#!/usr/bin/env python3
"""Writes requests to sa-nat64-syncd into OUTDIR: usage: seeds_syncd_answer.py OUTDIR"""
import sys

import requests

SEEDS = {'%s-%s' % (what, name or 'all'): {what: {'instance': name}}
         for what in ('peers', 'resync') for name in ('', 'lower', 'upper', 'siit', 'nowhere')}

requests.write(sys.argv[1], SEEDS, range(3))

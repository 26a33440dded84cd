#!/usr/bin/env python3
"""Writes the golden configurations of other programs into OUTDIR: usage: seeds_import.py OUTDIR"""
import glob
import os
import sys

for path in glob.glob(os.path.join(os.path.dirname(__file__), '..', 'golden', 'import', '*.[jc]*')):
    with open(path, 'rb') as source, open(os.path.join(sys.argv[1], os.path.basename(path)), 'wb') as seed:
        seed.write((b'\0' if path.endswith('.json') else b'\3') + source.read())

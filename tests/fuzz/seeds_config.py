#!/usr/bin/env python3
"""Writes the golden configurations into OUTDIR: usage: seeds_config.py OUTDIR"""
import glob
import os
import shutil
import sys

for path in glob.glob(os.path.join(os.path.dirname(__file__), '..', 'golden', 'config', '*.conf')):
    shutil.copy(path, sys.argv[1])

#!/bin/bash
# Every command when a program that it asks is absent, hangs or talks nonsense, and when nobody reads what it prints:
# edges.sh BINDIR
exec "$(dirname "$0")/../tools/edges.py" "$1"

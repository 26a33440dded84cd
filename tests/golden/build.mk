# Executable tests/golden/NAME.sh BINDIR; each prints "ok NAME" or "FAIL NAME" for every case.
golden-tests :=

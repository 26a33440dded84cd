# Executable tests/scenario/NAME.sh: exit 0 passed, 77 skipped (last line says why), anything else failed.
scenarios :=
scenarios += demo

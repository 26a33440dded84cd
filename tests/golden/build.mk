# Executable tests/golden/NAME.sh BINDIR; each prints "ok NAME" or "FAIL NAME" for every case.
golden-tests :=
golden-tests += config
# Each NAME is tests/tools/NAME.c, a small program that a golden test runs; built into build/VARIANT/tools.
test-tools :=
test-tools += check_config
# Of the scenarios of sa-nat64-syncd.
test-tools += feeder
golden-tests += cli docs manual
# frr_drive stands for sa-nat64-healthd where only its side towards FRR is tried.
test-tools += frr_drive
# Each NAME is tests/tools/NAME.c, which programs of a scenario are run with by LD_PRELOAD.
test-preloads := wall_clock
golden-tests += generator
golden-tests += netns
golden-tests += export
golden-tests += import
golden-tests += metrics
golden-tests += edges
golden-tests += shown

# healthd-core-srcs: what is pure of sa-nat64-healthd, also linked into tests.
healthd-core-srcs := healthd/health.c healthd/probe.c healthd/answer.c
healthd-core-srcs += healthd/frr_plan.c
# healthd-frr-srcs: its edge towards FRR, in the program and in the tests that drive a real bfdd.
healthd-frr-srcs := healthd/frr.c healthd/frr_withdraw.c healthd/bfdd.c healthd/vtysh.c healthd/vty.c
# healthd-srcs: its edges (sockets, clock, log, processes, main), only in the program.
healthd-srcs := $(healthd-frr-srcs)
healthd-srcs += healthd/main.c healthd/box.c healthd/instance.c healthd/prober.c healthd/opener.c healthd/asker.c
healthd-srcs += healthd/link.c healthd/link_view.c healthd/process.c healthd/drained.c healthd/load.c

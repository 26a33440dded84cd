# healthd-core-srcs: what is pure of sa-nat64-healthd, also linked into tests.
healthd-core-srcs := healthd/health.c healthd/probe.c healthd/answer.c
healthd-core-srcs += healthd/frr_plan.c
# healthd-frr-srcs: its edge towards FRR, in the program and in the tests that drive a real bfdd.
healthd-frr-srcs := healthd/frr.c healthd/frr_withdraw.c healthd/bfdd.c healthd/vtysh.c healthd/vty.c

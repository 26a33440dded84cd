# healthd-core-srcs: what is pure of sa-nat64-healthd, also linked into tests.
healthd-core-srcs := healthd/health.c healthd/probe.c healthd/answer.c

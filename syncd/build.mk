# syncd-core-srcs: the pure part of sa-nat64-syncd, also linked into tests, fuzzers and bench.
syncd-core-srcs :=
syncd-core-srcs += syncd/record.c syncd/seal.c
# syncd-srcs: its edges (sockets, clock, main), only in the program.
syncd-srcs :=

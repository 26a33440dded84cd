# Each NAME is tests/bench/NAME.c, a program that measures the core or a table without a device.
bench-programs := udpblast bench_sessions bench_replica bench_feed feedblast
bench-support-srcs := tests/bench/packet6.c tests/bench/core_bench.c

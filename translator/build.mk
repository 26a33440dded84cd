# core-srcs: the pure part (bytes, tables and now in; verdict and bytes out), also linked into tests, fuzzers and bench.
core-srcs := \
	translator/rfc6052.c translator/eam.c translator/special4.c translator/icmp_map.c translator/pmtu.c \
	translator/verdict.c \
	translator/explain.c translator/control_answer.c translator/control_list.c
# translator-srcs: the edges (device, sockets, clock, main), only in the program.
translator-srcs := \
	translator/control.c

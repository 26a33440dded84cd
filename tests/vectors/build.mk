# The runner of vectors.json and more.json inside the process; prints "ok ID NAME" or "FAIL ID NAME REASON" for each vector.
vector-srcs := \
	tests/vectors/run_vectors.c tests/vectors/matcher.c tests/vectors/packet_view.c tests/vectors/hex.c \
	tests/vectors/vector_config.c

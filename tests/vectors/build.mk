# The runner of vectors.json inside the process; prints "ok ID NAME" or "FAIL ID NAME REASON" for each vector.
vector-srcs :=

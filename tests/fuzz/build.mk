# Each NAME is tests/fuzz/fuzz_NAME.c with LLVMFuzzerTestOneInput().
fuzzers :=
fuzz-support-srcs :=

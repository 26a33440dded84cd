# Each NAME is tests/fuzz/fuzz_NAME.c with LLVMFuzzerTestOneInput().
fuzzers :=
fuzzers += core config
fuzzers += replica
fuzz-support-srcs :=
fuzz-support-srcs += tests/vectors/packet_view.c tests/vectors/hex.c
fuzzers += control
fuzz-support-srcs += cli/list_page.c
fuzzers += datagram feed records
fuzz-support-srcs += tests/unit/two_boxes.c
fuzzers += import
fuzz-support-srcs += $(cli-import-srcs)
fuzzers += session_log
fuzz-support-srcs += $(cli-who-srcs)

# Each NAME is tests/fuzz/fuzz_NAME.c with LLVMFuzzerTestOneInput().
fuzzers :=
fuzzers += core config
fuzzers += replica
# Each of them is linked with what it calls of these.
fuzz-support-srcs :=
fuzz-support-srcs += tests/vectors/packet_view.c tests/vectors/hex.c
fuzzers += control syncd_answer healthd_answer
fuzz-support-srcs += tests/fuzz/control_side.c tests/unit/health_side.c tests/unit/health_box.c
fuzzers += datagram feed records
fuzz-support-srcs += tests/unit/two_boxes.c
fuzzers += import session_log
fuzzers += replies
fuzz-support-srcs += $(filter-out cli/main.c,$(cli-srcs))
# It answers in the place of the programs, and nobody waits in it.
$(out)/replies: LDFLAGS += -Wl,--wrap=control_connect,--wrap=control_send,--wrap=control_receive \
                           -Wl,--wrap=control_now_us,--wrap=poll,--wrap=nanosleep

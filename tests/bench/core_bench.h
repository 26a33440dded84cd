/* A translator without a device, for the programs that measure the core. */
#ifndef SA_NAT64_TESTS_BENCH_CORE_BENCH_H
#define SA_NAT64_TESTS_BENCH_CORE_BENCH_H

#include "translator/translator.h"

/* Say what went wrong, behind the program's name, and exit with 1. */
_Noreturn void core_bench_die(const char *what);

/* An instance with room for that many sessions and this value of log-sessions; dies when memory
 * ends. */
struct config *core_bench_config(unsigned long max_sessions, const char *log_sessions);

/* For translator_io.emit: what is sent goes nowhere. */
void core_bench_ignore(void *context, const struct virtio_net_hdr *vnet, const struct iovec *iov,
                       int count);

#endif

#include "tests/bench/core_bench.h"

#include "lib/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void core_bench_die(const char *what)
{
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
	exit(1);
}

struct config *core_bench_config(unsigned long max_sessions, const char *log_sessions)
{
	struct config *config;
	char text[256];
	int len = snprintf(text, sizeof(text),
	                   "[instance bench]\npool6 = 64:ff9b:1::/96\npool4 = 198.51.100.0/24\n"
	                   "max-sessions = %lu\nlog-sessions = %s\n",
	                   max_sessions, log_sessions);

	if (config_parse(text, (size_t)len, "bench", stderr, &config) < 0)
		core_bench_die("the configuration is refused");
	return config;
}

void core_bench_ignore(void *context, const struct virtio_net_hdr *vnet, const struct iovec *iov,
                       int count)
{
	(void)context;
	(void)vnet;
	(void)iov;
	(void)count;
}

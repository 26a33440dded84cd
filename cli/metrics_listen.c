#include "cli/metrics_listen.h"

#include <stdio.h>

const char *metrics_listen_describe(const struct config_cluster *cluster,
                                    char buf[METRICS_LISTEN_MAX])
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < cluster->metrics_listen_count && len < METRICS_LISTEN_MAX; i++) {
		int more = snprintf(buf + len, METRICS_LISTEN_MAX - len, "%s%s",
		                    i > 0 ? ", " : "listening at ", cluster->metrics_listen[i]);

		len += more > 0 ? (size_t)more : 0;
	}
	return buf;
}

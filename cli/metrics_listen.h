/* Where sa-nat64-exporter says that it listens: it tells systemd, and `reload` looks there for what
 * became of metrics-listen. */
#ifndef SA_NAT64_METRICS_LISTEN_H
#define SA_NAT64_METRICS_LISTEN_H

#include "lib/config.h"

#define METRICS_LISTEN_MAX 1024

/* "listening at [::1]:9464, 192.0.2.1:9464", in the order of the file, cut where buf ends; "" when
 * there is no metrics-listen. Returns buf. */
const char *metrics_listen_describe(const struct config_cluster *cluster,
                                    char buf[METRICS_LISTEN_MAX]);

#endif

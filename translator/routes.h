/* The kernel's routes to the translator's device: the pool6 prefixes (as far as `destinations`
 * reach), pool4, static bindings, explicit mappings, the translator's own addresses, and what
 * sa-nat64-healthd probes (lib/probe_address.h).
 */
#ifndef SA_NAT64_ROUTES_H
#define SA_NAT64_ROUTES_H

#include "lib/config.h"

/* Routes carry this protocol number (`ip route show proto 64`), by which old ones are known. */
#define ROUTES_PROTOCOL 64

/* What becomes of routes that an earlier configuration left on the device. */
enum routes_stale { ROUTES_STALE_REMOVE, ROUTES_STALE_KEEP };

/* Set the routes to the device `tun` that the instance needs; logs what is wrong. 0 or -errno. */
int routes_set(const struct config_instance *config, const char *tun, enum routes_stale stale);

#endif

/* Two hashes of an instance's configuration, by which boxes find out that theirs differ, and a
 * translator that its stored state is of another.
 *
 * The key table says of every key what it belongs to. Values are hashed as they are printed, so
 * two ways of writing one value are the same; another order of lines is not.
 */
#ifndef SA_NAT64_CONFIG_HASH_H
#define SA_NAT64_CONFIG_HASH_H

#include "lib/config.h"

struct config_hash {
	uint64_t prefixes; /* pool6 and destinations */
	uint64_t rest;     /* what else must agree: mode, pool4, bib, timeouts, nodes and so on */
};

/* The hashes of one of config's instances: the same on every machine and in every version with the
 * same keys. 0 or -ENOMEM. */
int config_hash(const struct config *config, const struct config_instance *instance,
                struct config_hash *out);

#endif

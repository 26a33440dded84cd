/* The pool4 of Jool, which has ports for each protocol, as the pool4 of ours, whose ports serve all
 * three protocols. */
#ifndef SA_NAT64_JOOL_POOL4_H
#define SA_NAT64_JOOL_POOL4_H

#include "cli/import.h"

#define JOOL_POOL4_MAX 4096 /* entries */

enum jool_proto { JOOL_TCP, JOOL_UDP, JOOL_ICMP, JOOL_PROTOS };

extern const char *const jool_proto_names[JOOL_PROTOS];

struct jool_pool4 {
	unsigned line;
	enum jool_proto proto;
	struct prefix4 prefix;
	uint16_t port_min, port_max;
};

/* Put the pool into the configuration, with remarks where it becomes another. Returns how many
 * lines those are, or -ENOMEM. count is at most JOOL_POOL4_MAX. */
int jool_pool4_put(struct import *import, const struct jool_pool4 *entries, size_t count);

#endif

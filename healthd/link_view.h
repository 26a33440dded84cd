/* What the kernel says about the uplink of an instance: pure, from messages of rtnetlink.
 *
 * It holds the interfaces of the namespace and where the addresses of the [network] section are.
 * Messages are those of a dump and those of changes alike; what a dump did not mention is gone at
 * its end.
 */
#ifndef SA_NAT64_LINK_VIEW_H
#define SA_NAT64_LINK_VIEW_H

#include "lib/config.h"

#include <linux/netlink.h>

#define LINK_ADDRESSES_MAX 64
#define LINK_SEEN_MAX      128 /* interfaces; further ones are not looked at */

struct link_address {
	const char *text; /* of the configuration, behind its '/' the length; not owned */
	uint8_t family;
	union {
		struct in6_addr addr6;
		struct in_addr addr4;
		uint8_t addr[16];
	};
	int interface; /* 0: on none */
	uint32_t flags;
	uint32_t round; /* of the dump that mentioned it last */
};

struct link_seen {
	int index;
	char name[16];
	bool carrier;
	uint32_t round;
};

/* Embedded; all zero, and then link_view_init(). */
struct link_view {
	struct link_address wanted[LINK_ADDRESSES_MAX];
	size_t wanted_count;
	struct link_seen seen[LINK_SEEN_MAX];
	size_t seen_count;
	uint32_t round;
	bool is_known; /* a dump came to its end */
};

struct link_facts {
	bool carrier, addressed;
	char interface[16]; /* that has the first address; "" when none has it */
	char problem[200];  /* of both, with what to do */
};

/* network may be NULL, and must live as long as the view. What was seen is forgotten. */
void link_view_init(struct link_view *view, const struct config_network *network);

/* A dump of links and addresses begins, and has come to its end. */
void link_view_begin(struct link_view *view);
void link_view_end(struct link_view *view);

/* One message; those that do not matter are passed over. Its length was checked. */
void link_view_take(struct link_view *view, const struct nlmsghdr *message);

/* Before the first dump was complete, and without addresses to watch, all is well. */
void link_view_judge(const struct link_view *view, const char *instance, struct link_facts *out);

#endif

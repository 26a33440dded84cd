/* What is there: the links, addresses and default routes of the box's namespace and of the
 * instance's, plain data. netns/observe.h fills it; netns/difference.h and netns/conflict.h compare
 * it with the plan.
 */
#ifndef SA_NAT64_NETNS_SEEN_H
#define SA_NAT64_NETNS_SEEN_H

#include "netns/mark.h"
#include "netns/plan.h"

struct seen_link {
	int index;
	int link;   /* index of the device below or at the other end, 0 for none */
	int master; /* of the bridge that it is a port of, 0 for none */
	char name[16];
	char kind[16]; /* "veth", "macvlan" and so on; "" for hardware */
	char alias[MARK_MAX];
	bool up, carrier, loopback;
	bool elsewhere; /* `link` counts in another namespace */
	bool macvlan_bridge;
	uint8_t mac[6];
	uint32_t mtu;
};

struct seen_address {
	int index; /* of its link */
	struct net_address address;
	bool failed; /* duplicate address detection found another owner */
	bool probe;  /* labelled as an address of the probes */
};

struct seen_route {
	uint8_t family, protocol;
	uint32_t metric;
	int index; /* of the link of all next hops, -1 when they differ */
	size_t count;
	struct net_address gateways[PLAN_GATEWAYS_MAX]; /* as many as fit */
};

struct seen_space {
	bool exists;
	struct seen_link *links;
	size_t link_count;
	struct seen_address *addresses;
	size_t address_count;
	struct seen_route *routes; /* default routes of the main table */
	size_t route_count;
};

enum seen_file { SEEN_FILE_UNKNOWN, SEEN_FILE_ABSENT, SEEN_FILE_READ };

struct seen_sysctl {
	enum seen_file file; /* unknown: the namespace or the uplink is not there yet */
	char value[24];
};

struct seen_other {
	char *name;
	struct seen_space space;
};

struct seen {
	struct seen_space box, inner;
	struct seen_sysctl *sysctls;             /* parallel to the plan's, NULL without a plan */
	uint16_t local_port_min, local_port_max; /* ip_local_port_range of the inner namespace */
	/* Other namespaces of the box that have a name. */
	struct seen_other *others;
	size_t other_count;
};

/* NULL when there is none. */
const struct seen_link *seen_link_find(const struct seen_space *space, const char *name);
const struct seen_link *seen_link_at(const struct seen_space *space, int index);
/* The NIC that was moved for the instance, or is about to be, wherever it is now. */
const struct seen_link *seen_link_moved(const struct seen_space *space, const char *instance,
                                        struct mark *mark);
const struct seen_address *seen_address_find(const struct seen_space *space, int index,
                                             const struct net_address *address);

void seen_space_fini(struct seen_space *space);
void seen_fini(struct seen *seen);

#endif

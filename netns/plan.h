/* What the network namespace of an instance should be, from the configuration alone, pure.
 *
 * The plan is compared with what is there (netns/seen.h) by netns/difference.h. It points into the
 * configuration and into static tables, and owns only its list of addresses.
 */
#ifndef SA_NAT64_NETNS_PLAN_H
#define SA_NAT64_NETNS_PLAN_H

#include "lib/bfd_peers.h"
#include "lib/config.h"

#define PLAN_UPLINK       BFD_UPLINK
#define PLAN_GATEWAYS_MAX 16 /* of one family */
/* Default routes carry this protocol number, by which old ones are known; the translator's carry
 * 64. */
#define PLAN_ROUTE_PROTOCOL 65
#define PLAN_METRIC4        0
#define PLAN_METRIC6        1024       /* what the kernel makes of 0 */
#define PLAN_PROBE_LABEL    "lo:probe" /* of IPv4 addresses on the loopback */

/* An address of either family with a prefix length, in network order. */
struct net_address {
	uint8_t family; /* AF_INET or AF_INET6 */
	uint8_t len;
	uint8_t bytes[16]; /* those behind the address are zero */
};

enum plan_device { PLAN_ON_UPLINK, PLAN_ON_LOOPBACK };

struct plan_address {
	enum plan_device device;
	struct net_address address;
};

/* The default route of a family over its gateways, which share the load. */
struct plan_route {
	uint8_t family;
	size_t count; /* 0: none */
	struct net_address gateways[PLAN_GATEWAYS_MAX];
};

enum plan_sysctl_place { PLAN_IN_SPACE, PLAN_OF_UPLINK, PLAN_IN_BOX };
enum plan_sysctl_rule { PLAN_EXACTLY, PLAN_AT_LEAST };

struct plan_sysctl {
	enum plan_sysctl_place place;
	enum plan_sysctl_rule rule;
	uint32_t value;
	bool optional;    /* not every kernel has it */
	const char *path; /* below /proc/sys/ */
};

struct plan {
	const struct config *config;
	const struct config_instance *instance;
	const struct config_network *network;
	char host_end[16]; /* of a veth pair: its name in the box */
	uint8_t mac[6];    /* of a new macvlan or veth uplink */
	struct plan_address *addresses;
	size_t address_count;
	struct plan_route routes[2]; /* IPv4, IPv6 */
	const struct plan_sysctl *sysctls;
	size_t sysctl_count;
};

/* Embedded. machine is a text that tells this machine from others, such as /etc/machine-id; it may
 * be empty. 0, -ENOMEM, or -E2BIG when there are more than PLAN_GATEWAYS_MAX gateways of a family.
 */
int plan_make(const struct config *config, const struct config_instance *instance,
              const struct config_network *network, const char *machine, struct plan *plan);
void plan_fini(struct plan *plan);

/* Whether the uplink and all that hangs on it are wanted. */
static inline bool plan_has_uplink(const struct plan *plan)
{
	return plan->network->attach != CONFIG_ATTACH_NONE;
}

/* Whether that sysctl is wanted in this plan, and whether the value of the file will do. */
bool plan_wants_sysctl(const struct plan *plan, const struct plan_sysctl *sysctl);
bool plan_sysctl_fits(const struct plan_sysctl *sysctl, const char *value);

/* The name in the box of the veth pair of an instance: as much of the instance's name as fits in 15
 * characters, and a hash where it does not. */
void plan_host_end(const char *instance, char name[16]);

/* Parse "ADDRESS/LENGTH" or an address alone, as the configuration has checked it. 0 or -EINVAL. */
int net_address_parse(const char *text, struct net_address *out);
/* With "/LENGTH" and without; buf has ADDRESS_STRLEN bytes. */
const char *net_address_format(const struct net_address *address, char *buf);
const char *net_address_format_host(const struct net_address *address, char *buf);
bool net_address_equal(const struct net_address *a, const struct net_address *b);
bool net_address_same_host(const struct net_address *a, const struct net_address *b);
/* Whether host lies in the subnet of address. */
bool net_address_reaches(const struct net_address *address, const struct net_address *host);
bool net_address_is_link_local(const struct net_address *address);

#endif

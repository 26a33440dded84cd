#include "netns/plan.h"

#include "lib/probe_address.h"
#include "lib/rfc6052.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST_END_PREFIX "nat64-"

/* Forwarding comes first: the kernel sets some of the others when it is switched on.
 *
 * - Neighbours of the uplink are routers and configured by hand: nothing is learnt from
 *   advertisements or redirects, and none are sent, since both sides go over one interface.
 * - Reverse path filtering would judge packets of the translator by the routes of this side only.
 * - Addresses stay while the cable is out, are announced when they come, and lo's are not told.
 * - Who has an address is asked before it is put on (netns/claim.h). Were the kernel to ask again
 * each time the carrier comes back, nothing would be forwarded to IPv6 neighbours for a second or
 * two: they are solicited from the link-local address.
 * - ICMP errors: ten a second to each target, where the defaults of a host are one.
 * - Several gateways: flows are spread, and with IPv4 one that does not answer is passed over. */
/* clang-format off */
static const struct plan_sysctl sysctls[] = {
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 1, false, "net/ipv4/ip_forward" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 0, false, "net/ipv6/conf/all/disable_ipv6" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 0, false, "net/ipv6/conf/default/disable_ipv6" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 1, false, "net/ipv6/conf/all/forwarding" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 1, false, "net/ipv6/conf/default/forwarding" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 0, false, "net/ipv4/conf/all/rp_filter" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 0, false, "net/ipv4/conf/default/rp_filter" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 0, false, "net/ipv4/conf/all/accept_redirects" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 0, false, "net/ipv4/conf/default/accept_redirects" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 0, false, "net/ipv4/conf/all/send_redirects" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 0, false, "net/ipv4/conf/default/send_redirects" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 1, false, "net/ipv4/conf/all/promote_secondaries" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 1, false, "net/ipv4/conf/all/arp_ignore" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 2, false, "net/ipv4/conf/all/arp_announce" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 1, false, "net/ipv4/conf/all/arp_notify" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 0, false, "net/ipv6/conf/all/accept_ra" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 0, false, "net/ipv6/conf/default/accept_ra" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 0, false, "net/ipv6/conf/all/accept_redirects" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 0, false, "net/ipv6/conf/default/accept_redirects" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 1, false, "net/ipv6/conf/all/keep_addr_on_down" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 1, false, "net/ipv6/conf/default/keep_addr_on_down" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 1, false, "net/ipv6/conf/all/ndisc_notify" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 0, false, "net/ipv6/conf/all/accept_dad" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 0, false, "net/ipv6/conf/default/accept_dad" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 100, false, "net/ipv4/icmp_ratelimit" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 100, false, "net/ipv6/icmp/ratelimit" },
	{ PLAN_IN_SPACE, PLAN_AT_LEAST, 10000, true, "net/ipv4/icmp_msgs_per_sec" },
	{ PLAN_IN_SPACE, PLAN_AT_LEAST, 1000, true, "net/ipv4/icmp_msgs_burst" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 1, true, "net/ipv4/fib_multipath_use_neigh" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 1, true, "net/ipv4/fib_multipath_hash_policy" },
	{ PLAN_IN_SPACE, PLAN_EXACTLY, 1, true, "net/ipv6/fib_multipath_hash_policy" },
	{ PLAN_OF_UPLINK, PLAN_EXACTLY, 1, false, "net/ipv4/conf/" PLAN_UPLINK "/forwarding" },
	{ PLAN_OF_UPLINK, PLAN_EXACTLY, 0, false, "net/ipv4/conf/" PLAN_UPLINK "/rp_filter" },
	{ PLAN_OF_UPLINK, PLAN_EXACTLY, 0, false, "net/ipv4/conf/" PLAN_UPLINK "/accept_redirects" },
	{ PLAN_OF_UPLINK, PLAN_EXACTLY, 0, false, "net/ipv4/conf/" PLAN_UPLINK "/send_redirects" },
	{ PLAN_OF_UPLINK, PLAN_EXACTLY, 0, false, "net/ipv6/conf/" PLAN_UPLINK "/disable_ipv6" },
	{ PLAN_OF_UPLINK, PLAN_EXACTLY, 1, false, "net/ipv6/conf/" PLAN_UPLINK "/forwarding" },
	{ PLAN_OF_UPLINK, PLAN_EXACTLY, 0, false, "net/ipv6/conf/" PLAN_UPLINK "/accept_ra" },
	{ PLAN_OF_UPLINK, PLAN_EXACTLY, 0, false, "net/ipv6/conf/" PLAN_UPLINK "/accept_redirects" },
	{ PLAN_OF_UPLINK, PLAN_EXACTLY, 1, false, "net/ipv6/conf/" PLAN_UPLINK "/keep_addr_on_down" },
	{ PLAN_OF_UPLINK, PLAN_EXACTLY, 0, false, "net/ipv6/conf/" PLAN_UPLINK "/accept_dad" },
	/* The kernel has one neighbour table of each family for all namespaces. */
	{ PLAN_IN_BOX, PLAN_AT_LEAST, 8192, true, "net/ipv4/neigh/default/gc_thresh3" },
	{ PLAN_IN_BOX, PLAN_AT_LEAST, 4096, true, "net/ipv4/neigh/default/gc_thresh2" },
	{ PLAN_IN_BOX, PLAN_AT_LEAST, 8192, true, "net/ipv6/neigh/default/gc_thresh3" },
	{ PLAN_IN_BOX, PLAN_AT_LEAST, 4096, true, "net/ipv6/neigh/default/gc_thresh2" },
};
/* clang-format on */

bool plan_wants_sysctl(const struct plan *plan, const struct plan_sysctl *sysctl)
{
	return sysctl->place != PLAN_OF_UPLINK || plan_has_uplink(plan);
}

bool plan_sysctl_fits(const struct plan_sysctl *sysctl, const char *value)
{
	long number = strtol(value, NULL, 10);

	return sysctl->rule == PLAN_EXACTLY ? number == (long)sysctl->value
	                                    : number >= (long)sysctl->value;
}

/* ---- addresses ---- */

int net_address_parse(const char *text, struct net_address *out)
{
	struct net_address address = { 0 };
	char host[ADDRESS_STRLEN];
	const char *slash = strchrnul(text, '/');
	size_t len = (size_t)(slash - text);
	struct in6_addr addr6;
	uint32_t addr4;

	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	if (address4_parse(host, &addr4) == 0) {
		address.family = AF_INET;
		addr4 = htonl(addr4);
		memcpy(address.bytes, &addr4, sizeof(addr4));
	} else if (address6_parse(host, &addr6) == 0) {
		address.family = AF_INET6;
		memcpy(address.bytes, &addr6, sizeof(addr6));
	} else {
		return -EINVAL;
	}
	address.len = address.family == AF_INET ? 32 : 128;
	if (*slash)
		address.len = (uint8_t)strtoul(slash + 1, NULL, 10);
	*out = address;
	return 0;
}

const char *net_address_format_host(const struct net_address *address, char *buf)
{
	buf[0] = '\0';
	(void)inet_ntop(address->family, address->bytes, buf, ADDRESS_STRLEN);
	return buf;
}

const char *net_address_format(const struct net_address *address, char *buf)
{
	size_t len;

	net_address_format_host(address, buf);
	len = strlen(buf);
	(void)snprintf(buf + len, ADDRESS_STRLEN - len, "/%u", address->len);
	return buf;
}

bool net_address_same_host(const struct net_address *a, const struct net_address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool net_address_equal(const struct net_address *a, const struct net_address *b)
{
	return a->len == b->len && net_address_same_host(a, b);
}

bool net_address_reaches(const struct net_address *address, const struct net_address *host)
{
	unsigned whole = address->len / 8, rest = address->len % 8;

	if (address->family != host->family || memcmp(address->bytes, host->bytes, whole) != 0)
		return false;
	return rest == 0 || (address->bytes[whole] ^ host->bytes[whole]) >> (8 - rest) == 0;
}

bool net_address_is_link_local(const struct net_address *address)
{
	return address->family == AF_INET6 && address->bytes[0] == 0xfe &&
	       (address->bytes[1] & 0xc0) == 0x80;
}

/* ---- names ---- */

/* FNV-1a */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3;
	return (hash ^ 0xff) * 0x100000001b3; /* "ab" "c" is not "a" "bc" */
}

#define HASH_START 0xcbf29ce484222325

void plan_host_end(const char *instance, char name[16])
{
	uint64_t hash = hash_text(HASH_START, instance);

	if (strlen(instance) + strlen(HOST_END_PREFIX) <= 15)
		(void)snprintf(name, 16, HOST_END_PREFIX "%s", instance);
	else
		(void)snprintf(name, 16, HOST_END_PREFIX "%.4s%05x", instance,
		               (unsigned)(hash >> 32 & 0xfffff));
}

/* The same after each boot, so that routers need not learn it anew and the link-local address
 * stays. */
static void choose_mac(struct plan *plan, const char *machine)
{
	uint64_t hash = HASH_START;

	hash = hash_text(hash, machine);
	hash = hash_text(hash, plan->network->node);
	hash = hash_text(hash, plan->network->instance);
	hash ^= hash >> 17;
	for (int i = 0; i < 6; i++)
		plan->mac[i] = (uint8_t)(hash >> (8 * i));
	plan->mac[0] = (plan->mac[0] & 0xfc) | 0x02; /* unicast, locally administered */
}

/* ---- the plan ---- */

static void add_address(struct plan *plan, enum plan_device device,
                        const struct net_address *address)
{
	plan->addresses[plan->address_count++] = (struct plan_address){ device, *address };
}

static void add_probe4(struct plan *plan, enum probe_address which)
{
	struct net_address address = { .family = AF_INET, .len = 32 };
	uint32_t addr4 = htonl(probe_address(plan->instance, which));

	memcpy(address.bytes, &addr4, sizeof(addr4));
	add_address(plan, PLAN_ON_LOOPBACK, &address);
}

static void add_probe_source6(struct plan *plan)
{
	const struct config_instance *instance = plan->instance;
	uint32_t addr4 = probe_address(instance, PROBE_SOURCE);
	int which = pool6_find4(instance->pool6, instance->pool6_count, addr4);
	struct net_address address = { .family = AF_INET6, .len = 128 };
	struct in6_addr addr6;

	if (instance->mode != CONFIG_MODE_SIIT || which < 0)
		return;
	addr6 = rfc6052_embed(&instance->pool6[which].prefix, addr4);
	memcpy(address.bytes, &addr6, sizeof(addr6));
	add_address(plan, PLAN_ON_LOOPBACK, &address);
}

#define PROBE_ADDRESSES 3

static int plan_addresses(struct plan *plan)
{
	const struct config_network *network = plan->network;
	struct net_address address;

	plan->addresses = calloc(network->address_count + PROBE_ADDRESSES,
	                         sizeof(*plan->addresses));
	if (!plan->addresses)
		return -ENOMEM;
	for (size_t i = 0; i < network->address_count; i++)
		if (plan_has_uplink(plan) && net_address_parse(network->address[i], &address) == 0)
			add_address(plan, PLAN_ON_UPLINK, &address);
	add_probe4(plan, PROBE_SLOW);
	add_probe4(plan, PROBE_FAST);
	add_probe_source6(plan);
	return 0;
}

static int plan_gateways(struct plan *plan)
{
	const struct config_network *network = plan->network;
	struct net_address gateway;
	struct plan_route *route;

	plan->routes[0].family = AF_INET;
	plan->routes[1].family = AF_INET6;
	for (size_t i = 0; i < network->gateway_count; i++) {
		if (!plan_has_uplink(plan) || net_address_parse(network->gateway[i], &gateway) < 0)
			continue;
		route = &plan->routes[gateway.family == AF_INET6];
		if (route->count == PLAN_GATEWAYS_MAX)
			return -E2BIG;
		route->gateways[route->count++] = gateway;
	}
	return 0;
}

int plan_make(const struct config *config, const struct config_instance *instance,
              const struct config_network *network, const char *machine, struct plan *plan)
{
	int error;

	*plan = (struct plan){ .config = config,
		               .instance = instance,
		               .network = network,
		               .sysctls = sysctls,
		               .sysctl_count = sizeof(sysctls) / sizeof(sysctls[0]) };
	plan_host_end(network->instance, plan->host_end);
	choose_mac(plan, machine);
	error = plan_addresses(plan);
	if (error == 0)
		error = plan_gateways(plan);
	if (error < 0)
		plan_fini(plan);
	return error;
}

void plan_fini(struct plan *plan)
{
	free(plan->addresses);
	plan->addresses = NULL;
	plan->address_count = 0;
}

#include "translator/routes.h"

#include "lib/log.h"
#include "lib/probe_address.h"
#include "lib/rfc6052.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netlink/route/route.h>
#include <stdlib.h>
#include <string.h>

struct route {
	uint8_t bytes[16];
	uint8_t family, len;
};

struct route_set {
	struct route *routes;
	size_t count, room;
	bool failed; /* memory ended */
};

static void add_route(struct route_set *set, const struct route *route)
{
	struct route *larger;

	if (set->count == set->room) {
		larger = reallocarray(set->routes, set->room ? set->room * 2 : 64, sizeof(*larger));
		if (!larger) {
			set->failed = true;
			return;
		}
		set->routes = larger;
		set->room = set->room ? set->room * 2 : 64;
	}
	set->routes[set->count++] = *route;
}

static void add4(struct route_set *set, const struct prefix4 *prefix)
{
	struct route route = { .family = AF_INET, .len = prefix->len };
	uint32_t addr_be = htonl(prefix->addr);

	memcpy(route.bytes, &addr_be, sizeof(addr_be));
	add_route(set, &route);
}

static void add6(struct route_set *set, const struct prefix6 *prefix)
{
	struct route route = { .family = AF_INET6, .len = prefix->len };

	memcpy(route.bytes, &prefix->addr, sizeof(prefix->addr));
	add_route(set, &route);
}

/* A prefix of pool6 leads here as far as both its own range and `destinations` reach. */
static void add_pool6(struct route_set *set, const struct config_pool6 *pool6,
                      const struct prefix4 *destinations)
{
	struct prefix6 prefix;

	if (prefix4_covers(&pool6->range, destinations))
		prefix = rfc6052_embed_prefix(&pool6->prefix, destinations);
	else if (prefix4_covers(destinations, &pool6->range))
		prefix = rfc6052_embed_prefix(&pool6->prefix, &pool6->range);
	else
		return;
	add6(set, &prefix);
}

/* The targets of probes lead here whether `destinations` reaches them or not. In siit mode answers
 * to PROBE_SOURCE do, too. */
static void add_probes(struct route_set *set, const struct config_instance *config)
{
	static const enum probe_address targets[] = { PROBE_SLOW, PROBE_FAST };
	size_t i, n;

	for (i = 0; i < config->pool6_count; i++)
		for (n = 0; n < sizeof(targets) / sizeof(targets[0]); n++) {
			uint32_t addr4 = probe_address(config, targets[n]);
			struct prefix6 host6 = { rfc6052_embed(&config->pool6[i].prefix, addr4),
				                 128 };

			if (prefix4_has(&config->pool6[i].range, addr4))
				add6(set, &host6);
		}
	if (config->mode == CONFIG_MODE_SIIT && config->pool6_count)
		add4(set, &(struct prefix4){ probe_address(config, PROBE_SOURCE), 32 });
}

static int compare_routes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct route));
}

static void sort_routes(struct route_set *set)
{
	size_t i, kept = 0;

	if (set->count == 0)
		return;
	qsort(set->routes, set->count, sizeof(*set->routes), compare_routes);
	for (i = 1; i < set->count; i++)
		if (compare_routes(&set->routes[kept], &set->routes[i]) != 0)
			set->routes[++kept] = set->routes[i];
	set->count = kept + 1;
}

static void collect(const struct config_instance *config, struct route_set *set)
{
	struct prefix4 host4 = { config->address4, 32 };
	struct prefix6 host6 = { config->address6, 128 };
	size_t i;

	for (i = 0; i < config->pool6_count; i++)
		add_pool6(set, &config->pool6[i], &config->destinations);
	for (i = 0; i < config->pool4_count; i++)
		add4(set, &config->pool4[i].prefix);
	for (i = 0; i < config->bib_count; i++)
		add4(set, &(struct prefix4){ config->bib[i].addr4, 32 });
	for (i = 0; i < config->eam_count; i++)
		add4(set, &config->eam[i].prefix4);
	for (i = 0; i < config->rfc6791_pool4_count; i++)
		add4(set, &config->rfc6791_pool4[i]);
	if (config->has_address4)
		add4(set, &host4);
	if (config->has_address6)
		add6(set, &host6);
	add_probes(set, config);
	sort_routes(set);
}

static struct nl_addr *destination_of(const struct route *route)
{
	struct nl_addr *addr = nl_addr_build(route->family, route->bytes,
	                                     route->family == AF_INET ? 4 : 16);

	if (addr)
		nl_addr_set_prefixlen(addr, route->len);
	return addr;
}

static int install(struct nl_sock *sock, const struct route *wanted, int ifindex)
{
	struct rtnl_route *route = rtnl_route_alloc();
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct nl_addr *destination = destination_of(wanted);
	int error = -NLE_NOMEM;

	if (route && hop && destination) {
		rtnl_route_nh_set_ifindex(hop, ifindex);
		rtnl_route_set_family(route, wanted->family);
		rtnl_route_set_protocol(route, ROUTES_PROTOCOL);
		rtnl_route_set_scope(route,
		                     wanted->family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE);
		(void)rtnl_route_set_dst(route, destination);
		rtnl_route_add_nexthop(route, hop);
		hop = NULL;
		error = rtnl_route_add(sock, route, NLM_F_CREATE | NLM_F_REPLACE);
	}
	if (error < 0) {
		char text[INET6_ADDRSTRLEN] = "?";

		(void)inet_ntop(wanted->family, wanted->bytes, text, sizeof(text));
		log_error("cannot set the route %s/%u to the device: %s", text, wanted->len,
		          nl_geterror(error));
	}
	if (hop)
		rtnl_route_nh_free(hop);
	nl_addr_put(destination);
	rtnl_route_put(route);
	return error;
}

static bool is_wanted(const struct route_set *set, struct rtnl_route *route)
{
	struct nl_addr *destination = rtnl_route_get_dst(route);
	struct route key = { .family = rtnl_route_get_family(route),
		             .len = (uint8_t)nl_addr_get_prefixlen(destination) };

	memcpy(key.bytes, nl_addr_get_binary_addr(destination), nl_addr_get_len(destination));
	return set->count && bsearch(&key, set->routes, set->count, sizeof(key), compare_routes);
}

/* Remove what an earlier configuration left on the device. */
static int remove_stale(struct nl_sock *sock, const struct route_set *set, int ifindex)
{
	struct nl_cache *cache;
	struct nl_object *object, *next;
	int error = rtnl_route_alloc_cache(sock, AF_UNSPEC, 0, &cache);

	if (error < 0)
		return error;
	for (object = nl_cache_get_first(cache); object; object = next) {
		struct rtnl_route *route = (struct rtnl_route *)object;
		struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, 0);

		next = nl_cache_get_next(object);
		if (rtnl_route_get_protocol(route) == ROUTES_PROTOCOL && hop &&
		    rtnl_route_nh_get_ifindex(hop) == ifindex && !is_wanted(set, route))
			(void)rtnl_route_delete(sock, route, 0);
	}
	nl_cache_free(cache);
	return 0;
}

int routes_set(const struct config_instance *config, const char *tun, enum routes_stale stale)
{
	struct nl_sock *sock = nl_socket_alloc();
	struct route_set set = { 0 };
	int ifindex = (int)if_nametoindex(tun),
	    error = sock ? nl_connect(sock, NETLINK_ROUTE) : -NLE_NOMEM;
	size_t i;

	collect(config, &set);
	if (set.failed)
		error = -NLE_NOMEM;
	if (error >= 0 && stale == ROUTES_STALE_REMOVE)
		error = remove_stale(sock, &set, ifindex);
	if (error < 0)
		log_error("cannot look at the routes of %s: %s", tun, nl_geterror(error));
	for (i = 0; error >= 0 && i < set.count; i++)
		error = install(sock, &set.routes[i], ifindex);
	free(set.routes);
	nl_socket_free(sock);
	return error < 0 ? -EIO : 0;
}

#include "netns/observe.h"

#include "lib/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/macvlan.h>
#include <netlink/route/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void copy_text(char *to, size_t size, const char *from)
{
	(void)snprintf(to, size, "%s", from ? from : "");
}

/* What changes while it is read has to be read again. */
#define TRIES 5

static int cache_error(int error)
{
	return error == -NLE_DUMP_INTR ? -EAGAIN : -EIO;
}

/* ---- links ---- */

static void take_link(struct rtnl_link *link, struct seen_link *seen)
{
	struct nl_addr *mac = rtnl_link_get_addr(link);
	unsigned flags = rtnl_link_get_flags(link);
	int32_t netnsid;

	*seen = (struct seen_link){
		.index = rtnl_link_get_ifindex(link),
		.link = rtnl_link_get_link(link),
		.master = rtnl_link_get_master(link),
		.up = flags & IFF_UP,
		.carrier = rtnl_link_get_carrier(link) != 0,
		.loopback = flags & IFF_LOOPBACK,
		.elsewhere = rtnl_link_get_link_netnsid(link, &netnsid) == 0,
		.mtu = rtnl_link_get_mtu(link),
	};
	copy_text(seen->name, sizeof(seen->name), rtnl_link_get_name(link));
	copy_text(seen->kind, sizeof(seen->kind), rtnl_link_get_type(link));
	copy_text(seen->alias, sizeof(seen->alias), rtnl_link_get_ifalias(link));
	if (rtnl_link_is_macvlan(link))
		seen->macvlan_bridge = rtnl_link_macvlan_get_mode(link) == MACVLAN_MODE_BRIDGE;
	if (mac && nl_addr_get_len(mac) == sizeof(seen->mac))
		memcpy(seen->mac, nl_addr_get_binary_addr(mac), sizeof(seen->mac));
}

static int read_links(struct nl_sock *sock, struct seen_space *space)
{
	struct nl_cache *cache;
	struct nl_object *object;
	int error;

	error = rtnl_link_alloc_cache(sock, AF_UNSPEC, &cache);
	if (error < 0)
		return cache_error(error);
	space->links = calloc((size_t)nl_cache_nitems(cache) + 1, sizeof(*space->links));
	if (space->links)
		for (object = nl_cache_get_first(cache); object; object = nl_cache_get_next(object))
			take_link((struct rtnl_link *)object, &space->links[space->link_count++]);
	nl_cache_free(cache);
	return space->links ? 0 : -ENOMEM;
}

/* ---- addresses ---- */

static bool take_address(const struct nl_addr *from, struct net_address *to)
{
	unsigned len = from ? nl_addr_get_len(from) : 0;

	if (len != 4 && len != 16)
		return false;
	*to = (struct net_address){ .family = len == 4 ? AF_INET : AF_INET6,
		                    .len = (uint8_t)nl_addr_get_prefixlen(from) };
	memcpy(to->bytes, nl_addr_get_binary_addr(from), len);
	return true;
}

static int read_addresses(struct nl_sock *sock, struct seen_space *space)
{
	struct nl_cache *cache;
	struct nl_object *object;
	int error;

	error = rtnl_addr_alloc_cache(sock, &cache);
	if (error < 0)
		return cache_error(error);
	space->addresses = calloc((size_t)nl_cache_nitems(cache) + 1, sizeof(*space->addresses));
	for (object = nl_cache_get_first(cache); space->addresses && object;
	     object = nl_cache_get_next(object)) {
		struct rtnl_addr *address = (struct rtnl_addr *)object;
		struct seen_address *seen = &space->addresses[space->address_count];
		const char *label = rtnl_addr_get_label(address);

		if (!take_address(rtnl_addr_get_local(address), &seen->address))
			continue;
		seen->address.len = (uint8_t)rtnl_addr_get_prefixlen(address);
		seen->index = rtnl_addr_get_ifindex(address);
		seen->failed = rtnl_addr_get_flags(address) & IFA_F_DADFAILED;
		seen->probe = label && strcmp(label, PLAN_PROBE_LABEL) == 0;
		space->address_count++;
	}
	nl_cache_free(cache);
	return space->addresses ? 0 : -ENOMEM;
}

/* ---- routes ---- */

static void take_next_hop(struct rtnl_nexthop *hop, void *context)
{
	struct seen_route *seen = context;
	int index = rtnl_route_nh_get_ifindex(hop);

	if (seen->count == 0)
		seen->index = index;
	else if (seen->index != index)
		seen->index = -1;
	if (seen->count < PLAN_GATEWAYS_MAX)
		(void)take_address(rtnl_route_nh_get_gateway(hop), &seen->gateways[seen->count]);
	seen->count++;
}

static bool is_default_route(struct rtnl_route *route)
{
	return rtnl_route_get_table(route) == RT_TABLE_MAIN &&
	       rtnl_route_get_type(route) == RTN_UNICAST &&
	       nl_addr_get_prefixlen(rtnl_route_get_dst(route)) == 0 &&
	       (rtnl_route_get_family(route) == AF_INET ||
	        rtnl_route_get_family(route) == AF_INET6);
}

static int read_routes(struct nl_sock *sock, struct seen_space *space)
{
	struct nl_cache *cache;
	struct nl_object *object;
	int error;

	error = rtnl_route_alloc_cache(sock, AF_UNSPEC, 0, &cache);
	if (error < 0)
		return cache_error(error);
	space->routes = calloc((size_t)nl_cache_nitems(cache) + 1, sizeof(*space->routes));
	for (object = nl_cache_get_first(cache); space->routes && object;
	     object = nl_cache_get_next(object)) {
		struct rtnl_route *route = (struct rtnl_route *)object;
		struct seen_route *seen = &space->routes[space->route_count];

		if (!is_default_route(route))
			continue;
		seen->family = (uint8_t)rtnl_route_get_family(route);
		seen->protocol = rtnl_route_get_protocol(route);
		seen->metric = rtnl_route_get_priority(route);
		rtnl_route_foreach_nexthop(route, take_next_hop, seen);
		space->route_count++;
	}
	nl_cache_free(cache);
	return space->routes ? 0 : -ENOMEM;
}

static int read_space(struct nl_sock *sock, struct seen_space *space)
{
	int error = read_links(sock, space);

	if (error == 0)
		error = read_addresses(sock, space);
	if (error == 0)
		error = read_routes(sock, space);
	if (error < 0)
		seen_space_fini(space);
	return error;
}

int observe_space(struct nl_sock *sock, struct seen_space *space)
{
	int error = -EAGAIN;

	for (int i = 0; error == -EAGAIN && i < TRIES; i++)
		error = read_space(sock, space);
	space->exists = error == 0;
	return error;
}

/* ---- sysctls ---- */

static void read_sysctl(const struct plan_sysctl *sysctl, struct seen_sysctl *seen)
{
	char path[128];
	ssize_t len;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/sys/%s", sysctl->path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* What is the box's may be out of reach, in a container. */
	if (fd >= 0 && sysctl->place == PLAN_IN_BOX && access(path, W_OK) < 0) {
		close(fd);
		fd = -1;
	}
	if (fd < 0) {
		seen->file = SEEN_FILE_ABSENT;
		return;
	}
	len = read(fd, seen->value, sizeof(seen->value) - 1);
	close(fd);
	if (len <= 0)
		return;
	seen->value[len] = '\0';
	seen->value[strcspn(seen->value, "\t\n")] = '\0';
	seen->file = SEEN_FILE_READ;
}

static void read_sysctls(const struct plan *plan, enum plan_sysctl_place place, struct seen *seen)
{
	for (size_t i = 0; i < plan->sysctl_count; i++)
		if (plan->sysctls[i].place == place)
			read_sysctl(&plan->sysctls[i], &seen->sysctls[i]);
}

/* Those of a new namespace where there is none yet. */
static void read_port_range(struct seen *seen)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	char line[32] = "", *end;

	seen->local_port_min = 32768;
	seen->local_port_max = 60999;
	if (!file)
		return;
	if (seen->inner.exists && fgets(line, sizeof(line), file)) {
		seen->local_port_min = (uint16_t)strtoul(line, &end, 10);
		seen->local_port_max = (uint16_t)strtoul(end, NULL, 10);
	}
	(void)fclose(file);
}

static int observe_sysctls(const struct workplace *place, const struct plan *plan,
                           struct seen *seen)
{
	int error;

	seen->sysctls = calloc(plan->sysctl_count, sizeof(*seen->sysctls));
	if (!seen->sysctls)
		return -ENOMEM;
	read_sysctls(plan, PLAN_IN_BOX, seen);
	if (!seen->inner.exists) {
		read_port_range(seen);
		return 0;
	}
	error = workplace_go_inside(place);
	if (error < 0)
		return error;
	read_sysctls(plan, PLAN_IN_SPACE, seen);
	if (seen_link_find(&seen->inner, PLAN_UPLINK))
		read_sysctls(plan, PLAN_OF_UPLINK, seen);
	read_port_range(seen);
	return workplace_go_back(place);
}

/* ---- other namespaces ---- */

static int add_other(struct seen *seen, const char *name)
{
	struct seen_other *larger = reallocarray(seen->others, seen->other_count + 1,
	                                         sizeof(*larger));

	if (!larger)
		return -ENOMEM;
	seen->others = larger;
	larger[seen->other_count] = (struct seen_other){ .name = strdup(name) };
	return larger[seen->other_count++].name ? 0 : -ENOMEM;
}

/* One that vanishes meanwhile, or cannot be looked into, is left out. */
static int observe_other(struct seen *seen, const char *name)
{
	struct workplace place;
	int error;

	if (workplace_open(&place, name) < 0)
		return 0;
	error = place.inner_sock ? add_other(seen, name) : 0;
	if (error == 0 && place.inner_sock)
		(void)observe_space(place.inner_sock, &seen->others[seen->other_count - 1].space);
	workplace_close(&place);
	return error;
}

int observe_others(const char *except, struct seen *seen)
{
	DIR *directory = opendir(SPACE_DIRECTORY);
	struct dirent *entry;
	int error = 0;

	if (!directory)
		return errno == ENOENT ? 0 : -errno;
	while (error == 0 && (entry = readdir(directory)))
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, except) != 0)
			error = observe_other(seen, entry->d_name);
	(void)closedir(directory);
	return error;
}

int observe(const struct workplace *place, const struct plan *plan, struct seen *seen)
{
	int error;

	*seen = (struct seen){ 0 };
	error = observe_space(place->box_sock, &seen->box);
	if (error == 0 && place->inner_sock)
		error = observe_space(place->inner_sock, &seen->inner);
	if (error == 0 && plan)
		error = observe_sysctls(place, plan, seen);
	if (error < 0) {
		log_error("cannot look at the interfaces of the box and of %s: %s", place->name,
		          strerror(-error));
		seen_fini(seen);
	}
	return error;
}

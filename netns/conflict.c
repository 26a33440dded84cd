#include "netns/conflict.h"

#include "netns/difference.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <string.h>

/* What a check looks at, and where its lines go. */
struct inquiry {
	const struct plan *plan;
	const struct seen *seen;
	FILE *out;
	size_t count;
};

static void tell(struct inquiry *inquiry, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void tell(struct inquiry *inquiry, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vfprintf(inquiry->out, format, arguments);
	va_end(arguments);
	(void)fputc('\n', inquiry->out);
	inquiry->count++;
}

static const char *attach_name(const struct inquiry *inquiry)
{
	return inquiry->plan->network->attach_interface;
}

/* ---- other sections of the same box ---- */

static void check_sections(struct inquiry *inquiry)
{
	const struct config_network *own = inquiry->plan->network;
	const struct config *config = inquiry->plan->config;

	for (size_t i = 0; i < config->network_count; i++) {
		const struct config_network *other = &config->networks[i];
		bool same_interface = own->attach_interface && other->attach_interface &&
		                      strcmp(own->attach_interface, other->attach_interface) == 0;

		if (other == own || strcmp(other->node, own->node) != 0)
			continue;
		if (strcmp(other->namespace_name, own->namespace_name) == 0)
			tell(inquiry,
			     "namespace %s is that of [network %s %s] too; each instance needs its "
			     "own",
			     own->namespace_name, other->instance, other->node);
		if (same_interface &&
		    (own->attach == CONFIG_ATTACH_MOVE || other->attach == CONFIG_ATTACH_MOVE))
			tell(inquiry,
			     "%s is also attached by [network %s %s]; a NIC that is moved serves "
			     "one instance, 'attach = macvlan %s' in both would share it",
			     own->attach_interface, other->instance, other->node,
			     own->attach_interface);
	}
}

static void check_surplus(struct inquiry *inquiry)
{
	const struct config_network *network = inquiry->plan->network;

	if (network->attach == CONFIG_ATTACH_NONE &&
	    (network->address_count || network->gateway_count))
		tell(inquiry,
		     "[network %s %s] has %s, but no 'attach' says which interface they are for",
		     network->instance, network->node,
		     network->address_count ? "addresses" : "gateways");
}

/* ---- the interface that is attached ---- */

static const struct seen_link *port_of_bridge(const struct inquiry *inquiry,
                                              const struct seen_link *link)
{
	const struct seen_link *master = link->master
	                                         ? seen_link_at(&inquiry->seen->box, link->master)
	                                         : NULL;

	return master && strcmp(master->kind, "bridge") == 0 ? master : NULL;
}

static void check_macvlan(struct inquiry *inquiry, const struct seen_link *link)
{
	const struct seen_link *bridge = port_of_bridge(inquiry, link);

	if (link->loopback)
		tell(inquiry, "attach = macvlan %s: a loopback has no network behind it",
		     link->name);
	else if (bridge)
		tell(inquiry,
		     "attach = macvlan %s: it is a port of the bridge %s; write 'attach = veth %s'",
		     link->name, bridge->name, bridge->name);
	else if (!seen_link_find(&inquiry->seen->inner, PLAN_UPLINK) &&
	         seen_link_find(&inquiry->seen->box, PLAN_UPLINK))
		tell(inquiry,
		     "the box has an interface " PLAN_UPLINK
		     " of its own, and some kernels cannot make another in a namespace then; "
		     "rename it");
}

static void check_bridge(struct inquiry *inquiry, const struct seen_link *link)
{
	if (strcmp(link->kind, "bridge") != 0)
		tell(inquiry,
		     "attach = veth %s: it is no bridge; for an interface write 'attach = macvlan "
		     "%s'",
		     link->name, link->name);
}

static bool is_planned_host(const struct plan *plan, const struct net_address *address)
{
	for (size_t i = 0; i < plan->address_count; i++)
		if (net_address_same_host(&plan->addresses[i].address, address))
			return true;
	return false;
}

static void check_moved(struct inquiry *inquiry, const struct seen_link *link)
{
	const struct seen_space *box = &inquiry->seen->box;
	char text[ADDRESS_STRLEN];

	if (link->loopback)
		tell(inquiry, "attach = move %s: a loopback cannot be moved", link->name);
	for (size_t i = 0; i < box->address_count; i++) {
		const struct net_address *address = &box->addresses[i].address;

		if (box->addresses[i].index != link->index || link->loopback ||
		    net_address_is_link_local(address) || is_planned_host(inquiry->plan, address))
			continue;
		tell(inquiry,
		     "attach = move %s: the box would lose %s, which is on it; remove that "
		     "address first, or attach another interface",
		     link->name, net_address_format(address, text));
	}
}

static void check_interface(struct inquiry *inquiry)
{
	static void (*const checks[])(struct inquiry *, const struct seen_link *) = {
		[CONFIG_ATTACH_MACVLAN] = check_macvlan,
		[CONFIG_ATTACH_VETH] = check_bridge,
		[CONFIG_ATTACH_MOVE] = check_moved,
	};
	const struct config_network *network = inquiry->plan->network;
	const struct seen_link *link;
	struct mark mark;

	if (!attach_name(inquiry))
		return;
	link = seen_link_find(&inquiry->seen->box, attach_name(inquiry));
	if (link)
		checks[network->attach](inquiry, link);
	else if (network->attach != CONFIG_ATTACH_MOVE ||
	         !(seen_link_moved(&inquiry->seen->inner, network->instance, &mark) ||
	           seen_link_moved(&inquiry->seen->box, network->instance, &mark) ||
	           seen_link_find(&inquiry->seen->inner, PLAN_UPLINK)))
		tell(inquiry,
		     "there is no interface %s in this box (attach = %s %s); `ip link` shows those "
		     "that are",
		     attach_name(inquiry),
		     network->attach == CONFIG_ATTACH_VETH      ? "veth"
		     : network->attach == CONFIG_ATTACH_MACVLAN ? "macvlan"
		                                                : "move",
		     attach_name(inquiry));
}

static void check_names(struct inquiry *inquiry)
{
	const struct plan *plan = inquiry->plan;
	const struct seen_link *end = seen_link_find(&inquiry->seen->box, plan->host_end);

	if (plan->network->attach == CONFIG_ATTACH_VETH && end && strcmp(end->kind, "veth") != 0)
		tell(inquiry,
		     "%s would be the box's end of the veth pair, and is another interface; rename "
		     "that",
		     plan->host_end);
	if (uplink_is_strange(plan, inquiry->seen))
		tell(inquiry,
		     PLAN_UPLINK " in %s is a NIC that was moved there by somebody else; take it "
		                 "out first",
		     plan->network->namespace_name);
}

static void check_elsewhere(struct inquiry *inquiry)
{
	const char *instance = inquiry->plan->network->instance;
	const struct seen *seen = inquiry->seen;
	const struct seen_link *uplink;
	struct mark mark;

	for (size_t i = 0; i < seen->other_count; i++) {
		uplink = seen_link_find(&seen->others[i].space, PLAN_UPLINK);
		if (uplink && mark_parse(uplink->alias, &mark) &&
		    strcmp(mark.instance, instance) == 0)
			tell(inquiry,
			     "instance %s has its namespace already, called %s; take that down "
			     "first: sa-nat64-netns down %s",
			     instance, seen->others[i].name, instance);
	}
}

/* ---- addresses ---- */

/* Whether the namespace of that name belongs to a [network] of this box. */
static bool is_of_this_box(const struct inquiry *inquiry, const char *name)
{
	const struct config *config = inquiry->plan->config;

	for (size_t i = 0; i < config->network_count; i++)
		if (strcmp(config->networks[i].node, inquiry->plan->network->node) == 0 &&
		    strcmp(config->networks[i].namespace_name, name) == 0)
			return true;
	return false;
}

/* Tell who in space has the address, on another interface than `except`. */
static void check_owner(struct inquiry *inquiry, const struct net_address *address,
                        const struct seen_space *space, const char *except, const char *place)
{
	char text[ADDRESS_STRLEN];

	for (size_t i = 0; i < space->address_count; i++) {
		const struct seen_address *seen = &space->addresses[i];
		const struct seen_link *link = seen_link_at(space, seen->index);

		if (!net_address_same_host(&seen->address, address) || !link ||
		    (except && strcmp(link->name, except) == 0))
			continue;
		tell(inquiry, "%s is an address of %s in %s; give the instance one of its own",
		     net_address_format_host(address, text), link->name, place);
	}
}

static void check_addresses(struct inquiry *inquiry)
{
	const struct plan *plan = inquiry->plan;
	const struct seen *seen = inquiry->seen;
	/* Addresses of a NIC that is moved go with it. */
	const char *moved = plan->network->attach == CONFIG_ATTACH_MOVE ? attach_name(inquiry)
	                                                                : NULL;

	for (size_t i = 0; i < plan->address_count; i++) {
		const struct net_address *address = &plan->addresses[i].address;

		if (plan->addresses[i].device != PLAN_ON_UPLINK ||
		    net_address_is_link_local(address))
			continue;
		check_owner(inquiry, address, &seen->box, moved, "this box");
		check_owner(inquiry, address, &seen->inner, PLAN_UPLINK,
		            plan->network->namespace_name);
		for (size_t j = 0; j < seen->other_count; j++)
			if (is_of_this_box(inquiry, seen->others[j].name))
				check_owner(inquiry, address, &seen->others[j].space, NULL,
				            seen->others[j].name);
	}
}

static void check_gateway(struct inquiry *inquiry, const struct net_address *gateway)
{
	const struct plan *plan = inquiry->plan;
	char text[ADDRESS_STRLEN];

	if (net_address_is_link_local(gateway))
		return;
	for (size_t i = 0; i < plan->address_count; i++)
		if (plan->addresses[i].device == PLAN_ON_UPLINK &&
		    net_address_reaches(&plan->addresses[i].address, gateway))
			return;
	tell(inquiry, "the gateway %s is in the subnet of no 'address' of [network %s %s]",
	     net_address_format_host(gateway, text), plan->network->instance, plan->network->node);
}

static void check_gateways(struct inquiry *inquiry)
{
	const struct plan *plan = inquiry->plan;

	for (size_t family = 0; family < 2; family++)
		for (size_t i = 0; i < plan->routes[family].count; i++)
			check_gateway(inquiry, &plan->routes[family].gateways[i]);
}

/* ---- what is translated must not be local ---- */

/* The ports of a local address that the kernel gives to connections of its own. */
static void describe_ports(const struct inquiry *inquiry, const struct config_pool4 *pool,
                           char *text, size_t size)
{
	const struct seen *seen = inquiry->seen;

	text[0] = '\0';
	if (pool && pool->port_min <= seen->local_port_max &&
	    pool->port_max >= seen->local_port_min)
		(void)snprintf(text, size,
		               ", and of its ports %u-%u the kernel gives %u-%u to programs "
		               "(ip_local_port_range)",
		               pool->port_min, pool->port_max, seen->local_port_min,
		               seen->local_port_max);
}

/* key names what claims the range; pool is NULL but for pool4. */
static void check_range4(struct inquiry *inquiry, const char *key, const struct prefix4 *range,
                         const struct config_pool4 *pool, const struct net_address *address,
                         const char *device)
{
	char host[ADDRESS_STRLEN], prefix[ADDRESS_STRLEN], ports[128];
	uint32_t addr4;

	if (address->family != AF_INET)
		return;
	memcpy(&addr4, address->bytes, sizeof(addr4));
	if (!prefix4_has(range, ntohl(addr4)))
		return;
	describe_ports(inquiry, pool, ports, sizeof(ports));
	tell(inquiry,
	     "%s %s holds %s, an address of %s itself: its packets would end there and never be "
	     "translated%s; take another address for one of them",
	     key, prefix4_format(range, prefix), net_address_format_host(address, host), device,
	     ports);
}

static void check_local(struct inquiry *inquiry, const struct net_address *address,
                        const char *device)
{
	const struct config_instance *instance = inquiry->plan->instance;
	char host[ADDRESS_STRLEN], prefix[ADDRESS_STRLEN];
	struct in6_addr addr6;

	for (size_t i = 0; i < instance->pool4_count; i++)
		check_range4(inquiry, "pool4", &instance->pool4[i].prefix, &instance->pool4[i],
		             address, device);
	for (size_t i = 0; i < instance->eam_count; i++)
		check_range4(inquiry, "eam", &instance->eam[i].prefix4, NULL, address, device);
	for (size_t i = 0; i < instance->bib_count; i++)
		check_range4(inquiry, "bib", &(struct prefix4){ instance->bib[i].addr4, 32 }, NULL,
		             address, device);
	memcpy(&addr6, address->bytes, sizeof(addr6));
	for (size_t i = 0; address->family == AF_INET6 && i < instance->pool6_count; i++)
		if (prefix6_has(&instance->pool6[i].prefix, &addr6))
			tell(inquiry, "pool6 %s holds %s, an address of %s itself",
			     prefix6_format(&instance->pool6[i].prefix, prefix),
			     net_address_format_host(address, host), device);
}

static void check_pools(struct inquiry *inquiry)
{
	const struct plan *plan = inquiry->plan;
	const struct seen_space *inner = &inquiry->seen->inner;

	for (size_t i = 0; i < plan->address_count; i++)
		if (plan->addresses[i].device == PLAN_ON_UPLINK)
			check_local(inquiry, &plan->addresses[i].address, PLAN_UPLINK);
	for (size_t i = 0; i < inner->address_count; i++) {
		const struct seen_link *link = seen_link_at(inner, inner->addresses[i].index);

		/* The uplink will have those of the plan, and the probes theirs. */
		if (link && strcmp(link->name, PLAN_UPLINK) != 0 &&
		    !is_planned_host(plan, &inner->addresses[i].address) &&
		    strcmp(link->kind, "tun") != 0)
			check_local(inquiry, &inner->addresses[i].address, link->name);
	}
}

size_t conflicts_print(const struct plan *plan, const struct seen *seen, FILE *out)
{
	static void (*const checks[])(struct inquiry *) = {
		check_sections,  check_surplus,   check_interface, check_names,
		check_elsewhere, check_addresses, check_gateways,  check_pools,
	};
	struct inquiry inquiry = { .plan = plan, .seen = seen, .out = out };

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		checks[i](&inquiry);
	return inquiry.count;
}

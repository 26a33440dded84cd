#include "netns/difference.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct step_words words[STEP_KINDS] = {
	[STEP_SPACE_MAKE]      = { "made",            "cannot make",           "missing" },
	[STEP_NIC_RESTORE]     = { "restored",        "cannot restore",        "left over" },
	[STEP_NIC_RETURN]      = { "gave back",       "cannot give back",      "not wanted" },
	[STEP_UPLINK_DELETE]   = { "deleted",         "cannot delete",         "not wanted" },
	[STEP_HOST_END_DELETE] = { "deleted",         "cannot delete",         "left over" },
	[STEP_SYSCTL_SET]      = { "set",             "cannot set",            "not set" },
	[STEP_LOOPBACK_UP]     = { "put up",          "cannot put up",         "down" },
	[STEP_PARENT_UP]       = { "put up",          "cannot put up",         "down" },
	[STEP_MACVLAN_MAKE]    = { "made",            "cannot make",           "missing" },
	[STEP_VETH_MAKE]       = { "made",            "cannot make",           "missing" },
	[STEP_NIC_MOVE]        = { "moved",           "cannot move",           "missing" },
	[STEP_NIC_RENAME]      = { "renamed",         "cannot rename",         "misnamed" },
	[STEP_UPLINK_MARK]     = { "marked",          "cannot mark",           "not marked" },
	[STEP_HOST_END_JOIN]   = { "connected",       "cannot connect",        "not connected" },
	[STEP_HOST_END_UP]     = { "put up",          "cannot put up",         "down" },
	[STEP_ADDRESS_DELETE]  = { "removed",         "cannot remove",         "not wanted" },
	[STEP_ADDRESS_ADD]     = { "added",           "cannot add",            "missing" },
	[STEP_UPLINK_UP]       = { "put up",          "cannot put up",         "down" },
	[STEP_ROUTE_SET]       = { "set",             "cannot set",            "missing" },
	[STEP_ROUTE_DELETE]    = { "removed",         "cannot remove",         "not wanted" },
	[STEP_SPACE_REMOVE]    = { "removed",         "cannot remove",         "left over" },
};
/* clang-format on */

const struct step_words *step_words(enum step_kind kind)
{
	return &words[kind];
}

/* ---- the list ---- */

/* Where steps go while they are collected. */
struct collector {
	const struct plan *plan;
	const struct seen *seen;
	struct steps *steps;
	bool failed; /* memory ended */
};

/* A step to be filled further; a throw-away one when memory ended. */
static struct step *add_step(struct collector *to, enum step_kind kind, const char *device,
                             const char *what, ...) __attribute__((format(printf, 4, 5)));
static struct step *add_step(struct collector *to, enum step_kind kind, const char *device,
                             const char *what, ...)
{
	static struct step nowhere;
	struct steps *steps = to->steps;
	struct step *step;
	va_list arguments;

	if (steps->count == steps->room) {
		size_t room = steps->room ? steps->room * 2 : 64;
		struct step *larger = reallocarray(steps->list, room, sizeof(*larger));

		if (!larger) {
			to->failed = true;
			return &nowhere;
		}
		steps->list = larger;
		steps->room = room;
	}
	step = &steps->list[steps->count++];
	*step = (struct step){ .kind = kind };
	(void)snprintf(step->device, sizeof(step->device), "%s", device);
	va_start(arguments, what);
	(void)vsnprintf(step->what, sizeof(step->what), what, arguments);
	va_end(arguments);
	return step;
}

void steps_fini(struct steps *steps)
{
	free(steps->list);
	*steps = (struct steps){ 0 };
}

/* ---- the uplink ---- */

/* The device below a macvlan on top of `parent`: the kernel looks through macvlans. */
static int lower_of(const struct seen_link *parent)
{
	return strcmp(parent->kind, "macvlan") == 0 ? parent->link : parent->index;
}

static bool are_a_pair(const struct seen_link *uplink, const struct seen_link *host_end)
{
	return host_end && strcmp(uplink->kind, "veth") == 0 &&
	       strcmp(host_end->kind, "veth") == 0 && uplink->elsewhere && host_end->elsewhere &&
	       uplink->link == host_end->index && host_end->link == uplink->index;
}

static const char *macvlan_misfit(const struct plan *plan, const struct seen *seen,
                                  const struct seen_link *uplink, char *buf)
{
	const char *parent_name = plan->network->attach_interface;
	const struct seen_link *parent = seen_link_find(&seen->box, parent_name);

	if (strcmp(uplink->kind, "macvlan") != 0)
		(void)snprintf(buf, STEP_WHAT_MAX, "is no macvlan");
	else if (!uplink->macvlan_bridge)
		(void)snprintf(buf, STEP_WHAT_MAX, "is a macvlan, but not in bridge mode");
	else if (!parent || !uplink->elsewhere || uplink->link != lower_of(parent))
		(void)snprintf(buf, STEP_WHAT_MAX, "is not a macvlan of %s", parent_name);
	else
		return NULL;
	return buf;
}

static const char *veth_misfit(const struct plan *plan, const struct seen *seen,
                               const struct seen_link *uplink, char *buf)
{
	if (are_a_pair(uplink, seen_link_find(&seen->box, plan->host_end)))
		return NULL;
	(void)snprintf(buf, STEP_WHAT_MAX, "is not the other end of %s", plan->host_end);
	return buf;
}

static const char *moved_misfit(const struct plan *plan, const struct seen *seen,
                                const struct seen_link *uplink, char *buf)
{
	const char *name = plan->network->attach_interface;
	struct mark mark;

	/* Without a mark, it was moved by hand if the box does not have it any more. */
	if (mark_parse(uplink->alias, &mark) ? strcmp(mark.name, name) == 0
	                                     : !seen_link_find(&seen->box, name))
		return NULL;
	(void)snprintf(buf, STEP_WHAT_MAX, "is not %s", name);
	return buf;
}

static const char *surplus_misfit(const struct plan *plan, const struct seen *seen,
                                  const struct seen_link *uplink, char *buf)
{
	struct mark mark;

	(void)plan;
	(void)seen;
	if (!mark_parse(uplink->alias, &mark))
		return NULL;
	(void)snprintf(buf, STEP_WHAT_MAX, "is not wanted: there is no 'attach'");
	return buf;
}

const char *uplink_misfit(const struct plan *plan, const struct seen *seen, char *buf)
{
	static const char *(*const misfits[])(const struct plan *, const struct seen *,
	                                      const struct seen_link *, char *) = {
		[CONFIG_ATTACH_NONE] = surplus_misfit,
		[CONFIG_ATTACH_MACVLAN] = macvlan_misfit,
		[CONFIG_ATTACH_VETH] = veth_misfit,
		[CONFIG_ATTACH_MOVE] = moved_misfit,
	};
	const struct seen_link *uplink = seen_link_find(&seen->inner, PLAN_UPLINK);

	return uplink ? misfits[plan->network->attach](plan, seen, uplink, buf) : NULL;
}

static bool is_moved(const struct seen_link *link, struct mark *mark)
{
	return mark_parse(link->alias, mark) && mark->name[0];
}

bool uplink_is_strange(const struct plan *plan, const struct seen *seen)
{
	const struct seen_link *uplink = seen_link_find(&seen->inner, PLAN_UPLINK);
	char buf[STEP_WHAT_MAX];
	struct mark mark;

	return uplink && !uplink->kind[0] && !is_moved(uplink, &mark) &&
	       uplink_misfit(plan, seen, buf);
}

static void give_back(struct collector *to, const struct seen_link *link, const struct mark *mark)
{
	add_step(to, STEP_NIC_RETURN, link->name, "%s to the box as %s", link->name, mark->name)
		->mark = *mark;
}

/* Take away whatever has the uplink's place; why may be NULL. */
static void clear_uplink(struct collector *to, const struct seen_link *uplink, const char *why)
{
	struct mark mark;

	if (is_moved(uplink, &mark))
		give_back(to, uplink, &mark);
	else
		add_step(to, STEP_UPLINK_DELETE, uplink->name, "%s%s%s", uplink->name,
		         why ? ", which " : "", why ? why : "");
}

/* NICs of the instance's that are neither where they belong nor about to go there. */
static void clear_strays(struct collector *to, const char *instance, const char *wanted)
{
	const struct seen_link *link;
	struct mark mark;

	link = seen_link_moved(&to->seen->box, instance, &mark);
	if (link && !(wanted && strcmp(mark.name, wanted) == 0))
		add_step(to, STEP_NIC_RESTORE, link->name, "%s, which was to be moved", mark.name)
			->mark = mark;
	link = seen_link_moved(&to->seen->inner, instance, &mark);
	if (link && strcmp(link->name, PLAN_UPLINK) != 0 &&
	    !(wanted && strcmp(mark.name, wanted) == 0))
		give_back(to, link, &mark);
}

static void make_macvlan(struct collector *to)
{
	add_step(to, STEP_MACVLAN_MAKE, PLAN_UPLINK, PLAN_UPLINK ", a macvlan of %s",
	         to->plan->network->attach_interface);
}

/* A macvlan carries nothing while the interface below is down. */
static void finish_parent(struct collector *to)
{
	const char *name = to->plan->network->attach_interface;
	const struct seen_link *parent = seen_link_find(&to->seen->box, name);

	if (parent && !parent->up)
		add_step(to, STEP_PARENT_UP, name, "%s", name);
}

static void make_veth(struct collector *to)
{
	const struct seen_link *leftover = seen_link_find(&to->seen->box, to->plan->host_end);

	if (leftover)
		add_step(to, STEP_HOST_END_DELETE, leftover->name,
		         "%s, whose other end is not " PLAN_UPLINK, leftover->name);
	add_step(to, STEP_VETH_MAKE, PLAN_UPLINK, PLAN_UPLINK ", the other end of %s",
	         to->plan->host_end);
}

static void move_nic(struct collector *to)
{
	const char *instance = to->plan->instance->name,
		   *name = to->plan->network->attach_interface;
	const struct seen_link *link;
	struct step *step;
	struct mark mark;

	link = seen_link_moved(&to->seen->inner, instance, &mark);
	if (link && strcmp(mark.name, name) == 0) {
		add_step(to, STEP_NIC_RENAME, link->name, "%s to " PLAN_UPLINK, link->name);
		return;
	}
	link = seen_link_moved(&to->seen->box, instance, &mark);
	if (!link || strcmp(mark.name, name) != 0)
		link = seen_link_find(&to->seen->box, name);
	step = add_step(to, STEP_NIC_MOVE, link ? link->name : name,
	                "%s into the namespace as " PLAN_UPLINK, name);
	if (link && !mark_parse(link->alias, &step->mark)) {
		step->mark.was_up = link->up;
		(void)snprintf(step->mark.alias, sizeof(step->mark.alias), "%.*s",
		               MARK_ALIAS_MAX - 1, link->alias);
	}
	(void)snprintf(step->mark.instance, sizeof(step->mark.instance), "%s", instance);
	(void)snprintf(step->mark.name, sizeof(step->mark.name), "%s", name);
}

static void mark_uplink(struct collector *to, const struct seen_link *uplink)
{
	const struct config_network *network = to->plan->network;
	struct mark mark = { 0 }, has;

	if (uplink && mark_parse(uplink->alias, &has) &&
	    strcmp(has.instance, network->instance) == 0)
		return;
	/* A NIC gets its mark before it moves; one without was moved by hand. */
	if (network->attach == CONFIG_ATTACH_MOVE && !uplink)
		return;
	(void)snprintf(mark.instance, sizeof(mark.instance), "%s", network->instance);
	if (network->attach == CONFIG_ATTACH_MOVE) {
		(void)snprintf(mark.name, sizeof(mark.name), "%s", network->attach_interface);
		(void)snprintf(mark.alias, sizeof(mark.alias), "%.*s", MARK_ALIAS_MAX - 1,
		               uplink->alias);
	}
	add_step(to, STEP_UPLINK_MARK, PLAN_UPLINK, PLAN_UPLINK " as of instance %s",
	         network->instance)
		->mark = mark;
}

/* The end in the box: in the bridge and up. */
static void finish_host_end(struct collector *to, const struct seen_link *uplink)
{
	const char *bridge_name = to->plan->network->attach_interface;
	const struct seen_space *box = &to->seen->box;
	const struct seen_link *bridge = bridge_name ? seen_link_find(box, bridge_name) : NULL;
	const struct seen_link *end = uplink ? seen_link_find(box, to->plan->host_end) : NULL;
	const struct seen_link *master = end && end->master ? seen_link_at(box, end->master) : NULL;

	if (bridge_name && (!end || !bridge || end->master != bridge->index))
		add_step(to, STEP_HOST_END_JOIN, to->plan->host_end, "%s to the bridge %s",
		         to->plan->host_end, bridge_name);
	else if (!bridge_name && master && strcmp(master->kind, "bridge") == 0)
		add_step(to, STEP_HOST_END_JOIN, to->plan->host_end, "%s to no bridge",
		         to->plan->host_end);
	if (!end || !end->up)
		add_step(to, STEP_HOST_END_UP, to->plan->host_end, "%s", to->plan->host_end);
}

/* Returns the uplink when it is the right one already. */
static const struct seen_link *settle_uplink(struct collector *to)
{
	const struct seen_link *uplink = seen_link_find(&to->seen->inner, PLAN_UPLINK);
	const struct config_network *network = to->plan->network;
	static void (*const makers[])(struct collector *) = {
		[CONFIG_ATTACH_MACVLAN] = make_macvlan,
		[CONFIG_ATTACH_VETH] = make_veth,
		[CONFIG_ATTACH_MOVE] = move_nic,
	};
	char why[STEP_WHAT_MAX];

	clear_strays(to, network->instance,
	             network->attach == CONFIG_ATTACH_MOVE ? network->attach_interface : NULL);
	if (uplink && uplink_misfit(to->plan, to->seen, why)) {
		clear_uplink(to, uplink, why);
		uplink = NULL;
	}
	if (!plan_has_uplink(to->plan))
		return NULL;
	if (!uplink)
		makers[network->attach](to);
	mark_uplink(to, uplink);
	if (network->attach == CONFIG_ATTACH_VETH)
		finish_host_end(to, uplink);
	if (network->attach == CONFIG_ATTACH_MACVLAN)
		finish_parent(to);
	return uplink;
}

/* ---- sysctls ---- */

/* What was seen is of no use when its interface is about to be replaced. */
enum sysctls_seen { SYSCTLS_AS_SEEN, SYSCTLS_OF_ANOTHER };

static void settle_sysctls(struct collector *to, enum plan_sysctl_place place,
                           enum sysctls_seen which)
{
	static const struct seen_sysctl unknown = { .file = SEEN_FILE_UNKNOWN };
	const struct plan *plan = to->plan;

	for (size_t i = 0; i < plan->sysctl_count; i++) {
		const struct plan_sysctl *sysctl = &plan->sysctls[i];
		const struct seen_sysctl *seen = which == SYSCTLS_AS_SEEN ? &to->seen->sysctls[i]
		                                                          : &unknown;

		if (sysctl->place != place || !plan_wants_sysctl(plan, sysctl))
			continue;
		if (seen->file == SEEN_FILE_READ
		            ? plan_sysctl_fits(sysctl, seen->value)
		            : seen->file == SEEN_FILE_ABSENT && sysctl->optional)
			continue;
		add_step(to, STEP_SYSCTL_SET, "", "%s to %u%s%s%s", sysctl->path, sysctl->value,
		         seen->file == SEEN_FILE_READ ? " (it is " : "", seen->value,
		         seen->file == SEEN_FILE_READ ? ")" : "")
			->sysctl = sysctl;
	}
}

/* ---- addresses ---- */

static const char *const device_names[] = {
	[PLAN_ON_UPLINK] = PLAN_UPLINK, [PLAN_ON_LOOPBACK] = "lo"
};

static void address_step(struct collector *to, enum step_kind kind, enum plan_device where,
                         const struct net_address *address)
{
	char text[ADDRESS_STRLEN];
	struct step *step = add_step(to, kind, device_names[where], "the address %s on %s",
	                             net_address_format(address, text), device_names[where]);

	step->where = where;
	step->address = *address;
}

static bool is_planned(const struct plan *plan, enum plan_device where,
                       const struct net_address *address)
{
	for (size_t i = 0; i < plan->address_count; i++)
		if (plan->addresses[i].device == where &&
		    net_address_equal(&plan->addresses[i].address, address))
			return true;
	return false;
}

/* An IPv6 address cannot be on an interface twice, with different prefix lengths. */
static bool stands_in_the_way(const struct plan *plan, const struct net_address *address)
{
	for (size_t i = 0; i < plan->address_count; i++)
		if (plan->addresses[i].device == PLAN_ON_UPLINK && address->family == AF_INET6 &&
		    net_address_same_host(&plan->addresses[i].address, address))
			return true;
	return false;
}

/* On the loopback only what an earlier configuration put there for probes is ours to remove. */
static bool is_old_probe_address(const struct plan *plan, const struct net_address *address)
{
	const struct config_instance *instance = plan->instance;
	struct in6_addr addr6;

	memcpy(&addr6, address->bytes, sizeof(addr6));
	if (address->family != AF_INET6 || address->len != 128)
		return false;
	for (size_t i = 0; i < instance->pool6_count; i++)
		if (prefix6_has(&instance->pool6[i].prefix, &addr6))
			return true;
	return false;
}

static bool is_unwanted(const struct plan *plan, enum plan_device where,
                        const struct seen_address *seen)
{
	if (is_planned(plan, where, &seen->address))
		return seen->failed;
	if (where == PLAN_ON_LOOPBACK)
		return seen->probe || is_old_probe_address(plan, &seen->address);
	return !net_address_is_link_local(&seen->address);
}

enum turn { BEFORE_NEW_ONES, AFTER_NEW_ONES };

static void remove_addresses(struct collector *to, enum plan_device where, int index,
                             enum turn turn)
{
	const struct seen_space *inner = &to->seen->inner;

	for (size_t i = 0; i < inner->address_count; i++) {
		const struct seen_address *seen = &inner->addresses[i];
		bool early = seen->failed || stands_in_the_way(to->plan, &seen->address);

		if (seen->index == index && is_unwanted(to->plan, where, seen) &&
		    early == (turn == BEFORE_NEW_ONES))
			address_step(to, STEP_ADDRESS_DELETE, where, &seen->address);
	}
}

/* index 0: the device is not there yet. */
static void add_addresses(struct collector *to, enum plan_device where, int index)
{
	const struct plan *plan = to->plan;

	for (size_t i = 0; i < plan->address_count; i++) {
		const struct net_address *address = &plan->addresses[i].address;
		const struct seen_address *seen = seen_address_find(&to->seen->inner, index,
		                                                    address);

		if (plan->addresses[i].device == where && (!seen || seen->failed))
			address_step(to, STEP_ADDRESS_ADD, where, address);
	}
}

/* ---- routes ---- */

static bool route_fits(const struct plan_route *wanted, const struct seen_route *seen, int index)
{
	if (seen->family != wanted->family || seen->index != index ||
	    seen->protocol != PLAN_ROUTE_PROTOCOL || seen->count != wanted->count ||
	    seen->metric != (wanted->family == AF_INET ? PLAN_METRIC4 : PLAN_METRIC6))
		return false;
	for (size_t i = 0; i < wanted->count; i++) {
		size_t j = 0;

		while (j < seen->count &&
		       !net_address_same_host(&wanted->gateways[i], &seen->gateways[j]))
			j++;
		if (j == seen->count)
			return false;
	}
	return true;
}

static void set_route(struct collector *to, const struct plan_route *wanted, int index)
{
	const struct seen_space *inner = &to->seen->inner;
	char text[STEP_WHAT_MAX] = "", gateway[ADDRESS_STRLEN];

	for (size_t i = 0; i < inner->route_count; i++)
		if (route_fits(wanted, &inner->routes[i], index))
			return;
	for (size_t i = 0; i < wanted->count; i++) {
		size_t len = strlen(text);

		(void)snprintf(text + len, sizeof(text) - len, "%s%s", i ? ", " : "",
		               net_address_format_host(&wanted->gateways[i], gateway));
	}
	add_step(to, STEP_ROUTE_SET, PLAN_UPLINK, "the default route via %.120s", text)->route =
		wanted;
}

/* Ours, but of a family that has no gateway any more. */
static void remove_routes(struct collector *to)
{
	const struct seen_space *inner = &to->seen->inner;

	for (size_t i = 0; i < inner->route_count; i++) {
		const struct seen_route *seen = &inner->routes[i];

		if (seen->protocol == PLAN_ROUTE_PROTOCOL &&
		    to->plan->routes[seen->family == AF_INET6].count == 0)
			add_step(to, STEP_ROUTE_DELETE, PLAN_UPLINK, "the default route of %s",
			         seen->family == AF_INET ? "IPv4" : "IPv6")
				->old = *seen;
	}
}

/* ---- all of it ---- */

static void settle_loopback(struct collector *to)
{
	const struct seen_link *lo = seen_link_find(&to->seen->inner, "lo");

	if (!lo || !lo->up)
		add_step(to, STEP_LOOPBACK_UP, "lo", "lo");
	add_addresses(to, PLAN_ON_LOOPBACK, lo ? lo->index : 0);
	if (lo)
		remove_addresses(to, PLAN_ON_LOOPBACK, lo->index, AFTER_NEW_ONES);
}

static void settle_uplink_addresses(struct collector *to, const struct seen_link *uplink)
{
	int index = uplink ? uplink->index : 0;

	if (uplink)
		remove_addresses(to, PLAN_ON_UPLINK, index, BEFORE_NEW_ONES);
	add_addresses(to, PLAN_ON_UPLINK, index);
	if (!uplink || !uplink->up)
		add_step(to, STEP_UPLINK_UP, PLAN_UPLINK, PLAN_UPLINK);
	for (size_t family = 0; family < 2; family++)
		if (to->plan->routes[family].count)
			set_route(to, &to->plan->routes[family], index);
	if (!uplink)
		return;
	remove_routes(to);
	remove_addresses(to, PLAN_ON_UPLINK, index, AFTER_NEW_ONES);
}

int difference(const struct plan *plan, const struct seen *seen, struct steps *out)
{
	struct collector to = { .plan = plan, .seen = seen, .steps = out };
	const struct seen_link *uplink;

	*out = (struct steps){ 0 };
	if (!seen->inner.exists)
		add_step(&to, STEP_SPACE_MAKE, "", "the namespace %s",
		         plan->network->namespace_name);
	settle_sysctls(&to, PLAN_IN_BOX, SYSCTLS_AS_SEEN);
	settle_sysctls(&to, PLAN_IN_SPACE, SYSCTLS_AS_SEEN);
	settle_loopback(&to);
	uplink = settle_uplink(&to);
	settle_sysctls(&to, PLAN_OF_UPLINK, uplink ? SYSCTLS_AS_SEEN : SYSCTLS_OF_ANOTHER);
	if (plan_has_uplink(plan))
		settle_uplink_addresses(&to, uplink);
	if (to.failed)
		steps_fini(out);
	return to.failed ? -ENOMEM : 0;
}

int difference_down(const char *instance, const char *space, const struct seen *seen,
                    struct steps *out)
{
	const struct seen_link *uplink = seen_link_find(&seen->inner, PLAN_UPLINK), *end;
	struct collector to = { .seen = seen, .steps = out };
	char host_end[16];
	struct mark mark;

	*out = (struct steps){ 0 };
	plan_host_end(instance, host_end);
	end = seen_link_find(&seen->box, host_end);
	clear_strays(&to, instance, NULL);
	if (uplink && (uplink->kind[0] || is_moved(uplink, &mark)))
		clear_uplink(&to, uplink, NULL);
	if (end && strcmp(end->kind, "veth") == 0 && !(uplink && are_a_pair(uplink, end)))
		add_step(&to, STEP_HOST_END_DELETE, end->name, "%s", end->name);
	if (seen->inner.exists)
		add_step(&to, STEP_SPACE_REMOVE, "", "the namespace %s", space);
	if (to.failed)
		steps_fini(out);
	return to.failed ? -ENOMEM : 0;
}

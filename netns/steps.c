#include "netns/steps.h"

#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/macvlan.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/route.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MTU_MIN 1280

/* What a step returns: 0, SKIPPED when there was nothing to do after all, a negative error number
 * of libnl; or -SYSTEM_ERROR - errno. */
#define SKIPPED      1
#define SYSTEM_ERROR 1000

struct work {
	struct workplace *place;
	const struct plan *plan;
	const struct step *step;
};

static int system_error(int error)
{
	return error < 0 ? error - SYSTEM_ERROR : error;
}

static const char *error_text(int error)
{
	return error <= -SYSTEM_ERROR ? strerror(-error - SYSTEM_ERROR) : nl_geterror(error);
}

/* ---- links ---- */

static int link_index(struct nl_sock *sock, const char *name, int *index)
{
	struct rtnl_link *link;
	int error = rtnl_link_get_kernel(sock, 0, name, &link);

	if (error < 0)
		return error;
	*index = rtnl_link_get_ifindex(link);
	rtnl_link_put(link);
	return 0;
}

/* Change the link of that name to what `change` has. Takes over the reference to change. */
static int change_link(struct nl_sock *sock, const char *name, struct rtnl_link *change)
{
	struct rtnl_link *link = NULL;
	int error = change ? rtnl_link_get_kernel(sock, 0, name, &link) : -NLE_NOMEM;

	if (error == 0)
		error = rtnl_link_change(sock, link, change, 0);
	rtnl_link_put(link);
	rtnl_link_put(change);
	return error;
}

static int set_up(struct nl_sock *sock, const char *name)
{
	struct rtnl_link *change = rtnl_link_alloc();

	if (change)
		rtnl_link_set_flags(change, IFF_UP);
	return change_link(sock, name, change);
}

static int set_down(struct nl_sock *sock, const char *name)
{
	struct rtnl_link *change = rtnl_link_alloc();

	if (change)
		rtnl_link_unset_flags(change, IFF_UP);
	return change_link(sock, name, change);
}

static int set_alias(struct nl_sock *sock, const char *name, const char *alias)
{
	struct rtnl_link *change = rtnl_link_alloc();

	if (change)
		rtnl_link_set_ifalias(change, alias);
	return change_link(sock, name, change);
}

static int rename_link(struct nl_sock *sock, const char *name, const char *to)
{
	struct rtnl_link *change = rtnl_link_alloc();

	if (change)
		rtnl_link_set_name(change, to);
	return change_link(sock, name, change);
}

/* Into another namespace under another name, in one go. */
static int send_link(struct nl_sock *sock, const char *name, int space, const char *to)
{
	struct rtnl_link *change = rtnl_link_alloc();

	if (change) {
		rtnl_link_set_name(change, to);
		rtnl_link_set_ns_fd(change, space);
	}
	return change_link(sock, name, change);
}

static int delete_link(struct nl_sock *sock, const char *name)
{
	struct rtnl_link *link;
	int error = rtnl_link_get_kernel(sock, 0, name, &link);

	if (error == -NLE_OBJ_NOTFOUND || error == -NLE_NODEV)
		return SKIPPED; /* it went with its other end */
	if (error < 0)
		return error;
	error = rtnl_link_delete(sock, link);
	rtnl_link_put(link);
	return error;
}

/* ---- one function for each kind of step ---- */

static int do_space_make(const struct work *work)
{
	int error = space_make(work->place->name);

	return system_error(error < 0 ? error : workplace_enter_new(work->place));
}

static int do_space_remove(const struct work *work)
{
	return system_error(space_remove(work->place->name));
}

/* Name, alias and state as they were. */
static int restore_nic(struct nl_sock *sock, const char *name, const struct mark *mark)
{
	int error = 0;

	if (strcmp(name, mark->name) != 0) {
		error = set_down(sock, name);
		if (error == 0)
			error = rename_link(sock, name, mark->name);
	}
	if (error == 0 && mark->was_up)
		error = set_up(sock, mark->name);
	return error < 0 ? error : set_alias(sock, mark->name, mark->alias);
}

static int do_nic_restore(const struct work *work)
{
	return restore_nic(work->place->box_sock, work->step->device, &work->step->mark);
}

static int do_nic_return(const struct work *work)
{
	const struct step *step = work->step;
	int error = send_link(work->place->inner_sock, step->device, work->place->box,
	                      step->mark.name);

	return error < 0 ? error : restore_nic(work->place->box_sock, step->mark.name, &step->mark);
}

static int do_nic_move(const struct work *work)
{
	const struct step *step = work->step;
	char alias[MARK_MAX];
	int error;

	mark_format(&step->mark, alias);
	error = set_alias(work->place->box_sock, step->device, alias);
	return error < 0 ? error
	                 : send_link(work->place->box_sock, step->device, work->place->inner,
	                             PLAN_UPLINK);
}

static int do_nic_rename(const struct work *work)
{
	int error = set_down(work->place->inner_sock, work->step->device);

	return error < 0 ? error
	                 : rename_link(work->place->inner_sock, work->step->device, PLAN_UPLINK);
}

static int do_uplink_mark(const struct work *work)
{
	char alias[MARK_MAX];

	mark_format(&work->step->mark, alias);
	return set_alias(work->place->inner_sock, PLAN_UPLINK, alias);
}

static int do_inner_delete(const struct work *work)
{
	return delete_link(work->place->inner_sock, work->step->device);
}

static int do_box_delete(const struct work *work)
{
	return delete_link(work->place->box_sock, work->step->device);
}

static int do_inner_up(const struct work *work)
{
	return set_up(work->place->inner_sock, work->step->device);
}

static int do_box_up(const struct work *work)
{
	return set_up(work->place->box_sock, work->step->device);
}

static int set_mac(struct rtnl_link *link, const struct plan *plan)
{
	struct nl_addr *mac = nl_addr_build(AF_LLC, plan->mac, sizeof(plan->mac));

	if (!mac)
		return -NLE_NOMEM;
	rtnl_link_set_addr(link, mac);
	nl_addr_put(mac);
	return 0;
}

static int do_macvlan_make(const struct work *work)
{
	struct rtnl_link *link = rtnl_link_macvlan_alloc();
	int parent, error = link ? 0 : -NLE_NOMEM;

	if (error == 0)
		error = link_index(work->place->box_sock, work->plan->network->attach_interface,
		                   &parent);
	if (error == 0)
		error = set_mac(link, work->plan);
	if (error == 0) {
		rtnl_link_set_name(link, PLAN_UPLINK);
		rtnl_link_set_link(link, parent);
		rtnl_link_set_ns_fd(link, work->place->inner);
		error = rtnl_link_macvlan_set_mode(link, MACVLAN_MODE_BRIDGE);
	}
	if (error == 0)
		error = rtnl_link_add(work->place->box_sock, link, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_link_put(link);
	return error;
}

/* A port of a bridge has the MTU of the bridge, or it would lower that; else the pair carries what
 * the instance does. */
static unsigned veth_mtu(const struct work *work)
{
	const struct config_instance *instance = work->plan->instance;
	unsigned mtu = instance->mtu6 > instance->mtu4 ? instance->mtu6 : instance->mtu4;
	struct rtnl_link *bridge;

	if (work->plan->network->attach_interface &&
	    rtnl_link_get_kernel(work->place->box_sock, 0, work->plan->network->attach_interface,
	                         &bridge) == 0) {
		mtu = rtnl_link_get_mtu(bridge);
		rtnl_link_put(bridge);
	}
	return mtu < MTU_MIN ? MTU_MIN : mtu;
}

static int do_veth_make(const struct work *work)
{
	struct rtnl_link *link = rtnl_link_veth_alloc(), *peer;
	unsigned mtu = veth_mtu(work);
	int error;

	if (!link)
		return -NLE_NOMEM;
	peer = rtnl_link_veth_get_peer(link);
	rtnl_link_set_name(link, work->plan->host_end);
	rtnl_link_set_mtu(link, mtu);
	rtnl_link_set_name(peer, PLAN_UPLINK);
	rtnl_link_set_mtu(peer, mtu);
	rtnl_link_set_ns_fd(peer, work->place->inner);
	error = set_mac(peer, work->plan);
	if (error == 0)
		error = rtnl_link_add(work->place->box_sock, link, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_link_put(peer);
	rtnl_link_put(link);
	return error;
}

static int do_host_end_join(const struct work *work)
{
	const char *bridge = work->plan->network->attach_interface;
	struct rtnl_link *change;
	int index = 0, error = 0;

	if (bridge)
		error = link_index(work->place->box_sock, bridge, &index);
	if (error < 0)
		return error;
	change = rtnl_link_alloc();
	if (change)
		rtnl_link_set_master(change, index);
	return change_link(work->place->box_sock, work->step->device, change);
}

/* ---- sysctls ---- */

static int write_sysctl(const struct plan_sysctl *sysctl)
{
	char path[128], value[16];
	int fd, error = 0;
	size_t len;

	(void)snprintf(path, sizeof(path), "/proc/sys/%s", sysctl->path);
	len = (size_t)snprintf(value, sizeof(value), "%u\n", sysctl->value);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT && sysctl->optional ? SKIPPED : -errno;
	if (write(fd, value, len) != (ssize_t)len)
		error = -errno;
	close(fd);
	return error;
}

static int do_sysctl_set(const struct work *work)
{
	int error = 0, back;

	if (work->step->sysctl->place == PLAN_IN_BOX)
		return system_error(write_sysctl(work->step->sysctl));
	error = workplace_go_inside(work->place);
	if (error == 0)
		error = write_sysctl(work->step->sysctl);
	back = workplace_go_back(work->place);
	return system_error(back < 0 ? back : error);
}

/* ---- addresses ---- */

static struct nl_addr *build_address(const struct net_address *from)
{
	struct nl_addr *address = nl_addr_build(from->family, from->bytes,
	                                        from->family == AF_INET ? 4 : 16);

	if (address)
		nl_addr_set_prefixlen(address, from->len);
	return address;
}

/* NULL and *error. */
static struct rtnl_addr *address_of(const struct work *work, int *error)
{
	struct rtnl_addr *address = rtnl_addr_alloc();
	struct nl_addr *local = build_address(&work->step->address);
	int index = 0;

	*error = address && local ? link_index(work->place->inner_sock, work->step->device, &index)
	                          : -NLE_NOMEM;
	if (*error == 0) {
		rtnl_addr_set_ifindex(address, index);
		*error = rtnl_addr_set_local(address, local);
	}
	nl_addr_put(local);
	if (*error < 0) {
		rtnl_addr_put(address);
		return NULL;
	}
	return address;
}

/* Addresses of the probes are for sockets that ask for them: never a source by themselves. */
static int hide_address(struct rtnl_addr *address, uint8_t family)
{
	if (family == AF_INET) {
		rtnl_addr_set_scope(address, RT_SCOPE_HOST);
		return rtnl_addr_set_label(address, PLAN_PROBE_LABEL);
	}
	rtnl_addr_set_valid_lifetime(address, UINT32_MAX);
	rtnl_addr_set_preferred_lifetime(address, 0);
	return 0;
}

static int do_address_add(const struct work *work)
{
	const struct step *step = work->step;
	struct rtnl_addr *address;
	int error;

	address = address_of(work, &error);
	if (!address)
		return error;
	/* It was asked for on the link before, and should serve at once, also each time the
	 * carrier comes back. */
	if (step->address.family == AF_INET6)
		rtnl_addr_set_flags(address, IFA_F_NODAD);
	if (step->where == PLAN_ON_LOOPBACK)
		error = hide_address(address, step->address.family);
	if (error == 0)
		error = rtnl_addr_add(work->place->inner_sock, address, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_addr_put(address);
	return error;
}

static int do_address_delete(const struct work *work)
{
	struct rtnl_addr *address;
	int error;

	address = address_of(work, &error);
	if (!address)
		return error;
	error = rtnl_addr_delete(work->place->inner_sock, address, 0);
	rtnl_addr_put(address);
	return error == -NLE_NOADDR ? SKIPPED : error;
}

/* ---- routes ---- */

static int add_next_hop(struct rtnl_route *route, const struct net_address *gateway, int index)
{
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct nl_addr *address = build_address(gateway);

	if (hop && address) {
		rtnl_route_nh_set_ifindex(hop, index);
		rtnl_route_nh_set_gateway(hop, address);
		rtnl_route_add_nexthop(route, hop);
		hop = NULL;
	}
	nl_addr_put(address);
	if (hop)
		rtnl_route_nh_free(hop);
	return address ? 0 : -NLE_NOMEM;
}

static struct rtnl_route *default_route(uint8_t family)
{
	static const struct net_address any;
	struct net_address destination = any;
	struct rtnl_route *route = rtnl_route_alloc();
	struct nl_addr *address;

	destination.family = family;
	address = build_address(&destination);
	if (route && address) {
		rtnl_route_set_family(route, family);
		(void)rtnl_route_set_dst(route, address);
		rtnl_route_set_protocol(route, PLAN_ROUTE_PROTOCOL);
		rtnl_route_set_scope(route, RT_SCOPE_UNIVERSE);
		rtnl_route_set_table(route, RT_TABLE_MAIN);
		if (family == AF_INET6)
			rtnl_route_set_priority(route, PLAN_METRIC6);
	} else {
		rtnl_route_put(route);
		route = NULL;
	}
	nl_addr_put(address);
	return route;
}

static int do_route_set(const struct work *work)
{
	const struct plan_route *wanted = work->step->route;
	struct rtnl_route *route = default_route(wanted->family);
	int index = 0, error;

	if (!route)
		return -NLE_NOMEM;
	error = link_index(work->place->inner_sock, PLAN_UPLINK, &index);
	for (size_t i = 0; error == 0 && i < wanted->count; i++)
		error = add_next_hop(route, &wanted->gateways[i], index);
	if (error == 0)
		error = rtnl_route_add(work->place->inner_sock, route,
		                       NLM_F_CREATE | NLM_F_REPLACE);
	rtnl_route_put(route);
	return error;
}

static int do_route_delete(const struct work *work)
{
	const struct seen_route *old = &work->step->old;
	struct rtnl_route *route = default_route(old->family);
	int error;

	if (!route)
		return -NLE_NOMEM;
	rtnl_route_set_priority(route, old->metric);
	error = rtnl_route_delete(work->place->inner_sock, route, 0);
	rtnl_route_put(route);
	return error == -NLE_OBJ_NOTFOUND ? SKIPPED : error;
}

/* ---- all of them ---- */

/* clang-format off */
static int (*const functions[STEP_KINDS])(const struct work *) = {
	[STEP_SPACE_MAKE]      = do_space_make,
	[STEP_NIC_RESTORE]     = do_nic_restore,
	[STEP_NIC_RETURN]      = do_nic_return,
	[STEP_UPLINK_DELETE]   = do_inner_delete,
	[STEP_HOST_END_DELETE] = do_box_delete,
	[STEP_SYSCTL_SET]      = do_sysctl_set,
	[STEP_LOOPBACK_UP]     = do_inner_up,
	[STEP_PARENT_UP]       = do_box_up,
	[STEP_MACVLAN_MAKE]    = do_macvlan_make,
	[STEP_VETH_MAKE]       = do_veth_make,
	[STEP_NIC_MOVE]        = do_nic_move,
	[STEP_NIC_RENAME]      = do_nic_rename,
	[STEP_UPLINK_MARK]     = do_uplink_mark,
	[STEP_HOST_END_JOIN]   = do_host_end_join,
	[STEP_HOST_END_UP]     = do_box_up,
	[STEP_ADDRESS_DELETE]  = do_address_delete,
	[STEP_ADDRESS_ADD]     = do_address_add,
	[STEP_UPLINK_UP]       = do_inner_up,
	[STEP_ROUTE_SET]       = do_route_set,
	[STEP_ROUTE_DELETE]    = do_route_delete,
	[STEP_SPACE_REMOVE]    = do_space_remove,
};
/* clang-format on */

/* A step is told about when it is done; but how many sysctls were set, when it was a row of them.
 */
struct report {
	FILE *out;
	size_t sysctls;
	const char *what; /* of the last of them */
};

static void tell_sysctls(struct report *report)
{
	if (report->sysctls == 1)
		(void)fprintf(report->out, "set %s\n", report->what);
	else if (report->sysctls > 1)
		(void)fprintf(report->out, "set %zu sysctls\n", report->sysctls);
	report->sysctls = 0;
}

static void tell_done(struct report *report, const struct step *step)
{
	if (step->kind == STEP_SYSCTL_SET) {
		report->sysctls++;
		report->what = step->what;
		return;
	}
	tell_sysctls(report);
	(void)fprintf(report->out, "%s %s\n", step_words(step->kind)->done, step->what);
}

static int do_step(struct workplace *place, const struct plan *plan, const struct step *step,
                   struct report *report)
{
	const struct work work = { place, plan, step };
	int error = functions[step->kind](&work);

	if (error == 0)
		tell_done(report, step);
	else if (error < 0)
		log_error("%s %s: %s", step_words(step->kind)->failed, step->what,
		          error_text(error));
	return error < 0 ? -EIO : 0;
}

int steps_do(struct workplace *place, const struct plan *plan, const struct steps *steps, FILE *out)
{
	struct report report = { .out = out };
	int error = 0;

	for (size_t i = 0; error == 0 && i < steps->count; i++)
		error = do_step(place, plan, &steps->list[i], &report);
	tell_sysctls(&report);
	return error;
}

size_t steps_do_all(struct workplace *place, const struct steps *steps, FILE *out)
{
	struct report report = { .out = out };
	size_t failed = 0;

	for (size_t i = 0; i < steps->count; i++)
		failed += do_step(place, NULL, &steps->list[i], &report) < 0;
	return failed;
}

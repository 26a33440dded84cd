#include "tests/unit/netns_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void set_text(char *to, size_t size, const char *from)
{
	(void)snprintf(to, size, "%s", from);
}

struct seen_link *world_add_link(struct world *world, struct seen_space *space, const char *name,
                                 const char *kind)
{
	struct seen_link *link = &space->links[space->link_count++];

	assert_true(space->link_count < WORLD_LINKS);
	assert_null(seen_link_find(
		&(struct seen_space){ .links = space->links, .link_count = space->link_count - 1 },
		name));
	*link = (struct seen_link){ .index = world->next_index++, .mtu = 1500 };
	set_text(link->name, sizeof(link->name), name);
	set_text(link->kind, sizeof(link->kind), kind);
	return link;
}

struct seen_link *world_link(struct seen_space *space, const char *name)
{
	for (size_t i = 0; i < space->link_count; i++)
		if (strcmp(space->links[i].name, name) == 0)
			return &space->links[i];
	fail_msg("no link %s", name);
	return &space->links[0]; /* not reached */
}

static void remove_link_at(struct seen_space *space, int index)
{
	size_t kept = 0;

	for (size_t i = 0; i < space->link_count; i++)
		if (space->links[i].index != index)
			space->links[kept++] = space->links[i];
	space->link_count = kept;
	kept = 0;
	for (size_t i = 0; i < space->address_count; i++)
		if (space->addresses[i].index != index)
			space->addresses[kept++] = space->addresses[i];
	space->address_count = kept;
	kept = 0;
	for (size_t i = 0; i < space->route_count; i++)
		if (space->routes[i].index != index)
			space->routes[kept++] = space->routes[i];
	space->route_count = kept;
}

void world_remove_link(struct seen_space *space, const char *name)
{
	remove_link_at(space, world_link(space, name)->index);
}

void world_add_address(struct seen_space *space, int index, const char *text)
{
	struct net_address address;

	assert_int_equal(net_address_parse(text, &address), 0);
	space->addresses[space->address_count++] = (struct seen_address){ .index = index,
		                                                          .address = address };
	assert_true(space->address_count < WORLD_ADDRESSES);
}

void world_remove_address(struct seen_space *space, int index, const struct net_address *address)
{
	for (size_t i = 0; i < space->address_count; i++) {
		if (space->addresses[i].index != index ||
		    !net_address_equal(&space->addresses[i].address, address))
			continue;
		space->addresses[i] = space->addresses[--space->address_count];
		return;
	}
	fail_msg("no such address");
}

void world_init(struct world *world, const struct plan *plan)
{
	*world = (struct world){ .plan = plan, .next_index = 1 };
	world->seen.box.links = world->links[0];
	world->seen.inner.links = world->links[1];
	world->seen.box.addresses = world->addresses[0];
	world->seen.inner.addresses = world->addresses[1];
	world->seen.box.routes = world->routes[0];
	world->seen.inner.routes = world->routes[1];
	world->seen.sysctls = world->sysctls;
	world->seen.box.exists = true;
	world->seen.local_port_min = 32768;
	world->seen.local_port_max = 60999;
	world_add_link(world, &world->seen.box, "lo", "")->loopback = true;
	world_add_link(world, &world->seen.box, "eth0", "")->up = true;
	world_add_link(world, &world->seen.box, "eth3", "")->up = true;
	world_add_link(world, &world->seen.box, "br0", "bridge")->up = true;
	assert_true(plan->sysctl_count <= WORLD_SYSCTLS);
}

/* ---- steps ---- */

static void value(struct world *world, const struct plan_sysctl *sysctl, unsigned number)
{
	struct seen_sysctl *seen = &world->sysctls[sysctl - world->plan->sysctls];

	seen->file = SEEN_FILE_READ;
	(void)snprintf(seen->value, sizeof(seen->value), "%u", number);
}

/* The files of a new namespace or interface, with values that nobody wants. */
static void new_sysctls(struct world *world, enum plan_sysctl_place place)
{
	for (size_t i = 0; i < world->plan->sysctl_count; i++)
		if (world->plan->sysctls[i].place == place)
			value(world, &world->plan->sysctls[i], 7);
}

static void new_uplink(struct world *world)
{
	new_sysctls(world, PLAN_OF_UPLINK);
}

static void make_space(struct world *world)
{
	assert_false(world->seen.inner.exists);
	world->seen.inner.exists = true;
	world_add_link(world, &world->seen.inner, "lo", "")->loopback = true;
	new_sysctls(world, PLAN_IN_SPACE);
}

static void make_macvlan(struct world *world)
{
	struct seen_link *parent = world_link(&world->seen.box,
	                                      world->plan->network->attach_interface);
	struct seen_link *uplink = world_add_link(world, &world->seen.inner, PLAN_UPLINK,
	                                          "macvlan");

	uplink->link = parent->index;
	uplink->elsewhere = true;
	uplink->macvlan_bridge = true;
	new_uplink(world);
}

static void make_veth(struct world *world)
{
	struct seen_link *uplink = world_add_link(world, &world->seen.inner, PLAN_UPLINK, "veth");
	struct seen_link *end = world_add_link(world, &world->seen.box, world->plan->host_end,
	                                       "veth");

	uplink->link = end->index;
	end->link = uplink->index;
	uplink->elsewhere = end->elsewhere = true;
	new_uplink(world);
}

static void move_link(struct seen_space *from, const char *name, struct seen_space *to,
                      const char *new_name)
{
	struct seen_link link = *world_link(from, name);

	world_remove_link(from, name);
	assert_null(seen_link_find(to, new_name));
	link.up = false;
	set_text(link.name, sizeof(link.name), new_name);
	to->links[to->link_count++] = link;
}

static void restore(struct world *world, const char *name, const struct mark *mark)
{
	struct seen_link *link = world_link(&world->seen.box, name);

	set_text(link->name, sizeof(link->name), mark->name);
	set_text(link->alias, sizeof(link->alias), mark->alias);
	link->up = mark->was_up;
}

static void delete_uplink(struct world *world, const char *name)
{
	struct seen_link link = *world_link(&world->seen.inner, name);

	assert_true(link.kind[0]); /* hardware cannot be deleted */
	remove_link_at(&world->seen.inner, link.index);
	if (strcmp(link.kind, "veth") == 0 && link.elsewhere)
		remove_link_at(&world->seen.box, link.link);
}

static void delete_host_end(struct world *world, const char *name)
{
	const struct seen_link *found = seen_link_find(&world->seen.box, name);
	struct seen_link link;

	if (!found)
		return; /* it went with the other end */
	link = *found;
	remove_link_at(&world->seen.box, link.index);
	remove_link_at(&world->seen.inner, link.link);
}

static void join(struct world *world, const char *name)
{
	const char *bridge = world->plan->network->attach_interface;

	world_link(&world->seen.box, name)->master =
		bridge ? world_link(&world->seen.box, bridge)->index : 0;
}

static void add_address(struct world *world, const struct step *step)
{
	struct seen_space *inner = &world->seen.inner;
	int index = world_link(inner, step->device)->index;

	for (size_t i = 0; i < inner->address_count; i++) {
		const struct net_address *has = &inner->addresses[i].address;

		assert_false(inner->addresses[i].index == index &&
		             (has->family == AF_INET6 ? net_address_same_host(has, &step->address)
		                                      : net_address_equal(has, &step->address)));
	}
	inner->addresses[inner->address_count++] = (struct seen_address){
		.index = index, .address = step->address, .probe = step->where == PLAN_ON_LOOPBACK
	};
}

static void set_route(struct world *world, const struct plan_route *wanted)
{
	struct seen_space *inner = &world->seen.inner;
	const struct seen_link *uplink = world_link(inner, PLAN_UPLINK);
	struct seen_route route = { .family = wanted->family,
		                    .protocol = PLAN_ROUTE_PROTOCOL,
		                    .metric = wanted->family == AF_INET ? PLAN_METRIC4
		                                                        : PLAN_METRIC6,
		                    .index = uplink->index,
		                    .count = wanted->count };
	size_t at = 0;

	assert_true(uplink->up); /* "Network is unreachable" */
	memcpy(route.gateways, wanted->gateways, sizeof(route.gateways));
	while (at < inner->route_count && (inner->routes[at].family != route.family ||
	                                   inner->routes[at].metric != route.metric))
		at++;
	if (at == inner->route_count)
		inner->route_count++;
	inner->routes[at] = route;
}

static void delete_route(struct world *world, const struct seen_route *old)
{
	struct seen_space *inner = &world->seen.inner;

	for (size_t i = 0; i < inner->route_count; i++) {
		if (inner->routes[i].family != old->family ||
		    inner->routes[i].metric != old->metric)
			continue;
		inner->routes[i] = inner->routes[--inner->route_count];
		return;
	}
	fail_msg("no such route");
}

static void remove_space(struct world *world)
{
	world->seen.inner.exists = false;
	world->seen.inner.link_count = 0;
	world->seen.inner.address_count = 0;
	world->seen.inner.route_count = 0;
}

void world_do(struct world *world, const struct step *step)
{
	struct seen_space *box = &world->seen.box, *inner = &world->seen.inner;

	switch (step->kind) {
	case STEP_SPACE_MAKE:
		return make_space(world);
	case STEP_NIC_RESTORE:
		return restore(world, step->device, &step->mark);
	case STEP_NIC_RETURN:
		move_link(inner, step->device, box, step->mark.name);
		return restore(world, step->mark.name, &step->mark);
	case STEP_UPLINK_DELETE:
		return delete_uplink(world, step->device);
	case STEP_HOST_END_DELETE:
		return delete_host_end(world, step->device);
	case STEP_SYSCTL_SET:
		if (step->sysctl->place == PLAN_OF_UPLINK)
			(void)world_link(inner, PLAN_UPLINK);
		return value(world, step->sysctl, step->sysctl->value);
	case STEP_LOOPBACK_UP:
	case STEP_UPLINK_UP:
		world_link(inner, step->device)->up = true;
		return;
	case STEP_PARENT_UP:
	case STEP_HOST_END_UP:
		world_link(box, step->device)->up = true;
		return;
	case STEP_MACVLAN_MAKE:
		return make_macvlan(world);
	case STEP_VETH_MAKE:
		return make_veth(world);
	case STEP_NIC_MOVE:
		mark_format(&step->mark, world_link(box, step->device)->alias);
		move_link(box, step->device, inner, PLAN_UPLINK);
		return new_uplink(world);
	case STEP_NIC_RENAME:
		move_link(inner, step->device, inner, PLAN_UPLINK);
		return new_uplink(world);
	case STEP_UPLINK_MARK:
		return mark_format(&step->mark, world_link(inner, PLAN_UPLINK)->alias);
	case STEP_HOST_END_JOIN:
		return join(world, step->device);
	case STEP_ADDRESS_DELETE:
		return world_remove_address(inner, world_link(inner, step->device)->index,
		                            &step->address);
	case STEP_ADDRESS_ADD:
		return add_address(world, step);
	case STEP_ROUTE_SET:
		return set_route(world, step->route);
	case STEP_ROUTE_DELETE:
		return delete_route(world, &step->old);
	case STEP_SPACE_REMOVE:
		return remove_space(world);
	case STEP_KINDS:
		break;
	}
	fail_msg("no such step");
}

size_t world_do_some(struct world *world, size_t count)
{
	struct steps steps;
	size_t total;

	assert_int_equal(difference(world->plan, &world->seen, &steps), 0);
	total = steps.count;
	for (size_t i = 0; i < total && i < count; i++)
		world_do(world, &steps.list[i]);
	steps_fini(&steps);
	return total;
}

/* ---- as text ---- */

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void print_space(const struct seen_space *space, FILE *out)
{
	char text[ADDRESS_STRLEN];

	for (size_t i = 0; i < space->link_count; i++) {
		const struct seen_link *link = &space->links[i];

		(void)fprintf(out, "%d link %s kind %s alias '%s' %s master %d\n", space->exists,
		              link->name, link->kind, link->alias, link->up ? "up" : "down",
		              link->master);
	}
	for (size_t i = 0; i < space->address_count; i++) {
		const struct seen_link *link = seen_link_at(space, space->addresses[i].index);

		(void)fprintf(out, "address %s on %s\n",
		              net_address_format(&space->addresses[i].address, text),
		              link ? link->name : "?");
	}
	for (size_t i = 0; i < space->route_count; i++)
		(void)fprintf(out, "route %d protocol %d metric %u hops %zu\n",
		              space->routes[i].family, space->routes[i].protocol,
		              space->routes[i].metric, space->routes[i].count);
}

const char *world_text(const struct world *world, char *buf, size_t size)
{
	const char *lines[256];
	size_t count = 0, len = 0;
	char *text = NULL, *rest, *line;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	print_space(&world->seen.box, out);
	print_space(&world->seen.inner, out);
	for (size_t i = 0; world->seen.inner.exists && i < world->plan->sysctl_count; i++)
		if (world->plan->sysctls[i].place != PLAN_OF_UPLINK ||
		    seen_link_find(&world->seen.inner, PLAN_UPLINK))
			(void)fprintf(out, "%s %s\n", world->plan->sysctls[i].path,
			              world->sysctls[i].value);
	(void)fclose(out);
	for (rest = text; (line = strsep(&rest, "\n")) && count < 256;)
		lines[count++] = line;
	qsort(lines, count, sizeof(lines[0]), compare_lines);
	buf[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(buf);

		(void)snprintf(buf + used, size - used, "%s\n", lines[i]);
	}
	free(text);
	return buf;
}

/* The pure part of sa-nat64-netns: the plan, what differs from it, the order of the steps. A world
 * made of lists (netns_world.h) plays the kernel, so that each interruption and each mess can be
 * tried out. */
#include "netns/claim_frame.h"
#include "tests/unit/netns_world.h"
#include "tests/unit/prng.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT_MAX     16384
#define ALL          SIZE_MAX

#define NODES "[node a]\nid = 0\n[node b]\nid = 1\n"
#define LOWER "[instance lower]\npool6 = 64:ff9b:1::/96\npool4 = 198.51.100.0/28\n"
#define SIIT  "[instance siit]\nmode = siit\npool6 = 2001:db8:46::/96\n"
#define ADDRESSES                                              \
	"address = 192.0.2.2/24\naddress = 2001:db8:a::2/64\n" \
	"gateway = 192.0.2.1\ngateway = 2001:db8:a::1\n"

static const char *const attachments[] = { "", "attach = macvlan eth0\n", "attach = veth\n",
	                                   "attach = veth br0\n", "attach = move eth3\n" };

/* A configuration with one section [network lower a], and the plan of it. */
struct fixture {
	struct config *config;
	struct plan plan;
};

static void parse(const char *text, const char *instance, struct fixture *fixture)
{
	int result = config_parse(text, strlen(text), "t", stderr, &fixture->config);

	assert_int_equal(result, 0);
	result = plan_make(fixture->config, config_instance_find(fixture->config, instance),
	                   config_network_find(fixture->config, instance, "a"), "machine",
	                   &fixture->plan);
	assert_int_equal(result, 0);
}

static void open_lower(const char *attach, const char *lines, struct fixture *fixture)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), NODES LOWER "[network lower a]\n%s%s", attach,
	               attach[0] ? lines : "");
	parse(text, "lower", fixture);
}

static void close_fixture(struct fixture *fixture)
{
	plan_fini(&fixture->plan);
	config_free(fixture->config);
}

/* ---- the plan ---- */

static void test_host_end_fits_and_differs(void **state)
{
	static const struct {
		const char *instance, *name;
	} cases[] = {
		{ "lower", "nat64-lower" },
		{ "123456789", "nat64-123456789" },
		{ "1234567890", "nat64-1234" },
		{ "1234567890123456789012345678901", "nat64-1234" },
		{ "1234567890123456789012345678902", "nat64-1234" },
	};
	char names[COUNT(cases)][16];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		plan_host_end(cases[i].instance, names[i]);
		assert_true(strlen(names[i]) <= 15);
		assert_memory_equal(names[i], cases[i].name, strlen(cases[i].name));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(names[i], names[j]);
	}
	assert_string_equal(names[0], "nat64-lower");
	assert_string_equal(names[1], "nat64-123456789");
}

static void test_mac_is_local_and_of_this_box(void **state)
{
	struct fixture lower, other;
	struct plan again;

	(void)state;
	open_lower(attachments[1], ADDRESSES, &lower);
	parse(NODES SIIT "[network siit a]\nattach = macvlan eth0\n", "siit", &other);
	assert_int_equal(lower.plan.mac[0] & 3, 2);
	assert_memory_not_equal(lower.plan.mac, other.plan.mac, 6);
	assert_int_equal(plan_make(lower.config, lower.plan.instance, lower.plan.network,
	                           "another machine", &again),
	                 0);
	assert_memory_not_equal(lower.plan.mac, again.mac, 6);
	plan_fini(&again);
	assert_int_equal(
		plan_make(lower.config, lower.plan.instance, lower.plan.network, "machine", &again),
		0);
	assert_memory_equal(lower.plan.mac, again.mac, 6);
	plan_fini(&again);
	close_fixture(&lower);
	close_fixture(&other);
}

static void expect_addresses(const struct plan *plan, enum plan_device where, const char *wanted)
{
	char text[512] = "", one[ADDRESS_STRLEN];

	for (size_t i = 0; i < plan->address_count; i++) {
		size_t len = strlen(text);

		if (plan->addresses[i].device == where)
			(void)snprintf(text + len, sizeof(text) - len, "%s ",
			               net_address_format(&plan->addresses[i].address, one));
	}
	assert_string_equal(text, wanted);
}

static void test_probe_addresses_lie_on_the_loopback(void **state)
{
	struct fixture fixture;

	(void)state;
	open_lower(attachments[1], ADDRESSES, &fixture);
	expect_addresses(&fixture.plan, PLAN_ON_UPLINK, "192.0.2.2/24 2001:db8:a::2/64 ");
	expect_addresses(&fixture.plan, PLAN_ON_LOOPBACK, "192.0.0.1/32 192.0.0.2/32 ");
	close_fixture(&fixture);
	parse(NODES "[instance siit]\nmode = siit\npool6 = 2001:db8:1::/96 for 203.0.113.0/24\n"
	            "pool6 = 2001:db8:46::/96\nprobe4 = 10.9.8.0/30\n[network siit a]\n",
	      "siit", &fixture);
	expect_addresses(&fixture.plan, PLAN_ON_LOOPBACK,
	                 "10.9.8.1/32 10.9.8.2/32 2001:db8:46::a09:803/128 ");
	close_fixture(&fixture);
	parse(NODES "[instance siit]\nmode = siit\neam = 203.0.113.1 2001:db8::1\n"
	            "[network siit a]\n",
	      "siit", &fixture);
	expect_addresses(&fixture.plan, PLAN_ON_LOOPBACK, "192.0.0.1/32 192.0.0.2/32 ");
	close_fixture(&fixture);
}

static void test_gateways_are_bounded(void **state)
{
	char text[2048] = NODES LOWER "[network lower a]\nattach = macvlan eth0\n";
	struct config *config;
	struct plan plan;

	(void)state;
	for (int i = 0; i <= PLAN_GATEWAYS_MAX; i++) {
		size_t len = strlen(text);

		(void)snprintf(text + len, sizeof(text) - len, "gateway = 192.0.2.%d\n", i + 1);
	}
	assert_int_equal(config_parse(text, strlen(text), "t", stderr, &config), 0);
	assert_int_equal(plan_make(config, &config->instances[0], &config->networks[0], "", &plan),
	                 -E2BIG);
	config_free(config);
}

static void test_sysctls_fit_exactly_or_at_least(void **state)
{
	static const struct plan_sysctl exact = { .rule = PLAN_EXACTLY, .value = 100 },
					least = { .rule = PLAN_AT_LEAST, .value = 100 };

	(void)state;
	assert_true(plan_sysctl_fits(&exact, "100"));
	assert_false(plan_sysctl_fits(&exact, "101"));
	assert_false(plan_sysctl_fits(&exact, "-1"));
	assert_true(plan_sysctl_fits(&least, "101"));
	assert_true(plan_sysctl_fits(&least, "100"));
	assert_false(plan_sysctl_fits(&least, "99"));
}

static void test_subnets_are_told_apart(void **state)
{
	static const struct {
		const char *address, *host;
		bool reaches;
	} cases[] = {
		{ "192.0.2.2/24", "192.0.2.1", true },
		{ "192.0.2.2/24", "192.0.3.1", false },
		{ "192.0.2.2/23", "192.0.3.1", true },
		{ "192.0.2.2/31", "192.0.2.3", true },
		{ "192.0.2.2/31", "192.0.2.4", false },
		{ "192.0.2.2/32", "192.0.2.3", false },
		{ "192.0.2.2/0", "10.0.0.1", true },
		{ "2001:db8::2/64", "2001:db8::1", true },
		{ "2001:db8::2/64", "2001:db8:0:1::1", false },
		{ "2001:db8::2/63", "2001:db8:0:1::1", true },
		{ "2001:db8::2/128", "2001:db8::2", true },
		{ "::/0", "192.0.2.1", false },
	};
	struct net_address address, host;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(net_address_parse(cases[i].address, &address), 0);
		assert_int_equal(net_address_parse(cases[i].host, &host), 0);
		assert_int_equal(net_address_reaches(&address, &host), cases[i].reaches);
	}
}

/* ---- marks ---- */

static void test_marks_survive_writing_and_reading(void **state)
{
	static const struct mark marks[] = {
		{ .instance = "lower" },
		{ .instance = "lower", .name = "eth3", .was_up = true },
		{ .instance = "1234567890123456789012345678901",
		  .name = "123456789012345",
		  .alias = "to the router, port 3" },
	};
	char alias[MARK_MAX];
	struct mark mark;

	(void)state;
	for (size_t i = 0; i < COUNT(marks); i++) {
		mark_format(&marks[i], alias);
		assert_true(mark_parse(alias, &mark));
		assert_string_equal(mark.instance, marks[i].instance);
		assert_string_equal(mark.name, marks[i].name);
		assert_string_equal(mark.alias, marks[i].alias);
		assert_int_equal(mark.was_up, marks[i].was_up);
	}
}

static void test_other_aliases_are_no_marks(void **state)
{
	static const char *const aliases[] = { "",
		                               "uplink",
		                               "sa-nat64",
		                               "sa-nat64 ",
		                               "sa-nat64x lower",
		                               "sa-nat64 lower stays",
		                               "sa-nat64 lower moved",
		                               "sa-nat64 lower moved eth3",
		                               "sa-nat64 lower moved 1234567890123456 up",
		                               "sa-nat64 12345678901234567890123456789012" };
	struct mark mark;

	(void)state;
	for (size_t i = 0; i < COUNT(aliases); i++)
		assert_false(mark_parse(aliases[i], &mark));
}

/* ---- steps ---- */

/* A world in which everything was built. */
static void build(struct world *world, const struct plan *plan)
{
	world_init(world, plan);
	(void)world_do_some(world, ALL);
	assert_int_equal(world_do_some(world, ALL), 0);
}

static void test_what_was_built_needs_nothing(void **state)
{
	struct fixture fixture;
	struct world world;

	(void)state;
	for (size_t i = 0; i < COUNT(attachments); i++) {
		open_lower(attachments[i], ADDRESSES, &fixture);
		build(&world, &fixture.plan);
		close_fixture(&fixture);
	}
}

static void test_each_interruption_is_repaired(void **state)
{
	static char whole[TEXT_MAX], repaired[TEXT_MAX];
	struct fixture fixture;
	struct world world;
	size_t total;

	(void)state;
	for (size_t i = 0; i < COUNT(attachments); i++) {
		open_lower(attachments[i], ADDRESSES, &fixture);
		build(&world, &fixture.plan);
		world_text(&world, whole, sizeof(whole));
		world_init(&world, &fixture.plan);
		total = world_do_some(&world, 0);
		for (size_t cut = 0; cut < total; cut++) {
			world_init(&world, &fixture.plan);
			(void)world_do_some(&world, cut);
			assert_true(world_do_some(&world, ALL) > 0);
			assert_int_equal(world_do_some(&world, ALL), 0);
			assert_string_equal(world_text(&world, repaired, sizeof(repaired)), whole);
		}
		close_fixture(&fixture);
	}
}

/* Do what `down` does, at most `count` steps of it; returns how many it has. */
static size_t take_down(struct world *world, size_t count)
{
	struct steps steps;
	size_t total;

	assert_int_equal(difference_down("lower", "nat64-lower", &world->seen, &steps), 0);
	total = steps.count;
	for (size_t i = 0; i < total && i < count; i++)
		world_do(world, &steps.list[i]);
	steps_fini(&steps);
	return total;
}

static void test_down_leaves_nothing_of_any_interruption(void **state)
{
	static char before[TEXT_MAX], after[TEXT_MAX];
	struct fixture fixture;
	struct world world;
	size_t total;

	(void)state;
	for (size_t i = 0; i < COUNT(attachments); i++) {
		open_lower(attachments[i], ADDRESSES, &fixture);
		world_init(&world, &fixture.plan);
		(void)snprintf(world_link(&world.seen.box, "eth3")->alias, MARK_MAX, "port 3");
		world_text(&world, before, sizeof(before));
		total = world_do_some(&world, 0);
		for (size_t cut = 0; cut <= total; cut++) {
			struct world built;

			world_init(&built, &fixture.plan);
			(void)snprintf(world_link(&built.seen.box, "eth3")->alias, MARK_MAX,
			               "port 3");
			(void)world_do_some(&built, cut);
			(void)take_down(&built, cut % 3); /* interrupted itself */
			(void)take_down(&built, ALL);
			assert_int_equal(take_down(&built, ALL), 0);
			assert_string_equal(world_text(&built, after, sizeof(after)), before);
		}
		close_fixture(&fixture);
	}
}

static void test_another_attachment_replaces_the_first(void **state)
{
	static char whole[TEXT_MAX], changed[TEXT_MAX];
	struct fixture first, second;
	struct world world;

	(void)state;
	for (size_t i = 0; i < COUNT(attachments); i++) {
		for (size_t j = 0; j < COUNT(attachments); j++) {
			open_lower(attachments[i], ADDRESSES, &first);
			open_lower(attachments[j], ADDRESSES, &second);
			build(&world, &second.plan);
			world_text(&world, whole, sizeof(whole));
			build(&world, &first.plan);
			world.plan = &second.plan;
			(void)world_do_some(&world, ALL);
			assert_int_equal(world_do_some(&world, ALL), 0);
			assert_string_equal(world_text(&world, changed, sizeof(changed)), whole);
			close_fixture(&first);
			close_fixture(&second);
		}
	}
}

/* The steps from the first configuration to the second, as "ADD 192.0.2.3/24". */
static void expect_change(const char *before, const char *after, const char *wanted)
{
	static const char *const names[STEP_KINDS] = { [STEP_ADDRESS_ADD] = "add",
		                                       [STEP_ADDRESS_DELETE] = "delete",
		                                       [STEP_ROUTE_SET] = "route",
		                                       [STEP_ROUTE_DELETE] = "no-route" };
	struct fixture first, second;
	char text[1024] = "";
	struct world world;
	struct steps steps;

	open_lower(attachments[1], before, &first);
	open_lower(attachments[1], after, &second);
	build(&world, &first.plan);
	assert_int_equal(difference(&second.plan, &world.seen, &steps), 0);
	for (size_t i = 0; i < steps.count; i++) {
		size_t len = strlen(text);

		assert_non_null(names[steps.list[i].kind]);
		(void)snprintf(text + len, sizeof(text) - len, "%s %s\n", names[steps.list[i].kind],
		               steps.list[i].what);
	}
	assert_string_equal(text, wanted);
	world.plan = &second.plan;
	(void)world_do_some(&world, ALL);
	assert_int_equal(world_do_some(&world, ALL), 0);
	steps_fini(&steps);
	close_fixture(&first);
	close_fixture(&second);
}

static void test_a_reload_touches_only_what_changed(void **state)
{
	(void)state;
	expect_change(ADDRESSES, ADDRESSES, "");
	expect_change(ADDRESSES, ADDRESSES "address = 192.0.2.3/24\n",
	              "add the address 192.0.2.3/24 on uplink0\n");
	expect_change("address = 192.0.2.2/24\n", "address = 192.0.2.3/24\n",
	              "add the address 192.0.2.3/24 on uplink0\n"
	              "delete the address 192.0.2.2/24 on uplink0\n");
	expect_change("address = 192.0.2.2/24\n", "address = 192.0.2.2/25\n",
	              "add the address 192.0.2.2/25 on uplink0\n"
	              "delete the address 192.0.2.2/24 on uplink0\n");
	/* An IPv6 address cannot be there twice. */
	expect_change("address = 2001:db8::2/64\n", "address = 2001:db8::2/56\n",
	              "delete the address 2001:db8::2/64 on uplink0\n"
	              "add the address 2001:db8::2/56 on uplink0\n");
	expect_change("address = 192.0.2.2/24\ngateway = 192.0.2.1\n",
	              "address = 192.0.2.2/24\ngateway = 192.0.2.254\n",
	              "route the default route via 192.0.2.254\n");
	expect_change("address = 192.0.2.2/24\ngateway = 192.0.2.1\n",
	              "address = 192.0.2.2/24\ngateway = 192.0.2.254\ngateway = 192.0.2.1\n",
	              "route the default route via 192.0.2.254, 192.0.2.1\n");
	expect_change("address = 192.0.2.2/24\ngateway = 192.0.2.1\n", "address = 192.0.2.2/24\n",
	              "no-route the default route of IPv4\n");
}

static void test_failed_duplicate_detection_is_tried_anew(void **state)
{
	struct fixture fixture;
	struct world world;
	size_t failed = 0;

	(void)state;
	open_lower(attachments[1], ADDRESSES, &fixture);
	build(&world, &fixture.plan);
	for (size_t i = 0; i < world.seen.inner.address_count; i++)
		if (world.seen.inner.addresses[i].address.family == AF_INET6) {
			world.seen.inner.addresses[i].failed = true;
			failed++;
		}
	assert_int_equal(failed, 1);
	assert_int_equal(world_do_some(&world, ALL), 2);
	assert_int_equal(world_do_some(&world, ALL), 0);
	close_fixture(&fixture);
}

static void test_a_nic_that_fell_back_is_found(void **state)
{
	struct fixture fixture;
	struct world world;
	struct seen_link *nic;

	(void)state;
	open_lower(attachments[4], ADDRESSES, &fixture);
	world_init(&world, &fixture.plan);
	nic = world_link(&world.seen.box, "eth3");
	(void)snprintf(nic->name, sizeof(nic->name), "dev7");
	(void)snprintf(nic->alias, sizeof(nic->alias), "sa-nat64 lower moved eth3 up port 3");
	(void)world_do_some(&world, ALL);
	assert_int_equal(world_do_some(&world, ALL), 0);
	assert_string_equal(world_link(&world.seen.inner, PLAN_UPLINK)->alias,
	                    "sa-nat64 lower moved eth3 up port 3");
	(void)take_down(&world, ALL);
	nic = world_link(&world.seen.box, "eth3");
	assert_string_equal(nic->alias, "port 3");
	assert_true(nic->up);
	close_fixture(&fixture);
}

static void test_hardware_of_strangers_is_left_alone(void **state)
{
	struct fixture fixture;
	struct world world;

	(void)state;
	open_lower(attachments[1], ADDRESSES, &fixture);
	build(&world, &fixture.plan);
	world_remove_link(&world.seen.inner, PLAN_UPLINK);
	assert_false(uplink_is_strange(&fixture.plan, &world.seen));
	(void)world_add_link(&world, &world.seen.inner, PLAN_UPLINK, "");
	assert_true(uplink_is_strange(&fixture.plan, &world.seen));
	assert_int_equal(take_down(&world, ALL), 1); /* the namespace alone */
	close_fixture(&fixture);
}

/* ---- any mess ---- */

static struct prng prng = { .state = 64 };

static uint32_t below(uint32_t limit)
{
	return prng_below(&prng, limit);
}

static void mess_up_links(struct world *world)
{
	struct seen_space *inner = &world->seen.inner;
	struct seen_link *uplink;

	if (!seen_link_find(inner, PLAN_UPLINK))
		return;
	uplink = world_link(inner, PLAN_UPLINK);
	switch (below(8)) {
	case 6:
		if (strcmp(uplink->kind, "macvlan") == 0)
			world_link(&world->seen.box, "eth0")->up = false;
		break;
	case 0:
		uplink->up = false;
		break;
	case 1:
		if (uplink->kind[0])
			uplink->alias[0] = '\0';
		break;
	case 2:
		if (strcmp(uplink->kind, "macvlan") == 0)
			uplink->link = 77;
		break;
	case 3:
		uplink->macvlan_bridge = false;
		break;
	case 4:
		world_link(inner, "lo")->up = false;
		break;
	case 5:
		if (uplink->kind[0])
			world_remove_link(inner, PLAN_UPLINK);
		break;
	default:
		break;
	}
}

static void mess_up_addresses(struct world *world)
{
	static const char *const strays[] = { "192.0.2.9/24", "192.0.2.2/25", "2001:db8:a::2/60",
		                              "2001:db8:a::9/64", "fe80::9/64" };
	struct seen_space *inner = &world->seen.inner;
	const struct seen_link *uplink = seen_link_find(inner, PLAN_UPLINK);

	while (inner->address_count > 0 && below(3) == 0) {
		const struct seen_address last = inner->addresses[--inner->address_count];

		if (inner->address_count > 0)
			inner->addresses[below((uint32_t)inner->address_count)] = last;
	}
	for (size_t i = 0; uplink && i < COUNT(strays); i++) {
		struct net_address address;
		bool there = false;

		assert_int_equal(net_address_parse(strays[i], &address), 0);
		for (size_t j = 0; j < inner->address_count; j++)
			there |= address.family == AF_INET6 &&
			         net_address_same_host(&inner->addresses[j].address, &address);
		if (below(2) && !there)
			world_add_address(inner, uplink->index, strays[i]);
	}
}

static void mess_up_routes(struct world *world)
{
	struct seen_space *inner = &world->seen.inner;

	while (inner->route_count > 0 && below(3) == 0)
		inner->route_count--;
	for (size_t i = 0; i < inner->route_count; i++) {
		if (below(3) == 0)
			inner->routes[i].protocol = 4;
		if (below(3) == 0)
			inner->routes[i].gateways[0].bytes[3] ^= 1;
	}
}

static void test_any_mess_is_put_in_order(void **state)
{
	static char whole[TEXT_MAX], mended[TEXT_MAX];
	struct fixture fixture;
	struct world world;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		open_lower(attachments[1 + i % 4], ADDRESSES, &fixture);
		build(&world, &fixture.plan);
		world_text(&world, whole, sizeof(whole));
		mess_up_links(&world);
		mess_up_addresses(&world);
		mess_up_routes(&world);
		for (size_t j = 0; j < fixture.plan.sysctl_count; j++)
			if (below(8) == 0)
				(void)snprintf(world.sysctls[j].value,
				               sizeof(world.sysctls[j].value), "%u", below(3));
		(void)world_do_some(&world, ALL);
		assert_int_equal(world_do_some(&world, ALL), 0);
		/* Link-local addresses are the kernel's business. */
		if (!strstr(world_text(&world, mended, sizeof(mended)), "fe80::9"))
			assert_string_equal(mended, whole);
		close_fixture(&fixture);
	}
}

/* ---- asking who has an address ---- */

static const uint8_t own_mac[6] = { 2, 0, 0, 0, 0, 1 }, their_mac[6] = { 2, 0, 0, 0, 0, 2 };

static void test_questions_are_well_formed(void **state)
{
	static const uint8_t solicited[16] = {
		0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 1, 2, 3
	};
	uint8_t frame[CLAIM_FRAME_MAX], unspecified[16] = { 0 };
	struct net_address address;
	uint32_t sum = 24 + 58;

	(void)state;
	assert_int_equal(net_address_parse("192.0.2.2/24", &address), 0);
	assert_int_equal(claim_question(&address, own_mac, frame), 60);
	assert_memory_equal(frame, "\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\x01\x08\x06", 14);
	assert_memory_equal(frame + 14, "\0\x01\x08\0\x06\x04\0\x01", 8);
	assert_memory_equal(frame + 22, own_mac, 6);
	assert_memory_equal(frame + 28, unspecified, 10);
	assert_memory_equal(frame + 38, address.bytes, 4);

	assert_int_equal(net_address_parse("2001:db8::1:203/64", &address), 0);
	address.bytes[13] = 1;
	address.bytes[14] = 2;
	address.bytes[15] = 3;
	assert_int_equal(claim_question(&address, own_mac, frame), 78);
	assert_memory_equal(frame, "\x33\x33\xff\x01\x02\x03\x02\0\0\0\0\x01\x86\xdd", 14);
	assert_int_equal(frame[21], 255);
	assert_memory_equal(frame + 22, unspecified, 16);
	assert_memory_equal(frame + 38, solicited, 16);
	assert_int_equal(frame[54], 135);
	assert_memory_equal(frame + 62, address.bytes, 16);
	for (int i = 22; i < 78; i += 2)
		sum += (uint32_t)frame[i] << 8 | frame[i + 1];
	assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
}

/* An answer is taken whole only, and only for its own address. */
static void expect_answer(uint8_t *frame, size_t len, const char *text, const char *other_text)
{
	struct net_address address, other;
	uint8_t mac[6];

	assert_int_equal(net_address_parse(text, &address), 0);
	assert_int_equal(net_address_parse(other_text, &other), 0);
	assert_true(claim_is_answer(frame, len, &address, mac));
	assert_memory_equal(mac, their_mac, 6);
	assert_false(claim_is_answer(frame, len, &other, mac));
	for (size_t cut = 0; cut < len; cut++)
		assert_false(claim_is_answer(frame, cut, &address, mac));
}

static void test_answers_are_recognised(void **state)
{
	uint8_t frame[CLAIM_FRAME_MAX], mac[6];
	struct net_address address;

	(void)state;
	assert_int_equal(net_address_parse("192.0.2.2", &address), 0);
	(void)claim_question(&address, their_mac, frame);
	assert_false(claim_is_answer(frame, 60, &address, mac)); /* another who asks */
	memcpy(frame + 28, address.bytes, 4);
	expect_answer(frame, 42, "192.0.2.2", "192.0.2.3");

	assert_int_equal(net_address_parse("2001:db8::2", &address), 0);
	(void)claim_question(&address, their_mac, frame);
	assert_false(claim_is_answer(frame, 78, &address, mac));
	frame[54] = 136;
	expect_answer(frame, 78, "2001:db8::2", "2001:db8::3");
	frame[21] = 64; /* from beyond a router */
	assert_false(claim_is_answer(frame, 78, &address, mac));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_end_fits_and_differs),
		cmocka_unit_test(test_mac_is_local_and_of_this_box),
		cmocka_unit_test(test_probe_addresses_lie_on_the_loopback),
		cmocka_unit_test(test_gateways_are_bounded),
		cmocka_unit_test(test_sysctls_fit_exactly_or_at_least),
		cmocka_unit_test(test_subnets_are_told_apart),
		cmocka_unit_test(test_marks_survive_writing_and_reading),
		cmocka_unit_test(test_other_aliases_are_no_marks),
		cmocka_unit_test(test_what_was_built_needs_nothing),
		cmocka_unit_test(test_each_interruption_is_repaired),
		cmocka_unit_test(test_down_leaves_nothing_of_any_interruption),
		cmocka_unit_test(test_another_attachment_replaces_the_first),
		cmocka_unit_test(test_a_reload_touches_only_what_changed),
		cmocka_unit_test(test_failed_duplicate_detection_is_tried_anew),
		cmocka_unit_test(test_a_nic_that_fell_back_is_found),
		cmocka_unit_test(test_hardware_of_strangers_is_left_alone),
		cmocka_unit_test(test_any_mess_is_put_in_order),
		cmocka_unit_test(test_questions_are_well_formed),
		cmocka_unit_test(test_answers_are_recognised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

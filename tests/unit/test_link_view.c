/* What rtnetlink says about an uplink, fed by hand: carrier, addresses, duplicates, what a dump
 * does not mention, and messages that are cut. */
#include "healthd/link_view.h"
#include "tests/unit/prng.h"

#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define UPLINK 7
#define OTHER  8
#define ALL_UP (IFF_UP | IFF_LOWER_UP)

static char *addresses[] = { (char *)"192.0.2.2/24", (char *)"2001:db8:a::2/64" };
static const struct config_network network = { .address = addresses, .address_count = 2 };
static struct link_view view;
static struct link_facts facts;
static struct nlmsghdr message[64];

static struct nlmsghdr *link_message(uint16_t type, int index, const char *name, unsigned flags)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(message);
	struct ifinfomsg *info;

	header->nlmsg_type = type;
	info = mnl_nlmsg_put_extra_header(header, sizeof(*info));
	info->ifi_index = index;
	info->ifi_flags = flags;
	mnl_attr_put_strz(header, IFLA_IFNAME, name);
	return header;
}

static struct nlmsghdr *address_message(uint16_t type, int index, const char *text, uint32_t flags)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(message);
	struct ifaddrmsg *info;
	struct in6_addr addr6;
	uint32_t addr4;

	header->nlmsg_type = type;
	info = mnl_nlmsg_put_extra_header(header, sizeof(*info));
	info->ifa_index = (uint32_t)index;
	if (address6_parse(text, &addr6) == 0) {
		info->ifa_family = AF_INET6;
		mnl_attr_put(header, IFA_ADDRESS, sizeof(addr6), &addr6);
	} else {
		assert_int_equal(address4_parse(text, &addr4), 0);
		info->ifa_family = AF_INET;
		addr4 = htonl(addr4);
		mnl_attr_put(header, IFA_LOCAL, sizeof(addr4), &addr4);
	}
	mnl_attr_put_u32(header, IFA_FLAGS, flags);
	return header;
}

static void link_is(int index, const char *name, unsigned flags)
{
	link_view_take(&view, link_message(RTM_NEWLINK, index, name, flags));
}

static void address_comes(int index, const char *text, uint32_t flags)
{
	link_view_take(&view, address_message(RTM_NEWADDR, index, text, flags));
}

static void address_goes(int index, const char *text)
{
	link_view_take(&view, address_message(RTM_DELADDR, index, text, 0));
}

static void dump(void)
{
	link_view_begin(&view);
	link_is(1, "lo", ALL_UP);
	link_is(UPLINK, "uplink0", ALL_UP);
	address_comes(UPLINK, "192.0.2.2", IFA_F_PERMANENT);
	address_comes(UPLINK, "2001:db8:a::2", IFA_F_PERMANENT);
	link_view_end(&view);
}

static int setup(void **state)
{
	(void)state;
	link_view_init(&view, &network);
	return 0;
}

static void judge(void)
{
	link_view_judge(&view, "lower", &facts);
}

static void expect_well(void)
{
	judge();
	assert_true(facts.carrier && facts.addressed);
	assert_string_equal(facts.problem, "");
	assert_string_equal(facts.interface, "uplink0");
}

static void expect_unaddressed(const char *words)
{
	judge();
	assert_false(facts.addressed);
	assert_true(facts.carrier);
	if (!strstr(facts.problem, words))
		fail_msg("%s", facts.problem);
}

static void what_is_not_known_is_well(void **state)
{
	(void)state;
	judge();
	assert_true(facts.carrier && facts.addressed);
	link_view_begin(&view);
	link_is(UPLINK, "uplink0", 0);
	judge();
	assert_true(facts.carrier && facts.addressed);
	link_view_init(&view, NULL);
	dump();
	link_is(UPLINK, "uplink0", 0);
	judge();
	assert_true(facts.carrier && facts.addressed);
	assert_string_equal(facts.interface, "");
}

static void carrier_is_that_of_the_uplink(void **state)
{
	(void)state;
	dump();
	expect_well();
	link_is(1, "lo", 0);
	expect_well();
	link_is(UPLINK, "uplink0", IFF_UP);
	judge();
	assert_false(facts.carrier);
	assert_true(facts.addressed);
	assert_non_null(strstr(facts.problem, "uplink0 has no carrier"));
	link_is(UPLINK, "uplink0", IFF_LOWER_UP);
	judge();
	assert_false(facts.carrier);
	link_is(UPLINK, "uplink0", ALL_UP);
	expect_well();
}

static void each_address_has_to_be_there(void **state)
{
	(void)state;
	dump();
	address_goes(UPLINK, "2001:db8:a::2");
	expect_unaddressed("2001:db8:a::2/64 is on no interface");
	assert_non_null(strstr(facts.problem, "sa-nat64-netns up lower"));
	address_comes(UPLINK, "2001:db8:a::2", 0);
	expect_well();
	address_goes(UPLINK, "192.0.2.2");
	expect_unaddressed("192.0.2.2/24 is on no interface");
	assert_string_equal(facts.interface, "uplink0");
	address_comes(UPLINK, "192.0.2.3", 0);
	expect_unaddressed("192.0.2.2/24");
}

static void an_address_may_move(void **state)
{
	(void)state;
	dump();
	link_is(OTHER, "eth1", ALL_UP);
	address_comes(OTHER, "192.0.2.2", 0);
	address_goes(UPLINK, "192.0.2.2");
	judge();
	assert_true(facts.addressed);
	assert_string_equal(facts.interface, "eth1");
}

static void duplicates_and_unconfirmed_addresses_are_no_good(void **state)
{
	(void)state;
	dump();
	address_comes(UPLINK, "2001:db8:a::2", IFA_F_TENTATIVE);
	expect_unaddressed("cannot be used yet");
	address_comes(UPLINK, "2001:db8:a::2", IFA_F_TENTATIVE | IFA_F_DADFAILED);
	expect_unaddressed("another host on the link has 2001:db8:a::2/64, too");
	address_comes(UPLINK, "2001:db8:a::2", IFA_F_TENTATIVE | IFA_F_OPTIMISTIC);
	expect_well();
}

static void an_interface_takes_its_addresses_along(void **state)
{
	(void)state;
	dump();
	link_view_take(&view, link_message(RTM_DELLINK, UPLINK, "uplink0", 0));
	expect_unaddressed("192.0.2.2/24 is on no interface");
	assert_string_equal(facts.interface, "");
	dump();
	expect_well();
}

static void what_a_dump_does_not_mention_is_gone(void **state)
{
	(void)state;
	dump();
	link_is(OTHER, "eth1", ALL_UP);
	link_view_begin(&view);
	link_is(UPLINK, "uplink0", ALL_UP);
	address_comes(UPLINK, "192.0.2.2", 0);
	expect_well(); /* not before its end */
	link_view_end(&view);
	expect_unaddressed("2001:db8:a::2/64");
	assert_int_equal(view.seen_count, 1);
}

static void interfaces_without_end_find_no_room(void **state)
{
	(void)state;
	dump();
	for (int i = 100; i < 1000; i++)
		link_is(i, "veth", ALL_UP);
	assert_int_equal(view.seen_count, LINK_SEEN_MAX);
	expect_well();
}

/* Cut anywhere, or with any byte another: nothing breaks. */
static void cut_and_broken_messages_do_no_harm(void **state)
{
	struct prng prng = { .state = 3 };

	(void)state;
	dump();
	for (int i = 0; i < 200000; i++) {
		struct nlmsghdr *header =
			i % 2 ? address_message(RTM_NEWADDR, UPLINK, "2001:db8:a::2", 0)
			      : link_message(RTM_NEWLINK, UPLINK, "uplink0", ALL_UP);
		uint8_t *bytes = (uint8_t *)header;
		uint32_t len = header->nlmsg_len;

		for (uint32_t n = prng_below(&prng, 4); n > 0; n--)
			bytes[sizeof(*header) + prng_below(&prng, len - sizeof(*header))] =
				(uint8_t)prng_32(&prng);
		if (prng_below(&prng, 2))
			header->nlmsg_len = sizeof(*header) + prng_below(&prng, len - 15);
		link_view_take(&view, header);
		judge();
	}
	link_view_init(&view, &network);
	dump();
	expect_well();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_not_known_is_well, setup),
		cmocka_unit_test_setup(carrier_is_that_of_the_uplink, setup),
		cmocka_unit_test_setup(each_address_has_to_be_there, setup),
		cmocka_unit_test_setup(an_address_may_move, setup),
		cmocka_unit_test_setup(duplicates_and_unconfirmed_addresses_are_no_good, setup),
		cmocka_unit_test_setup(an_interface_takes_its_addresses_along, setup),
		cmocka_unit_test_setup(what_a_dump_does_not_mention_is_gone, setup),
		cmocka_unit_test_setup(interfaces_without_end_find_no_room, setup),
		cmocka_unit_test_setup(cut_and_broken_messages_do_no_harm, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Martians and non-global addresses: first and last address of every range and their neighbours
 * (ADR-07, SEC-10, V46-08, V64-14). */
#include "translator/special4.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint32_t addr4(const char *text)
{
	uint32_t addr;

	assert_int_equal(address4_parse(text, &addr), 0);
	return addr;
}

static bool martian6(const char *text)
{
	struct in6_addr addr;

	assert_int_equal(address6_parse(text, &addr), 0);
	return special6_is_martian(&addr);
}

struct edge {
	const char *addr;
	bool martian, non_global;
};

static void both_ends_of_each_ipv4_range(void **state)
{
	static const struct edge edges[] = {
		{ "0.0.0.0", true, true },           { "0.255.255.255", true, true },
		{ "1.0.0.0", false, false },         { "9.255.255.255", false, false },
		{ "10.0.0.0", false, true },         { "10.255.255.255", false, true },
		{ "11.0.0.0", false, false },        { "100.63.255.255", false, false },
		{ "100.64.0.0", false, true },       { "100.127.255.255", false, true },
		{ "100.128.0.0", false, false },     { "126.255.255.255", false, false },
		{ "127.0.0.0", true, true },         { "127.255.255.255", true, true },
		{ "128.0.0.0", false, false },       { "169.253.255.255", false, false },
		{ "169.254.0.0", false, true },      { "169.254.255.255", false, true },
		{ "169.255.0.0", false, false },     { "172.15.255.255", false, false },
		{ "172.16.0.0", false, true },       { "172.31.255.255", false, true },
		{ "172.32.0.0", false, false },      { "191.255.255.255", false, false },
		{ "192.0.0.0", false, true },        { "192.0.0.8", false, true },
		{ "192.0.0.9", false, false },       { "192.0.0.10", false, false },
		{ "192.0.0.11", false, true },       { "192.0.0.170", false, true },
		{ "192.0.0.171", false, true },      { "192.0.0.255", false, true },
		{ "192.0.1.0", false, false },       { "192.0.2.0", false, true },
		{ "192.0.2.255", false, true },      { "192.0.3.0", false, false },
		{ "192.167.255.255", false, false }, { "192.168.0.0", false, true },
		{ "192.168.255.255", false, true },  { "192.169.0.0", false, false },
		{ "198.17.255.255", false, false },  { "198.18.0.0", false, true },
		{ "198.19.255.255", false, true },   { "198.20.0.0", false, false },
		{ "198.51.99.255", false, false },   { "198.51.100.0", false, true },
		{ "198.51.100.255", false, true },   { "198.51.101.0", false, false },
		{ "203.0.112.255", false, false },   { "203.0.113.0", false, true },
		{ "203.0.113.255", false, true },    { "203.0.114.0", false, false },
		{ "223.255.255.255", false, false }, { "224.0.0.0", true, false },
		{ "239.255.255.255", true, false },  { "240.0.0.0", true, true },
		{ "255.255.255.255", true, true },   { "8.8.8.8", false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(edges); i++) {
		assert_int_equal(special4_is_martian(addr4(edges[i].addr)), edges[i].martian);
		assert_int_equal(special4_is_non_global(addr4(edges[i].addr)), edges[i].non_global);
	}
}

static void ipv6_martians(void **state)
{
	static const char *const martians[] = {
		"::",
		"::1",
		"ff00::",
		"ff02::1",
		"ffff:ffff::",
		"fe80::",
		"fe80::1",
		"febf:ffff::1",
		"::ffff:0:0",
		"::ffff:192.0.2.1",
		"::ffff:255.255.255.255",
	};
	static const char *const others[] = {
		"::2",     "::192.0.2.1", "::fffe:192.0.2.1", "::1:0:0:0", "64:ff9b::1",
		"100::1",  "2001:db8::1", "fc00::1",          "fe00::1",   "fe7f:ffff::1",
		"fec0::1", "feff::1",     "0:1::ffff:0:1",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(martians); i++)
		assert_true(martian6(martians[i]));
	for (size_t i = 0; i < COUNT(others); i++)
		assert_false(martian6(others[i]));
}

static void a_list_holds_what_any_of_its_prefixes_holds(void **state)
{
	struct prefix4 list[2];

	(void)state;
	assert_int_equal(prefix4_parse("192.0.2.0/24", &list[0]), 0);
	assert_int_equal(prefix4_parse("10.1.2.3/32", &list[1]), 0);
	assert_true(special4_in_list(list, 2, addr4("192.0.2.255")));
	assert_true(special4_in_list(list, 2, addr4("10.1.2.3")));
	assert_false(special4_in_list(list, 2, addr4("10.1.2.4")));
	assert_false(special4_in_list(list, 1, addr4("10.1.2.3")));
	assert_false(special4_in_list(NULL, 0, addr4("10.1.2.3")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_of_each_ipv4_range),
		cmocka_unit_test(ipv6_martians),
		cmocka_unit_test(a_list_holds_what_any_of_its_prefixes_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

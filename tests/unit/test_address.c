/* Addresses and prefixes: what is read, what is refused, and arithmetic against bit by bit. */
#include "lib/address.h"
#include "tests/unit/prng.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct prng prng = { .state = 64 };

static struct in6_addr random6(void)
{
	struct in6_addr addr;

	for (int i = 0; i < 16; i++)
		addr.s6_addr[i] = (uint8_t)prng_32(&prng);
	return addr;
}

static bool bit6(const struct in6_addr *addr, unsigned i)
{
	return addr->s6_addr[i / 8] >> (7 - i % 8) & 1;
}

static void ipv4_addresses_are_host_order(void **state)
{
	uint32_t addr = 0;

	(void)state;
	assert_int_equal(address4_parse("192.0.2.33", &addr), 0);
	assert_int_equal(addr, 0xc0000221);
	assert_int_equal(address4_parse("0.0.0.0", &addr), 0);
	assert_int_equal(addr, 0);
	assert_int_equal(address4_parse("255.255.255.255", &addr), 0);
	assert_true(addr == UINT32_MAX);
}

static void wrong_ipv4_addresses_are_refused_and_change_nothing(void **state)
{
	static const char *const wrong[] = {
		"",           "192.0.2",      "192.0.2.256", "192.0.2.1 ",  "192.0.2.01",
		"0x7f.0.0.1", "192.0.2.1/32", "::1",         "192.0.2.1.1", "-1.0.0.0",
		"localhost"
	};
	uint32_t addr = 7;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(address4_parse(wrong[i], &addr), -EINVAL);
	assert_int_equal(addr, 7);
}

static void ipv6_addresses_are_read_in_every_notation(void **state)
{
	static const char *const same[] = { "64:ff9b::c000:221", "64:ff9b::192.0.2.33",
		                            "0064:FF9B:0:0:0:0:C000:0221",
		                            "64:ff9b:0:0::c000:221" };
	struct in6_addr first, addr;
	char buf[ADDRESS_STRLEN];

	(void)state;
	assert_int_equal(address6_parse(same[0], &first), 0);
	for (size_t i = 0; i < COUNT(same); i++) {
		assert_int_equal(address6_parse(same[i], &addr), 0);
		assert_true(address6_equal(&addr, &first));
		assert_string_equal(address6_format(&addr, buf), "64:ff9b::c000:221");
	}
}

static void assert_as_inet_ntop(const struct in6_addr *addr)
{
	char expected[INET6_ADDRSTRLEN], buf[ADDRESS_STRLEN];

	memset(buf, 'x', sizeof(buf));
	assert_non_null(inet_ntop(AF_INET6, addr, expected, sizeof(expected)));
	assert_string_equal(address6_format(addr, buf), expected);
}

/* All patterns of zero groups, the others of all lengths, with and without what begins IPv4-mapped
 * addresses. */
static void a_million_ipv6_addresses_are_printed_as_inet_ntop_does(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 1000000; n++) {
		uint32_t shifts = prng_32(&prng);
		struct in6_addr addr;

		for (int g = 0; g < 8; g++) {
			uint16_t group = (uint16_t)(prng_32(&prng) >> 16 >>
			                            4 * (shifts >> 2 * g & 3));

			if (g == 5 && n % 3 == 0)
				group = 0xffff;
			addr.s6_addr16[g] = n >> g & 1 ? 0 : htons(group);
		}
		assert_as_inet_ntop(&addr);
	}
}

static void all_ipv4_octets_are_printed_as_inet_ntop_does(void **state)
{
	char expected[INET_ADDRSTRLEN], buf[ADDRESS_STRLEN];

	(void)state;
	for (uint32_t n = 0; n < 65536; n++) {
		uint32_t addr = n << 16 | (n >> 8 | (n & 0xff) << 8);
		uint32_t addr_be = htonl(addr);

		assert_non_null(inet_ntop(AF_INET, &addr_be, expected, sizeof(expected)));
		assert_string_equal(address4_format(addr, buf), expected);
	}
}

static void wrong_ipv6_addresses_are_refused_and_change_nothing(void **state)
{
	static const char *const wrong[] = {
		"",          ":",          "1::2::3",       "2001:db8::g",
		"192.0.2.1", "fe80::1%lo", "2001:db8::/32", "1:2:3:4:5:6:7",
		"12345::",   "[::1]"
	};
	struct in6_addr before = random6(), addr = before;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(address6_parse(wrong[i], &addr), -EINVAL);
	assert_true(address6_equal(&addr, &before));
}

static void prefixes_without_length_are_single_addresses(void **state)
{
	struct prefix4 prefix4;
	struct prefix6 prefix6;

	(void)state;
	assert_int_equal(prefix4_parse("192.0.2.1", &prefix4), 0);
	assert_int_equal(prefix4.len, 32);
	assert_int_equal(prefix6_parse("2001:db8::1", &prefix6), 0);
	assert_int_equal(prefix6.len, 128);
}

static void text_that_is_no_prefix_differs_from_bits_behind_the_length(void **state)
{
	static const struct {
		const char *text;
		int result;
	} rows[] = {
		{ "0.0.0.0/0", 0 },
		{ "192.0.2.0/24", 0 },
		{ "192.0.2.1/24", -ERANGE },
		{ "192.0.2.0/", -EINVAL },
		{ "192.0.2.0/33", -EINVAL },
		{ "192.0.2.0/-1", -EINVAL },
		{ "192.0.2.0/+8", -EINVAL },
		{ "192.0.2.0/0024", -EINVAL },
		{ "192.0.2.0/24 ", -EINVAL },
		{ "192.0.2.0/24/24", -EINVAL },
		{ "192.0.2/24", -EINVAL },
		{ "/24", -EINVAL },
		{ "1111111111111111111111111111111111111111111111111111111111111111/8", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct prefix4 prefix = { 1, 2 };

		assert_int_equal(prefix4_parse(rows[i].text, &prefix), rows[i].result);
		assert_true(rows[i].result == 0 || (prefix.addr == 1 && prefix.len == 2));
	}
}

static void ipv6_prefixes_follow_the_same_rules(void **state)
{
	struct prefix6 prefix;

	(void)state;
	assert_int_equal(prefix6_parse("::/0", &prefix), 0);
	assert_int_equal(prefix6_parse("2001:db8::/32", &prefix), 0);
	assert_int_equal(prefix6_parse("2001:db8::1/127", &prefix), -ERANGE);
	assert_int_equal(prefix6_parse("2001:db8::/129", &prefix), -EINVAL);
	assert_int_equal(prefix6_parse("2001:db8::/x", &prefix), -EINVAL);
	assert_int_equal(prefix.len, 32);
}

static void masks_cover_all_lengths(void **state)
{
	(void)state;
	assert_int_equal(prefix4_mask(0), 0);
	assert_true(prefix4_mask(1) == 0x80000000);
	assert_true(prefix4_mask(24) == 0xffffff00);
	assert_true(prefix4_mask(32) == 0xffffffff);
}

static void masking_clears_exactly_the_bits_behind_the_length(void **state)
{
	(void)state;
	for (unsigned len = 0; len <= 128; len++) {
		struct in6_addr addr = random6();
		struct in6_addr masked = address6_masked(&addr, len);

		for (unsigned i = 0; i < 128; i++)
			assert_int_equal(bit6(&masked, i), i < len && bit6(&addr, i));
	}
}

static void a_prefix_has_the_addresses_that_agree_in_its_bits(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 100; round++) {
		for (unsigned len = 0; len <= 128; len++) {
			struct in6_addr addr = random6();
			struct prefix6 prefix = { address6_masked(&addr, len), (uint8_t)len };

			assert_true(prefix6_has(&prefix, &addr));
			if (len == 0)
				continue;
			/* Any one bit of the prefix decides. */
			unsigned bit = prng_below(&prng, len);

			addr.s6_addr[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			assert_false(prefix6_has(&prefix, &addr));
		}
	}
}

static void covering_needs_a_length_that_is_not_longer(void **state)
{
	struct prefix4 net, half, other;
	struct prefix6 net6, half6;

	(void)state;
	assert_int_equal(prefix4_parse("192.0.2.0/24", &net), 0);
	assert_int_equal(prefix4_parse("192.0.2.128/25", &half), 0);
	assert_int_equal(prefix4_parse("192.0.3.0/25", &other), 0);
	assert_true(prefix4_covers(&net, &net));
	assert_true(prefix4_covers(&net, &half));
	assert_false(prefix4_covers(&half, &net));
	assert_false(prefix4_covers(&net, &other));
	assert_true(prefix4_has(&half, 0xc00002ff));
	assert_false(prefix4_has(&half, 0xc000027f));
	assert_int_equal(prefix6_parse("2001:db8::/32", &net6), 0);
	assert_int_equal(prefix6_parse("2001:db8:8000::/33", &half6), 0);
	assert_true(prefix6_covers(&net6, &half6));
	assert_false(prefix6_covers(&half6, &net6));
}

static void what_is_printed_reads_back(void **state)
{
	char buf[ADDRESS_STRLEN];

	(void)state;
	for (unsigned round = 0; round < 10000; round++) {
		struct in6_addr addr6 = random6(), back6;
		uint32_t addr4 = prng_32(&prng), back4;
		unsigned len = prng_below(&prng, 129);
		struct prefix6 prefix6 = { address6_masked(&addr6, len), (uint8_t)len }, again6;
		struct prefix4 prefix4 = { addr4 & prefix4_mask(len % 33), (uint8_t)(len % 33) };
		struct prefix4 again4;

		assert_int_equal(address6_parse(address6_format(&addr6, buf), &back6), 0);
		assert_true(address6_equal(&addr6, &back6));
		assert_int_equal(address4_parse(address4_format(addr4, buf), &back4), 0);
		assert_true(addr4 == back4);
		assert_int_equal(prefix6_parse(prefix6_format(&prefix6, buf), &again6), 0);
		assert_true(address6_equal(&prefix6.addr, &again6.addr) && again6.len == len);
		assert_int_equal(prefix4_parse(prefix4_format(&prefix4, buf), &again4), 0);
		assert_true(prefix4.addr == again4.addr && prefix4.len == again4.len);
	}
}

static void the_longest_texts_fit(void **state)
{
	struct prefix6 prefix = { .len = 128 };
	char buf[ADDRESS_STRLEN];

	(void)state;
	memset(&prefix.addr, 0xff, sizeof(prefix.addr));
	assert_string_equal(prefix6_format(&prefix, buf),
	                    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
}

static void mixed_notation_shows_the_embedded_address_and_reads_back(void **state)
{
	static const char *const texts[] = {
		"64:ff9b::192.0.2.33",
		"64:ff9b::0.0.0.0",
		"2001:db8:122:344::255.255.255.255",
		"2001:db8:1:2:3:4:10.0.0.1",
		"::1.2.3.4",
		"::0.0.0.1",
	};
	char buf[ADDRESS_STRLEN];
	struct in6_addr addr, again;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(address6_parse(texts[i], &addr), 0);
		*address6_put_mixed(&addr, buf) = '\0';
		assert_string_equal(buf, texts[i]);
		assert_int_equal(address6_parse(buf, &again), 0);
		assert_true(address6_equal(&addr, &again));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_addresses_are_host_order),
		cmocka_unit_test(wrong_ipv4_addresses_are_refused_and_change_nothing),
		cmocka_unit_test(ipv6_addresses_are_read_in_every_notation),
		cmocka_unit_test(a_million_ipv6_addresses_are_printed_as_inet_ntop_does),
		cmocka_unit_test(all_ipv4_octets_are_printed_as_inet_ntop_does),
		cmocka_unit_test(wrong_ipv6_addresses_are_refused_and_change_nothing),
		cmocka_unit_test(prefixes_without_length_are_single_addresses),
		cmocka_unit_test(text_that_is_no_prefix_differs_from_bits_behind_the_length),
		cmocka_unit_test(ipv6_prefixes_follow_the_same_rules),
		cmocka_unit_test(masks_cover_all_lengths),
		cmocka_unit_test(masking_clears_exactly_the_bits_behind_the_length),
		cmocka_unit_test(a_prefix_has_the_addresses_that_agree_in_its_bits),
		cmocka_unit_test(covering_needs_a_length_that_is_not_longer),
		cmocka_unit_test(what_is_printed_reads_back),
		cmocka_unit_test(the_longest_texts_fit),
		cmocka_unit_test(mixed_notation_shows_the_embedded_address_and_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

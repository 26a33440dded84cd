/* Address mapping of RFC 6052: the table of its section 2.4, and reversibility over random
 * addresses in all six lengths (ADR-01 to ADR-12). The expected layout is worked out bit by bit,
 * independently of the code. */
#include "tests/unit/prng.h"
#include "lib/rfc6052.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct prng prng = { .state = 6052 };

static const unsigned lengths[] = { 32, 40, 48, 56, 64, 96 };

static struct prefix6 prefix6(const char *text)
{
	struct prefix6 prefix;

	assert_int_equal(prefix6_parse(text, &prefix), 0);
	return prefix;
}

static struct in6_addr addr6(const char *text)
{
	struct in6_addr addr;

	assert_int_equal(address6_parse(text, &addr), 0);
	return addr;
}

static uint32_t addr4(const char *text)
{
	uint32_t addr;

	assert_int_equal(address4_parse(text, &addr), 0);
	return addr;
}

static struct prefix6 random_prefix(unsigned len)
{
	struct prefix6 prefix = { .len = (uint8_t)len };

	for (int i = 0; i < 16; i++)
		prefix.addr.s6_addr[i] = (uint8_t)prng_32(&prng);
	prefix.addr.s6_addr[8] = 0;
	prefix.addr = address6_masked(&prefix.addr, len);
	return prefix;
}

/* Where bit i of the IPv4 address lies: behind the prefix, jumping over bits 64 to 71. */
static unsigned bit_place(unsigned len, unsigned i)
{
	unsigned bit = len + i;

	return len < 96 && bit >= 64 ? bit + 8 : bit;
}

static void the_table_of_the_rfc(void **state)
{
	static const struct {
		const char *prefix, *addr6;
	} rows[] = {
		{ "2001:db8::/32", "2001:db8:c000:221::" },
		{ "2001:db8:100::/40", "2001:db8:1c0:2:21::" },
		{ "2001:db8:122::/48", "2001:db8:122:c000:2:2100::" },
		{ "2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::" },
		{ "2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::" },
		{ "2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33" },
		{ "64:ff9b::/96", "64:ff9b::192.0.2.33" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct prefix6 prefix = prefix6(rows[i].prefix);
		struct in6_addr want = addr6(rows[i].addr6);
		struct in6_addr got = rfc6052_embed(&prefix, addr4("192.0.2.33"));

		assert_memory_equal(&got, &want, sizeof(want));
		assert_int_equal(rfc6052_extract(&prefix, &want), addr4("192.0.2.33"));
	}
}

static void every_bit_lies_where_the_format_says(void **state)
{
	(void)state;
	for (int round = 0; round < 60000; round++) {
		unsigned len = lengths[round % 6];
		struct prefix6 prefix = random_prefix(len);
		uint32_t v4 = prng_32(&prng);
		struct in6_addr got = rfc6052_embed(&prefix, v4);
		struct in6_addr want = prefix.addr;

		for (unsigned i = 0; i < 32; i++) {
			unsigned place = bit_place(len, i);

			want.s6_addr[place / 8] |= (uint8_t)((v4 >> (31 - i) & 1)
			                                     << (7 - place % 8));
		}
		assert_memory_equal(&got, &want, sizeof(want));
		assert_true(prefix6_has(&prefix, &got));
		assert_int_equal(rfc6052_extract(&prefix, &got), v4);
	}
}

static void u_octet_and_suffix_are_ignored_on_receipt(void **state)
{
	(void)state;
	for (int round = 0; round < 60000; round++) {
		unsigned len = lengths[round % 6];
		struct prefix6 prefix = random_prefix(len);
		uint32_t v4 = prng_32(&prng);
		struct in6_addr noisy = rfc6052_embed(&prefix, v4);

		for (unsigned bit = bit_place(len, 31) + 1; bit < 128; bit++)
			noisy.s6_addr[bit / 8] |= (uint8_t)((prng_32(&prng) & 1) << (7 - bit % 8));
		if (len < 96)
			noisy.s6_addr[8] = (uint8_t)prng_32(&prng);
		assert_int_equal(rfc6052_extract(&prefix, &noisy), v4);
	}
}

static void only_six_lengths_are_valid(void **state)
{
	(void)state;
	for (unsigned len = 0; len < 300; len++) {
		bool want = false;

		for (size_t i = 0; i < COUNT(lengths); i++)
			want = want || lengths[i] == len;
		assert_int_equal(rfc6052_length_is_valid(len), want);
	}
}

static void embedded_range_holds_its_addresses_and_no_others(void **state)
{
	(void)state;
	for (int round = 0; round < 60000; round++) {
		struct prefix6 prefix = random_prefix(lengths[round % 6]);
		uint8_t len = (uint8_t)(prng_below(&prng, 33));
		uint32_t base = prng_32(&prng), other = prng_32(&prng);
		struct prefix4 range = { .addr = base & prefix4_mask(len), .len = len };
		struct prefix6 embedded = rfc6052_embed_prefix(&prefix, &range);
		struct in6_addr inside = rfc6052_embed(&prefix, base);
		struct in6_addr any = rfc6052_embed(&prefix, other);

		assert_true(prefix6_has(&embedded, &inside));
		assert_int_equal(prefix6_has(&embedded, &any), prefix4_has(&range, other));
		assert_true(prefix6_covers(&prefix, &embedded));
		inside = address6_masked(&embedded.addr, embedded.len);
		assert_true(address6_equal(&inside, &embedded.addr));
	}
}

static void embedded_range_examples(void **state)
{
	static const struct {
		const char *prefix, *range, *want;
	} rows[] = {
		{ "64:ff9b::/96", "0.0.0.0/0", "64:ff9b::/96" },
		{ "64:ff9b::/96", "128.0.0.0/1", "64:ff9b::8000:0/97" },
		{ "2001:db8::/32", "10.0.0.0/8", "2001:db8:a00::/40" },
		{ "2001:db8:100::/40", "192.0.2.0/24", "2001:db8:1c0:2::/64" },
		{ "2001:db8:100::/40", "192.0.2.33/32", "2001:db8:1c0:2:21::/80" },
		{ "2001:db8:122:344::/64", "0.0.0.0/0", "2001:db8:122:344::/64" },
		{ "2001:db8:122:344::/64", "10.0.0.0/8", "2001:db8:122:344:a::/80" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct prefix6 prefix = prefix6(rows[i].prefix), got;
		struct prefix4 range;
		char text[ADDRESS_STRLEN];

		assert_int_equal(prefix4_parse(rows[i].range, &range), 0);
		got = rfc6052_embed_prefix(&prefix, &range);
		assert_string_equal(prefix6_format(&got, text), rows[i].want);
	}
}

static void the_well_known_prefix_is_recognised(void **state)
{
	struct prefix6 well_known = prefix6("64:ff9b::/96");
	struct prefix6 local = prefix6("64:ff9b:1::/96");
	struct prefix6 shorter = prefix6("64:ff9b::/64");

	(void)state;
	assert_true(rfc6052_is_well_known(&well_known));
	assert_false(rfc6052_is_well_known(&local));
	assert_false(rfc6052_is_well_known(&shorter));
}

static void the_longest_row_of_pool6_decides(void **state)
{
	struct config_pool6 pool6[4];
	struct in6_addr addr;

	(void)state;
	memset(pool6, 0, sizeof(pool6));
	pool6[0].prefix = prefix6("2001:db8::/32");
	pool6[1].prefix = prefix6("2001:db8:100::/40");
	pool6[2].prefix = prefix6("64:ff9b::/96");
	pool6[3].prefix = prefix6("2001:db8:6464::/96");
	assert_int_equal(prefix4_parse("10.0.0.0/8", &pool6[1].range), 0);
	assert_int_equal(prefix4_parse("10.1.0.0/16", &pool6[3].range), 0);

	addr = addr6("2001:db8:1c0::1");
	assert_int_equal(pool6_find(pool6, 4, &addr), 1);
	addr = addr6("2001:db8:7::1");
	assert_int_equal(pool6_find(pool6, 4, &addr), 0);
	addr = addr6("64:ff9b::1");
	assert_int_equal(pool6_find(pool6, 4, &addr), 2);
	addr = addr6("64:ff9b:0:0:0:1::");
	assert_int_equal(pool6_find(pool6, 4, &addr), -1);
	assert_int_equal(pool6_find(pool6, 0, &addr), -1);

	assert_int_equal(pool6_find4(pool6, 4, addr4("10.2.0.1")), 1);
	assert_int_equal(pool6_find4(pool6, 4, addr4("10.1.0.1")), 3);
	assert_int_equal(pool6_find4(pool6, 4, addr4("192.0.2.1")), 0);
	assert_int_equal(pool6_find4(pool6 + 1, 1, addr4("192.0.2.1")), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_the_rfc),
		cmocka_unit_test(every_bit_lies_where_the_format_says),
		cmocka_unit_test(u_octet_and_suffix_are_ignored_on_receipt),
		cmocka_unit_test(only_six_lengths_are_valid),
		cmocka_unit_test(embedded_range_holds_its_addresses_and_no_others),
		cmocka_unit_test(embedded_range_examples),
		cmocka_unit_test(the_well_known_prefix_is_recognised),
		cmocka_unit_test(the_longest_row_of_pool6_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

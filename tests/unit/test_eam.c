/* Explicit address mappings: the table of RFC 7757 appendix B in both directions, overlaps, and a
 * large random table against a linear reference that works bit by bit (EAM-01 to EAM-04, EAM-09).
 */
#include "tests/unit/prng.h"
#include "translator/eam.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct prng prng = { .state = 7757 };

struct pair_text {
	const char *prefix4, *prefix6;
};

static struct eam_table *table_of(const struct pair_text *texts, size_t count)
{
	struct config_eam pairs[16];
	struct eam_table *table;

	assert_true(count <= COUNT(pairs));
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(prefix4_parse(texts[i].prefix4, &pairs[i].prefix4), 0);
		assert_int_equal(prefix6_parse(texts[i].prefix6, &pairs[i].prefix6), 0);
	}
	table = eam_table_new(pairs, count);
	assert_non_null(table);
	return table;
}

static const char *to6(const struct eam_table *table, const char *text)
{
	static char out[ADDRESS_STRLEN];
	struct in6_addr addr6;
	uint32_t addr4;

	assert_int_equal(address4_parse(text, &addr4), 0);
	return eam_to6(table, addr4, &addr6) ? address6_format(&addr6, out) : "none";
}

static const char *to4(const struct eam_table *table, const char *text)
{
	static char out[ADDRESS_STRLEN];
	struct in6_addr addr6;
	uint32_t addr4;

	assert_int_equal(address6_parse(text, &addr6), 0);
	return eam_to4(table, &addr6, &addr4) ? address4_format(addr4, out) : "none";
}

/* RFC 7757 figure 12, and the addresses of appendix B. */
static const struct pair_text appendix_b[] = {
	{ "192.0.2.1/32", "2001:db8:aaaa::/128" },    { "192.0.2.2/32", "2001:db8:bbbb::b/128" },
	{ "192.0.2.16/28", "2001:db8:cccc::/124" },   { "192.0.2.128/26", "2001:db8:dddd::/64" },
	{ "192.0.2.192/29", "2001:db8:eeee:8::/62" }, { "192.0.2.224/31", "64:ff9b::/127" },
};

static void appendix_b_both_ways(void **state)
{
	static const struct {
		const char *addr4, *addr6;
	} rows[] = {
		{ "192.0.2.1", "2001:db8:aaaa::" },
		{ "192.0.2.2", "2001:db8:bbbb::b" },
		{ "192.0.2.16", "2001:db8:cccc::" },
		{ "192.0.2.24", "2001:db8:cccc::8" },
		{ "192.0.2.31", "2001:db8:cccc::f" },
		{ "192.0.2.128", "2001:db8:dddd::" },
		{ "192.0.2.152", "2001:db8:dddd:0:6000::" },
		{ "192.0.2.183", "2001:db8:dddd:0:dc00::" },
		{ "192.0.2.191", "2001:db8:dddd:0:fc00::" },
		{ "192.0.2.193", "2001:db8:eeee:8:8000::" },
		{ "192.0.2.197", "2001:db8:eeee:a:8000::" },
		{ "192.0.2.199", "2001:db8:eeee:b:8000::" },
		{ "192.0.2.224", "64:ff9b::" },
		{ "192.0.2.225", "64:ff9b::1" },
	};
	struct eam_table *table = table_of(appendix_b, COUNT(appendix_b));

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_string_equal(to6(table, rows[i].addr4), rows[i].addr6);
		assert_string_equal(to4(table, rows[i].addr6), rows[i].addr4);
	}
	assert_string_equal(to6(table, "192.0.2.3"), "none");
	assert_string_equal(to6(table, "192.0.2.200"), "none");
	assert_string_equal(to4(table, "2001:db8:aaaa::1"), "none");
	assert_string_equal(to4(table, "64:ff9b::2"), "none");
	eam_table_free(table);
}

static void excess_bits_are_cut(void **state)
{
	struct eam_table *table = table_of(appendix_b, COUNT(appendix_b));

	(void)state;
	assert_string_equal(to4(table, "2001:db8:dddd:0:6012:3456:789a:bcde"), "192.0.2.152");
	assert_string_equal(to4(table, "2001:db8:dddd:0:63ff:ffff:ffff:ffff"), "192.0.2.152");
	assert_string_equal(to4(table, "2001:db8:eeee:a:8000::1"), "192.0.2.197");
	eam_table_free(table);
}

static void the_longest_prefix_decides_in_each_direction(void **state)
{
	static const struct pair_text texts[] = {
		{ "0.0.0.0/0", "2001:db8:ff00::/40" },
		{ "198.51.100.0/24", "2001:db8:ff12::/64" },
		{ "198.51.100.64/32", "2001:db8::abcd/128" },
		{ "203.0.113.0/24", "2001:db8:ff12:0:8000::/72" },
	};
	struct eam_table *table = table_of(texts, COUNT(texts));

	(void)state;
	assert_string_equal(to6(table, "198.51.100.64"), "2001:db8::abcd");
	assert_string_equal(to6(table, "198.51.100.65"), "2001:db8:ff12:0:4100::");
	assert_string_equal(to6(table, "10.1.2.3"), "2001:db8:ff0a:102:300::");
	assert_string_equal(to4(table, "2001:db8:ff12::"), "198.51.100.0");
	assert_string_equal(to4(table, "2001:db8:ff12:0:4100::"), "198.51.100.65");
	assert_string_equal(to4(table, "2001:db8:ff12:0:8041::"), "203.0.113.65");
	assert_string_equal(to4(table, "2001:db8:ff13::"), "19.0.0.0");
	assert_string_equal(to4(table, "2001:db8::abcd"), "198.51.100.64");
	eam_table_free(table);
}

static void edges_of_the_address_spaces(void **state)
{
	static const struct pair_text whole[] = { { "0.0.0.0/0",
		                                    "ffff:ffff:ffff:ffff:ffff:ffff::/96" } };
	static const struct pair_text bit[] = { { "255.255.255.254/31", "::fffe/127" } };
	struct eam_table *table = table_of(whole, 1);

	(void)state;
	assert_string_equal(to6(table, "255.255.255.255"),
	                    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	assert_string_equal(to4(table, "ffff:ffff:ffff:ffff:ffff:ffff::"), "0.0.0.0");
	eam_table_free(table);

	table = table_of(bit, 1);
	assert_string_equal(to6(table, "255.255.255.255"), "::ffff");
	assert_string_equal(to4(table, "::fffe"), "255.255.255.254");
	assert_string_equal(to4(table, "::"), "none");
	eam_table_free(table);
}

static void an_empty_table_matches_nothing(void **state)
{
	struct eam_table *table = eam_table_new(NULL, 0);

	(void)state;
	assert_non_null(table);
	assert_string_equal(to6(table, "0.0.0.0"), "none");
	assert_string_equal(to4(table, "::"), "none");
	eam_table_free(table);
	eam_table_free(NULL);
}

static int bit_get(const struct in6_addr *addr, unsigned bit)
{
	return addr->s6_addr[bit / 8] >> (7 - bit % 8) & 1;
}

static bool reference_to6(const struct config_eam *pairs, size_t count, uint32_t addr4,
                          struct in6_addr *out)
{
	const struct config_eam *best = NULL;

	for (size_t i = 0; i < count; i++)
		if (prefix4_has(&pairs[i].prefix4, addr4) &&
		    (!best || pairs[i].prefix4.len > best->prefix4.len))
			best = &pairs[i];
	if (!best)
		return false;
	*out = best->prefix6.addr;
	for (unsigned i = 0; best->prefix4.len + i < 32; i++) {
		unsigned bit = best->prefix6.len + i;

		if (addr4 >> (31 - best->prefix4.len - i) & 1)
			out->s6_addr[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	}
	return true;
}

static bool reference_to4(const struct config_eam *pairs, size_t count,
                          const struct in6_addr *addr6, uint32_t *out)
{
	const struct config_eam *best = NULL;

	for (size_t i = 0; i < count; i++)
		if (prefix6_has(&pairs[i].prefix6, addr6) &&
		    (!best || pairs[i].prefix6.len > best->prefix6.len))
			best = &pairs[i];
	if (!best)
		return false;
	*out = best->prefix4.addr;
	for (unsigned i = 0; best->prefix4.len + i < 32; i++)
		*out |= (uint32_t)bit_get(addr6, best->prefix6.len + i)
		        << (31 - best->prefix4.len - i);
	return true;
}

/* Pairs that nest: few address bits are random, and one prefix in eight is a short one. */
static void random_pair(struct config_eam *pair)
{
	unsigned len4 = prng_below(&prng, 8) == 0 ? 8 + prng_below(&prng, 16)
	                                          : 24 + prng_below(&prng, 9);
	unsigned len6 = 32 + prng_below(&prng, 96 + len4 - 32 + 1);
	uint32_t noise[4] = { 0x20010db8, prng_32(&prng) & 0x00ff00ff, prng_32(&prng),
		              prng_32(&prng) };
	struct in6_addr addr6;

	for (unsigned i = 0; i < 16; i++)
		addr6.s6_addr[i] = (uint8_t)(noise[i / 4] >> (24 - i % 4 * 8));
	pair->prefix4.addr = (0x0a000000 | (prng_32(&prng) & 0x0fffffff)) & prefix4_mask(len4);
	pair->prefix4.len = (uint8_t)len4;
	pair->prefix6.addr = address6_masked(&addr6, len6);
	pair->prefix6.len = (uint8_t)len6;
}

static int pair_compare4(const void *a, const void *b)
{
	const struct prefix4 *x = &((const struct config_eam *)a)->prefix4;
	const struct prefix4 *y = &((const struct config_eam *)b)->prefix4;

	return x->addr != y->addr ? (x->addr < y->addr ? -1 : 1) : (int)x->len - (int)y->len;
}

static int pair_compare6(const void *a, const void *b)
{
	return memcmp(&((const struct config_eam *)a)->prefix6,
	              &((const struct config_eam *)b)->prefix6, sizeof(struct prefix6));
}

/* Drop pairs that repeat a prefix of one family. Returns how many remain. */
static size_t pairs_unique(struct config_eam *pairs, size_t count,
                           int (*compare)(const void *, const void *))
{
	size_t kept = 0;

	qsort(pairs, count, sizeof(*pairs), compare);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || compare(&pairs[kept - 1], &pairs[i]) != 0)
			pairs[kept++] = pairs[i];
	return kept;
}

static void look_up_both(const struct eam_table *table, const struct config_eam *pairs,
                         size_t count)
{
	const struct config_eam *near = &pairs[prng_below(&prng, (uint32_t)count)];
	uint32_t addr4 = near->prefix4.addr | (prng_32(&prng) & ~prefix4_mask(near->prefix4.len));
	struct in6_addr addr6 = near->prefix6.addr, got6, want6;
	uint32_t got4 = 0, want4 = 0;
	bool found;

	for (unsigned bit = near->prefix6.len; bit < 128; bit++)
		addr6.s6_addr[bit / 8] |= (uint8_t)((prng_32(&prng) & 1) << (7 - bit % 8));
	if (prng_below(&prng, 8) == 0)
		addr4 ^= 1u << prng_below(&prng, 32);
	if (prng_below(&prng, 8) == 0)
		addr6.s6_addr[prng_below(&prng, 16)] ^= 1;

	found = reference_to6(pairs, count, addr4, &want6);
	assert_int_equal(eam_to6(table, addr4, &got6), found);
	if (found)
		assert_memory_equal(&got6, &want6, sizeof(want6));
	found = reference_to4(pairs, count, &addr6, &want4);
	assert_int_equal(eam_to4(table, &addr6, &got4), found);
	assert_int_equal(got4, want4);
}

static void random_tables_agree_with_a_linear_search(size_t size, int look_ups)
{
	struct config_eam *pairs = calloc(size, sizeof(*pairs));
	struct eam_table *table;
	size_t count;

	assert_non_null(pairs);
	for (size_t i = 0; i < size; i++)
		random_pair(&pairs[i]);
	count = pairs_unique(pairs, size, pair_compare4);
	count = pairs_unique(pairs, count, pair_compare6);
	assert_true(count >= size * 2 / 3);
	table = eam_table_new(pairs, count);
	assert_non_null(table);
	for (int i = 0; i < look_ups; i++)
		look_up_both(table, pairs, count);
	eam_table_free(table);
	free(pairs);
}

static void small_random_tables(void **state)
{
	(void)state;
	for (int i = 0; i < 500; i++)
		random_tables_agree_with_a_linear_search(1 + prng_below(&prng, 40), 40);
}

static void a_table_of_100000_pairs(void **state)
{
	(void)state;
	random_tables_agree_with_a_linear_search(150000, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appendix_b_both_ways),
		cmocka_unit_test(excess_bits_are_cut),
		cmocka_unit_test(the_longest_prefix_decides_in_each_direction),
		cmocka_unit_test(edges_of_the_address_spaces),
		cmocka_unit_test(an_empty_table_matches_nothing),
		cmocka_unit_test(small_random_tables),
		cmocka_unit_test(a_table_of_100000_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

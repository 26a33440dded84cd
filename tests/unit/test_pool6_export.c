/* Sets of IPv4 addresses against a plain list of them, and which prefix each address gets. */
#include "cli/pool6_export.h"

#include "tests/unit/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SMALL 64 /* addresses of the plain list */

/* Sorted, apart, none empty, and what the list holds. */
static void same(const struct ranges4 *ranges, const bool *list)
{
	uint64_t size = 0;
	size_t at = 0;

	for (size_t i = 0; i < ranges->count; i++) {
		assert_true(ranges->at[i].first < ranges->at[i].end);
		assert_true(i == 0 || ranges->at[i - 1].end < ranges->at[i].first);
	}
	for (uint64_t a = 0; a < SMALL; a++) {
		while (at < ranges->count && ranges->at[at].end <= a)
			at++;
		assert_int_equal(at < ranges->count && ranges->at[at].first <= a, list[a]);
		size += list[a];
	}
	assert_int_equal(ranges4_size(ranges), size);
}

static void sets_are_what_was_put_in_and_taken_out(void **state)
{
	struct prng prng = { 1 };

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct ranges4 ranges = { .count = 0 };
		bool list[SMALL] = { false };

		for (int step = 0; step < 12; step++) {
			uint64_t first = prng_below(&prng, SMALL);
			uint64_t end = first + prng_below(&prng, (uint32_t)(SMALL - first + 1));
			bool adds = prng_below(&prng, 3) != 0;

			assert_int_equal((adds ? ranges4_add : ranges4_remove)(
						 &ranges, (struct range4){ first, end }),
			                 0);
			for (uint64_t a = first; a < end; a++)
				list[a] = adds;
			same(&ranges, list);
		}
		ranges4_fini(&ranges);
	}
}

static void a_range_is_cut_into_the_fewest_prefixes(void **state)
{
	static const struct {
		uint64_t first, end;
		const char *text;
	} rows[] = {
		{ 0, RANGES4_END, "0.0.0.0/0 " },
		{ 0, 1, "0.0.0.0/32 " },
		{ RANGES4_END - 1, RANGES4_END, "255.255.255.255/32 " },
		{ 0x0a000001, 0x0a000008, "10.0.0.1/32 10.0.0.2/31 10.0.0.4/30 " },
		{ 0x7fffffff, 0x80000001, "127.255.255.255/32 128.0.0.0/32 " },
		{ 1, RANGES4_END >> 29, "0.0.0.1/32 0.0.0.2/31 0.0.0.4/30 " },
		{ 7, 7, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct range4 range = { rows[i].first, rows[i].end };
		struct ranges4 ranges = { &range, 1 };
		char text[200] = "";
		FILE *out = fmemopen(text, sizeof(text), "w");

		assert_non_null(out);
		ranges4_print(&ranges, "", " ", out);
		(void)fclose(out);
		assert_string_equal(text, rows[i].text);
	}
}

/* Export the instances of a configuration and print for each prefix what it is right for; a star
 * stands before the main one. */
static void exports_as(const char *text, const char *instance, const char *expected)
{
	char printed[2000] = "", prefix[ADDRESS_STRLEN];
	FILE *out = fmemopen(printed, sizeof(printed), "w");
	const struct pool6_export *best;
	struct pool6_exports exports;
	struct config *config;

	assert_non_null(out);
	assert_int_equal(config_parse(text, strlen(text), "test", stderr, &config), 0);
	assert_int_equal(pool6_export(config, instance, &exports), 0);
	best = pool6_export_main(&exports);
	for (size_t i = 0; i < exports.count; i++) {
		(void)fprintf(out, "%s%s(%zu)", best == &exports.list[i] ? "*" : "",
		              prefix6_format(&exports.list[i].prefix, prefix),
		              exports.list[i].instance_count);
		ranges4_print(&exports.list[i].own, " ", "", out);
		(void)fputs("; ", out);
	}
	(void)fclose(out);
	assert_string_equal(printed, expected);
	pool6_exports_free(&exports);
	config_free(config);
}

#define POOL "pool4 = 198.51.100.1\n"

static void each_address_has_one_prefix(void **state)
{
	static const char halves[] = "[instance a]\n" POOL "destinations = 0.0.0.0/1\n"
				     "[instance b]\npool4 = 198.51.100.2\n"
				     "destinations = 128.0.0.0/1\n";
	static const char nested[] = "[instance a]\n" POOL "pool6 = 64:ff9b::/96\n"
				     "pool6 = 2001:db8::/96 for 10.0.0.0/8\n"
				     "pool6 = 2001:db8:1::/96 for 10.0.0.0/9\n"
				     "destinations = 10.0.0.0/7\n";
	static const char equals[] = "[instance a]\n" POOL "pool6 = 2001:db8:1::/96\n"
				     "pool6 = 2001:db8:2::/96\n[instance s]\nmode = siit\n"
				     "pool6 = 2001:db8:3::/96\n";

	(void)state;
	exports_as(halves, NULL, "*64:ff9b::/96(2) 0.0.0.0/0; ");
	exports_as(halves, "a", "*64:ff9b::/96(1) 0.0.0.0/1; ");
	exports_as(nested, NULL,
	           "64:ff9b::/96(1) 11.0.0.0/8; 2001:db8::/96(1) 10.128.0.0/9; "
	           "2001:db8:1::/96(1) 10.0.0.0/9; ");
	exports_as(equals, NULL, "*2001:db8:1::/96(1) 0.0.0.0/0; 2001:db8:2::/96(1); ");
	exports_as(equals, "s", "*2001:db8:3::/96(1) 0.0.0.0/0; ");
	exports_as(equals, "nobody", "");
}

static void a_range_outside_the_destinations_is_no_export(void **state)
{
	(void)state;
	exports_as("[instance a]\n" POOL "destinations = 10.0.0.0/8\n"
	           "pool6 = 64:ff9b::/96 for 11.0.0.0/8\n",
	           NULL, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_are_what_was_put_in_and_taken_out),
		cmocka_unit_test(a_range_is_cut_into_the_fewest_prefixes),
		cmocka_unit_test(each_address_has_one_prefix),
		cmocka_unit_test(a_range_outside_the_destinations_is_no_export),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

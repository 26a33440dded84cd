/* MTU formulas of RFC 7915 sections 4.2 and 5.2 (I46-03, I46-04, I64-03, I64-04, PMT-08). */
#include "translator/pmtu.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* RFC 1191 table 7-1. */
static const uint16_t plateaus[] = {
	65535, 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68
};

static uint32_t to6(uint32_t reported, uint32_t quoted, uint32_t mtu4, uint32_t mtu6)
{
	return pmtu_46(reported, quoted, mtu4, mtu6, plateaus, COUNT(plateaus));
}

static void fragmentation_needed_becomes_packet_too_big(void **state)
{
	static const struct {
		uint32_t reported, mtu4, mtu6, want;
	} rows[] = {
		{ 68, 1500, 1500, 1280 },       { 576, 1500, 1500, 1280 },
		{ 1260, 1500, 1500, 1280 },     { 1261, 1500, 1500, 1281 },
		{ 1300, 1500, 1500, 1320 },     { 1400, 1500, 1500, 1420 },
		{ 1480, 1500, 1500, 1500 },     { 1500, 1500, 1500, 1500 },
		{ 9000, 1500, 1500, 1500 },     { 9000, 1400, 9000, 1420 },
		{ 9000, 9000, 1280, 1280 },     { 1, 1500, 1500, 1280 },
		{ 65535, 65535, 65535, 65535 }, { UINT32_MAX, 1500, 1500, 1500 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(to6(rows[i].reported, 1500, rows[i].mtu4, rows[i].mtu6),
		                 rows[i].want);
}

static void a_router_without_mtu_is_answered_by_plateaus(void **state)
{
	static const struct {
		uint32_t quoted, want; /* with jumbo links on both sides */
	} rows[] = {
		{ 65535, 32020 }, { 32000, 17934 }, { 17914, 8186 }, { 9000, 8186 }, { 8166, 4372 },
		{ 4353, 4372 },   { 4352, 2022 },   { 4000, 2022 },  { 2003, 2022 }, { 2002, 1512 },
		{ 1500, 1512 },   { 1493, 1512 },   { 1492, 1280 },  { 1480, 1280 }, { 576, 1280 },
		{ 68, 1280 },     { 20, 1280 },     { 0, 1280 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(to6(0, rows[i].quoted, 65535, 65535), rows[i].want);
	assert_int_equal(to6(0, 1500, 1500, 1500), 1500);
	assert_int_equal(pmtu_46(0, 4000, 65535, 65535, NULL, 0), 1280);
}

static void packet_too_big_becomes_fragmentation_needed(void **state)
{
	static const struct {
		uint32_t reported;
		bool fragment;
		uint32_t mtu4, mtu6, want;
	} rows[] = {
		{ 1280, false, 1500, 1500, 1260 },
		{ 1400, false, 1500, 1500, 1380 },
		{ 1500, false, 1500, 1500, 1480 },
		{ 9000, false, 1500, 1500, 1480 },
		{ 9000, false, 1400, 9000, 1400 },
		{ 66936, false, 1500, 1500, 1480 },
		{ 1400, true, 1500, 1500, 1372 },
		{ 9000, true, 1500, 1500, 1472 },
		{ 0, false, 1500, 1500, 68 },
		{ 19, false, 1500, 1500, 68 },
		{ 27, true, 1500, 1500, 68 },
		{ 88, false, 1500, 1500, 68 },
		{ 89, false, 1500, 1500, 69 },
		{ UINT32_MAX, false, 65535, 65535, 65515 },
		{ UINT32_MAX, false, UINT32_MAX, UINT32_MAX, 65535 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(
			pmtu_64(rows[i].reported, rows[i].fragment, rows[i].mtu4, rows[i].mtu6),
			rows[i].want);
}

static void no_value_wraps_or_leaves_its_bounds(void **state)
{
	(void)state;
	for (uint64_t reported = 0; reported <= UINT32_MAX; reported = reported * 3 / 2 + 1) {
		uint32_t mtu6 = to6((uint32_t)reported, 1500, 1500, 1500);
		uint32_t mtu4 = pmtu_64((uint32_t)reported, false, 1500, 1500);

		assert_in_range(mtu6, 1280, 1500);
		assert_in_range(mtu4, 68, 1480);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fragmentation_needed_becomes_packet_too_big),
		cmocka_unit_test(a_router_without_mtu_is_answered_by_plateaus),
		cmocka_unit_test(packet_too_big_becomes_fragmentation_needed),
		cmocka_unit_test(no_value_wraps_or_leaves_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

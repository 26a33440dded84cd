/* The token bucket behind originated ICMP errors (ERR-07): burst, rate, idle time, extremes. */
#include "translator/rate_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SECOND_US UINT64_C(1000000)

/* Events allowed when one is wanted every step_us for a while. */
static unsigned allowed(struct rate_limit *limit, uint64_t start_us, uint64_t for_us,
                        uint64_t step_us)
{
	unsigned count = 0;

	for (uint64_t at_us = 0; at_us < for_us; at_us += step_us)
		count += rate_limit_take(limit, start_us + at_us);
	return count;
}

static void a_burst_and_then_the_rate(void **state)
{
	struct rate_limit limit;

	(void)state;
	rate_limit_init(&limit, 10, 50, 0);
	assert_int_equal(allowed(&limit, 0, 1000, 1), 50);
	/* 10,000 offenders a second for ten seconds: 100 more. */
	assert_in_range(allowed(&limit, 1000, 10 * SECOND_US, 100), 99, 101);
}

static void credit_is_no_more_than_the_burst(void **state)
{
	struct rate_limit limit;

	(void)state;
	rate_limit_init(&limit, 1000, 5, 0);
	assert_int_equal(allowed(&limit, 3600 * SECOND_US, 100, 1), 5);
	assert_int_equal(allowed(&limit, UINT64_MAX / 2, 100, 1), 5);
}

static void slow_events_always_pass(void **state)
{
	struct rate_limit limit;

	(void)state;
	rate_limit_init(&limit, 1, 1, 0);
	assert_int_equal(allowed(&limit, 0, 100 * SECOND_US, SECOND_US), 100);
	rate_limit_init(&limit, 3, 1, 0);
	assert_int_equal(allowed(&limit, 0, 100 * SECOND_US, SECOND_US / 2), 200);
}

static void rate_zero_is_no_limit(void **state)
{
	struct rate_limit limit;

	(void)state;
	rate_limit_init(&limit, 0, 1, 0);
	assert_int_equal(allowed(&limit, 0, 1000, 1), 1000);
}

static void the_largest_values_do_not_overflow(void **state)
{
	struct rate_limit limit;

	(void)state;
	rate_limit_init(&limit, UINT32_MAX, UINT32_MAX, 0);
	assert_int_equal(allowed(&limit, UINT64_MAX - 2000, 1000, 1), 1000);
	rate_limit_init(&limit, 1, 0, 0);
	assert_int_equal(allowed(&limit, 0, 10, 1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_and_then_the_rate),
		cmocka_unit_test(credit_is_no_more_than_the_burst),
		cmocka_unit_test(slow_events_always_pass),
		cmocka_unit_test(rate_zero_is_no_limit),
		cmocka_unit_test(the_largest_values_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

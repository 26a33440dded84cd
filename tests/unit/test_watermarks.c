/* Alarms about ports and sessions that run out: one for each crossing, none for wobbling, none
 * twice within the interval (MON-02). */
#include "translator/watermarks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SECOND_US UINT64_C(1000000)
#define TOTAL     1000

static struct watermarks marks;
static struct watermarks_event last;
static unsigned told;
static uint64_t now_us;

static int open_marks(void **state)
{
	(void)state;
	marks = (struct watermarks){ { { 0 } } };
	told = 0;
	now_us = 5 * SECOND_US;
	return 0;
}

static void tell(void *context, const struct watermarks_event *event)
{
	assert_null(context);
	last = *event;
	told++;
}

/* Another second, with that many UDP ports in use and that many sessions. Returns the events so
 * far. */
static unsigned look(uint64_t udp_ports, uint32_t sessions)
{
	struct translator_stats stats = { .sessions = { 0, sessions, 0 },
		                          .sessions_max = TOTAL,
		                          .pool4_ports = { TOTAL, TOTAL, TOTAL },
		                          .pool4_used = { 0, udp_ports, 0 } };

	now_us += SECOND_US;
	watermarks_look(&marks, &stats, now_us, tell, NULL);
	return told;
}

static void pass_interval(void)
{
	now_us += WATERMARKS_INTERVAL_US;
}

static void crossing_tells_once_and_falling_tells_once(void **state)
{
	(void)state;
	assert_int_equal(look(800, 0), 0);
	assert_int_equal(look(801, 0), 1);
	assert_string_equal(last.reason, "pool4-high-watermark");
	assert_string_equal(last.resource, "pool4 udp");
	assert_string_equal(last.protocol, "udp");
	assert_true(last.is_high);
	assert_int_equal(last.used, 801);
	assert_int_equal(last.total, TOTAL);
	for (uint64_t used = 802; used <= TOTAL; used += 2)
		assert_int_equal(look(used, 0), 1);
	pass_interval();
	assert_int_equal(look(600, 0), 1);
	assert_int_equal(look(599, 0), 2);
	assert_string_equal(last.reason, "pool4-low-watermark");
	assert_false(last.is_high);
	assert_int_equal(look(0, 0), 2);
}

static void wobbling_around_a_mark_tells_nothing_more(void **state)
{
	(void)state;
	assert_int_equal(look(801, 0), 1);
	for (int round = 0; round < 500; round++)
		assert_int_equal(look(round % 2 ? 790 : 810, 0), 1);
	assert_int_equal(look(500, 0), 2);
	pass_interval();
	for (int round = 0; round < 500; round++)
		assert_int_equal(look(round % 2 ? 590 : 610, 0), 2);
}

static void what_swings_wide_is_told_once_a_minute(void **state)
{
	unsigned seconds = 3600;

	(void)state;
	for (unsigned second = 0; second < seconds; second++)
		(void)look(second % 2 ? 0 : 1000, 0);
	assert_in_range(told, 2, seconds / 60 + 1);
}

static void what_happened_within_the_interval_is_told_after_it(void **state)
{
	(void)state;
	assert_int_equal(look(900, 0), 1);
	for (int second = 0; second < 58; second++)
		assert_int_equal(look(100, 0), 1);
	pass_interval();
	assert_int_equal(look(100, 0), 2);
	assert_string_equal(last.reason, "pool4-low-watermark");
}

static void each_resource_speaks_for_itself(void **state)
{
	(void)state;
	assert_int_equal(look(900, 900), 2);
	assert_string_equal(last.reason, "sessions-high-watermark");
	assert_string_equal(last.resource, "sessions");
	assert_string_equal(last.protocol, "");
	assert_int_equal(look(900, 900), 2);
}

/* A stateless instance has neither. */
static void nothing_of_nothing_is_not_full(void **state)
{
	struct translator_stats none = { .started_us = 0 };

	(void)state;
	watermarks_look(&marks, &none, now_us, tell, NULL);
	assert_int_equal(told, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(crossing_tells_once_and_falling_tells_once, open_marks),
		cmocka_unit_test_setup(wobbling_around_a_mark_tells_nothing_more, open_marks),
		cmocka_unit_test_setup(what_swings_wide_is_told_once_a_minute, open_marks),
		cmocka_unit_test_setup(what_happened_within_the_interval_is_told_after_it,
		                       open_marks),
		cmocka_unit_test_setup(each_resource_speaks_for_itself, open_marks),
		cmocka_unit_test_setup(nothing_of_nothing_is_not_full, open_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

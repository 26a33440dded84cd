/* Sequence numbers of one sender: every number is new once, gaps are asked for at their times, and
 * what leaves the window is counted as lost. */
#include "syncd/window.h"
#include "tests/unit/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW_US UINT64_C(1000000)

static struct window window;

static void start(uint64_t first, uint64_t back)
{
	memset(&window, 0, sizeof(window));
	window_start(&window, first, back, NOW_US);
}

static void a_number_is_new_once(void **state)
{
	static bool came[3 * WINDOW_SIZE];
	struct prng prng = { .state = 42 };
	uint64_t high = 0;

	(void)state;
	start(1, 0);
	for (int i = 0; i < 20000; i++) {
		uint64_t seq = 1 + prng_below(&prng, 3 * WINDOW_SIZE - 1);
		enum window_verdict verdict = window_check(&window, seq);

		if (seq + WINDOW_SIZE <= high)
			assert_int_equal(verdict, WINDOW_TOO_OLD);
		else
			assert_int_equal(verdict, came[seq] ? WINDOW_DUPLICATE : WINDOW_NEW);
		if (verdict != WINDOW_NEW)
			continue;
		window_take(&window, seq, NOW_US);
		came[seq] = true;
		high = seq > high ? seq : high;
	}
	assert_int_equal(window.high, high);
}

static void a_gap_is_asked_for_sixteen_times(void **state)
{
	static const uint64_t waits_ms[] = { 10, 20, 40, 80, 160, 160 };
	struct window_range ranges[4];
	uint64_t now_us = NOW_US, next_us;
	int asked = 0;

	(void)state;
	start(1, 0);
	window_take(&window, 1, NOW_US);
	window_take(&window, 5, NOW_US);
	assert_int_equal(window.missing, 3);
	assert_int_equal(window_ask(&window, now_us, ranges, 4, &next_us), 0);
	while (next_us != UINT64_MAX) {
		if (asked < 6)
			assert_int_equal(next_us - now_us, waits_ms[asked] * 1000);
		now_us = next_us;
		if (window_ask(&window, now_us, ranges, 4, &next_us)) {
			asked++;
			assert_int_equal(ranges[0].first, 2);
			assert_int_equal(ranges[0].last, 4);
		}
	}
	assert_int_equal(asked, WINDOW_TRIES);
	assert_int_equal(window.lost, 3);
	assert_int_equal(window.floor, 5);
	assert_int_equal(window_check(&window, 3), WINDOW_LATE);
}

static void what_was_sent_again_is_not_waited_for(void **state)
{
	(void)state;
	start(1, 0);
	window_take(&window, 10, NOW_US);
	window_resolve(&window, &(struct window_range){ 1, 4 });
	assert_int_equal(window.floor, 4);
	window_give_up(&window, &(struct window_range){ 5, 100 });
	assert_int_equal(window.floor, 10);
	assert_int_equal(window.missing, 0);
	assert_int_equal(window.lost, 5);
	assert_int_equal(window_check(&window, 11), WINDOW_NEW);
}

static void a_jump_loses_what_it_leaps_over(void **state)
{
	(void)state;
	start(1, 0);
	window_take(&window, 1, NOW_US);
	window_take(&window, 1000001, NOW_US);
	assert_int_equal(window.lost + window.missing, 999999);
	assert_int_equal(window.missing, WINDOW_SIZE - 1);
	assert_int_equal(window_check(&window, 999999), WINDOW_NEW);
	assert_int_equal(window_check(&window, 2), WINDOW_TOO_OLD);
}

static void numbers_before_the_start_are_asked_for_only(void **state)
{
	struct window_range ranges[4];
	uint64_t next_us;

	(void)state;
	start(1000, 256);
	assert_int_equal(window_check(&window, 999), WINDOW_DUPLICATE);
	assert_int_equal(window_ask(&window, NOW_US + WINDOW_GRACE_US, ranges, 4, &next_us), 1);
	assert_int_equal(ranges[0].first, 744);
	assert_int_equal(ranges[0].last, 999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_new_once),
		cmocka_unit_test(a_gap_is_asked_for_sixteen_times),
		cmocka_unit_test(what_was_sent_again_is_not_waited_for),
		cmocka_unit_test(a_jump_loses_what_it_leaps_over),
		cmocka_unit_test(numbers_before_the_start_are_asked_for_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

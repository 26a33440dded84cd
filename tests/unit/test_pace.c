/* When a long list takes its time: by what the clocks of a box said. */
#include "cli/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define START UINT64_C(5000000000)

static bool was_busy(uint64_t idle_us, uint64_t own_us, unsigned processors)
{
	struct pace_clocks began = { START, 2 * START, START / 7 }, ended = began;

	ended.now_us += PACE_STRETCH_US;
	ended.idle_us += idle_us;
	ended.own_us += own_us;
	return pace_was_busy(&began, &ended, processors);
}

static void a_box_that_does_nothing_else_is_not_busy(void **state)
{
	(void)state;
	assert_false(was_busy(200000, 0, 2));     /* asleep */
	assert_false(was_busy(100000, 60000, 2)); /* listing as fast as it goes */
	assert_false(was_busy(0, 75000, 1));
}

static void a_box_that_gives_all_to_others_is_busy(void **state)
{
	(void)state;
	assert_true(was_busy(0, 0, 1));
	assert_true(was_busy(0, 5000, 2));
	assert_true(was_busy(10000, 5000, 2));
	assert_true(was_busy(180000, 5000, 8));
}

static void a_box_with_processors_to_spare_is_not_busy(void **state)
{
	(void)state;
	assert_false(was_busy(160000, 5000, 2));
	assert_false(was_busy(620000, 5000, 8));
}

/* What a list takes at full speed is not taken for processors to spare. */
static void a_list_at_full_speed_notices_others(void **state)
{
	(void)state;
	assert_true(was_busy(0, 100000, 2));
	assert_true(was_busy(20000, 70000, 2));
	assert_true(was_busy(0, 50000, 1));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_box_that_does_nothing_else_is_not_busy),
		cmocka_unit_test(a_box_that_gives_all_to_others_is_busy),
		cmocka_unit_test(a_box_with_processors_to_spare_is_not_busy),
		cmocka_unit_test(a_list_at_full_speed_notices_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The timer wheel against a plain list, with a virtual clock: nothing comes early, nothing comes
 * more than a tick late, nothing is lost, whatever the distance, the limit on work and the jumps of
 * time. */
#include "tests/unit/prng.h"
#include "translator/wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TICK_US  65536
#define START_US UINT64_C(123456789)
#define TIMERS   2000
#define DAY_US   UINT64_C(86400000000)

static struct prng prng = { .state = 65536 };

struct world {
	struct wheel *wheel;
	uint64_t now_us;
	uint64_t when_us[TIMERS + 1]; /* 0: not scheduled */
	unsigned came;
	bool again; /* schedule again from within the call */
};

static uint64_t random_delay(void)
{
	/* From microseconds to 11 days, every magnitude alike. */
	return prng_64(&prng) % (UINT64_C(1) << (4 + prng_below(&prng, 36)));
}

static void schedule(struct world *world, uint32_t index, uint64_t when_us)
{
	world->when_us[index] = when_us;
	wheel_schedule(world->wheel, index, when_us);
}

static void due(void *context, uint32_t index)
{
	struct world *world = context;

	assert_int_not_equal(world->when_us[index], 0);
	assert_true(world->when_us[index] <= world->now_us);
	world->when_us[index] = 0;
	world->came++;
	assert_true(wheel_due(world->wheel, index) == UINT64_MAX);
	if (world->again)
		schedule(world, index, world->now_us + random_delay());
}

static void nothing_is_overdue(const struct world *world)
{
	for (uint32_t i = 1; i <= TIMERS; i++)
		if (world->when_us[i] != 0)
			assert_true(world->when_us[i] + 2 * TICK_US > world->now_us);
}

static void world_open(struct world *world)
{
	memset(world, 0, sizeof(*world));
	world->now_us = START_US;
	world->wheel = wheel_new(TIMERS, START_US);
	assert_non_null(world->wheel);
}

static void timers_come_on_time(void **state)
{
	struct world world;

	(void)state;
	world_open(&world);
	world.again = true;
	for (uint32_t i = 1; i <= TIMERS; i++)
		schedule(&world, i, world.now_us + random_delay());
	for (int round = 0; round < 4000; round++) {
		world.now_us += random_delay() % (DAY_US / 100) / 10;
		assert_true(wheel_advance(world.wheel, world.now_us, UINT32_MAX, due, &world));
		nothing_is_overdue(&world);
	}
	assert_true(world.came > TIMERS);
	wheel_free(world.wheel);
}

static void timers_move_and_are_cancelled(void **state)
{
	struct world world;

	(void)state;
	world_open(&world);
	for (int round = 0; round < 20000; round++) {
		uint32_t index = 1 + prng_below(&prng, TIMERS);

		if (prng_below(&prng, 3) == 0) {
			world.when_us[index] = 0;
			wheel_cancel(world.wheel, index);
		} else {
			schedule(&world, index, world.now_us + random_delay());
			assert_true(wheel_due(world.wheel, index) != UINT64_MAX);
		}
		if (round % 10 == 0) {
			world.now_us += prng_64(&prng) % (TICK_US * 20);
			assert_true(
				wheel_advance(world.wheel, world.now_us, UINT32_MAX, due, &world));
			nothing_is_overdue(&world);
		}
	}
	wheel_free(world.wheel);
}

static void limited_work_is_late_but_never_lost(void **state)
{
	struct world world;
	unsigned calls = 0;

	(void)state;
	world_open(&world);
	for (uint32_t i = 1; i <= TIMERS; i++)
		schedule(&world, i,
		         world.now_us + 3600 * UINT64_C(1000000) + prng_below(&prng, 5000000));
	world.now_us += DAY_US;
	while (!wheel_advance(world.wheel, world.now_us, 7, due, &world)) {
		assert_true(world.came <= 7 * (calls + 1));
		calls++;
		assert_true(calls < 3 * TIMERS);
	}
	assert_int_equal(world.came, TIMERS);
	assert_true(calls >= TIMERS / 7 - 1);
	wheel_free(world.wheel);
}

static void times_past_and_beyond_the_wheel(void **state)
{
	struct world world;

	(void)state;
	world_open(&world);
	schedule(&world, 1, 0);
	world.when_us[1] = 1;
	schedule(&world, 2, START_US);
	world.now_us += TICK_US;
	assert_true(wheel_advance(world.wheel, world.now_us, 10, due, &world));
	assert_int_equal(world.came, 2);

	/* Beyond 12 days a timer comes early, to be asked again: here "early" is what must be seen.
	 */
	wheel_schedule(world.wheel, 3, START_US + 100 * DAY_US);
	assert_true(wheel_due(world.wheel, 3) < START_US + 13 * DAY_US);
	assert_true(wheel_due(world.wheel, 3) > START_US + 12 * DAY_US);
	wheel_free(world.wheel);
	wheel_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_come_on_time),
		cmocka_unit_test(timers_move_and_are_cancelled),
		cmocka_unit_test(limited_work_is_late_but_never_lost),
		cmocka_unit_test(times_past_and_beyond_the_wheel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Invariants of the health of an instance over simulated histories. */
#include "tests/unit/health_side.h"
#include "tests/unit/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct health health;
static struct health_facts facts;
static uint64_t now;

static void set(char *text, const char *to)
{
	(void)snprintf(text, HEALTH_REASON_MAX, "%s", to);
}

/* A box as it may be: what lasts goes on until the dice say otherwise. */
struct world {
	struct prng prng;
	uint64_t answered_us[2]; /* when the newest probe that came back was sent; slow, fast */
	bool works[2];
	uint32_t lasts;    /* how many steps it works, on average */
	uint64_t well_us;  /* nothing was silent, and the link was well, since then */
	uint64_t whole_us; /* sessions were there since then */
	uint64_t expect_hold_us, fell_us, served_us, anew;
};

static bool dice(struct world *world, uint32_t one_of)
{
	return prng_below(&world->prng, one_of) == 0;
}

static void live(struct world *world)
{
	for (int path = 0; path < 2; path++) {
		if (dice(world, world->works[path] ? world->lasts : 40))
			world->works[path] = !world->works[path];
		if (world->works[path])
			world->answered_us[path] = now;
	}
	facts.slow.whole_us = facts.slow.half_us = now - world->answered_us[0];
	facts.fast.whole_us = facts.fast.half_us = now - world->answered_us[1];
	facts.process_runs = world->works[0] || dice(world, 2);
	facts.answers = world->works[0];
	if (dice(world, facts.carrier ? 4 * world->lasts : 100))
		facts.carrier = !facts.carrier;
	if (dice(world, facts.addressed ? 4 * world->lasts : 100))
		facts.addressed = !facts.addressed;
	if (dice(world, facts.drain ? 300 : 5000))
		facts.drain = !facts.drain;
	if (dice(world, 400))
		facts.sync = (enum health_sync)(1 + prng_below(&world->prng, 4));
	if (dice(world, 400))
		facts.bfd_split = !facts.bfd_split;
	if (dice(world, 400))
		set(facts.bfd_problem, dice(world, 2) ? "bfdd hangs" : "");
}

static bool is_reachable(void)
{
	uint64_t patience_us = facts.process_runs ? TIMEOUT : GRACE;

	return facts.slow.whole_us < patience_us && facts.fast.whole_us < patience_us &&
	       facts.carrier && facts.addressed;
}

static void note_times(struct world *world)
{
	if (!is_reachable())
		world->well_us = now + 1;
	if (facts.sync == HEALTH_SYNC_WHOLE || facts.sync == HEALTH_SYNC_ALONE)
		world->whole_us = now;
}

/* What the hold-down has to be by its definition. */
static void note_fall(struct world *world)
{
	uint64_t before = world->expect_hold_us;

	world->expect_hold_us = health_side_config.hold_down_us;
	if (before && now - world->served_us < 10 * before)
		world->expect_hold_us = 2 * before;
	if (world->expect_hold_us > health_side_config.hold_down_max_us)
		world->expect_hold_us = health_side_config.hold_down_max_us;
	world->anew += before > world->expect_hold_us;
	world->fell_us = now;
	assert_int_equal(health.hold_us, world->expect_hold_us);
}

static void note_return(struct world *world)
{
	bool may_lack = facts.sync == HEALTH_SYNC_ABSENT && world->whole_us;

	if (world->fell_us > world->served_us && facts.sync != HEALTH_SYNC_ALONE)
		assert_true(now - world->well_us >= world->expect_hold_us);
	assert_true(may_lack || facts.sync == HEALTH_SYNC_WHOLE ||
	            facts.sync == HEALTH_SYNC_ALONE ||
	            now - world->well_us >= health_side_config.sync_limit_us);
	world->served_us = now;
}

static void one_step(struct world *world)
{
	bool served = health_serves(&health), changed;
	uint64_t changes = health.history_count;

	changed = health_judge(&health, &facts, now);
	assert_int_equal(changed, health.history_count != changes);
	if (health_serves(&health))
		assert_true(is_reachable() && !facts.drain);
	if (changed)
		assert_true(health.history[changes % HEALTH_HISTORY_MAX].reason[0] != '\0');
	assert_int_equal(health.reason[0] == '\0', health.state == HEALTH_UP);
	assert_true(health_deadline(&health) > now);
	if (served && health.state == HEALTH_DOWN)
		note_fall(world);
	else if (served && !health_serves(&health))
		assert_int_equal(health.state, HEALTH_DRAINED);
	else if (!served && health_serves(&health))
		note_return(world);
}

static void invariants_hold_in_simulated_histories(void **state)
{
	uint64_t falls = 0, doubled = 0, anew = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct world world = { .prng = { seed },
			               .lasts = 400U << seed % 6,
			               .works = { true, true } };

		now = START;
		facts = health_side_good();
		health_init(&health, &health_side_config, now);
		world.well_us = now;
		world.answered_us[0] = world.answered_us[1] = now;
		for (int i = 0; i < 40000; i++) {
			now += 25 * MS + prng_below(&world.prng, 2000);
			live(&world);
			note_times(&world);
			one_step(&world);
		}
		falls += health.falls;
		anew += world.anew;
		doubled += world.expect_hold_us > health_side_config.hold_down_us;
	}
	assert_true(falls > 500 && doubled > 50 && anew > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(invariants_hold_in_simulated_histories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

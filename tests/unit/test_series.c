/* Rates of counters as `top` computes them, figures for its screen, and the round of values that
 * are there. */
#include "cli/figures.h"
#include "cli/series.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000000u

static void assert_rate(const struct rate *rate, double wanted)
{
	assert_true(rate->is_known);
	assert_true(rate->per_second > wanted - 0.001 && rate->per_second < wanted + 0.001);
}

static void a_rate_is_known_from_the_second_value_on(void **state)
{
	struct rate rate = { .value = 0 };

	(void)state;
	assert_false(rate_add(&rate, 1000, 5 * SECOND));
	assert_false(rate.is_known);
	assert_true(rate_add(&rate, 1500, 7 * SECOND));
	assert_rate(&rate, 250);
	assert_true(rate_add(&rate, 1501, 7 * SECOND + SECOND / 5));
	assert_rate(&rate, 5);
	assert_true(rate_add(&rate, 1501, 9 * SECOND));
	assert_rate(&rate, 0);
}

static void the_same_answer_twice_brings_nothing_new(void **state)
{
	struct rate rate = { .value = 0 };

	(void)state;
	(void)rate_add(&rate, 100, SECOND);
	(void)rate_add(&rate, 200, 2 * SECOND);
	assert_false(rate_add(&rate, 200, 2 * SECOND));
	assert_rate(&rate, 100);
}

/* Also one that has counted further than before by then. */
static void a_program_that_was_started_again_begins_anew(void **state)
{
	struct rate rate = { .value = 0 };

	(void)state;
	(void)rate_add(&rate, 100, 90 * SECOND);
	(void)rate_add(&rate, 200, 91 * SECOND);
	assert_false(rate_add(&rate, 5000, 3 * SECOND));
	assert_false(rate.is_known);
	assert_true(rate_add(&rate, 5010, 4 * SECOND));
	assert_rate(&rate, 10);
}

static void a_counter_may_overflow_but_not_fall(void **state)
{
	struct rate rate = { .value = 0 };

	(void)state;
	(void)rate_add(&rate, UINT64_MAX - 9, SECOND);
	assert_true(rate_add(&rate, 10, 2 * SECOND));
	assert_rate(&rate, 20);
	(void)rate_add(&rate, 1000, 3 * SECOND);
	assert_false(rate_add(&rate, 999, 4 * SECOND));
	assert_false(rate.is_known);
	assert_true(rate_add(&rate, 1004, 5 * SECOND));
	assert_rate(&rate, 5);
}

static void what_is_faster_than_usual_is_rising(void **state)
{
	struct rate rate = { .value = 0 };
	uint64_t value = 0, clock_us = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {
		(void)rate_add(&rate, value += 100, clock_us += SECOND);
		assert_false(rate.is_rising);
	}
	(void)rate_add(&rate, value += 110, clock_us += SECOND);
	assert_false(rate.is_rising);
	(void)rate_add(&rate, value += 200, clock_us += SECOND);
	assert_true(rate.is_rising);
	for (int i = 0; i < 20; i++)
		(void)rate_add(&rate, value += 200, clock_us += SECOND);
	assert_false(rate.is_rising);
}

static void series_are_told_apart_by_all_their_names(void **state)
{
	struct series_set *set = series_new();

	(void)state;
	assert_non_null(set);
	series_begin(set);
	assert_non_null(series_put(set, "sessions", "lower", "tcp", 1));
	assert_non_null(series_put(set, "sessions", "lower", "udp", 2));
	assert_non_null(series_put(set, "sessions", "upper", "tcp", 3));
	assert_non_null(series_put(set, "bindings", "lower", NULL, 4));
	series_end(set);
	assert_int_equal(series_find(set, "sessions", "lower", "tcp")->number, 1);
	assert_int_equal(series_find(set, "sessions", "lower", "udp")->number, 2);
	assert_int_equal(series_find(set, "sessions", "upper", "tcp")->number, 3);
	assert_int_equal(series_find(set, "bindings", "lower", NULL)->number, 4);
	assert_null(series_find(set, "bindings", "upper", NULL));
	assert_null(series_find(set, "sessions", "lower", NULL));
	assert_string_equal(series_at(set, 2)->instance, "upper");
	assert_null(series_at(set, 4));
	series_free(set);
}

/* One round of an instance that has counted so far; 0: it is not there. */
static void play_round(struct series_set *set, uint64_t lower, uint64_t upper, uint64_t clock_us)
{
	series_begin(set);
	if (lower)
		(void)series_count(set, "packets", "lower", "6to4", lower, clock_us);
	if (upper)
		(void)series_count(set, "packets", "upper", "6to4", upper, clock_us);
	series_end(set);
}

static void an_instance_that_comes_back_begins_anew(void **state)
{
	struct series_set *set = series_new();

	(void)state;
	assert_non_null(set);
	play_round(set, 10, 0, SECOND);
	play_round(set, 20, 1000, 2 * SECOND);
	assert_rate(&series_find(set, "packets", "lower", "6to4")->rate, 10);
	assert_false(series_find(set, "packets", "upper", "6to4")->rate.is_known);
	play_round(set, 0, 1100, 3 * SECOND);
	assert_null(series_find(set, "packets", "lower", "6to4"));
	assert_rate(&series_find(set, "packets", "upper", "6to4")->rate, 100);
	play_round(set, 500, 1200, 4 * SECOND);
	assert_false(series_find(set, "packets", "lower", "6to4")->rate.is_known);
	play_round(set, 530, 1300, 5 * SECOND);
	assert_rate(&series_find(set, "packets", "lower", "6to4")->rate, 30);
	assert_rate(&series_find(set, "packets", "upper", "6to4")->rate, 100);
	series_free(set);
}

static void the_past_is_a_ring(void **state)
{
	struct series_set *set = series_new();
	const struct series *series;
	uint64_t value = 1;

	(void)state;
	assert_non_null(set);
	for (unsigned i = 0; i < TRAIL_MAX + 10; i++)
		play_round(set, value += i, 0, (i + 1) * SECOND);
	series = series_find(set, "packets", "lower", "6to4");
	assert_non_null(series);
	assert_int_equal((int)series_past(series, 0), TRAIL_MAX + 9);
	assert_int_equal((int)series_past(series, TRAIL_MAX - 1), 10);
	assert_int_equal((int)series_past(series, TRAIL_MAX), 0);
	series_free(set);
}

static void many_series_keep_their_places(void **state)
{
	struct series_set *set = series_new();
	char label[20];

	(void)state;
	assert_non_null(set);
	for (unsigned round = 1; round <= 3; round++) {
		series_begin(set);
		for (unsigned i = 0; i < 1000; i++) {
			(void)snprintf(label, sizeof(label), "reason-%u", i);
			(void)series_count(set, "drops", "lower", label, (uint64_t)round * i,
			                   round * SECOND);
		}
		series_end(set);
	}
	assert_rate(&series_find(set, "drops", "lower", "reason-0")->rate, 0);
	assert_rate(&series_find(set, "drops", "lower", "reason-999")->rate, 999);
	assert_null(series_at(set, 1000));
	series_free(set);
}

static void figures_have_three_digits(void **state)
{
	static const struct {
		double number;
		const char *unit, *wanted;
	} rows[] = {
		{ -1, "/s", "-" },
		{ 0, "/s", "0/s" },
		{ 0.04, "/s", "0.0/s" },
		{ 9.94, "/s", "9.9/s" },
		{ 9.96, "/s", "10/s" },
		{ 99.96, "/s", "100/s" },
		{ 999.4, "/s", "999/s" },
		{ 999.6, "/s", "1.00 k/s" },
		{ 12345, "/s", "12.3 k/s" },
		{ 123456, "p/s", "123 kp/s" },
		{ 7, "bit/s", "7.0 bit/s" },
		{ 8.38e6, "bit/s", "8.38 Mbit/s" },
		{ 1.2e9, "bit/s", "1.20 Gbit/s" },
		{ 1e30, "bit/s", "1000000000000 Ebit/s" },
	};
	char buf[FIGURE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(figure_format(rows[i].number, rows[i].unit, buf),
		                    rows[i].wanted);
}

static void percent_is_whole_only_when_it_is(void **state)
{
	char buf[FIGURE_MAX];

	(void)state;
	assert_string_equal(figure_percent(-1, buf), "-");
	assert_string_equal(figure_percent(0, buf), "0 %");
	assert_string_equal(figure_percent(0.0002, buf), "<0.1 %");
	assert_string_equal(figure_percent(2.74, buf), "2.7 %");
	assert_string_equal(figure_percent(99.999, buf), "99.9 %");
	assert_string_equal(figure_percent(100, buf), "100 %");
}

static void bars_show_the_least_there_is(void **state)
{
	(void)state;
	assert_int_equal(figure_height(0, 100, 8), 0);
	assert_int_equal(figure_height(0.1, 100, 8), 1);
	assert_int_equal(figure_height(50, 100, 8), 4);
	assert_int_equal(figure_height(100, 100, 8), 8);
	assert_int_equal(figure_height(5, 0, 8), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_is_known_from_the_second_value_on),
		cmocka_unit_test(the_same_answer_twice_brings_nothing_new),
		cmocka_unit_test(a_program_that_was_started_again_begins_anew),
		cmocka_unit_test(a_counter_may_overflow_but_not_fall),
		cmocka_unit_test(what_is_faster_than_usual_is_rising),
		cmocka_unit_test(series_are_told_apart_by_all_their_names),
		cmocka_unit_test(an_instance_that_comes_back_begins_anew),
		cmocka_unit_test(the_past_is_a_ring),
		cmocka_unit_test(many_series_keep_their_places),
		cmocka_unit_test(figures_have_three_digits),
		cmocka_unit_test(percent_is_whole_only_when_it_is),
		cmocka_unit_test(bars_show_the_least_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

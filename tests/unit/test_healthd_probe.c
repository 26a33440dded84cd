/* Bookkeeping of probes: numbers, nonces, what is lost in which direction, late answers, silence.
 */
#include "healthd/probe.h"
#include "tests/unit/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS    UINT64_C(1000)
#define START UINT64_C(5000000)

static struct probe probe;
static struct prng prng;
static uint64_t now;
static uint8_t sent[2000][PROBE_LEN];

static int setup(void **state)
{
	(void)state;
	probe_init(&probe, 1);
	prng.state = 7;
	now = START;
	return 0;
}

static void send_one(size_t index)
{
	uint8_t nonce[PROBE_NONCE];

	prng_fill(&prng, nonce, sizeof(nonce));
	probe_make(&probe, nonce, PROBE_TIMED, now, sent[index]);
}

static bool at_target(size_t index)
{
	return probe_at_target(&probe, sent[index], PROBE_LEN, now);
}

static bool is_back(size_t index)
{
	return probe_is_back(&probe, sent[index], PROBE_LEN, now);
}

/* Send count probes, one each millisecond, of which nothing is heard. */
static void pass(size_t count)
{
	uint8_t nonce[PROBE_NONCE] = { 0 }, message[PROBE_LEN];

	for (size_t i = 0; i < count; i++, now += MS)
		probe_make(&probe, nonce, PROBE_COUNTED, now, message);
}

static void a_probe_goes_there_and_back(void **state)
{
	(void)state;
	assert_int_equal(probe_half_silent(&probe, now), UINT64_MAX);
	assert_int_equal(probe_whole_silent(&probe, now), UINT64_MAX);
	send_one(0);
	assert_int_equal(probe_path(sent[0], PROBE_LEN), 1);
	assert_int_equal(probe_whole_silent(&probe, now), UINT64_MAX);
	now += 300;
	assert_true(at_target(0));
	assert_int_equal(probe_half_silent(&probe, now), 300);
	assert_int_equal(probe_whole_silent(&probe, now), UINT64_MAX);
	now += 200;
	assert_true(is_back(0));
	assert_int_equal(probe_whole_silent(&probe, now), 500);
	assert_int_equal(probe.latency.from6_us, 300);
	assert_int_equal(probe.latency.from4_us, 200);
	assert_int_equal(probe_latency_max(&probe, now), 500);
	assert_int_equal(probe.sent, 1);
	assert_int_equal(probe.answered, 1);
}

static void each_step_is_taken_once_and_in_order(void **state)
{
	(void)state;
	send_one(0);
	assert_false(is_back(0));
	assert_true(at_target(0));
	assert_false(at_target(0));
	assert_true(is_back(0));
	assert_false(is_back(0));
	assert_false(at_target(0));
	assert_int_equal(probe.answered, 1);
}

/* Every byte of a message counts, and its length. */
static void nobody_answers_who_did_not_see_the_probe(void **state)
{
	uint8_t forged[PROBE_LEN + 1] = { 0 };

	(void)state;
	send_one(0);
	for (size_t i = 0; i < PROBE_LEN * 8; i++) {
		memcpy(forged, sent[0], PROBE_LEN);
		forged[i / 8] ^= (uint8_t)(1 << i % 8);
		if (i / 8 < 5 || i / 8 > 7)
			assert_false(probe_at_target(&probe, forged, PROBE_LEN, now));
	}
	memcpy(forged, sent[0], PROBE_LEN);
	for (size_t len = 0; len <= sizeof(forged); len++)
		assert_int_equal(probe_path(forged, len), len == PROBE_LEN ? 1 : -1);
	for (int i = 0; i < 100000; i++) {
		prng_fill(&prng, forged, sizeof(forged));
		memcpy(forged, sent[0], i % 17);
		assert_false(probe_at_target(&probe, forged, PROBE_LEN, now));
		assert_false(probe_is_back(&probe, forged, PROBE_LEN, now));
	}
	assert_true(at_target(0));
}

static void an_answer_of_the_other_path_is_none(void **state)
{
	(void)state;
	send_one(0);
	sent[0][4] = 0;
	assert_int_equal(probe_path(sent[0], PROBE_LEN), 0);
	assert_false(at_target(0));
}

static void losses_count_for_their_direction(void **state)
{
	(void)state;
	for (size_t i = 0; i < 6; i++)
		send_one(i);
	for (size_t i = 0; i < 4; i++)
		assert_true(at_target(i));
	assert_true(is_back(0));
	assert_int_equal(probe.lost64 + probe.lost46, 0);
	now += PROBE_LATE_US - 1;
	pass(1);
	assert_int_equal(probe.lost64 + probe.lost46, 0);
	pass(1);
	assert_int_equal(probe.lost64, 2);
	assert_int_equal(probe.lost46, 3);
	assert_int_equal(probe.answered, 1);
}

static void a_late_answer_puts_the_count_right(void **state)
{
	(void)state;
	send_one(0);
	send_one(1);
	assert_true(at_target(1));
	now += PROBE_LATE_US;
	pass(1);
	assert_int_equal(probe.lost64, 1);
	assert_int_equal(probe.lost46, 1);
	assert_true(is_back(1));
	assert_int_equal(probe.lost46, 0);
	assert_int_equal(probe.answered, 1);
	assert_true(at_target(0));
	assert_int_equal(probe.lost64, 0);
	assert_int_equal(probe.lost46, 1);
	assert_true(is_back(0));
	assert_int_equal(probe.lost46, 0);
	assert_int_equal(probe.answered, 2);
}

/* It says how long ago the translator still worked, not that it works now. */
static void a_late_answer_ends_no_silence(void **state)
{
	(void)state;
	send_one(0);
	now += 200 * MS;
	assert_true(at_target(0));
	assert_true(is_back(0));
	assert_int_equal(probe_half_silent(&probe, now), 200 * MS);
	assert_int_equal(probe_whole_silent(&probe, now), 200 * MS);
}

static void answers_may_overtake_each_other(void **state)
{
	(void)state;
	send_one(0);
	now += 10 * MS;
	send_one(1);
	now += 5 * MS;
	assert_true(at_target(1) && is_back(1));
	assert_int_equal(probe_whole_silent(&probe, now), 5 * MS);
	assert_true(at_target(0) && is_back(0));
	assert_int_equal(probe_whole_silent(&probe, now), 5 * MS);
	assert_int_equal(probe_half_silent(&probe, now), 5 * MS);
}

static void what_the_ring_forgot_is_nothing(void **state)
{
	(void)state;
	send_one(0);
	send_one(1);
	assert_true(at_target(1));
	pass(PROBE_RING);
	assert_false(at_target(0));
	assert_false(is_back(1));
	assert_int_equal(probe.lost64 + probe.lost46, 2);
}

static void what_could_not_be_sent_is_not_lost(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++, now += MS) {
		send_one(0);
		probe_unmake(&probe);
	}
	assert_int_equal(probe.sent, 0);
	assert_false(at_target(0));
	pass(10);
	now += PROBE_LATE_US;
	pass(1);
	assert_int_equal(probe.lost64, 10);
	assert_int_equal(probe.sent, 11);
}

static void own_absence_is_no_silence(void **state)
{
	(void)state;
	probe_excuse(&probe, 1000, now);
	assert_int_equal(probe_whole_silent(&probe, now), UINT64_MAX);
	send_one(0);
	assert_true(at_target(0) && is_back(0));
	now += 500 * MS;
	probe_excuse(&probe, 480 * MS, now);
	assert_int_equal(probe_whole_silent(&probe, now), 20 * MS);
	assert_int_equal(probe_half_silent(&probe, now), 20 * MS);
	probe_excuse(&probe, 5000 * MS, now);
	assert_int_equal(probe_whole_silent(&probe, now), 0);
	now += 30 * MS;
	assert_int_equal(probe_whole_silent(&probe, now), 30 * MS);
}

static void the_longest_latency_of_a_minute_is_kept(void **state)
{
	(void)state;
	send_one(0);
	now += 70 * MS;
	assert_true(at_target(0) && is_back(0));
	for (int i = 0; i < 31; i++, now += 1000 * MS) {
		send_one(0);
		now += MS;
		assert_true(at_target(0) && is_back(0));
		assert_int_equal(probe_latency_max(&probe, now), 70 * MS);
	}
	now += 60000 * MS;
	assert_int_equal(probe_latency_max(&probe, now), 0);
	send_one(0);
	now += MS;
	assert_true(at_target(0) && is_back(0));
	assert_int_equal(probe_latency_max(&probe, now), MS);
}

static void untimed_probes_have_no_latency(void **state)
{
	uint8_t nonce[PROBE_NONCE] = { 0 };

	(void)state;
	probe_make(&probe, nonce, PROBE_COUNTED, now, sent[0]);
	now += 25 * MS;
	assert_true(at_target(0) && is_back(0));
	assert_int_equal(probe.latency.from6_us, 0);
	assert_int_equal(probe_latency_max(&probe, now), 0);
	assert_int_equal(probe.answered, 1);
}

/* Whatever arrives in whatever order: every probe ends in one column of the books. */
static void the_books_balance(void **state)
{
	size_t count = sizeof(sent) / sizeof(sent[0]);

	(void)state;
	for (int i = 0; i < 50000; i++, now += prng_below(&prng, 10 * MS)) {
		size_t newest = probe.next_seq, of;

		send_one(newest % count);
		for (int answers = 0; answers < 3; answers++) {
			of = newest > 300 ? newest - prng_below(&prng, 300) : newest;
			if (prng_below(&prng, 2))
				(void)at_target(of % count);
			else
				(void)is_back(of % count);
		}
	}
	now += 2 * PROBE_LATE_US;
	pass(1);
	assert_int_equal(probe.sent - 1, probe.answered + probe.lost64 + probe.lost46);
	assert_true(probe.answered > 1000 && probe.lost64 > 1000 && probe.lost46 > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_probe_goes_there_and_back, setup),
		cmocka_unit_test_setup(each_step_is_taken_once_and_in_order, setup),
		cmocka_unit_test_setup(nobody_answers_who_did_not_see_the_probe, setup),
		cmocka_unit_test_setup(an_answer_of_the_other_path_is_none, setup),
		cmocka_unit_test_setup(losses_count_for_their_direction, setup),
		cmocka_unit_test_setup(a_late_answer_puts_the_count_right, setup),
		cmocka_unit_test_setup(a_late_answer_ends_no_silence, setup),
		cmocka_unit_test_setup(answers_may_overtake_each_other, setup),
		cmocka_unit_test_setup(what_the_ring_forgot_is_nothing, setup),
		cmocka_unit_test_setup(what_could_not_be_sent_is_not_lost, setup),
		cmocka_unit_test_setup(own_absence_is_no_silence, setup),
		cmocka_unit_test_setup(the_longest_latency_of_a_minute_is_kept, setup),
		cmocka_unit_test_setup(untimed_probes_have_no_latency, setup),
		cmocka_unit_test_setup(the_books_balance, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

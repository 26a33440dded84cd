/* Who had a port then: records folded into uses, with restarts, several boxes, clocks that differ,
 * and logs that are not whole (MON-05, LOG-01). */
#include "cli/session_fold.h"
#include "lib/address.h"
#include "tests/unit/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)
#define AT     (INT64_C(1795269785) * SECOND)
#define PUBLIC 0xc6336407
#define PORT   40123

static struct session_fold fold;
static struct prng prng = { .state = 6888 };

static int open_fold(void **state)
{
	const struct session_question question = {
		.pool4 = PUBLIC, .port = PORT, .at_us = AT, .within_us = 5 * SECOND
	};

	(void)state;
	session_fold_init(&fold, &question);
	return 0;
}

/* A record of host `host`, so many seconds before (-) or after the time asked for. */
static struct session_record record(enum log_event_kind kind, double seconds, const char *node,
                                    unsigned host)
{
	bool is_block = kind == LOG_BLOCK_BEGIN || kind == LOG_BLOCK_END;
	struct session_record out = { .time_us = AT + (int64_t)(seconds * 1e6),
		                      .kind = kind,
		                      .instance = "lower",
		                      .proto = "tcp",
		                      .pool4 = PUBLIC,
		                      .host_port = is_block ? 0 : 51000,
		                      .port_min = is_block ? PORT / 64 * 64 : PORT,
		                      .port_max = is_block ? PORT / 64 * 64 + 63 : PORT };

	memcpy(out.node, node, strlen(node) + 1);
	out.host6.s6_addr[15] = (uint8_t)host;
	return out;
}

static void add(enum log_event_kind kind, double seconds, const char *node, unsigned host)
{
	struct session_record one = record(kind, seconds, node, host);

	session_fold_add(&fold, &one);
}

static void add_start(double seconds, const char *node, uint32_t restored)
{
	struct session_record one = record(LOG_START, seconds, node, 0);

	one.restored = restored;
	session_fold_add(&fold, &one);
}

static void finish(size_t candidates)
{
	session_fold_finish(&fold, NULL, AT + 3600 * SECOND);
	assert_int_equal(fold.count, candidates);
}

static void is_use(size_t i, unsigned host, enum session_certainty certainty, const char *why)
{
	const struct session_use *use = &fold.uses[i];

	assert_int_equal(use->host6.s6_addr[15], host);
	assert_int_equal(use->certainty, certainty);
	if (!strstr(use->why, why))
		print_message("\"%s\" has no \"%s\"\n", use->why, why);
	assert_non_null(strstr(use->why, why));
	assert_true((use->why[0] == '\0') == (certainty == SESSION_CERTAIN));
}

static void begin_and_end_make_a_certain_use(void **state)
{
	(void)state;
	add(LOG_BINDING_BEGIN, -9000, "gw-a", 1);
	add(LOG_BINDING_END, -8000, "gw-a", 1);
	add(LOG_BINDING_BEGIN, -100, "gw-a", 2);
	add(LOG_BINDING_END, 100, "gw-a", 2);
	add(LOG_BINDING_BEGIN, 200, "gw-a", 3);
	finish(1);
	is_use(0, 2, SESSION_CERTAIN, "");
	assert_int_equal(fold.uses[0].begin_us, AT - 100 * SECOND);
	assert_int_equal(fold.uses[0].end_us, AT + 100 * SECOND);
	assert_string_equal(fold.uses[0].end_node, "gw-a");
}

static void other_ports_protocols_and_instances_are_passed_over(void **state)
{
	struct session_record one = record(LOG_BINDING_BEGIN, -100, "gw-a", 1);

	(void)state;
	one.port_min = one.port_max = PORT + 1;
	session_fold_add(&fold, &one);
	one = record(LOG_BINDING_BEGIN, -100, "gw-a", 1);
	one.pool4++;
	session_fold_add(&fold, &one);
	fold.question.proto = "udp";
	add(LOG_BINDING_BEGIN, -100, "gw-a", 1);
	fold.question.proto = NULL;
	fold.question.instance = "upper";
	add(LOG_BINDING_BEGIN, -100, "gw-a", 1);
	finish(0);
	assert_int_equal(fold.records, 0);
	assert_int_equal(fold.node_count, 1); /* but the box's log is there */
}

static void an_open_use_is_certain_while_all_logs_are_there(void **state)
{
	(void)state;
	add(LOG_BINDING_BEGIN, -100, "gw-a", 1);
	finish(1);
	is_use(0, 1, SESSION_CERTAIN, "");
	session_fold_finish(&fold, "gw-b", AT + SECOND);
	is_use(0, 1, SESSION_UNSURE, "the log of gw-b");
	session_fold_finish(&fold, NULL, AT - SECOND);
	is_use(0, 1, SESSION_UNSURE, "the log ends at");
}

static void clocks_differ_by_the_tolerance(void **state)
{
	(void)state;
	add(LOG_BINDING_BEGIN, -100, "gw-a", 1);
	add(LOG_BINDING_END, -3, "gw-a", 1);
	add(LOG_BINDING_BEGIN, -2, "gw-a", 2);
	add(LOG_BINDING_END, 2, "gw-a", 2);
	add(LOG_BINDING_BEGIN, 4, "gw-a", 3);
	add(LOG_BINDING_END, 100, "gw-a", 3);
	finish(3);
	is_use(0, 2, SESSION_NEAR, "shortly before"); /* it had it at the very time */
	is_use(1, 3, SESSION_NEAR, "after");
	is_use(2, 1, SESSION_NEAR, "ended before");
}

static void without_tolerance_there_is_one_answer(void **state)
{
	(void)state;
	fold.question.within_us = 0;
	add(LOG_BINDING_BEGIN, -100, "gw-a", 1);
	add(LOG_BINDING_END, -3, "gw-a", 1);
	add(LOG_BINDING_BEGIN, -2, "gw-a", 2);
	add(LOG_BINDING_END, 2, "gw-a", 2);
	finish(1);
	is_use(0, 2, SESSION_CERTAIN, "");
}

static void a_restart_without_sessions_cuts_off_what_was_open(void **state)
{
	(void)state;
	add(LOG_BINDING_BEGIN, -100, "gw-a", 1);
	add_start(-50, "gw-b", 0); /* another box */
	add_start(-30, "gw-a", 0);
	finish(0);
	open_fold(state);
	add(LOG_BINDING_BEGIN, -100, "gw-a", 1);
	add_start(30, "gw-a", 0);
	finish(1);
	is_use(0, 1, SESSION_UNSURE, "restarted");
	assert_int_equal(fold.uses[0].end_us, AT + 30 * SECOND);
}

static void a_restart_with_sessions_leaves_a_doubt_until_an_end(void **state)
{
	(void)state;
	add(LOG_BINDING_BEGIN, -100, "gw-a", 1);
	add_start(-30, "gw-a", 1200);
	finish(1);
	is_use(0, 1, SESSION_UNSURE, "may not have survived");
	open_fold(state);
	add(LOG_BINDING_BEGIN, -100, "gw-a", 1);
	add_start(-30, "gw-a", 1200);
	add(LOG_BINDING_END, 50, "gw-a", 1);
	finish(1);
	is_use(0, 1, SESSION_CERTAIN, "");
}

static void another_box_may_write_the_end(void **state)
{
	(void)state;
	add(LOG_BINDING_BEGIN, -100, "gw-a", 1);
	add(LOG_BINDING_END, -50, "gw-b", 1);
	finish(0);
	open_fold(state);
	add(LOG_BINDING_BEGIN, -100, "gw-a", 1);
	add(LOG_BINDING_END, 50, "gw-b", 1);
	finish(1);
	is_use(0, 1, SESSION_CERTAIN, "");
	assert_string_equal(fold.uses[0].begin_node, "gw-a");
	assert_string_equal(fold.uses[0].end_node, "gw-b");
}

/* It goes on there until its end, which is recorded there. */
static void a_use_outlives_its_box_on_another_one(void **state)
{
	(void)state;
	add(LOG_BINDING_BEGIN, -100, "gw-a", 1);
	add_start(-30, "gw-a", 0);
	add(LOG_BINDING_END, 50, "gw-b", 1);
	finish(1);
	is_use(0, 1, SESSION_UNSURE, "seemed to have ended");
	assert_int_equal(fold.uses[0].end_us, AT + 50 * SECOND);
}

static void each_box_that_held_a_copy_may_write_an_end(void **state)
{
	(void)state;
	add(LOG_BINDING_BEGIN, -100, "gw-a", 1);
	add(LOG_BINDING_END, 50, "gw-b", 1);
	add(LOG_BINDING_END, 60, "gw-c", 1);
	finish(1);
	is_use(0, 1, SESSION_CERTAIN, "");
	assert_int_equal(fold.uses[0].end_us, AT + 60 * SECOND);
	open_fold(state);
	add(LOG_BINDING_BEGIN, -100, "gw-a", 1);
	add(LOG_BINDING_END, -50, "gw-b", 1);
	add(LOG_BINDING_BEGIN, -40, "gw-b", 2);
	add(LOG_BINDING_END, 60, "gw-c", 1); /* late, and nobody's any more */
	finish(1);
	is_use(0, 2, SESSION_CERTAIN, "");
}

static void an_end_without_a_beginning_is_a_doubtful_use(void **state)
{
	(void)state;
	add(LOG_BINDING_BEGIN, -900, "gw-a", 1);
	add(LOG_BINDING_END, -800, "gw-a", 1);
	add(LOG_BINDING_END, 50, "gw-a", 2);
	finish(1);
	is_use(0, 2, SESSION_UNSURE, "beginning is in no log");
	assert_false(fold.uses[0].has_begin);
	assert_int_equal(fold.uses[0].begin_us, AT - 800 * SECOND); /* it was another's before */
}

static void a_lost_end_is_no_later_than_the_next_beginning(void **state)
{
	(void)state;
	add(LOG_BINDING_BEGIN, -100, "gw-a", 1);
	add(LOG_BINDING_BEGIN, -50, "gw-a", 2);
	finish(1);
	is_use(0, 2, SESSION_CERTAIN, "");
	open_fold(state);
	add(LOG_BINDING_BEGIN, -100, "gw-a", 1);
	add(LOG_BINDING_BEGIN, 50, "gw-a", 2);
	finish(1);
	is_use(0, 1, SESSION_UNSURE, "end was not recorded");
}

/* The box that ended it is half a second behind the one that began it. */
static void an_end_may_seem_to_come_before_its_beginning(void **state)
{
	(void)state;
	add(LOG_BINDING_END, -60.5, "gw-b", 1);
	add(LOG_BINDING_BEGIN, -60, "gw-a", 1);
	finish(0);
}

static void a_copy_of_a_log_changes_nothing(void **state)
{
	(void)state;
	for (int copy = 0; copy < 2; copy++)
		add(LOG_BINDING_BEGIN, -100, "gw-a", 1);
	for (int copy = 0; copy < 2; copy++)
		add(LOG_BINDING_END, 100, "gw-a", 1);
	finish(1);
	is_use(0, 1, SESSION_CERTAIN, "");
}

static void a_block_answers_for_its_ports_but_an_exact_record_comes_first(void **state)
{
	(void)state;
	add(LOG_BLOCK_BEGIN, -100, "gw-a", 1);
	finish(1);
	is_use(0, 1, SESSION_CERTAIN, "");
	assert_int_equal(fold.uses[0].kind, SESSION_KIND_BLOCK);
	open_fold(state);
	add(LOG_BLOCK_BEGIN, -100, "gw-a", 1);
	add(LOG_BINDING_BEGIN, -50, "gw-a", 2);
	finish(1);
	is_use(0, 2, SESSION_CERTAIN, "");
	open_fold(state);
	add(LOG_BLOCK_BEGIN, -100, "gw-a", 1);
	add(LOG_BINDING_BEGIN, -2, "gw-a", 2);
	finish(2); /* by their clocks it may have been either */
	is_use(0, 1, SESSION_CERTAIN, "");
	is_use(1, 2, SESSION_NEAR, "");
}

static void sessions_of_a_host_share_its_port(void **state)
{
	struct session_record one = record(LOG_SESSION_BEGIN, -100, "gw-a", 1);

	(void)state;
	for (uint32_t remote = 1; remote <= 3; remote++) {
		one.remote4 = remote;
		one.remote_port = 443;
		session_fold_add(&fold, &one);
	}
	one.kind = LOG_SESSION_END;
	one.time_us = AT - 50 * SECOND;
	session_fold_add(&fold, &one);
	finish(2);
	is_use(0, 1, SESSION_CERTAIN, "");
	is_use(1, 1, SESSION_CERTAIN, "");
	assert_int_equal(fold.uses[0].remote4 + fold.uses[1].remote4, 3);
}

static void a_clock_that_was_set_back_is_counted(void **state)
{
	(void)state;
	add(LOG_BINDING_BEGIN, -100, "gw-a", 1);
	add(LOG_BINDING_END, -200, "gw-a", 1);
	assert_int_equal(fold.backwards, 1);
}

static void memory_is_bounded_and_candidates_are_kept(void **state)
{
	(void)state;
	add(LOG_BINDING_BEGIN, -2e6, "gw-a", 255);
	add(LOG_BINDING_END, 1, "gw-a", 254); /* not in order: still within the tolerance */
	for (int i = 0; i < 5 * SESSION_FOLD_USES; i++) {
		add(LOG_BLOCK_BEGIN, -1e6 + i, "gw-a", (unsigned)i % 200);
		add(LOG_BLOCK_END, -1e6 + i, "gw-a", (unsigned)i % 200);
	}
	assert_int_equal(fold.left_out, 0);
	finish(2);
	open_fold(state);
	for (int i = 0; i < 2 * SESSION_FOLD_USES; i++) {
		struct session_record one = record(LOG_SESSION_BEGIN, -100, "gw-a", 1);

		one.remote4 = (uint32_t)i;
		session_fold_add(&fold, &one);
	}
	assert_int_equal(fold.left_out, SESSION_FOLD_USES);
	finish(SESSION_FOLD_USES);
}

/* A whole log of one box against what really was: the answer for any time is the host that had
 * the port then, for certain. */
static void any_time_of_a_whole_log_is_answered_for_certain(void **state)
{
	struct {
		double begin, end;
		unsigned host;
	} truth[200];
	double at = -20000;

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		truth[i].begin = at + 20 + prng_below(&prng, 100);
		truth[i].end = truth[i].begin + 20 + prng_below(&prng, 100);
		truth[i].host = 1 + prng_below(&prng, 3);
		at = truth[i].end;
	}
	for (size_t wanted = 0; wanted < 200; wanted++) {
		open_fold(state);
		fold.question.at_us = AT + (int64_t)((truth[wanted].begin + 10) * 1e6);
		for (size_t i = 0; i < 200; i++) {
			add(LOG_BINDING_BEGIN, truth[i].begin, "gw-a", truth[i].host);
			add(LOG_BINDING_END, truth[i].end, "gw-a", truth[i].host);
		}
		finish(1);
		is_use(0, truth[wanted].host, SESSION_CERTAIN, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(begin_and_end_make_a_certain_use, open_fold),
		cmocka_unit_test_setup(other_ports_protocols_and_instances_are_passed_over,
		                       open_fold),
		cmocka_unit_test_setup(an_open_use_is_certain_while_all_logs_are_there, open_fold),
		cmocka_unit_test_setup(clocks_differ_by_the_tolerance, open_fold),
		cmocka_unit_test_setup(without_tolerance_there_is_one_answer, open_fold),
		cmocka_unit_test_setup(a_restart_without_sessions_cuts_off_what_was_open,
		                       open_fold),
		cmocka_unit_test_setup(a_restart_with_sessions_leaves_a_doubt_until_an_end,
		                       open_fold),
		cmocka_unit_test_setup(another_box_may_write_the_end, open_fold),
		cmocka_unit_test_setup(a_use_outlives_its_box_on_another_one, open_fold),
		cmocka_unit_test_setup(each_box_that_held_a_copy_may_write_an_end, open_fold),
		cmocka_unit_test_setup(an_end_without_a_beginning_is_a_doubtful_use, open_fold),
		cmocka_unit_test_setup(a_lost_end_is_no_later_than_the_next_beginning, open_fold),
		cmocka_unit_test_setup(an_end_may_seem_to_come_before_its_beginning, open_fold),
		cmocka_unit_test_setup(a_copy_of_a_log_changes_nothing, open_fold),
		cmocka_unit_test_setup(
			a_block_answers_for_its_ports_but_an_exact_record_comes_first, open_fold),
		cmocka_unit_test_setup(sessions_of_a_host_share_its_port, open_fold),
		cmocka_unit_test_setup(a_clock_that_was_set_back_is_counted, open_fold),
		cmocka_unit_test_setup(memory_is_bounded_and_candidates_are_kept, open_fold),
		cmocka_unit_test_setup(any_time_of_a_whole_log_is_answered_for_certain, open_fold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

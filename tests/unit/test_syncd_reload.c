/* Instances of a box that come and go at a reload: what stays is not touched, peers and translators
 * of what goes are told, and what comes is another epoch. */
#include "syncd/reload.h"
#include "syncd/report.h"
#include "syncd/watch.h"
#include "tests/unit/two_boxes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000)
#define OTHER                                                                           \
	"[instance other]\ntun = other\npool4 = 198.51.100.32/28\nmax-sessions = 500\n" \
	"pool6 = 2001:db8:65::/96\n"
#define LARGER                                                             \
	"[instance lower]\npool4 = 198.51.100.0/28\nmax-sessions = 2000\n" \
	"destinations = 0.0.0.0/1\n"

static struct two_boxes pair;

static int open_pair(void **state)
{
	(void)state;
	two_boxes_open(&pair, 7);
	return 0;
}

static int close_pair(void **state)
{
	(void)state;
	two_boxes_close(&pair);
	return 0;
}

/* What a reload of the box to these instances would be. */
static struct reload judged(struct box *box, const char *instances)
{
	struct config *running = two_boxes_config("campus",
	                                          TWO_BOXES_LOWER TWO_BOXES_UPPER TWO_BOXES_SIIT);
	struct config *wanted = two_boxes_config("campus", instances);
	char *text[3];
	size_t len[3];
	struct reload reload = { .wanted = wanted,
		                 .problems = open_memstream(&text[0], &len[0]),
		                 .restart_keys = open_memstream(&text[1], &len[1]),
		                 .warnings = open_memstream(&text[2], &len[2]) };

	reload_check(box, running, &reload);
	(void)fclose(reload.problems);
	(void)fclose(reload.restart_keys);
	(void)fclose(reload.warnings);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(text[i], "");
		free(text[i]);
	}
	config_free(running);
	config_free(wanted);
	return reload;
}

/* As the program does it; returns what reload_apply() does. */
static int reload_to(int at, const char *instances, size_t opened, size_t parting)
{
	struct config *wanted = two_boxes_config("campus", instances);
	struct box *box = pair.box[at];
	struct reload_plan plan;
	uint8_t datagram[BOX_DATAGRAM_MAX];
	size_t len;
	int changed;

	assert_int_equal(reload_plan_new(box, wanted, pair.now_us, &plan), 0);
	config_free(wanted);
	assert_int_equal(plan.opened_count, opened);
	assert_int_equal(plan.parting_count, parting);
	for (size_t i = 0; i < parting; i++)
		replica_goodbye(plan.parting[i]->replica);
	while ((len = box_poll(box, datagram, pair.now_us)) > 0)
		(void)box_receive(pair.box[!at], datagram, len, pair.now_us);
	changed = reload_apply(box, &plan);
	reload_plan_free(&plan);
	return changed;
}

static void put_session(int from, const char *instance, uint32_t number)
{
	struct replica_session session = two_boxes_session(&pair, number, (uint8_t)from);

	assert_true(replica_local_session(box_find(pair.box[from], instance)->replica, &session,
	                                  pair.now_us));
}

static uint64_t held(int at, const char *instance)
{
	struct replica_stats stats;

	replica_stats(box_find(pair.box[at], instance)->replica, &stats);
	return stats.sessions;
}

static struct replica_peer_stats peer_of(int at, const char *instance, char *reason)
{
	const struct box_instance *here = box_find(pair.box[at], instance);
	struct replica_peer_stats peer;

	replica_peer_stats(here->replica, (uint8_t)!at, &peer, pair.now_us);
	report_peer_reason(pair.box[at], here, (uint8_t)!at, &peer, pair.now_us, reason);
	return peer;
}

static void instances_need_no_restart(void **state)
{
	(void)state;
	assert_false(judged(pair.box[0], TWO_BOXES_LOWER TWO_BOXES_UPPER TWO_BOXES_SIIT).changes);
	assert_false(judged(pair.box[0], TWO_BOXES_UPPER TWO_BOXES_LOWER).changes);
	assert_true(judged(pair.box[0], TWO_BOXES_LOWER TWO_BOXES_UPPER OTHER).changes);
	assert_true(judged(pair.box[0], TWO_BOXES_LOWER TWO_BOXES_SIIT).changes);
	assert_true(judged(pair.box[0], LARGER TWO_BOXES_UPPER).changes);
	assert_true(judged(pair.box[0], TWO_BOXES_SIIT).changes);
}

static void a_new_instance_is_replicated_and_the_others_are_not_touched(void **state)
{
	struct box_instance *lower = box_find(pair.box[0], "lower");
	struct replica_peer_stats before, after;
	char reason[REPORT_MAX];
	struct box_instance was;

	(void)state;
	two_boxes_run(&pair, 3 * SECOND);
	put_session(0, "lower", 1);
	was = *lower;
	before = peer_of(0, "lower", reason);
	assert_int_equal(reload_to(0, OTHER TWO_BOXES_LOWER TWO_BOXES_UPPER, 1, 0), 0);
	assert_int_equal(reload_to(1, TWO_BOXES_LOWER TWO_BOXES_UPPER OTHER, 1, 0), 0);
	assert_int_equal(pair.box[0]->count, 3);
	assert_ptr_equal(box_find(pair.box[0], "lower"), lower);
	assert_ptr_equal(lower->replica, was.replica);
	assert_memory_equal(lower->epoch, was.epoch, SEAL_EPOCH_LEN);
	assert_memory_not_equal(box_find(pair.box[0], "other")->epoch,
	                        box_find(pair.box[1], "other")->epoch, SEAL_EPOCH_LEN);
	two_boxes_run(&pair, 3 * SECOND);
	put_session(0, "other", 5);
	put_session(1, "other", 6);
	two_boxes_run(&pair, 5 * SECOND); /* two cold boxes wait so long */
	assert_int_equal(held(0, "other"), 2);
	assert_int_equal(held(1, "other"), 2);
	assert_int_equal(held(1, "lower"), 1);
	assert_int_equal(replica_state(box_find(pair.box[0], "other")->replica), REPLICA_IN_SYNC);
	after = peer_of(0, "lower", reason);
	assert_string_equal(reason, "");
	assert_int_equal(after.contact, REPLICA_CONTACT);
	assert_int_equal(after.lost, before.lost);
	assert_memory_equal(after.epoch, before.epoch, SEAL_EPOCH_LEN);
}

/* A reload reaches one box after the other, or one of them not at all. */
static void a_peer_without_the_instance_is_told_apart_from_a_dead_one(void **state)
{
	char reason[REPORT_MAX];
	struct replica_peer_stats peer;

	(void)state;
	two_boxes_run(&pair, 3 * SECOND);
	(void)reload_to(0, TWO_BOXES_LOWER TWO_BOXES_UPPER OTHER, 1, 0);
	two_boxes_run(&pair, 30 * SECOND);
	peer = peer_of(0, "other", reason);
	assert_int_equal(peer.contact, REPLICA_NEVER_HEARD);
	assert_non_null(strstr(reason, "other instances with this box, but not this one; "));
	assert_int_equal(replica_state(box_find(pair.box[0], "other")->replica), REPLICA_ALONE);
	assert_true(pair.box[1]->verdicts[BOX_OTHER_INSTANCE] > 0);
	assert_int_equal(peer_of(1, "lower", reason).contact, REPLICA_CONTACT);
	(void)reload_to(1, TWO_BOXES_LOWER TWO_BOXES_UPPER OTHER, 1, 0);
	two_boxes_run(&pair, 3 * SECOND);
	assert_int_equal(peer_of(0, "other", reason).contact, REPLICA_CONTACT);
	assert_string_equal(reason, "");
	for (uint64_t end_us = pair.now_us + 5 * SECOND; pair.now_us < end_us;
	     pair.now_us += 1000) { /* box 1 is off */
		static uint8_t datagram[BOX_DATAGRAM_MAX];

		while (box_poll(pair.box[0], datagram, pair.now_us) > 0)
			;
	}
	assert_int_equal(peer_of(0, "other", reason).contact, REPLICA_LOST);
	assert_non_null(strstr(reason, "silent for "));
}

static void what_goes_says_goodbye_and_leaves_the_rest_alone(void **state)
{
	struct box_instance *lower = box_find(pair.box[0], "lower");
	char reason[REPORT_MAX];

	(void)state;
	two_boxes_run(&pair, 3 * SECOND);
	put_session(0, "lower", 1);
	put_session(0, "upper", 2);
	two_boxes_run(&pair, SECOND);
	(void)reload_to(0, TWO_BOXES_LOWER, 0, 1);
	assert_null(box_find(pair.box[0], "upper"));
	assert_int_equal(peer_of(1, "upper", reason).contact, REPLICA_LOST);
	two_boxes_run(&pair, 3 * SECOND);
	(void)peer_of(1, "upper", reason);
	assert_non_null(strstr(reason, "but not this one; "));
	assert_int_equal(held(1, "upper"), 1);
	assert_ptr_equal(box_find(pair.box[0], "lower"), lower);
	assert_int_equal(peer_of(0, "lower", reason).contact, REPLICA_CONTACT);
	(void)reload_to(1, TWO_BOXES_SIIT, 0, 2);
	assert_int_equal(pair.box[1]->count, 0);
	two_boxes_run(&pair, SECOND);
	assert_int_equal(peer_of(0, "lower", reason).contact, REPLICA_LOST);
}

/* Another size is another instance: it has nothing, and gets everything from the peer. */
static void another_size_begins_anew_and_learns_all(void **state)
{
	uint8_t epoch[SEAL_EPOCH_LEN];
	struct box_instance *upper = box_find(pair.box[0], "upper");

	(void)state;
	two_boxes_run(&pair, 3 * SECOND);
	for (uint32_t i = 0; i < 100; i++)
		put_session(1, "lower", i);
	two_boxes_run(&pair, SECOND);
	memcpy(epoch, box_find(pair.box[0], "lower")->epoch, sizeof(epoch));
	(void)reload_to(0, LARGER TWO_BOXES_UPPER, 1, 1);
	assert_int_equal(held(0, "lower"), 0);
	assert_memory_not_equal(box_find(pair.box[0], "lower")->epoch, epoch, sizeof(epoch));
	assert_ptr_equal(box_find(pair.box[0], "upper"), upper);
	two_boxes_run(&pair, 3 * SECOND);
	assert_int_equal(held(0, "lower"), 100);
	assert_int_equal(replica_state(box_find(pair.box[0], "lower")->replica), REPLICA_IN_SYNC);
}

static void what_was_not_applied_is_as_if_it_had_not_been(void **state)
{
	struct config *wanted = two_boxes_config("campus", LARGER OTHER);
	struct box_instance *lower = box_find(pair.box[0], "lower");
	struct reload_plan plan;

	(void)state;
	assert_int_equal(reload_plan_new(pair.box[0], wanted, pair.now_us, &plan), 0);
	config_free(wanted);
	assert_int_equal(plan.count, 2);
	assert_int_equal(plan.opened_count, 2);
	assert_int_equal(plan.parting_count, 2);
	reload_plan_free(&plan);
	assert_int_equal(pair.box[0]->count, 2);
	assert_ptr_equal(box_find(pair.box[0], "lower"), lower);
}

static void what_stays_is_measured_by_the_new_file(void **state)
{
	static const char timeouts[] = TWO_BOXES_LOWER "udp-timeout = 400s\n" TWO_BOXES_UPPER;

	(void)state;
	assert_true(judged(pair.box[0], timeouts).changes);
	assert_int_equal(reload_to(0, timeouts, 0, 0), 1);
	assert_false(judged(pair.box[0], timeouts).changes);
	assert_int_equal(reload_to(0, timeouts, 0, 0), 0);
}

static void the_watch_follows_what_the_box_has(void **state)
{
	struct watch *watch = watch_new(pair.box[0]);

	(void)state;
	assert_non_null(watch);
	watch_look(watch, "", 0, pair.now_us);
	assert_string_equal(watch_summary(watch, ""),
	                    "0 of 2 instances in sync, 0 with every peer");
	(void)reload_to(0, OTHER TWO_BOXES_LOWER TWO_BOXES_UPPER, 1, 0);
	watch_look(watch, "", 0, pair.now_us);
	assert_string_equal(watch_summary(watch, ""),
	                    "0 of 3 instances in sync, 0 with every peer");
	(void)reload_to(0, TWO_BOXES_UPPER, 0, 2);
	watch_look(watch, "", 0, pair.now_us);
	assert_string_equal(watch_summary(watch, ""),
	                    "0 of 1 instances in sync, 0 with every peer");
	watch_free(watch);
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, open_pair, close_pair)
	const struct CMUnitTest tests[] = {
		ROW(instances_need_no_restart),
		ROW(a_new_instance_is_replicated_and_the_others_are_not_touched),
		ROW(a_peer_without_the_instance_is_told_apart_from_a_dead_one),
		ROW(what_goes_says_goodbye_and_leaves_the_rest_alone),
		ROW(another_size_begins_anew_and_learns_all),
		ROW(what_was_not_applied_is_as_if_it_had_not_been),
		ROW(what_stays_is_measured_by_the_new_file),
		ROW(the_watch_follows_what_the_box_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

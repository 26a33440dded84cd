/* The state machine of sa-nat64-healthd: every state with every event, the reasons, and hold-downs.
 */
#include "tests/unit/health_side.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct health health;
static struct health_facts facts;
static uint64_t now;

static void set_silence(uint64_t silence_us)
{
	facts.slow = (struct health_silence){ silence_us, silence_us };
	facts.fast = facts.slow;
}

static int setup(void **state)
{
	(void)state;
	now = START;
	facts = health_side_good();
	health_init(&health, &health_side_config, now);
	return 0;
}

static enum health_state judge(void)
{
	(void)health_judge(&health, &facts, now);
	return health.state;
}

static enum health_state judge_in(uint64_t us)
{
	now += us;
	return judge();
}

/* In the state, as a healthd that has run for an hour. */
static void bring_to(enum health_state state)
{
	(void)setup(NULL);
	now += 3600 * SECOND;
	health.state = state;
	health.was_whole = true;
	health.well_since_us = START;
}

static void drain(void)
{
	facts.drain = true;
}

static void know_nothing(void)
{
	set_silence(NEVER);
	facts.process_runs = facts.answers = facts.probed = false;
	health.born_us = now;
}

static void fall_silent(void)
{
	set_silence(TIMEOUT);
}

static void lack_sessions(void)
{
	facts.sync = HEALTH_SYNC_JOINING;
}

static void hold(void)
{
	health.hold_us = 5 * SECOND;
	health.hold_until_us = now + 1;
}

static void lose_the_peer(void)
{
	facts.sync = HEALTH_SYNC_ALONE;
}

static void nothing(void)
{
}

static void every_state_meets_every_event(void **state)
{
	static void (*const events[HEALTH_EVENTS])(void) = {
		[HEALTH_ORDER] = drain,         [HEALTH_UNKNOWN] = know_nothing,
		[HEALTH_FAILURE] = fall_silent, [HEALTH_WAIT] = lack_sessions,
		[HEALTH_HOLD] = hold,           [HEALTH_FLAW] = lose_the_peer,
		[HEALTH_WELL] = nothing,
	};

	(void)state;
	for (int from = 0; from < HEALTH_STATES; from++) {
		for (int event = 0; event < HEALTH_EVENTS; event++) {
			enum health_state to = health_next((enum health_state)from,
			                                   (enum health_event)event);
			bool served;

			bring_to((enum health_state)from);
			served = health_serves(&health);
			if (event == HEALTH_HOLD && served)
				continue; /* they do not meet */
			events[event]();
			assert_int_equal(judge(), to);
			assert_int_equal(health.reason[0] == '\0', to == HEALTH_UP);
			assert_int_equal(health.falls, served && to == HEALTH_DOWN);
		}
	}
}

static void only_up_and_degraded_serve(void **state)
{
	static const char *const names[HEALTH_STATES] = { "starting", "warming", "up",
		                                          "degraded", "down",    "drained" };

	(void)state;
	for (int i = 0; i < HEALTH_STATES; i++) {
		health.state = (enum health_state)i;
		assert_string_equal(health_state_name((enum health_state)i), names[i]);
		assert_int_equal(health_serves(&health), i == HEALTH_UP || i == HEALTH_DEGRADED);
		for (int event = HEALTH_UNKNOWN; event <= HEALTH_FAILURE; event++) {
			health.state = health_next((enum health_state)i, (enum health_event)event);
			assert_false(health_serves(&health));
		}
		assert_int_equal(health_next((enum health_state)i, HEALTH_ORDER), HEALTH_DRAINED);
		assert_int_equal(health_next((enum health_state)i, HEALTH_WELL), HEALTH_UP);
	}
}

static void the_first_start_has_no_hold_down_but_is_in_sync_first(void **state)
{
	(void)state;
	set_silence(NEVER);
	facts.process_runs = facts.answers = facts.probed = false;
	facts.pid = 0;
	facts.sync = HEALTH_SYNC_ABSENT;
	assert_int_equal(judge(), HEALTH_STARTING);
	assert_int_equal(health_deadline(&health), START + SECOND);
	assert_int_equal(judge_in(SECOND), HEALTH_DOWN);
	assert_non_null(strstr(health.reason, "systemctl start sa-nat64-translator@lower"));
	assert_int_equal(health_deadline(&health), NEVER);
	facts = health_side_good();
	facts.sync = HEALTH_SYNC_ABSENT;
	assert_int_equal(judge_in(30 * SECOND), HEALTH_WARMING);
	assert_non_null(strstr(health.reason, "sa-nat64-syncd does not answer"));
	assert_int_equal(health_deadline(&health), now + health_side_config.sync_limit_us);
	facts.sync = HEALTH_SYNC_JOINING;
	assert_int_equal(judge_in(SECOND), HEALTH_WARMING);
	facts.sync = HEALTH_SYNC_WHOLE;
	assert_int_equal(judge_in(SECOND), HEALTH_UP);
	assert_int_equal(health.falls, 0);
}

static void sync_is_waited_for_only_so_long(void **state)
{
	(void)state;
	facts.sync = HEALTH_SYNC_JOINING;
	assert_int_equal(judge(), HEALTH_WARMING);
	assert_int_equal(judge_in(health_side_config.sync_limit_us - 1), HEALTH_WARMING);
	assert_int_equal(judge_in(1), HEALTH_DEGRADED);
	assert_non_null(strstr(health.reason, "have not all come"));
	facts.sync = HEALTH_SYNC_WHOLE;
	assert_int_equal(judge_in(1), HEALTH_UP);
	facts.sync = HEALTH_SYNC_JOINING;
	assert_int_equal(judge_in(1), HEALTH_DEGRADED);
}

/* The time that it does not translate is no waiting. */
static void the_wait_for_sync_begins_when_it_translates(void **state)
{
	(void)state;
	facts.sync = HEALTH_SYNC_JOINING;
	assert_int_equal(judge(), HEALTH_WARMING);
	set_silence(TIMEOUT);
	assert_int_equal(judge_in(119 * SECOND), HEALTH_DOWN);
	set_silence(0);
	assert_int_equal(judge_in(10 * SECOND), HEALTH_WARMING);
	assert_int_equal(judge_in(health_side_config.sync_limit_us - 1), HEALTH_WARMING);
	assert_int_equal(judge_in(1), HEALTH_DEGRADED);
}

static void a_syncd_that_is_gone_does_not_stop_who_was_whole(void **state)
{
	(void)state;
	assert_int_equal(judge(), HEALTH_UP);
	facts.sync = HEALTH_SYNC_ABSENT;
	assert_int_equal(judge_in(1), HEALTH_DEGRADED);
	set_silence(TIMEOUT);
	assert_int_equal(judge_in(1), HEALTH_DOWN);
	set_silence(0);
	assert_int_equal(judge_in(1), HEALTH_WARMING);
	assert_int_equal(judge_in(5 * SECOND), HEALTH_DEGRADED);
}

static void a_restart_within_the_grace_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(judge(), HEALTH_UP);
	facts.process_runs = false;
	for (uint64_t silence = 0; silence < GRACE - 20 * MS; silence += MS) {
		set_silence(silence);
		assert_int_equal(judge_in(MS), HEALTH_UP);
	}
	facts.process_runs = true;
	facts.pid = 78;
	facts.probed = false;
	set_silence(GRACE - 1);
	assert_int_equal(judge_in(1), HEALTH_UP);
	set_silence(0);
	assert_int_equal(judge_in(1), HEALTH_UP);
	assert_int_equal(health.history_count, 1);
}

static void an_end_without_a_restart_is_a_failure_after_the_grace(void **state)
{
	(void)state;
	assert_int_equal(judge(), HEALTH_UP);
	facts.process_runs = false;
	set_silence(GRACE - 1);
	assert_int_equal(judge_in(1), HEALTH_UP);
	set_silence(GRACE);
	assert_int_equal(judge_in(1), HEALTH_DOWN);
}

static void a_new_process_that_translates_nothing_has_the_grace(void **state)
{
	(void)state;
	assert_int_equal(judge(), HEALTH_UP);
	facts.probed = false;
	set_silence(GRACE - 1);
	assert_int_equal(judge_in(1), HEALTH_UP);
	set_silence(GRACE);
	assert_int_equal(judge_in(1), HEALTH_DOWN);
}

static void an_overloaded_translator_goes_on_serving_for_a_while(void **state)
{
	(void)state;
	assert_int_equal(judge(), HEALTH_UP);
	facts.is_overloaded = true;
	set_silence(TIMEOUT - 1);
	assert_int_equal(judge_in(1), HEALTH_UP);
	set_silence(TIMEOUT);
	assert_int_equal(judge_in(1), HEALTH_DEGRADED);
	assert_non_null(strstr(health.reason, "overloaded"));
	set_silence(HEALTH_OVERLOAD_US - 1);
	assert_int_equal(judge_in(1), HEALTH_DEGRADED);
	assert_int_equal(health.falls, 0);
	set_silence(HEALTH_OVERLOAD_US);
	assert_int_equal(judge_in(1), HEALTH_DOWN);
}

static void a_stuck_translator_is_down_at_once(void **state)
{
	(void)state;
	assert_int_equal(judge(), HEALTH_UP);
	facts.is_overloaded = true;
	set_silence(TIMEOUT);
	assert_int_equal(judge_in(1), HEALTH_DEGRADED);
	facts.is_overloaded = false;
	assert_int_equal(judge_in(1), HEALTH_DOWN);
}

static void who_is_alone_does_not_hold_back(void **state)
{
	(void)state;
	assert_int_equal(judge(), HEALTH_UP);
	set_silence(TIMEOUT);
	assert_int_equal(judge_in(1), HEALTH_DOWN);
	set_silence(0);
	assert_int_equal(judge_in(MS), HEALTH_WARMING);
	facts.sync = HEALTH_SYNC_ALONE;
	assert_int_equal(judge_in(MS), HEALTH_DEGRADED);
	assert_true(health_serves(&health));
}

static void a_grace_below_the_timeout_does_not_shorten_it(void **state)
{
	struct config_health other = health_side_config;

	(void)state;
	assert_int_equal(judge(), HEALTH_UP);
	other.restart_grace_us = 0;
	health_configure(&health, &other);
	facts.process_runs = false;
	set_silence(TIMEOUT - 1);
	assert_int_equal(judge_in(1), HEALTH_UP);
	set_silence(TIMEOUT);
	assert_int_equal(judge_in(1), HEALTH_DOWN);
}

static void fall_and_return(uint64_t hold_us)
{
	set_silence(TIMEOUT);
	assert_int_equal(judge_in(SECOND), HEALTH_DOWN);
	assert_int_equal(health_hold_left(&health, now), hold_us);
	assert_int_equal(health_deadline(&health), NEVER);
	set_silence(0);
	assert_int_equal(judge_in(3 * SECOND), HEALTH_WARMING);
	assert_non_null(strstr(health.reason, "hold-down"));
	assert_int_equal(health_deadline(&health), now + hold_us);
	assert_int_equal(health_hold_left(&health, now), hold_us);
	assert_int_equal(judge_in(hold_us - 1), HEALTH_WARMING);
	assert_int_equal(judge_in(1), HEALTH_UP);
	assert_int_equal(health_hold_left(&health, now), 0);
}

static void the_hold_down_doubles_and_starts_anew(void **state)
{
	(void)state;
	assert_int_equal(judge(), HEALTH_UP);
	fall_and_return(5 * SECOND);
	fall_and_return(10 * SECOND);
	fall_and_return(20 * SECOND);
	fall_and_return(40 * SECOND);
	fall_and_return(60 * SECOND);
	fall_and_return(60 * SECOND);
	assert_int_equal(judge_in(598 * SECOND), HEALTH_UP);
	fall_and_return(60 * SECOND);
	assert_int_equal(judge_in(599 * SECOND), HEALTH_UP);
	fall_and_return(5 * SECOND);
	assert_int_equal(health.falls, 8);
}

static void who_fails_while_held_begins_again(void **state)
{
	(void)state;
	assert_int_equal(judge(), HEALTH_UP);
	set_silence(TIMEOUT);
	assert_int_equal(judge_in(1), HEALTH_DOWN);
	set_silence(0);
	assert_int_equal(judge_in(1), HEALTH_WARMING);
	set_silence(TIMEOUT);
	assert_int_equal(judge_in(4 * SECOND), HEALTH_DOWN);
	set_silence(0);
	assert_int_equal(judge_in(1), HEALTH_WARMING);
	assert_int_equal(judge_in(5 * SECOND - 1), HEALTH_WARMING);
	assert_int_equal(judge_in(1), HEALTH_UP);
	assert_int_equal(health.falls, 1);
}

static void drain_and_undrain_are_at_once(void **state)
{
	(void)state;
	assert_int_equal(judge(), HEALTH_UP);
	facts.drain = true;
	(void)snprintf(facts.drain_reason, sizeof(facts.drain_reason), "new kernel");
	assert_int_equal(judge_in(1), HEALTH_DRAINED);
	assert_string_equal(health.reason,
	                    "drained by order: new kernel; 'sa-nat64 undrain lower' ends it");
	set_silence(TIMEOUT);
	assert_int_equal(judge_in(1), HEALTH_DRAINED);
	set_silence(0);
	facts.drain = false;
	assert_int_equal(judge_in(1), HEALTH_UP);
	assert_int_equal(health.falls, 0);
}

static void a_hold_down_runs_on_while_drained(void **state)
{
	(void)state;
	assert_int_equal(judge(), HEALTH_UP);
	set_silence(TIMEOUT);
	assert_int_equal(judge_in(1), HEALTH_DOWN);
	facts.drain = true;
	assert_int_equal(judge_in(1), HEALTH_DRAINED);
	facts.drain = false;
	set_silence(0);
	assert_int_equal(judge_in(1), HEALTH_WARMING);
	facts.drain = true;
	assert_int_equal(judge_in(1), HEALTH_DRAINED);
	facts.drain = false;
	assert_int_equal(judge_in(4 * SECOND), HEALTH_WARMING);
	assert_int_equal(judge_in(SECOND), HEALTH_UP);
}

static void a_reload_takes_effect_with_the_state_kept(void **state)
{
	struct config_health other = health_side_config;

	(void)state;
	assert_int_equal(judge(), HEALTH_UP);
	other.probe_timeout_us = 500 * MS;
	health_configure(&health, &other);
	set_silence(400 * MS);
	assert_int_equal(judge_in(1), HEALTH_UP);
	set_silence(500 * MS);
	assert_int_equal(judge_in(1), HEALTH_DOWN);
}

/* ---- reasons ---- */

static void set(char *text, const char *to)
{
	(void)snprintf(text, HEALTH_REASON_MAX, "%s", to);
}

static void lose_carrier(void)
{
	facts.carrier = false;
	set(facts.link_problem, "uplink0 has no carrier");
}

static void lose_address(void)
{
	facts.addressed = false;
	set(facts.link_problem, "192.0.2.2 is on no interface");
}

static void miss_namespace(void)
{
	set_silence(GRACE);
	facts.is_placed = facts.process_runs = false;
	set(facts.probe_problem, "there is no namespace nat64-lower");
}

static void lack_route(void)
{
	set_silence(TIMEOUT);
	set(facts.probe_problem, "no route leads there");
}

static void end_process(void)
{
	set_silence(GRACE);
	facts.process_runs = facts.answers = false;
	set(facts.probe_problem, "network unreachable");
}

static void never_run(void)
{
	end_process();
	facts.probe_problem[0] = '\0';
	facts.pid = 0;
}

static void hang(void)
{
	set_silence(TIMEOUT);
	facts.answers = false;
}

static void translate_half(void)
{
	facts.slow.whole_us = TIMEOUT;
}

static void stop_between(void)
{
	facts.slow = (struct health_silence){ TIMEOUT - 25 * MS, TIMEOUT };
}

static void never_translate(void)
{
	set_silence(NEVER);
	facts.probed = false;
}

static void lose_fast(void)
{
	facts.fast = (struct health_silence){ 200 * MS, 200 * MS };
}

static void lose_fast_half(void)
{
	facts.fast.whole_us = 200 * MS;
}

static void split_bfd(void)
{
	facts.bfd_split = true;
}

static void be_mute(void)
{
	facts.answers = false;
}

static void lack_fast(void)
{
	set(facts.fast_problem, "the fast path is off: old kernel");
}

static void lack_syncd(void)
{
	facts.sync = HEALTH_SYNC_ABSENT;
}

static void lack_frr(void)
{
	set(facts.bfd_problem, "vtysh is not installed");
}

static void differ(void)
{
	set(facts.sync_problem, "gw-b has another configuration");
}

static void lack_watch(void)
{
	set(facts.link_problem, "the uplink cannot be watched");
}

static void lose_forwarding(void)
{
	set(facts.own_problem, "net.ipv4.ip_forward is 0");
}

static void each_fault_is_named(void **state)
{
	static const struct {
		void (*happen)(void);
		enum health_state state;
		const char *words;
	} rows[] = {
		{ lose_carrier, HEALTH_DOWN, "uplink0 has no carrier" },
		{ lose_address, HEALTH_DOWN, "192.0.2.2 is on no interface" },
		{ miss_namespace, HEALTH_DOWN, "there is no namespace nat64-lower" },
		{ lack_route, HEALTH_DOWN, "no route leads there" },
		{ end_process, HEALTH_DOWN, "has ended (it had pid 77)" },
		{ never_run, HEALTH_DOWN, "systemctl start sa-nat64-translator@lower" },
		{ hang, HEALTH_DOWN, "(pid 77) hangs" },
		{ translate_half, HEALTH_DOWN, "translated 6to4, but not back 4to6" },
		{ stop_between, HEALTH_DOWN, "no packet has been translated for 125 ms" },
		{ never_translate, HEALTH_DOWN, "runs, but no probe has come through" },
		{ fall_silent, HEALTH_DOWN, "for 125 ms (probe-timeout 125 ms)" },
		{ lose_fast, HEALTH_DOWN, "the fast path loses packets 6to4" },
		{ lose_fast_half, HEALTH_DOWN, "the fast path loses packets 4to6" },
		{ lose_forwarding, HEALTH_DOWN, "net.ipv4.ip_forward is 0" },
		{ split_bfd, HEALTH_DEGRADED, "only some of the bfd-peers answer" },
		{ be_mute, HEALTH_DEGRADED, "does not answer on its control socket" },
		{ lack_fast, HEALTH_DEGRADED, "the fast path is off: old kernel" },
		{ lack_syncd, HEALTH_DEGRADED, "sa-nat64-syncd does not answer" },
		{ lack_sessions, HEALTH_DEGRADED, "have not all come" },
		{ lose_the_peer, HEALTH_DEGRADED, "no other box is in contact" },
		{ lack_frr, HEALTH_DEGRADED, "vtysh is not installed" },
		{ differ, HEALTH_DEGRADED, "gw-b has another configuration" },
		{ lack_watch, HEALTH_DEGRADED, "the uplink cannot be watched" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bring_to(HEALTH_UP);
		rows[i].happen();
		assert_int_equal(judge(), rows[i].state);
		if (!strstr(health.reason, rows[i].words))
			fail_msg("row %zu: %s", i, health.reason);
		assert_string_equal(health.history[0].reason, health.reason);
	}
}

/* What concerns FRR is nobody's business without bfd-peers. */
static void without_bfd_peers_frr_does_not_count(void **state)
{
	(void)state;
	facts.bfd_wanted = false;
	facts.bfd_split = true;
	lack_frr();
	assert_int_equal(judge(), HEALTH_UP);
}

/* What it said last holds for as long as it answers. */
static void what_a_translator_said_that_is_mute_does_not_count(void **state)
{
	(void)state;
	lose_forwarding();
	facts.answers = false;
	assert_int_equal(judge(), HEALTH_DEGRADED);
	assert_non_null(strstr(health.reason, "does not answer"));
}

static void no_reason_is_cut(void **state)
{
	(void)state;
	facts.instance = "an-instance-with-the-longest-nam";
	facts.pid = 4194304;
	facts.drain = true;
	memset(facts.drain_reason, 'x', sizeof(facts.drain_reason) - 1);
	(void)judge();
	assert_non_null(strstr(health.reason, "ends it"));
	facts.drain = false;
	end_process();
	(void)judge_in(2 * SECOND);
	assert_non_null(strstr(health.reason, "tells why"));
	facts.process_runs = true;
	facts.probe_problem[0] = '\0';
	(void)judge();
	assert_non_null(strstr(health.reason, facts.instance));
	facts = (struct health_facts){ .instance = facts.instance, .pid = 4194304 };
	facts.process_runs = facts.answers = facts.probed = facts.is_placed = true;
	facts.carrier = facts.addressed = true;
	facts.slow.whole_us = facts.slow.half_us = 3600 * SECOND;
	(void)judge();
	assert_non_null(strstr(health.reason, "what it drops"));
	facts.slow.whole_us = 0;
	facts.fast.whole_us = 3600 * SECOND;
	(void)judge();
	assert_non_null(strstr(health.reason, "go around it"));
}

static void the_history_keeps_the_newest(void **state)
{
	(void)state;
	for (int i = 0; i < 40; i++) {
		facts.drain = i % 2 == 0;
		(void)judge_in(SECOND);
	}
	assert_int_equal(health.history_count, 40);
	for (uint64_t i = 0; i < HEALTH_HISTORY_MAX; i++) {
		const struct health_change *change =
			&health.history[(health.history_count - 1 - i) % HEALTH_HISTORY_MAX];

		assert_int_equal(change->at_us, now - i * SECOND);
		assert_int_equal(change->to, i % 2 ? HEALTH_DRAINED : HEALTH_UP);
		assert_true(change->reason[0] != '\0');
	}
}

/* Nothing but the deadline has to wake whoever calls. */
static void the_deadline_is_when_the_judgement_changes(void **state)
{
	(void)state;
	facts.sync = HEALTH_SYNC_JOINING;
	assert_int_equal(judge(), HEALTH_WARMING);
	while (health_deadline(&health) != NEVER) {
		now = health_deadline(&health);
		(void)judge();
	}
	assert_int_equal(health.state, HEALTH_DEGRADED);
	assert_int_equal(now, START + health_side_config.sync_limit_us);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_state_meets_every_event, setup),
		cmocka_unit_test_setup(only_up_and_degraded_serve, setup),
		cmocka_unit_test_setup(the_first_start_has_no_hold_down_but_is_in_sync_first,
		                       setup),
		cmocka_unit_test_setup(sync_is_waited_for_only_so_long, setup),
		cmocka_unit_test_setup(the_wait_for_sync_begins_when_it_translates, setup),
		cmocka_unit_test_setup(a_syncd_that_is_gone_does_not_stop_who_was_whole, setup),
		cmocka_unit_test_setup(a_restart_within_the_grace_changes_nothing, setup),
		cmocka_unit_test_setup(an_end_without_a_restart_is_a_failure_after_the_grace,
		                       setup),
		cmocka_unit_test_setup(a_new_process_that_translates_nothing_has_the_grace, setup),
		cmocka_unit_test_setup(an_overloaded_translator_goes_on_serving_for_a_while, setup),
		cmocka_unit_test_setup(a_stuck_translator_is_down_at_once, setup),
		cmocka_unit_test_setup(who_is_alone_does_not_hold_back, setup),
		cmocka_unit_test_setup(a_grace_below_the_timeout_does_not_shorten_it, setup),
		cmocka_unit_test_setup(the_hold_down_doubles_and_starts_anew, setup),
		cmocka_unit_test_setup(who_fails_while_held_begins_again, setup),
		cmocka_unit_test_setup(drain_and_undrain_are_at_once, setup),
		cmocka_unit_test_setup(a_hold_down_runs_on_while_drained, setup),
		cmocka_unit_test_setup(a_reload_takes_effect_with_the_state_kept, setup),
		cmocka_unit_test_setup(each_fault_is_named, setup),
		cmocka_unit_test_setup(without_bfd_peers_frr_does_not_count, setup),
		cmocka_unit_test_setup(what_a_translator_said_that_is_mute_does_not_count, setup),
		cmocka_unit_test_setup(no_reason_is_cut, setup),
		cmocka_unit_test_setup(the_history_keeps_the_newest, setup),
		cmocka_unit_test_setup(the_deadline_is_when_the_judgement_changes, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What is wrong, worst first and bounded; and what sa-nat64-syncd's reply is judged to mean. */
#include "cli/findings.h"
#include "cli/session_log.h"
#include "cli/sync.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct findings findings;

static int reset(void **state)
{
	(void)state;
	findings = (struct findings){ .count = 0 };
	return 0;
}

static void the_worst_come_first_and_equals_keep_their_order(void **state)
{
	(void)state;
	assert_int_equal(findings_worst(&findings), SEVERITY_OK);
	findings_add(&findings, SEVERITY_WARNING, "lower", "first %d", 1);
	findings_add(&findings, SEVERITY_UNKNOWN, "lower", "second");
	findings_add(&findings, SEVERITY_WARNING, "upper", "third");
	findings_add(&findings, SEVERITY_CRITICAL, "", "fourth");
	findings_sort(&findings);
	assert_int_equal(findings_worst(&findings), SEVERITY_CRITICAL);
	assert_string_equal(findings.list[0].text, "fourth");
	assert_string_equal(findings.list[1].text, "second");
	assert_string_equal(findings.list[2].text, "first 1");
	assert_string_equal(findings.list[2].instance, "lower");
	assert_string_equal(findings.list[3].text, "third");
}

static void a_full_list_makes_room_for_worse_only(void **state)
{
	(void)state;
	for (int i = 0; i < FINDINGS_MAX; i++)
		findings_add(&findings, SEVERITY_WARNING, "", "%d", i);
	findings_add(&findings, SEVERITY_WARNING, "", "one warning more");
	assert_int_equal(findings.left_out, 1);
	findings_add(&findings, SEVERITY_CRITICAL, "", "the end");
	assert_int_equal(findings.count, FINDINGS_MAX);
	assert_int_equal(findings.left_out, 2);
	findings_sort(&findings);
	assert_string_equal(findings.list[0].text, "the end");
	assert_string_equal(findings.list[1].text, "1");
	assert_string_equal(findings.list[FINDINGS_MAX - 1].text, "63");
}

static void long_sentences_are_cut(void **state)
{
	(void)state;
	findings_add(&findings, SEVERITY_WARNING, "lower", "%1000d", 7);
	assert_int_equal(strlen(findings.list[0].text), sizeof(findings.list[0].text) - 1);
}

static void severities_end_as_monitoring_systems_number_them(void **state)
{
	static const struct {
		enum severity severity;
		const char *name;
		int exit;
	} rows[] = {
		{ SEVERITY_OK, "ok", 0 },
		{ SEVERITY_WARNING, "warning", 1 },
		{ SEVERITY_CRITICAL, "critical", 2 },
		{ SEVERITY_UNKNOWN, "unknown", 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(severity_name(rows[i].severity), rows[i].name);
		assert_int_equal(severity_exit(rows[i].severity), rows[i].exit);
	}
}

/* ---- what syncd says ---- */

static SaNat64__Control__Peer peer;
static SaNat64__Control__Peer *peers[] = { &peer };
static SaNat64__Control__SyncInstance sync_instance;
static SaNat64__Control__SyncInstance *sync_instances[] = { &sync_instance };
static SaNat64__Control__PeersReply reply;

/* An instance in sync with one peer. */
static int all_well(void **state)
{
	sa_nat64__control__peer__init(&peer);
	peer.node = (char *)"gw-b";
	peer.state = (char *)"in-sync";
	sa_nat64__control__sync_instance__init(&sync_instance);
	sync_instance.name = (char *)"lower";
	sync_instance.state = (char *)"in-sync";
	sync_instance.translator = true;
	sync_instance.peers = peers;
	sync_instance.n_peers = 1;
	sa_nat64__control__peers_reply__init(&reply);
	reply.interface = (char *)"sync0";
	reply.instances = sync_instances;
	reply.n_instances = 1;
	return reset(state);
}

/* Judge, and expect one finding that has part in its text; none with NULL. */
static void judged(enum severity severity, const char *part)
{
	findings = (struct findings){ .count = 0 };
	sync_judge_link(&reply, NULL, &findings);
	sync_judge_instance(&sync_instance, NULL, 1000000, &findings);
	assert_int_equal(findings.count, part ? 1 : 0);
	if (!part)
		return;
	assert_int_equal(findings.list[0].severity, severity);
	if (!strstr(findings.list[0].text, part))
		fail_msg("\"%s\" without \"%s\"", findings.list[0].text, part);
}

static void nothing_is_wrong_with_boxes_in_sync(void **state)
{
	(void)state;
	judged(SEVERITY_OK, NULL);
	assert_true(sync_peer_is_well(&peer));
	peer.state = (char *)"alone";
	sync_instance.state = (char *)"alone";
	judged(SEVERITY_OK, NULL);
	assert_true(sync_peer_is_well(&peer));
	assert_ptr_equal(sync_find(&reply, "lower"), &sync_instance);
	assert_null(sync_find(&reply, "low"));
}

static void states_of_a_peer_are_named(void **state)
{
	static const char *const states[] = { "starting",     "joining", "never-heard",
		                              "not-accepted", "lost",    "dancing" };

	(void)state;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		char part[40];

		peer.state = (char *)states[i];
		(void)snprintf(part, sizeof(part), "peer gw-b %s", states[i]);
		judged(SEVERITY_WARNING, part);
		assert_false(sync_peer_is_well(&peer));
	}
	peer.state = (char *)"lost";
	judged(SEVERITY_WARNING, "peer gw-b lost: is the box up");
	peer.reason = (char *)"silent for 5 s";
	judged(SEVERITY_WARNING, "peer gw-b lost: silent for 5 s; is the box up");
	peer.reason = (char *)"it seals with another key; compare sync-key-file";
	judged(SEVERITY_WARNING, "lost: it seals with another key; compare sync-key-file");
	assert_null(strstr(findings.list[0].text, "is the box up"));
}

static void a_lag_counts_above_its_limit(void **state)
{
	(void)state;
	peer.lag_us = 1000000;
	judged(SEVERITY_OK, NULL);
	peer.lag_us = 1000001;
	judged(SEVERITY_WARNING, "lags by 1000 ms");
	assert_true(sync_peer_is_well(&peer));
}

static void other_configurations_are_reported(void **state)
{
	(void)state;
	peer.config_differs = true;
	judged(SEVERITY_WARNING, "another configuration");
	assert_true(sync_peer_is_well(&peer));
	peer.prefixes_differ = true;
	judged(SEVERITY_CRITICAL, "another pool6 or destinations");
	assert_false(sync_peer_is_well(&peer));
}

static void the_box_itself_is_judged(void **state)
{
	(void)state;
	sync_instance.state = (char *)"joining";
	sync_instance.reason = (char *)"1 of 2";
	judged(SEVERITY_WARNING, "this box is joining: 1 of 2; wait");
	sync_instance.state = (char *)"in-sync";
	sync_instance.translator = false;
	judged(SEVERITY_WARNING, "not attached");
	sync_instance.translator = true;
	reply.link = (char *)"no carrier";
	judged(SEVERITY_CRITICAL, "sync-interface sync0: no carrier");
}

static void what_could_not_be_entered_counts(void **state)
{
	(void)state;
	sync_instance.refused = 3;
	judged(SEVERITY_WARNING, "refused 3: ");
	sync_instance.refused = 0;
	sync_instance.conflicts = 2;
	judged(SEVERITY_WARNING, "conflicts 2: ");
	sync_instance.conflicts = 0;
	sync_instance.no_room = 1;
	judged(SEVERITY_WARNING, "no room 1: ");
}

static void what_is_past_counts_only_while_it_grows(void **state)
{
	SaNat64__Control__SyncInstance before;
	SaNat64__Control__PeersReply reply_before;

	(void)state;
	assert_false(sync_has_suspects(&reply));
	sync_instance.bad_seals = 7;
	assert_true(sync_has_suspects(&reply));
	judged(SEVERITY_WARNING, "bad seals 7: ");
	before = sync_instance;
	findings = (struct findings){ .count = 0 };
	sync_judge_instance(&sync_instance, &before, 0, &findings);
	assert_int_equal(findings.count, 0);
	sync_instance.bad_seals = 9;
	sync_judge_instance(&sync_instance, &before, 0, &findings);
	assert_int_equal(findings.count, 1);
	assert_non_null(strstr(findings.list[0].text, "bad seals 2: "));
	sync_instance.bad_seals = 0; /* syncd was started anew */
	findings = (struct findings){ .count = 0 };
	sync_judge_instance(&sync_instance, &before, 0, &findings);
	assert_int_equal(findings.count, 0);

	reply.other_version = 4;
	assert_true(sync_has_suspects(&reply));
	judged(SEVERITY_WARNING, "other version 4: ");
	reply_before = reply;
	findings = (struct findings){ .count = 0 };
	sync_judge_link(&reply, &reply_before, &findings);
	assert_int_equal(findings.count, 0);
}

/* ---- what a translator says of its session log ---- */

/* Judge, and expect so many findings, all of them warnings; the first has part in its text. */
static void log_judged(const SaNat64__Control__SessionLog *log, size_t count, const char *part)
{
	findings = (struct findings){ .count = 0 };
	session_log_judge("lower", log, &findings);
	assert_int_equal(findings.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(findings.list[i].severity, SEVERITY_WARNING);
	if (count && !strstr(findings.list[0].text, part))
		fail_msg("\"%s\" without \"%s\"", findings.list[0].text, part);
}

static void lost_records_and_collectors_that_are_away_are_warnings(void **state)
{
	SaNat64__Control__SessionLog log = SA_NAT64__CONTROL__SESSION_LOG__INIT;
	SaNat64__Control__Collector collector = SA_NAT64__CONTROL__COLLECTOR__INIT;
	SaNat64__Control__Collector *collectors[] = { &collector };

	(void)state;
	log_judged(NULL, 0, NULL);
	log.written = 1000;
	log_judged(&log, 0, NULL);
	log.lost = 3;
	log.problem = (char *)"No space left on device";
	log_judged(&log, 1, "3 records are lost: No space left on device; ");
	log.problem = (char *)"";
	log_judged(&log, 1, "3 records are lost; ");
	log.lost = 0;
	collector.name = (char *)"tcp 192.0.2.9:4739";
	collector.up = true;
	log.collectors = collectors;
	log.n_collectors = 1;
	log_judged(&log, 0, NULL);
	collector.up = false;
	collector.problem = (char *)"Connection refused";
	log_judged(&log, 1, "collector tcp 192.0.2.9:4739 is not connected: Connection refused; ");
	collector.up = true;
	collector.lost = 7;
	log_judged(&log, 1, "collector tcp 192.0.2.9:4739 has lost 7 records: ");
	collector.up = false;
	log.lost = 1;
	log_judged(&log, 3, "1 records are lost");
	assert_string_equal(findings.list[2].instance, "lower");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_worst_come_first_and_equals_keep_their_order, reset),
		cmocka_unit_test_setup(a_full_list_makes_room_for_worse_only, reset),
		cmocka_unit_test_setup(long_sentences_are_cut, reset),
		cmocka_unit_test(severities_end_as_monitoring_systems_number_them),
		cmocka_unit_test_setup(nothing_is_wrong_with_boxes_in_sync, all_well),
		cmocka_unit_test_setup(states_of_a_peer_are_named, all_well),
		cmocka_unit_test_setup(a_lag_counts_above_its_limit, all_well),
		cmocka_unit_test_setup(other_configurations_are_reported, all_well),
		cmocka_unit_test_setup(the_box_itself_is_judged, all_well),
		cmocka_unit_test_setup(what_could_not_be_entered_counts, all_well),
		cmocka_unit_test_setup(what_is_past_counts_only_while_it_grows, all_well),
		cmocka_unit_test_setup(lost_records_and_collectors_that_are_away_are_warnings,
		                       reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

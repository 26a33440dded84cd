/* What sa-nat64-healthd's reply is judged to mean: by state, BFD sessions, detection times and
 * probes, each thing said once. */
#include "cli/health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define WANTED_US 150000

static SaNat64__Control__BfdPeer peer6, peer4, *peers[] = { &peer6, &peer4 };
static SaNat64__Control__Probe slow, fast;
static SaNat64__Control__HealthInstance health;
static struct findings findings;

static void set_peer(SaNat64__Control__BfdPeer *peer, const char *address)
{
	sa_nat64__control__bfd_peer__init(peer);
	peer->peer = (char *)address;
	peer->state = (char *)"up";
	peer->detection_us = WANTED_US;
	peer->remote_receive_us = 50000;
}

/* All is well. */
static int reset(void **state)
{
	(void)state;
	set_peer(&peer6, "2001:db8::1");
	set_peer(&peer4, "192.0.2.1");
	sa_nat64__control__probe__init(&slow);
	slow.sent = slow.answered = 100;
	fast = slow;
	sa_nat64__control__health_instance__init(&health);
	health.name = (char *)"lower";
	health.state = (char *)"up";
	health.serving = true;
	health.bfd = peers;
	health.n_bfd = 2;
	health.slow = &slow;
	health.fast = &fast;
	findings = (struct findings){ .count = 0 };
	return 0;
}

static void judge(void)
{
	findings = (struct findings){ .count = 0 };
	health_judge_instance(&health, WANTED_US, &findings);
	findings_sort(&findings);
}

/* There is exactly this finding, with these words in it. */
static void assert_finding(enum severity severity, const char *words)
{
	judge();
	if (findings.count != 1 || findings.list[0].severity != severity ||
	    !strstr(findings.list[0].text, words))
		fail_msg("%zu findings, the first \"%s\", not only \"%s\"", findings.count,
		         findings.list[0].text, words);
	assert_string_equal(findings.list[0].instance, "lower");
}

static void what_is_well_is_not_mentioned(void **state)
{
	(void)state;
	judge();
	assert_int_equal(findings.count, 0);
}

static void each_state_has_its_severity(void **state)
{
	static const struct {
		const char *state;
		enum severity severity;
	} rows[] = {
		{ "starting", SEVERITY_WARNING }, { "warming", SEVERITY_WARNING },
		{ "degraded", SEVERITY_WARNING }, { "drained", SEVERITY_WARNING },
		{ "down", SEVERITY_CRITICAL },    { "another", SEVERITY_CRITICAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		health.state = (char *)rows[i].state;
		health.reason = (char *)"the reason";
		assert_finding(rows[i].severity, ": the reason");
		assert_int_equal(health_severity(rows[i].state), rows[i].severity);
	}
	assert_int_equal(health_severity("up"), SEVERITY_OK);
}

static void a_router_that_does_not_answer_is_a_warning_and_all_are_critical(void **state)
{
	(void)state;
	peer4.state = (char *)"down";
	peer4.reason = (char *)"it is mute";
	assert_finding(SEVERITY_WARNING, "BFD peer 192.0.2.1 is down: it is mute");
	assert_int_equal(health_bfd_up(&health), 1);
	peer6.state = (char *)"init";
	judge();
	assert_int_equal(findings.count, 2);
	assert_int_equal(findings.list[0].severity, SEVERITY_CRITICAL);
	assert_int_equal(findings.list[1].severity, SEVERITY_CRITICAL);
}

static void silence_on_purpose_is_no_problem_of_bfd(void **state)
{
	(void)state;
	health.state = (char *)"drained";
	health.serving = false;
	peer4.state = peer6.state = (char *)"silent";
	peer4.detection_us = peer6.detection_us = 0;
	assert_finding(SEVERITY_WARNING, "drained");
	assert_true(health_is_withdrawn(&health));
	peer4.state = (char *)"admin-down";
	assert_true(health_is_withdrawn(&health));
	peer4.state = (char *)"down"; /* it is asked for still */
	assert_false(health_is_withdrawn(&health));
	peer4.state = (char *)"silent";
	health.serving = true;
	assert_false(health_is_withdrawn(&health));
}

static void what_several_say_is_said_once_and_as_the_gravest(void **state)
{
	(void)state;
	health.state = (char *)"degraded";
	health.reason = health.bfd_problem = peer6.reason = peer4.reason =
		(char *)"vtysh did not end within 1 s";
	peer6.state = peer4.state = (char *)"unknown";
	assert_finding(SEVERITY_CRITICAL, "vtysh did not end");
	peer6.reason = peer4.reason = (char *)"";
	assert_finding(SEVERITY_CRITICAL, "vtysh did not end");
	peer6.state = (char *)"up";
	assert_finding(SEVERITY_WARNING, "vtysh did not end");
	health.state = (char *)"up";
	peer4.state = (char *)"down";
	peer4.reason = (char *)"has it a session?";
	health.bfd_problem = health.reason = (char *)"BFD peer 192.0.2.1 does not answer";
	assert_finding(SEVERITY_WARNING, "BFD peer 192.0.2.1");
	peer4.state = (char *)"up";
	peer4.detection_us = 900000;
	assert_finding(SEVERITY_WARNING, "BFD peer 192.0.2.1");
	health.state = (char *)"down"; /* graver than a warning that says the same */
	health.serving = false;
	judge();
	assert_int_equal(findings_worst(&findings), SEVERITY_CRITICAL);
}

static void a_slow_router_is_named_with_its_interval(void **state)
{
	(void)state;
	peer4.detection_us = 2 * WANTED_US - 1;
	judge();
	assert_int_equal(findings.count, 0);
	peer4.detection_us = 900000;
	peer4.remote_receive_us = 300000;
	assert_finding(SEVERITY_WARNING, "router 192.0.2.1 would notice only after 900 ms");
	assert_non_null(strstr(findings.list[0].text, "every 300 ms"));
	assert_int_equal(health_detection_us(&health), 900000);
	findings = (struct findings){ .count = 0 };
	health_judge_instance(&health, 0, &findings); /* without a configuration to compare with */
	assert_int_equal(findings.count, 0);
}

static void probes_of_the_fast_path_count_while_the_slow_path_works(void **state)
{
	(void)state;
	fast.silent_us = 1000001;
	assert_finding(SEVERITY_CRITICAL, "the fast path loses packets");
	fast.silent_us = 0;
	fast.answered = 0;
	assert_finding(SEVERITY_CRITICAL, "the fast path loses packets");
	slow.silent_us = 1000001;
	judge();
	assert_int_equal(findings.count, 0);
	reset(NULL);
	slow.problem = (char *)"no namespace";
	assert_finding(SEVERITY_WARNING, "no probe: no namespace");
	reset(NULL);
	health.slow = health.fast = NULL;
	judge();
	assert_int_equal(findings.count, 0);
	assert_int_equal(health_lost(NULL), 0);
}

static void instances_are_found_by_name(void **state)
{
	SaNat64__Control__HealthInstance *list[] = { &health };
	SaNat64__Control__HealthReply reply = SA_NAT64__CONTROL__HEALTH_REPLY__INIT;

	(void)state;
	assert_null(health_find(NULL, "lower"));
	assert_null(health_find(&reply, "lower"));
	reply.instances = list;
	reply.n_instances = 1;
	assert_ptr_equal(health_find(&reply, "lower"), &health);
	assert_null(health_find(&reply, "lowe"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_well_is_not_mentioned, reset),
		cmocka_unit_test_setup(each_state_has_its_severity, reset),
		cmocka_unit_test_setup(
			a_router_that_does_not_answer_is_a_warning_and_all_are_critical, reset),
		cmocka_unit_test_setup(silence_on_purpose_is_no_problem_of_bfd, reset),
		cmocka_unit_test_setup(what_several_say_is_said_once_and_as_the_gravest, reset),
		cmocka_unit_test_setup(a_slow_router_is_named_with_its_interval, reset),
		cmocka_unit_test_setup(probes_of_the_fast_path_count_while_the_slow_path_works,
		                       reset),
		cmocka_unit_test_setup(instances_are_found_by_name, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

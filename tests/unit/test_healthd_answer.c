/* Replies of sa-nat64-healthd: health with everything it says, orders, and what is refused. */
#include "healthd/answer.h"
#include "lib/control_socket.h"
#include "proto/control.pb-c.h"
#include "tests/unit/health_box.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct health_box on;
static uint8_t request[4096], reply[CONTROL_MESSAGE_MAX];

static int setup(void **state)
{
	(void)state;
	health_box_open(&on);
	return 0;
}

static SaNat64__Control__Reply *ask_bytes(size_t len)
{
	size_t size = healthd_answer(&on.box, request, len, reply, sizeof(reply), on.now_us);
	SaNat64__Control__Reply *out = sa_nat64__control__reply__unpack(NULL, size, reply);

	assert_true(size > 0);
	assert_non_null(out);
	return out;
}

static SaNat64__Control__Reply *ask_health(const char *instance)
{
	SaNat64__Control__Request in = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__HealthRequest body = SA_NAT64__CONTROL__HEALTH_REQUEST__INIT;

	in.version = CONTROL_VERSION;
	in.id = 9;
	in.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_HEALTH;
	in.health = &body;
	body.instance = (char *)instance;
	return ask_bytes(sa_nat64__control__request__pack(&in, request));
}

static SaNat64__Control__Reply *ask_drain(const char *instance, bool undrain, const char *reason)
{
	SaNat64__Control__Request in = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__DrainRequest body = SA_NAT64__CONTROL__DRAIN_REQUEST__INIT;

	in.version = CONTROL_VERSION;
	in.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_DRAIN;
	in.drain = &body;
	body.instance = (char *)instance;
	body.undrain = undrain;
	body.reason = (char *)reason;
	return ask_bytes(sa_nat64__control__request__pack(&in, request));
}

static void free_reply(SaNat64__Control__Reply *out)
{
	sa_nat64__control__reply__free_unpacked(out, NULL);
}

static void health_says_all_of_an_instance(void **state)
{
	SaNat64__Control__Reply *out = ask_health("");
	SaNat64__Control__HealthInstance *lower;

	(void)state;
	assert_int_equal(out->id, 9);
	assert_string_equal(out->health->node, "gw-a");
	assert_int_equal(out->health->uptime_us, 9 * SECOND);
	assert_true(out->health->version[0] != '\0');
	assert_int_equal(out->health->n_instances, HEALTH_BOX_INSTANCES);
	lower = out->health->instances[0];
	assert_string_equal(lower->name, "lower");
	assert_string_equal(lower->state, "up");
	assert_string_equal(lower->reason, "");
	assert_int_equal(lower->since_us, 2 * SECOND);
	assert_true(lower->serving);
	assert_int_equal(lower->pid, 77);
	assert_string_equal(lower->interface, "uplink0");
	assert_true(lower->carrier);
	assert_string_equal(lower->sync, "in-sync");
	assert_int_equal(lower->slow->sent, 1);
	assert_int_equal(lower->slow->answered, 1);
	assert_int_equal(lower->slow->latency_6to4_us, 40);
	assert_int_equal(lower->slow->latency_4to6_us, 60);
	assert_int_equal(lower->slow->latency_max_us, 100);
	assert_int_equal(lower->slow->silent_us, 2 * SECOND);
	assert_int_equal(lower->fast->silent_us, 9 * SECOND);
	assert_int_equal(lower->n_history, 1);
	assert_string_equal(lower->history[0]->from, "starting");
	assert_string_equal(lower->history[0]->to, "up");
	assert_string_equal(lower->history[0]->reason, "all is well");
	assert_int_equal(lower->history[0]->ago_us, 2 * SECOND);
	assert_int_equal(out->health->instances[1]->n_bfd, 0);
	free_reply(out);
}

static void each_bfd_peer_has_its_reason(void **state)
{
	SaNat64__Control__Reply *out;

	(void)state;
	on.bfd[1].state = BFD_DOWN;
	(void)snprintf(on.bfd[1].diagnostic, sizeof(on.bfd[1].diagnostic), "control expired");
	out = ask_health("lower");
	assert_int_equal(out->health->n_instances, 1);
	assert_int_equal(out->health->instances[0]->n_bfd, HEALTH_BOX_PEERS);
	assert_string_equal(out->health->instances[0]->bfd[0]->state, "up");
	assert_string_equal(out->health->instances[0]->bfd[0]->reason, "");
	assert_int_equal(out->health->instances[0]->bfd[0]->detection_us, 150000);
	assert_string_equal(out->health->instances[0]->bfd[1]->peer, "192.0.2.2");
	assert_non_null(strstr(out->health->instances[0]->bfd[1]->reason, "control expired"));
	assert_true(out->health->instances[0]->serving);
	free_reply(out);
	on.bfd_split = true;
	on.bfd_problem = "192.0.2.2 does not answer";
	out = ask_health("lower");
	assert_false(out->health->instances[0]->serving);
	assert_string_equal(out->health->instances[0]->bfd[1]->reason, "");
	assert_string_equal(out->health->instances[0]->bfd_problem, on.bfd_problem);
	free_reply(out);
}

static void what_is_left_of_a_hold_down_is_told(void **state)
{
	SaNat64__Control__Reply *out;

	(void)state;
	on.facts[1].carrier = false;
	(void)health_judge(&on.health[1], &on.facts[1], on.now_us);
	out = ask_health("upper");
	assert_string_equal(out->health->instances[0]->state, "down");
	assert_false(out->health->instances[0]->serving);
	assert_int_equal(out->health->instances[0]->serves_in_us, 5 * SECOND);
	assert_int_equal(out->health->instances[0]->falls, 1);
	assert_int_equal(out->health->instances[0]->n_history, 2);
	assert_string_equal(out->health->instances[0]->history[0]->to, "down");
	free_reply(out);
	on.facts[1].carrier = true;
	(void)health_judge(&on.health[1], &on.facts[1], on.now_us);
	on.now_us += 2 * SECOND;
	out = ask_health("upper");
	assert_string_equal(out->health->instances[0]->state, "warming");
	assert_int_equal(out->health->instances[0]->serves_in_us, 3 * SECOND);
	free_reply(out);
}

static void drain_and_undrain_answer_with_the_new_state(void **state)
{
	SaNat64__Control__Reply *out = ask_drain("upper", false, "new kernel");

	(void)state;
	assert_int_equal(out->drain->n_instances, 1);
	assert_string_equal(out->drain->instances[0]->name, "upper");
	assert_string_equal(out->drain->instances[0]->state, "drained");
	assert_non_null(strstr(out->drain->instances[0]->reason, "new kernel"));
	assert_false(out->drain->instances[0]->serving);
	free_reply(out);
	out = ask_drain("", true, "");
	assert_int_equal(out->drain->n_instances, HEALTH_BOX_INSTANCES);
	for (size_t i = 0; i < HEALTH_BOX_INSTANCES; i++)
		assert_string_equal(out->drain->instances[i]->state, "up");
	free_reply(out);
}

static void an_order_that_cannot_be_kept_is_an_error(void **state)
{
	SaNat64__Control__Reply *out;

	(void)state;
	on.order_result = -ENOSPC;
	out = ask_drain("lower", false, "");
	assert_non_null(strstr(out->error, "No space left"));
	assert_false(out->invalid);
	assert_int_equal(on.health[0].state, HEALTH_DRAINED);
	free_reply(out);
}

static void wrong_values_are_invalid(void **state)
{
	static char longer[102];
	SaNat64__Control__Reply *out = ask_health("nowhere");

	(void)state;
	assert_true(out->invalid);
	assert_non_null(strstr(out->error, "'nowhere'"));
	free_reply(out);
	out = ask_drain("nowhere", false, "");
	assert_true(out->invalid);
	free_reply(out);
	memset(longer, 'x', 101);
	out = ask_drain("lower", false, longer);
	assert_true(out->invalid);
	assert_non_null(strstr(out->error, "101 bytes"));
	free_reply(out);
	longer[100] = '\0';
	out = ask_drain("lower", false, longer);
	assert_string_equal(out->error, "");
	assert_non_null(strstr(out->drain->instances[0]->reason, longer));
	free_reply(out);
	out = ask_drain("lower", false, "two\nlines");
	assert_true(out->invalid);
	free_reply(out);
	out = ask_drain("lower", false, "latin1 \xfc");
	assert_true(out->invalid);
	free_reply(out);
	out = ask_health("n\x1b[31m");
	assert_non_null(strstr(out->error, "'n?[31m'"));
	free_reply(out);
}

static void other_requests_are_refused_with_a_sentence(void **state)
{
	SaNat64__Control__Request in = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__StatusRequest status = SA_NAT64__CONTROL__STATUS_REQUEST__INIT;
	SaNat64__Control__Reply *out;

	(void)state;
	in.version = CONTROL_VERSION;
	in.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_STATUS;
	in.status = &status;
	out = ask_bytes(sa_nat64__control__request__pack(&in, request));
	assert_true(out->error[0] != '\0');
	free_reply(out);
	in.version = 2;
	out = ask_bytes(sa_nat64__control__request__pack(&in, request));
	assert_non_null(strstr(out->error, "version"));
	free_reply(out);
	memset(request, 0xff, 10);
	out = ask_bytes(10);
	assert_true(out->error[0] != '\0');
	free_reply(out);
}

static void a_box_without_instances_answers(void **state)
{
	SaNat64__Control__Reply *out;

	(void)state;
	on.box.count = 0;
	out = ask_health("");
	assert_int_equal(out->health->n_instances, 0);
	free_reply(out);
}

/* With the longest of everything, one instance fits into a message. */
static void one_instance_always_fits(void **state)
{
	SaNat64__Control__Reply *out;

	(void)state;
	for (int i = 0; i < HEALTH_HISTORY_MAX; i++)
		memset(on.health[0].history[i].reason, 'x', HEALTH_REASON_MAX - 1);
	on.health[0].history_count = UINT64_C(1) << 40;
	memset(on.health[0].reason, 'x', HEALTH_REASON_MAX - 1);
	out = ask_health("lower");
	assert_int_equal(out->health->instances[0]->n_history, HEALTH_HISTORY_MAX);
	free_reply(out);
	assert_int_equal(healthd_answer(&on.box, request, 0, reply, 10, on.now_us), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(health_says_all_of_an_instance, setup),
		cmocka_unit_test_setup(each_bfd_peer_has_its_reason, setup),
		cmocka_unit_test_setup(what_is_left_of_a_hold_down_is_told, setup),
		cmocka_unit_test_setup(drain_and_undrain_answer_with_the_new_state, setup),
		cmocka_unit_test_setup(an_order_that_cannot_be_kept_is_an_error, setup),
		cmocka_unit_test_setup(wrong_values_are_invalid, setup),
		cmocka_unit_test_setup(other_requests_are_refused_with_a_sentence, setup),
		cmocka_unit_test_setup(a_box_without_instances_answers, setup),
		cmocka_unit_test_setup(one_instance_always_fits, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

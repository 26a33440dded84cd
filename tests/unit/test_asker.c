/* A question asked again and again: of a server that is not there, comes, hangs, closes the
 * connection, refuses, and answers what was not asked; and orders that outlive the program. */
#include "healthd/asker.h"
#include "healthd/drained.h"
#include "lib/control_reply.h"
#include "lib/control_server.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000)

enum manner { ANSWER, REFUSE, OTHER_ID, OTHER_BODY, GARBAGE, HANG_UP };

static char folder[64], path[128];
static sd_event *event;
static struct control_server *server;
static struct asker *asker;
static enum manner manner;
static int asked, answered;

static size_t on_request(void *context, const uint8_t *request, size_t len, uint8_t *reply,
                         size_t size)
{
	SaNat64__Control__Request *in = sa_nat64__control__request__unpack(NULL, len, request);
	SaNat64__Control__Reply out = SA_NAT64__CONTROL__REPLY__INIT;
	SaNat64__Control__StatusReply status = SA_NAT64__CONTROL__STATUS_REPLY__INIT;
	SaNat64__Control__PeersReply peers = SA_NAT64__CONTROL__PEERS_REPLY__INIT;
	struct control_reply to = { .bytes = reply, .size = size };

	(void)context;
	asked++;
	assert_non_null(in);
	assert_int_equal(in->version, CONTROL_VERSION);
	assert_int_equal(in->command_case, SA_NAT64__CONTROL__REQUEST__COMMAND_STATUS);
	to.id = in->id + (manner == OTHER_ID);
	sa_nat64__control__request__free_unpacked(in, NULL);
	if (manner == HANG_UP)
		return 0;
	if (manner == REFUSE)
		return control_reply_error(&to, "no");
	if (manner == GARBAGE) {
		memset(reply, 0xff, 20);
		return 20;
	}
	status.pid = 77;
	out.body_case = manner == OTHER_BODY ? SA_NAT64__CONTROL__REPLY__BODY_PEERS
	                                     : SA_NAT64__CONTROL__REPLY__BODY_STATUS;
	if (manner == OTHER_BODY)
		out.peers = &peers;
	else
		out.status = &status;
	return control_reply_send(&to, &out);
}

static void on_answer(void *context, const SaNat64__Control__Reply *reply)
{
	assert_ptr_equal(context, &answered);
	assert_int_equal(reply->status->pid, 77);
	answered++;
}

static const struct asker_question question = {
	.command = SA_NAT64__CONTROL__REQUEST__COMMAND_STATUS,
	.answered = on_answer,
	.context = &answered,
};

static void listen_now(void)
{
	assert_int_equal(control_server_new(event, path, on_request, NULL, &server), 0);
}

static void stop_listening(void)
{
	control_server_free(server);
	server = NULL;
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/asker.XXXXXX");
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/control.sock", folder);
	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(asker_new(event, path, &question, &asker), 0);
	manner = ANSWER;
	asked = answered = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	asker_free(asker);
	stop_listening();
	event = sd_event_unref(event);
	(void)unlink(path);
	return rmdir(folder);
}

/* Until nothing happens any more. */
static void turn(void)
{
	while (sd_event_run(event, 20000) > 0)
		;
}

static void tick(uint64_t now_us)
{
	asker_tick(asker, now_us);
	turn();
}

static void a_question_is_asked_once_a_second(void **state)
{
	uint64_t now = control_now_us();

	(void)state;
	listen_now();
	assert_int_equal(asker_silent(asker, now), UINT64_MAX);
	tick(now);
	assert_int_equal(answered, 1);
	assert_int_equal(asker_error(asker), 0);
	assert_true(asker_silent(asker, control_now_us()) < 60 * SECOND);
	tick(now + SECOND - 1);
	assert_int_equal(asked, 1);
	tick(now + SECOND);
	assert_int_equal(answered, 2);
	asker_hurry(asker);
	tick(now + SECOND + 1);
	assert_int_equal(answered, 3);
}

static void a_server_that_is_not_there_is_tried_again(void **state)
{
	uint64_t now = control_now_us();

	(void)state;
	tick(now);
	assert_int_equal(asker_error(asker), ENOENT);
	listen_now();
	tick(now + 1);
	assert_int_equal(answered, 1);
	stop_listening();
	turn();
	assert_int_equal(asker_error(asker), ECONNRESET);
	tick(now + 2);
	assert_int_equal(asker_error(asker), ENOENT);
	listen_now();
	tick(now + 3);
	assert_int_equal(answered, 2);
}

/* It is not asked a second time, and its answer counts when it comes. */
static void a_server_that_hangs_is_waited_for(void **state)
{
	uint64_t now = control_now_us();

	(void)state;
	listen_now();
	asker_tick(asker, now); /* the loop does not turn: nobody answers */
	for (int i = 1; i < 20; i++)
		asker_tick(asker, now + (uint64_t)i * SECOND);
	assert_int_equal(asker_silent(asker, now + 20 * SECOND), UINT64_MAX);
	turn();
	assert_int_equal(asked, 1);
	assert_int_equal(answered, 1);
}

static void only_an_answer_to_the_question_is_one(void **state)
{
	uint64_t now = control_now_us();

	(void)state;
	listen_now();
	for (manner = REFUSE; manner <= HANG_UP; manner++) {
		now += SECOND;
		tick(now);
		assert_int_equal(answered, 0);
	}
	assert_int_equal(asked, HANG_UP);
	assert_int_equal(asker_error(asker), ECONNRESET);
	manner = ANSWER;
	tick(now + 1);
	assert_int_equal(answered, 1);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
	char longer[200];
	struct asker *other;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(asker_new(event, longer, &question, &other), -ENAMETOOLONG);
}

/* ---- orders to drain ---- */

static void an_order_outlives_the_program(void **state)
{
	char reason[20], file[160];

	(void)state;
	assert_false(drained_read(folder, "lower", reason, sizeof(reason)));
	assert_int_equal(drained_remove(folder, "lower"), 0);
	assert_int_equal(drained_write(folder, "lower", "new kernel"), 0);
	assert_true(drained_read(folder, "lower", reason, sizeof(reason)));
	assert_string_equal(reason, "new kernel");
	assert_false(drained_read(folder, "upper", reason, sizeof(reason)));
	assert_int_equal(drained_write(folder, "lower", "one that is too long for the reader"), 0);
	assert_true(drained_read(folder, "lower", reason, sizeof(reason)));
	assert_string_equal(reason, "one that is too lon");
	assert_int_equal(drained_write(folder, "lower", "\x1b[31mred"), 0);
	assert_true(drained_read(folder, "lower", reason, sizeof(reason)));
	assert_string_equal(reason, "?[31mred");
	assert_int_equal(drained_remove(folder, "lower"), 0);
	assert_false(drained_read(folder, "lower", reason, sizeof(reason)));
	(void)snprintf(file, sizeof(file), "%s/lower", folder);
	assert_int_equal(rmdir(file), 0); /* nothing else was left there */
}

static void an_order_that_cannot_be_kept_is_an_error(void **state)
{
	char file[160], reason[20];
	FILE *out;

	(void)state;
	(void)snprintf(file, sizeof(file), "%s/lower", folder);
	out = fopen(file, "w");
	assert_non_null(out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(drained_write(folder, "lower", ""), -ENOTDIR);
	assert_false(drained_read(folder, "lower", reason, sizeof(reason)));
	assert_int_equal(unlink(file), 0);
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		ROW(a_question_is_asked_once_a_second),
		ROW(a_server_that_is_not_there_is_tried_again),
		ROW(a_server_that_hangs_is_waited_for),
		ROW(only_an_answer_to_the_question_is_one),
		ROW(a_path_that_is_too_long_is_refused),
		ROW(an_order_outlives_the_program),
		ROW(an_order_that_cannot_be_kept_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

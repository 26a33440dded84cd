/* The configuration that a daemon runs with: its pieces, and reloads that are checked, refused,
 * carried out and remembered. */
#include "lib/running_config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TEXT      "[instance a]\npool4 = 198.51.100.1\n"
#define NEWER     "[instance a]\npool4 = 198.51.100.1\nmtu6 = 1400\n"
#define EAM_LINES 6000

static char path[] = "/tmp/running_config-XXXXXX";
static struct running_config *running;
static struct config *goes_by;
static unsigned applied, checked;
static const char *problem, *restart_key;
static int apply_error;
static uint8_t bytes[CONTROL_MESSAGE_MAX];

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void check(void *context, struct reload *reload)
{
	(void)context;
	checked++;
	reload->changes = !reload->is_same;
	if (problem)
		fprintf(reload->problems, "%s\n", problem);
	if (restart_key)
		fprintf(reload->restart_keys, "%s\n", restart_key);
}

static int apply(void *context, struct config *wanted, struct reload *reload)
{
	(void)context;
	if (apply_error) {
		config_free(wanted);
		return apply_error;
	}
	applied++;
	reload->sessions_ended = 7;
	config_free(goes_by);
	goes_by = wanted;
	return 0;
}

static void hang_up(void *context)
{
	(void)context;
	running_config_reload(running);
}

static struct daemon_signals signals = { .farewell = "", .reload = hang_up };

static void open_with(const char *text)
{
	const struct reload_hooks hooks = { .check = check, .apply = apply };

	write_file(text);
	assert_int_equal(config_load(path, stderr, &goes_by), 0);
	assert_int_equal(running_config_new(path, goes_by, &hooks, &signals, &running), 0);
}

static int set_up(void **state)
{
	int fd;

	(void)state;
	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	fd = mkstemp(path);
	applied = checked = 0;
	problem = restart_key = NULL;
	apply_error = 0;
	return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
	(void)state;
	running_config_free(running);
	config_free(goes_by);
	running = NULL;
	goes_by = NULL;
	return unlink(path);
}

static SaNat64__Control__Reply *answer(SaNat64__Control__Request *request)
{
	const struct control_reply to = { .id = 9, .bytes = bytes, .size = sizeof(bytes) };
	size_t len = running_config_answer(running, request, &to);
	SaNat64__Control__Reply *reply = sa_nat64__control__reply__unpack(NULL, len, bytes);

	assert_true(len > 0);
	assert_non_null(reply);
	assert_int_equal(reply->id, 9);
	return reply;
}

static SaNat64__Control__Reply *ask_reload(const char *action)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__ReloadRequest body = SA_NAT64__CONTROL__RELOAD_REQUEST__INIT;

	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_RELOAD;
	request.reload = &body;
	body.action = (char *)action;
	return answer(&request);
}

static SaNat64__Control__Reply *ask_piece(uint32_t offset, uint64_t generation)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__ConfigRequest body = SA_NAT64__CONTROL__CONFIG_REQUEST__INIT;

	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_CONFIG;
	request.config = &body;
	body.offset = offset;
	body.generation = generation;
	return answer(&request);
}

static void assert_outcome(const char *action, const char *outcome)
{
	SaNat64__Control__Reply *reply = ask_reload(action);

	assert_string_equal(reply->error, "");
	assert_string_equal(reply->reload->outcome, outcome);
	sa_nat64__control__reply__free_unpacked(reply, NULL);
}

static uint64_t generation(void)
{
	SaNat64__Control__Reply *reply = ask_piece(0, 0);
	uint64_t number = reply->config->generation;

	sa_nat64__control__reply__free_unpacked(reply, NULL);
	return number;
}

/* What config_print() makes of what it goes by. */
static char *printed(size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	assert_non_null(out);
	config_print(goes_by, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* Returns how many pieces there were; their text is that of what runs. */
static unsigned assert_pieces(void)
{
	size_t len, at = 0;
	char *text = printed(&len);
	uint64_t number = 0;
	uint32_t offset = 0;
	unsigned count = 0;

	do {
		SaNat64__Control__Reply *reply = ask_piece(offset, number);
		const SaNat64__Control__ConfigReply *piece = reply->config;

		assert_true(at + piece->text.len <= len);
		assert_memory_equal(piece->text.data, text + at, piece->text.len);
		at += piece->text.len;
		offset = piece->next_offset;
		number = piece->generation;
		count++;
		sa_nat64__control__reply__free_unpacked(reply, NULL);
	} while (offset > 0);
	assert_int_equal(at, len);
	free(text);
	return count;
}

static void a_small_configuration_is_one_piece(void **state)
{
	(void)state;
	open_with(TEXT);
	assert_int_equal(assert_pieces(), 1);
}

static void a_large_one_comes_in_pieces_and_parses_back(void **state)
{
	static char text[EAM_LINES * 60 + 100];
	size_t len = (size_t)snprintf(text, sizeof(text),
	                              "[instance s]\nmode = siit\n"
	                              "pool6 = 2001:db8:64::/96\n");

	(void)state;
	for (int i = 0; i < EAM_LINES; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		                        "eam = 10.%d.%d.1 2001:db8:1::%x\n", i >> 8, i & 255,
		                        i + 1);
	open_with(text);
	assert_true(assert_pieces() > 2);
}

static void a_piece_that_is_not_there_is_refused(void **state)
{
	SaNat64__Control__Reply *reply;

	(void)state;
	open_with(TEXT);
	reply = ask_piece(1000000, 1);
	assert_true(reply->invalid);
	assert_string_not_equal(reply->error, "");
	sa_nat64__control__reply__free_unpacked(reply, NULL);
}

static void a_piece_of_a_text_that_is_gone_begins_the_new_one(void **state)
{
	uint64_t before;
	SaNat64__Control__Reply *reply;

	(void)state;
	open_with(TEXT);
	before = generation();
	write_file(NEWER);
	assert_outcome("apply", "reloaded");
	reply = ask_piece(100, before);
	assert_true(reply->config->generation > before);
	assert_memory_equal(reply->config->text.data, "[cluster]", 9);
	sa_nat64__control__reply__free_unpacked(reply, NULL);
	assert_int_equal(assert_pieces(), 1);
}

static void the_same_file_changes_nothing(void **state)
{
	uint64_t before;

	(void)state;
	open_with(TEXT);
	before = generation();
	write_file("; another comment\n" TEXT "mtu6 = 1500\n");
	assert_outcome("check", "unchanged");
	assert_outcome("apply", "unchanged");
	assert_int_equal(applied, 0);
	assert_true(generation() == before);
}

static void a_check_changes_nothing_and_is_not_remembered(void **state)
{
	uint64_t before;

	(void)state;
	open_with(TEXT);
	before = generation();
	write_file(NEWER);
	assert_outcome("check", "reloaded");
	assert_outcome("outcome", "never");
	assert_int_equal(applied, 0);
	assert_true(generation() == before);
}

static void a_reload_is_carried_out_and_remembered(void **state)
{
	SaNat64__Control__Reply *reply;

	(void)state;
	open_with(TEXT);
	write_file(NEWER);
	assert_outcome("apply", "reloaded");
	assert_int_equal(applied, 1);
	assert_int_equal(goes_by->instances[0].mtu6, 1400);
	reply = ask_reload("outcome");
	assert_string_equal(reply->reload->outcome, "reloaded");
	assert_int_equal(reply->reload->sessions_ended, 7);
	assert_true(reply->reload->ago_us < 60000000);
	sa_nat64__control__reply__free_unpacked(reply, NULL);
	assert_outcome("apply", "unchanged");
}

static void sighup_does_the_same(void **state)
{
	(void)state;
	open_with(TEXT);
	write_file(NEWER);
	daemon_signals_reload(&signals);
	assert_int_equal(applied, 1);
	assert_outcome("outcome", "reloaded");
}

static void errors_of_the_file_refuse_it_with_their_lines(void **state)
{
	SaNat64__Control__Reply *reply;
	char expected[100];

	(void)state;
	open_with(TEXT);
	write_file(TEXT "mtu6 = 12\nmtu4 = 1\n");
	reply = ask_reload("apply");
	assert_string_equal(reply->reload->outcome, "refused");
	assert_int_equal(reply->reload->n_problems, 2);
	(void)snprintf(expected, sizeof(expected), "%s:3: mtu6 = 12: ", path);
	assert_memory_equal(reply->reload->problems[0], expected, strlen(expected));
	sa_nat64__control__reply__free_unpacked(reply, NULL);
	assert_int_equal(checked, 0);
	assert_int_equal(goes_by->instances[0].mtu6, 1500);
}

static void warnings_refuse_nothing(void **state)
{
	SaNat64__Control__Reply *reply;

	(void)state;
	open_with(TEXT);
	write_file(TEXT "udp-timeout = 10s\n");
	reply = ask_reload("apply");
	assert_string_equal(reply->reload->outcome, "reloaded");
	assert_int_equal(reply->reload->n_warnings, 1);
	assert_non_null(strstr(reply->reload->warnings[0], ":3: warning: "));
	sa_nat64__control__reply__free_unpacked(reply, NULL);
}

static void many_errors_are_counted_but_not_all_sent(void **state)
{
	static const char wrong[] = "wrong = 1\n";
	static char text[200000] = TEXT;
	size_t len = strlen(text);
	SaNat64__Control__Reply *reply;

	(void)state;
	open_with(TEXT);
	for (int i = 0; i < 5000; i++, len += sizeof(wrong) - 1)
		memcpy(text + len, wrong, sizeof(wrong));
	write_file(text);
	reply = ask_reload("check");
	assert_int_equal(reply->reload->n_problems, RUNNING_CONFIG_LINES + 1);
	assert_string_equal(reply->reload->problems[RUNNING_CONFIG_LINES], "4950 more");
	sa_nat64__control__reply__free_unpacked(reply, NULL);
}

static void what_the_daemon_has_against_it_is_sent(void **state)
{
	SaNat64__Control__Reply *reply;

	(void)state;
	open_with(TEXT);
	write_file(NEWER);
	problem = "there is no room";
	restart_key = "[instance a] tun";
	reply = ask_reload("apply");
	assert_string_equal(reply->reload->outcome, "refused");
	assert_int_equal(reply->reload->n_problems, 1);
	assert_string_equal(reply->reload->problems[0], problem);
	assert_int_equal(reply->reload->n_restart_keys, 1);
	assert_string_equal(reply->reload->restart_keys[0], restart_key);
	sa_nat64__control__reply__free_unpacked(reply, NULL);
	assert_int_equal(applied, 0);
	problem = restart_key = NULL;
	assert_outcome("apply", "reloaded");
}

static void a_daemon_that_cannot_leaves_all_as_it_was(void **state)
{
	SaNat64__Control__Reply *reply;
	uint64_t before;

	(void)state;
	open_with(TEXT);
	before = generation();
	write_file(NEWER);
	apply_error = -ENOMEM;
	reply = ask_reload("apply");
	assert_string_equal(reply->reload->outcome, "refused");
	assert_string_equal(reply->reload->problems[0], "not enough memory");
	sa_nat64__control__reply__free_unpacked(reply, NULL);
	assert_true(generation() == before);
	apply_error = 0;
	assert_outcome("apply", "reloaded");
}

static void a_file_that_is_gone_is_refused(void **state)
{
	SaNat64__Control__Reply *reply;

	(void)state;
	open_with(TEXT);
	assert_int_equal(unlink(path), 0);
	reply = ask_reload("apply");
	assert_string_equal(reply->reload->outcome, "refused");
	assert_non_null(strstr(reply->reload->problems[0], "cannot open"));
	sa_nat64__control__reply__free_unpacked(reply, NULL);
	write_file(TEXT);
}

static void another_action_is_refused(void **state)
{
	SaNat64__Control__Reply *reply;

	(void)state;
	open_with(TEXT);
	write_file(NEWER);
	reply = ask_reload("");
	assert_true(reply->invalid);
	sa_nat64__control__reply__free_unpacked(reply, NULL);
	assert_int_equal(applied, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_small_configuration_is_one_piece, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_large_one_comes_in_pieces_and_parses_back, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_piece_that_is_not_there_is_refused, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_piece_of_a_text_that_is_gone_begins_the_new_one,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_same_file_changes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_check_changes_nothing_and_is_not_remembered,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_reload_is_carried_out_and_remembered, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(sighup_does_the_same, set_up, tear_down),
		cmocka_unit_test_setup_teardown(errors_of_the_file_refuse_it_with_their_lines,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(warnings_refuse_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_errors_are_counted_but_not_all_sent, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(what_the_daemon_has_against_it_is_sent, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_daemon_that_cannot_leaves_all_as_it_was, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_is_gone_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_action_is_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Columns of a page: what is not whole is refused, whichever column it is; words that are not there
 * have a substitute. What a real page holds is in test_control_answer.c. */
#include "cli/list_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROWS 3

static uint8_t bytes[16 * ROWS] = { 1, 2, 9 };
static uint32_t numbers[ROWS] = { 7, 65535, 65536 };
static uint64_t times[ROWS] = { 1, UINT64_MAX, 3 };
static char *words[] = { (char *)"tcp", (char *)"udp", (char *)"-" };

static SaNat64__Control__SessionsReply sessions;
static SaNat64__Control__BibReply bib;

static ProtobufCBinaryData column(size_t width)
{
	return (ProtobufCBinaryData){ .len = ROWS * width, .data = bytes };
}

static SaNat64__Control__Reply whole_sessions(void)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;

	sa_nat64__control__sessions_reply__init(&sessions);
	sessions.words = words;
	sessions.n_words = 3;
	sessions.proto = sessions.state = column(1);
	sessions.host = sessions.remote6 = column(16);
	sessions.pool4 = sessions.remote = column(4);
	sessions.host_port = sessions.pool4_port = sessions.remote_port = numbers;
	sessions.n_host_port = sessions.n_pool4_port = sessions.n_remote_port = ROWS;
	sessions.expires_us = sessions.idle_us = times;
	sessions.n_expires_us = sessions.n_idle_us = ROWS;
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_SESSIONS;
	reply.sessions = &sessions;
	return reply;
}

static SaNat64__Control__Reply whole_bib(void)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;

	sa_nat64__control__bib_reply__init(&bib);
	bib.words = words;
	bib.n_words = 3;
	bib.proto = bib.static_ = column(1);
	bib.host = column(16);
	bib.pool4 = column(4);
	bib.host_port = bib.pool4_port = bib.sessions = numbers;
	bib.n_host_port = bib.n_pool4_port = bib.n_sessions = ROWS;
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_BIB;
	reply.bib = &bib;
	return reply;
}

static void rows_are_read_from_their_columns(void **state)
{
	SaNat64__Control__Reply reply = whole_sessions();
	struct list_session session;
	struct list_binding binding;

	(void)state;
	assert_true(list_page_is_whole(&reply));
	assert_int_equal(list_page_rows(&reply), ROWS);
	list_session_at(&sessions, 1, &session);
	assert_string_equal(session.proto, "-");
	assert_int_equal(session.host_port, 65535);
	assert_true(session.expires_us == UINT64_MAX);
	list_session_at(&sessions, 0, &session);
	assert_string_equal(session.proto, "udp");
	assert_int_equal(session.pool4, 0x01020900);
	assert_int_equal(session.host.s6_addr[2], 9);
	list_session_at(&sessions, 2, &session);
	assert_string_equal(session.state, "?");
	reply = whole_bib();
	assert_true(list_page_is_whole(&reply));
	assert_int_equal(list_page_rows(&reply), ROWS);
	list_binding_at(&bib, 1, &binding);
	assert_string_equal(binding.proto, "-");
	assert_true(binding.is_static);
	assert_int_equal(binding.sessions, 65535);
}

static void assert_torn(SaNat64__Control__Reply *reply, size_t *len)
{
	const size_t is = *len;

	for (size_t other = 0; other <= is + 1; other++) {
		*len = other;
		assert_int_equal(list_page_is_whole(reply), other == is);
	}
	*len = is;
	assert_true(list_page_is_whole(reply));
}

/* Every length but the right one, of every column by itself. */
static void a_page_with_one_column_of_another_length_is_not_whole(void **state)
{
	SaNat64__Control__Reply reply = whole_sessions();
	size_t *const of_sessions[] = {
		&sessions.proto.len,    &sessions.state.len,   &sessions.host.len,
		&sessions.n_host_port,  &sessions.remote6.len, &sessions.pool4.len,
		&sessions.n_pool4_port, &sessions.remote.len,  &sessions.n_remote_port,
		&sessions.n_expires_us, &sessions.n_idle_us,
	};
	size_t *const of_bib[] = {
		&bib.proto.len,    &bib.host.len,    &bib.n_host_port, &bib.pool4.len,
		&bib.n_pool4_port, &bib.static_.len, &bib.n_sessions,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(of_sessions) / sizeof(of_sessions[0]); i++)
		assert_torn(&reply, of_sessions[i]);
	reply = whole_bib();
	for (size_t i = 0; i < sizeof(of_bib) / sizeof(of_bib[0]); i++)
		assert_torn(&reply, of_bib[i]);
}

static void a_reply_that_is_no_page_has_no_rows(void **state)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;
	SaNat64__Control__StatusReply status = SA_NAT64__CONTROL__STATUS_REPLY__INIT;

	(void)state;
	assert_true(list_page_is_whole(&reply));
	assert_int_equal(list_page_rows(&reply), 0);
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_STATUS;
	reply.status = &status;
	assert_true(list_page_is_whole(&reply));
	assert_int_equal(list_page_rows(&reply), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_read_from_their_columns),
		cmocka_unit_test(a_page_with_one_column_of_another_length_is_not_whole),
		cmocka_unit_test(a_reply_that_is_no_page_has_no_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

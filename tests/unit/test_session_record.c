/* Records of the session log as they are read again: what the translator writes comes back whole,
 * what is no record is refused (LOG-01, LOG-06). */
#include "cli/session_record.h"
#include "lib/address.h"
#include "translator/log_line.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define AT_US INT64_C(1795269785123000)

static struct log_record written(enum log_event_kind kind)
{
	struct log_record record = { .kind = (uint8_t)kind,
		                     .proto = 1,
		                     .pool4 = 0xc6336407,
		                     .port_min = 40064,
		                     .port_max = 40127,
		                     .host_port = 51000,
		                     .restored = 12 };

	assert_int_equal(address6_parse("2001:db8:7::5", &record.host6), 0);
	if (kind != LOG_BLOCK_BEGIN && kind != LOG_BLOCK_END)
		record.port_max = record.port_min;
	if (kind == LOG_SESSION_BEGIN || kind == LOG_SESSION_END) {
		record.remote4 = 0xcb007150;
		record.remote_port = 443;
	}
	return record;
}

static void is_same(const struct session_record *got, const struct log_record *wanted)
{
	bool is_block = wanted->kind == LOG_BLOCK_BEGIN || wanted->kind == LOG_BLOCK_END;

	assert_int_equal(got->time_us, AT_US);
	assert_string_equal(session_event_name(got->kind), session_event_name(wanted->kind));
	assert_string_equal(got->instance, "lower");
	assert_string_equal(got->node, "gw-a");
	if (wanted->kind == LOG_START) {
		assert_int_equal(got->restored, 12);
		return;
	}
	if (wanted->kind > LOG_BLOCK_END) /* nobody got a port; the rest is not read */
		return;
	assert_string_equal(got->proto, "udp");
	assert_true(address6_equal(&got->host6, &wanted->host6));
	assert_int_equal(got->host_port, is_block ? 0 : 51000);
	assert_int_equal(got->pool4, wanted->pool4);
	assert_int_equal(got->port_min, wanted->port_min);
	assert_int_equal(got->port_max, wanted->port_max);
	assert_int_equal(got->remote4, wanted->remote4);
	assert_int_equal(got->remote_port, wanted->remote_port);
}

static void what_is_written_as_json_is_read(void **state)
{
	char json[LOG_LINE_JSON_MAX];
	struct session_record got;
	struct log_line line;
	size_t len;

	(void)state;
	for (int kind = 0; kind < LOG_EVENT_KINDS; kind++) {
		struct log_record record = written((enum log_event_kind)kind);

		log_line_make(&record, AT_US, "lower", "gw-a", &line);
		len = log_line_json(&line, json, sizeof(json));
		assert_int_equal(session_record_read(json, len, &got), 0);
		is_same(&got, &record);
	}
}

static void what_is_written_to_the_journal_is_read(void **state)
{
	struct iovec parts[LOG_LINE_PARTS];
	struct log_line line;

	(void)state;
	for (int kind = 0; kind < LOG_EVENT_KINDS; kind++) {
		struct log_record record = written((enum log_event_kind)kind);
		struct session_record got = { .time_us = 0 };
		int count;

		log_line_make(&record, AT_US, "lower", "gw-a", &line);
		count = log_line_fields(&line, parts);
		for (int i = 0; i < count; i++) {
			char field[300], *equals;

			(void)snprintf(field, sizeof(field), "%.*s", (int)parts[i].iov_len,
			               (const char *)parts[i].iov_base);
			equals = strchr(field, '=');
			assert_non_null(equals);
			*equals = '\0';
			assert_int_equal(session_record_set(&got, field, equals + 1), 0);
		}
		assert_int_equal(session_record_check(&got), 0);
		is_same(&got, &record);
	}
}

#define WHOLE                                                                                   \
	"{\"time\": \"2026-11-21T14:03:05.123Z\", \"event\": \"binding-begin\", \"instance\": " \
	"\"lower\", \"node\": \"gw-a\", \"protocol\": \"tcp\", \"host6\": \"2001:db8::5\", "    \
	"\"host6_port\": 51000, \"pool4\": \"198.51.100.7\", \"pool4_port\": 40123}"

/* WHOLE with the first `from` replaced. */
static int read_with(const char *from, const char *to)
{
	const char *at = strstr(WHOLE, from);
	struct session_record got;
	char text[600];

	assert_non_null(at);
	(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - WHOLE), WHOLE, to,
	               at + strlen(from));
	return session_record_read(text, strlen(text), &got);
}

static void other_ways_to_write_the_same_are_read(void **state)
{
	(void)state;
	assert_int_equal(read_with("{", "{"), 0);
	assert_int_equal(read_with("{", "{\"more\": [1, {\"x\": null}], "), 0);
	assert_int_equal(read_with(": \"lower\", ", ":\"lower\","), 0);
	assert_int_equal(read_with("40123", "\"40123\""), 0);
	assert_int_equal(read_with("198.51.100.7", "\\u0031"
	                                           "98.51.100.7"),
	                 0);
}

static void what_is_no_whole_record_is_refused(void **state)
{
	static const struct {
		const char *from, *to;
	} breaks[] = {
		{ "{", "" },
		{ "40123}", "40123" },
		{ "40123}", "40123} {}" },
		{ "40123", "65536" },
		{ "40123", "-1" },
		{ "40123", "4e3" },
		{ "40123", "null" },
		{ "binding-begin", "binding" },
		{ "binding-begin", "block-begin" },
		{ "binding-begin", "start" },
		{ "14:03:05.123Z", "14:03:05.123" },
		{ "198.51.100.7", "198.51.100" },
		{ "2001:db8::5", "192.0.2.1" },
		{ "\"lower\"", "\"\"" },
		{ "\"gw-a\"",
		  "\"a-name-that-is-much-longer-than-any-name-of-a-box-can-be-because-64\"" },
		{ "\"node\"", "\"instance\"" },
		{ "\"node\"", "\"knot\"" },
	};
	struct session_record got;

	(void)state;
	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++)
		assert_int_equal(read_with(breaks[i].from, breaks[i].to), -EINVAL);
	assert_int_equal(session_record_read("", 0, &got), -EINVAL);
	assert_int_equal(session_record_read("[]", 2, &got), -EINVAL);
	assert_int_equal(session_record_read("7", 1, &got), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_as_json_is_read),
		cmocka_unit_test(what_is_written_to_the_journal_is_read),
		cmocka_unit_test(other_ways_to_write_the_same_are_read),
		cmocka_unit_test(what_is_no_whole_record_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Answers to control messages, byte for byte as a client gets them: status, counters, pages and
 * filters, explain, and everything that is no proper request (MON-01, MON-04, MON-05, MON-07). */
#include "cli/list_page.h"
#include "proto/control.pb-c.h"
#include "tests/unit/gateway.h"
#include "translator/control_answer.h"
#include "translator/control_list.h"
#include "translator/feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SERVER 0xc6336450 /* 198.51.100.80 */
#define POOL   "pool4 = 203.0.113.1/32 1024-65535\n"

static struct gateway gateway;
static uint8_t message[65536];

static uint64_t resident_bytes(void)
{
	return 4096;
}

static const char *down_reason;

static SaNat64__Control__Reply *answer_bytes(const uint8_t *request, size_t len)
{
	const struct control_identity identity = {
		.cluster = "campus",
		.node = "gw-a",
		.namespace_name = "nat64-t",
		.pid = 42,
		.resident_bytes = resident_bytes,
		.fast_path = "off",
		.fast_path_reason = "fast-path = off",
		.down_reason = down_reason,
		.state_file = "restored 3 sessions of 2 bindings",
		.state_is_kept = true,
	};
	SaNat64__Control__Reply *reply;
	size_t written = control_answer(gateway.translator, &identity, gateway.now_us, request, len,
	                                message, sizeof(message));

	assert_true(written > 0);
	reply = sa_nat64__control__reply__unpack(NULL, written, message);
	assert_non_null(reply);
	assert_int_equal(reply->version, 1);
	assert_true((reply->error[0] != '\0') ==
	            (reply->body_case == SA_NAT64__CONTROL__REPLY__BODY__NOT_SET));
	return reply;
}

static SaNat64__Control__Reply *answer(SaNat64__Control__Request *request)
{
	uint8_t bytes[4096];
	SaNat64__Control__Reply *reply;

	assert_true(sa_nat64__control__request__get_packed_size(request) <= sizeof(bytes));
	reply = answer_bytes(bytes, sa_nat64__control__request__pack(request, bytes));
	assert_int_equal(reply->id, request->id);
	return reply;
}

static void free_reply(SaNat64__Control__Reply *reply)
{
	sa_nat64__control__reply__free_unpacked(reply, NULL);
}

static SaNat64__Control__Request new_request(SaNat64__Control__Request__CommandCase command)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;

	request.version = 1;
	request.id = 7;
	request.command_case = command;
	return request;
}

static void assert_error(SaNat64__Control__Reply *reply, bool invalid, const char *part)
{
	assert_non_null(strstr(reply->error, part));
	assert_int_equal(reply->invalid, invalid);
	free_reply(reply);
}

static void status_tells_who_and_how_much(void **state)
{
	SaNat64__Control__Request request = new_request(SA_NAT64__CONTROL__REQUEST__COMMAND_STATUS);
	SaNat64__Control__StatusRequest status = SA_NAT64__CONTROL__STATUS_REQUEST__INIT;
	SaNat64__Control__Reply *reply;

	(void)state;
	gateway_open(&gateway, POOL "max-sessions = 1000\n");
	gateway_send6(&gateway, IPPROTO_TCP, 1, 4000, SERVER, 80, TCP_FLAG_SYN);
	gateway_send6(&gateway, IPPROTO_TCP, 1, 4001, SERVER, 80, TCP_FLAG_ACK);
	gateway_pass(&gateway, 3 * GATEWAY_SECOND_US);
	request.status = &status;
	reply = answer(&request);
	assert_string_equal(reply->status->cluster, "campus");
	assert_string_equal(reply->status->node, "gw-a");
	assert_string_equal(reply->status->instance, "t");
	assert_string_equal(reply->status->mode, "nat64");
	assert_string_equal(reply->status->namespace_, "nat64-t");
	assert_string_equal(reply->status->health, "up");
	assert_string_equal(reply->status->fast_path, "off");
	assert_string_equal(reply->status->fast_path_reason, "fast-path = off");
	assert_string_equal(reply->status->state_file, "restored 3 sessions of 2 bindings");
	assert_true(reply->status->state_is_kept);
	assert_int_equal(reply->status->fast_packets->from6, 0);
	assert_int_equal(reply->status->uptime_us, 3 * GATEWAY_SECOND_US);
	assert_int_equal(reply->status->sessions->tcp, 1);
	assert_int_equal(reply->status->sessions_max, 1000);
	assert_int_equal(reply->status->bindings, 1);
	assert_int_equal(reply->status->packets->from6, 1);
	assert_int_equal(reply->status->bytes->from6, 60);
	assert_int_equal(reply->status->n_drops, 1);
	assert_string_equal(reply->status->drops[0]->name, "no-session");
	assert_int_equal(reply->status->drops[0]->count, 1);
	assert_true(reply->status->table_bytes > 0);
	assert_null(reply->status->feed);
	free_reply(reply);
	gateway_close(&gateway);
}

static void status_tells_why_no_packets_get_here(void **state)
{
	SaNat64__Control__Request request = new_request(SA_NAT64__CONTROL__REQUEST__COMMAND_STATUS);
	SaNat64__Control__StatusRequest status = SA_NAT64__CONTROL__STATUS_REQUEST__INIT;
	SaNat64__Control__Reply *reply;

	(void)state;
	gateway_open(&gateway, POOL);
	request.status = &status;
	down_reason = "net.ipv4.ip_forward is 0";
	reply = answer(&request);
	assert_string_equal(reply->status->health, "down");
	assert_string_equal(reply->status->reason, "net.ipv4.ip_forward is 0");
	free_reply(reply);
	down_reason = NULL;
	reply = answer(&request);
	assert_string_equal(reply->status->health, "up");
	assert_string_equal(reply->status->reason, "");
	free_reply(reply);
	gateway_close(&gateway);
}

static void status_tells_of_replication_where_there_is_some(void **state)
{
	SaNat64__Control__Request request = new_request(SA_NAT64__CONTROL__REQUEST__COMMAND_STATUS);
	SaNat64__Control__StatusRequest status = SA_NAT64__CONTROL__STATUS_REQUEST__INIT;
	const struct feed_config feed = { .node = 0, .min_age_us = 0 };
	static uint8_t told[FEED_MESSAGE_MAX];
	SaNat64__Control__Reply *reply;

	(void)state;
	gateway_open(&gateway, POOL);
	assert_int_equal(feed_start(gateway.translator, &feed), 0);
	feed_attach(gateway.translator, gateway.now_us);
	gateway_send6(&gateway, IPPROTO_UDP, 1, 4000, SERVER, 80, 0);
	assert_true(feed_poll(gateway.translator, told, gateway.now_us) > 0);
	gateway_send6(&gateway, IPPROTO_UDP, 1, 4001, SERVER, 80, 0);
	request.status = &status;
	reply = answer(&request);
	assert_non_null(reply->status->feed);
	assert_true(reply->status->feed->attached);
	assert_string_equal(reply->status->feed->reason, "");
	assert_int_equal(reply->status->feed->queue, 1);
	assert_int_equal(reply->status->feed->copies, 0);
	assert_true(reply->status->feed->told >= 1);
	free_reply(reply);
	gateway_close(&gateway);
}

static void stats_list_every_verdict(void **state)
{
	SaNat64__Control__Request request = new_request(SA_NAT64__CONTROL__REQUEST__COMMAND_STATS);
	SaNat64__Control__StatsRequest stats = SA_NAT64__CONTROL__STATS_REQUEST__INIT;
	SaNat64__Control__Reply *reply;

	(void)state;
	gateway_open(&gateway, POOL);
	gateway_send6(&gateway, IPPROTO_UDP, 1, 4000, SERVER, 53, 0);
	request.stats = &stats;
	reply = answer(&request);
	assert_int_equal(reply->stats->n_verdicts, VERDICT_COUNT);
	for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
		const SaNat64__Control__Verdict *row = reply->stats->verdicts[verdict];

		assert_string_equal(row->name, verdict_info((enum verdict)verdict)->name);
		assert_int_equal(row->drop, verdict_is_drop((enum verdict)verdict));
		assert_int_equal(row->count, verdict == VERDICT_TRANSLATED);
		assert_true(row->sentence[0] != '\0');
	}
	assert_int_equal(reply->stats->sessions_created->udp, 1);
	free_reply(reply);
	gateway_close(&gateway);
}

/* The rows of all pages for a filter; pages is counted when not NULL. */
static size_t count_sessions(SaNat64__Control__Filter *filter, uint32_t limit, size_t *pages)
{
	SaNat64__Control__Request request =
		new_request(SA_NAT64__CONTROL__REQUEST__COMMAND_SESSIONS);
	SaNat64__Control__ListRequest list = SA_NAT64__CONTROL__LIST_REQUEST__INIT;
	size_t rows = 0;

	request.sessions = &list;
	list.filter = filter;
	list.limit = limit;
	do {
		SaNat64__Control__Reply *reply = answer(&request);

		assert_string_equal(reply->error, "");
		assert_true(list_page_is_whole(reply));
		assert_true(list_page_rows(reply) <= CONTROL_PAGE_ROWS);
		assert_true(limit == 0 || list_page_rows(reply) <= limit);
		rows += list_page_rows(reply);
		list.cursor = reply->sessions->next_cursor;
		if (pages)
			++*pages;
		free_reply(reply);
	} while (list.cursor != 0);
	return rows;
}

/* 30 TCP sessions of host 1 in V6_INIT, 20 UDP sessions of host 2, one echo of host 3. */
static void open_with_sessions(void)
{
	gateway_open(&gateway, POOL);
	for (uint16_t i = 0; i < 30; i++)
		gateway_send6(&gateway, IPPROTO_TCP, 1, (uint16_t)(4000 + i), SERVER, 80,
		              TCP_FLAG_SYN);
	for (uint16_t i = 0; i < 20; i++)
		gateway_send6(&gateway, IPPROTO_UDP, 2, 5000, SERVER + 1U, (uint16_t)(53 + i), 0);
	gateway_send6(&gateway, IPPROTO_ICMPV6, 3, 99, SERVER, 99, 0);
	gateway_clear(&gateway);
}

static void sessions_pass_each_filter(void **state)
{
	uint8_t host[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2 };
	uint8_t remote[4] = { 198, 51, 100, 81 }, pool4[4] = { 203, 0, 113, 1 };
	SaNat64__Control__Filter filter = SA_NAT64__CONTROL__FILTER__INIT;

	(void)state;
	open_with_sessions();
	assert_int_equal(count_sessions(NULL, 0, NULL), 51);
	filter.proto = (char *)"tcp";
	assert_int_equal(count_sessions(&filter, 0, NULL), 30);
	filter.state = (char *)"V6_INIT";
	assert_int_equal(count_sessions(&filter, 0, NULL), 30);
	filter.state = (char *)"ESTABLISHED";
	assert_int_equal(count_sessions(&filter, 0, NULL), 0);
	sa_nat64__control__filter__init(&filter);
	filter.host = (ProtobufCBinaryData){ .len = 16, .data = host };
	filter.host_length = 128;
	assert_int_equal(count_sessions(&filter, 0, NULL), 20);
	filter.host_length = 64;
	assert_int_equal(count_sessions(&filter, 0, NULL), 51);
	sa_nat64__control__filter__init(&filter);
	filter.remote = (ProtobufCBinaryData){ .len = 4, .data = remote };
	assert_int_equal(count_sessions(&filter, 0, NULL), 20);
	filter.remote_length = 31; /* SERVER and the one above, behind which the echo is, too */
	assert_int_equal(count_sessions(&filter, 0, NULL), 51);
	filter.remote_length = 32;
	assert_int_equal(count_sessions(&filter, 0, NULL), 20);
	sa_nat64__control__filter__init(&filter);
	filter.pool4 = (ProtobufCBinaryData){ .len = 4, .data = pool4 };
	assert_int_equal(count_sessions(&filter, 0, NULL), 51);
	filter.port = 4007;
	assert_int_equal(count_sessions(&filter, 0, NULL), 1);
	filter.port = 80;
	assert_int_equal(count_sessions(&filter, 0, NULL), 30);
	gateway_close(&gateway);
}

/* The sessions are as old as they are idle: nothing but their first packets came. */
static void sessions_pass_the_filter_by_idle_time(void **state)
{
	SaNat64__Control__Filter filter = SA_NAT64__CONTROL__FILTER__INIT;

	(void)state;
	open_with_sessions();
	gateway.now_us += 30000000;
	gateway_send6(&gateway, IPPROTO_UDP, 2, 5000, SERVER + 1U, 53, 0);
	gateway_clear(&gateway);
	filter.idle_us = 30000000;
	assert_int_equal(count_sessions(&filter, 0, NULL), 50);
	filter.idle_us = 30000001;
	assert_int_equal(count_sessions(&filter, 0, NULL), 0);
	gateway_close(&gateway);
}

static void a_count_comes_without_rows(void **state)
{
	SaNat64__Control__Request request =
		new_request(SA_NAT64__CONTROL__REQUEST__COMMAND_SESSIONS);
	SaNat64__Control__ListRequest list = SA_NAT64__CONTROL__LIST_REQUEST__INIT;
	SaNat64__Control__Reply *reply;

	(void)state;
	open_with_sessions();
	request.sessions = &list;
	list.count = true;
	list.limit = 1;
	reply = answer(&request);
	assert_int_equal(list_page_rows(reply), 0);
	assert_int_equal(reply->sessions->count, 51);
	free_reply(reply);
	gateway_close(&gateway);
}

/* Ask for a change of tcp, host 2001:db8:6::N port 443, 203.0.113.1 with that port. Returns the
 * reply, which the caller frees. */
static SaNat64__Control__Reply *change_bib(protobuf_c_boolean remove, uint8_t host_number,
                                           uint16_t pool4_port)
{
	uint8_t host[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 6 }, pool4[4] = { 203, 0, 113, 1 };
	SaNat64__Control__Request request =
		new_request(SA_NAT64__CONTROL__REQUEST__COMMAND_BIB_CHANGE);
	SaNat64__Control__BibChangeRequest change = SA_NAT64__CONTROL__BIB_CHANGE_REQUEST__INIT;

	host[15] = host_number;
	change.remove = remove;
	change.proto = (char *)"tcp";
	change.host = (ProtobufCBinaryData){ .len = 16, .data = host };
	change.host_port = 443;
	change.pool4 = (ProtobufCBinaryData){ .len = 4, .data = pool4 };
	change.pool4_port = pool4_port;
	request.bib_change = &change;
	return answer(&request);
}

static void a_binding_is_added_used_and_removed(void **state)
{
	SaNat64__Control__Filter filter = SA_NAT64__CONTROL__FILTER__INIT;
	struct translator_stats stats;
	SaNat64__Control__Reply *reply;
	uint64_t used;

	(void)state;
	open_with_sessions();
	translator_stats(gateway.translator, &stats);
	used = stats.pool4_used[L4_TCP];
	free_reply(change_bib(false, 77, 2000));
	translator_stats(gateway.translator, &stats);
	assert_int_equal(stats.static_bindings, 1);
	assert_int_equal(stats.pool4_used[L4_TCP], used + 1);
	reply = change_bib(false, 78, 2000);
	assert_string_equal(reply->error,
	                    "203.0.113.1:2000 is bound to [2001:db8:6::4d]:443 already");
	assert_false(reply->invalid);
	free_reply(reply);
	for (uint16_t i = 0; i < 3; i++)
		gateway_send6(&gateway, IPPROTO_TCP, 77, 443, SERVER, (uint16_t)(700 + i),
		              TCP_FLAG_SYN);
	gateway_clear(&gateway);
	filter.port = 2000;
	assert_int_equal(count_sessions(&filter, 0, NULL), 3);
	reply = change_bib(true, 77, 2000);
	assert_string_equal(reply->error, "");
	assert_int_equal(reply->bib_change->sessions_ended, 3);
	assert_false(reply->bib_change->unfinished);
	free_reply(reply);
	assert_int_equal(count_sessions(&filter, 0, NULL), 0);
	translator_stats(gateway.translator, &stats);
	assert_int_equal(stats.static_bindings, 0);
	gateway_close(&gateway);
}

/* A port that a session uses, or that rests after one, is never handed out besides the binding. */
static void a_binding_takes_no_port_from_a_session(void **state)
{
	SaNat64__Control__Request request = new_request(SA_NAT64__CONTROL__REQUEST__COMMAND_BIB);
	SaNat64__Control__ListRequest list = SA_NAT64__CONTROL__LIST_REQUEST__INIT;
	SaNat64__Control__Filter filter = SA_NAT64__CONTROL__FILTER__INIT;
	struct translator_stats stats;
	struct list_binding binding;
	SaNat64__Control__Reply *reply;
	uint64_t used;
	uint16_t port;

	(void)state;
	open_with_sessions();
	filter.proto = (char *)"tcp";
	list.filter = &filter;
	list.limit = 1;
	request.bib = &list;
	reply = answer(&request);
	list_binding_at(reply->bib, 0, &binding);
	port = binding.pool4_port;
	free_reply(reply);
	reply = change_bib(false, 77, port);
	assert_non_null(strstr(reply->error, "is in use by [2001:db8:6::1]:40"));
	free_reply(reply);
	reply = change_bib(true, 0, port);
	assert_int_equal(reply->bib_change->sessions_ended, 1);
	free_reply(reply);
	translator_stats(gateway.translator, &stats);
	used = stats.pool4_used[L4_TCP]; /* it rests */
	reply = change_bib(false, 77, port);
	assert_string_equal(reply->error, "");
	free_reply(reply);
	gateway.now_us += UINT64_C(600000000);
	translator_tick(gateway.translator, gateway.now_us);
	translator_stats(gateway.translator, &stats);
	assert_int_equal(stats.static_bindings, 1);
	assert_in_range(stats.pool4_used[L4_TCP], 1, used);
	reply = change_bib(true, 77, (uint16_t)(port ^ 1));
	assert_int_not_equal(strlen(reply->error), 0);
	free_reply(reply);
	gateway_close(&gateway);
}

static void a_list_comes_whole_in_pages(void **state)
{
	size_t pages = 0;

	(void)state;
	open_with_sessions();
	assert_int_equal(count_sessions(NULL, 10, &pages), 51);
	assert_true(pages >= 6);
	for (uint16_t i = 0; i < 1000; i++) {
		gateway_send6(&gateway, IPPROTO_UDP, 9, (uint16_t)(1024 + i), SERVER, 53, 0);
		gateway_clear(&gateway);
	}
	pages = 0;
	assert_int_equal(count_sessions(NULL, 0, &pages), 1051);
	assert_true(pages >= 1051 / CONTROL_PAGE_ROWS);
	gateway_close(&gateway);
}

static void a_filtered_walk_looks_at_a_bounded_number_of_slots(void **state)
{
	SaNat64__Control__Filter filter = SA_NAT64__CONTROL__FILTER__INIT;
	size_t pages = 0, many = 3 * CONTROL_PAGE_LOOK;

	(void)state;
	gateway_open(&gateway, "pool4 = 203.0.113.0/29 1024-65535\n");
	for (size_t i = 0; i < many; i++) {
		gateway_send6(&gateway, IPPROTO_UDP, (uint16_t)(1 + i / 1000),
		              (uint16_t)(1024 + i % 1000), SERVER, 53, 0);
		gateway_clear(&gateway);
	}
	filter.proto = (char *)"tcp";
	assert_int_equal(count_sessions(&filter, 0, &pages), 0);
	assert_in_range(pages, 3, 4);
	gateway_close(&gateway);
}

static void a_session_row_shows_both_sides(void **state)
{
	SaNat64__Control__Request request =
		new_request(SA_NAT64__CONTROL__REQUEST__COMMAND_SESSIONS);
	SaNat64__Control__ListRequest list = SA_NAT64__CONTROL__LIST_REQUEST__INIT;
	static const uint8_t remote6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0,   0x64, 0,   0,
		                             0,    0,    0,    0,    198, 51,   100, 80 };
	static const uint8_t host[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 6, [15] = 1 };
	struct list_session row;
	SaNat64__Control__Reply *reply;
	uint16_t port;

	(void)state;
	gateway_open(&gateway, POOL);
	gateway_send6(&gateway, IPPROTO_UDP, 1, 4000, SERVER, 53, 0);
	port = gateway_last(&gateway)->src_port;
	gateway_pass(&gateway, 100 * GATEWAY_SECOND_US);
	request.sessions = &list;
	reply = answer(&request);
	assert_int_equal(list_page_rows(reply), 1);
	list_session_at(reply->sessions, 0, &row);
	assert_string_equal(row.proto, "udp");
	assert_string_equal(row.state, "-");
	assert_memory_equal(&row.host, host, 16);
	assert_int_equal(row.host_port, 4000);
	assert_int_equal(row.pool4, 0xcb007101);
	assert_int_equal(row.pool4_port, port);
	assert_int_equal(row.remote, SERVER);
	assert_int_equal(row.remote_port, 53);
	assert_memory_equal(&row.remote6, remote6, 16);
	assert_int_equal(row.idle_us, 100 * GATEWAY_SECOND_US);
	assert_int_equal(row.expires_us, 200 * GATEWAY_SECOND_US);
	free_reply(reply);
	gateway_close(&gateway);
}

static void bindings_are_listed_static_ones_marked(void **state)
{
	SaNat64__Control__Request request = new_request(SA_NAT64__CONTROL__REQUEST__COMMAND_BIB);
	SaNat64__Control__ListRequest list = SA_NAT64__CONTROL__LIST_REQUEST__INIT;
	SaNat64__Control__Filter filter = SA_NAT64__CONTROL__FILTER__INIT;
	SaNat64__Control__Reply *reply;
	struct list_binding row;

	(void)state;
	gateway_open(&gateway, POOL "bib = tcp [2001:db8:6::80]:443 203.0.113.1:443\n");
	gateway_send6(&gateway, IPPROTO_UDP, 1, 4000, SERVER, 53, 0);
	gateway_send6(&gateway, IPPROTO_UDP, 1, 4000, SERVER, 54, 0);
	request.bib = &list;
	list.filter = &filter;
	reply = answer(&request);
	assert_int_equal(list_page_rows(reply), 2);
	free_reply(reply);
	filter.port = 443;
	reply = answer(&request);
	assert_int_equal(list_page_rows(reply), 1);
	list_binding_at(reply->bib, 0, &row);
	assert_string_equal(row.proto, "tcp");
	assert_true(row.is_static);
	assert_int_equal(row.sessions, 0);
	free_reply(reply);
	filter.port = 4000;
	reply = answer(&request);
	assert_int_equal(list_page_rows(reply), 1);
	list_binding_at(reply->bib, 0, &row);
	assert_string_equal(row.proto, "udp");
	assert_int_equal(row.host_port, 4000);
	assert_false(row.is_static);
	assert_int_equal(row.sessions, 2);
	free_reply(reply);
	filter.state = (char *)"TRANS";
	assert_error(answer(&request), true, "ask for sessions");
	gateway_close(&gateway);
}

static void filters_that_mean_nothing_are_refused(void **state)
{
	SaNat64__Control__Request request =
		new_request(SA_NAT64__CONTROL__REQUEST__COMMAND_SESSIONS);
	SaNat64__Control__ListRequest list = SA_NAT64__CONTROL__LIST_REQUEST__INIT;
	SaNat64__Control__Filter filter = SA_NAT64__CONTROL__FILTER__INIT;
	uint8_t bytes[16] = { 0 };

	(void)state;
	gateway_open(&gateway, POOL);
	request.sessions = &list;
	list.filter = &filter;
	filter.proto = (char *)"sctp";
	assert_error(answer(&request), true, "\"sctp\" is none of tcp, udp, icmp");
	filter.proto = (char *)"s\x1b"
			       "\xff";
	assert_error(answer(&request), true, "\"s??\" is none of tcp, udp, icmp");
	sa_nat64__control__filter__init(&filter);
	filter.state = (char *)"OPEN";
	assert_error(answer(&request), true, "ESTABLISHED");
	sa_nat64__control__filter__init(&filter);
	filter.port = 65536;
	assert_error(answer(&request), true, "65536");
	sa_nat64__control__filter__init(&filter);
	filter.host = (ProtobufCBinaryData){ .len = 15, .data = bytes };
	assert_error(answer(&request), true, "15 bytes");
	filter.host = (ProtobufCBinaryData){ .len = 16, .data = bytes };
	filter.host_length = 129;
	assert_error(answer(&request), true, "129");
	sa_nat64__control__filter__init(&filter);
	filter.remote = (ProtobufCBinaryData){ .len = 5, .data = bytes };
	assert_error(answer(&request), true, "remote of 5 bytes");
	gateway_close(&gateway);
}

static void a_cursor_beyond_the_table_ends_the_list(void **state)
{
	SaNat64__Control__Request request =
		new_request(SA_NAT64__CONTROL__REQUEST__COMMAND_SESSIONS);
	SaNat64__Control__ListRequest list = SA_NAT64__CONTROL__LIST_REQUEST__INIT;
	SaNat64__Control__Reply *reply;

	(void)state;
	open_with_sessions();
	request.sessions = &list;
	list.cursor = UINT32_MAX;
	reply = answer(&request);
	assert_int_equal(list_page_rows(reply), 0);
	assert_int_equal(reply->sessions->next_cursor, 0);
	free_reply(reply);
	gateway_close(&gateway);
}

static void a_stateless_instance_has_empty_lists(void **state)
{
	SaNat64__Control__Request request = new_request(SA_NAT64__CONTROL__REQUEST__COMMAND_BIB);
	SaNat64__Control__ListRequest list = SA_NAT64__CONTROL__LIST_REQUEST__INIT;
	SaNat64__Control__Reply *reply;

	(void)state;
	gateway_open(&gateway, "mode = siit\n");
	assert_int_equal(count_sessions(NULL, 0, NULL), 0);
	request.bib = &list;
	reply = answer(&request);
	assert_int_equal(list_page_rows(reply), 0);
	free_reply(reply);
	gateway_close(&gateway);
}

static void explain_says_what_leaves_and_changes_nothing(void **state)
{
	uint8_t source[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
	uint8_t destination[16] = { 0x20, 0x01, 0x0d, 0xb8, 0,   0x64, 0,   0,
		                    0,    0,    0,    0,    198, 51,   100, 80 };
	static const uint8_t server[4] = { 198, 51, 100, 80 };
	SaNat64__Control__Request request =
		new_request(SA_NAT64__CONTROL__REQUEST__COMMAND_EXPLAIN);
	SaNat64__Control__ExplainRequest explain = SA_NAT64__CONTROL__EXPLAIN_REQUEST__INIT;
	SaNat64__Control__PacketFields fields = SA_NAT64__CONTROL__PACKET_FIELDS__INIT;
	const SaNat64__Control__Packet *packet;
	SaNat64__Control__Reply *reply;

	(void)state;
	gateway_open(&gateway, POOL);
	request.explain = &explain;
	explain.fields = &fields;
	fields.source = (ProtobufCBinaryData){ .len = 16, .data = source };
	fields.destination = (ProtobufCBinaryData){ .len = 16, .data = destination };
	fields.protocol = IPPROTO_TCP;
	fields.source_port = 4000;
	fields.destination_port = 80;
	fields.tcp_flags = TCP_FLAG_SYN;
	fields.length = 100;
	fields.ttl = 9;
	reply = answer(&request);
	assert_string_equal(reply->explain->verdict->name, "translated");
	assert_true(reply->explain->n_steps > 0);
	assert_int_equal(reply->explain->n_packets, 1);
	packet = reply->explain->packets[0];
	assert_int_equal(packet->destination.len, 4);
	assert_memory_equal(packet->destination.data, server, 4);
	assert_int_equal(packet->protocol, IPPROTO_TCP);
	assert_int_equal(packet->destination_port, 80);
	assert_int_equal(packet->length, 80);
	assert_int_equal(packet->ttl, 8);
	free_reply(reply);
	assert_int_equal(gateway.count, 0);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_TCP], 0);
	assert_int_equal(gateway_stats(&gateway).counters.packets[TRANSLATOR_64], 0);
	fields.tcp_flags = TCP_FLAG_ACK;
	reply = answer(&request);
	assert_string_equal(reply->explain->verdict->name, "no-session");
	assert_true(reply->explain->verdict->drop);
	assert_true(reply->explain->verdict->sentence[0] != '\0');
	assert_int_equal(reply->explain->n_packets, 0);
	free_reply(reply);
	fields.length = 59;
	assert_error(answer(&request), true,
	             "length 59: this packet has a length from 60 to 65575 bytes");
	fields.length = 0;
	fields.destination.len = 4;
	assert_error(answer(&request), true, "both");
	explain.fields = NULL;
	assert_error(answer(&request), true, "give a packet");
	gateway_close(&gateway);
}

static void other_versions_and_commands_are_refused(void **state)
{
	SaNat64__Control__Request request = new_request(SA_NAT64__CONTROL__REQUEST__COMMAND_STATUS);
	SaNat64__Control__StatusRequest status = SA_NAT64__CONTROL__STATUS_REQUEST__INIT;

	(void)state;
	gateway_open(&gateway, POOL);
	request.status = &status;
	request.version = 2;
	assert_error(answer(&request), false, "protocol version 2");
	request = new_request(SA_NAT64__CONTROL__REQUEST__COMMAND__NOT_SET);
	assert_error(answer(&request), false, "not known");
	assert_error(answer_bytes((const uint8_t *)"\xff\xff\xff", 3), false, "no request");
	assert_error(answer_bytes((const uint8_t *)"", 0), false, "protocol version 0");
	gateway_close(&gateway);
}

static void a_reply_without_room_is_none(void **state)
{
	static const struct control_identity identity = { .cluster = "",
		                                          .node = "",
		                                          .namespace_name = "" };
	uint8_t small[8];

	(void)state;
	gateway_open(&gateway, POOL);
	assert_int_equal(control_answer(gateway.translator, &identity, gateway.now_us, small, 0,
	                                small, sizeof(small)),
	                 0);
	gateway_close(&gateway);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_tells_who_and_how_much),
		cmocka_unit_test(status_tells_why_no_packets_get_here),
		cmocka_unit_test(status_tells_of_replication_where_there_is_some),
		cmocka_unit_test(stats_list_every_verdict),
		cmocka_unit_test(sessions_pass_each_filter),
		cmocka_unit_test(sessions_pass_the_filter_by_idle_time),
		cmocka_unit_test(a_count_comes_without_rows),
		cmocka_unit_test(a_binding_is_added_used_and_removed),
		cmocka_unit_test(a_binding_takes_no_port_from_a_session),
		cmocka_unit_test(a_list_comes_whole_in_pages),
		cmocka_unit_test(a_filtered_walk_looks_at_a_bounded_number_of_slots),
		cmocka_unit_test(a_session_row_shows_both_sides),
		cmocka_unit_test(bindings_are_listed_static_ones_marked),
		cmocka_unit_test(filters_that_mean_nothing_are_refused),
		cmocka_unit_test(a_cursor_beyond_the_table_ends_the_list),
		cmocka_unit_test(a_stateless_instance_has_empty_lists),
		cmocka_unit_test(explain_says_what_leaves_and_changes_nothing),
		cmocka_unit_test(other_versions_and_commands_are_refused),
		cmocka_unit_test(a_reply_without_room_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a translator tells of its sessions, and when: the table of proto/SYNC.md section 2, scans,
 * and what happens when there is no room. */
#include "tests/unit/feed_side.h"
#include "translator/tcp_fsm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SECOND GATEWAY_SECOND_US
#define SERVER 0xc6336450 /* 198.51.100.80 */
#define PUBLIC 0xcb007101 /* 203.0.113.1 */
#define POOL   "pool4 = 203.0.113.1/32 1024-65535\n"
#define SYN    TCP_FLAG_SYN
#define ACK    TCP_FLAG_ACK
#define FIN    TCP_FLAG_FIN
#define RST    TCP_FLAG_RST
#define EST_S  7440

static struct feed_side side;

static void send6(uint8_t proto, uint16_t sport, uint8_t flags)
{
	gateway_clear(&side.gateway);
	assert_int_equal(gateway_send6(&side.gateway, proto, 1, sport, SERVER, 80, flags),
	                 VERDICT_TRANSLATED);
}

static void answer(uint8_t flags)
{
	assert_int_equal(gateway_answer(&side.gateway, flags), VERDICT_TRANSLATED);
}

static void establish(uint16_t sport)
{
	send6(IPPROTO_TCP, sport, SYN);
	answer(SYN | ACK);
}

/* Let time pass and forget what was said meanwhile; returns how many records of sessions it was. */
static size_t pass(uint64_t us)
{
	size_t told = 0;

	while (us) {
		uint64_t step = us < SECOND ? us : SECOND;

		gateway_pass(&side.gateway, step);
		feed_side_poll(&side);
		told += side.sessions.count;
		us -= step;
	}
	return told;
}

static const SaNat64__Session__Session *only_session(void)
{
	feed_side_poll(&side);
	assert_int_equal(side.sessions.count, 1);
	assert_int_equal(side.gone.count + side.expired.count + side.refused.count, 0);
	return &side.sessions.row[0].session;
}

static void nothing(void)
{
	feed_side_poll(&side);
	assert_int_equal(side.sessions.count + side.gone.count + side.expired.count, 0);
}

static void tcp_is_told_when_it_is_established(void **state)
{
	const SaNat64__Session__Session *told;

	(void)state;
	feed_side_open(&side, 0, POOL);
	send6(IPPROTO_TCP, 4000, SYN);
	nothing();
	answer(SYN | ACK);
	told = only_session();
	assert_int_equal(told->proto, 0);
	assert_int_equal(told->pool4, PUBLIC);
	assert_int_equal(told->remote, SERVER);
	assert_int_equal(told->remote_port, 80);
	assert_int_equal(told->host_port, 4000);
	assert_int_equal(told->host.data[15], 1);
	assert_int_equal(told->state, 0);
	assert_int_equal(told->lifetime_s, EST_S);
	assert_int_equal(told->version, 1);
	assert_int_equal(told->owner, 0);
	nothing();
	feed_side_close(&side);
}

static void a_connection_that_never_opens_is_not_told(void **state)
{
	(void)state;
	feed_side_open(&side, 0, POOL);
	send6(IPPROTO_TCP, 4000, SYN);
	assert_int_equal(pass(300 * SECOND), 0);
	assert_int_equal(gateway_stats(&side.gateway).sessions[L4_TCP], 0);
	nothing();
	feed_side_close(&side);
}

static void queries_are_told_once_they_are_old_enough(void **state)
{
	static const uint8_t protos[] = { IPPROTO_UDP, IPPROTO_ICMPV6 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		feed_side_open(&side, 0, POOL);
		send6(protos[i], 4000, 0);
		assert_int_equal(pass(2 * SECOND - 100000), 0);
		answer(0);
		assert_int_equal(pass(SECOND / 5), 1);
		assert_int_equal(pass(20 * SECOND), 0);
		feed_side_close(&side);
	}
}

static void a_query_that_ended_before_is_not_told(void **state)
{
	(void)state;
	feed_side_open(&side, 0, POOL "udp-timeout = 1s\n");
	send6(IPPROTO_UDP, 4000, 0);
	assert_int_equal(pass(5 * SECOND), 0);
	assert_int_equal(side.gone.count, 0);
	feed_side_close(&side);
}

static void without_a_minimum_age_queries_are_told_at_once(void **state)
{
	(void)state;
	feed_side_open_with(&side, 0, POOL, 0, false);
	send6(IPPROTO_UDP, 4000, 0);
	(void)only_session();
	feed_side_close(&side);
}

static void a_change_of_state_is_told_under_the_next_version(void **state)
{
	static const struct {
		bool from6;
		uint8_t flags;
		uint32_t state; /* as told; 0 with version 0: nothing is */
		uint32_t version, lifetime_s;
	} rows[] = {
		{ true, ACK, 0, 0, 0 },
		{ false, ACK, 0, 0, 0 },
		{ false, RST, TCP_STATE_TRANS + 1, 2, 240 },
		{ true, ACK, 0, 3, EST_S },
		{ false, FIN | ACK, TCP_STATE_V4_FIN_RCV + 1, 4, EST_S },
		{ true, ACK, 0, 0, 0 },
		{ true, FIN | ACK, TCP_STATE_V4_FIN_V6_FIN_RCV + 1, 5, 240 },
		{ false, ACK, 0, 0, 0 },
	};

	(void)state;
	feed_side_open(&side, 0, POOL);
	establish(4000);
	(void)only_session();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		send6(IPPROTO_TCP, 4000, rows[i].from6 ? rows[i].flags : ACK);
		if (!rows[i].from6)
			answer(rows[i].flags);
		feed_side_poll(&side);
		assert_int_equal(side.sessions.count, rows[i].version > 0);
		if (rows[i].version == 0)
			continue;
		assert_int_equal(side.sessions.row[0].session.state, rows[i].state);
		assert_int_equal(side.sessions.row[0].session.version, rows[i].version);
		assert_int_equal(side.sessions.row[0].session.lifetime_s, rows[i].lifetime_s);
	}
	feed_side_close(&side);
}

static void many_changes_are_one_record(void **state)
{
	const SaNat64__Session__Session *told;

	(void)state;
	feed_side_open(&side, 0, POOL);
	establish(4000);
	(void)only_session();
	for (int i = 0; i < 100; i++) {
		send6(IPPROTO_TCP, 4000, RST);
		send6(IPPROTO_TCP, 4000, ACK);
	}
	told = only_session();
	assert_int_equal(told->state, 0);
	assert_int_equal(told->version, 201);
	feed_side_close(&side);
}

static void packets_alone_are_never_told(void **state)
{
	(void)state;
	feed_side_open(&side, 0, POOL);
	establish(4000);
	(void)only_session();
	for (int i = 0; i < 1000; i++) {
		send6(IPPROTO_TCP, 4000, ACK);
		answer(ACK);
		assert_int_equal(pass(SECOND), 0);
	}
	feed_side_close(&side);
}

/* A packet a minute: a refresh as soon as less than half is left, and then as rarely again. */
static void a_used_session_is_refreshed_at_half_its_life(void **state)
{
	size_t told = 0, after_half = 0;

	(void)state;
	feed_side_open(&side, 0, POOL);
	establish(4000);
	(void)only_session();
	for (int minute = 0; minute < 4 * EST_S / 60; minute++) {
		send6(IPPROTO_TCP, 4000, ACK);
		told += pass(60 * SECOND);
		if (minute == EST_S / 120 - 1)
			assert_int_equal(told, 0);
		if (minute == EST_S / 120 + 1)
			after_half = told;
	}
	assert_int_equal(after_half, 1);
	assert_in_range(told, 6, 8);
	feed_side_close(&side);
}

static void a_refresh_has_the_same_version_and_the_new_end(void **state)
{
	const SaNat64__Session__Session *told;

	(void)state;
	feed_side_open(&side, 0, POOL);
	send6(IPPROTO_UDP, 4000, 0);
	assert_int_equal(pass(3 * SECOND), 1);
	assert_int_equal(pass(140 * SECOND), 0);
	send6(IPPROTO_UDP, 4000, 0);
	nothing();
	gateway_pass(&side.gateway, 20 * SECOND);
	told = only_session();
	assert_int_equal(told->version, 1);
	assert_in_range(told->lifetime_s, 280, 300);
	feed_side_close(&side);
}

/* Packets that translation never sees: their stamps tell that the session is in use. */
static void the_fast_path_s_stamps_are_packets_too(void **state)
{
	(void)state;
	feed_side_open_with(&side, 0, POOL, 0, true);
	send6(IPPROTO_UDP, 4000, 0);
	answer(0);
	assert_int_equal(side.gateway.entered, 1);
	assert_int_equal(only_session()->lifetime_s, 300);
	assert_int_equal(pass(140 * SECOND), 0);
	side.gateway.last_used_us = side.gateway.now_us;
	assert_int_equal(pass(20 * SECOND), 1);
	assert_int_equal(pass(150 * SECOND), 0);
	assert_int_equal(gateway_stats(&side.gateway).sessions[L4_UDP], 1);
	assert_int_equal(side.gone.count, 0);
	feed_side_close(&side);
}

static void an_idle_session_is_not_refreshed_and_told_as_gone(void **state)
{
	(void)state;
	feed_side_open(&side, 0, POOL);
	send6(IPPROTO_UDP, 4000, 0);
	assert_int_equal(pass(299 * SECOND), 1);
	gateway_pass(&side.gateway, 2 * SECOND);
	feed_side_poll(&side);
	assert_int_equal(side.sessions.count, 0);
	assert_int_equal(side.gone.count, 1);
	assert_int_equal(side.gone.row[0].gone.version, 1);
	assert_int_equal(side.gone.row[0].gone.owner, 0);
	assert_int_equal(side.gone.row[0].gone.pool4, PUBLIC);
	feed_side_close(&side);
}

/* What is told of a session after another of the same addresses and ports ended is newer. */
static void a_new_session_is_newer_than_the_one_before(void **state)
{
	uint32_t gone_version;

	(void)state;
	feed_side_open(&side, 0, POOL "udp-timeout = 120s\n");
	send6(IPPROTO_UDP, 4000, 0);
	assert_int_equal(pass(3 * SECOND), 1);
	gateway_pass(&side.gateway, 120 * SECOND);
	feed_side_poll(&side);
	assert_int_equal(side.gone.count, 1);
	gone_version = side.gone.row[0].gone.version;
	send6(IPPROTO_UDP, 4000, 0);
	gateway_pass(&side.gateway, 3 * SECOND);
	assert_true(only_session()->version > gone_version);
	feed_side_close(&side);
}

static void a_scan_tells_everything_worth_it(void **state)
{
	SaNat64__Feed__FeedMessage request = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	uint32_t versions = 0;

	(void)state;
	feed_side_open(&side, 0, POOL);
	establish(4000);
	establish(4001);
	feed_side_poll(&side);
	send6(IPPROTO_TCP, 4001, RST);
	send6(IPPROTO_TCP, 4002, SYN); /* opening: not worth it */
	send6(IPPROTO_UDP, 4000, 0);   /* young: may be told early */
	(void)only_session();
	request.scan_request = true;
	feed_side_give(&side, &request);
	feed_side_poll(&side);
	assert_int_equal(side.scans_begun, 1);
	assert_int_equal(side.scans_ended, 1);
	assert_int_equal(side.sessions.count, 3);
	for (size_t i = 0; i < 3; i++)
		versions += side.sessions.row[i].session.version;
	assert_int_equal(versions, 1 + 2 + 1);
	assert_int_equal(pass(10 * SECOND), 0);
	feed_side_close(&side);
}

static void what_changes_while_nobody_listens_is_in_the_next_scan(void **state)
{
	(void)state;
	feed_side_open(&side, 0, POOL);
	establish(4000);
	establish(4001);
	feed_side_poll(&side);
	send6(IPPROTO_TCP, 4001, RST); /* waits when the syncd dies */
	feed_detach(side.gateway.translator);
	assert_false(feed_has_output(side.gateway.translator));
	send6(IPPROTO_TCP, 4000, RST);
	establish(4002);
	gateway_pass(&side.gateway, 250 * SECOND); /* the first two end */
	establish(4003);
	feed_attach(side.gateway.translator, side.gateway.now_us);
	feed_side_poll(&side);
	assert_int_equal(side.scans_begun, 1);
	assert_int_equal(side.scans_ended, 1);
	assert_int_equal(side.sessions.count, 2);
	assert_int_equal(side.gone.count, 0);
	send6(IPPROTO_TCP, 4003, RST);
	assert_int_equal(only_session()->state, TCP_STATE_TRANS + 1);
	feed_side_close(&side);
}

static void a_large_scan_comes_in_many_messages(void **state)
{
	SaNat64__Feed__FeedMessage request = SA_NAT64__FEED__FEED_MESSAGE__INIT;

	(void)state;
	feed_side_open(&side, 0, POOL);
	for (uint16_t i = 0; i < 2000; i++)
		establish((uint16_t)(4000 + i));
	feed_side_poll(&side);
	assert_int_equal(side.sessions.count, 2000);
	request.scan_request = true;
	feed_side_give(&side, &request);
	feed_side_poll(&side);
	assert_int_equal(side.sessions.count, 2000);
	assert_true(side.messages >= 2000 / 256);
	assert_int_equal(side.scans_begun, 1);
	assert_int_equal(side.scans_ended, 1);
	feed_side_close(&side);
}

/* More changes than there is room for, then silence: everything is told in the end. */
static void an_overflow_is_counted_and_healed_by_a_scan(void **state)
{
	size_t tcp = 0;

	(void)state;
	feed_side_open_with(&side, 0, POOL "max-sessions = 16\nudp-timeout = 1s\n", 0, false);
	for (uint16_t i = 0; i < 40; i++) {
		send6(IPPROTO_UDP, (uint16_t)(4000 + i), 0);
		gateway_pass(&side.gateway, SECOND / 10);
	}
	assert_true(feed_side_stats(&side).overflows > 0);
	establish(5000);
	feed_side_poll(&side);
	assert_int_equal(side.scans_begun, 1);
	assert_int_equal(side.scans_ended, 1);
	for (size_t i = 0; i < side.sessions.count; i++)
		tcp += side.sessions.row[i].session.proto == L4_TCP;
	assert_int_equal(tcp, 1);
	send6(IPPROTO_TCP, 5000, RST);
	(void)only_session();
	feed_side_close(&side);
}

static void an_explanation_tells_nothing(void **state)
{
	static struct explain explain;
	static uint8_t room[TRANSLATOR_HEADROOM + 2048];
	struct explain_fields fields = { .ipv6 = true,
		                         .src6 = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, 0, 6 } },
		                         .dst6 = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, 0, 0x64 } },
		                         .protocol = IPPROTO_TCP,
		                         .src_port = 4000,
		                         .dst_port = 80,
		                         .tcp_flags = RST };

	(void)state;
	feed_side_open_with(&side, 0, POOL, 0, false);
	establish(4000);
	(void)only_session();
	store_be16(fields.src6.s6_addr + 14, 1);
	store_be32(fields.dst6.s6_addr + 12, SERVER);
	assert_int_equal(explain_build(&fields, &explain), 0);
	memcpy(room + TRANSLATOR_HEADROOM, explain.packet, explain.len);
	assert_int_equal(translator_explain(side.gateway.translator, room + TRANSLATOR_HEADROOM,
	                                    explain.len, side.gateway.now_us, NULL, NULL),
	                 VERDICT_TRANSLATED);
	fields.protocol = IPPROTO_UDP;
	assert_int_equal(explain_build(&fields, &explain), 0);
	memcpy(room + TRANSLATOR_HEADROOM, explain.packet, explain.len);
	assert_int_equal(translator_explain(side.gateway.translator, room + TRANSLATOR_HEADROOM,
	                                    explain.len, side.gateway.now_us, NULL, NULL),
	                 VERDICT_TRANSLATED);
	nothing();
	feed_side_close(&side);
}

static void versions_and_owners_survive_a_reload(void **state)
{
	const struct feed_config config = { .node = 0, .min_age_us = 2000000 };

	(void)state;
	feed_side_open(&side, 0, POOL);
	establish(4000);
	(void)only_session();
	send6(IPPROTO_TCP, 4000, RST);
	send6(IPPROTO_TCP, 4000, ACK);
	assert_int_equal(only_session()->version, 3);
	assert_int_equal(gateway_reload(&side.gateway, POOL), 0);
	assert_int_equal(feed_start(side.gateway.translator, &config), 0);
	feed_attach(side.gateway.translator, side.gateway.now_us);
	assert_int_equal(only_session()->version, 3);
	assert_int_equal(side.scans_ended, 1);
	feed_side_close(&side);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_is_told_when_it_is_established),
		cmocka_unit_test(a_connection_that_never_opens_is_not_told),
		cmocka_unit_test(queries_are_told_once_they_are_old_enough),
		cmocka_unit_test(a_query_that_ended_before_is_not_told),
		cmocka_unit_test(without_a_minimum_age_queries_are_told_at_once),
		cmocka_unit_test(a_change_of_state_is_told_under_the_next_version),
		cmocka_unit_test(many_changes_are_one_record),
		cmocka_unit_test(packets_alone_are_never_told),
		cmocka_unit_test(a_used_session_is_refreshed_at_half_its_life),
		cmocka_unit_test(a_refresh_has_the_same_version_and_the_new_end),
		cmocka_unit_test(the_fast_path_s_stamps_are_packets_too),
		cmocka_unit_test(an_idle_session_is_not_refreshed_and_told_as_gone),
		cmocka_unit_test(a_new_session_is_newer_than_the_one_before),
		cmocka_unit_test(a_scan_tells_everything_worth_it),
		cmocka_unit_test(what_changes_while_nobody_listens_is_in_the_next_scan),
		cmocka_unit_test(a_large_scan_comes_in_many_messages),
		cmocka_unit_test(an_overflow_is_counted_and_healed_by_a_scan),
		cmocka_unit_test(an_explanation_tells_nothing),
		cmocka_unit_test(versions_and_owners_survive_a_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

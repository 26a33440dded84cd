/* What peers say of sessions, and what becomes of it: versions, takings, refusals, conflicts that
 * both sides decide alike, ports that rest (proto/SYNC.md sections 1, 2 and 5). */
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
#define RST    TCP_FLAG_RST
#define EST_S  7440

static struct feed_side a, b; /* nodes 0 and 1 */

static uint32_t sessions(const struct feed_side *side)
{
	const struct translator_stats stats = gateway_stats(&side->gateway);

	return stats.sessions[L4_TCP] + stats.sessions[L4_UDP] + stats.sessions[L4_ICMP];
}

static uint64_t copies(const struct feed_side *side)
{
	return feed_side_stats(side).copies;
}

/* From host 1; returns its public port. */
static uint16_t send6(struct feed_side *side, uint8_t proto, uint16_t sport, uint8_t flags)
{
	gateway_clear(&side->gateway);
	assert_int_equal(gateway_send6(&side->gateway, proto, 1, sport, SERVER, 80, flags),
	                 VERDICT_TRANSLATED);
	return gateway_last(&side->gateway)->src_port;
}

static enum verdict send4(struct feed_side *side, uint8_t proto, uint16_t port, uint8_t flags)
{
	gateway_clear(&side->gateway);
	return gateway_send4(&side->gateway, proto, SERVER, 80, PUBLIC, port, flags);
}

static uint16_t establish(struct feed_side *side, uint16_t sport)
{
	uint16_t port = send6(side, IPPROTO_TCP, sport, SYN);

	assert_int_equal(send4(side, IPPROTO_TCP, port, SYN | ACK), VERDICT_TRANSLATED);
	return port;
}

/* ---- records made by hand ---- */

/* A UDP session of host number `host`, port 4000, on the public port `port`. */
static SaNat64__Session__Session record(uint8_t host, uint16_t port, uint32_t version,
                                        uint32_t owner)
{
	static uint8_t hosts[256][16];
	SaNat64__Session__Session session = SA_NAT64__SESSION__SESSION__INIT;

	memcpy(hosts[host], (uint8_t[16]){ 0x20, 0x01, 0x0d, 0xb8, 0, 6, [15] = host }, 16);
	session.proto = L4_UDP;
	session.pool4 = PUBLIC;
	session.pool4_port = port;
	session.remote = SERVER;
	session.remote_port = 80;
	session.host.data = hosts[host];
	session.host.len = 16;
	session.host_port = 4000;
	session.lifetime_s = 300;
	session.version = version;
	session.owner = owner;
	return session;
}

static SaNat64__Session__Gone gone_of(const SaNat64__Session__Session *session)
{
	SaNat64__Session__Gone gone = SA_NAT64__SESSION__GONE__INIT;

	gone.proto = session->proto;
	gone.pool4 = session->pool4;
	gone.pool4_port = session->pool4_port;
	gone.remote = session->remote;
	gone.remote_port = session->remote_port;
	gone.version = session->version;
	gone.owner = session->owner;
	return gone;
}

static void give(struct feed_side *side, SaNat64__Session__Session session)
{
	feed_side_give_session(side, &session);
	feed_side_poll(side);
}

static void refused(struct feed_side *side, SaNat64__Session__Session session, int reason)
{
	uint32_t before = sessions(side);

	give(side, session);
	assert_int_equal(side->refused.count, 1);
	assert_int_equal(side->refused.row[0].reason, reason);
	assert_int_equal(side->refused.row[0].gone.version, session.version);
	assert_int_equal(side->refused.row[0].gone.pool4_port, session.pool4_port);
	assert_int_equal(sessions(side), before);
}

/* ---- copies ---- */

static void a_copy_carries_traffic_without_having_seen_its_beginning(void **state)
{
	uint16_t port;

	(void)state;
	feed_sides_open(&a, &b, POOL);
	port = establish(&a, 4000);
	feed_sides_exchange(&a, &b);
	assert_int_equal(sessions(&b), 1);
	assert_int_equal(copies(&b), 1);
	assert_int_equal(copies(&a), 0);
	assert_int_equal(send4(&b, IPPROTO_TCP, port, ACK), VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&b.gateway)->dst_port, 4000);
	assert_int_equal(send6(&b, IPPROTO_TCP, 4000, ACK), port);
	feed_side_poll(&b);
	assert_int_equal(b.sessions.count, 0);
	feed_sides_close(&a, &b);
}

static void a_copy_enters_the_fast_path_with_its_first_packet(void **state)
{
	uint16_t port;

	(void)state;
	feed_side_open(&a, 0, POOL);
	feed_side_open_with(&b, 1, POOL, 2000000, true);
	port = establish(&a, 4000);
	feed_sides_exchange(&a, &b);
	assert_int_equal(b.gateway.entered, 0);
	assert_int_equal(send4(&b, IPPROTO_TCP, port, ACK), VERDICT_TRANSLATED);
	assert_int_equal(b.gateway.entered, 1);
	feed_sides_close(&a, &b);
}

/* Nobody probes for it, and no state is gone through. */
static void a_copy_expires_silently(void **state)
{
	(void)state;
	feed_sides_open(&a, &b, POOL);
	(void)establish(&a, 4000);
	feed_sides_exchange(&a, &b);
	gateway_clear(&b.gateway);
	gateway_pass(&b.gateway, (EST_S + 2) * SECOND);
	feed_side_poll(&b);
	assert_int_equal(sessions(&b), 0);
	assert_int_equal(b.gateway.count, 0);
	assert_int_equal(b.sessions.count + b.gone.count, 0);
	assert_int_equal(b.expired.count, 1);
	assert_int_equal(b.expired.row[0].gone.owner, 1); /* node 0 */
	assert_int_equal(copies(&b), 0);
	gateway_pass(&a.gateway, (EST_S + 2) * SECOND);
	feed_side_poll(&a);
	assert_int_equal(a.sessions.row[0].session.state, TCP_STATE_TRANS + 1);
	feed_sides_close(&a, &b);
}

static void the_box_that_carries_a_copy_takes_it_at_half_its_life(void **state)
{
	uint16_t port;

	(void)state;
	feed_sides_open(&a, &b, POOL);
	port = establish(&a, 4000);
	feed_sides_exchange(&a, &b);
	feed_sides_pass(&a, &b, EST_S / 2 * SECOND - 60 * SECOND);
	assert_int_equal(send4(&b, IPPROTO_TCP, port, ACK), VERDICT_TRANSLATED);
	feed_side_poll(&b);
	assert_int_equal(b.sessions.count, 0);
	feed_sides_pass(&a, &b, 90 * SECOND);
	feed_side_poll(&b);
	assert_int_equal(b.sessions.count, 1);
	assert_int_equal(b.sessions.row[0].session.version, 2);
	assert_int_equal(b.sessions.row[0].session.owner, 0);
	assert_int_equal(copies(&b), 0);
	feed_side_relay(&b, &a);
	assert_int_equal(copies(&a), 1);
	feed_side_poll(&a);
	assert_int_equal(a.sessions.count + a.gone.count + a.refused.count, 0);
	feed_sides_close(&a, &b);
}

static void the_box_that_sees_a_change_of_state_takes_it_at_once(void **state)
{
	uint16_t port;

	(void)state;
	feed_sides_open(&a, &b, POOL);
	port = establish(&a, 4000);
	feed_sides_exchange(&a, &b);
	assert_int_equal(send4(&b, IPPROTO_TCP, port, RST), VERDICT_TRANSLATED);
	feed_side_poll(&b);
	assert_int_equal(b.sessions.count, 1);
	assert_int_equal(b.sessions.row[0].session.version, 2);
	assert_int_equal(b.sessions.row[0].session.state, TCP_STATE_TRANS + 1);
	feed_side_relay(&b, &a);
	gateway_pass(&a.gateway, 245 * SECOND); /* the shorter lifetime came with it */
	assert_int_equal(sessions(&a), 0);
	feed_sides_close(&a, &b);
}

/* ---- versions ---- */

static void of_two_records_the_higher_version_then_the_lower_node_stands(void **state)
{
	static const struct {
		uint32_t version, owner; /* as a record says them to node 1 */
		bool stands;
	} rows[] = {
		{ 4, 1, false }, { 4, 0, false }, { 5, 4, false }, { 5, 2, true },
		{ 5, 1, true },  { 6, 16, true }, { 9, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		SaNat64__Session__Session other = record(1, 5000, rows[i].version, rows[i].owner);
		uint64_t stale;

		feed_side_open(&b, 1, POOL);
		give(&b, record(1, 5000, 5, 3));
		stale = feed_side_stats(&b).stale;
		other.lifetime_s = 301;
		give(&b, other);
		assert_int_equal(feed_side_stats(&b).stale - stale, !rows[i].stands);
		/* What stands is what a box says when its own is newer. */
		assert_int_equal(b.sessions.count, !rows[i].stands);
		if (!rows[i].stands)
			assert_int_equal(b.sessions.row[0].session.version, 5);
		assert_int_equal(sessions(&b), 1);
		feed_side_close(&b);
	}
}

static void of_two_ends_of_one_version_the_later_stands(void **state)
{
	SaNat64__Session__Session session = record(1, 5000, 5, 1);

	(void)state;
	feed_side_open(&b, 1, POOL);
	give(&b, session);
	session.lifetime_s = 100;
	give(&b, session);
	gateway_pass(&b.gateway, 200 * SECOND);
	assert_int_equal(sessions(&b), 1);
	session.lifetime_s = 300;
	give(&b, session);
	gateway_pass(&b.gateway, 250 * SECOND);
	assert_int_equal(sessions(&b), 1);
	gateway_pass(&b.gateway, 51 * SECOND);
	assert_int_equal(sessions(&b), 0);
	feed_side_close(&b);
}

/* ---- the end ---- */

static void a_gone_session_ends(void **state)
{
	(void)state;
	feed_sides_open(&a, &b, POOL "udp-timeout = 120s\n");
	(void)send6(&a, IPPROTO_UDP, 4000, 0);
	feed_sides_pass(&a, &b, 3 * SECOND);
	feed_sides_exchange(&a, &b);
	assert_int_equal(sessions(&b), 1);
	gateway_pass(&a.gateway, 121 * SECOND);
	feed_side_poll(&a);
	assert_int_equal(a.gone.count, 1);
	feed_side_relay(&a, &b);
	assert_int_equal(sessions(&b), 0);
	feed_side_poll(&b);
	assert_int_equal(b.gone.count + b.expired.count + b.sessions.count, 0);
	feed_sides_close(&a, &b);
}

static void a_session_in_use_does_not_end_elsewhere(void **state)
{
	uint16_t port;

	(void)state;
	feed_sides_open(&a, &b, POOL "udp-timeout = 120s\n");
	port = send6(&a, IPPROTO_UDP, 4000, 0);
	feed_sides_pass(&a, &b, 3 * SECOND);
	feed_sides_exchange(&a, &b);
	feed_sides_pass(&a, &b, 50 * SECOND);
	assert_int_equal(send4(&b, IPPROTO_UDP, port, 0), VERDICT_TRANSLATED);
	gateway_pass(&a.gateway, 121 * SECOND);
	feed_side_poll(&a);
	assert_int_equal(a.gone.count, 1);
	assert_int_equal(sessions(&a), 0);
	feed_side_relay(&a, &b);
	assert_int_equal(feed_side_stats(&b).kept, 1);
	feed_side_poll(&b);
	assert_int_equal(b.sessions.count, 1);
	assert_true(b.sessions.row[0].session.version > a.gone.row[0].gone.version);
	feed_side_relay(&b, &a);
	assert_int_equal(sessions(&a), 1); /* its port rested, and is recalled */
	assert_int_equal(send4(&a, IPPROTO_UDP, port, 0), VERDICT_TRANSLATED);
	feed_sides_close(&a, &b);
}

static void an_older_end_is_ignored_and_an_order_is_not(void **state)
{
	SaNat64__Session__Session session = record(1, 5000, 5, 1);
	SaNat64__Session__Gone gone = gone_of(&session);

	(void)state;
	feed_side_open(&b, 1, POOL);
	give(&b, session);
	gone.version = 4;
	feed_side_give_gone(&b, &gone);
	assert_int_equal(sessions(&b), 1);
	gateway_pass(&b.gateway, 10 * SECOND);
	assert_int_equal(send4(&b, IPPROTO_UDP, 5000, 0), VERDICT_TRANSLATED);
	gone.forced = true;
	feed_side_give_gone(&b, &gone);
	assert_int_equal(sessions(&b), 0);
	feed_side_give_gone(&b, &gone); /* nothing there: nothing happens */
	feed_side_close(&b);
}

/* ---- refusals ---- */

static void what_does_not_fit_is_refused_with_its_reason(void **state)
{
	SaNat64__Session__Session session;

	(void)state;
	feed_side_open(&b, 1,
	               POOL "max-sessions = 2\ndestinations = 128.0.0.0/1\n"
	                    "bib = udp [2001:db8:6::9]:4000 203.0.113.1:5009\n");
	session = record(1, 5000, 1, 1);
	session.pool4 = PUBLIC + 1;
	refused(&b, session, SA_NAT64__FEED__REFUSED__REASON__NO_POOL4);
	refused(&b, record(1, 1023, 1, 1), SA_NAT64__FEED__REFUSED__REASON__NO_POOL4);
	session = record(1, 5000, 1, 1);
	session.pool6 = 1;
	refused(&b, session, SA_NAT64__FEED__REFUSED__REASON__NO_PREFIX);
	session.pool6 = 0;
	session.remote = 0x08080808; /* not one of the destinations */
	refused(&b, session, SA_NAT64__FEED__REFUSED__REASON__NO_PREFIX);
	refused(&b, record(1, 5009, 9, 1), SA_NAT64__FEED__REFUSED__REASON__CONFLICT_STATIC);
	refused(&b, record(9, 5000, 9, 1), SA_NAT64__FEED__REFUSED__REASON__CONFLICT_STATIC);
	give(&b, record(9, 5009, 9, 1)); /* the static binding itself */
	assert_int_equal(sessions(&b), 1);
	give(&b, record(2, 5002, 1, 1));
	assert_int_equal(sessions(&b), 2);
	refused(&b, record(3, 5003, 1, 1), SA_NAT64__FEED__REFUSED__REASON__TABLE_FULL);
	assert_int_equal(feed_side_stats(&b).refused, 7);
	feed_side_close(&b);
}

static void the_limit_of_a_host_holds_for_copies(void **state)
{
	(void)state;
	feed_side_open(&b, 1, POOL "max-sessions-per-host = 1\n");
	give(&b, record(1, 5000, 1, 1));
	refused(&b, record(2, 5001, 1, 1), SA_NAT64__FEED__REFUSED__REASON__TABLE_FULL);
	feed_side_close(&b);
}

static void values_out_of_range_are_refused(void **state)
{
	static uint8_t host[17] = { 0x20 };

	(void)state;
	feed_side_open(&b, 1, POOL);
	for (int i = 0; i < 12; i++) {
		SaNat64__Session__Session s = record(1, 5000, 1, 1);
		bool has_identity = i < 7;

		switch (i) {
		case 0:
			s.host.data = host, s.host.len = 15;
			break;
		case 1:
			s.host.data = host, s.host.len = 17;
			break;
		case 2:
			s.host_port = 65536;
			break;
		case 3:
			s.lifetime_s = (1u << 22) + 1;
			break;
		case 4:
			s.state = 4;
			break; /* UDP has none */
		case 5:
			s.proto = L4_TCP, s.state = 1;
			break;
		case 6:
			s.proto = L4_TCP, s.state = TCP_STATES + 1;
			break;
		case 7:
			s.proto = 3;
			break;
		case 8:
			s.pool4_port = 65536;
			break;
		case 9:
			s.proto = L4_ICMP;
			break; /* with a remote port */
		case 10:
			s.version = 0;
			break;
		default:
			s.owner = 17;
			break;
		}
		give(&b, s);
		assert_int_equal(b.refused.count, has_identity);
		if (has_identity)
			assert_int_equal(b.refused.row[0].reason,
			                 SA_NAT64__FEED__REFUSED__REASON__INVALID);
		assert_int_equal(feed_side_stats(&b).refused, i + 1);
		assert_int_equal(sessions(&b), 0);
	}
	feed_side_close(&b);
}

static void what_is_no_message_is_not(void **state)
{
	static const uint8_t garbage[] = { 0xff, 0xff, 0xff }, other_version[] = { 0x08, 0x02 };

	(void)state;
	feed_side_open(&b, 1, POOL);
	assert_true(feed_deliver(b.gateway.translator, garbage, sizeof(garbage), NULL, 1) < 0);
	assert_true(feed_deliver(b.gateway.translator, other_version, 2, NULL, 1) < 0);
	feed_side_close(&b);
}

/* ---- conflicts ---- */

/* Two boxes under one configuration cannot make these: node 0 has a session of one host, node 1 of
 * another on the same public port, or of the same host on another one. */
static void both_sides_of_a_conflict_decide_alike(void **state)
{
	static const struct {
		uint32_t version_a, version_b;
		bool a_stands;
	} rows[] = { { 5, 4, true }, { 4, 5, false }, { 5, 5, true } };

	(void)state;
	for (int same_host = 0; same_host < 2; same_host++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			SaNat64__Session__Session of_a = record(1, 5000, rows[i].version_a, 1);
			SaNat64__Session__Session of_b = record(
				same_host ? 1 : 2, same_host ? 5001 : 5000, rows[i].version_b, 2);
			uint16_t port;

			feed_sides_open(&a, &b, POOL);
			of_a.remote_port = 81; /* not the same session as well */
			give(&a, of_a);
			give(&b, of_b);
			feed_side_give_session(&a, &of_b);
			feed_side_give_session(&b, &of_a);
			feed_side_poll(&a);
			feed_side_poll(&b);
			assert_int_equal(feed_side_stats(&a).conflicts, 1);
			assert_int_equal(feed_side_stats(&b).conflicts, 1);
			/* The loser is told as gone where it was, and refused where not. */
			assert_int_equal(a.gone.count, !rows[i].a_stands);
			assert_int_equal(a.refused.count, rows[i].a_stands);
			assert_int_equal(b.gone.count, rows[i].a_stands);
			assert_int_equal(b.refused.count, !rows[i].a_stands);
			assert_int_equal(sessions(&a), 1);
			assert_int_equal(sessions(&b), 1);
			port = rows[i].a_stands || !same_host ? 5000 : 5001;
			assert_int_equal(send4(&a, IPPROTO_UDP, port, 0), VERDICT_TRANSLATED);
			assert_int_equal(gateway_last(&a.gateway)->dst6.s6_addr[15],
			                 rows[i].a_stands || same_host ? 1 : 2);
			assert_int_equal(send4(&b, IPPROTO_UDP, port, 0), VERDICT_TRANSLATED);
			assert_int_equal(gateway_last(&b.gateway)->dst6.s6_addr[15],
			                 rows[i].a_stands || same_host ? 1 : 2);
			feed_sides_close(&a, &b);
		}
	}
}

static void a_session_nobody_was_told_of_gives_way(void **state)
{
	SaNat64__Session__Session other;
	uint16_t port;

	(void)state;
	feed_side_open(&a, 0, POOL);
	port = send6(&a, IPPROTO_UDP, 4000, 0);
	other = record(2, port, 1, 2);
	give(&a, other);
	assert_int_equal(sessions(&a), 1);
	assert_int_equal(a.gone.count + a.refused.count, 0);
	assert_int_equal(send4(&a, IPPROTO_UDP, port, 0), VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&a.gateway)->dst6.s6_addr[15], 2);
	feed_side_close(&a);
}

/* ---- ports ---- */

static void ports_rest_long_while_a_peer_is_away(void **state)
{
	static const struct {
		bool in_contact, was_told;
		uint64_t rest_s;
	} rows[] = { { true, true, 120 }, { false, true, EST_S }, { false, false, 120 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		feed_side_open_with(&a, 0, POOL "udp-timeout = 120s\n",
		                    rows[i].was_told ? 0 : 1000 * SECOND, false);
		feed_side_give_contact(&a, rows[i].in_contact);
		(void)send6(&a, IPPROTO_UDP, 4000, 0);
		feed_side_poll(&a);
		assert_int_equal(a.sessions.count, rows[i].was_told);
		gateway_pass(&a.gateway, 121 * SECOND);
		assert_int_equal(sessions(&a), 0);
		gateway_pass(&a.gateway, (rows[i].rest_s - 2) * SECOND);
		assert_int_equal(gateway_stats(&a.gateway).pool4_used[L4_UDP], 1);
		gateway_pass(&a.gateway, 4 * SECOND);
		assert_int_equal(gateway_stats(&a.gateway).pool4_used[L4_UDP], 0);
		feed_side_close(&a);
	}
}

/* Even where the configuration lets it be used again at once: peers may not have heard yet. */
static void a_told_port_is_not_handed_out_at_once(void **state)
{
	(void)state;
	feed_side_open_with(&a, 0, POOL "udp-timeout = 120s\nport-reuse-delay = 0s\n", 0, false);
	feed_side_give_contact(&a, true);
	(void)send6(&a, IPPROTO_UDP, 4000, 0);
	feed_side_poll(&a);
	gateway_pass(&a.gateway, 121 * SECOND);
	assert_int_equal(sessions(&a), 0);
	assert_int_equal(gateway_stats(&a.gateway).pool4_used[L4_UDP], 1);
	gateway_pass(&a.gateway, 11 * SECOND);
	assert_int_equal(gateway_stats(&a.gateway).pool4_used[L4_UDP], 0);
	feed_side_close(&a);
}

/* Node 0 is cut off and its copy ends; node 1 goes on. When they meet, the binding is whole. */
static void a_peer_brings_a_binding_back_to_its_port(void **state)
{
	uint16_t port;

	(void)state;
	feed_sides_open(&a, &b, POOL "udp-timeout = 120s\n");
	port = send6(&a, IPPROTO_UDP, 4000, 0);
	feed_sides_pass(&a, &b, 3 * SECOND);
	feed_sides_exchange(&a, &b);
	feed_side_give_contact(&a, false);
	for (int i = 0; i < 60; i++) {
		assert_int_equal(send4(&b, IPPROTO_UDP, port, 0), VERDICT_TRANSLATED);
		feed_sides_pass(&a, &b, 60 * SECOND);
	}
	assert_int_equal(sessions(&a), 0);
	assert_int_equal(gateway_stats(&a.gateway).pool4_used[L4_UDP], 1);
	feed_side_poll(&a);
	feed_detach(b.gateway.translator);
	feed_attach(b.gateway.translator, b.gateway.now_us);
	feed_side_poll(&b);
	assert_int_equal(b.sessions.count, 1);
	feed_side_relay(&b, &a);
	assert_int_equal(sessions(&a), 1);
	assert_int_equal(gateway_stats(&a.gateway).pool4_used[L4_UDP], 1);
	assert_int_equal(send4(&a, IPPROTO_UDP, port, 0), VERDICT_TRANSLATED);
	feed_sides_close(&a, &b);
}

/* A translator that lost everything gets its own sessions back; a scan that runs may have passed
 * their places, so they are told as well. */
static void an_empty_translator_gets_its_own_back(void **state)
{
	const struct feed_config config = { .node = 1, .min_age_us = 2000000 };
	SaNat64__Session__Session own = record(1, 5000, 7, 0);

	(void)state;
	gateway_open_node(&b.gateway, POOL, 1, 2, false);
	assert_int_equal(feed_start(b.gateway.translator, &config), 0);
	feed_attach(b.gateway.translator, b.gateway.now_us);
	give(&b, own);
	assert_int_equal(sessions(&b), 1);
	assert_int_equal(copies(&b), 0);
	assert_int_equal(b.scans_ended, 1);
	assert_int_equal(b.sessions.count, 1);
	assert_int_equal(b.sessions.row[0].session.version, 7);
	feed_side_close(&b);
}

/* What is gone comes first: the port of the one is that of the other. */
static void an_end_in_a_message_is_earlier_than_its_sessions(void **state)
{
	SaNat64__Feed__FeedMessage message = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	SaNat64__Session__Session former = record(1, 5000, 5, 1), next = record(2, 5000, 1, 1);
	SaNat64__Session__Session *sessions_[] = { &next };
	SaNat64__Session__Gone gone = gone_of(&former), *gones[] = { &gone };

	(void)state;
	feed_side_open(&b, 1, POOL);
	give(&b, former);
	message.n_sessions = message.n_gone = 1;
	message.sessions = sessions_;
	message.gone = gones;
	feed_side_give(&b, &message);
	feed_side_poll(&b);
	assert_int_equal(feed_side_stats(&b).conflicts, 0);
	assert_int_equal(b.refused.count, 0);
	assert_int_equal(send4(&b, IPPROTO_UDP, 5000, 0), VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&b.gateway)->dst6.s6_addr[15], 2);
	feed_side_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_carries_traffic_without_having_seen_its_beginning),
		cmocka_unit_test(a_copy_enters_the_fast_path_with_its_first_packet),
		cmocka_unit_test(a_copy_expires_silently),
		cmocka_unit_test(the_box_that_carries_a_copy_takes_it_at_half_its_life),
		cmocka_unit_test(the_box_that_sees_a_change_of_state_takes_it_at_once),
		cmocka_unit_test(of_two_records_the_higher_version_then_the_lower_node_stands),
		cmocka_unit_test(of_two_ends_of_one_version_the_later_stands),
		cmocka_unit_test(a_gone_session_ends),
		cmocka_unit_test(a_session_in_use_does_not_end_elsewhere),
		cmocka_unit_test(an_older_end_is_ignored_and_an_order_is_not),
		cmocka_unit_test(what_does_not_fit_is_refused_with_its_reason),
		cmocka_unit_test(the_limit_of_a_host_holds_for_copies),
		cmocka_unit_test(values_out_of_range_are_refused),
		cmocka_unit_test(what_is_no_message_is_not),
		cmocka_unit_test(both_sides_of_a_conflict_decide_alike),
		cmocka_unit_test(a_session_nobody_was_told_of_gives_way),
		cmocka_unit_test(ports_rest_long_while_a_peer_is_away),
		cmocka_unit_test(a_told_port_is_not_handed_out_at_once),
		cmocka_unit_test(a_peer_brings_a_binding_back_to_its_port),
		cmocka_unit_test(an_empty_translator_gets_its_own_back),
		cmocka_unit_test(an_end_in_a_message_is_earlier_than_its_sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Bindings that an operator adds and removes while two boxes run: what the other box has of them,
 * who may remove them, and one with more sessions than are ended at once. */
#include "tests/unit/feed_side.h"
#include "translator/session.h"
#include "translator/tcp_fsm.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SERVER 0xc6336450 /* 198.51.100.80 */
#define OTHER  0xc6336451
#define PUBLIC 0xcb007101 /* 203.0.113.1 */
#define POOL   "pool4 = 203.0.113.1/32 1024-65535\n"
#define HOST   7
#define SYN    TCP_FLAG_SYN
#define ACK    TCP_FLAG_ACK
#define FIN    TCP_FLAG_FIN

static struct feed_side a, b; /* nodes 0 and 1 */
static char error[TRANSLATOR_ERROR_LEN];
static const struct translator_binding web = {
	.proto = L4_TCP,
	.host = { .s6_addr = { 0x20, 1, 0xd, 0xb8, 0, 6, [15] = HOST } },
	.pool4 = PUBLIC,
	.host_port = 80,
	.pool4_port = 8080,
};

static int bind_on(struct feed_side *side)
{
	return translator_bind(side->gateway.translator, &web, error);
}

static int unbind_on(struct feed_side *side, uint32_t *ended)
{
	*ended = 0;
	return translator_unbind(side->gateway.translator, &web, side->gateway.now_us, ended,
	                         error);
}

static uint32_t connections(const struct feed_side *side)
{
	return gateway_stats(&side->gateway).sessions[L4_TCP];
}

static enum verdict from4(struct feed_side *side, uint32_t server, uint8_t flags)
{
	gateway_clear(&side->gateway);
	return gateway_send4(&side->gateway, IPPROTO_TCP, server, 4000, PUBLIC, 8080, flags);
}

static enum verdict from6(struct feed_side *side, uint32_t server, uint8_t flags)
{
	gateway_clear(&side->gateway);
	return gateway_send6(&side->gateway, IPPROTO_TCP, HOST, 80, server, 4000, flags);
}

static void connect_by(struct feed_side *side, uint32_t server)
{
	assert_int_equal(from4(side, server, SYN), VERDICT_TRANSLATED);
	assert_int_equal(from6(side, server, SYN | ACK), VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&side->gateway)->src_port, 8080);
}

static void what_is_added_is_let_in_on_that_box_only(void **state)
{
	(void)state;
	feed_sides_open(&a, &b, POOL);
	assert_int_equal(bind_on(&a), 0);
	feed_sides_exchange(&a, &b);
	connect_by(&a, SERVER);
	assert_int_equal(from4(&b, OTHER, SYN), VERDICT_SYN_STORED);
	assert_int_equal(bind_on(&b), 0);
	connect_by(&b, OTHER);
	feed_sides_exchange(&a, &b);
	assert_int_equal(connections(&a), 2);
	assert_int_equal(connections(&b), 2);
	feed_sides_close(&a, &b);
}

static void its_connections_live_on_where_it_was_not_added(void **state)
{
	uint32_t ended;

	(void)state;
	feed_sides_open(&a, &b, POOL);
	assert_int_equal(bind_on(&a), 0);
	connect_by(&a, SERVER);
	feed_sides_exchange(&a, &b);
	assert_int_equal(connections(&b), 1);
	assert_int_equal(from4(&b, SERVER, ACK), VERDICT_TRANSLATED);
	assert_int_equal(from6(&b, SERVER, ACK), VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&b.gateway)->src_port, 8080);
	assert_int_equal(unbind_on(&a, &ended), 0);
	assert_int_equal(ended, 1);
	feed_sides_exchange(&a, &b);
	assert_int_equal(connections(&a), 0);
	feed_sides_close(&a, &b);
}

static void a_removal_ends_connections_everywhere(void **state)
{
	uint32_t ended;

	(void)state;
	feed_sides_open(&a, &b, POOL);
	assert_int_equal(bind_on(&a), 0);
	connect_by(&a, SERVER);
	connect_by(&a, OTHER);
	feed_sides_exchange(&a, &b);
	assert_int_equal(connections(&b), 2);
	assert_int_equal(unbind_on(&a, &ended), 0);
	assert_int_equal(ended, 2);
	feed_sides_exchange(&a, &b);
	assert_int_equal(connections(&a), 0);
	assert_int_equal(connections(&b), 0);
	assert_int_equal(from4(&a, SERVER, SYN), VERDICT_SYN_STORED);
	assert_int_equal(from4(&b, SERVER, SYN), VERDICT_SYN_STORED);
	feed_sides_close(&a, &b);
}

/* The traffic moved, and the other box saw the connection change. */
static void connections_of_another_box_are_ended_there(void **state)
{
	uint32_t ended;

	(void)state;
	feed_sides_open(&a, &b, POOL);
	assert_int_equal(bind_on(&a), 0);
	connect_by(&a, SERVER);
	feed_sides_exchange(&a, &b);
	assert_int_equal(from6(&b, SERVER, FIN | ACK), VERDICT_TRANSLATED);
	feed_sides_exchange(&a, &b);
	assert_int_equal(feed_side_stats(&b).taken, 1);
	assert_int_equal(unbind_on(&a, &ended), -EINVAL);
	assert_string_equal(
		error, "another box speaks for sessions of tcp 203.0.113.1:8080; remove it there");
	assert_int_equal(connections(&a), 1);
	assert_int_equal(unbind_on(&b, &ended), 0);
	assert_int_equal(ended, 1);
	feed_sides_exchange(&a, &b);
	assert_int_equal(connections(&a), 0);
	assert_int_equal(from4(&a, SERVER, SYN), VERDICT_TRANSLATED); /* it still stands on a */
	assert_int_equal(unbind_on(&a, &ended), 0);
	assert_int_equal(from4(&a, SERVER, SYN), VERDICT_SYN_STORED);
	feed_sides_close(&a, &b);
}

/* What stands on the other box under the same public port, for another host, is settled there: the
 * static one stays. */
static void the_port_of_a_binding_is_not_given_to_a_copy(void **state)
{
	struct translator_binding mine = web;

	(void)state;
	feed_sides_open(&a, &b, POOL);
	mine.host.s6_addr[15] = HOST + 1;
	assert_int_equal(bind_on(&a), 0);
	assert_int_equal(translator_bind(b.gateway.translator, &mine, error), 0);
	connect_by(&a, SERVER);
	feed_sides_exchange(&a, &b);
	assert_int_equal(connections(&b), 0);
	assert_int_equal(feed_side_stats(&b).refused, 1);
	assert_int_equal(feed_side_stats(&b).conflicts, 1);
	feed_sides_close(&a, &b);
}

/* Where an address is in no pool4, nothing may be made of a copy but by the operator. */
static void outside_pool4_it_is_needed_on_both(void **state)
{
	static const char keys[] = POOL "bib = tcp [2001:db8:6::9]:443 203.0.113.9:443\n";
	struct translator_binding outside = web;

	(void)state;
	feed_side_open(&a, 0, keys);
	feed_side_open(&b, 1, keys);
	outside.pool4 = 0xcb007109; /* 203.0.113.9 */
	assert_int_equal(translator_bind(a.gateway.translator, &outside, error), 0);
	assert_int_equal(from6(&a, SERVER, SYN), VERDICT_TRANSLATED);
	assert_int_equal(gateway_answer(&a.gateway, SYN | ACK), VERDICT_TRANSLATED);
	feed_sides_exchange(&a, &b);
	assert_int_equal(connections(&b), 0);
	assert_int_equal(feed_side_stats(&b).refused, 1);
	assert_int_equal(translator_bind(b.gateway.translator, &outside, error), 0);
	gateway_clear(&a.gateway);
	assert_int_equal(from6(&a, OTHER, SYN), VERDICT_TRANSLATED);
	assert_int_equal(gateway_answer(&a.gateway, SYN | ACK), VERDICT_TRANSLATED);
	feed_sides_exchange(&a, &b);
	assert_int_equal(connections(&b), 1);
	feed_sides_close(&a, &b);
}

static void many_sessions_are_ended_in_portions(void **state)
{
	enum { SESSIONS = TRANSLATOR_UNBIND_LIMIT + 900 };
	struct translator_binding binding = web;
	uint32_t ended;

	(void)state;
	gateway_open(&a.gateway, POOL);
	binding.proto = L4_UDP;
	assert_int_equal(translator_bind(a.gateway.translator, &binding, error), 0);
	for (uint32_t i = 0; i < SESSIONS; i++) {
		gateway_clear(&a.gateway);
		assert_int_equal(gateway_send6(&a.gateway, IPPROTO_UDP, HOST, 80, SERVER,
		                               (uint16_t)(1000 + i), 0),
		                 VERDICT_TRANSLATED);
	}
	assert_int_equal(gateway_stats(&a.gateway).sessions[L4_UDP], SESSIONS);
	assert_int_equal(
		translator_unbind(a.gateway.translator, &binding, a.gateway.now_us, &ended, error),
		-EAGAIN);
	assert_int_equal(ended, TRANSLATOR_UNBIND_LIMIT);
	assert_int_equal(
		translator_unbind(a.gateway.translator, &binding, a.gateway.now_us, &ended, error),
		0);
	assert_int_equal(ended, SESSIONS - TRANSLATOR_UNBIND_LIMIT);
	assert_int_equal(gateway_stats(&a.gateway).sessions[L4_UDP], 0);
	assert_int_equal(
		translator_unbind(a.gateway.translator, &binding, a.gateway.now_us, &ended, error),
		-EINVAL);
	gateway_close(&a.gateway);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_added_is_let_in_on_that_box_only),
		cmocka_unit_test(its_connections_live_on_where_it_was_not_added),
		cmocka_unit_test(a_removal_ends_connections_everywhere),
		cmocka_unit_test(connections_of_another_box_are_ended_there),
		cmocka_unit_test(the_port_of_a_binding_is_not_given_to_a_copy),
		cmocka_unit_test(outside_pool4_it_is_needed_on_both),
		cmocka_unit_test(many_sessions_are_ended_in_portions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

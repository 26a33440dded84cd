/* Which flows the core enters into the fast path, and when it takes them out again. */
#include "tests/unit/gateway.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SERVER 0xc6336450 /* 198.51.100.80 */
#define OTHER  0xc6336451
#define PUBLIC 0xcb007101 /* 203.0.113.1 */
#define POOL   "pool4 = 203.0.113.1/32 1024-65535\n"
#define SIIT   "mode = siit\neam = 203.0.113.7 2001:db8:6::1\n"
#define FIN    TCP_FLAG_FIN
#define SYN    TCP_FLAG_SYN
#define RST    TCP_FLAG_RST
#define ACK    TCP_FLAG_ACK

static struct gateway gateway;

static enum verdict send6(uint8_t proto, uint32_t server, uint8_t flags)
{
	return gateway_send6(&gateway, proto, 1, 4000, server, 7, flags);
}

/* What is entered, and what the statistics say of it. */
static void assert_held(uint32_t count)
{
	assert_int_equal(gateway.entered, count);
	assert_int_equal(gateway_stats(&gateway).fast_held, count);
}

/* A packet and its answer. */
static void exchange(uint8_t proto, uint32_t server, uint8_t flags, uint8_t answer)
{
	assert_int_equal(send6(proto, server, flags), VERDICT_TRANSLATED);
	assert_int_equal(gateway_answer(&gateway, answer), VERDICT_TRANSLATED);
}

static void a_flow_enters_when_both_directions_were_seen(void **state)
{
	static const uint8_t protos[] = { IPPROTO_UDP, IPPROTO_ICMPV6 };

	(void)state;
	for (size_t i = 0; i < sizeof(protos); i++) {
		gateway_open_fast(&gateway, POOL);
		assert_int_equal(send6(protos[i], SERVER, 0), VERDICT_TRANSLATED);
		assert_held(0);
		assert_int_equal(gateway_answer(&gateway, 0), VERDICT_TRANSLATED);
		assert_held(1);
		exchange(protos[i], SERVER, 0, 0);
		assert_held(1);
		assert_int_equal(gateway_stats(&gateway).counters.fast_installed, 1);
		gateway_close(&gateway);
	}
}

static void tcp_enters_when_it_is_open_and_leaves_when_it_ends(void **state)
{
	static const uint8_t endings[] = { RST, RST | ACK };

	(void)state;
	for (size_t i = 0; i < sizeof(endings); i++) {
		gateway_open_fast(&gateway, POOL);
		assert_int_equal(send6(IPPROTO_TCP, SERVER, SYN), VERDICT_TRANSLATED);
		assert_held(0);
		assert_int_equal(gateway_answer(&gateway, SYN | ACK), VERDICT_TRANSLATED);
		assert_held(1);
		assert_int_equal(send6(IPPROTO_TCP, SERVER, endings[i]), VERDICT_TRANSLATED);
		assert_held(0);
		gateway_close(&gateway);
	}
	gateway_open_fast(&gateway, POOL);
	exchange(IPPROTO_TCP, SERVER, SYN, SYN | ACK);
	assert_int_equal(send6(IPPROTO_TCP, SERVER, FIN | ACK), VERDICT_TRANSLATED);
	assert_held(1); /* closed from one side, the other may send on */
	assert_int_equal(gateway_answer(&gateway, FIN | ACK), VERDICT_TRANSLATED);
	assert_held(0);
	gateway_close(&gateway);
}

static void a_session_that_ends_leaves(void **state)
{
	(void)state;
	gateway_open_fast(&gateway, POOL);
	exchange(IPPROTO_UDP, SERVER, 0, 0);
	exchange(IPPROTO_UDP, OTHER, 0, 0);
	exchange(IPPROTO_ICMPV6, SERVER, 0, 0);
	assert_held(3);
	gateway_pass(&gateway, 302 * GATEWAY_SECOND_US);
	assert_held(0);
	gateway_close(&gateway);
}

static void flows_to_an_address_that_becomes_local_leave(void **state)
{
	uint16_t port;

	(void)state;
	gateway_open_fast(&gateway, POOL);
	assert_int_equal(send6(IPPROTO_UDP, SERVER, 0), VERDICT_TRANSLATED);
	port = gateway_last(&gateway)->src_port;
	assert_int_equal(gateway_answer(&gateway, 0), VERDICT_TRANSLATED);
	exchange(IPPROTO_UDP, OTHER, 0, 0);
	assert_held(2);
	gateway.local4 = SERVER;
	translator_local4_grew(gateway.translator);
	assert_held(1);
	assert_int_equal(send6(IPPROTO_UDP, SERVER, 0), VERDICT_LOCAL_ADDRESS);
	assert_int_equal(gateway_send4(&gateway, IPPROTO_UDP, SERVER, 7, PUBLIC, port, 0),
	                 VERDICT_TRANSLATED);
	assert_held(1); /* its other direction does not bring it back */
	gateway.local4 = 0;
	exchange(IPPROTO_UDP, SERVER, 0, 0);
	assert_held(2);
	gateway_close(&gateway);
}

static void local_addresses_do_not_matter_where_they_are_allowed(void **state)
{
	(void)state;
	gateway_open_fast(&gateway, POOL "allow-local-addresses = yes\n");
	exchange(IPPROTO_UDP, SERVER, 0, 0);
	gateway.local4 = SERVER;
	translator_local4_grew(gateway.translator);
	assert_held(1);
	gateway_close(&gateway);
}

static void stateless_mappings_are_forgotten_when_an_address_becomes_local(void **state)
{
	(void)state;
	gateway_open_fast(&gateway, SIIT);
	exchange(IPPROTO_UDP, SERVER, 0, 0);
	assert_held(2);
	gateway.local4 = SERVER;
	translator_local4_grew(gateway.translator);
	assert_held(0);
	assert_int_equal(send6(IPPROTO_UDP, SERVER, 0), VERDICT_LOCAL_ADDRESS);
	assert_held(0);
	gateway_close(&gateway);
}

static void without_a_fast_path_a_local_address_is_nothing_to_do(void **state)
{
	(void)state;
	gateway_open(&gateway, POOL);
	exchange(IPPROTO_UDP, SERVER, 0, 0);
	gateway.local4 = SERVER;
	translator_local4_grew(gateway.translator);
	assert_int_equal(send6(IPPROTO_UDP, SERVER, 0), VERDICT_LOCAL_ADDRESS);
	gateway_close(&gateway);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_enters_when_both_directions_were_seen),
		cmocka_unit_test(tcp_enters_when_it_is_open_and_leaves_when_it_ends),
		cmocka_unit_test(a_session_that_ends_leaves),
		cmocka_unit_test(flows_to_an_address_that_becomes_local_leave),
		cmocka_unit_test(local_addresses_do_not_matter_where_they_are_allowed),
		cmocka_unit_test(stateless_mappings_are_forgotten_when_an_address_becomes_local),
		cmocka_unit_test(without_a_fast_path_a_local_address_is_nothing_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

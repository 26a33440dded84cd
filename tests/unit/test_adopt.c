/* A new configuration under running sessions: what fits goes on with its ports, states and
 * lifetimes, what does not is left behind and counted (OPS-10, BIB-12). */
#include "tests/unit/gateway.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SECOND_US GATEWAY_SECOND_US
#define SERVER    0xc6336450 /* 198.51.100.80 */
#define PUBLIC    0xcb007101 /* 203.0.113.1 */
#define POOL      "pool4 = 203.0.113.1/32 1024-65535\n"
#define OTHER     "pool4 = 203.0.113.9/32 1024-65535\n"
#define SYN       TCP_FLAG_SYN
#define ACK       TCP_FLAG_ACK

static struct gateway gateway;

static uint16_t open_udp(uint16_t host, uint16_t port)
{
	assert_int_equal(gateway_send6(&gateway, IPPROTO_UDP, host, port, SERVER, 7, 0),
	                 VERDICT_TRANSLATED);
	return gateway_last(&gateway)->src_port;
}

static enum verdict answer_udp(uint16_t port)
{
	return gateway_send4(&gateway, IPPROTO_UDP, SERVER, 7, PUBLIC, port, 0);
}

static void sessions_go_on_under_the_same_configuration(void **state)
{
	uint16_t udp, tcp;

	(void)state;
	gateway_open(&gateway, POOL);
	udp = open_udp(1, 4000);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_TCP, 1, 4000, SERVER, 7, SYN),
	                 VERDICT_TRANSLATED);
	tcp = gateway_last(&gateway)->src_port;
	assert_int_equal(gateway_answer(&gateway, SYN | ACK), VERDICT_TRANSLATED);
	assert_int_equal(gateway_reload(&gateway, POOL), 0);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_UDP], 1);
	assert_int_equal(gateway_stats(&gateway).counters.packets[TRANSLATOR_64], 2);
	assert_int_equal(answer_udp(udp), VERDICT_TRANSLATED);
	assert_int_equal(open_udp(1, 4000), udp);
	gateway_pass(&gateway, 7000 * SECOND_US); /* established: two hours and four minutes */
	assert_int_equal(gateway_send4(&gateway, IPPROTO_TCP, SERVER, 7, PUBLIC, tcp, ACK),
	                 VERDICT_TRANSLATED);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_TCP], 1);
	gateway_close(&gateway);
}

static void a_reload_prolongs_no_life(void **state)
{
	uint16_t port;

	(void)state;
	gateway_open(&gateway, POOL);
	port = open_udp(1, 4000);
	for (int i = 0; i < 6; i++) {
		gateway_pass(&gateway, 50 * SECOND_US + SECOND_US / 5);
		(void)gateway_reload(&gateway, POOL);
	}
	assert_int_equal(answer_udp(port), VERDICT_NO_BINDING);
	gateway_close(&gateway);
}

static void a_removed_pool_ends_its_sessions(void **state)
{
	uint16_t port;

	(void)state;
	gateway_open(&gateway, POOL);
	port = open_udp(1, 4000);
	(void)open_udp(2, 4000);
	assert_int_equal(gateway_reload(&gateway, OTHER "pool4-removed = kill\n"), 2);
	assert_int_equal(answer_udp(port), VERDICT_NOT_POOL4);
	(void)open_udp(1, 4000);
	assert_int_equal(gateway_last(&gateway)->src4, PUBLIC + 8);
	gateway_close(&gateway);
}

static void a_drained_pool_serves_its_sessions_to_the_end(void **state)
{
	uint16_t port;

	(void)state;
	gateway_open(&gateway, POOL);
	port = open_udp(1, 4000);
	assert_int_equal(gateway_reload(&gateway, OTHER "pool4-removed = drain\n"), 0);
	assert_int_equal(answer_udp(port), VERDICT_TRANSLATED);
	(void)open_udp(2, 4000);
	assert_int_equal(gateway_last(&gateway)->src4, PUBLIC + 8);
	gateway_pass(&gateway, 301 * SECOND_US);
	assert_int_not_equal(answer_udp(port), VERDICT_TRANSLATED);
	gateway_close(&gateway);
}

static void a_drained_port_does_not_come_back(void **state)
{
	uint16_t old_port;

	(void)state;
	gateway_open(&gateway, "pool4 = 203.0.113.1/32 6000-6000\n");
	old_port = open_udp(1, 4000);
	assert_int_equal(old_port, 6000);
	assert_int_equal(gateway_reload(&gateway, "pool4 = 203.0.113.1/32 5000-5001\n"
	                                          "pool4-removed = drain\nport-reuse-delay = 0s\n"),
	                 0);
	gateway_pass(&gateway, 301 * SECOND_US);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_UDP], 0);
	assert_int_equal(gateway_stats(&gateway).pool4_used[L4_UDP], 0);
	for (uint16_t host = 1; host <= 2; host++)
		assert_in_range(open_udp(host, 4000), 5000, 5001);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_UDP, 3, 4000, SERVER, 7, 0),
	                 VERDICT_POOL4_EXHAUSTED);
	gateway_close(&gateway);
}

static void sessions_of_a_removed_static_binding_end(void **state)
{
	(void)state;
	gateway_open(&gateway, POOL "bib = tcp [2001:db8:6::80]:8080 203.0.113.1:80\n");
	assert_int_equal(gateway_send4(&gateway, IPPROTO_TCP, SERVER, 7, PUBLIC, 80, SYN),
	                 VERDICT_TRANSLATED);
	assert_int_equal(gateway_reload(&gateway, POOL), 1);
	assert_int_equal(gateway_stats(&gateway).static_bindings, 0);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_TCP], 0);
	gateway_close(&gateway);
}

static void a_static_binding_keeps_its_sessions(void **state)
{
	(void)state;
	gateway_open(&gateway, POOL "bib = tcp [2001:db8:6::80]:8080 203.0.113.1:80\n");
	assert_int_equal(gateway_send4(&gateway, IPPROTO_TCP, SERVER, 7, PUBLIC, 80, SYN),
	                 VERDICT_TRANSLATED);
	assert_int_equal(gateway_reload(&gateway,
	                                POOL "bib = tcp [2001:db8:6::80]:8080 203.0.113.1:80\n"
	                                     "bib = tcp [2001:db8:6::80]:8081 203.0.113.1:81\n"),
	                 0);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_TCP], 1);
	assert_int_equal(gateway_stats(&gateway).static_bindings, 2);
	gateway_close(&gateway);
}

static void a_smaller_table_takes_what_it_can_hold(void **state)
{
	(void)state;
	gateway_open(&gateway, POOL "max-sessions = 100\n");
	for (uint16_t host = 1; host <= 50; host++)
		(void)open_udp(host, 4000);
	assert_int_equal(gateway_reload(&gateway, POOL "max-sessions = 20\n"), 30);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_UDP], 20);
	gateway_pass(&gateway, 301 * SECOND_US);
	assert_int_equal(gateway_stats(&gateway).bindings[L4_UDP], 0);
	gateway_close(&gateway);
}

static void a_resting_port_rests_on(void **state)
{
	(void)state;
	gateway_open(&gateway, "pool4 = 203.0.113.1/32 5000-5000\n");
	(void)open_udp(1, 4000);
	gateway_pass(&gateway, 302 * SECOND_US);
	assert_int_equal(gateway_reload(&gateway, "pool4 = 203.0.113.1/32 5000-5000\n"), 0);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_UDP, 2, 4000, SERVER, 7, 0),
	                 VERDICT_POOL4_EXHAUSTED);
	gateway_pass(&gateway, 121 * SECOND_US);
	assert_int_equal(open_udp(2, 4000), 5000);
	gateway_close(&gateway);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_go_on_under_the_same_configuration),
		cmocka_unit_test(a_reload_prolongs_no_life),
		cmocka_unit_test(a_removed_pool_ends_its_sessions),
		cmocka_unit_test(a_drained_pool_serves_its_sessions_to_the_end),
		cmocka_unit_test(a_drained_port_does_not_come_back),
		cmocka_unit_test(sessions_of_a_removed_static_binding_end),
		cmocka_unit_test(a_static_binding_keeps_its_sessions),
		cmocka_unit_test(a_smaller_table_takes_what_it_can_hold),
		cmocka_unit_test(a_resting_port_rests_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

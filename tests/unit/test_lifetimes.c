/* Lifetimes of sessions and bindings by a virtual clock, through the whole core (UDP-04, UDP-05,
 * ICQ-03, TCP-03 to TCP-10, BIB-13). */
#include "tests/unit/gateway.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SECOND_US GATEWAY_SECOND_US
#define SERVER    0xc6336450 /* 198.51.100.80 */
#define PUBLIC    0xcb007101 /* 203.0.113.1 */
#define POOL      "pool4 = 203.0.113.1/32 1024-65535\n"

#define FIN TCP_FLAG_FIN
#define SYN TCP_FLAG_SYN
#define RST TCP_FLAG_RST
#define ACK TCP_FLAG_ACK

static struct gateway gateway;

/* Open one flow from inside; returns its public port. */
static uint16_t open_flow(uint8_t protocol, uint8_t flags)
{
	enum verdict verdict = gateway_send6(&gateway, protocol, 1, 4000, SERVER, 7, flags);

	assert_int_equal(verdict, VERDICT_TRANSLATED);
	return gateway_last(&gateway)->src_port;
}

static enum verdict from_server(uint8_t protocol, uint16_t port, uint8_t flags)
{
	return gateway_send4(&gateway, protocol, SERVER, 7, PUBLIC, port, flags);
}

static void udp_lives_five_minutes(void **state)
{
	uint16_t port;

	(void)state;
	gateway_open(&gateway, POOL "inbound-refresh = no\n");
	port = open_flow(IPPROTO_UDP, 0);
	gateway_pass(&gateway, 299 * SECOND_US);
	assert_int_equal(from_server(IPPROTO_UDP, port, 0), VERDICT_TRANSLATED);
	gateway_pass(&gateway, 2 * SECOND_US);
	assert_int_equal(from_server(IPPROTO_UDP, port, 0), VERDICT_NO_BINDING);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_UDP], 0);
	assert_int_equal(gateway_stats(&gateway).bindings[L4_UDP], 0);
	gateway_close(&gateway);
}

static void udp_from_inside_refreshes(void **state)
{
	uint16_t port;

	(void)state;
	gateway_open(&gateway, POOL);
	port = open_flow(IPPROTO_UDP, 0);
	for (int i = 0; i < 5; i++) {
		gateway_pass(&gateway, 290 * SECOND_US);
		assert_int_equal(open_flow(IPPROTO_UDP, 0), port);
	}
	gateway_close(&gateway);
}

static void udp_from_outside_refreshes_if_it_may(void **state)
{
	uint16_t port;

	(void)state;
	gateway_open(&gateway, POOL);
	port = open_flow(IPPROTO_UDP, 0);
	for (int i = 0; i < 5; i++) {
		gateway_pass(&gateway, 290 * SECOND_US);
		assert_int_equal(from_server(IPPROTO_UDP, port, 0), VERDICT_TRANSLATED);
	}
	gateway_close(&gateway);
}

static void refused_packets_refresh_nothing(void **state)
{
	uint16_t port;

	(void)state;
	gateway_open(&gateway, POOL "filtering = address-dependent\n");
	port = open_flow(IPPROTO_UDP, 0);
	for (int i = 0; i < 5; i++) {
		gateway_pass(&gateway, 60 * SECOND_US);
		(void)gateway_send4(&gateway, IPPROTO_UDP, SERVER + 1, 7, PUBLIC, port, 0);
	}
	gateway_pass(&gateway, SECOND_US);
	assert_int_equal(from_server(IPPROTO_UDP, port, 0), VERDICT_NO_BINDING);
	gateway_close(&gateway);
}

static void ping_lives_one_minute(void **state)
{
	(void)state;
	gateway_open(&gateway, POOL);
	(void)open_flow(IPPROTO_ICMPV6, 0);
	gateway_pass(&gateway, 59 * SECOND_US);
	assert_int_equal(gateway_answer(&gateway, 0), VERDICT_TRANSLATED);
	gateway_close(&gateway);

	gateway_open(&gateway, POOL);
	(void)open_flow(IPPROTO_ICMPV6, 0);
	gateway_pass(&gateway, 61 * SECOND_US);
	assert_int_equal(gateway_answer(&gateway, 0), VERDICT_NO_BINDING);
	gateway_close(&gateway);
}

static void an_unanswered_syn_lives_four_minutes(void **state)
{
	uint16_t port;

	(void)state;
	gateway_open(&gateway, POOL);
	port = open_flow(IPPROTO_TCP, SYN);
	gateway_pass(&gateway, 239 * SECOND_US);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_TCP], 1);
	gateway_pass(&gateway, 2 * SECOND_US);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_TCP], 0);
	assert_int_equal(from_server(IPPROTO_TCP, port, SYN | ACK), VERDICT_NO_BINDING);
	gateway_close(&gateway);
}

static uint16_t establish(void)
{
	uint16_t port = open_flow(IPPROTO_TCP, SYN);

	assert_int_equal(from_server(IPPROTO_TCP, port, SYN | ACK), VERDICT_TRANSLATED);
	gateway_clear(&gateway);
	return port;
}

static void an_idle_connection_is_probed_after_two_hours(void **state)
{
	const struct packet *probe;

	(void)state;
	gateway_open(&gateway, POOL);
	(void)establish();
	gateway_pass(&gateway, 7439 * SECOND_US);
	assert_int_equal(gateway.count, 0);
	gateway_pass(&gateway, 2 * SECOND_US);
	assert_int_equal(gateway.count, 1);
	probe = gateway_last(&gateway);
	assert_int_equal(probe->version, 6);
	assert_int_equal(probe->proto, IPPROTO_TCP);
	assert_int_equal(probe->tcp_flags, ACK);
	assert_int_equal(probe->src_port, 7);
	assert_int_equal(probe->dst_port, 4000);
	assert_int_equal(probe->l4_len, 20);
	assert_int_equal(load_be32(probe->data + probe->l4_offset + 4), 0);
	assert_int_equal(load_be32(probe->data + probe->l4_offset + 8), 0);
	assert_int_equal(gateway_stats(&gateway).counters.tcp_probes, 1);
	gateway_pass(&gateway, 238 * SECOND_US);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_TCP], 1);
	gateway_pass(&gateway, 4 * SECOND_US);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_TCP], 0);
	gateway_close(&gateway);
}

static void an_answer_to_the_probe_revives_the_connection(void **state)
{
	uint16_t port;

	(void)state;
	gateway_open(&gateway, POOL);
	port = establish();
	gateway_pass(&gateway, 7441 * SECOND_US);
	assert_int_equal(gateway_answer(&gateway, ACK), VERDICT_TRANSLATED);
	gateway_pass(&gateway, 7400 * SECOND_US);
	assert_int_equal(from_server(IPPROTO_TCP, port, ACK), VERDICT_TRANSLATED);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_TCP], 1);
	gateway_close(&gateway);
}

static void a_reset_shortens_life_and_data_restores_it(void **state)
{
	uint16_t port;

	(void)state;
	gateway_open(&gateway, POOL);
	port = establish();
	assert_int_equal(from_server(IPPROTO_TCP, port, RST), VERDICT_TRANSLATED);
	gateway_pass(&gateway, 230 * SECOND_US);
	assert_int_equal(from_server(IPPROTO_TCP, port, ACK), VERDICT_TRANSLATED);
	gateway_pass(&gateway, 7000 * SECOND_US);
	assert_int_equal(from_server(IPPROTO_TCP, port, RST), VERDICT_TRANSLATED);
	gateway_pass(&gateway, 242 * SECOND_US);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_TCP], 0);
	gateway_close(&gateway);
}

static void a_half_closed_connection_lives_on(void **state)
{
	uint16_t port;

	(void)state;
	gateway_open(&gateway, POOL);
	port = establish();
	(void)open_flow(IPPROTO_TCP, FIN | ACK);
	for (int i = 0; i < 10; i++) {
		gateway_pass(&gateway, 600 * SECOND_US);
		assert_int_equal(from_server(IPPROTO_TCP, port, ACK), VERDICT_TRANSLATED);
	}
	assert_int_equal(from_server(IPPROTO_TCP, port, FIN | ACK), VERDICT_TRANSLATED);
	assert_int_equal(open_flow(IPPROTO_TCP, ACK), port);
	gateway_pass(&gateway, 242 * SECOND_US);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_TCP], 0);
	gateway_close(&gateway);
}

static void an_unsolicited_syn_is_refused_after_six_seconds(void **state)
{
	const struct packet *error;

	(void)state;
	gateway_open(&gateway, POOL);
	assert_int_equal(from_server(IPPROTO_TCP, 5555, SYN), VERDICT_SYN_STORED);
	gateway_pass(&gateway, 5900000);
	assert_int_equal(gateway.count, 0);
	gateway_pass(&gateway, 400000);
	assert_int_equal(gateway.count, 1);
	error = gateway_last(&gateway);
	assert_int_equal(error->version, 4);
	assert_int_equal(error->icmp_type, 3);
	assert_int_equal(error->icmp_code, 3);
	assert_int_equal(error->dst4, SERVER);
	assert_int_equal(gateway_stats(&gateway).counters.verdicts[VERDICT_SYN_REFUSED], 1);
	gateway_close(&gateway);
}

static void a_simultaneous_open_meets_the_stored_syn(void **state)
{
	uint16_t port;

	(void)state;
	gateway_open(&gateway, POOL "filtering = address-dependent\n");
	port = open_flow(IPPROTO_TCP, SYN);
	/* Another server's SYN to the same port is stored, then the host calls that server. */
	assert_int_equal(gateway_send4(&gateway, IPPROTO_TCP, SERVER + 1, 7, PUBLIC, port, SYN),
	                 VERDICT_SYN_STORED);
	assert_int_equal(gateway_stats(&gateway).stored_syns, 1);
	gateway_pass(&gateway, 3 * SECOND_US);
	gateway_clear(&gateway);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_TCP, 1, 4000, SERVER + 1, 7, SYN),
	                 VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&gateway)->src_port, port);
	assert_int_equal(gateway_stats(&gateway).stored_syns, 0);
	gateway_pass(&gateway, 10 * SECOND_US);
	assert_int_equal(gateway.count, 1); /* no error followed */
	assert_int_equal(
		gateway_send4(&gateway, IPPROTO_TCP, SERVER + 1, 7, PUBLIC, port, SYN | ACK),
		VERDICT_TRANSLATED);
	gateway_close(&gateway);
}

static void a_port_rests_before_it_is_used_again(void **state)
{
	(void)state;
	gateway_open(&gateway, "pool4 = 203.0.113.1/32 5000-5000\n");
	(void)open_flow(IPPROTO_UDP, 0);
	gateway_pass(&gateway, 301 * SECOND_US);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_UDP, 2, 4000, SERVER, 7, 0),
	                 VERDICT_POOL4_EXHAUSTED);
	gateway_pass(&gateway, 121 * SECOND_US);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_UDP, 2, 4000, SERVER, 7, 0),
	                 VERDICT_TRANSLATED);
	gateway_close(&gateway);
}

static void a_static_binding_needs_no_session(void **state)
{
	(void)state;
	gateway_open(&gateway, POOL "bib = tcp [2001:db8:6::80]:8080 203.0.113.1:80\n");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(from_server(IPPROTO_TCP, 80, SYN), VERDICT_TRANSLATED);
		assert_int_equal(gateway_last(&gateway)->dst_port, 8080);
		gateway_pass(&gateway, 250 * SECOND_US);
		assert_int_equal(gateway_stats(&gateway).sessions[L4_TCP], 0);
		assert_int_equal(gateway_stats(&gateway).static_bindings, 1);
	}
	gateway_close(&gateway);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(udp_lives_five_minutes),
		cmocka_unit_test(udp_from_inside_refreshes),
		cmocka_unit_test(udp_from_outside_refreshes_if_it_may),
		cmocka_unit_test(refused_packets_refresh_nothing),
		cmocka_unit_test(ping_lives_one_minute),
		cmocka_unit_test(an_unanswered_syn_lives_four_minutes),
		cmocka_unit_test(an_idle_connection_is_probed_after_two_hours),
		cmocka_unit_test(an_answer_to_the_probe_revives_the_connection),
		cmocka_unit_test(a_reset_shortens_life_and_data_restores_it),
		cmocka_unit_test(a_half_closed_connection_lives_on),
		cmocka_unit_test(an_unsolicited_syn_is_refused_after_six_seconds),
		cmocka_unit_test(a_simultaneous_open_meets_the_stored_syn),
		cmocka_unit_test(a_port_rests_before_it_is_used_again),
		cmocka_unit_test(a_static_binding_needs_no_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

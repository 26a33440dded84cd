/* Limits, through the whole core: what a stranger or a greedy host can use up, and that others do
 * not notice (BIB-10, ERR-03, ERR-07, ERR-09, TCP-12, OPS-01, OPS-03, SEC-05, SEC-24). */
#include "tests/unit/gateway.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND_US GATEWAY_SECOND_US
#define SERVER    0xc6336450 /* 198.51.100.80 */
#define PUBLIC    0xcb007101 /* 203.0.113.1 */
#define POOL      "pool4 = 203.0.113.1/32 1024-65535\n"
#define SYN       TCP_FLAG_SYN

static struct gateway gateway;

static enum verdict udp_from(uint16_t host, uint16_t port)
{
	return gateway_send6(&gateway, IPPROTO_UDP, host, port, SERVER, 7, 0);
}

/* The last output is an ICMPv6 error of this type and code. */
static void was_told(uint8_t type, uint8_t code)
{
	const struct packet *error = gateway_last(&gateway);

	assert_int_equal(error->version, 6);
	assert_int_equal(error->proto, IPPROTO_ICMPV6);
	assert_int_equal(error->icmp_type, type);
	assert_int_equal(error->icmp_code, code);
}

static void a_network_shares_its_limit(void **state)
{
	struct explain_fields neighbour = {
		.ipv6 = true,
		.src6 = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, 0, 7, [15] = 1 } },
		.dst6 = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, 0, 0x64, [12] = 198, 51, 100, 80 } },
		.protocol = IPPROTO_UDP,
		.src_port = 4000,
		.dst_port = 7,
	};

	(void)state;
	gateway_open(&gateway, POOL "max-sessions-per-host = 10\n");
	for (uint16_t host = 1; host <= 10; host++)
		assert_int_equal(udp_from(host, 4000), VERDICT_TRANSLATED);
	for (uint16_t host = 11; host < 100; host++) {
		gateway_clear(&gateway);
		assert_int_equal(udp_from(host, 4000), VERDICT_HOST_LIMIT);
		was_told(1, 3);
	}
	assert_int_equal(udp_from(3, 4000), VERDICT_TRANSLATED);
	assert_int_equal(gateway_send(&gateway, &neighbour), VERDICT_TRANSLATED);
	gateway_clear(&gateway);
	gateway_pass(&gateway, 301 * SECOND_US);
	assert_int_equal(udp_from(99, 4000), VERDICT_TRANSLATED);
	gateway_close(&gateway);
}

static void a_full_session_table_evicts_nobody(void **state)
{
	uint16_t port;

	(void)state;
	gateway_open(&gateway, POOL "max-sessions = 20\n");
	assert_int_equal(udp_from(1, 4000), VERDICT_TRANSLATED);
	port = gateway_last(&gateway)->src_port;
	for (uint16_t host = 2; host <= 20; host++)
		assert_int_equal(udp_from(host, 4000), VERDICT_TRANSLATED);
	gateway_clear(&gateway);
	assert_int_equal(udp_from(21, 4000), VERDICT_SESSION_LIMIT);
	was_told(1, 3);
	assert_int_equal(udp_from(1, 4000), VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&gateway)->src_port, port);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_UDP], 20);
	gateway_close(&gateway);
}

static void an_exhausted_pool_refuses_new_flows_only(void **state)
{
	uint64_t used;

	(void)state;
	gateway_open(&gateway, "pool4 = 203.0.113.1/32 5000-5003\n");
	for (uint16_t host = 1; host <= 4; host++)
		assert_int_equal(udp_from(host, 4000), VERDICT_TRANSLATED);
	used = gateway_stats(&gateway).pool4_used[L4_UDP];
	for (uint16_t host = 5; host < 200; host++) {
		gateway_clear(&gateway);
		assert_int_equal(udp_from(host, 4000), VERDICT_POOL4_EXHAUSTED);
		was_told(1, 3);
	}
	assert_int_equal(gateway_stats(&gateway).pool4_used[L4_UDP], used);
	assert_int_equal(used, 4);
	for (uint16_t host = 1; host <= 4; host++)
		assert_int_equal(udp_from(host, 4000), VERDICT_TRANSLATED);
	/* The mapping serves further destinations of the same port. */
	assert_int_equal(gateway_send6(&gateway, IPPROTO_UDP, 1, 4000, SERVER + 1, 9, 0),
	                 VERDICT_TRANSLATED);
	gateway_close(&gateway);
}

static void originated_errors_are_rate_limited(void **state)
{
	struct explain_fields dying = {
		.ipv6 = true,
		.src6 = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, 0, 6, [15] = 1 } },
		.dst6 = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, 0, 0x64, [12] = 198, 51, 100, 80 } },
		.protocol = IPPROTO_UDP,
		.src_port = 4000,
		.dst_port = 7,
		.ttl = 1,
	};
	size_t after_burst;

	(void)state;
	gateway_open(&gateway, POOL "icmp-error-rate = 10\nicmp-error-burst = 30\n");
	for (int i = 0; i < 1000; i++)
		assert_int_equal(gateway_send(&gateway, &dying), VERDICT_TTL_EXCEEDED);
	assert_int_equal(gateway.count, 30);
	after_burst = gateway.count;
	for (int i = 0; i < 100; i++) {
		gateway_pass(&gateway, SECOND_US / 20);
		(void)gateway_send(&gateway, &dying);
	}
	assert_in_range(gateway.count - after_burst, 49, 51);
	assert_int_equal(gateway_stats(&gateway).counters.errors_sent[TRANSLATOR_64],
	                 gateway.count);
	assert_int_equal(gateway_stats(&gateway).counters.errors_limited[TRANSLATOR_64],
	                 1100 - gateway.count);
	/* Translated packets know no such limit. */
	gateway_clear(&gateway);
	for (uint16_t port = 1; port <= 100; port++)
		assert_int_equal(gateway_send6(&gateway, IPPROTO_ICMPV6, 1, port, SERVER, 0, 0),
		                 VERDICT_TRANSLATED);
	assert_int_equal(gateway.count, 100);
	gateway_close(&gateway);
}

static void stored_syns_are_bounded(void **state)
{
	uint16_t port;

	(void)state;
	gateway_open(&gateway, POOL "max-stored-syns = 50\n");
	assert_int_equal(gateway_send6(&gateway, IPPROTO_TCP, 1, 4000, SERVER, 7, SYN),
	                 VERDICT_TRANSLATED);
	port = gateway_last(&gateway)->src_port;
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(gateway_send4(&gateway, IPPROTO_TCP, 0x08000000 + i, 7, PUBLIC,
		                               (uint16_t)(port ^ 1), SYN),
		                 i < 50 ? VERDICT_SYN_STORED : VERDICT_SYN_LIMIT);
	assert_int_equal(gateway_stats(&gateway).stored_syns, 50);
	assert_int_equal(
		gateway_send4(&gateway, IPPROTO_TCP, SERVER, 7, PUBLIC, port, SYN | TCP_FLAG_ACK),
		VERDICT_TRANSLATED);
	gateway_pass(&gateway, 7 * SECOND_US);
	assert_int_equal(gateway_stats(&gateway).stored_syns, 0);
	gateway_close(&gateway);
}

static uint64_t verdict_sum(const struct translator_stats *stats)
{
	uint64_t sum = 0;

	for (int i = 0; i < VERDICT_COUNT; i++)
		sum += stats->counters.verdicts[i];
	return sum;
}

static void every_packet_is_counted_once(void **state)
{
	struct translator_stats stats;

	(void)state;
	gateway_open(&gateway, POOL);
	(void)udp_from(1, 4000);
	(void)gateway_answer(&gateway, 0);
	(void)gateway_send4(&gateway, IPPROTO_UDP, SERVER, 7, PUBLIC, 2000, 0);
	(void)gateway_send4(&gateway, IPPROTO_UDP, SERVER, 7, PUBLIC + 1, 2000, 0);
	(void)gateway_send6(&gateway, 132, 1, 0, SERVER, 0, 0);
	(void)gateway_input(&gateway, (const uint8_t *)"E", 1);
	(void)gateway_input(&gateway, (const uint8_t *)"", 0);
	stats = gateway_stats(&gateway);
	assert_int_equal(verdict_sum(&stats), 7);
	assert_int_equal(stats.counters.verdicts[VERDICT_TRANSLATED], 2);
	assert_int_equal(stats.counters.verdicts[VERDICT_NOT_POOL4], 1);
	assert_int_equal(stats.counters.verdicts[VERDICT_UNSUPPORTED_PROTOCOL], 1);
	assert_int_equal(stats.counters.packets[TRANSLATOR_64], 1);
	assert_int_equal(stats.counters.packets[TRANSLATOR_46], 1);
	assert_int_equal(stats.counters.bytes[TRANSLATOR_64], 48);
	assert_int_equal(stats.counters.bytes[TRANSLATOR_46], 28);
	gateway_close(&gateway);
}

static void explaining_changes_nothing(void **state)
{
	static struct explain explain;
	const struct explain_fields fields = {
		.ipv6 = true,
		.src6 = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, 0, 6, [15] = 1 } },
		.dst6 = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, 0, 0x64, [12] = 198, 51, 100, 80 } },
		.protocol = IPPROTO_UDP,
		.src_port = 4000,
		.dst_port = 7,
	};
	struct translator_stats before, after;

	(void)state;
	gateway_open(&gateway, POOL);
	before = gateway_stats(&gateway);
	assert_int_equal(explain_build(&fields, &explain), 0);
	explain_run(gateway.translator, &explain, gateway.now_us);
	after = gateway_stats(&gateway);
	assert_int_equal(explain.verdict, VERDICT_TRANSLATED);
	assert_int_equal(explain.count, 1);
	assert_int_equal(explain.packets[0].src4, PUBLIC);
	assert_true(explain.trace.count > 0);
	assert_int_equal(gateway.count, 0);
	assert_memory_equal(&before, &after, sizeof(before));
	gateway_close(&gateway);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_network_shares_its_limit),
		cmocka_unit_test(a_full_session_table_evicts_nobody),
		cmocka_unit_test(an_exhausted_pool_refuses_new_flows_only),
		cmocka_unit_test(originated_errors_are_rate_limited),
		cmocka_unit_test(stored_syns_are_bounded),
		cmocka_unit_test(every_packet_is_counted_once),
		cmocka_unit_test(explaining_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Bindings, filtering, hairpinning and TCP through the whole core, where the vectors need company:
 * several hosts, time, limits (BIB-01, BIB-04, BIB-05, BIB-09 to BIB-11, BIB-13, BIB-14, FLT-02,
 * HPN-03, HPN-04, ICQ-01, ICQ-05, TCP-03, TCP-04, TCP-13, TCP-15, SEC-05, SEC-16). */
#include "tests/unit/raw_packet.h"
#include "translator/pool4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SECOND_US GATEWAY_SECOND_US
#define SERVER    0xc6336450 /* 198.51.100.80 */
#define STRANGER  0xc6336463 /* 198.51.100.99 */
#define PUBLIC    0xcb007101 /* 203.0.113.1 */
#define POOL      "pool4 = 203.0.113.1/32 1024-65535\n"

#define FIN TCP_FLAG_FIN
#define SYN TCP_FLAG_SYN
#define RST TCP_FLAG_RST
#define ACK TCP_FLAG_ACK

static struct gateway gateway;

/* A packet that opens a session, of TCP a SYN; the outputs of before are forgotten. */
static enum verdict open_from(uint8_t protocol, uint16_t host, uint16_t port)
{
	gateway_clear(&gateway);
	return gateway_send6(&gateway, protocol, host, port, SERVER, 7, SYN);
}

static uint16_t public_port(uint8_t protocol, uint16_t host, uint16_t port)
{
	assert_int_equal(open_from(protocol, host, port), VERDICT_TRANSLATED);
	return gateway_last(&gateway)->src_port;
}

static void the_tables_of_the_protocols_are_independent(void **state)
{
	static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP, IPPROTO_ICMPV6 };

	(void)state;
	gateway_open(&gateway, "pool4 = 203.0.113.1/32 5000-5000\n");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(public_port(protocols[i], 1, 4000), 5000);
		assert_int_equal(open_from(protocols[i], 2, 4000), VERDICT_POOL4_EXHAUSTED);
	}
	gateway_pass(&gateway, 61 * SECOND_US);
	assert_int_equal(gateway_stats(&gateway).bindings[L4_ICMP], 0);
	assert_int_equal(gateway_stats(&gateway).bindings[L4_UDP], 1);
	assert_int_equal(gateway_stats(&gateway).bindings[L4_TCP], 1);
	gateway_close(&gateway);
}

static void a_binding_lives_as_long_as_its_last_session(void **state)
{
	uint16_t port;

	(void)state;
	gateway_open(&gateway, POOL);
	port = public_port(IPPROTO_UDP, 1, 4000);
	for (int i = 0; i < 3; i++) {
		gateway_pass(&gateway, 200 * SECOND_US);
		assert_int_equal(
			gateway_send6(&gateway, IPPROTO_UDP, 1, 4000, SERVER + 1 + i, 7, 0),
			VERDICT_TRANSLATED);
		assert_int_equal(gateway_last(&gateway)->src_port, port);
	}
	assert_int_equal(gateway_stats(&gateway).sessions[L4_UDP], 2);
	gateway_pass(&gateway, 301 * SECOND_US);
	assert_int_equal(gateway_stats(&gateway).bindings[L4_UDP], 0);
	gateway_close(&gateway);
}

static void static_ranges_serve_at_once_in_all_protocols(void **state)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP };

	(void)state;
	gateway_open(&gateway, POOL "bib = tcp [2001:db8:6::1]:8000-8099 203.0.113.9:80-179\n"
	                            "bib = udp [2001:db8:6::1]:8000-8099 203.0.113.9:80-179\n"
	                            "bib = icmp [2001:db8:6::1]:8000-8099 203.0.113.9:80-179\n");
	for (int i = 0; i < 3; i++) {
		for (uint16_t port = 80; port < 180; port += 33) {
			assert_int_equal(gateway_send4(&gateway, protocols[i], STRANGER, 7,
			                               0xcb007109, port, SYN),
			                 VERDICT_TRANSLATED);
			assert_int_equal(gateway_last(&gateway)->dst_port, 8000 + port - 80);
			assert_int_equal(load_be32(gateway_last(&gateway)->src6.s6_addr + 12),
			                 STRANGER);
			assert_int_equal(gateway_answer(&gateway, SYN | ACK), VERDICT_TRANSLATED);
			assert_int_equal(gateway_last(&gateway)->src4, 0xcb007109);
			assert_int_equal(gateway_last(&gateway)->src_port, port);
		}
		assert_int_not_equal(
			gateway_send4(&gateway, protocols[i], STRANGER, 7, 0xcb007109, 180, SYN),
			VERDICT_TRANSLATED);
	}
	assert_int_equal(gateway_stats(&gateway).static_bindings, 300);
	gateway_close(&gateway);
}

static void a_static_port_is_never_given_out(void **state)
{
	(void)state;
	gateway_open(&gateway, "pool4 = 203.0.113.1/32 5000-5003\n"
	                       "bib = udp [2001:db8:6::80]:53 203.0.113.1:5001\n");
	for (uint16_t host = 1; host <= 3; host++)
		assert_int_not_equal(public_port(IPPROTO_UDP, host, 4000), 5001);
	assert_int_equal(open_from(IPPROTO_UDP, 4, 4000), VERDICT_POOL4_EXHAUSTED);
	assert_int_equal(gateway_send4(&gateway, IPPROTO_UDP, STRANGER, 7, PUBLIC, 5001, 0),
	                 VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&gateway)->dst_port, 53);
	gateway_close(&gateway);
}

static void all_flows_of_a_host_have_one_public_address(void **state)
{
	(void)state;
	gateway_open(&gateway, "pool4 = 203.0.113.0/28 2000-60000\n");
	for (uint16_t host = 1; host < 40; host++) {
		uint32_t address;

		(void)public_port(IPPROTO_UDP, host, 4000);
		address = gateway_last(&gateway)->src4;
		for (uint16_t port = 4001; port < 4010; port++) {
			(void)public_port(IPPROTO_UDP, host, port);
			assert_int_equal(gateway_last(&gateway)->src4, address);
			(void)public_port(IPPROTO_TCP, host, port);
			assert_int_equal(gateway_last(&gateway)->src4, address);
			(void)public_port(IPPROTO_ICMPV6, host, port);
			assert_int_equal(gateway_last(&gateway)->src4, address);
		}
	}
	gateway_close(&gateway);
}

static void a_full_address_refuses_though_others_are_empty(void **state)
{
	struct translator_stats stats;

	(void)state;
	gateway_open(&gateway, "pool4 = 203.0.113.0/28 2000-2001\n");
	(void)public_port(IPPROTO_UDP, 1, 4000);
	(void)public_port(IPPROTO_UDP, 1, 4001);
	assert_int_equal(open_from(IPPROTO_UDP, 1, 4002), VERDICT_POOL4_EXHAUSTED);
	stats = gateway_stats(&gateway);
	assert_int_equal(stats.pool4_used[L4_UDP], 2);
	assert_int_equal(stats.pool4_ports[L4_UDP], 32);
	gateway_close(&gateway);
}

/* A search through the whole pool for each of them would take hours, not a second. */
static void a_million_refusals_end(void **state)
{
	static const struct config_pool4 row = { .prefix = { 0xcb007100, 28 },
		                                 .port_min = 1024,
		                                 .port_max = 65535 };
	static const struct hash_key key = { "key" };
	struct pool4 *pool = pool4_new(&row, 1, 0, 1, &key, &key, 1024);
	struct in6_addr host = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8 } };
	uint32_t addr4, refused = 0;
	uint16_t port4;

	(void)state;
	assert_non_null(pool);
	for (uint32_t i = 0; pool4_used(pool, L4_UDP) < pool4_owned(pool); i++) {
		store_be32(host.s6_addr + 12, i % 4096);
		(void)pool4_allocate(pool, L4_UDP, &host, (uint16_t)i, &addr4, &port4);
	}
	for (uint32_t i = 0; i < 1000000; i++) {
		store_be32(host.s6_addr + 12, i);
		refused += !pool4_allocate(pool, L4_UDP, &host, (uint16_t)i, &addr4, &port4);
	}
	assert_int_equal(refused, 1000000);
	assert_int_equal(pool4_used(pool, L4_UDP), 16 * 64512);
	pool4_free(pool);
}

static void mapping_does_not_change_when_ports_run_out(void **state)
{
	uint16_t ports[100];

	(void)state;
	gateway_open(&gateway, "pool4 = 203.0.113.1/32 2000-2099\n");
	for (uint16_t host = 0; host < 100; host++)
		ports[host] = public_port(IPPROTO_UDP, host, 4000);
	assert_int_equal(open_from(IPPROTO_UDP, 100, 4000), VERDICT_POOL4_EXHAUSTED);
	for (uint16_t host = 0; host < 100; host++) {
		gateway_clear(&gateway);
		assert_int_equal(gateway_send6(&gateway, IPPROTO_UDP, host, 4000, STRANGER, 9, 0),
		                 VERDICT_TRANSLATED);
		assert_int_equal(gateway_last(&gateway)->src_port, ports[host]);
		for (uint16_t other = 0; other < host; other++)
			assert_int_not_equal(ports[other], ports[host]);
	}
	gateway_close(&gateway);
}

/* Open and close a TCP connection by both FINs. */
static void close_connection(uint16_t host)
{
	uint16_t port = public_port(IPPROTO_TCP, host, 4000);

	assert_int_equal(gateway_answer(&gateway, SYN | ACK), VERDICT_TRANSLATED);
	assert_int_equal(gateway_send4(&gateway, IPPROTO_TCP, SERVER, 7, PUBLIC, port, FIN | ACK),
	                 VERDICT_TRANSLATED);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_TCP, host, 4000, SERVER, 7, FIN | ACK),
	                 VERDICT_TRANSLATED);
}

static void ports_of_closed_connections_need_no_rest(void **state)
{
	(void)state;
	gateway_open(&gateway, "pool4 = 203.0.113.1/32 5000-5000\n");
	close_connection(1);
	gateway_pass(&gateway, 241 * SECOND_US);
	assert_int_equal(public_port(IPPROTO_TCP, 2, 4000), 5000);
	/* One that nobody answered does. */
	gateway_pass(&gateway, 241 * SECOND_US);
	assert_int_equal(open_from(IPPROTO_TCP, 3, 4000), VERDICT_POOL4_EXHAUSTED);
	gateway_pass(&gateway, 120 * SECOND_US);
	assert_int_equal(public_port(IPPROTO_TCP, 3, 4000), 5000);
	gateway_close(&gateway);
}

static void filtered_ports_need_no_rest(void **state)
{
	(void)state;
	gateway_open(&gateway, "pool4 = 203.0.113.1/32 5000-5000\n"
	                       "filtering = address-dependent\n");
	assert_int_equal(public_port(IPPROTO_UDP, 1, 4000), 5000);
	gateway_pass(&gateway, 301 * SECOND_US);
	assert_int_equal(public_port(IPPROTO_UDP, 2, 4000), 5000);
	gateway_close(&gateway);
}

static void another_boot_chooses_other_ports(void **state)
{
	static const uint8_t seeds[2][32] = { "monday", "tuesday" };
	uint16_t ports[2][200], idents[2][200];
	unsigned equal_ports = 0, equal_idents = 0, steps = 0;

	(void)state;
	for (int boot = 0; boot < 2; boot++) {
		gateway_open_bare(&gateway, "pool6 = 2001:db8:64::/96\n" POOL, seeds[boot]);
		for (uint16_t host = 0; host < 200; host++) {
			ports[boot][host] = public_port(IPPROTO_UDP, host, 4000);
			idents[boot][host] = (uint16_t)gateway_last(&gateway)->fragment_id;
		}
		gateway_close(&gateway);
	}
	for (int i = 0; i < 200; i++) {
		equal_ports += ports[0][i] == ports[1][i];
		equal_idents += idents[0][i] == idents[1][i];
		steps += i > 0 && (uint16_t)(ports[0][i] - ports[0][i - 1] + 8) <= 16;
	}
	assert_true(equal_ports < 5);
	assert_true(equal_idents < 5);
	assert_true(steps < 5);
}

static void address_dependent_filtering_holds_in_all_protocols(void **state)
{
	static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP, IPPROTO_ICMPV6 };

	(void)state;
	gateway_open(&gateway, POOL "filtering = address-dependent\n");
	for (int i = 0; i < 3; i++) {
		uint16_t port = public_port(protocols[i], 1, 4000);
		uint8_t protocol4 = protocols[i] == IPPROTO_ICMPV6 ? IPPROTO_ICMP : protocols[i];

		gateway_clear(&gateway);
		assert_int_equal(gateway_send4(&gateway, protocol4, STRANGER, 7, PUBLIC, port, ACK),
		                 VERDICT_FILTERED);
		assert_int_equal(gateway.count, 0);
		assert_int_equal(gateway_send4(&gateway, protocol4, SERVER, 9, PUBLIC, port, ACK),
		                 VERDICT_TRANSLATED);
	}
	gateway_close(&gateway);
}

static void two_hosts_with_one_identifier_both_ping(void **state)
{
	uint16_t first, other;

	(void)state;
	gateway_open(&gateway, POOL);
	first = public_port(IPPROTO_ICMPV6, 1, 77);
	assert_int_equal(gateway_answer(&gateway, 0), VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&gateway)->dst6.s6_addr[15], 1);
	assert_int_equal(gateway_last(&gateway)->dst_port, 77);
	other = public_port(IPPROTO_ICMPV6, 2, 77);
	assert_int_not_equal(first, other);
	assert_int_equal(gateway_answer(&gateway, 0), VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&gateway)->dst6.s6_addr[15], 2);
	assert_int_equal(gateway_last(&gateway)->dst_port, 77);
	gateway_close(&gateway);
}

static void pings_may_be_forbidden(void **state)
{
	(void)state;
	gateway_open(&gateway, POOL "drop-icmpv6-info = yes\n");
	assert_int_equal(open_from(IPPROTO_ICMPV6, 1, 77), VERDICT_ICMP_INFO);
	assert_int_equal(gateway.count, 0);
	assert_int_equal(gateway_stats(&gateway).bindings[L4_ICMP], 0);
	(void)public_port(IPPROTO_UDP, 1, 77);
	gateway_close(&gateway);
}

/* An echo request to the pool has only one identifier, which names the sender's own binding: it
 * comes back to him, and his answer too. */
static void a_ping_of_ones_own_mapping_comes_back(void **state)
{
	const struct packet *p;

	(void)state;
	gateway_open(&gateway, POOL);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_ICMPV6, 1, 77, PUBLIC, 0, 0),
	                 VERDICT_HAIRPINNED);
	assert_int_equal(gateway.count, 1);
	p = gateway_last(&gateway);
	assert_int_equal(p->version, 6);
	assert_int_equal(p->icmp_type, 128);
	assert_int_equal(p->dst6.s6_addr[15], 1);
	assert_int_equal(load_be32(p->src6.s6_addr + 12), PUBLIC);
	assert_int_equal(p->src_port, 77);
	gateway_close(&gateway);
}

static void a_hairpin_obeys_filtering_and_limits(void **state)
{
	(void)state;
	gateway_open(&gateway, POOL "filtering = address-dependent\n"
	                            "bib = udp [2001:db8:6::80]:53 203.0.113.1:5001\n"
	                            "bib = tcp [2001:db8:6::80]:53 203.0.113.1:5001\n");
	assert_int_equal(gateway_send6(&gateway, IPPROTO_UDP, 1, 4000, PUBLIC, 5001, 0),
	                 VERDICT_FILTERED);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_TCP, 1, 4000, PUBLIC, 5001, SYN),
	                 VERDICT_SYN_STORED);
	assert_int_equal(gateway.count, 0);
	assert_int_equal(gateway_stats(&gateway).stored_syns, 1);
	gateway_close(&gateway);

	gateway_open(&gateway, POOL "max-sessions-per-host = 1\nhost-prefix-length = 128\n"
	                            "bib = udp [2001:db8:6::80]:53 203.0.113.1:5001\n");
	assert_int_equal(gateway_send4(&gateway, IPPROTO_UDP, SERVER, 7, PUBLIC, 5001, 0),
	                 VERDICT_TRANSLATED);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_UDP, 1, 4000, PUBLIC, 5001, 0),
	                 VERDICT_HOST_LIMIT);
	gateway_close(&gateway);
}

static void a_repeated_syn_starts_the_opening_time_again(void **state)
{
	uint16_t port;

	(void)state;
	gateway_open(&gateway, POOL);
	port = public_port(IPPROTO_TCP, 1, 4000);
	gateway_pass(&gateway, 200 * SECOND_US);
	assert_int_equal(public_port(IPPROTO_TCP, 1, 4000), port);
	gateway_pass(&gateway, 200 * SECOND_US);
	assert_int_equal(gateway_send4(&gateway, IPPROTO_TCP, SERVER, 7, PUBLIC, port, SYN | ACK),
	                 VERDICT_TRANSLATED);
	gateway_close(&gateway);
}

static void opening_and_closing_have_times_of_their_own(void **state)
{
	(void)state;
	gateway_open(&gateway, POOL "tcp-init-timeout = 5m\ntcp-trans-timeout = 6m\n");
	(void)public_port(IPPROTO_TCP, 1, 4000);
	gateway_pass(&gateway, 299 * SECOND_US);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_TCP], 1);
	gateway_pass(&gateway, 2 * SECOND_US);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_TCP], 0);
	close_connection(2);
	gateway_pass(&gateway, 359 * SECOND_US);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_TCP], 1);
	gateway_pass(&gateway, 2 * SECOND_US);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_TCP], 0);
	gateway_close(&gateway);
}

static void segments_that_open_nothing_make_no_session(void **state)
{
	(void)state;
	gateway_open(&gateway, POOL "bib = tcp [2001:db8:6::80]:80 203.0.113.1:80\n");
	assert_int_equal(gateway_send4(&gateway, IPPROTO_TCP, SERVER, 7, PUBLIC, 80, ACK),
	                 VERDICT_TRANSLATED);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_TCP, 0x80, 80, SERVER, 7, ACK),
	                 VERDICT_TRANSLATED);
	gateway_clear(&gateway);
	assert_int_equal(gateway_send4(&gateway, IPPROTO_TCP, SERVER, 7, PUBLIC, 81, ACK),
	                 VERDICT_NO_BINDING);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_TCP, 1, 80, SERVER, 7, ACK),
	                 VERDICT_NO_SESSION);
	assert_int_equal(gateway.count, 0);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_TCP], 0);
	gateway_close(&gateway);
}

/* A scanner calls a closed port each minute; the host's resets must not keep the session alive. */
static void resets_in_answer_to_a_scan_prolong_nothing(void **state)
{
	(void)state;
	gateway_open(&gateway, POOL "bib = tcp [2001:db8:6::80]:80 203.0.113.1:80\n");
	assert_int_equal(gateway_send4(&gateway, IPPROTO_TCP, SERVER, 7, PUBLIC, 80, SYN),
	                 VERDICT_TRANSLATED);
	for (int i = 0; i < 3; i++) {
		gateway_pass(&gateway, 70 * SECOND_US);
		assert_int_equal(
			gateway_send6(&gateway, IPPROTO_TCP, 0x80, 80, SERVER, 7, RST | ACK),
			VERDICT_TRANSLATED);
	}
	assert_int_equal(gateway_stats(&gateway).sessions[L4_TCP], 1);
	gateway_pass(&gateway, 31 * SECOND_US);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_TCP], 0);
	gateway_close(&gateway);
}

static void connections_from_ipv4_may_be_forbidden(void **state)
{
	(void)state;
	gateway_open(&gateway, POOL "drop-externally-initiated-tcp = yes\n"
	                            "bib = tcp [2001:db8:6::80]:80 203.0.113.1:80\n");
	assert_int_equal(gateway_send4(&gateway, IPPROTO_TCP, SERVER, 7, PUBLIC, 80, SYN),
	                 VERDICT_EXTERNAL_TCP);
	assert_int_equal(gateway_send4(&gateway, IPPROTO_TCP, SERVER, 7, PUBLIC, 5000, SYN),
	                 VERDICT_EXTERNAL_TCP);
	gateway_pass(&gateway, 7 * SECOND_US);
	assert_int_equal(gateway.count, 0);
	gateway_close(&gateway);
}

/* Sources without number: the table fills, the pool does not, and who was there stays. */
static void a_flood_of_sources_takes_nothing_from_those_who_are_there(void **state)
{
	uint16_t port;
	uint32_t refused = 0;

	(void)state;
	gateway_open(&gateway, POOL "max-sessions = 1000\nmax-sessions-per-host = 100\n"
	                            "host-prefix-length = 128\nicmp-errors = no\n");
	port = public_port(IPPROTO_TCP, 1, 4000);
	assert_int_equal(gateway_answer(&gateway, SYN | ACK), VERDICT_TRANSLATED);
	for (uint32_t i = 0; i < 100000; i++) {
		enum verdict verdict = open_from(IPPROTO_UDP, (uint16_t)(2 + i % 60000),
		                                 (uint16_t)(1024 + i / 60000));

		refused += verdict == VERDICT_SESSION_LIMIT;
		if (i % 1000 == 0)
			assert_int_equal(
				gateway_send4(&gateway, IPPROTO_TCP, SERVER, 7, PUBLIC, port, ACK),
				VERDICT_TRANSLATED);
	}
	assert_int_equal(refused, 100000 - 999);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_UDP], 999);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_TCP, 1, 4000, SERVER, 7, ACK),
	                 VERDICT_TRANSLATED);
	gateway_close(&gateway);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tables_of_the_protocols_are_independent),
		cmocka_unit_test(a_binding_lives_as_long_as_its_last_session),
		cmocka_unit_test(static_ranges_serve_at_once_in_all_protocols),
		cmocka_unit_test(a_static_port_is_never_given_out),
		cmocka_unit_test(all_flows_of_a_host_have_one_public_address),
		cmocka_unit_test(a_full_address_refuses_though_others_are_empty),
		cmocka_unit_test(a_million_refusals_end),
		cmocka_unit_test(mapping_does_not_change_when_ports_run_out),
		cmocka_unit_test(ports_of_closed_connections_need_no_rest),
		cmocka_unit_test(filtered_ports_need_no_rest),
		cmocka_unit_test(another_boot_chooses_other_ports),
		cmocka_unit_test(address_dependent_filtering_holds_in_all_protocols),
		cmocka_unit_test(two_hosts_with_one_identifier_both_ping),
		cmocka_unit_test(pings_may_be_forbidden),
		cmocka_unit_test(a_ping_of_ones_own_mapping_comes_back),
		cmocka_unit_test(a_hairpin_obeys_filtering_and_limits),
		cmocka_unit_test(a_repeated_syn_starts_the_opening_time_again),
		cmocka_unit_test(opening_and_closing_have_times_of_their_own),
		cmocka_unit_test(segments_that_open_nothing_make_no_session),
		cmocka_unit_test(resets_in_answer_to_a_scan_prolong_nothing),
		cmocka_unit_test(connections_from_ipv4_may_be_forbidden),
		cmocka_unit_test(a_flood_of_sources_takes_nothing_from_those_who_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

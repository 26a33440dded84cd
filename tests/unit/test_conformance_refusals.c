/* What is refused, each under its own reason and with the answer that belongs to it (ERR-01,
 * ERR-02, ERR-06, ERR-08, ERR-13, EAM-10, I46-05, I64-07, ICE-05, ICQ-03, L4-03, L4-08, SEC-05,
 * SEC-12, SEC-21, V46-07); and what comes near to it and is not. */
#include "tests/unit/raw_packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define HOST    "2001:db8:6::1"
#define SERVER6 "2001:db8:64::198.51.100.80"
#define SERVER  0xc6336450 /* 198.51.100.80 */
#define MAPPED  0xc0000201 /* 192.0.2.1, HOST in siit mode */
#define PUBLIC  0xcb007101 /* 203.0.113.1 */
#define OWN     0xc00002fe /* 192.0.2.254 */
#define OWN6    "2001:db8:ffff::1"
#define POOL    "pool4 = 203.0.113.1/32 1024-65535\n"
#define NAT64   POOL "bib = udp [2001:db8:6::1]:4000 203.0.113.1:5000\n"
#define SIIT    "mode = siit\neam = 192.0.2.1 2001:db8:6::1\n"

static const uint8_t seed[32] = "refusals";
static struct gateway gateway;

/* In both modes, with the IPv4 address that means the host in each. */
static const struct mode {
	const char *keys;
	uint32_t host4;
} modes[] = { { NAT64, PUBLIC }, { SIIT, MAPPED } };

/* Nothing came out, or one ICMP error of this type and code for the packet. */
static void answer_is(int type, int code)
{
	if (type < 0) {
		assert_int_equal(gateway.count, 0);
		return;
	}
	assert_int_equal(gateway.count, 1);
	assert_int_equal(gateway_last(&gateway)->icmp_type, type);
	assert_int_equal(gateway_last(&gateway)->icmp_code, code);
	gateway_clear(&gateway);
}

static enum verdict icmp4(uint32_t dst, uint8_t type, const void *body, size_t len)
{
	struct raw_packet raw;

	raw_ip4(&raw, SERVER, dst, IPPROTO_ICMP);
	raw_icmp(&raw, type, 0, 0);
	raw_append(&raw, body, len);
	raw_seal(&raw);
	return raw_send(&gateway, &raw);
}

static enum verdict icmp6(const char *dst, uint8_t type, const void *body, size_t len)
{
	struct raw_packet raw;

	raw_ip6(&raw, HOST, dst, IPPROTO_ICMPV6);
	raw_icmp(&raw, type, 0, 0);
	raw_append(&raw, body, len);
	raw_seal(&raw);
	return raw_send(&gateway, &raw);
}

static void icmp_that_is_neither_echo_nor_error_is_dropped(void **state)
{
	(void)state;
	for (int mode = 0; mode < 2; mode++) {
		gateway_open(&gateway, modes[mode].keys);
		for (int type = 1; type < 256; type++) {
			if (type != 8 && (type < 3 || type > 5) && type != 11 && type != 12)
				assert_int_equal(icmp4(modes[mode].host4, (uint8_t)type, NULL, 28),
				                 VERDICT_ICMP_TYPE);
			if (type > 129)
				assert_int_equal(icmp6(SERVER6, (uint8_t)type, NULL, 48),
				                 VERDICT_ICMP_TYPE);
		}
		answer_is(-1, 0);
		gateway_close(&gateway);
	}
}

static void forged_headers_are_dropped(void **state)
{
	static const uint8_t from4[] = { 0, 2, 43, 44, 58, 60 }, from6[] = { 1, 2 };
	struct raw_packet raw;

	(void)state;
	for (int mode = 0; mode < 2; mode++) {
		gateway_open(&gateway, modes[mode].keys);
		for (size_t i = 0; i < sizeof(from4); i++) {
			raw_ip4(&raw, SERVER, modes[mode].host4, from4[i]);
			raw_append(&raw, NULL, 32);
			raw_seal(&raw);
			assert_int_equal(raw_send(&gateway, &raw), VERDICT_SMUGGLED_PROTOCOL);
		}
		for (size_t i = 0; i < sizeof(from6); i++) {
			raw_ip6(&raw, HOST, SERVER6, from6[i]);
			raw_append(&raw, NULL, 32);
			assert_int_equal(raw_send(&gateway, &raw), VERDICT_SMUGGLED_PROTOCOL);
		}
		answer_is(-1, 0);
		gateway_close(&gateway);
	}
}

static void stateful_mode_knows_three_protocols(void **state)
{
	struct raw_packet raw;

	(void)state;
	gateway_open(&gateway, NAT64);
	raw_ip6(&raw, HOST, SERVER6, IPPROTO_SCTP);
	raw_append(&raw, NULL, 32);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_UNSUPPORTED_PROTOCOL);
	answer_is(1, 4);
	raw_ip4(&raw, SERVER, PUBLIC, IPPROTO_SCTP);
	raw_append(&raw, NULL, 32);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_UNSUPPORTED_PROTOCOL);
	answer_is(3, 2);
	gateway_close(&gateway);
}

static void udp_without_checksum_is_dropped_where_it_must_be(void **state)
{
	struct raw_packet out, in;

	(void)state;
	raw_ip6(&out, HOST, SERVER6, IPPROTO_UDP);
	raw_udp(&out, 4000, 53, 8);
	raw_ip4(&in, SERVER, PUBLIC, IPPROTO_UDP);
	raw_udp(&in, 53, 5000, 8);
	raw_seal(&in);
	store_be16(in.bytes + 26, 0);
	gateway_open(&gateway, NAT64);
	assert_int_equal(raw_send(&gateway, &out), VERDICT_UDP_CHECKSUM_ZERO);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_UDP], 0);
	assert_int_equal(raw_send(&gateway, &in), VERDICT_TRANSLATED);
	gateway_close(&gateway);
	gateway_open(&gateway, NAT64 "udp-checksum-zero = drop\n");
	assert_int_equal(raw_send(&gateway, &in), VERDICT_UDP_CHECKSUM_ZERO);
	assert_int_equal(gateway.notes, 1);
	answer_is(-1, 0);
	gateway_close(&gateway);
}

static void pieces_of_icmp_errors_are_dropped(void **state)
{
	struct raw_packet raw, piece;

	(void)state;
	for (int mode = 0; mode < 2; mode++) {
		gateway_open(&gateway, modes[mode].keys);
		raw_ip4(&raw, SERVER, modes[mode].host4, IPPROTO_ICMP);
		raw_icmp(&raw, 3, 3, 0);
		raw_append(&raw, NULL, 120);
		raw_seal(&raw);
		raw_piece(&raw, 0, 64, true, 7, &piece);
		assert_int_equal(raw_send(&gateway, &piece), VERDICT_ICMP_FRAGMENT);
		raw_ip6(&raw, HOST, SERVER6, IPPROTO_ICMPV6);
		raw_icmp(&raw, 1, 4, 0);
		raw_append(&raw, NULL, 120);
		raw_seal(&raw);
		raw_piece(&raw, 0, 64, true, 7, &piece);
		assert_int_equal(raw_send(&gateway, &piece), VERDICT_ICMP_FRAGMENT);
		answer_is(-1, 0);
		gateway_close(&gateway);
	}
}

/* Errors whose quote is no flow of ours. */
static void quotes_that_name_no_flow_are_dropped(void **state)
{
	struct raw_packet quote, piece;

	(void)state;
	gateway_open(&gateway, NAT64);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_UDP, 1, 4000, SERVER, 53, 0),
	                 VERDICT_TRANSLATED);
	gateway_clear(&gateway);
	raw_ip4(&quote, PUBLIC, SERVER, IPPROTO_UDP);
	raw_udp(&quote, 5000, 53, 800);
	raw_seal(&quote);
	assert_int_equal(icmp4(PUBLIC, 11, quote.bytes, 24), VERDICT_TRANSLATED); /* ports alone */
	gateway_clear(&gateway);
	assert_int_equal(icmp4(PUBLIC, 11, quote.bytes, 23), VERDICT_ICMP_QUOTE);
	raw_piece(&quote, 400, 400, true, 7, &piece);
	assert_int_equal(icmp4(PUBLIC, 11, piece.bytes, 60), VERDICT_ICMP_QUOTE);
	raw_ip4(&quote, PUBLIC, SERVER, IPPROTO_SCTP);
	raw_append(&quote, NULL, 40);
	raw_seal(&quote);
	assert_int_equal(icmp4(PUBLIC, 11, quote.bytes, 60), VERDICT_ICMP_QUOTE);
	raw_ip6(&quote, SERVER6, HOST, IPPROTO_SCTP);
	raw_append(&quote, NULL, 40);
	assert_int_equal(icmp6(SERVER6, 1, quote.bytes, 80), VERDICT_ICMP_QUOTE);
	/* One that was sent to another host than the one that complains about it. */
	raw_ip4(&quote, PUBLIC + 1, SERVER, IPPROTO_UDP);
	raw_udp(&quote, 5000, 53, 8);
	raw_seal(&quote);
	assert_int_equal(icmp4(PUBLIC, 11, quote.bytes, 28), VERDICT_ICMP_QUOTE_MAPPING);
	answer_is(-1, 0);
	gateway_close(&gateway);

	gateway_open_bare(&gateway,
	                  "mode = siit\naddress6 = " OWN6 "\neam = 192.0.2.1 " HOST "\n"
	                  "eam = 198.51.100.0/24 2001:db8:7::/120\n",
	                  seed);
	raw_ip4(&quote, MAPPED, 0x08080808, IPPROTO_UDP);
	raw_udp(&quote, 4000, 53, 8);
	raw_seal(&quote);
	assert_int_equal(icmp4(MAPPED, 11, quote.bytes, 28), VERDICT_ICMP_QUOTE_MAPPING);
	raw_ip6(&quote, "2001:db8:8::1", HOST, IPPROTO_UDP);
	raw_udp(&quote, 53, 4000, 8);
	raw_seal(&quote);
	assert_int_equal(icmp6("2001:db8:7::50", 1, quote.bytes, 56), VERDICT_ICMP_QUOTE_MAPPING);
	answer_is(-1, 0);
	gateway_close(&gateway);
}

static void own_addresses_answer_ping_and_nothing_else(void **state)
{
	struct raw_packet raw;
	const struct packet *p;

	(void)state;
	for (int mode = 0; mode < 2; mode++) {
		gateway_open(&gateway, modes[mode].keys);
		raw_ip4(&raw, SERVER, OWN, IPPROTO_ICMP);
		raw_icmp(&raw, 8, 0, 0x00070003);
		raw_append(&raw, NULL, 33);
		raw_seal(&raw);
		assert_int_equal(raw_send(&gateway, &raw), VERDICT_ANSWERED);
		p = gateway_last(&gateway);
		assert_int_equal(p->src4, OWN);
		assert_int_equal(p->dst4, SERVER);
		assert_int_equal(p->l4_len, 41);
		assert_memory_equal(p->data + 24, raw.bytes + 24, 37);
		answer_is(0, 0);
		raw_ip6(&raw, HOST, OWN6, IPPROTO_ICMPV6);
		raw_icmp(&raw, 128, 0, 0x00070003);
		raw_append(&raw, NULL, 33);
		raw_seal(&raw);
		assert_int_equal(raw_send(&gateway, &raw), VERDICT_ANSWERED);
		p = gateway_last(&gateway);
		assert_memory_equal(&p->src6, raw.bytes + 24, 16);
		assert_memory_equal(&p->dst6, raw.bytes + 8, 16);
		assert_memory_equal(p->data + 44, raw.bytes + 44, 37);
		answer_is(129, 0);

		assert_int_equal(icmp4(OWN, 13, NULL, 12), VERDICT_OWN_ADDRESS);
		answer_is(3, 3);
		raw_ip4(&raw, SERVER, OWN, IPPROTO_UDP);
		raw_udp(&raw, 53, 8, 8); /* a port that looks like an echo request's type */
		raw_seal(&raw);
		assert_int_equal(raw_send(&gateway, &raw), VERDICT_OWN_ADDRESS);
		answer_is(3, 3);
		raw_ip6(&raw, HOST, OWN6, IPPROTO_UDP);
		raw_udp(&raw, 53, 128, 8);
		raw_seal(&raw);
		assert_int_equal(raw_send(&gateway, &raw), VERDICT_OWN_ADDRESS);
		answer_is(1, 4);
		gateway_close(&gateway);
	}
}

static void a_pool_address_may_be_the_own_address(void **state)
{
	struct raw_packet raw;

	(void)state;
	gateway_open_bare(&gateway, "pool6 = 2001:db8:64::/96\npool4 = 203.0.113.1/32\n", seed);
	raw_ip4(&raw, SERVER, PUBLIC, IPPROTO_ICMP);
	raw_icmp(&raw, 8, 0, 0x00070003);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_ANSWERED);
	answer_is(0, 0);
	/* Errors come from it too. */
	raw_ip4(&raw, SERVER, PUBLIC, IPPROTO_UDP);
	raw_udp(&raw, 53, 5000, 8);
	raw_set_ttl(&raw, 1);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_TTL_EXCEEDED);
	assert_int_equal(gateway_last(&gateway)->src4, PUBLIC);
	answer_is(11, 0);
	gateway_close(&gateway);
}

static void a_dying_ping_is_answered(void **state)
{
	struct raw_packet raw;

	(void)state;
	gateway_open(&gateway, NAT64);
	raw_ip6(&raw, HOST, SERVER6, IPPROTO_ICMPV6);
	raw_icmp(&raw, 128, 0, 7);
	raw_set_ttl(&raw, 1);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_TTL_EXCEEDED);
	answer_is(3, 0);
	gateway_close(&gateway);
}

static void addresses_without_mapping_are_answered(void **state)
{
	struct raw_packet raw;

	(void)state;
	gateway_open_bare(&gateway,
	                  "mode = siit\naddress6 = " OWN6 "\naddress4 = 192.0.2.254\n"
	                  "eam = 192.0.2.1 " HOST "\n"
	                  "eam = 198.51.100.0/24 2001:db8:7::/120\n",
	                  seed);
	raw_ip4(&raw, SERVER, 0xc0000210, IPPROTO_UDP);
	raw_udp(&raw, 53, 4000, 8);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_NO_MAPPING_DESTINATION);
	answer_is(3, 13);
	raw_ip4(&raw, 0x08080808, MAPPED, IPPROTO_UDP);
	raw_udp(&raw, 53, 4000, 8);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_NO_MAPPING_SOURCE);
	answer_is(3, 13);
	raw_ip6(&raw, HOST, "2001:db8:8::1", IPPROTO_UDP);
	raw_udp(&raw, 53, 4000, 8);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_NO_MAPPING_DESTINATION);
	answer_is(1, 1);
	raw_ip6(&raw, "2001:db8:8::1", "2001:db8:7::50", IPPROTO_UDP);
	raw_udp(&raw, 53, 4000, 8);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_NO_MAPPING_SOURCE);
	answer_is(1, 5);
	gateway_close(&gateway);
}

static void the_well_known_prefix_is_checked_on_both_addresses(void **state)
{
	struct raw_packet raw;

	(void)state;
	gateway_open_bare(&gateway, "mode = siit\npool6 = 64:ff9b::/96\naddress6 = " OWN6 "\n",
	                  seed);
	raw_ip4(&raw, 0x08080808, 0x0a000001, IPPROTO_UDP);
	raw_udp(&raw, 53, 4000, 8);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_WKP_NON_GLOBAL);
	raw_ip6(&raw, "64:ff9b::10.0.0.1", "64:ff9b::8.8.8.8", IPPROTO_UDP);
	raw_udp(&raw, 53, 4000, 8);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_WKP_NON_GLOBAL);
	answer_is(-1, 0);
	raw_ip6(&raw, "64:ff9b::9.9.9.9", "64:ff9b::8.8.8.8", IPPROTO_UDP);
	raw_udp(&raw, 53, 4000, 8);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_TRANSLATED);
	gateway_close(&gateway);
}

/* A static binding needs no new binding, so the session table is what refuses. */
static void a_full_table_refuses_ipv4_too(void **state)
{
	(void)state;
	gateway_open(&gateway, NAT64 "bib = tcp [2001:db8:6::1]:80 203.0.113.1:80\n"
	                             "max-sessions = 3\n");
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(
			gateway_send4(&gateway, IPPROTO_UDP, SERVER + i, 53, PUBLIC, 5000, 0),
			VERDICT_TRANSLATED);
	gateway_clear(&gateway);
	assert_int_equal(gateway_send4(&gateway, IPPROTO_UDP, SERVER + 3, 53, PUBLIC, 5000, 0),
	                 VERDICT_SESSION_LIMIT);
	assert_int_equal(gateway_send4(&gateway, IPPROTO_TCP, SERVER, 7, PUBLIC, 80, TCP_FLAG_SYN),
	                 VERDICT_SESSION_LIMIT);
	answer_is(-1, 0);
	assert_int_equal(gateway_send4(&gateway, IPPROTO_UDP, SERVER, 53, PUBLIC, 5000, 0),
	                 VERDICT_TRANSLATED);
	gateway_close(&gateway);
}

static void short_packets_are_malformed(void **state)
{
	struct raw_packet out, in;

	(void)state;
	gateway_open(&gateway, SIIT);
	raw_ip6(&out, HOST, SERVER6, IPPROTO_UDP);
	raw_udp(&out, 4000, 53, 8);
	raw_seal(&out);
	raw_ip4(&in, SERVER, MAPPED, IPPROTO_UDP);
	raw_udp(&in, 53, 4000, 8);
	raw_seal(&in);
	for (size_t len = 1; len < out.len; len++)
		assert_int_equal(gateway_input(&gateway, out.bytes, len), VERDICT_MALFORMED6);
	for (size_t len = 0; len < in.len; len++)
		assert_int_equal(gateway_input(&gateway, in.bytes, len), VERDICT_MALFORMED4);
	answer_is(-1, 0);
	gateway_close(&gateway);
}

/* Unexpired: pointer not behind the length, wherever it points. */
static void a_source_route_ends_behind_its_length(void **state)
{
	(void)state;
	gateway_open(&gateway, SIIT);
	for (uint8_t kind = 131; kind <= 137; kind += 6) {
		for (uint8_t pointer = 4; pointer <= 9; pointer++) {
			const uint8_t option[8] = { kind, 7, pointer, 192, 0, 2, 9, 0 };
			struct raw_packet raw;

			raw_ip4(&raw, SERVER, MAPPED, IPPROTO_UDP);
			raw.bytes[0] = 0x47;
			raw_append(&raw, option, sizeof(option));
			raw_udp(&raw, 53, 4000, 8);
			raw_seal(&raw);
			gateway_clear(&gateway);
			assert_int_equal(raw_send(&gateway, &raw),
			                 pointer <= 7 ? VERDICT_SOURCE_ROUTE : VERDICT_TRANSLATED);
			if (pointer <= 7)
				answer_is(3, 5);
		}
	}
	gateway_close(&gateway);
}

/* Router solicitations and the like, which the host's own kernel sends on every interface. */
static void link_local_talk_on_the_device_is_no_martian(void **state)
{
	static const char *const sources[] = { "::", "fe80::1", HOST };
	struct raw_packet raw;

	(void)state;
	gateway_open(&gateway, NAT64);
	for (int i = 0; i < 3; i++) {
		raw_ip6(&raw, sources[i], "ff02::2", IPPROTO_ICMPV6);
		raw_icmp(&raw, 133, 0, 0);
		raw_seal(&raw);
		assert_int_equal(raw_send(&gateway, &raw),
		                 i < 2 ? VERDICT_LINK_LOCAL : VERDICT_MARTIAN_DESTINATION);
	}
	raw_ip6(&raw, "fe80::1", SERVER6, IPPROTO_UDP);
	raw_udp(&raw, 4000, 53, 8);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_MARTIAN_SOURCE);
	answer_is(-1, 0);
	gateway_close(&gateway);
}

static void what_does_not_fit_opens_no_session(void **state)
{
	struct raw_packet out, in;

	(void)state;
	gateway_open(&gateway, NAT64 "mtu4 = 1300\nmtu6 = 1400\n");
	raw_ip6(&out, "2001:db8:6::9", SERVER6, IPPROTO_UDP);
	raw_udp(&out, 4000, 53, 1321 - 48);
	raw_seal(&out);
	assert_int_equal(raw_send(&gateway, &out), VERDICT_TOO_BIG);
	answer_is(2, 0);
	raw_ip4(&in, SERVER, PUBLIC, IPPROTO_UDP);
	raw_udp(&in, 53, 5000, 1381 - 28);
	in.bytes[6] = 0x40;
	raw_seal(&in);
	assert_int_equal(raw_send(&gateway, &in), VERDICT_TOO_BIG);
	answer_is(3, 4);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_UDP], 0);
	gateway_close(&gateway);
}

static void a_type_of_service_may_be_forced_to_zero(void **state)
{
	struct raw_packet raw;

	(void)state;
	gateway_open(&gateway, SIIT "override-tos = 0\n");
	raw_ip6(&raw, HOST, SERVER6, IPPROTO_UDP);
	raw_udp(&raw, 4000, 53, 8);
	raw_set_tos(&raw, 0xbb);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&gateway)->tos, 0);
	gateway_close(&gateway);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(icmp_that_is_neither_echo_nor_error_is_dropped),
		cmocka_unit_test(forged_headers_are_dropped),
		cmocka_unit_test(stateful_mode_knows_three_protocols),
		cmocka_unit_test(udp_without_checksum_is_dropped_where_it_must_be),
		cmocka_unit_test(pieces_of_icmp_errors_are_dropped),
		cmocka_unit_test(quotes_that_name_no_flow_are_dropped),
		cmocka_unit_test(own_addresses_answer_ping_and_nothing_else),
		cmocka_unit_test(a_pool_address_may_be_the_own_address),
		cmocka_unit_test(a_dying_ping_is_answered),
		cmocka_unit_test(addresses_without_mapping_are_answered),
		cmocka_unit_test(the_well_known_prefix_is_checked_on_both_addresses),
		cmocka_unit_test(a_full_table_refuses_ipv4_too),
		cmocka_unit_test(short_packets_are_malformed),
		cmocka_unit_test(a_source_route_ends_behind_its_length),
		cmocka_unit_test(link_local_talk_on_the_device_is_no_martian),
		cmocka_unit_test(what_does_not_fit_opens_no_session),
		cmocka_unit_test(a_type_of_service_may_be_forced_to_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

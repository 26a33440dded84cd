/* Which addresses are translated and how, through the whole core (ADR-07, ADR-10, EAM-06 to EAM-08,
 * EAM-10, EAM-11, ERR-11, N46-03, N46-04, SEC-10, SEC-11). */
#include "lib/address.h"
#include "tests/unit/raw_packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define HOST   "2001:db8:6::1"
#define SERVER 0xc6336450 /* 198.51.100.80 */
#define PUBLIC 0xcb007101 /* 203.0.113.1 */
#define POOL   "pool4 = 203.0.113.1/32 1024-65535\n"
#define SYN    TCP_FLAG_SYN

static const uint8_t seed[32] = "addresses";
static struct gateway gateway, second;

static enum verdict udp_to(const char *dst6)
{
	struct raw_packet raw;

	raw_ip6(&raw, HOST, dst6, IPPROTO_UDP);
	raw_udp(&raw, 4000, 53, 8);
	raw_seal(&raw);
	return raw_send(&gateway, &raw);
}

static enum verdict udp4(struct gateway *to, uint32_t src, uint32_t dst)
{
	struct raw_packet raw;

	raw_ip4(&raw, src, dst, IPPROTO_UDP);
	raw_udp(&raw, 53, 4000, 8);
	raw_seal(&raw);
	return raw_send(to, &raw);
}

static void last_source_is(const struct gateway *from, const char *text)
{
	struct in6_addr address;

	assert_int_equal(address6_parse(text, &address), 0);
	assert_memory_equal(&gateway_last(from)->src6, &address, sizeof(address));
}

static void last_destination_is(const struct gateway *from, const char *text)
{
	struct in6_addr address;

	assert_int_equal(address6_parse(text, &address), 0);
	assert_memory_equal(&gateway_last(from)->dst6, &address, sizeof(address));
}

static void a_switch_admits_private_addresses_behind_the_well_known_prefix(void **state)
{
	(void)state;
	gateway_open(&gateway, POOL "pool6 = 64:ff9b::/96\n");
	assert_int_equal(udp_to("64:ff9b::10.0.0.1"), VERDICT_WKP_NON_GLOBAL);
	assert_int_equal(gateway.count, 0);
	assert_int_equal(udp_to("2001:db8:64::10.0.0.1"), VERDICT_TRANSLATED);
	gateway_close(&gateway);

	gateway_open(&gateway, POOL "pool6 = 64:ff9b::/96\nallow-private-with-wkp = yes\n");
	assert_int_equal(udp_to("64:ff9b::10.0.0.1"), VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&gateway)->dst4, 0x0a000001);
	gateway_close(&gateway);
}

static void the_list_of_non_global_addresses_is_replaceable(void **state)
{
	(void)state;
	gateway_open(&gateway, POOL "pool6 = 64:ff9b::/96\nnon-global4 = 10.0.0.0/8\n");
	assert_int_equal(udp_to("64:ff9b::10.0.0.1"), VERDICT_WKP_NON_GLOBAL);
	assert_int_equal(udp_to("64:ff9b::192.168.0.1"), VERDICT_TRANSLATED);
	gateway_close(&gateway);
}

static void replies_carry_the_prefix_that_was_asked(void **state)
{
	(void)state;
	gateway_open(&gateway, POOL "pool6 = 2001:db8:65::/96\n");
	assert_int_equal(udp_to("2001:db8:65::198.51.100.80"), VERDICT_TRANSLATED);
	assert_int_equal(gateway_answer(&gateway, 0), VERDICT_TRANSLATED);
	last_source_is(&gateway, "2001:db8:65::198.51.100.80");
	assert_int_equal(udp_to("2001:db8:64::198.51.100.80"), VERDICT_TRANSLATED);
	assert_int_equal(gateway_answer(&gateway, 0), VERDICT_TRANSLATED);
	last_source_is(&gateway, "2001:db8:64::198.51.100.80");
	gateway_close(&gateway);
}

static void ipv4_hosts_appear_behind_the_prefix_of_their_range(void **state)
{
	(void)state;
	gateway_open(&gateway, POOL "pool6 = 2001:db8:a::/96 for 10.0.0.0/8\n"
	                            "bib = tcp [2001:db8:6::1]:80 203.0.113.1:80\n");
	assert_int_equal(gateway_send4(&gateway, IPPROTO_TCP, 0x0a010203, 7, PUBLIC, 80, SYN),
	                 VERDICT_TRANSLATED);
	last_source_is(&gateway, "2001:db8:a::10.1.2.3");
	assert_int_equal(gateway_send4(&gateway, IPPROTO_TCP, SERVER, 7, PUBLIC, 80, SYN),
	                 VERDICT_TRANSLATED);
	last_source_is(&gateway, "2001:db8:64::198.51.100.80");
	assert_int_equal(udp_to("2001:db8:a::10.1.2.3"), VERDICT_TRANSLATED);
	assert_int_equal(udp_to("2001:db8:a::198.51.100.80"), VERDICT_POOL6_RANGE);
	gateway_close(&gateway);
}

static void the_gateways_own_ipv4_services_are_not_reached(void **state)
{
	(void)state;
	gateway_open(&gateway, POOL);
	gateway.local4 = SERVER;
	assert_int_equal(udp_to("2001:db8:64::198.51.100.80"), VERDICT_LOCAL_ADDRESS);
	assert_int_equal(udp_to("2001:db8:64::198.51.100.81"), VERDICT_TRANSLATED);
	gateway_close(&gateway);

	gateway_open(&gateway, POOL "allow-local-addresses = yes\n");
	gateway.local4 = SERVER;
	assert_int_equal(udp_to("2001:db8:64::198.51.100.80"), VERDICT_TRANSLATED);
	gateway_close(&gateway);
}

static void denied_addresses_are_not_translated_by_a_prefix(void **state)
{
	(void)state;
	gateway_open(&gateway, "mode = siit\neam = 192.0.2.1 2001:db8:6::1\n"
	                       "eam = 198.51.100.7 2001:db8:6::7\n"
	                       "denylist4 = 198.51.100.0/24\n");
	assert_int_equal(udp_to("2001:db8:64::198.51.100.80"), VERDICT_DENYLISTED);
	assert_int_equal(udp4(&gateway, SERVER, 0xc0000201), VERDICT_DENYLISTED);
	assert_int_equal(udp_to("2001:db8:64::203.0.113.80"), VERDICT_TRANSLATED);
	/* An explicit mapping is the operator's word. */
	assert_int_equal(udp_to("2001:db8:6::7"), VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&gateway)->dst4, 0xc6336407);
	gateway_close(&gateway);
}

static void mappings_need_no_prefix(void **state)
{
	(void)state;
	gateway_open_bare(&gateway,
	                  "mode = siit\naddress6 = 2001:db8:ffff::1\n"
	                  "eam = 192.0.2.1 2001:db8:6::1\neam = 198.51.100.0/24 2001:db8:7::/120\n",
	                  seed);
	assert_int_equal(udp_to("2001:db8:7::50"), VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&gateway)->src4, 0xc0000201);
	assert_int_equal(gateway_last(&gateway)->dst4, SERVER);
	assert_int_equal(gateway_answer(&gateway, 0), VERDICT_TRANSLATED);
	last_source_is(&gateway, "2001:db8:7::50");
	assert_int_equal(udp_to("2001:db8:8::50"), VERDICT_NO_MAPPING_DESTINATION);
	assert_int_equal(gateway_last(&gateway)->icmp_type, 1);
	assert_int_equal(udp4(&gateway, 0x08080808, 0xc0000201), VERDICT_NO_MAPPING_SOURCE);
	assert_int_equal(gateway_last(&gateway)->icmp_type, 3);
	gateway_close(&gateway);
}

static void impossible_destinations_are_dropped_in_silence(void **state)
{
	static const char *const addresses6[] = { "2001:db8:64::127.0.0.1",
		                                  "2001:db8:64::224.0.0.1",
		                                  "2001:db8:64::240.0.0.1",
		                                  "2001:db8:64::255.255.255.255",
		                                  "2001:db8:64::0.0.0.0",
		                                  "ff02::1",
		                                  "::1",
		                                  "fe80::1",
		                                  "::ffff:198.51.100.80" };
	static const uint32_t addresses4[] = { 0, 0x7f000001, 0xe0000001, 0xf0000001, 0xffffffff };

	(void)state;
	gateway_open(&gateway, POOL);
	for (size_t i = 0; i < sizeof(addresses6) / sizeof(addresses6[0]); i++)
		assert_int_equal(udp_to(addresses6[i]), VERDICT_MARTIAN_DESTINATION);
	for (size_t i = 0; i < sizeof(addresses4) / sizeof(addresses4[0]); i++)
		assert_int_equal(udp4(&gateway, SERVER, addresses4[i]),
		                 VERDICT_MARTIAN_DESTINATION);
	assert_int_equal(gateway.count, 0);
	gateway_close(&gateway);
}

static void without_an_address_errors_come_from_the_rfc6791_pool(void **state)
{
	struct raw_packet raw;

	(void)state;
	gateway_open_bare(&gateway,
	                  "mode = siit\npool6 = 2001:db8:64::/96\n"
	                  "eam = 192.0.2.1 2001:db8:6::1\nrfc6791-pool4 = 192.0.2.253\n",
	                  seed);
	raw_ip4(&raw, SERVER, 0xc0000201, IPPROTO_UDP);
	raw_udp(&raw, 53, 4000, 8);
	raw_set_ttl(&raw, 1);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_TTL_EXCEEDED);
	assert_int_equal(gateway_last(&gateway)->src4, 0xc00002fd);
	assert_int_equal(gateway_last(&gateway)->dst4, SERVER);
	gateway_close(&gateway);
}

/* RFC 7757 section 4.2.1: the kernel routes the IPv4 packet of the first pass back, and the second
 * pass knows it by both addresses having a mapping. */
static void a_simple_hairpin_keeps_the_embedded_source(void **state)
{
	struct raw_packet error;
	const struct packet *p;

	(void)state;
	gateway_open(&gateway, "mode = siit\neam-hairpin-mode = simple\n"
	                       "eam = 192.0.2.1 2001:db8:6::1\neam = 192.0.2.2 2001:db8:6::2\n");
	assert_int_equal(udp_to("2001:db8:64::192.0.2.2"), VERDICT_TRANSLATED);
	p = gateway_last(&gateway);
	assert_int_equal(p->src4, 0xc0000201);
	assert_int_equal(p->dst4, 0xc0000202);
	assert_int_equal(gateway_input(&gateway, p->data, p->len), VERDICT_TRANSLATED);
	last_source_is(&gateway, "2001:db8:64::192.0.2.1");
	last_destination_is(&gateway, "2001:db8:6::2");
	/* A stranger's packet to the same host is no hairpin. */
	assert_int_equal(udp4(&gateway, SERVER, 0xc0000202), VERDICT_TRANSLATED);
	last_source_is(&gateway, "2001:db8:64::198.51.100.80");

	/* The second host refuses: its error comes back as from the address that was called. */
	raw_ip4(&error, 0xc0000202, 0xc0000201, IPPROTO_ICMP);
	raw_icmp(&error, 3, 3, 0);
	raw_append(&error, gateway.out[0].data, 28);
	raw_seal(&error);
	assert_int_equal(raw_send(&gateway, &error), VERDICT_TRANSLATED);
	p = gateway_last(&gateway);
	last_source_is(&gateway, "2001:db8:64::192.0.2.2");
	last_destination_is(&gateway, "2001:db8:6::1");
	assert_memory_equal(p->data + 48 + 24, &p->src6, sizeof(p->src6)); /* quoted destination */
	assert_memory_equal(p->data + 48 + 8, &p->dst6, sizeof(p->dst6));
	gateway_close(&gateway);
}

static void an_intrinsic_hairpin_is_one_step_of_one_size(void **state)
{
	struct raw_packet raw;
	const struct packet *p;

	(void)state;
	gateway_open(&gateway, "mode = siit\nmtu6 = 1400\n"
	                       "eam = 192.0.2.1 2001:db8:6::1\neam = 192.0.2.2 2001:db8:6::2\n");
	assert_int_equal(udp_to("2001:db8:64::192.0.2.2"), VERDICT_HAIRPINNED);
	assert_int_equal(gateway_last(&gateway)->ttl, 63);
	raw_ip6(&raw, HOST, "2001:db8:64::192.0.2.2", IPPROTO_UDP);
	raw_udp(&raw, 4000, 53, 1400 - 48);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_HAIRPINNED);
	assert_int_equal(gateway_last(&gateway)->len, 1400);
	raw_ip6(&raw, HOST, "2001:db8:64::192.0.2.2", IPPROTO_UDP);
	raw_udp(&raw, 4000, 53, 1401 - 48);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_TOO_BIG);
	p = gateway_last(&gateway);
	assert_int_equal(p->icmp_type, 2);
	assert_int_equal(load_be32(p->data + 44), 1400);
	gateway_close(&gateway);
}

/* Give what one translator sent last to the other. */
static enum verdict pass_on(struct gateway *from, struct gateway *to)
{
	const struct packet *p = gateway_last(from);

	return gateway_input(to, p->data, p->len);
}

/* 464XLAT (RFC 6877): a private IPv4 host behind a stateless translator, a stateful one in the
 * network. */
static void a_clat_and_a_plat_carry_ipv4(void **state)
{
	static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP, IPPROTO_ICMP };

	(void)state;
	gateway_open_bare(&gateway,
	                  "mode = siit\npool6 = 2001:db8:64::/96\naddress4 = 192.0.0.6\n"
	                  "eam = 192.0.0.0/29 2001:db8:c1a7::/125\n",
	                  seed);
	gateway_open(&second, POOL);
	for (int i = 0; i < 3; i++) {
		const struct explain_fields fields = { .src4 = 0xc0000001,
			                               .dst4 = SERVER,
			                               .protocol = protocols[i],
			                               .src_port = 4000,
			                               .dst_port = 7,
			                               .tcp_flags = SYN };

		assert_int_equal(gateway_send(&gateway, &fields), VERDICT_TRANSLATED);
		assert_int_equal(pass_on(&gateway, &second), VERDICT_TRANSLATED);
		assert_int_equal(gateway_last(&second)->src4, PUBLIC);
		assert_int_equal(gateway_last(&second)->dst4, SERVER);
		assert_int_equal(gateway_answer(&second, SYN | TCP_FLAG_ACK), VERDICT_TRANSLATED);
		assert_int_equal(pass_on(&second, &gateway), VERDICT_TRANSLATED);
		assert_int_equal(gateway_last(&gateway)->src4, SERVER);
		assert_int_equal(gateway_last(&gateway)->dst4, 0xc0000001);
		assert_int_equal(gateway_last(&gateway)->dst_port, 4000);
	}
	gateway_close(&gateway);
	gateway_close(&second);
}

/* RFC 7755, RFC 7756: an IPv4-only server behind an edge relay, IPv4 clients behind a border relay,
 * IPv6 between them. A router in the IPv6 network has a narrow link. */
static void errors_pass_two_stateless_translators(void **state)
{
	struct raw_packet big, error;
	const struct packet *p;

	(void)state;
	gateway_open(&gateway, "mode = siit\neam = 192.0.2.10 2001:db8:a::10\n");
	gateway_open(&second, "mode = siit\neam = 192.0.2.10 2001:db8:a::10\n");
	raw_ip4(&big, SERVER, 0xc000020a, IPPROTO_TCP);
	raw_tcp(&big, 7, 4000, TCP_FLAG_ACK, 1440);
	big.bytes[6] = 0x40;
	raw_seal(&big);
	assert_int_equal(raw_send(&gateway, &big), VERDICT_TRANSLATED);
	p = gateway_last(&gateway);
	last_destination_is(&gateway, "2001:db8:a::10");
	assert_int_equal(gateway_input(&second, p->data, p->len), VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&second)->src4, SERVER);

	/* The server's own router, in IPv4 behind the second translator, wants 1400 bytes. */
	p = gateway_last(&second);
	raw_ip4(&error, 0xc000020a, SERVER, IPPROTO_ICMP);
	raw_icmp(&error, 3, 4, 1400);
	raw_append(&error, p->data, 68);
	raw_seal(&error);
	assert_int_equal(raw_send(&second, &error), VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&second)->icmp_type, 2);
	assert_int_equal(load_be32(gateway_last(&second)->data + 44), 1420);
	assert_int_equal(pass_on(&second, &gateway), VERDICT_TRANSLATED);
	p = gateway_last(&gateway);
	assert_int_equal(p->dst4, SERVER);
	assert_int_equal(p->icmp_type, 3);
	assert_int_equal(p->icmp_code, 4);
	assert_int_equal(load_be32(p->data + 24), 1400);
	assert_int_equal(load_be32(p->data + 28 + 12), SERVER);
	assert_int_equal(load_be32(p->data + 28 + 16), 0xc000020a);
	gateway_close(&gateway);
	gateway_close(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_switch_admits_private_addresses_behind_the_well_known_prefix),
		cmocka_unit_test(the_list_of_non_global_addresses_is_replaceable),
		cmocka_unit_test(replies_carry_the_prefix_that_was_asked),
		cmocka_unit_test(ipv4_hosts_appear_behind_the_prefix_of_their_range),
		cmocka_unit_test(the_gateways_own_ipv4_services_are_not_reached),
		cmocka_unit_test(denied_addresses_are_not_translated_by_a_prefix),
		cmocka_unit_test(mappings_need_no_prefix),
		cmocka_unit_test(impossible_destinations_are_dropped_in_silence),
		cmocka_unit_test(without_an_address_errors_come_from_the_rfc6791_pool),
		cmocka_unit_test(a_simple_hairpin_keeps_the_embedded_source),
		cmocka_unit_test(an_intrinsic_hairpin_is_one_step_of_one_size),
		cmocka_unit_test(a_clat_and_a_plat_carry_ipv4),
		cmocka_unit_test(errors_pass_two_stateless_translators),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

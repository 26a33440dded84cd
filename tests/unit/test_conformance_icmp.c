/* ICMP errors, translated and originated, through the whole core (ERR-01, ERR-03 to ERR-05, ERR-07,
 * ERR-10, ERR-12, ECN-03, I46-08, I46-18, I64-14, I64-15, ICE-01, ICE-06, SEC-09, SEC-14). */
#include "lib/address.h"
#include "tests/unit/raw_packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SECOND_US GATEWAY_SECOND_US
#define HOST      "2001:db8:6::1"
#define SERVER6   "2001:db8:64::198.51.100.80"
#define SERVER    0xc6336450 /* 198.51.100.80 */
#define ROUTER    0xc6336401 /* 198.51.100.1 */
#define MAPPED    0xc0000201 /* 192.0.2.1, HOST in siit mode */
#define PUBLIC    0xcb007101 /* 203.0.113.1 */
#define OWN       0xc00002fe /* 192.0.2.254 */
#define POOL      "pool4 = 203.0.113.1/32 1024-65535\n"
#define SIIT      "mode = siit\neam = 192.0.2.1 2001:db8:6::1\n"

static const uint8_t seed[32] = "icmp";
static struct gateway gateway;

/* MPLS label stack object with its header, as in RFC 4950. */
static const uint8_t extension[] = { 0x20, 0, 0xbd, 0xb5, 0, 8, 1, 1, 0, 1, 0x21, 0x40 };

/* A UDP packet of len bytes from the host to the server, as IPv4 saw it; the same the other way
 * round, as IPv6 saw it. */
static void quoted4(struct raw_packet *raw, uint8_t tos, size_t len)
{
	raw_ip4(raw, MAPPED, SERVER, IPPROTO_UDP);
	raw_udp(raw, 53, 4000, len - 28);
	raw_set_tos(raw, tos);
	raw_seal(raw);
}

static void quoted6(struct raw_packet *raw, uint8_t tos, size_t len)
{
	raw_ip6(raw, SERVER6, HOST, IPPROTO_UDP);
	raw_udp(raw, 53, 4000, len - 48);
	raw_set_tos(raw, tos);
	raw_seal(raw);
}

static enum verdict error4(uint8_t type, uint8_t code, uint32_t rest,
                           const struct raw_packet *quote, size_t quote_len)
{
	struct raw_packet raw;

	raw_ip4(&raw, ROUTER, MAPPED, IPPROTO_ICMP);
	raw_icmp(&raw, type, code, rest);
	raw_append(&raw, quote->bytes, quote_len);
	raw_seal(&raw);
	return raw_send(&gateway, &raw);
}

static enum verdict error6(const char *router, uint8_t type, uint8_t code, uint32_t rest,
                           const struct raw_packet *quote, size_t quote_len)
{
	struct raw_packet raw;

	raw_ip6(&raw, router, SERVER6, IPPROTO_ICMPV6);
	raw_icmp(&raw, type, code, rest);
	raw_append(&raw, quote->bytes, quote_len);
	raw_seal(&raw);
	return raw_send(&gateway, &raw);
}

static uint32_t last_rest(void)
{
	const struct packet *p = gateway_last(&gateway);

	return load_be32(p->data + p->l4_offset + 4);
}

static void unused_fields_are_zero_and_pointers_are_whole(void **state)
{
	struct raw_packet quote;

	(void)state;
	gateway_open(&gateway, SIIT);
	quoted4(&quote, 0, 60);
	assert_int_equal(error4(3, 1, 0xde00beef, &quote, 60), VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&gateway)->icmp_type, 1);
	assert_int_equal(last_rest(), 0);
	assert_int_equal(error4(11, 0, 0xde00beef, &quote, 60), VERDICT_TRANSLATED);
	assert_int_equal(last_rest(), 0);
	assert_int_equal(error4(12, 0, 0x0800beef, &quote, 60), VERDICT_TRANSLATED);
	assert_int_equal(last_rest(), 7);
	assert_int_equal(error4(3, 4, 0xde000578, &quote, 60), VERDICT_TRANSLATED);
	assert_int_equal(last_rest(), 1420);
	quoted6(&quote, 0, 80);
	assert_int_equal(error6(HOST, 1, 4, 0x00adbeef, &quote, 80), VERDICT_TRANSLATED);
	assert_int_equal(last_rest(), 0);
	assert_int_equal(error6(HOST, 4, 0, 7, &quote, 80), VERDICT_TRANSLATED);
	assert_int_equal(last_rest(), 0x08000000);
	/* The highest byte of these is no length of RFC 4884. */
	assert_int_equal(error6(HOST, 2, 0, 0x40000000, &quote, 80), VERDICT_TRANSLATED);
	assert_int_equal(last_rest(), 1480);
	assert_int_equal(error6(HOST, 4, 1, 0x10000028, &quote, 80), VERDICT_TRANSLATED);
	gateway_close(&gateway);
}

static void an_extension_goes_where_no_length_can_mark_it(void **state)
{
	struct raw_packet quote, raw;

	(void)state;
	gateway_open(&gateway, SIIT);
	quoted4(&quote, 0, 128);
	raw_ip4(&raw, ROUTER, MAPPED, IPPROTO_ICMP);
	raw_icmp(&raw, 3, 4, 32 << 16 | 1400);
	raw_append(&raw, quote.bytes, 128);
	raw_append(&raw, extension, sizeof(extension));
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&gateway)->icmp_type, 2);
	assert_int_equal(last_rest(), 1420);
	assert_int_equal(gateway_last(&gateway)->len, 40 + 8 + 128 + 20);
	gateway_close(&gateway);
}

static void the_interface_object_names_the_router(void **state)
{
	struct in6_addr router;
	struct raw_packet quote;
	const struct packet *p;
	const uint8_t *at;
	uint32_t sum = 0;

	(void)state;
	gateway_open(&gateway, SIIT "rfc6791-pool4 = 192.0.2.253\nicmp-interface-info = yes\n");
	quoted6(&quote, 0, 80);
	assert_int_equal(error6("2001:db8:9::1", 3, 0, 0, &quote, 80), VERDICT_TRANSLATED);
	p = gateway_last(&gateway);
	assert_int_equal(p->src4, 0xc00002fd);
	assert_int_equal(last_rest(), 32 << 16); /* 128 bytes of quote in words of four */
	assert_int_equal(p->l4_len, 8 + 128 + 28);
	at = p->data + p->l4_offset + 8 + 128;
	assert_int_equal(at[0], 0x20);               /* version 2 */
	assert_int_equal(load_be16(at + 4), 24);     /* the object's length */
	assert_int_equal(load_be16(at + 6), 0x0204); /* interface information; an address follows */
	assert_int_equal(load_be16(at + 8), 2);      /* of IPv6 */
	assert_int_equal(address6_parse("2001:db8:9::1", &router), 0);
	assert_memory_equal(at + 12, &router, sizeof(router));
	for (int i = 0; i < 28; i += 2)
		sum += load_be16(at + i);
	assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
	/* A router with a mapping shows itself. */
	assert_int_equal(error6(HOST, 3, 0, 0, &quote, 80), VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&gateway)->src4, MAPPED);
	assert_int_equal(last_rest(), 0);
	gateway_close(&gateway);
}

static void the_interface_object_is_off_by_default(void **state)
{
	struct raw_packet quote;

	(void)state;
	gateway_open(&gateway, SIIT);
	quoted6(&quote, 0, 80);
	assert_int_equal(error6("2001:db8:9::1", 3, 0, 0, &quote, 80), VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&gateway)->len, 20 + 8 + 60);
	assert_int_equal(gateway_last(&gateway)->src4, OWN);
	gateway_close(&gateway);
}

static void a_long_error_is_cut_for_ipv4(void **state)
{
	struct raw_packet quote;

	(void)state;
	gateway_open(&gateway, SIIT);
	quoted6(&quote, 0, 1232);
	assert_int_equal(error6(HOST, 1, 4, 0, &quote, 1232), VERDICT_TRANSLATED);
	assert_in_range(gateway_last(&gateway)->len, 570, 576);
	gateway_close(&gateway);
}

static void quotes_keep_the_traffic_class(void **state)
{
	struct raw_packet quote;
	const struct packet *p;

	(void)state;
	gateway_open(&gateway, SIIT);
	quoted4(&quote, 0xbb, 60);
	assert_int_equal(error4(3, 3, 0, &quote, 60), VERDICT_TRANSLATED);
	p = gateway_last(&gateway);
	assert_int_equal(load_be32(p->data + 48) >> 20, 0x6bb);
	quoted6(&quote, 0xbb, 80);
	assert_int_equal(error6(HOST, 1, 4, 0, &quote, 80), VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&gateway)->data[28 + 1], 0xbb);
	gateway_close(&gateway);
}

static void errors_about_a_ping_find_their_way(void **state)
{
	struct raw_packet raw;
	const struct packet *p;
	uint8_t quote[28];

	(void)state;
	gateway_open(&gateway, POOL);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_ICMPV6, 1, 77, SERVER, 0, 0),
	                 VERDICT_TRANSLATED);
	memcpy(quote, gateway_last(&gateway)->data, sizeof(quote));
	raw_ip4(&raw, ROUTER, PUBLIC, IPPROTO_ICMP);
	raw_icmp(&raw, 11, 0, 0);
	raw_append(&raw, quote, sizeof(quote));
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_TRANSLATED);
	p = gateway_last(&gateway);
	assert_int_equal(p->icmp_type, 3);
	assert_int_equal(p->dst6.s6_addr[15], 1);
	assert_int_equal(p->data[48 + 40], 128); /* the quoted echo request */
	assert_int_equal(load_be16(p->data + 48 + 44), 77);
	/* The same about somebody else's ping has no way. */
	store_be16(quote + 24, (uint16_t)(load_be16(quote + 24) ^ 1));
	memcpy(raw.bytes + 28, quote, sizeof(quote));
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_ICMP_QUOTE_MAPPING);
	gateway_close(&gateway);
}

static void behind_the_well_known_prefix_a_private_router_borrows_the_destination(void **state)
{
	struct raw_packet raw;
	struct in6_addr server;

	(void)state;
	gateway_open_bare(&gateway, POOL, seed); /* pool6 is 64:ff9b::/96 */
	raw_ip6(&raw, HOST, "64:ff9b::9.9.9.9", IPPROTO_UDP);
	raw_udp(&raw, 4000, 53, 8);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_TRANSLATED);
	raw_ip4(&raw, 0x0a000001, PUBLIC, IPPROTO_ICMP);
	raw_icmp(&raw, 3, 4, 1400);
	raw_append(&raw, gateway_last(&gateway)->data, 28);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_TRANSLATED);
	assert_int_equal(last_rest(), 1420);
	assert_int_equal(address6_parse("64:ff9b::9.9.9.9", &server), 0);
	assert_memory_equal(&gateway_last(&gateway)->src6, &server, sizeof(server));
	gateway_close(&gateway);
}

/* Errors from both sides, each minute, about one UDP session. */
static void errors_neither_shorten_nor_prolong_a_session(void **state)
{
	struct raw_packet out, in, error;

	(void)state;
	gateway_open(&gateway, POOL);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_UDP, 1, 4000, SERVER, 53, 0),
	                 VERDICT_TRANSLATED);
	raw_ip4(&out, 0, 0, 0);
	memcpy(out.bytes, gateway_last(&gateway)->data, 28);
	raw_ip6(&in, SERVER6, HOST, IPPROTO_UDP);
	raw_udp(&in, 53, 4000, 8);
	raw_seal(&in);
	for (int i = 0; i < 4; i++) {
		gateway_pass(&gateway, 60 * SECOND_US);
		raw_ip4(&error, SERVER, PUBLIC, IPPROTO_ICMP);
		raw_icmp(&error, 3, 1, 0);
		raw_append(&error, out.bytes, 28);
		raw_seal(&error);
		assert_int_equal(raw_send(&gateway, &error), VERDICT_TRANSLATED);
		assert_int_equal(error6(HOST, 1, 4, 0, &in, 56), VERDICT_TRANSLATED);
	}
	gateway_pass(&gateway, 59 * SECOND_US);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_UDP], 1);
	gateway_pass(&gateway, 2 * SECOND_US);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_UDP], 0);
	gateway_close(&gateway);
}

/* -- errors of our own
 * ------------------------------------------------------------------------------------------------
 */

static void dying6(struct raw_packet *raw, size_t len)
{
	raw_ip6(raw, HOST, SERVER6, IPPROTO_UDP);
	raw_udp(raw, 4000, 53, len - 48);
	raw_set_ttl(raw, 1);
	raw_seal(raw);
}

static void dying4(struct raw_packet *raw, size_t len)
{
	raw_ip4(raw, SERVER, MAPPED, IPPROTO_UDP);
	raw_udp(raw, 53, 4000, len - 28);
	raw_set_ttl(raw, 1);
	raw_seal(raw);
}

static void too_big4(struct raw_packet *raw)
{
	dying4(raw, 1500);
	raw_set_ttl(raw, 64);
	raw->bytes[6] = 0x40;
	raw_seal(raw);
}

static void own_errors_quote_what_fits(void **state)
{
	struct raw_packet raw;
	const struct packet *p;

	(void)state;
	gateway_open(&gateway, SIIT);
	dying6(&raw, 1500);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_TTL_EXCEEDED);
	p = gateway_last(&gateway);
	assert_int_equal(p->len, 1280);
	assert_memory_equal(p->data + 48, raw.bytes, 1280 - 48);
	dying4(&raw, 1500);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_TTL_EXCEEDED);
	p = gateway_last(&gateway);
	assert_int_equal(p->len, 576);
	assert_int_equal(p->src4, OWN);
	assert_int_equal(p->tos & 0xc0, 0xc0); /* precedence 6 or 7: RFC 1812 section 4.3.2.5 */
	assert_memory_equal(p->data + 28, raw.bytes, 576 - 28);
	gateway_close(&gateway);
}

static void each_class_of_errors_has_its_switch(void **state)
{
	struct raw_packet dying, big, stranger;

	(void)state;
	dying4(&dying, 60);
	too_big4(&big);
	raw_ip6(&stranger, "2001:db8:9::1", SERVER6, IPPROTO_UDP);
	raw_udp(&stranger, 4000, 53, 8);
	raw_seal(&stranger);

	gateway_open(&gateway, SIIT "icmp-errors = no\n");
	assert_int_equal(raw_send(&gateway, &dying), VERDICT_TTL_EXCEEDED);
	assert_int_equal(raw_send(&gateway, &big), VERDICT_TOO_BIG);
	assert_int_equal(raw_send(&gateway, &stranger), VERDICT_NO_MAPPING_SOURCE);
	assert_int_equal(gateway.count, 0);
	gateway_close(&gateway);

	gateway_open(&gateway, SIIT "icmp-errors = too-big\n");
	assert_int_equal(raw_send(&gateway, &dying), VERDICT_TTL_EXCEEDED);
	assert_int_equal(raw_send(&gateway, &stranger), VERDICT_NO_MAPPING_SOURCE);
	assert_int_equal(gateway.count, 0);
	assert_int_equal(raw_send(&gateway, &big), VERDICT_TOO_BIG);
	assert_int_equal(gateway.count, 1);
	gateway_close(&gateway);

	gateway_open(&gateway, SIIT);
	assert_int_equal(raw_send(&gateway, &dying), VERDICT_TTL_EXCEEDED);
	assert_int_equal(raw_send(&gateway, &stranger), VERDICT_NO_MAPPING_SOURCE);
	assert_int_equal(raw_send(&gateway, &big), VERDICT_TOO_BIG);
	assert_int_equal(gateway.count, 3);
	gateway_close(&gateway);
}

static void a_storm_of_one_class_leaves_the_others_their_rate(void **state)
{
	struct raw_packet dying, big;

	(void)state;
	gateway_open(&gateway, SIIT "icmp-error-rate = 1\nicmp-error-burst = 5\n");
	dying4(&dying, 60);
	too_big4(&big);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(raw_send(&gateway, &dying), VERDICT_TTL_EXCEEDED);
	assert_int_equal(gateway.count, 5);
	assert_int_equal(raw_send(&gateway, &big), VERDICT_TOO_BIG);
	assert_int_equal(gateway.count, 6);
	dying6(&dying, 80);
	assert_int_equal(raw_send(&gateway, &dying), VERDICT_TTL_EXCEEDED);
	assert_int_equal(gateway.count, 7);
	gateway_close(&gateway);
}

/* Every reason that would be answered, with an ICMP error as the packet. */
static void no_error_answers_an_error(void **state)
{
	static const uint8_t source_route[] = { 131, 7, 4, 192, 0, 2, 9, 0 };
	struct raw_packet quote4, quote6, raw;

	(void)state;
	gateway_open(&gateway, SIIT);
	quoted4(&quote4, 0, 60);
	quoted6(&quote6, 0, 80);

	raw_ip4(&raw, ROUTER, MAPPED, IPPROTO_ICMP); /* TTL */
	raw_icmp(&raw, 3, 1, 0);
	raw_append(&raw, quote4.bytes, 60);
	raw_set_ttl(&raw, 1);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_TTL_EXCEEDED);

	raw_ip4(&raw, ROUTER, 0xc0000210, IPPROTO_ICMP); /* a source route */
	raw.bytes[0] = 0x47;
	raw_append(&raw, source_route, sizeof(source_route));
	raw_icmp(&raw, 3, 1, 0);
	raw_append(&raw, quote4.bytes, 60);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_SOURCE_ROUTE);

	raw_ip6(&raw, HOST, SERVER6, IPPROTO_ICMPV6); /* hop limit */
	raw_icmp(&raw, 1, 4, 0);
	raw_append(&raw, quote6.bytes, 80);
	raw_set_ttl(&raw, 1);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_TTL_EXCEEDED);

	raw_ip6(&raw, HOST, SERVER6, IPPROTO_ROUTING); /* segments left */
	raw_append(&raw, (uint8_t[]){ IPPROTO_ICMPV6, 0, 253, 1, 0, 0, 0, 0 }, 8);
	raw_icmp(&raw, 1, 4, 0);
	raw_append(&raw, quote6.bytes, 80);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_ROUTING_HEADER);

	raw_ip6(&raw, HOST, "2001:db8:99::1", IPPROTO_ICMPV6); /* no mapping */
	raw_icmp(&raw, 1, 4, 0);
	raw_append(&raw, quote6.bytes, 80);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_NO_MAPPING_DESTINATION);
	assert_int_equal(gateway.count, 0);
	gateway_close(&gateway);
}

/* What RFC 1812 section 4.3.2.7 and RFC 4443 section 2.4 (e) exempt besides errors, each with a TTL
 * that would be answered. */
static void nobody_is_answered_who_may_not_be(void **state)
{
	struct raw_packet raw, piece;

	(void)state;
	gateway_open(&gateway, SIIT);
	dying4(&raw, 1500);
	raw_piece(&raw, 800, 680, false, 7, &piece); /* a later fragment */
	assert_int_equal(raw_send(&gateway, &piece), VERDICT_TTL_EXCEEDED);
	raw.bytes[10] ^= 1; /* a broken header */
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_CHECKSUM4);
	for (int i = 0; i < 2; i++) { /* broadcast and multicast, as destination and as source */
		const uint32_t addresses[] = { 0xffffffff, 0xe0000001 };

		raw_ip4(&raw, SERVER, addresses[i], IPPROTO_UDP);
		raw_udp(&raw, 1, 2, 8);
		raw_set_ttl(&raw, 1);
		raw_seal(&raw);
		assert_int_not_equal(raw_send(&gateway, &raw), VERDICT_TRANSLATED);
		raw_ip4(&raw, addresses[i], MAPPED, IPPROTO_UDP);
		raw_udp(&raw, 1, 2, 8);
		raw_set_ttl(&raw, 1);
		raw_seal(&raw);
		assert_int_not_equal(raw_send(&gateway, &raw), VERDICT_TRANSLATED);
	}

	dying6(&raw, 1280);
	raw_piece(&raw, 800, 440, false, 7, &piece);
	assert_int_equal(raw_send(&gateway, &piece), VERDICT_TTL_EXCEEDED);
	raw_ip6(&raw, HOST, "ff02::1", IPPROTO_UDP);
	raw_udp(&raw, 1, 2, 8);
	raw_set_ttl(&raw, 1);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_MARTIAN_DESTINATION);
	raw_ip6(&raw, "::", SERVER6, IPPROTO_UDP);
	raw_udp(&raw, 1, 2, 8);
	raw_set_ttl(&raw, 1);
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_MARTIAN_SOURCE);
	raw_ip6(&raw, HOST, SERVER6, IPPROTO_ICMPV6); /* a redirect */
	raw_icmp(&raw, 137, 0, 0);
	raw_append(&raw, NULL, 32);
	raw_set_ttl(&raw, 1);
	raw_seal(&raw);
	assert_int_not_equal(raw_send(&gateway, &raw), VERDICT_TRANSLATED);
	assert_int_equal(gateway.count, 0);
	gateway_close(&gateway);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unused_fields_are_zero_and_pointers_are_whole),
		cmocka_unit_test(an_extension_goes_where_no_length_can_mark_it),
		cmocka_unit_test(the_interface_object_names_the_router),
		cmocka_unit_test(the_interface_object_is_off_by_default),
		cmocka_unit_test(a_long_error_is_cut_for_ipv4),
		cmocka_unit_test(quotes_keep_the_traffic_class),
		cmocka_unit_test(errors_about_a_ping_find_their_way),
		cmocka_unit_test(
			behind_the_well_known_prefix_a_private_router_borrows_the_destination),
		cmocka_unit_test(errors_neither_shorten_nor_prolong_a_session),
		cmocka_unit_test(own_errors_quote_what_fits),
		cmocka_unit_test(each_class_of_errors_has_its_switch),
		cmocka_unit_test(a_storm_of_one_class_leaves_the_others_their_rate),
		cmocka_unit_test(no_error_answers_an_error),
		cmocka_unit_test(nobody_is_answered_who_may_not_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The packet parser: what it says of well-formed packets, what it refuses, and that no cut or
 * changed packet makes it read outside the bytes it was given (run under ASan: each packet lies in
 * a heap block of exactly its size). */
#include "tests/unit/prng.h"
#include "translator/checksum.h"
#include "translator/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct prng prng = { .state = 791 };

static void ipv4_checksum(uint8_t *packet)
{
	size_t len = (packet[0] & 15u) * 4;
	uint16_t sum;

	memset(packet + 10, 0, 2);
	sum = checksum_finish(checksum_add(0, packet, len));
	memcpy(packet + 10, &sum, 2);
}

/* An IPv4 packet with options (a multiple of 4 bytes) and l4_len zero bytes behind. Returns its
 * length. */
static uint32_t ipv4(uint8_t *packet, uint8_t proto, const uint8_t *options, uint32_t options_len,
                     uint32_t l4_len)
{
	uint32_t len = 20 + options_len + l4_len;

	memset(packet, 0, len);
	packet[0] = (uint8_t)(0x45 + options_len / 4);
	packet[1] = 0xb9;
	store_be16(packet + 2, (uint16_t)len);
	store_be16(packet + 4, 0xbeef);
	packet[8] = 64;
	packet[9] = proto;
	store_be32(packet + 12, 0xc0000201);
	store_be32(packet + 16, 0xc6336407);
	if (options_len)
		memcpy(packet + 20, options, options_len);
	ipv4_checksum(packet);
	return len;
}

static uint32_t ipv6(uint8_t *packet, uint8_t next, const uint8_t *body, uint32_t len)
{
	memset(packet, 0, 40);
	packet[0] = 0x6b;
	packet[1] = 0x91;
	store_be16(packet + 4, (uint16_t)len);
	packet[6] = next;
	packet[7] = 64;
	packet[8] = 0x20;
	packet[24] = 0xfd;
	if (len)
		memcpy(packet + 40, body, len);
	return 40 + len;
}

/* Parse a copy that ends where the heap block ends. */
static enum verdict parse(const uint8_t *packet, uint32_t len, enum packet_form form,
                          struct packet *p)
{
	uint8_t *copy = malloc(len ? len : 1);
	enum verdict verdict;

	assert_non_null(copy);
	memcpy(copy, packet, len);
	verdict = packet_parse(copy, len, form, p);
	if (verdict == VERDICT_OK && p->fragment_offset == 0)
		(void)packet_parse_transport(p, form);
	free(copy);
	p->data = NULL;
	return verdict;
}

static enum verdict parse_whole(const uint8_t *packet, uint32_t len, struct packet *p)
{
	return parse(packet, len, PACKET_WHOLE, p);
}

static void ipv4_fields(void **state)
{
	uint8_t bytes[100];
	struct packet p;
	uint32_t len = ipv4(bytes, IPPROTO_UDP, NULL, 0, 20);

	(void)state;
	store_be16(bytes + 20, 4000);
	store_be16(bytes + 22, 53);
	store_be16(bytes + 24, 20);
	store_be16(bytes + 6, 0x4000);
	ipv4_checksum(bytes);
	assert_int_equal(parse_whole(bytes, len, &p), VERDICT_OK);
	assert_int_equal(p.version, 4);
	assert_int_equal(p.tos, 0xb9);
	assert_int_equal(p.ttl, 64);
	assert_int_equal(p.proto, IPPROTO_UDP);
	assert_int_equal(p.src4, 0xc0000201);
	assert_int_equal(p.dst4, 0xc6336407);
	assert_int_equal(p.l4_offset, 20);
	assert_int_equal(p.l4_len, 20);
	assert_true(p.dont_fragment && !p.is_fragment && !p.more);
	assert_int_equal(p.src_port, 4000);
	assert_int_equal(p.dst_port, 53);
	assert_int_equal(p.transport_header_len, 8);
}

static void bytes_behind_the_packet_are_cut_off(void **state)
{
	uint8_t bytes[100] = { 0 };
	struct packet p;

	(void)state;
	(void)ipv4(bytes, IPPROTO_UDP, NULL, 0, 8);
	assert_int_equal(parse_whole(bytes, 46, &p), VERDICT_OK);
	assert_int_equal(p.len, 28);
	assert_int_equal(p.l4_len, 8);
	(void)ipv6(bytes, IPPROTO_UDP, bytes + 60, 8);
	assert_int_equal(parse_whole(bytes, 60, &p), VERDICT_OK);
	assert_int_equal(p.len, 48);
}

static void broken_ipv4_headers(void **state)
{
	uint8_t bytes[100];
	struct packet p;
	uint32_t len = ipv4(bytes, IPPROTO_TCP, NULL, 0, 20);

	(void)state;
	for (uint32_t cut = 0; cut < len; cut++)
		assert_int_equal(parse_whole(bytes, cut, &p), VERDICT_MALFORMED4);
	bytes[0] = 0x44; /* IHL 4 */
	ipv4_checksum(bytes);
	assert_int_equal(parse_whole(bytes, len, &p), VERDICT_MALFORMED4);
	bytes[0] = 0x4f; /* IHL 15 in a packet of 40 bytes */
	assert_int_equal(parse_whole(bytes, len, &p), VERDICT_MALFORMED4);
	bytes[0] = 0x55;
	assert_int_equal(parse_whole(bytes, len, &p), VERDICT_MALFORMED4);
	len = ipv4(bytes, IPPROTO_TCP, NULL, 0, 20);
	store_be16(bytes + 2, 19); /* total length below the header */
	ipv4_checksum(bytes);
	assert_int_equal(parse_whole(bytes, len, &p), VERDICT_MALFORMED4);
	len = ipv4(bytes, IPPROTO_TCP, NULL, 0, 20);
	bytes[10] ^= 1;
	assert_int_equal(parse_whole(bytes, len, &p), VERDICT_CHECKSUM4);
	assert_int_equal(parse(bytes, len, PACKET_QUOTE, &p), VERDICT_OK);
}

static void options(const uint8_t *list, uint32_t len, enum verdict want, bool source_route)
{
	uint8_t bytes[100];
	struct packet p;
	uint32_t packet_len = ipv4(bytes, IPPROTO_UDP, list, len, 8);

	assert_int_equal(parse_whole(bytes, packet_len, &p), want);
	if (want == VERDICT_OK)
		assert_int_equal(p.source_route, source_route);
}

static void ipv4_options(void **state)
{
	(void)state;
	options((const uint8_t[]){ 7, 7, 4, 0, 0, 0, 0, 0 }, 8, VERDICT_OK, false);
	options((const uint8_t[]){ 1, 1, 1, 1 }, 4, VERDICT_OK, false);
	options((const uint8_t[]){ 131, 7, 4, 1, 2, 3, 4, 0 }, 8, VERDICT_OK, true);
	options((const uint8_t[]){ 137, 7, 4, 1, 2, 3, 4, 0 }, 8, VERDICT_OK, true);
	options((const uint8_t[]){ 131, 7, 8, 1, 2, 3, 4, 0 }, 8, VERDICT_OK, false);
	options((const uint8_t[]){ 1, 131, 7, 4, 1, 2, 3, 4 }, 8, VERDICT_OK, true);
	options((const uint8_t[]){ 0, 131, 7, 4, 1, 2, 3, 4 }, 8, VERDICT_OK, false);
	options((const uint8_t[]){ 7, 0, 4, 0 }, 4, VERDICT_MALFORMED4, false);
	options((const uint8_t[]){ 7, 1, 4, 0 }, 4, VERDICT_MALFORMED4, false);
	options((const uint8_t[]){ 7, 5, 4, 0 }, 4, VERDICT_MALFORMED4, false);
	options((const uint8_t[]){ 1, 1, 1, 7 }, 4, VERDICT_MALFORMED4, false);
	options((const uint8_t[]){ 1, 1, 131, 2 }, 4, VERDICT_MALFORMED4, false);
}

static void ipv4_fragment(uint16_t field, uint32_t l4_len, enum verdict want)
{
	static uint8_t bytes[66000];
	struct packet p;
	uint32_t len = ipv4(bytes, IPPROTO_UDP, NULL, 0, l4_len);

	store_be16(bytes + 6, field);
	if (l4_len >= 8)
		store_be16(bytes + 24, (uint16_t)l4_len);
	ipv4_checksum(bytes);
	assert_int_equal(parse_whole(bytes, len, &p), want);
	if (want != VERDICT_OK)
		return;
	assert_int_equal(p.is_fragment, (field & 0x3fff) != 0);
	assert_int_equal(p.more, (field & 0x2000) != 0);
	assert_int_equal(p.fragment_offset, (field & 0x1fff) * 8);
	assert_int_equal(p.fragment_id, 0xbeef);
}

static void fragments_of_impossible_length(void **state)
{
	(void)state;
	ipv4_fragment(0x2000, 16, VERDICT_OK);
	ipv4_fragment(0x0001, 3, VERDICT_OK);
	ipv4_fragment(0x2001, 12, VERDICT_FRAGMENT_INVALID);
	ipv4_fragment(0x2001, 0, VERDICT_FRAGMENT_INVALID);
	ipv4_fragment(0x0001, 0, VERDICT_FRAGMENT_INVALID);
	ipv4_fragment(0x1fff, 7, VERDICT_OK); /* ends at 65535 */
	ipv4_fragment(0x1fff, 8, VERDICT_FRAGMENT_INVALID);
	ipv4_fragment(0x3fff, 8, VERDICT_FRAGMENT_INVALID);
	ipv4_fragment(0x0000, 8, VERDICT_OK);
}

static void ipv6_chain(const uint8_t *body, uint32_t len, uint8_t next, enum verdict want,
                       struct packet *p)
{
	uint8_t bytes[1000];

	assert_int_equal(parse_whole(bytes, ipv6(bytes, next, body, len), p), want);
}

static void ipv6_fields(void **state)
{
	const uint8_t udp[8] = { 0x0f, 0xa0, 0, 53, 0, 8 };
	struct packet p;

	(void)state;
	ipv6_chain(udp, 8, IPPROTO_UDP, VERDICT_OK, &p);
	assert_int_equal(p.version, 6);
	assert_int_equal(p.tos, 0xb9);
	assert_int_equal(p.ttl, 64);
	assert_int_equal(p.l4_offset, 40);
	assert_int_equal(p.src6.s6_addr[0], 0x20);
	assert_int_equal(p.dst6.s6_addr[0], 0xfd);
	assert_int_equal(p.src_port, 4000);
	assert_int_equal(p.dst_port, 53);
	assert_false(p.has_fragment_header);
}

static void extension_headers_are_walked(void **state)
{
	const uint8_t chain[] = { 60, 0, 1,    4,    0, 0, 0,    0, /* hop-by-hop */
		                  43, 1, 1,    4,    0, 0, 0,    0,
		                  0,  0, 0,    0,    0, 0, 0,    0,    /* options */
		                  44, 0, 0,    0,    0, 0, 0,    0,    /* routing, none left */
		                  17, 0, 0x00, 0x09, 0, 0, 0xca, 0xfe, /* fragment 8, more */
		                  1,  2, 3,    4,    5, 6, 7,    8 };
	struct packet p;

	(void)state;
	ipv6_chain(chain, sizeof(chain), 0, VERDICT_OK, &p);
	assert_int_equal(p.proto, 17);
	assert_int_equal(p.l4_offset, 40 + 40);
	assert_int_equal(p.l4_len, 8);
	assert_int_equal(p.routing_pointer, 0);
	assert_true(p.has_fragment_header && p.is_fragment && p.more);
	assert_int_equal(p.fragment_offset, 8);
	assert_int_equal(p.fragment_id, 0xcafe);
}

static void the_pointer_names_segments_left(void **state)
{
	uint8_t chain[24] = { 17, 0, 253, 1, [8] = 0, 0, 0, 0, 0, 8 };
	const uint8_t behind[24] = { 43, 0, 1, 4, 0, 0, 0, 0, 17, 0, 253, 1, 0, 0, 0, 0, [21] = 8 };
	struct packet p;

	(void)state;
	store_be16(chain + 12, 16);
	ipv6_chain(chain, 24, IPPROTO_ROUTING, VERDICT_OK, &p);
	assert_int_equal(p.routing_pointer, 43);
	ipv6_chain(behind, 24, IPPROTO_HOPOPTS, VERDICT_OK, &p);
	assert_int_equal(p.routing_pointer, 51);
}

static void an_atomic_fragment_is_whole(void **state)
{
	const uint8_t chain[16] = { 17, 0, 0, 0, 0x12, 0x34, 0x56, 0x78, 0, 1, 0, 2, 0, 8 };
	struct packet p;

	(void)state;
	ipv6_chain(chain, 16, IPPROTO_FRAGMENT, VERDICT_OK, &p);
	assert_true(p.has_fragment_header && !p.is_fragment);
	assert_int_equal(p.fragment_id, 0x12345678);
	assert_int_equal(p.dst_port, 2);
}

static void headers_behind_the_fragment_header(void **state)
{
	static const uint8_t refused[] = { 0, 43, 44, 51, 60 };
	uint8_t chain[24] = { 0 };
	struct packet p;

	(void)state;
	for (size_t i = 0; i < sizeof(refused); i++) {
		chain[0] = refused[i];
		chain[8] = 17;
		ipv6_chain(chain, 24, IPPROTO_FRAGMENT, VERDICT_EXTENSION_AFTER_FRAGMENT, &p);
	}
	chain[0] = 50;
	ipv6_chain(chain, 24, IPPROTO_FRAGMENT, VERDICT_OK, &p);
}

static void long_chains_are_refused(void **state)
{
	static uint8_t bytes[40 + 60 * 8 + 8];
	struct packet p;

	(void)state;
	for (unsigned count = 1; count <= 60; count++) {
		memset(bytes + 40, 60, sizeof(bytes) - 40);
		for (unsigned i = 0; i < count; i++) {
			bytes[40 + 8 * i] = i + 1 < count ? 60 : 59;
			bytes[40 + 8 * i + 1] = 0;
		}
		memset(bytes, 0, 40);
		bytes[0] = 0x60;
		store_be16(bytes + 4, (uint16_t)(8 * count));
		bytes[6] = 60;
		assert_int_equal(parse_whole(bytes, 40 + 8 * count, &p),
		                 count <= PACKET_EXTENSIONS_MAX ? VERDICT_OK
		                                                : VERDICT_EXTENSION_CHAIN);
	}
}

static void transport(uint8_t proto, const uint8_t *l4, uint32_t len, enum verdict want)
{
	uint8_t bytes[200];
	struct packet p;
	uint32_t total = ipv4(bytes, proto, NULL, 0, len);

	if (len)
		memcpy(bytes + 20, l4, len);
	assert_int_equal(packet_parse(bytes, total, PACKET_WHOLE, &p), VERDICT_OK);
	assert_int_equal(packet_parse_transport(&p, PACKET_WHOLE), want);
}

static void transport_headers(void **state)
{
	uint8_t tcp[24] = { [12] = 0x50, [13] = 0x12 }, udp[12] = { [5] = 12 }, icmp[8] = { 8 };

	(void)state;
	transport(IPPROTO_TCP, tcp, 24, VERDICT_OK);
	for (uint32_t len = 0; len < 20; len++)
		transport(IPPROTO_TCP, tcp, len, VERDICT_MALFORMED_TRANSPORT);
	tcp[12] = 0x40;
	transport(IPPROTO_TCP, tcp, 24, VERDICT_MALFORMED_TRANSPORT);
	tcp[12] = 0x70;
	transport(IPPROTO_TCP, tcp, 24, VERDICT_MALFORMED_TRANSPORT);
	transport(IPPROTO_UDP, udp, 12, VERDICT_OK);
	for (uint32_t len = 0; len < 8; len++)
		transport(IPPROTO_UDP, udp, len, VERDICT_MALFORMED_TRANSPORT);
	udp[5] = 13;
	transport(IPPROTO_UDP, udp, 12, VERDICT_MALFORMED_TRANSPORT);
	udp[5] = 7;
	transport(IPPROTO_UDP, udp, 12, VERDICT_MALFORMED_TRANSPORT);
	transport(IPPROTO_ICMP, icmp, 8, VERDICT_OK);
	for (uint32_t len = 0; len < 8; len++)
		transport(IPPROTO_ICMP, icmp, len, VERDICT_MALFORMED_TRANSPORT);
	transport(IPPROTO_GRE, icmp, 0, VERDICT_OK);
}

/* Random chains, then every cut and random changes of them: verdicts may be anything, reads outside
 * may not. */
static void no_packet_makes_it_read_outside(void **state)
{
	static const uint8_t nexts[] = { 0, 43, 44, 60, 6, 17, 58, 1, 50, 51, 59 };
	uint8_t bytes[128];
	struct packet p;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		uint32_t len = prng_below(&prng, sizeof(bytes) + 1);
		enum packet_form form = round & 1 ? PACKET_WHOLE : PACKET_QUOTE;

		prng_fill(&prng, bytes, sizeof(bytes));
		bytes[0] = (uint8_t)(round & 2 ? 0x60 : 0x45 + prng_below(&prng, 11));
		if (round & 2) {
			store_be16(bytes + 4, (uint16_t)prng_below(&prng, 100));
			bytes[6] = nexts[prng_below(&prng, sizeof(nexts))];
			for (uint32_t at = 40; at < 120; at += 8) {
				bytes[at] = nexts[prng_below(&prng, sizeof(nexts))];
				bytes[at + 1] = (uint8_t)prng_below(&prng, 3);
			}
		} else {
			store_be16(bytes + 2, (uint16_t)prng_below(&prng, 140));
			ipv4_checksum(bytes);
		}
		(void)parse(bytes, len, form, &p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_fields),
		cmocka_unit_test(bytes_behind_the_packet_are_cut_off),
		cmocka_unit_test(broken_ipv4_headers),
		cmocka_unit_test(ipv4_options),
		cmocka_unit_test(fragments_of_impossible_length),
		cmocka_unit_test(ipv6_fields),
		cmocka_unit_test(extension_headers_are_walked),
		cmocka_unit_test(the_pointer_names_segments_left),
		cmocka_unit_test(an_atomic_fragment_is_whole),
		cmocka_unit_test(headers_behind_the_fragment_header),
		cmocka_unit_test(long_chains_are_refused),
		cmocka_unit_test(transport_headers),
		cmocka_unit_test(no_packet_makes_it_read_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

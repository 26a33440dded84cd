/* IP and transport headers through the whole core, where one packet does not show it (ECN-01,
 * L4-02, L4-04, L4-09, MSS-01, MSS-02, TCP-16, V46-12, V64-06, V64-13, V64-15). */
#include "tests/unit/raw_packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define HOST    "2001:db8:6::1"
#define SERVER6 "2001:db8:64::198.51.100.80"
#define SERVER  0xc6336450 /* 198.51.100.80 */
#define MAPPED  0xc0000201 /* 192.0.2.1, HOST in siit mode */
#define POOL    "pool4 = 203.0.113.1/32 1024-65535\n"
#define SIIT    "mode = siit\neam = 192.0.2.1 2001:db8:6::1\n"

static struct gateway gateway;

static void udp6(struct raw_packet *raw, const char *dst6, size_t payload_len)
{
	raw_ip6(raw, HOST, dst6, IPPROTO_UDP);
	raw_udp(raw, 4000, 53, payload_len);
	raw_seal(raw);
}

static void udp4(struct raw_packet *raw, size_t payload_len)
{
	raw_ip4(raw, SERVER, MAPPED, IPPROTO_UDP);
	raw_udp(raw, 53, 4000, payload_len);
	raw_seal(raw);
}

static void congestion_marks_cross_both_ways(void **state)
{
	struct raw_packet out, in;

	(void)state;
	gateway_open(&gateway, SIIT);
	udp6(&out, SERVER6, 8);
	udp4(&in, 8);
	for (int tos = 0; tos < 256; tos++) {
		gateway_clear(&gateway);
		raw_set_tos(&out, (uint8_t)tos);
		raw_set_tos(&in, (uint8_t)tos);
		raw_seal(&in);
		assert_int_equal(raw_send(&gateway, &out), VERDICT_TRANSLATED);
		assert_int_equal(raw_send(&gateway, &in), VERDICT_TRANSLATED);
		assert_int_equal(gateway.out[0].p.tos, tos);
		assert_int_equal(gateway.out[1].p.tos, tos);
	}
	gateway_close(&gateway);
}

static void only_the_options_for_it_reset_them(void **state)
{
	struct raw_packet out, in;

	(void)state;
	gateway_open(&gateway, SIIT "zeroize-traffic-class = yes\noverride-tos = 16\n");
	udp6(&out, SERVER6, 8);
	udp4(&in, 8);
	raw_set_tos(&out, 0xbb);
	raw_set_tos(&in, 0xbb);
	raw_seal(&in);
	assert_int_equal(raw_send(&gateway, &out), VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&gateway)->tos, 16);
	assert_int_equal(raw_send(&gateway, &in), VERDICT_TRANSLATED);
	assert_int_equal(gateway_last(&gateway)->tos, 0);
	gateway_close(&gateway);
}

/* Far more than two minutes' worth at a low rate (RFC 6864 section 4.3). */
static void identifications_to_one_peer_do_not_repeat(void **state)
{
	static uint8_t seen[65536];
	struct raw_packet out;
	unsigned successors = 0;
	uint16_t last = 0;

	(void)state;
	memset(seen, 0, sizeof(seen));
	gateway_open(&gateway, POOL);
	udp6(&out, SERVER6, 8);
	for (int i = 0; i < 10000; i++) {
		uint16_t ident;

		gateway_clear(&gateway);
		assert_int_equal(raw_send(&gateway, &out), VERDICT_TRANSLATED);
		assert_false(gateway_last(&gateway)->dont_fragment);
		ident = (uint16_t)gateway_last(&gateway)->fragment_id;
		assert_int_equal(seen[ident], 0);
		seen[ident] = 1;
		successors += ident == (uint16_t)(last + 1);
		last = ident;
	}
	assert_true(successors < 10);
	gateway_close(&gateway);
}

static void no_counter_shows_across_peers(void **state)
{
	static const char *const peers[] = { SERVER6, "2001:db8:64::198.51.100.81" };
	unsigned near = 0;
	uint16_t last = 0;

	(void)state;
	gateway_open(&gateway, POOL);
	for (int i = 0; i < 2000; i++) {
		struct raw_packet out;
		uint16_t ident;

		udp6(&out, peers[i % 2], 8);
		gateway_clear(&gateway);
		assert_int_equal(raw_send(&gateway, &out), VERDICT_TRANSLATED);
		ident = (uint16_t)gateway_last(&gateway)->fragment_id;
		near += (uint16_t)(ident - last + 8) <= 16;
		last = ident;
	}
	assert_true(near < 10);
	gateway_close(&gateway);
}

static void packets_of_a_flow_keep_their_order(void **state)
{
	struct raw_packet out;

	(void)state;
	gateway_open(&gateway, POOL);
	raw_ip6(&out, HOST, SERVER6, IPPROTO_UDP);
	raw_udp(&out, 4000, 53, 4);
	for (uint32_t i = 0; i < 20000; i++) {
		const struct packet *p;

		store_be32(out.bytes + 48, i);
		raw_seal(&out);
		gateway_clear(&gateway);
		assert_int_equal(raw_send(&gateway, &out), VERDICT_TRANSLATED);
		assert_int_equal(gateway.count, 1);
		p = gateway_last(&gateway);
		assert_int_equal(load_be32(p->data + p->l4_offset + 8), i);
	}
	gateway_close(&gateway);
}

/* Options that ask a destination to discard the packet are no business of a translator. */
static void unknown_options_are_skipped(void **state)
{
	static const uint8_t kinds[] = { IPPROTO_HOPOPTS, IPPROTO_DSTOPTS };
	static const uint8_t actions[] = { 0x1e, 0x5e, 0x9e, 0xde };

	(void)state;
	gateway_open(&gateway, POOL);
	for (int kind = 0; kind < 2; kind++) {
		for (int action = 0; action < 4; action++) {
			const uint8_t header[8] = { IPPROTO_UDP, 0, actions[action], 4 };
			struct raw_packet out;

			raw_ip6(&out, HOST, SERVER6, kinds[kind]);
			raw_append(&out, header, sizeof(header));
			raw_udp(&out, 4000, 53, 8);
			raw_seal(&out);
			assert_int_equal(raw_send(&gateway, &out), VERDICT_TRANSLATED);
			assert_int_equal(gateway_last(&gateway)->len, 20 + 16);
		}
	}
	gateway_close(&gateway);
}

/* The sum of the last 16 bits of the payload with a wanted checksum: change the payload until the
 * sealed packet has it. */
static void want_checksum(struct raw_packet *raw, size_t l4_offset, uint16_t wanted)
{
	uint8_t *last = raw->bytes + raw->len - 2;
	uint32_t sum;

	raw_seal(raw);
	sum = load_be16(raw->bytes + l4_offset + 16) + (uint32_t)load_be16(last) +
	      (uint16_t)~wanted;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	store_be16(last, (uint16_t)sum);
	raw_seal(raw);
}

/* The gateway of the tests verifies every checksum that comes out. */
static void awkward_checksums_stay_right(void **state)
{
	static const uint16_t sums[] = { 0x0000, 0x0001, 0x7fff, 0x8000, 0xfffe };
	struct raw_packet raw;

	(void)state;
	gateway_open(&gateway, SIIT);
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
		raw_ip6(&raw, HOST, SERVER6, IPPROTO_TCP);
		raw_tcp(&raw, 4000, 80, TCP_FLAG_ACK, 12);
		want_checksum(&raw, 40, sums[i]);
		assert_int_equal(load_be16(raw.bytes + 56), sums[i]);
		assert_int_equal(raw_send(&gateway, &raw), VERDICT_TRANSLATED);
		raw_ip4(&raw, SERVER, MAPPED, IPPROTO_TCP);
		raw_tcp(&raw, 80, 4000, TCP_FLAG_ACK, 12);
		want_checksum(&raw, 20, sums[i]);
		assert_int_equal(load_be16(raw.bytes + 36), sums[i]);
		assert_int_equal(raw_send(&gateway, &raw), VERDICT_TRANSLATED);
	}
	for (size_t len = 0; len < 64; len++) { /* odd lengths too */
		raw_ip6(&raw, HOST, SERVER6, IPPROTO_TCP);
		raw_tcp(&raw, 4000, 80, TCP_FLAG_ACK, len);
		raw_seal(&raw);
		assert_int_equal(raw_send(&gateway, &raw), VERDICT_TRANSLATED);
	}
	gateway_close(&gateway);
}

static void what_is_lost_for_good_is_noted(void **state)
{
	const uint8_t after_fragment[16] = { IPPROTO_DSTOPTS, 0, 0, 1, 0, 0, 0, 7,
		                             IPPROTO_UDP,     0, 1, 4 };
	struct raw_packet raw, piece;

	(void)state;
	gateway_open(&gateway, SIIT);
	udp4(&raw, 792);
	store_be16(raw.bytes + 26, 0);
	raw_piece(&raw, 0, 400, true, 7, &piece);
	assert_int_equal(raw_send(&gateway, &piece), VERDICT_UDP_CHECKSUM_ZERO);
	assert_int_equal(gateway.notes, 1);
	assert_int_equal(gateway.note, VERDICT_UDP_CHECKSUM_ZERO);
	raw_ip6(&raw, HOST, SERVER6, IPPROTO_FRAGMENT);
	raw_append(&raw, after_fragment, sizeof(after_fragment));
	raw_udp(&raw, 4000, 53, 8);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_EXTENSION_AFTER_FRAGMENT);
	assert_int_equal(gateway.notes, 2);
	assert_int_equal(gateway.note, VERDICT_EXTENSION_AFTER_FRAGMENT);
	assert_int_equal(gateway.count, 0);
	gateway_close(&gateway);
}

static void no_payload_is_looked_into(void **state)
{
	static const char text[] = "EPRT |2|2001:db8:6::1|5282|\r\nPORT 192,0,2,1,20,162\r\n";
	struct raw_packet raw;
	const struct packet *p;

	(void)state;
	gateway_open(&gateway, POOL);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_TCP, 1, 4000, SERVER, 21, TCP_FLAG_SYN),
	                 VERDICT_TRANSLATED);
	raw_ip6(&raw, HOST, SERVER6, IPPROTO_TCP);
	raw_tcp(&raw, 4000, 21, TCP_FLAG_ACK, 0);
	raw_append(&raw, text, sizeof(text));
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_TRANSLATED);
	p = gateway_last(&gateway);
	assert_int_equal(p->l4_len, 20 + sizeof(text));
	assert_memory_equal(p->data + p->l4_offset + 20, text, sizeof(text));
	gateway_close(&gateway);
}

/* The MSS that leaves in a segment with these flags that came with 1460. */
static uint16_t mss_after(uint8_t flags)
{
	const uint8_t option[4] = { 2, 4, 1460 >> 8, 1460 & 0xff };
	struct raw_packet raw;
	const struct packet *p;

	raw_ip6(&raw, HOST, SERVER6, IPPROTO_TCP);
	raw_tcp(&raw, 4000, 80, flags, 0);
	raw.bytes[52] = 6 << 4;
	raw_append(&raw, option, sizeof(option));
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_TRANSLATED);
	p = gateway_last(&gateway);
	return load_be16(p->data + p->l4_offset + 22);
}

static void the_mss_of_syns_is_lowered_if_asked(void **state)
{
	(void)state;
	gateway_open(&gateway, POOL);
	assert_int_equal(mss_after(TCP_FLAG_SYN), 1460);
	gateway_close(&gateway);
	gateway_open(&gateway, POOL "mss-clamp = auto\n");
	assert_int_equal(mss_after(TCP_FLAG_SYN), 1440);
	assert_int_equal(mss_after(TCP_FLAG_ACK), 1460);
	gateway_close(&gateway);
	gateway_open(&gateway, POOL "mss-clamp = auto\nmtu4 = 1400\n");
	assert_int_equal(mss_after(TCP_FLAG_SYN), 1360);
	gateway_close(&gateway);
	gateway_open(&gateway, POOL "mss-clamp = 1220\n");
	assert_int_equal(mss_after(TCP_FLAG_SYN), 1220);
	gateway_close(&gateway);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(congestion_marks_cross_both_ways),
		cmocka_unit_test(only_the_options_for_it_reset_them),
		cmocka_unit_test(identifications_to_one_peer_do_not_repeat),
		cmocka_unit_test(no_counter_shows_across_peers),
		cmocka_unit_test(packets_of_a_flow_keep_their_order),
		cmocka_unit_test(unknown_options_are_skipped),
		cmocka_unit_test(awkward_checksums_stay_right),
		cmocka_unit_test(what_is_lost_for_good_is_noted),
		cmocka_unit_test(no_payload_is_looked_into),
		cmocka_unit_test(the_mss_of_syns_is_lowered_if_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

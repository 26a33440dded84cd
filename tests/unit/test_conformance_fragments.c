/* Fragments through the whole core: order, time, overlap, tiny pieces, congestion marks, floods
 * (ECN-02, FRG-02, FRG-03, FRG-04, FRG-06, FRG-07, FRG-10, FRG-11, PMT-11, SEC-06, SEC-13, V64-11).
 */
#include "tests/unit/raw_packet.h"
#include "tests/vectors/packet_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND_US GATEWAY_SECOND_US
#define HOST      "2001:db8:6::1"
#define SERVER6   "2001:db8:64::198.51.100.80"
#define SERVER    0xc6336450 /* 198.51.100.80 */
#define MAPPED    0xc0000201 /* 192.0.2.1, HOST in siit mode */
#define PUBLIC    0xcb007101 /* 203.0.113.1 */
#define POOL      "pool4 = 203.0.113.1/32 1024-65535\n"
#define NAT64     POOL "bib = udp [2001:db8:6::1]:4000 203.0.113.1:5000\n"
#define SIIT      "mode = siit\neam = 192.0.2.1 2001:db8:6::1\n"

static struct gateway gateway;

/* A UDP datagram of len bytes behind the IP header, host to server, and server to `dst4`. */
static void datagram6(struct raw_packet *raw, size_t len)
{
	raw_ip6(raw, HOST, SERVER6, IPPROTO_UDP);
	raw_udp(raw, 4000, 53, len - 8);
	raw_seal(raw);
}

static void datagram4(struct raw_packet *raw, uint32_t dst4, uint16_t dport, size_t len)
{
	raw_ip4(raw, SERVER, dst4, IPPROTO_UDP);
	raw_udp(raw, 53, dport, len - 8);
	raw_seal(raw);
}

static enum verdict send_piece(const struct raw_packet *whole, size_t offset, size_t len, bool more,
                               uint16_t ident)
{
	struct raw_packet piece;

	raw_piece(whole, offset, len, more, ident, &piece);
	return raw_send(&gateway, &piece);
}

/* The outputs, put together: one datagram of payload_len bytes behind the IP header, whose checksum
 * holds and whose payload is the pattern. */
static void outputs_make_one_datagram(size_t payload_len)
{
	struct bytes pieces[8], whole;
	const uint8_t *payload;
	struct packet_view view;

	assert_in_range(gateway.count, 1, 8);
	for (size_t i = 0; i < gateway.count; i++)
		pieces[i] = (struct bytes){ gateway.out[i].data, gateway.out[i].p.len };
	assert_true(packets_reassemble(pieces, gateway.count, &whole));
	assert_true(packet_checksums_ok(whole.data, whole.len));
	assert_true(packet_view_parse(whole.data, whole.len, &view));
	assert_int_equal(view.length, payload_len);
	payload = whole.data + view.offset + 8;
	for (size_t i = 0; i < payload_len - 8; i++)
		assert_int_equal(payload[i], (uint8_t)(3 + 7 * i));
	free(whole.data);
}

static void pieces_in_any_order_make_one_datagram(void **state)
{
	static const uint8_t orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		                              { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	struct raw_packet out, in;

	(void)state;
	gateway_open(&gateway, NAT64);
	datagram6(&out, 1208);
	datagram4(&in, PUBLIC, 5000, 1208);
	for (uint16_t order = 0; order < 6; order++) {
		gateway_clear(&gateway);
		for (int i = 0; i < 3; i++)
			(void)send_piece(&out, orders[order][i] * 400u,
			                 orders[order][i] == 2 ? 408 : 400, orders[order][i] < 2,
			                 (uint16_t)(100 + order));
		for (size_t i = 0; i < gateway.count; i++) {
			assert_int_equal(gateway.out[i].p.src4, PUBLIC);
			assert_int_equal(gateway.out[i].p.fragment_id, 100 + order);
		}
		outputs_make_one_datagram(1208);
		gateway_clear(&gateway);
		for (int i = 0; i < 3; i++)
			(void)send_piece(&in, orders[order][i] * 400u,
			                 orders[order][i] == 2 ? 408 : 400, orders[order][i] < 2,
			                 (uint16_t)(100 + order));
		for (size_t i = 0; i < gateway.count; i++)
			assert_int_equal(gateway.out[i].p.fragment_id, 100 + order);
		outputs_make_one_datagram(1208);
	}
	gateway_close(&gateway);
}

static void what_waited_leaves_in_order(void **state)
{
	struct raw_packet out;

	(void)state;
	gateway_open(&gateway, NAT64);
	datagram6(&out, 1208);
	assert_int_equal(send_piece(&out, 800, 408, false, 7), VERDICT_FRAGMENT_STORED);
	assert_int_equal(send_piece(&out, 400, 400, true, 7), VERDICT_FRAGMENT_STORED);
	assert_int_equal(send_piece(&out, 0, 400, true, 7), VERDICT_TRANSLATED);
	assert_int_equal(gateway.count, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(gateway.out[i].p.fragment_offset, i * 400);
	gateway_close(&gateway);
}

static void cut_pieces_leave_in_order_and_carry_the_mark(void **state)
{
	struct raw_packet raw;

	(void)state;
	gateway_open(&gateway, SIIT "mtu4 = 600\n");
	datagram4(&raw, MAPPED, 4000, 1480);
	raw_set_tos(&raw, 0xbb); /* EF, congestion experienced */
	raw_seal(&raw);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_TRANSLATED);
	assert_int_equal(gateway.count, 2);
	datagram6(&raw, 1240);
	raw_set_tos(&raw, 0xbb);
	assert_int_equal(raw_send(&gateway, &raw), VERDICT_TRANSLATED);
	assert_int_equal(gateway.count, 5);
	for (size_t i = 0; i < gateway.count; i++)
		assert_int_equal(gateway.out[i].p.tos, 0xbb);
	assert_int_equal(gateway.out[0].p.fragment_offset, 0);
	assert_int_equal(gateway.out[2].p.fragment_offset, 0);
	assert_true(gateway.out[1].p.fragment_offset > 0);
	assert_true(gateway.out[3].p.fragment_offset > 0);
	assert_true(gateway.out[4].p.fragment_offset > gateway.out[3].p.fragment_offset);
	gateway_close(&gateway);
}

static void the_rest_may_come_two_seconds_late(void **state)
{
	struct raw_packet out;

	(void)state;
	gateway_open(&gateway, NAT64);
	datagram6(&out, 808);
	assert_int_equal(send_piece(&out, 400, 408, false, 7), VERDICT_FRAGMENT_STORED);
	gateway_pass(&gateway, 1900000);
	assert_int_equal(send_piece(&out, 0, 400, true, 7), VERDICT_TRANSLATED);
	outputs_make_one_datagram(808);

	gateway_clear(&gateway);
	assert_int_equal(send_piece(&out, 400, 408, false, 8), VERDICT_FRAGMENT_STORED);
	gateway_pass(&gateway, 2200000);
	assert_int_equal(gateway_stats(&gateway).fragments, 0);
	assert_int_equal(gateway_stats(&gateway).counters.verdicts[VERDICT_FRAGMENT_TIMEOUT], 1);
	assert_int_equal(send_piece(&out, 0, 400, true, 8), VERDICT_TRANSLATED);
	assert_int_equal(gateway.count, 1);
	gateway_close(&gateway);
}

static void an_atomic_fragment_neither_waits_nor_disturbs(void **state)
{
	struct raw_packet half, single, atomic;
	const struct packet *p;

	(void)state;
	gateway_open(&gateway, NAT64);
	datagram6(&half, 808);
	datagram6(&single, 40);
	assert_int_equal(send_piece(&half, 400, 408, false, 7), VERDICT_FRAGMENT_STORED);
	raw_piece(&single, 0, 40, false, 7, &atomic);
	assert_int_equal(raw_send(&gateway, &atomic), VERDICT_TRANSLATED);
	p = gateway_last(&gateway);
	assert_int_equal(gateway.count, 1);
	assert_false(p->is_fragment);
	assert_int_equal(p->fragment_id, 7);
	outputs_make_one_datagram(40);
	gateway_clear(&gateway);
	assert_int_equal(send_piece(&half, 0, 400, true, 7), VERDICT_TRANSLATED);
	outputs_make_one_datagram(808);
	gateway_close(&gateway);
}

static void overlapping_pieces_do_not_get_out(void **state)
{
	struct raw_packet out;

	(void)state;
	gateway_open(&gateway, NAT64);
	datagram6(&out, 1208);
	for (uint16_t by = 8; by <= 16; by += 8) {
		gateway_clear(&gateway);
		assert_int_equal(send_piece(&out, 0, 400, true, by), VERDICT_TRANSLATED);
		assert_int_equal(send_piece(&out, 400u - by, 400, true, by),
		                 VERDICT_FRAGMENT_OVERLAP);
		assert_int_not_equal(send_piece(&out, 400, 808, false, by), VERDICT_TRANSLATED);
		assert_int_equal(gateway.count, 1);
		/* Not the first piece first: nothing at all gets out. */
		gateway_clear(&gateway);
		assert_int_equal(send_piece(&out, 400, 400, true, 100 + by),
		                 VERDICT_FRAGMENT_STORED);
		assert_int_equal(send_piece(&out, 800u - by, 408u + by, false, 100 + by),
		                 VERDICT_FRAGMENT_OVERLAP);
		assert_int_not_equal(send_piece(&out, 0, 400, true, 100 + by), VERDICT_TRANSLATED);
		assert_int_equal(gateway.count, 0);
	}
	gateway_close(&gateway);
}

static void exact_duplicates_are_ignored_and_nothing_else_is_one(void **state)
{
	struct raw_packet out;

	(void)state;
	gateway_open(&gateway, NAT64);
	datagram6(&out, 1208);
	assert_int_equal(send_piece(&out, 400, 400, true, 7), VERDICT_FRAGMENT_STORED);
	assert_int_equal(send_piece(&out, 400, 400, true, 7), VERDICT_FRAGMENT_DUPLICATE);
	assert_int_equal(send_piece(&out, 0, 400, true, 7), VERDICT_TRANSLATED);
	assert_int_equal(send_piece(&out, 0, 400, true, 7), VERDICT_FRAGMENT_DUPLICATE);
	assert_int_equal(send_piece(&out, 800, 408, false, 7), VERDICT_TRANSLATED);
	outputs_make_one_datagram(1208);

	gateway_clear(&gateway);
	assert_int_equal(send_piece(&out, 0, 400, true, 8), VERDICT_TRANSLATED);
	assert_int_equal(send_piece(&out, 0, 408, true, 8), VERDICT_FRAGMENT_OVERLAP);
	assert_int_equal(send_piece(&out, 0, 400, true, 9), VERDICT_TRANSLATED);
	assert_int_equal(send_piece(&out, 392, 8, true, 9), VERDICT_FRAGMENT_OVERLAP);
	assert_int_equal(gateway.count, 2);
	gateway_close(&gateway);
}

/* The set of RFC 1858 and RFC 3128: a first piece without the TCP flags, and pieces that would
 * write over them. */
static void tiny_fragments_open_nothing(void **state)
{
	static const char *const modes[] = { NAT64, SIIT };
	static const uint32_t targets[] = { PUBLIC, MAPPED };
	struct raw_packet out, in;

	(void)state;
	for (int mode = 0; mode < 2; mode++) {
		gateway_open(&gateway, modes[mode]);
		raw_ip6(&out, HOST, SERVER6, IPPROTO_TCP);
		raw_tcp(&out, 4000, 80, TCP_FLAG_SYN, 100);
		raw_seal(&out);
		raw_ip4(&in, SERVER, targets[mode], IPPROTO_TCP);
		raw_tcp(&in, 80, 4000, TCP_FLAG_SYN, 100);
		raw_seal(&in);
		for (uint16_t at = 8; at < 24; at += 8) {
			assert_int_equal(send_piece(&out, 0, at, true, at), VERDICT_FRAGMENT_TINY);
			assert_int_equal(send_piece(&in, 0, at, true, at), VERDICT_FRAGMENT_TINY);
			assert_int_equal(send_piece(&out, at, 120u - at, false, at),
			                 VERDICT_FRAGMENT_TINY);
			assert_int_equal(send_piece(&in, at, 120u - at, false, at),
			                 VERDICT_FRAGMENT_TINY);
		}
		assert_int_equal(gateway.count, 0);
		gateway_close(&gateway);
	}
}

static void marks_of_a_whole_datagram_are_not_mixed_up(void **state)
{
	static const uint8_t tos[][2] = { { 2, 3 }, { 3, 1 }, { 0, 3 }, { 2, 2 } };
	struct raw_packet in, piece;

	(void)state;
	gateway_open(&gateway, NAT64);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_UDP, 1, 4000, SERVER, 53, 0),
	                 VERDICT_TRANSLATED);
	datagram4(&in, PUBLIC, 5000, 808);
	store_be16(in.bytes + 26, 0); /* no checksum: needed as a whole */
	for (uint16_t i = 0; i < 4; i++) {
		gateway_clear(&gateway);
		raw_piece(&in, 0, 400, true, i, &piece);
		raw_set_tos(&piece, tos[i][0]);
		raw_seal(&piece);
		assert_int_equal(raw_send(&gateway, &piece), VERDICT_FRAGMENT_STORED);
		raw_piece(&in, 400, 408, false, i, &piece);
		raw_set_tos(&piece, tos[i][1]);
		raw_seal(&piece);
		if (i == 2) { /* Not-ECT and CE */
			assert_int_equal(raw_send(&gateway, &piece), VERDICT_FRAGMENT_ECN);
			assert_int_equal(gateway.count, 0);
			continue;
		}
		(void)raw_send(&gateway, &piece);
		assert_int_equal(gateway.count, 2);
		assert_int_equal(gateway.out[0].p.tos, i < 2 ? 3 : 2);
	}
	gateway_close(&gateway);
}

/* Later pieces from many sources, none of which ever ends; packets and datagrams in order go on. */
static void a_flood_of_pieces_leaves_a_clean_flow(void **state)
{
	struct raw_packet flood, clean, whole;
	uint32_t refused = 0;

	(void)state;
	gateway_open(&gateway, NAT64 "max-fragments = 64\n");
	datagram6(&clean, 808);
	datagram6(&whole, 40);
	datagram4(&flood, PUBLIC, 5000, 808);
	for (uint32_t i = 0; i < 20000; i++) {
		store_be32(flood.bytes + 12, 0x08000000 + i * 7919);
		refused += send_piece(&flood, 400, 400, true, (uint16_t)i) ==
		           VERDICT_FRAGMENT_LIMIT;
		assert_true(gateway_stats(&gateway).fragments <= 64);
		if (i % 500 != 499)
			continue;
		gateway_clear(&gateway);
		assert_int_equal(raw_send(&gateway, &whole), VERDICT_TRANSLATED);
		gateway_clear(&gateway);
		assert_int_equal(send_piece(&clean, 0, 400, true, (uint16_t)i), VERDICT_TRANSLATED);
		assert_int_equal(send_piece(&clean, 400, 408, false, (uint16_t)i),
		                 VERDICT_TRANSLATED);
		outputs_make_one_datagram(808);
	}
	assert_true(refused > 19000);
	gateway_pass(&gateway, 3 * SECOND_US);
	assert_int_equal(gateway_stats(&gateway).fragments, 0);
	gateway_close(&gateway);
}

static void equal_identifications_of_other_pairs_are_not_mixed(void **state)
{
	struct raw_packet first, other;

	(void)state;
	gateway_open(&gateway, NAT64 "bib = udp [2001:db8:6::2]:4000 203.0.113.1:5002\n");
	datagram4(&first, PUBLIC, 5000, 808);
	datagram4(&other, PUBLIC, 5002, 808);
	store_be32(other.bytes + 12, SERVER + 1);
	raw_seal(&other);
	assert_int_equal(send_piece(&first, 0, 400, true, 7), VERDICT_TRANSLATED);
	assert_int_equal(send_piece(&other, 400, 408, false, 7), VERDICT_FRAGMENT_STORED);
	assert_int_equal(send_piece(&first, 400, 408, false, 7), VERDICT_TRANSLATED);
	assert_int_equal(gateway.count, 2);
	outputs_make_one_datagram(808);
	assert_int_equal(gateway_last(&gateway)->dst6.s6_addr[15], 1);
	gateway_clear(&gateway);
	assert_int_equal(send_piece(&other, 0, 400, true, 7), VERDICT_TRANSLATED);
	outputs_make_one_datagram(808);
	assert_int_equal(gateway_last(&gateway)->dst6.s6_addr[15], 2);
	gateway_close(&gateway);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_in_any_order_make_one_datagram),
		cmocka_unit_test(what_waited_leaves_in_order),
		cmocka_unit_test(cut_pieces_leave_in_order_and_carry_the_mark),
		cmocka_unit_test(the_rest_may_come_two_seconds_late),
		cmocka_unit_test(an_atomic_fragment_neither_waits_nor_disturbs),
		cmocka_unit_test(overlapping_pieces_do_not_get_out),
		cmocka_unit_test(exact_duplicates_are_ignored_and_nothing_else_is_one),
		cmocka_unit_test(tiny_fragments_open_nothing),
		cmocka_unit_test(marks_of_a_whole_datagram_are_not_mixed_up),
		cmocka_unit_test(a_flood_of_pieces_leaves_a_clean_flow),
		cmocka_unit_test(equal_identifications_of_other_pairs_are_not_mixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

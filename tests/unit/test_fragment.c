/* The fragment store: order, overlap, bounds, sources, time (FRG-02, FRG-03, FRG-07, FRG-10,
 * FRG-11). */
#include "translator/checksum.h"
#include "translator/fragment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define TIMEOUT_US 2000000
#define MAX        64

static const struct hash_key key = { "key" };
static uint8_t bytes[66000];

/* A piece of the datagram `id` from source src4. Its payload is a pattern that names its place. */
static struct packet piece(uint32_t src4, uint32_t id, uint32_t offset, uint32_t len, bool more)
{
	struct packet p = {
		.data = bytes,
		.version = 4,
		.proto = IPPROTO_UDP,
		.src4 = src4,
		.dst4 = 0xc0000201,
		.l4_offset = 20,
		.l4_len = len,
		.claimed_l4_len = len,
		.len = 20 + len,
		.claimed_len = 20 + len,
		.is_fragment = true,
		.more = more,
		.fragment_offset = offset,
		.fragment_id = id,
	};

	memset(bytes, 0, 20);
	for (uint32_t i = 0; i < len; i++)
		bytes[20 + i] = (uint8_t)((offset + i) * 7 + (offset + i) / 251);
	return p;
}

static struct fragment_store *store_new(uint32_t max)
{
	struct fragment_store *store = fragment_store_new(max, TIMEOUT_US, &key);

	assert_non_null(store);
	return store;
}

static enum verdict arrive(struct fragment_store *store, const struct packet *p, uint64_t now_us,
                           uint32_t *datagram)
{
	*datagram = 0;
	return fragment_arrive(store, p, now_us, datagram);
}

static void hold(struct fragment_store *store, uint32_t id, uint32_t offset, uint32_t len,
                 bool more, uint32_t *datagram)
{
	struct packet p = piece(1, id, offset, len, more);

	assert_int_equal(arrive(store, &p, 0, datagram), VERDICT_OK);
	assert_int_equal(fragment_hold(store, *datagram, &p), VERDICT_FRAGMENT_STORED);
}

static void pieces_are_given_back_in_order(void **state)
{
	static const uint32_t order[] = { 3, 1, 4, 0, 2 };
	struct fragment_store *store = store_new(MAX);
	static uint8_t buf[66000];
	uint32_t datagram = 0, len;
	struct fragment_view view;

	(void)state;
	for (size_t i = 0; i < COUNT(order); i++) {
		view = i ? fragment_look(store, datagram) : (struct fragment_view){ 0 };
		assert_false(view.complete);
		hold(store, 7, order[i] * 1000, order[i] == 4 ? 123 : 1000, order[i] != 4,
		     &datagram);
	}
	view = fragment_look(store, datagram);
	assert_true(view.complete && view.seen_first);
	assert_int_equal(view.total_len, 4123);
	assert_int_equal(fragment_held(store), 5);
	for (uint32_t i = 0; i < 5; i++) {
		struct packet want = piece(1, 7, i * 1000, i == 4 ? 123 : 1000, i != 4);

		len = fragment_take(store, datagram, buf);
		assert_int_equal(len, want.len);
		assert_memory_equal(buf, bytes, len);
	}
	assert_int_equal(fragment_take(store, datagram, buf), 0);
	assert_int_equal(fragment_held(store), 0);
	fragment_store_free(store);
}

static void the_sum_covers_all_payload(void **state)
{
	struct fragment_store *store = store_new(MAX);
	uint32_t datagram;
	struct packet whole;

	(void)state;
	hold(store, 7, 3008, 77, false, &datagram);
	hold(store, 7, 0, 1496, true, &datagram);
	hold(store, 7, 1496, 1512, true, &datagram);
	whole = piece(1, 7, 0, 3085, false);
	assert_int_equal(checksum_fold(fragment_look(store, datagram).payload_sum),
	                 checksum_fold(checksum_add(0, whole.data + 20, whole.l4_len)));
	fragment_store_free(store);
}

static void a_large_piece_takes_several_buffers(void **state)
{
	struct fragment_store *store = store_new(512);
	static uint8_t buf[66000];
	struct packet p;
	uint32_t datagram;

	(void)state;
	hold(store, 7, 0, 60000, true, &datagram);
	assert_true(fragment_held(store) >= 30);
	p = piece(1, 7, 0, 60000, true);
	assert_int_equal(fragment_take(store, datagram, buf), p.len);
	assert_memory_equal(buf, bytes, p.len);
	assert_int_equal(fragment_held(store), 0);
	fragment_store_free(store);
}

static void overlap(uint32_t offset, uint32_t len, bool more, enum verdict want)
{
	struct fragment_store *store = store_new(MAX);
	uint32_t datagram;
	struct packet p;

	hold(store, 7, 800, 80, true, &datagram);
	hold(store, 7, 1600, 80, false, &datagram);
	p = piece(1, 7, offset, len, more);
	assert_int_equal(arrive(store, &p, 0, &datagram), want);
	if (want == VERDICT_FRAGMENT_OVERLAP) {
		assert_int_equal(fragment_held(store), 0);
		p = piece(1, 7, 0, 80, true);
		assert_int_equal(arrive(store, &p, 0, &datagram), VERDICT_FRAGMENT_OVERLAP);
	}
	fragment_store_free(store);
}

static void overlapping_pieces_abandon_the_datagram(void **state)
{
	(void)state;
	overlap(792, 16, true, VERDICT_FRAGMENT_OVERLAP);
	overlap(872, 16, true, VERDICT_FRAGMENT_OVERLAP);
	overlap(808, 8, true, VERDICT_FRAGMENT_OVERLAP);
	overlap(720, 800, true, VERDICT_FRAGMENT_OVERLAP);
	overlap(1680, 8, true, VERDICT_FRAGMENT_OVERLAP);  /* behind the end */
	overlap(1680, 8, false, VERDICT_FRAGMENT_OVERLAP); /* another end */
	overlap(0, 8, false, VERDICT_FRAGMENT_OVERLAP);    /* an end before what is there */
	overlap(800, 80, true, VERDICT_FRAGMENT_DUPLICATE);
	overlap(720, 80, true, VERDICT_OK);
	overlap(880, 80, true, VERDICT_OK);
}

static void an_end_before_a_piece_abandons_the_datagram(void **state)
{
	struct fragment_store *store = store_new(MAX);
	struct packet p = piece(1, 7, 96, 8, true);
	uint32_t datagram;

	(void)state;
	assert_int_equal(arrive(store, &p, 0, &datagram), VERDICT_OK);
	p = piece(1, 7, 40, 8, false);
	assert_int_equal(arrive(store, &p, 0, &datagram), VERDICT_FRAGMENT_OVERLAP);
	fragment_store_free(store);
}

static void the_key_holds_addresses_and_identification(void **state)
{
	struct fragment_store *store = store_new(MAX);
	uint32_t one, other;
	struct packet p = piece(1, 7, 8, 8, true);

	(void)state;
	assert_int_equal(arrive(store, &p, 0, &one), VERDICT_OK);
	p.fragment_id = 8;
	assert_int_equal(arrive(store, &p, 0, &other), VERDICT_OK);
	assert_int_not_equal(one, other);
	p.fragment_id = 7;
	p.src4 = 2;
	assert_int_equal(arrive(store, &p, 0, &other), VERDICT_OK);
	assert_int_not_equal(one, other);
	p.src4 = 1;
	p.proto = IPPROTO_TCP;
	assert_int_equal(arrive(store, &p, 0, &other), VERDICT_OK);
	assert_int_not_equal(one, other);
	p.proto = IPPROTO_UDP;
	p.fragment_offset = 16;
	assert_int_equal(arrive(store, &p, 0, &other), VERDICT_OK);
	assert_int_equal(one, other);
	fragment_store_free(store);
}

static void a_datagram_ends_after_its_time(void **state)
{
	struct fragment_store *store = store_new(MAX);
	uint32_t datagram, again;
	struct packet p = piece(1, 7, 8, 8, true);

	(void)state;
	assert_int_equal(arrive(store, &p, 1000, &datagram), VERDICT_OK);
	assert_int_equal(fragment_hold(store, datagram, &p), VERDICT_FRAGMENT_STORED);
	assert_int_equal(fragment_expire(store, 1000 + TIMEOUT_US - 1, 10), 0);
	p = piece(1, 7, 16, 8, true);
	assert_int_equal(arrive(store, &p, 1000 + TIMEOUT_US - 1, &again), VERDICT_OK);
	assert_int_equal(again, datagram);
	assert_int_equal(fragment_expire(store, 1000 + TIMEOUT_US, 10), 1);
	assert_int_equal(fragment_held(store), 0);
	p = piece(1, 7, 8, 8, true);
	assert_int_equal(arrive(store, &p, 1000 + TIMEOUT_US, &again), VERDICT_OK);
	assert_false(fragment_look(store, again).seen_first);
	fragment_store_free(store);
}

static void a_late_piece_begins_anew(void **state)
{
	struct fragment_store *store = store_new(MAX);
	uint32_t datagram;
	struct packet p = piece(1, 7, 8, 8, true);

	(void)state;
	assert_int_equal(arrive(store, &p, 0, &datagram), VERDICT_OK);
	assert_int_equal(fragment_hold(store, datagram, &p), VERDICT_FRAGMENT_STORED);
	/* The same bytes after the timeout are no duplicate: the old datagram is gone. */
	assert_int_equal(arrive(store, &p, TIMEOUT_US, &datagram), VERDICT_OK);
	assert_int_equal(fragment_held(store), 0);
	fragment_store_free(store);
}

static void a_refused_datagram_stays_refused(void **state)
{
	struct fragment_store *store = store_new(MAX);
	uint32_t datagram;
	struct packet p;

	(void)state;
	hold(store, 7, 8, 8, true, &datagram);
	fragment_refuse(store, datagram, VERDICT_NO_BINDING);
	assert_int_equal(fragment_held(store), 0);
	p = piece(1, 7, 16, 8, true);
	assert_int_equal(arrive(store, &p, 0, &datagram), VERDICT_NO_BINDING);
	fragment_store_free(store);
}

static void a_resolved_datagram_keeps_its_mapping(void **state)
{
	union fragment_mapping mapping = { .to4 = { 0x01020304, 0x05060708 } };
	struct fragment_store *store = store_new(MAX);
	struct packet p = piece(1, 7, 0, 8, true);
	uint32_t datagram;
	struct fragment_view view;

	(void)state;
	assert_int_equal(arrive(store, &p, 0, &datagram), VERDICT_OK);
	assert_int_equal(fragment_look(store, datagram).state, FRAGMENT_WAITING);
	fragment_resolve(store, datagram, &mapping);
	view = fragment_look(store, datagram);
	assert_int_equal(view.state, FRAGMENT_RESOLVED);
	assert_int_equal(view.mapping.to4.src4, 0x01020304);
	assert_int_equal(view.mapping.to4.dst4, 0x05060708);
	fragment_store_free(store);
}

static void one_source_takes_an_eighth_at_most(void **state)
{
	struct fragment_store *store = store_new(MAX);
	unsigned accepted = 0;
	uint32_t datagram;
	struct packet p;

	(void)state;
	for (uint32_t id = 0; id < 1000; id++) {
		p = piece(0x0a000001, id, 8, 8, true);
		accepted += arrive(store, &p, 0, &datagram) == VERDICT_OK;
	}
	assert_int_equal(accepted, MAX / 8);
	p = piece(0x0a000002, 1, 0, 8, true);
	assert_int_equal(arrive(store, &p, 0, &datagram), VERDICT_OK);
	fragment_store_free(store);
}

static void a_flood_leaves_room_for_datagrams_in_order(void **state)
{
	struct fragment_store *store = store_new(MAX);
	unsigned accepted = 0, refused = 0;
	uint32_t datagram;
	struct packet p;

	(void)state;
	for (uint32_t source = 1; source <= 2000; source++) {
		p = piece(source, 7, 8, 8, true);
		if (arrive(store, &p, 0, &datagram) == VERDICT_OK)
			accepted++;
		else
			refused++;
	}
	assert_int_equal(accepted, MAX - MAX / 4);
	assert_int_equal(accepted + refused, 2000);
	p = piece(0xc0000209, 7, 0, 8, true);
	assert_int_equal(arrive(store, &p, 0, &datagram), VERDICT_OK);
	while (fragment_expire(store, TIMEOUT_US, 7) || fragment_held(store))
		;
	fragment_store_free(store);
}

static void buffers_are_bounded(void **state)
{
	struct fragment_store *store = store_new(MAX);
	unsigned stored = 0;
	uint32_t datagram;

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		struct packet p = piece(1, 7, 8 + 8 * i, 8, true);

		if (arrive(store, &p, 0, &datagram) != VERDICT_OK)
			break;
		if (fragment_hold(store, datagram, &p) != VERDICT_FRAGMENT_STORED)
			break;
		stored++;
	}
	assert_int_equal(stored, MAX / 8);
	assert_int_equal(fragment_held(store), 0); /* at the bound the datagram is given up */
	fragment_store_free(store);
}

static void pieces_of_a_datagram_are_bounded(void **state)
{
	struct fragment_store *store = store_new(MAX);
	uint32_t datagram;
	struct packet p;

	(void)state;
	for (uint32_t i = 0; i < FRAGMENT_PIECES_MAX; i++) {
		p = piece(1, 7, 16 * i, 8, true);
		assert_int_equal(arrive(store, &p, 0, &datagram), VERDICT_OK);
	}
	p = piece(1, 7, 16 * FRAGMENT_PIECES_MAX, 8, true);
	assert_int_equal(arrive(store, &p, 0, &datagram), VERDICT_FRAGMENT_LIMIT);
	fragment_store_free(store);
}

static void ecn_marks_are_remembered(void **state)
{
	struct fragment_store *store = store_new(MAX);
	struct packet p = piece(1, 7, 0, 8, true);
	uint32_t datagram;
	struct fragment_view view;

	(void)state;
	p.tos = 2;
	assert_int_equal(arrive(store, &p, 0, &datagram), VERDICT_OK);
	view = fragment_look(store, datagram);
	assert_false(view.ecn_ce || view.ecn_not_ect);
	p = piece(1, 7, 8, 8, true);
	p.tos = 3;
	assert_int_equal(arrive(store, &p, 0, &datagram), VERDICT_OK);
	view = fragment_look(store, datagram);
	assert_true(view.ecn_ce && !view.ecn_not_ect);
	p = piece(1, 7, 16, 8, true);
	p.tos = 0xfc;
	assert_int_equal(arrive(store, &p, 0, &datagram), VERDICT_OK);
	view = fragment_look(store, datagram);
	assert_true(view.ecn_ce && view.ecn_not_ect);
	fragment_store_free(store);
	fragment_store_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_given_back_in_order),
		cmocka_unit_test(the_sum_covers_all_payload),
		cmocka_unit_test(a_large_piece_takes_several_buffers),
		cmocka_unit_test(overlapping_pieces_abandon_the_datagram),
		cmocka_unit_test(an_end_before_a_piece_abandons_the_datagram),
		cmocka_unit_test(the_key_holds_addresses_and_identification),
		cmocka_unit_test(a_datagram_ends_after_its_time),
		cmocka_unit_test(a_late_piece_begins_anew),
		cmocka_unit_test(a_refused_datagram_stays_refused),
		cmocka_unit_test(a_resolved_datagram_keeps_its_mapping),
		cmocka_unit_test(one_source_takes_an_eighth_at_most),
		cmocka_unit_test(a_flood_leaves_room_for_datagrams_in_order),
		cmocka_unit_test(buffers_are_bounded),
		cmocka_unit_test(pieces_of_a_datagram_are_bounded),
		cmocka_unit_test(ecn_marks_are_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

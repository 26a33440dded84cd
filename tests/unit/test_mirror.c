/* The memory of a replica against a plain model: ranks, digests, tombstones, bounds. */
#include "syncd/sendq.h"
#include "tests/unit/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW_US UINT64_C(1000000)

static const uint8_t key[MIRROR_KEY_LEN] = "key";

static struct replica_key identity(uint16_t port)
{
	return (struct replica_key){ .pool4 = 1, .remote = 2, .pool4_port = port };
}

static uint32_t place(struct mirror *mirror, uint16_t port, struct mirror_rank rank)
{
	const struct replica_key k = identity(port);
	uint64_t hash = mirror_hash(mirror, &k);
	uint32_t index = mirror_find(mirror, &k, hash);

	if (!index)
		index = mirror_add(mirror, &k, hash, NOW_US);
	if (index)
		mirror_place(mirror, index, hash, &rank, NOW_US);
	return index;
}

static bool keep_all(void *context, uint32_t index)
{
	(void)context;
	(void)index;
	return true;
}

static void ranks_are_a_total_order(void **state)
{
	struct mirror_rank ranks[16];
	int count = 0;

	(void)state;
	for (uint32_t version = 1; version <= 2; version++)
		for (int owner = 2; owner >= 0; owner--)
			for (int gone = 0; gone < 2; gone++)
				ranks[count++] = (struct mirror_rank){ version, (uint8_t)owner,
					                               gone };
	for (int i = 0; i < count; i++)
		for (int j = 0; j < count; j++)
			assert_int_equal(mirror_rank_compare(&ranks[i], &ranks[j]),
			                 (i > j) - (i < j));
}

static void digests_do_not_depend_on_the_way(void **state)
{
	struct mirror *a = mirror_new(1000, key, NOW_US), *b = mirror_new(1000, key, 0);
	struct prng prng = { .state = 7 };

	(void)state;
	for (int i = 0; i < 5000; i++)
		place(a, (uint16_t)prng_below(&prng, 500),
		      (struct mirror_rank){ 1 + prng_below(&prng, 9), (uint8_t)prng_below(&prng, 3),
		                            prng_below(&prng, 4) == 0 });
	for (uint16_t port = 500; port--;) {
		const struct replica_key k = identity(port);
		uint32_t index = mirror_find(a, &k, mirror_hash(a, &k));

		if (index)
			place(b, port, mirror_rank(mirror_at(a, index)));
	}
	for (uint8_t owner = 0; owner < 3; owner++) {
		assert_int_equal(mirror_count(a, owner), mirror_count(b, owner));
		for (uint32_t bucket = 0; bucket < MIRROR_BUCKETS; bucket++)
			assert_true(mirror_digest(a, owner, bucket) ==
			            mirror_digest(b, owner, bucket));
	}
	mirror_free(a);
	mirror_free(b);
}

static void the_oldest_tombstones_make_room(void **state)
{
	struct mirror *mirror = mirror_new(100, key, NOW_US);

	(void)state;
	for (uint16_t port = 0; port < 100; port++)
		assert_int_not_equal(
			place(mirror, port, (struct mirror_rank){ 1, 0, port % 2 == 0 }), 0);
	for (uint16_t port = 100; port < 150; port++)
		assert_int_not_equal(place(mirror, port, (struct mirror_rank){ 1, 0, false }), 0);
	assert_int_equal(place(mirror, 200, (struct mirror_rank){ 1, 0, false }), 0);
	assert_int_equal(mirror_total(mirror), 100);
	mirror_free(mirror);
}

static void what_is_over_is_swept(void **state)
{
	struct mirror *mirror = mirror_new(100, key, NOW_US);
	uint32_t brief = place(mirror, 1, (struct mirror_rank){ 1, 0, false });
	uint32_t lasting = place(mirror, 2, (struct mirror_rank){ 1, 0, false });

	(void)state;
	place(mirror, 3, (struct mirror_rank){ 1, 0, true });
	mirror_set_end(mirror, mirror_at(mirror, brief), NOW_US + 1000000);
	mirror_set_end(mirror, mirror_at(mirror, lasting), NOW_US + 1000000000);
	mirror_sweep(mirror, 10, NOW_US + MIRROR_LINGER_US, keep_all, NULL);
	assert_int_equal(mirror_total(mirror), 2);
	mirror_sweep(mirror, 10, NOW_US + MIRROR_LINGER_US + 2000000, keep_all, NULL);
	assert_int_equal(mirror_total(mirror), 1);
	assert_int_equal(mirror_find(mirror, &(struct replica_key){ 1, 2, 3, 0, 0 },
	                             mirror_hash(mirror, &(struct replica_key){ 1, 2, 3, 0, 0 })),
	                 3);
	mirror_sweep(mirror, 10, NOW_US + MIRROR_TOMB_US + 1000000, keep_all, NULL);
	assert_int_equal(mirror_find(mirror, &(struct replica_key){ 1, 2, 3, 0, 0 },
	                             mirror_hash(mirror, &(struct replica_key){ 1, 2, 3, 0, 0 })),
	                 0);
	mirror_free(mirror);
}

static void an_entry_waits_once(void **state)
{
	struct mirror *mirror = mirror_new(100, key, NOW_US);
	uint32_t index = place(mirror, 1, (struct mirror_rank){ 1, 0, false });
	struct sendq queue;
	int first[SENDQ_CLASSES] = { 0 };

	(void)state;
	sendq_init(&queue, mirror);
	sendq_news(&queue, index, NOW_US);
	sendq_news(&queue, index, NOW_US + 1);
	assert_int_equal(sendq_count(&queue, SENDQ_NEWS), 1);
	assert_int_equal(queue.news_since_us, NOW_US);
	sendq_repair(&queue, index);
	assert_int_equal(sendq_count(&queue, SENDQ_NEWS), 0);
	sendq_news(&queue, index, NOW_US);
	assert_int_equal(sendq_take(&queue, SENDQ_NEWS, NOW_US), 0);
	assert_int_equal(sendq_take(&queue, SENDQ_REPAIR, NOW_US), index);
	assert_int_equal(queue.repair_in, queue.repair_out);
	for (int i = 0; i < 20; i++)
		first[sendq_order(&queue)[0]]++;
	assert_int_equal(first[SENDQ_REPAIR], 5);
	assert_int_equal(first[SENDQ_BULK], 1);
	mirror_free(mirror);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranks_are_a_total_order),
		cmocka_unit_test(digests_do_not_depend_on_the_way),
		cmocka_unit_test(the_oldest_tombstones_make_room),
		cmocka_unit_test(what_is_over_is_swept),
		cmocka_unit_test(an_entry_waits_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

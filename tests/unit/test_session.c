/* Sessions: look-up, the list of each binding, expiry by a virtual clock with lifetimes that
 * packets push (BIB-02, UDP-04). */
#include "tests/unit/prng.h"
#include "translator/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define CAPACITY  1000
#define BINDINGS  50
#define SECOND_US UINT64_C(1000000)
#define START_US  (5 * SECOND_US)
#define LATE_US   (2 * 65536) /* the wheel's tick and one more */

static struct prng prng = { .state = 3 };
static const struct hash_key key = { "key" };

struct world {
	struct bib_table *bib;
	struct session_table *table;
	uint32_t binding[BINDINGS];
	uint64_t now_us;
	unsigned expired;
	uint64_t prolong_us; /* what an expiring session gets instead of its end; 0 = the end */
};

static void world_open(struct world *world, uint32_t capacity)
{
	struct in6_addr addr6 = { .s6_addr = { 0x20, 0x01 } };

	memset(world, 0, sizeof(*world));
	world->now_us = START_US;
	world->bib = bib_table_new(BINDINGS, &key, NULL);
	assert_non_null(world->bib);
	world->table = session_table_new(capacity, world->bib, &key, START_US, NULL);
	assert_non_null(world->table);
	for (uint16_t i = 0; i < BINDINGS; i++) {
		world->binding[i] = bib_add(world->bib, i % L4_PROTOS, &addr6, i, 1, i, 0);
		assert_int_not_equal(world->binding[i], 0);
	}
}

static void world_close(struct world *world)
{
	session_table_free(world->table);
	bib_table_free(world->bib);
}

static void expire(void *context, uint32_t index)
{
	struct world *world = context;
	struct session *session = session_at(world->table, index);

	assert_true(session->seal != ENTRY_UNSEALED);
	assert_true(session->expires_us <= world->now_us);
	world->expired++;
	if (world->prolong_us)
		session_set_expiry(world->table, index, world->now_us + world->prolong_us);
	else
		session_del(world->table, index);
}

static void pass(struct world *world, uint64_t us)
{
	world->now_us += us;
	assert_true(session_expire(world->table, world->now_us, UINT32_MAX, expire, world));
}

static uint32_t add(struct world *world, unsigned binding, uint32_t dst4, uint16_t dport4,
                    uint64_t lifetime_us)
{
	return session_add(world->table, world->binding[binding], dst4, dport4, TCP_STATE_NONE, 0,
	                   world->now_us + lifetime_us);
}

static void a_session_is_found_by_binding_and_remote_end(void **state)
{
	struct world world;
	uint32_t index;

	(void)state;
	world_open(&world, CAPACITY);
	index = add(&world, 1, 0x08080808, 53, SECOND_US);
	assert_int_equal(session_find(world.table, world.binding[1], 0x08080808, 53), index);
	assert_int_equal(session_find(world.table, world.binding[2], 0x08080808, 53), 0);
	assert_int_equal(session_find(world.table, world.binding[1], 0x08080809, 53), 0);
	assert_int_equal(session_find(world.table, world.binding[1], 0x08080808, 54), 0);
	assert_int_equal(session_count(world.table, L4_UDP), 1);
	assert_int_equal(bib_at(world.bib, world.binding[1])->session_count, 1);
	session_del(world.table, index);
	assert_int_equal(session_find(world.table, world.binding[1], 0x08080808, 53), 0);
	assert_int_equal(bib_at(world.bib, world.binding[1])->session_count, 0);
	world_close(&world);
}

static void a_full_table_evicts_nobody(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, 5);
	for (uint16_t port = 1; port <= 5; port++)
		assert_int_not_equal(add(&world, 0, 1, port, SECOND_US), 0);
	assert_int_equal(add(&world, 0, 1, 6, SECOND_US), 0);
	for (uint16_t port = 1; port <= 5; port++)
		assert_int_not_equal(session_find(world.table, world.binding[0], 1, port), 0);
	assert_int_equal(session_find(world.table, world.binding[0], 1, 6), 0);
	world_close(&world);
}

static void a_lifetime_ends_on_time(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, CAPACITY);
	add(&world, 1, 1, 1, 300 * SECOND_US);
	pass(&world, 299 * SECOND_US);
	assert_int_equal(world.expired, 0);
	pass(&world, SECOND_US + LATE_US);
	assert_int_equal(world.expired, 1);
	assert_int_equal(session_count(world.table, L4_UDP), 0);
	world_close(&world);
}

static void a_refreshed_session_lives_on(void **state)
{
	struct world world;
	uint32_t index;

	(void)state;
	world_open(&world, CAPACITY);
	index = add(&world, 1, 1, 1, 300 * SECOND_US);
	for (int i = 0; i < 100; i++) {
		pass(&world, 299 * SECOND_US);
		session_set_expiry(world.table, index, world.now_us + 300 * SECOND_US);
	}
	assert_int_equal(world.expired, 0);
	pass(&world, 300 * SECOND_US + LATE_US);
	assert_int_equal(world.expired, 1);
	world_close(&world);
}

static void a_shortened_lifetime_counts(void **state)
{
	struct world world;
	uint32_t index;

	(void)state;
	world_open(&world, CAPACITY);
	index = add(&world, 0, 1, 1, 7440 * SECOND_US);
	session_set_expiry(world.table, index, world.now_us + 240 * SECOND_US);
	pass(&world, 239 * SECOND_US);
	assert_int_equal(world.expired, 0);
	pass(&world, SECOND_US + LATE_US);
	assert_int_equal(world.expired, 1);
	world_close(&world);
}

static void an_expiring_session_may_be_given_time(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, CAPACITY);
	world.prolong_us = 240 * SECOND_US;
	add(&world, 0, 1, 1, SECOND_US);
	pass(&world, SECOND_US + LATE_US);
	assert_int_equal(world.expired, 1);
	pass(&world, 239 * SECOND_US);
	assert_int_equal(world.expired, 1);
	world.prolong_us = 0;
	pass(&world, SECOND_US + LATE_US);
	assert_int_equal(world.expired, 2);
	assert_int_equal(session_count(world.table, L4_TCP), 0);
	world_close(&world);
}

static void expiry_is_bounded_work(void **state)
{
	struct world world;
	bool done = false;

	(void)state;
	world_open(&world, CAPACITY);
	for (uint16_t i = 0; i < CAPACITY; i++)
		assert_int_not_equal(add(&world, i % BINDINGS, 1, i, SECOND_US), 0);
	world.now_us += 10 * SECOND_US;
	for (unsigned calls = 1; !done; calls++) {
		done = session_expire(world.table, world.now_us, 10, expire, &world);
		assert_true(world.expired <= 10 * calls);
		assert_true(calls < CAPACITY);
	}
	assert_int_equal(world.expired, CAPACITY);
	world_close(&world);
}

/* The list of a binding holds exactly its sessions. */
static void binding_list_is_true(const struct world *world, unsigned binding, unsigned want)
{
	const struct bib_entry *entry = bib_at(world->bib, world->binding[binding]);
	uint32_t index = entry->sessions, before = 0;
	unsigned count = 0;

	for (; index; index = session_at(world->table, index)->bib_next) {
		const struct session *session = session_at(world->table, index);

		assert_int_equal(session->bib, world->binding[binding]);
		assert_int_equal(session->bib_prev, before);
		before = index;
		assert_true(++count <= want);
	}
	assert_int_equal(count, want);
	assert_int_equal(entry->session_count, want);
}

static unsigned walk(const struct session_table *table)
{
	uint32_t cursor = 0;
	unsigned count = 0;

	do {
		count += session_next(table, &cursor, 7) != 0;
	} while (cursor != 0);
	return count;
}

static void random_adding_and_removing(void **state)
{
	static uint32_t index_of[CAPACITY];
	unsigned in_binding[BINDINGS] = { 0 }, total = 0;
	struct world world;

	(void)state;
	world_open(&world, CAPACITY);
	memset(index_of, 0, sizeof(index_of));
	for (int round = 0; round < 50000; round++) {
		uint16_t number = (uint16_t)prng_below(&prng, CAPACITY);
		unsigned binding = number % BINDINGS;

		assert_int_equal(session_find(world.table, world.binding[binding], 9, number),
		                 index_of[number]);
		if (index_of[number]) {
			session_del(world.table, index_of[number]);
			index_of[number] = 0;
			in_binding[binding]--;
			total--;
		} else {
			index_of[number] = add(&world, binding, 9, number, 1000 * SECOND_US);
			in_binding[binding]++;
			total++;
		}
		if (round % 100 == 0) {
			binding_list_is_true(&world, binding, in_binding[binding]);
			assert_int_equal(walk(world.table), total);
		}
	}
	pass(&world, 2000 * SECOND_US);
	assert_int_equal(world.expired, total);
	world_close(&world);
	session_table_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_is_found_by_binding_and_remote_end),
		cmocka_unit_test(a_full_table_evicts_nobody),
		cmocka_unit_test(a_lifetime_ends_on_time),
		cmocka_unit_test(a_refreshed_session_lives_on),
		cmocka_unit_test(a_shortened_lifetime_counts),
		cmocka_unit_test(an_expiring_session_may_be_given_time),
		cmocka_unit_test(expiry_is_bounded_work),
		cmocka_unit_test(random_adding_and_removing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Ports between two uses: the usual rest, the long one, recall, and what happens when there is no
 * room or no other port (BIB-13, proto/SYNC.md section 5). */
#include "translator/pool4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PUBLIC 0xc0000201 /* 192.0.2.1 */
#define LATER  UINT64_C(7440000000)
#define SOON   UINT64_C(120000000)

static const struct hash_key seed = { "seed" }, address_key = { "address" };
static const struct in6_addr host = { .s6_addr = { 0x20, 1 } };

/* Ports 5000 to 5000 + count - 1 of one address. */
static struct pool4 *pool_of(uint16_t count, uint32_t resting_max)
{
	const struct config_pool4 row = { .prefix = { PUBLIC, 32 },
		                          .port_min = 5000,
		                          .port_max = (uint16_t)(4999 + count) };
	struct pool4 *pool = pool4_new(&row, 1, 0, 1, &seed, &address_key, resting_max);

	assert_non_null(pool);
	return pool;
}

static bool allocate(struct pool4 *pool, uint16_t *port4)
{
	uint32_t addr4;

	return pool4_allocate(pool, L4_UDP, &host, 1, &addr4, port4);
}

/* A short rest that was begun after a long one ends before it. */
static void rests_of_both_lengths_end_in_their_own_time(void **state)
{
	struct pool4 *pool = pool_of(2, 10);
	uint16_t first, second, port;

	(void)state;
	assert_true(allocate(pool, &first));
	assert_true(allocate(pool, &second));
	pool4_release_long(pool, L4_UDP, PUBLIC, first, LATER);
	pool4_release(pool, L4_UDP, PUBLIC, second, SOON);
	pool4_wake(pool, SOON - 1, 10);
	assert_int_equal(pool4_used(pool, L4_UDP), 2);
	pool4_wake(pool, SOON, 10);
	assert_true(allocate(pool, &port));
	assert_int_equal(port, second);
	pool4_wake(pool, LATER - 1, 10);
	assert_int_equal(pool4_used(pool, L4_UDP), 2);
	pool4_wake(pool, LATER, 10);
	assert_true(allocate(pool, &port));
	assert_int_equal(port, first);
	pool4_free(pool);
}

static void a_recalled_port_is_not_woken(void **state)
{
	struct pool4 *pool = pool_of(1, 10);
	uint16_t port;

	(void)state;
	assert_true(allocate(pool, &port));
	assert_false(pool4_claim(pool, L4_UDP, PUBLIC, port));
	pool4_release_long(pool, L4_UDP, PUBLIC, port, LATER);
	assert_false(pool4_claim(pool, L4_UDP, PUBLIC, 4999));
	assert_true(pool4_claim(pool, L4_UDP, PUBLIC, port));
	assert_false(pool4_claim(pool, L4_UDP, PUBLIC, port));
	assert_int_equal(pool4_used(pool, L4_UDP), 1);
	pool4_wake(pool, LATER, 10);
	assert_int_equal(pool4_used(pool, L4_UDP), 1);
	assert_false(allocate(pool, &port));
	pool4_release(pool, L4_UDP, PUBLIC, port, LATER + SOON);
	pool4_wake(pool, LATER + SOON, 10);
	assert_int_equal(pool4_used(pool, L4_UDP), 0);
	assert_true(allocate(pool, &port));
	pool4_free(pool);
}

/* Two places in the queue, one rest: the port comes back once. */
static void a_port_recalled_and_released_rests_again(void **state)
{
	struct pool4 *pool = pool_of(1, 10);
	uint16_t port;

	(void)state;
	assert_true(allocate(pool, &port));
	pool4_release(pool, L4_UDP, PUBLIC, port, SOON);
	assert_true(pool4_claim(pool, L4_UDP, PUBLIC, port));
	pool4_release(pool, L4_UDP, PUBLIC, port, 2 * SOON);
	pool4_wake(pool, 2 * SOON - 1, 10);
	assert_int_equal(pool4_used(pool, L4_UDP), 1);
	pool4_wake(pool, 2 * SOON, 10);
	assert_int_equal(pool4_used(pool, L4_UDP), 0);
	assert_true(allocate(pool, &port));
	assert_false(allocate(pool, &port));
	pool4_free(pool);
}

/* A peer that is away for hours must not cost the service its ports. */
static void long_rests_end_before_a_host_gets_no_port(void **state)
{
	struct pool4 *pool = pool_of(3, 10);
	uint16_t ports[3], port;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(allocate(pool, &ports[i]));
	pool4_release_long(pool, L4_UDP, PUBLIC, ports[1], LATER);
	pool4_release_long(pool, L4_UDP, PUBLIC, ports[0], LATER + 1);
	pool4_release(pool, L4_UDP, PUBLIC, ports[2], SOON);
	assert_true(allocate(pool, &port));
	assert_int_equal(port, ports[1]);
	assert_true(allocate(pool, &port));
	assert_int_equal(port, ports[0]);
	assert_false(allocate(pool, &port)); /* the usual rest is kept */
	pool4_free(pool);
}

static void a_full_queue_ends_the_oldest_rest(void **state)
{
	struct pool4 *pool = pool_of(10, 4);
	uint16_t ports[5];

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_true(allocate(pool, &ports[i]));
	for (unsigned i = 0; i < 5; i++)
		pool4_release_long(pool, L4_UDP, PUBLIC, ports[i], LATER + i);
	assert_int_equal(pool4_used(pool, L4_UDP), 4);
	assert_true(pool4_claim(pool, L4_UDP, PUBLIC, ports[0]));
	pool4_free(pool);
}

static void both_rests_survive_a_reload(void **state)
{
	struct pool4 *old = pool_of(4, 10), *pool = pool_of(2, 10);
	uint16_t port;

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_true(allocate(old, &port));
	pool4_release(old, L4_UDP, PUBLIC, 5000, SOON);
	pool4_release_long(old, L4_UDP, PUBLIC, 5001, LATER);
	pool4_release_long(old, L4_UDP, PUBLIC, 5002, LATER); /* not in the new pool */
	pool4_inherit_resting(pool, old);
	pool4_free(old);
	assert_int_equal(pool4_used(pool, L4_UDP), 2);
	pool4_wake(pool, LATER - 1, 10);
	assert_true(pool4_claim(pool, L4_UDP, PUBLIC, 5000));
	assert_int_equal(pool4_used(pool, L4_UDP), 2);
	pool4_wake(pool, LATER, 10);
	assert_int_equal(pool4_used(pool, L4_UDP), 1);
	pool4_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rests_of_both_lengths_end_in_their_own_time),
		cmocka_unit_test(a_recalled_port_is_not_woken),
		cmocka_unit_test(a_port_recalled_and_released_rests_again),
		cmocka_unit_test(long_rests_end_before_a_host_gets_no_port),
		cmocka_unit_test(a_full_queue_ends_the_oldest_rest),
		cmocka_unit_test(both_rests_survive_a_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

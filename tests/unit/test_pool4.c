/* Public ports: who owns them, which one a host gets, what happens when none is left (BIB-07 to
 * BIB-13). */
#include "tests/unit/prng.h"
#include "translator/pool4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct prng prng = { .state = 6888 };
static const struct hash_key seed = { "seed" }, address_key = { "address" };

static struct config_pool4 row(const char *prefix, uint16_t min, uint16_t max)
{
	struct config_pool4 row = { .port_min = min, .port_max = max };

	assert_int_equal(prefix4_parse(prefix, &row.prefix), 0);
	return row;
}

static struct pool4 *pool_of(const struct config_pool4 *rows, size_t count, unsigned node,
                             unsigned nodes)
{
	struct pool4 *pool = pool4_new(rows, count, node, nodes, &seed, &address_key, 1000);

	assert_non_null(pool);
	return pool;
}

static struct in6_addr host(uint32_t number)
{
	struct in6_addr addr = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8 } };

	memcpy(addr.s6_addr + 12, &number, sizeof(number));
	return addr;
}

static bool allocate(struct pool4 *pool, const struct in6_addr *addr, uint16_t port6,
                     uint32_t *addr4, uint16_t *port4)
{
	return pool4_allocate(pool, L4_UDP, addr, port6, addr4, port4);
}

static void a_port_keeps_range_and_parity(void **state)
{
	struct config_pool4 rows[] = { row("192.0.2.0/30", 1, 65535) };
	struct pool4 *pool = pool_of(rows, 1, 0, 1);

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct in6_addr addr = host(prng_32(&prng));
		uint16_t port6 = (uint16_t)(round % 5 == 0 ? prng_below(&prng, 1024)
		                                           : prng_32(&prng));
		uint16_t port4;
		uint32_t addr4;

		assert_true(allocate(pool, &addr, port6, &addr4, &port4));
		assert_int_equal(port4 & 1, port6 & 1);
		assert_int_equal(port4 < 1024, port6 < 1024);
		assert_int_not_equal(port4, 0);
		assert_true(pool4_has_port(pool, addr4, port4));
	}
	pool4_free(pool);
}

static void a_host_keeps_its_address(void **state)
{
	struct config_pool4 rows[] = { row("192.0.2.0/28", 1024, 65535),
		                       row("198.51.100.7/32", 1024, 65535) };
	struct pool4 *pool = pool_of(rows, 2, 0, 2), *other = pool_of(rows, 2, 1, 2);
	unsigned used[17] = { 0 };

	(void)state;
	for (uint32_t number = 0; number < 500; number++) {
		struct in6_addr addr = host(number);
		uint32_t first, again;
		uint16_t port;

		assert_true(pool4_allocate(pool, L4_UDP, &addr, 4000, &first, &port));
		assert_true(pool4_allocate(pool, L4_TCP, &addr, 4001, &again, &port));
		assert_int_equal(again, first);
		assert_true(pool4_allocate(pool, L4_ICMP, &addr, 1, &again, &port));
		assert_int_equal(again, first);
		/* Another box of the cluster gives it the same address. */
		assert_true(pool4_allocate(other, L4_UDP, &addr, 4000, &again, &port));
		assert_int_equal(again, first);
		used[first == 0xc6336407 ? 16 : first & 15]++;
	}
	for (size_t i = 0; i < COUNT(used); i++)
		assert_in_range(used[i], 5, 80);
	pool4_free(pool);
	pool4_free(other);
}

/* Take every port of a pool of one address. Returns how many there were. */
static unsigned take_all(struct pool4 *pool, uint8_t *seen, uint16_t first_port6)
{
	struct in6_addr addr = host(1);
	unsigned count = 0;
	uint32_t addr4;
	uint16_t port4;

	while (allocate(pool, &addr, (uint16_t)(first_port6 + count), &addr4, &port4)) {
		assert_int_equal(seen[port4], 0);
		seen[port4] = 1;
		count++;
	}
	return count;
}

static void nodes_share_the_ports_in_blocks_of_64(void **state)
{
	struct config_pool4 rows[] = { row("192.0.2.1/32", 1000, 40000) };
	static uint8_t owner[3][65536];
	unsigned total = 0;

	(void)state;
	memset(owner, 0, sizeof(owner));
	for (unsigned node = 0; node < 3; node++) {
		struct pool4 *pool = pool_of(rows, 1, node, 3);

		assert_int_equal(pool4_owned(pool), take_all(pool, owner[node], 2000));
		assert_int_equal(pool4_used(pool, L4_UDP), pool4_owned(pool));
		total += (unsigned)pool4_owned(pool);
		pool4_free(pool);
	}
	assert_int_equal(total, 39001);
	for (unsigned port = 0; port < 65536; port++)
		for (unsigned node = 0; node < 3; node++)
			assert_int_equal(owner[node][port],
			                 port >= 1000 && port <= 40000 && port / 64 % 3 == node);
}

static void an_empty_pool_refuses_and_evicts_nobody(void **state)
{
	struct config_pool4 rows[] = { row("192.0.2.1/32", 5000, 5009) };
	struct pool4 *pool = pool_of(rows, 1, 0, 1);
	static uint8_t seen[65536];
	struct in6_addr addr = host(7);
	uint32_t addr4 = 1;
	uint16_t port4 = 2;

	(void)state;
	memset(seen, 0, sizeof(seen));
	assert_int_equal(take_all(pool, seen, 1), 10);
	for (int round = 0; round < 1000; round++)
		assert_false(allocate(pool, &addr, (uint16_t)round, &addr4, &port4));
	assert_int_equal(addr4, 1);
	assert_int_equal(port4, 2);
	assert_true(pool4_allocate(pool, L4_TCP, &addr, 1, &addr4, &port4));
	pool4_release(pool, L4_UDP, 0xc0000201, 5003, 0);
	assert_true(allocate(pool, &addr, 6, &addr4, &port4));
	assert_int_equal(port4, 5003);
	pool4_free(pool);
}

static void range_matters_more_than_parity(void **state)
{
	struct config_pool4 rows[] = { row("192.0.2.1/32", 1022, 1025) };
	struct pool4 *pool = pool_of(rows, 1, 0, 1);
	struct in6_addr addr = host(1);
	const uint16_t asked[] = { 2000, 2000, 2000, 2000 };
	const uint16_t want[] = { 1024, 1025, 1022, 1023 };
	uint32_t addr4;
	uint16_t port4;

	(void)state;
	for (size_t i = 0; i < COUNT(asked); i++) {
		assert_true(allocate(pool, &addr, asked[i], &addr4, &port4));
		assert_int_equal(port4, want[i]);
	}
	assert_false(allocate(pool, &addr, 2000, &addr4, &port4));
	pool4_free(pool);
}

static void reserved_ports_are_never_given_out(void **state)
{
	struct config_pool4 rows[] = { row("192.0.2.1/32", 4096, 4159) };
	struct pool4 *pool = pool_of(rows, 1, 0, 1);
	static uint8_t seen[65536];

	(void)state;
	memset(seen, 0, sizeof(seen));
	pool4_reserve(pool, L4_UDP, 0xc0000201, 4100);
	pool4_reserve(pool, L4_UDP, 0xc0000201, 80);   /* outside the range */
	pool4_reserve(pool, L4_UDP, 0xc0000299, 4100); /* outside the pool */
	assert_int_equal(take_all(pool, seen, 1), 63);
	assert_int_equal(seen[4100], 0);
	pool4_free(pool);
}

static void a_released_port_rests(void **state)
{
	struct config_pool4 rows[] = { row("192.0.2.1/32", 5000, 5000) };
	struct pool4 *pool = pool_of(rows, 1, 0, 1);
	struct in6_addr addr = host(1);
	uint32_t addr4;
	uint16_t port4;

	(void)state;
	assert_true(allocate(pool, &addr, 1, &addr4, &port4));
	pool4_release(pool, L4_UDP, addr4, port4, 120000000);
	assert_int_equal(pool4_used(pool, L4_UDP), 1);
	pool4_wake(pool, 119999999, 10);
	assert_false(allocate(pool, &addr, 1, &addr4, &port4));
	pool4_wake(pool, 120000000, 0);
	assert_false(allocate(pool, &addr, 1, &addr4, &port4));
	pool4_wake(pool, 120000000, 1);
	assert_int_equal(pool4_used(pool, L4_UDP), 0);
	assert_true(allocate(pool, &addr, 1, &addr4, &port4));
	pool4_free(pool);
}

static void the_list_of_resting_ports_is_bounded(void **state)
{
	struct config_pool4 rows[] = { row("192.0.2.1/32", 5000, 5009) };
	struct pool4 *pool = pool4_new(rows, 1, 0, 1, &seed, &address_key, 4);
	struct in6_addr addr = host(1);
	uint32_t addr4;
	uint16_t port4;

	(void)state;
	assert_non_null(pool);
	for (int i = 0; i < 10; i++) {
		assert_true(allocate(pool, &addr, 1, &addr4, &port4));
		pool4_release(pool, L4_UDP, addr4, port4, 1000);
		assert_true(pool4_used(pool, L4_UDP) <= 4);
	}
	pool4_free(pool);
}

static void nested_and_disjoint_rows_add_up(void **state)
{
	struct config_pool4 rows[] = { row("198.51.100.0/24", 1024, 2047),
		                       row("192.0.2.64/26", 3000, 3999),
		                       row("192.0.2.0/24", 1024, 1087) };
	struct pool4 *pool = pool_of(rows, 3, 0, 1);

	(void)state;
	assert_int_equal(pool4_owned(pool), 256 * 1024 + 64 * 1000 + 256 * 64);
	assert_true(pool4_has(pool, 0xc0000200) && pool4_has(pool, 0xc00002ff));
	assert_true(pool4_has(pool, 0xc6336400) && pool4_has(pool, 0xc63364ff));
	assert_false(pool4_has(pool, 0xc0000300) || pool4_has(pool, 0xc00001ff));
	assert_true(pool4_has_port(pool, 0xc0000240, 3500) &&
	            pool4_has_port(pool, 0xc0000240, 1024));
	assert_false(pool4_has_port(pool, 0xc000023f, 3500));
	for (uint32_t number = 0; number < 5000; number++) {
		struct in6_addr addr = host(number);
		uint32_t addr4;
		uint16_t port4;

		assert_true(pool4_allocate(pool, L4_TCP, &addr, 40000, &addr4, &port4));
		assert_true(pool4_has_port(pool, addr4, port4));
	}
	pool4_free(pool);
}

/* Chi-square over the 64 ports of a block and over the blocks: far from a counter, near to chance
 * (BIB-11). */
static void ports_are_spread_evenly(void **state)
{
	struct config_pool4 rows[] = { row("192.0.2.1/32", 32768, 65535) };
	struct pool4 *pool = pool_of(rows, 1, 0, 1);
	static unsigned in_block[32], blocks[512];
	struct in6_addr addr = host(1);
	double chi_in_block = 0, chi_blocks = 0;
	uint32_t addr4;
	uint16_t port4;

	(void)state;
	for (int round = 0; round < 20480; round++) {
		assert_true(allocate(pool, &addr, 40000, &addr4, &port4));
		in_block[port4 % 64 / 2]++;
		blocks[(port4 - 32768) / 64]++;
		pool4_release(pool, L4_UDP, addr4, port4, 0);
	}
	for (int i = 0; i < 32; i++)
		chi_in_block += (in_block[i] - 640.0) * (in_block[i] - 640.0) / 640.0;
	for (int i = 0; i < 512; i++)
		chi_blocks += (blocks[i] - 40.0) * (blocks[i] - 40.0) / 40.0;
	assert_true(chi_in_block < 31 + 5 * 7.9); /* mean 31, deviation 7.9 */
	assert_true(chi_blocks < 511 + 5 * 32.0);
	assert_true(chi_blocks > 511 - 5 * 32.0);
	pool4_free(pool);
}

/* One port that a test has, or had. */
struct held {
	uint32_t addr4;
	uint16_t port4;
	bool is_used, rests;
};

/* What the pool says of each row and address against the list of held ports. */
static void assert_counts(const struct pool4 *pool, const struct held *list, size_t count)
{
	uint64_t rows[2] = { 0 }, addresses[2] = { 0 };
	struct pool4_part part;

	for (uint32_t i = 0; pool4_row(pool, i, &part); i++) {
		uint64_t used = 0, resting = 0;

		for (size_t k = 0; k < count; k++) {
			if (!prefix4_has(&part.prefix, list[k].addr4) ||
			    list[k].port4 < part.port_min || list[k].port4 > part.port_max)
				continue;
			used += list[k].is_used;
			resting += list[k].rests;
		}
		assert_int_equal(part.used[L4_UDP], used);
		assert_int_equal(part.resting[L4_UDP], resting);
		assert_int_equal(part.used[L4_TCP], 0);
		rows[0] += used + resting;
		rows[1] += part.ports;
	}
	for (uint32_t i = 0; pool4_address(pool, i, &part); i++) {
		uint64_t used = 0;

		for (size_t k = 0; k < count; k++)
			used += list[k].addr4 == part.prefix.addr && list[k].is_used;
		assert_int_equal(part.prefix.len, 32);
		assert_int_equal(part.used[L4_UDP], used);
		addresses[0] += part.used[L4_UDP] + part.resting[L4_UDP];
		addresses[1] += part.ports;
	}
	assert_int_equal(rows[0], pool4_used(pool, L4_UDP));
	assert_int_equal(addresses[0], pool4_used(pool, L4_UDP));
	assert_int_equal(rows[1], pool4_owned(pool));
	assert_int_equal(addresses[1], pool4_owned(pool));
}

static void rows_and_addresses_count_what_is_used_and_what_rests(void **state)
{
	struct config_pool4 rows[] = { row("192.0.2.0/29", 1024, 1151),
		                       row("192.0.2.3/32", 5000, 5200),
		                       row("198.51.100.0/31", 1, 300),
		                       row("198.51.100.0/31", 400, 500) };
	struct pool4 *pool = pool_of(rows, COUNT(rows), 1, 2);
	static struct held list[400];
	size_t count = 0;

	(void)state;
	for (uint32_t i = 0; count < COUNT(list) && i < 20000; i++) {
		struct held *held = &list[count];
		struct in6_addr addr = host(i);

		if (allocate(pool, &addr, (uint16_t)(i * 7), &held->addr4, &held->port4)) {
			held->is_used = true;
			count++;
		}
	}
	assert_int_equal(count, COUNT(list));
	assert_counts(pool, list, count);
	for (size_t k = 0; k < count; k += 2) { /* some rest, some are free at once */
		uint64_t usable_us = k % 4 ? 0 : 1000;

		pool4_release(pool, L4_UDP, list[k].addr4, list[k].port4, usable_us);
		list[k].is_used = false;
		list[k].rests = usable_us > 0;
	}
	assert_counts(pool, list, count);
	for (size_t k = 0; k < 40; k += 4) { /* peers' sessions claim ports that rest */
		assert_true(pool4_claim(pool, L4_UDP, list[k].addr4, list[k].port4));
		list[k].is_used = true;
		list[k].rests = false;
	}
	assert_true(pool4_claim(pool, L4_UDP, 0xc0000201, 1024)); /* the other node's */
	assert_counts(pool, list, count);
	pool4_wake(pool, 1000, UINT32_MAX);
	for (size_t k = 0; k < count; k++)
		list[k].rests = false;
	assert_counts(pool, list, count);
	pool4_free(pool);
}

static void the_ports_of_an_address_are_those_of_all_its_rows(void **state)
{
	struct config_pool4 rows[] = { row("192.0.2.0/30", 1024, 1087),
		                       row("192.0.2.2/32", 2048, 2175) };
	struct pool4 *pool = pool_of(rows, COUNT(rows), 0, 1);
	struct pool4_part part;

	(void)state;
	assert_true(pool4_address(pool, 1, &part));
	assert_int_equal(part.ports, 64);
	assert_int_equal(part.port_max, 1087);
	assert_true(pool4_address(pool, 2, &part));
	assert_int_equal(part.prefix.addr, 0xc0000202);
	assert_int_equal(part.ports, 64 + 128);
	assert_int_equal(part.port_min, 1024);
	assert_int_equal(part.port_max, 2175);
	assert_false(pool4_address(pool, 4, &part));
	assert_true(pool4_row(pool, 1, &part));
	assert_int_equal(part.ports, 128);
	assert_false(pool4_row(pool, 2, &part));
	pool4_free(pool);
}

static void no_rows_give_nothing(void **state)
{
	struct pool4 *pool = pool_of(NULL, 0, 0, 1);
	struct in6_addr addr = host(1);
	uint32_t addr4;
	uint16_t port4;

	(void)state;
	assert_false(allocate(pool, &addr, 1, &addr4, &port4));
	assert_false(pool4_has(pool, 0xc0000201));
	pool4_reserve(pool, L4_UDP, 0xc0000201, 1);
	assert_int_equal(pool4_owned(pool), 0);
	pool4_free(pool);
	pool4_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_keeps_range_and_parity),
		cmocka_unit_test(a_host_keeps_its_address),
		cmocka_unit_test(nodes_share_the_ports_in_blocks_of_64),
		cmocka_unit_test(an_empty_pool_refuses_and_evicts_nobody),
		cmocka_unit_test(range_matters_more_than_parity),
		cmocka_unit_test(reserved_ports_are_never_given_out),
		cmocka_unit_test(a_released_port_rests),
		cmocka_unit_test(the_list_of_resting_ports_is_bounded),
		cmocka_unit_test(nested_and_disjoint_rows_add_up),
		cmocka_unit_test(ports_are_spread_evenly),
		cmocka_unit_test(rows_and_addresses_count_what_is_used_and_what_rests),
		cmocka_unit_test(the_ports_of_an_address_are_those_of_all_its_rows),
		cmocka_unit_test(no_rows_give_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

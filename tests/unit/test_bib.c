/* Bindings: both keys, three protocols apart, random adding and removing against a plain array,
 * walking (BIB-01, BIB-02). */
#include "tests/unit/prng.h"
#include "translator/bib.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define CAPACITY 500

static struct prng prng = { .state = 6146 };
static const struct hash_key key = { "key" };

static struct in6_addr host(uint8_t number)
{
	struct in6_addr addr = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, [15] = number } };

	return addr;
}

static struct bib_table *table_new(uint32_t capacity)
{
	struct bib_table *table = bib_table_new(capacity, &key, NULL);

	assert_non_null(table);
	return table;
}

static void a_binding_is_found_by_both_keys(void **state)
{
	struct bib_table *table = table_new(CAPACITY);
	struct in6_addr addr6 = host(1), other = host(2);
	uint32_t index = bib_add(table, L4_TCP, &addr6, 4000, 0xc0000201, 5000, 0);

	(void)state;
	assert_int_not_equal(index, 0);
	assert_int_equal(bib_find6(table, L4_TCP, &addr6, 4000), index);
	assert_int_equal(bib_find4(table, L4_TCP, 0xc0000201, 5000), index);
	assert_int_equal(bib_find6(table, L4_TCP, &addr6, 4001), 0);
	assert_int_equal(bib_find6(table, L4_TCP, &other, 4000), 0);
	assert_int_equal(bib_find4(table, L4_TCP, 0xc0000202, 5000), 0);
	assert_int_equal(bib_find4(table, L4_TCP, 0xc0000201, 5001), 0);
	assert_int_equal(bib_at(table, index)->port4, 5000);
	bib_table_free(table);
}

static void the_protocols_are_independent(void **state)
{
	struct bib_table *table = table_new(CAPACITY);
	struct in6_addr addr6 = host(1);
	uint32_t tcp = bib_add(table, L4_TCP, &addr6, 4000, 0xc0000201, 5000, 0);
	uint32_t udp = bib_add(table, L4_UDP, &addr6, 4000, 0xc0000201, 5000, 0);
	uint32_t icmp = bib_add(table, L4_ICMP, &addr6, 4000, 0xc0000201, 5000, BIB_STATIC);

	(void)state;
	assert_int_equal(bib_find4(table, L4_UDP, 0xc0000201, 5000), udp);
	assert_int_equal(bib_find6(table, L4_ICMP, &addr6, 4000), icmp);
	assert_int_equal(bib_static_count(table), 1);
	bib_del(table, udp);
	assert_int_equal(bib_find4(table, L4_UDP, 0xc0000201, 5000), 0);
	assert_int_equal(bib_find4(table, L4_TCP, 0xc0000201, 5000), tcp);
	assert_int_equal(bib_count(table, L4_UDP), 0);
	assert_int_equal(bib_count(table, L4_TCP), 1);
	bib_del(table, icmp);
	assert_int_equal(bib_static_count(table), 0);
	bib_table_free(table);
}

static void a_full_table_refuses(void **state)
{
	struct bib_table *table = table_new(3);
	struct in6_addr addr6 = host(1);
	uint32_t index = 0;

	(void)state;
	for (uint16_t port = 1; port <= 3; port++)
		index = bib_add(table, L4_UDP, &addr6, port, 1, port, 0);
	assert_int_not_equal(index, 0);
	assert_int_equal(bib_add(table, L4_UDP, &addr6, 4, 1, 4, 0), 0);
	assert_int_equal(bib_find6(table, L4_UDP, &addr6, 4), 0);
	bib_del(table, index);
	assert_int_not_equal(bib_add(table, L4_UDP, &addr6, 4, 1, 4, 0), 0);
	assert_int_equal(bib_count(table, L4_UDP), 3);
	bib_table_free(table);
}

struct model {
	uint32_t index; /* 0: not in the table */
	enum l4_proto proto;
	struct in6_addr addr6;
	uint32_t addr4;
	uint16_t port;
};

/* Walk the table in short steps; every binding is met once. */
static unsigned walk(const struct bib_table *table)
{
	uint32_t cursor = 0, last = 0, index;
	unsigned count = 0, calls = 0;

	do {
		index = bib_next(table, &cursor, 5);
		if (index) {
			assert_true(index > last && bib_at(table, index)->seal != ENTRY_UNSEALED);
			last = index;
			count++;
		}
		assert_true(++calls < 10000);
	} while (cursor != 0);
	return count;
}

static void model_toggle(struct bib_table *table, struct model *model, uint16_t number)
{
	if (model->index) {
		bib_del(table, model->index);
		model->index = 0;
		return;
	}
	model->proto = number % L4_PROTOS;
	model->addr6 = host((uint8_t)(number % 7));
	model->port = number;
	model->addr4 = 0xc0000200 + number % 5;
	model->index = bib_add(table, model->proto, &model->addr6, model->port, model->addr4,
	                       model->port, 0);
	assert_int_not_equal(model->index, 0);
}

static void random_adding_and_removing(void **state)
{
	static struct model models[CAPACITY];
	struct bib_table *table = table_new(CAPACITY);

	(void)state;
	memset(models, 0, sizeof(models));
	for (int round = 0; round < 50000; round++) {
		uint16_t number = (uint16_t)prng_below(&prng, CAPACITY);
		struct model *model = &models[number];
		unsigned count = 0;

		model_toggle(table, model, number);
		assert_int_equal(bib_find6(table, number % L4_PROTOS, &model->addr6, model->port),
		                 model->index);
		assert_int_equal(bib_find4(table, number % L4_PROTOS, model->addr4, model->port),
		                 model->index);
		if (round % 500 != 0)
			continue;
		for (int i = 0; i < CAPACITY; i++)
			count += models[i].index != 0;
		assert_int_equal(walk(table), count);
		assert_int_equal(bib_count(table, L4_TCP) + bib_count(table, L4_UDP) +
		                         bib_count(table, L4_ICMP),
		                 count);
	}
	bib_table_free(table);
	bib_table_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_binding_is_found_by_both_keys),
		cmocka_unit_test(the_protocols_are_independent),
		cmocka_unit_test(a_full_table_refuses),
		cmocka_unit_test(random_adding_and_removing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

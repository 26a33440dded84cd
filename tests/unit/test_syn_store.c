/* Stored SYNs: kept in order until their deadline, met or given back, bounded (TCP-10 to TCP-12).
 */
#include "translator/syn_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct hash_key key = { "key" };

static struct syn_key syn(uint16_t number)
{
	struct syn_key syn = { 0xc6336407, 0xc0000201, number, 443 };

	return syn;
}

static bool add(struct syn_store *store, uint16_t number, uint64_t deadline_us)
{
	struct syn_key name = syn(number);
	uint8_t packet[40] = { 0x45, 0, 0, 40 };

	memcpy(packet + 20, &number, 2);
	return syn_store_add(store, &name, packet, sizeof(packet), deadline_us);
}

static bool meet(struct syn_store *store, uint16_t number)
{
	struct syn_key name = syn(number);

	return syn_store_remove(store, &name);
}

/* The number of the SYN that expires now, -1 when none does. */
static int expired(struct syn_store *store, uint64_t now_us)
{
	uint32_t len = 0;
	const uint8_t *packet = syn_store_expire(store, now_us, &len);
	uint16_t number;

	if (!packet)
		return -1;
	assert_int_equal(len, 40);
	memcpy(&number, packet + 20, 2);
	return number;
}

static void syns_expire_in_order_and_not_early(void **state)
{
	struct syn_store *store = syn_store_new(8, &key);

	(void)state;
	assert_non_null(store);
	assert_true(add(store, 1, 6000000));
	assert_true(add(store, 2, 6500000));
	assert_int_equal(expired(store, 5999999), -1);
	assert_int_equal(expired(store, 6000000), 1);
	assert_int_equal(expired(store, 6000000), -1);
	assert_int_equal(expired(store, 9000000), 2);
	assert_int_equal(expired(store, 9000000), -1);
	assert_int_equal(syn_store_count(store), 0);
	syn_store_free(store);
}

static void a_met_syn_never_expires(void **state)
{
	struct syn_store *store = syn_store_new(8, &key);

	(void)state;
	for (uint16_t number = 1; number <= 5; number++)
		assert_true(add(store, number, 1000));
	assert_true(meet(store, 3));
	assert_false(meet(store, 3));
	assert_false(meet(store, 9));
	assert_true(meet(store, 1));
	assert_int_equal(syn_store_count(store), 3);
	assert_int_equal(expired(store, 1000), 2);
	assert_int_equal(expired(store, 1000), 4);
	assert_int_equal(expired(store, 1000), 5);
	assert_int_equal(expired(store, 1000), -1);
	syn_store_free(store);
}

static void a_retransmission_changes_nothing(void **state)
{
	struct syn_store *store = syn_store_new(2, &key);

	(void)state;
	assert_true(add(store, 1, 1000));
	assert_true(add(store, 1, 2000));
	assert_int_equal(syn_store_count(store), 1);
	assert_int_equal(expired(store, 1000), 1);
	assert_int_equal(expired(store, 3000), -1);
	syn_store_free(store);
}

static void a_full_store_refuses_new_ones_only(void **state)
{
	struct syn_store *store = syn_store_new(3, &key);

	(void)state;
	for (uint16_t number = 1; number <= 3; number++)
		assert_true(add(store, number, 1000));
	for (uint16_t number = 4; number < 1000; number++)
		assert_false(add(store, number, 1000));
	assert_int_equal(syn_store_count(store), 3);
	assert_int_equal(expired(store, 1000), 1);
	assert_true(add(store, 4, 2000));
	assert_int_equal(expired(store, 2000), 2);
	assert_int_equal(expired(store, 2000), 3);
	assert_int_equal(expired(store, 2000), 4);
	syn_store_free(store);
}

static void the_ring_goes_round(void **state)
{
	struct syn_store *store = syn_store_new(7, &key);

	(void)state;
	for (uint16_t number = 0; number < 5000; number++) {
		assert_true(add(store, number, number));
		if (number % 3 == 0)
			assert_true(meet(store, number));
		while (expired(store, number > 3 ? number - 3 : 0) >= 0)
			;
		assert_true(syn_store_count(store) <= 4);
	}
	syn_store_free(store);
}

static void long_syns_are_cut_for_the_quote(void **state)
{
	struct syn_store *store = syn_store_new(1, &key);
	static uint8_t packet[1400];
	struct syn_key name = syn(1);
	uint32_t len;

	(void)state;
	assert_true(syn_store_add(store, &name, packet, sizeof(packet), 1));
	assert_non_null(syn_store_expire(store, 1, &len));
	assert_int_equal(len, SYN_STORE_QUOTE_MAX);
	syn_store_free(store);
}

static void a_store_without_room_stores_nothing(void **state)
{
	struct syn_store *store = syn_store_new(0, &key);
	uint32_t len;

	(void)state;
	assert_non_null(store);
	assert_false(add(store, 1, 1));
	assert_false(meet(store, 1));
	assert_null(syn_store_expire(store, 9, &len));
	syn_store_free(store);
	syn_store_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(syns_expire_in_order_and_not_early),
		cmocka_unit_test(a_met_syn_never_expires),
		cmocka_unit_test(a_retransmission_changes_nothing),
		cmocka_unit_test(a_full_store_refuses_new_ones_only),
		cmocka_unit_test(the_ring_goes_round),
		cmocka_unit_test(long_syns_are_cut_for_the_quote),
		cmocka_unit_test(a_store_without_room_stores_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

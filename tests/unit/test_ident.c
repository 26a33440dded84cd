/* IPv4 identifications: no value comes again between two hosts within 65,536 packets, and nothing
 * of a counter shows (V64-06). */
#include "translator/ident.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct hash_key key = { "key" };

static void no_value_repeats_between_two_hosts(void **state)
{
	static uint8_t seen[65536];
	static struct ident ident;

	(void)state;
	memset(seen, 0, sizeof(seen));
	ident_init(&ident, &key);
	for (int i = 0; i < 65536; i++) {
		uint16_t value = ident_next(&ident, 1, 2, 17);

		assert_int_equal(seen[value], 0);
		seen[value] = 1;
	}
}

static void successors_tell_nothing(void **state)
{
	static struct ident ident;
	unsigned small_steps = 0, ups = 0;
	uint16_t last, value;

	(void)state;
	ident_init(&ident, &key);
	last = ident_next(&ident, 1, 2, 17);
	for (int i = 0; i < 10000; i++) {
		value = ident_next(&ident, 1, 2, 17);
		small_steps += (uint16_t)(value - last) <= 16;
		ups += value > last;
		last = value;
	}
	/* By chance 16 of 65,536 steps are that small: 2 to 3 in 10,000. */
	assert_true(small_steps < 40);
	assert_in_range(ups, 4500, 5500);
}

static void other_hosts_and_other_keys_differ(void **state)
{
	static const struct hash_key other_key = { "another" };
	static struct ident ident, other;
	unsigned equal_hosts = 0, equal_keys = 0;

	(void)state;
	ident_init(&ident, &key);
	ident_init(&other, &other_key);
	for (uint32_t i = 0; i < 5000; i++) {
		uint16_t value = ident_next(&ident, 1, i, 17);

		equal_hosts += value == ident_next(&ident, 2, i, 17);
		equal_keys += value == ident_next(&other, 1, i, 17);
	}
	assert_true(equal_hosts < 10);
	assert_true(equal_keys < 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_value_repeats_between_two_hosts),
		cmocka_unit_test(successors_tell_nothing),
		cmocka_unit_test(other_hosts_and_other_keys_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

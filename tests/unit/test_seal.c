/* Sealed datagrams: they open with their key and as they were sent, and not otherwise. */
#include "syncd/seal.h"

#include <setjmp.h>
#include <sodium/core.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define TEXT     "sessions"
#define TEXT_LEN sizeof(TEXT)
#define LEN      (TEXT_LEN + SEAL_OVERHEAD)

static const uint8_t file_key[SEAL_FILE_KEY_LEN] = "a key of a file";
static const struct seal_header header = {
	.node = 5, .epoch = "an epoch", .instance = 0x01020304, .seq = 0x1122334455667788
};

static size_t make(const struct seal_keys *keys, uint8_t *datagram)
{
	return seal_close(keys, &header, (const uint8_t *)TEXT, TEXT_LEN, datagram);
}

static struct seal_keys keys_of(const char *cluster)
{
	struct seal_keys keys;

	seal_keys_derive(file_key, cluster, &keys);
	return keys;
}

static void what_was_sealed_opens(void **state)
{
	struct seal_keys keys = keys_of("campus");
	uint8_t datagram[LEN], payload[TEXT_LEN];
	struct seal_header out;

	(void)state;
	assert_int_equal(make(&keys, datagram), LEN);
	assert_int_equal(seal_read(&keys, datagram, LEN, &out), SEAL_OK);
	assert_int_equal(out.major, SEAL_MAJOR);
	assert_int_equal(out.node, header.node);
	assert_int_equal(out.instance, header.instance);
	assert_true(out.seq == header.seq);
	assert_memory_equal(out.epoch, header.epoch, SEAL_EPOCH_LEN);
	assert_true(seal_open(&keys, datagram, LEN, payload));
	assert_string_equal((const char *)payload, TEXT);
}

static void the_header_is_laid_out_as_on_paper(void **state)
{
	struct seal_keys keys = keys_of("campus");
	uint8_t datagram[LEN];

	(void)state;
	(void)make(&keys, datagram);
	assert_memory_equal(datagram, "N64S\1\0\5\0", 8);
	assert_memory_equal(datagram + 12, "\1\2\3\4an epoch", 12);
	assert_memory_equal(datagram + 32, "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
}

static void any_flipped_bit_is_found(void **state)
{
	struct seal_keys keys = keys_of("campus");
	uint8_t datagram[LEN], payload[TEXT_LEN];

	(void)state;
	(void)make(&keys, datagram);
	for (size_t bit = 0; bit < 8 * LEN; bit++) {
		datagram[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(seal_open(&keys, datagram, LEN, payload));
		datagram[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(seal_open(&keys, datagram, LEN, payload));
}

static void a_shorter_or_longer_one_does_not_open(void **state)
{
	struct seal_keys keys = keys_of("campus");
	uint8_t datagram[LEN + 1] = { 0 }, payload[TEXT_LEN + 1];
	struct seal_header out;

	(void)state;
	(void)make(&keys, datagram);
	assert_false(seal_open(&keys, datagram, LEN + 1, payload));
	for (size_t len = SEAL_OVERHEAD; len < LEN; len++)
		assert_false(seal_open(&keys, datagram, len, payload));
	for (size_t len = 0; len < SEAL_OVERHEAD; len++)
		assert_int_equal(seal_read(&keys, datagram, len, &out), SEAL_NOT_OURS);
}

static void another_key_or_cluster_does_not_open_it(void **state)
{
	static const uint8_t other_key[SEAL_FILE_KEY_LEN] = "another key";
	struct seal_keys keys = keys_of("campus"), other;
	uint8_t datagram[LEN], payload[TEXT_LEN];
	struct seal_header out;

	(void)state;
	(void)make(&keys, datagram);
	seal_keys_derive(other_key, "campus", &other);
	assert_int_equal(seal_read(&other, datagram, LEN, &out), SEAL_OK);
	assert_false(seal_open(&other, datagram, LEN, payload));
	other = keys_of("campus2");
	assert_int_equal(seal_read(&other, datagram, LEN, &out), SEAL_OTHER_CLUSTER);
	assert_false(seal_open(&other, datagram, LEN, payload));
	assert_memory_not_equal(keys.payload, other.payload, sizeof(keys.payload));
	assert_memory_not_equal(keys.digest, other.digest, sizeof(keys.digest));
	assert_memory_not_equal(keys.digest, keys.payload, sizeof(keys.digest));
}

static void what_is_not_ours_is_told_from_what_is_too_new(void **state)
{
	struct seal_keys keys = keys_of("campus");
	uint8_t datagram[LEN];
	struct seal_header out;

	(void)state;
	(void)make(&keys, datagram);
	datagram[4] = 2;
	assert_int_equal(seal_read(&keys, datagram, LEN, &out), SEAL_OTHER_VERSION);
	assert_int_equal(out.major, 2);
	assert_int_equal(seal_read(&keys, datagram, 8, &out), SEAL_OTHER_VERSION);
	datagram[4] = SEAL_MAJOR;
	datagram[7] = 1;
	assert_int_equal(seal_read(&keys, datagram, LEN, &out), SEAL_NOT_OURS);
	datagram[7] = 0;
	datagram[0] = 'n';
	assert_int_equal(seal_read(&keys, datagram, LEN, &out), SEAL_NOT_OURS);
}

static void a_datagram_of_one_instance_is_none_of_another(void **state)
{
	struct seal_keys keys = keys_of("campus");
	uint8_t datagram[LEN], payload[TEXT_LEN];
	struct seal_header out;

	(void)state;
	(void)make(&keys, datagram);
	datagram[15] ^= 1;
	assert_int_equal(seal_read(&keys, datagram, LEN, &out), SEAL_OK);
	assert_int_not_equal(out.instance, header.instance);
	assert_false(seal_open(&keys, datagram, LEN, payload));
}

static void a_number_used_again_would_repeat_the_bytes_and_others_do_not(void **state)
{
	struct seal_keys keys = keys_of("campus");
	struct seal_header next = header;
	uint8_t first[LEN], second[LEN];

	(void)state;
	(void)make(&keys, first);
	(void)make(&keys, second);
	assert_memory_equal(first, second, LEN);
	next.seq++;
	(void)seal_close(&keys, &next, (const uint8_t *)TEXT, TEXT_LEN, second);
	assert_memory_not_equal(first + SEAL_HEADER, second + SEAL_HEADER, TEXT_LEN);
}

static int start_sodium(void **state)
{
	(void)state;
	return sodium_init() < 0 ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_sealed_opens),
		cmocka_unit_test(the_header_is_laid_out_as_on_paper),
		cmocka_unit_test(any_flipped_bit_is_found),
		cmocka_unit_test(a_shorter_or_longer_one_does_not_open),
		cmocka_unit_test(another_key_or_cluster_does_not_open_it),
		cmocka_unit_test(what_is_not_ours_is_told_from_what_is_too_new),
		cmocka_unit_test(a_datagram_of_one_instance_is_none_of_another),
		cmocka_unit_test(a_number_used_again_would_repeat_the_bytes_and_others_do_not),
	};

	return cmocka_run_group_tests(tests, start_sodium, NULL);
}

/* Checksums against full recomputation: a million random packets, odd lengths, and the corners 0000
 * and ffff where one's complement has two zeros (L4-01, L4-02, L4-05). The reference sums byte by
 * byte in host order. */
#include "tests/unit/prng.h"
#include "translator/checksum.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct prng prng = { .state = 1071 };

/* The checksum field (host order) of len bytes. */
static uint16_t reference(const uint8_t *data, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)~sum;
}

static void sums_of_every_length(void **state)
{
	uint8_t data[300];

	(void)state;
	for (size_t len = 0; len <= sizeof(data); len++) {
		prng_fill(&prng, data, sizeof(data));
		assert_int_equal(ntohs(checksum_finish(checksum_add(0, data, len))),
		                 reference(data, len));
	}
}

static void sums_of_unaligned_data(void **state)
{
	uint8_t data[80];

	(void)state;
	prng_fill(&prng, data, sizeof(data));
	for (size_t start = 0; start < 9; start++)
		assert_int_equal(ntohs(checksum_finish(checksum_add(0, data + start, 64))),
		                 reference(data + start, 64));
}

static void sums_in_parts_are_the_sum_of_the_whole(void **state)
{
	uint8_t data[200];

	(void)state;
	for (int round = 0; round < 2000; round++) {
		size_t len = prng_below(&prng, sizeof(data) + 1);
		size_t cut = len ? prng_below(&prng, (uint32_t)len + 1) & ~1u : 0;
		uint64_t sum;

		prng_fill(&prng, data, sizeof(data));
		sum = checksum_add(checksum_add(0, data, cut), data + cut, len - cut);
		assert_int_equal(ntohs(checksum_finish(sum)), reference(data, len));
	}
}

static void the_largest_packet_does_not_overflow(void **state)
{
	static uint8_t data[65535];

	(void)state;
	memset(data, 0xff, sizeof(data));
	assert_int_equal(ntohs(checksum_finish(checksum_add(0, data, sizeof(data)))),
	                 reference(data, sizeof(data)));
	assert_int_equal(checksum_fold(UINT64_MAX), 0xffff);
	assert_int_equal(checksum_fold(0), 0);
	assert_int_equal(checksum_fold(UINT64_C(0xffffffff00000001)), 1);
}

/* Random words, but the corners far more often than chance has them. */
static uint16_t random_word(void)
{
	static const uint16_t corners[] = { 0x0000, 0x0001, 0x7fff, 0x8000, 0xfffe, 0xffff };

	return prng_below(&prng, 4) == 0 ? corners[prng_below(&prng, COUNT(corners))]
	                                 : (uint16_t)prng_32(&prng);
}

/* One packet: a checksum field, some words that translation replaces, and a payload of any length.
 */
static void replace_words(void)
{
	uint8_t packet[2 + 32 + 63];
	size_t changed = 2 * (1 + prng_below(&prng, 16));
	size_t len = 34 + prng_below(&prng, 64);
	uint8_t *words = packet + 2;
	uint16_t field, difference;
	uint64_t old_sum;

	packet[0] = packet[1] = 0;
	for (size_t i = 2; i < sizeof(packet); i++)
		packet[i] = (uint8_t)random_word();
	field = checksum_finish(checksum_add(0, packet, len));
	old_sum = checksum_add(0, words, changed);
	for (size_t i = 0; i < changed; i += 2) {
		uint16_t word = random_word();

		memcpy(words + i, &word, 2);
	}
	difference = checksum_difference(old_sum, checksum_add(0, words, changed));
	field = checksum_update(field, difference);
	/* Verification by the receiver: all words with the field sum up to ffff. */
	memcpy(packet, &field, 2);
	assert_int_equal(checksum_fold(checksum_add(0, packet, len)), 0xffff);
	packet[0] = packet[1] = 0;
	assert_int_equal(ntohs(field), reference(packet, len));
}

static void a_million_updates_agree_with_recomputation(void **state)
{
	(void)state;
	for (int round = 0; round < 1000000; round++)
		replace_words();
}

/* What verifies goes on verifying, and what does not goes on not verifying, for every field value.
 */
static void no_update_repairs_a_wrong_checksum(void **state)
{
	(void)state;
	for (uint32_t field = 0; field <= 0xffff; field++) {
		uint16_t old_word = random_word(), new_word = random_word();
		uint16_t difference = checksum_difference(old_word, new_word);
		uint16_t updated = checksum_update((uint16_t)field, difference);
		uint16_t before = checksum_fold((uint64_t)field + old_word);
		uint16_t after = checksum_fold((uint64_t)updated + new_word);

		/* Zero has two forms; sums of the same class must stay in it. */
		assert_int_equal(before % 0xffff, after % 0xffff);
	}
}

static void partial_checksums_follow_the_pseudo_header(void **state)
{
	(void)state;
	for (int round = 0; round < 100000; round++) {
		uint32_t src4 = prng_32(&prng), dst4 = prng_32(&prng),
			 len = prng_below(&prng, 65536);
		struct in6_addr src6, dst6;
		uint64_t pseudo4, pseudo6;
		uint16_t partial;

		prng_fill(&prng, &src6, sizeof(src6));
		prng_fill(&prng, &dst6, sizeof(dst6));
		pseudo4 = checksum_pseudo4(src4, dst4, IPPROTO_TCP, len);
		pseudo6 = checksum_pseudo6(&src6, &dst6, IPPROTO_TCP, len);
		partial = checksum_update_partial(checksum_fold(pseudo6),
		                                  checksum_difference(pseudo6, pseudo4));
		assert_int_equal(partial % 0xffff, checksum_fold(pseudo4) % 0xffff);
	}
}

static void pseudo_headers_are_those_of_the_rfcs(void **state)
{
	uint8_t wire4[12] = { 192, 0, 2, 1, 198, 51, 100, 7, 0, 17, 0x12, 0x34 };
	uint8_t wire6[40] = { 0x20, 1, 0xd, 0xb8 };
	struct in6_addr src6, dst6;

	(void)state;
	assert_int_equal(
		ntohs(checksum_finish(checksum_pseudo4(0xc0000201, 0xc6336407, 17, 0x1234))),
		reference(wire4, sizeof(wire4)));
	wire6[15] = 1;
	wire6[16] = 0xfd;
	wire6[31] = 2;
	memcpy(&src6, wire6, 16);
	memcpy(&dst6, wire6 + 16, 16);
	wire6[33] = 1; /* length 0x00012345: more than 16 bits */
	wire6[34] = 0x23;
	wire6[35] = 0x45;
	wire6[39] = 58;
	assert_int_equal(ntohs(checksum_finish(checksum_pseudo6(&src6, &dst6, 58, 0x12345))),
	                 reference(wire6, sizeof(wire6)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_of_every_length),
		cmocka_unit_test(sums_of_unaligned_data),
		cmocka_unit_test(sums_in_parts_are_the_sum_of_the_whole),
		cmocka_unit_test(the_largest_packet_does_not_overflow),
		cmocka_unit_test(a_million_updates_agree_with_recomputation),
		cmocka_unit_test(no_update_repairs_a_wrong_checksum),
		cmocka_unit_test(partial_checksums_follow_the_pseudo_header),
		cmocka_unit_test(pseudo_headers_are_those_of_the_rfcs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The pcapng file byte by byte: blocks, options, padding, and what is cut. */
#include "cli/pcapng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *bytes;
static size_t len;
static FILE *file;

static int open_file(void **state)
{
	(void)state;
	file = open_memstream(&bytes, &len);
	return file ? 0 : -1;
}

static int close_file(void **state)
{
	(void)state;
	free(bytes);
	bytes = NULL;
	return 0;
}

static uint32_t word(size_t at)
{
	uint32_t value;

	assert_true(at + 4 <= len);
	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static uint16_t half(size_t at)
{
	uint16_t value;

	assert_true(at + 2 <= len);
	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static void finish(void)
{
	assert_int_equal(fclose(file), 0);
	assert_int_equal(len % 4, 0);
	assert_int_equal(word(4), len); /* one block: its length at both ends */
	assert_int_equal(word(len - 4), len);
}

static void the_head_tells_byte_order_and_program(void **state)
{
	(void)state;
	assert_int_equal(pcapng_write_section(file, "sa-nat64 1"), 0);
	finish();
	assert_int_equal(word(0), 0x0a0d0d0a);
	assert_int_equal(word(8), 0x1a2b3c4d);
	assert_int_equal(half(12), 1);
	assert_int_equal(half(14), 0);
	assert_int_equal(half(24), 4);
	assert_int_equal(half(26), 10);
	assert_memory_equal(bytes + 28, "sa-nat64 1\0\0", 12);
	assert_int_equal(word(40), 0);
	assert_int_equal(len, 48);
}

static void an_interface_has_raw_packets_and_a_name(void **state)
{
	(void)state;
	assert_int_equal(pcapng_write_interface(file, "lower", 256), 0);
	finish();
	assert_int_equal(word(0), 1);
	assert_int_equal(half(8), 101);
	assert_int_equal(word(12), 256);
	assert_int_equal(half(16), 2);
	assert_int_equal(half(18), 5);
	assert_memory_equal(bytes + 20, "lower\0\0\0", 8);
}

static void a_packet_has_time_bytes_comment_and_direction(void **state)
{
	const struct pcapng_packet packet = { .interface = 3,
		                              .time_us = UINT64_C(0x123456789a),
		                              .len = 1500,
		                              .captured = 5,
		                              .bytes = (const uint8_t *)"abcde",
		                              .direction = PCAPNG_OUTBOUND,
		                              .comment = "why" };

	(void)state;
	assert_int_equal(pcapng_write_packet(file, &packet), 0);
	finish();
	assert_int_equal(word(0), 6);
	assert_int_equal(word(8), 3);
	assert_int_equal(word(12), 0x12);
	assert_int_equal(word(16), 0x3456789a);
	assert_int_equal(word(20), 5);
	assert_int_equal(word(24), 1500);
	assert_memory_equal(bytes + 28, "abcde\0\0\0", 8);
	assert_int_equal(half(36), 1);
	assert_int_equal(half(38), 3);
	assert_memory_equal(bytes + 40, "why\0", 4);
	assert_int_equal(half(44), 2);
	assert_int_equal(half(46), 4);
	assert_int_equal(word(48), 2);
	assert_int_equal(word(52), 0);
	assert_int_equal(len, 60);
}

static void a_long_comment_is_cut(void **state)
{
	static char comment[5000];
	const struct pcapng_packet packet = { .captured = 1,
		                              .bytes = (const uint8_t *)"x",
		                              .comment = comment };

	(void)state;
	memset(comment, 'c', sizeof(comment) - 1);
	assert_int_equal(pcapng_write_packet(file, &packet), 0);
	finish();
	assert_int_equal(half(34), 2000);
}

static void a_full_device_is_an_error(void **state)
{
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	(void)setvbuf(full, NULL, _IONBF, 0);
	assert_int_equal(pcapng_write_section(full, "x"), -1);
	(void)fclose(full);
	(void)fclose(file);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_file, close_file)
	const struct CMUnitTest tests[] = {
		TEST(the_head_tells_byte_order_and_program),
		TEST(an_interface_has_raw_packets_and_a_name),
		TEST(a_packet_has_time_bytes_comment_and_direction),
		TEST(a_long_comment_is_cut),
		TEST(a_full_device_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

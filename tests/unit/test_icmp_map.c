/* ICMP between the families, all 65,536 pairs of type and code in both directions, and the
 * pointers.
 *
 * The expectations are copied from RFC 7915 sections 4.2 and 5.2, one line a message, and read
 * here; whatever has no line must be dropped (I46-01 to I46-07, I64-01 to I64-07).
 */
#include "translator/icmp_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct want {
	int type, code; /* -1: dropped */
	enum icmp_rest rest;
};

struct line {
	uint8_t type, code, to_type, to_code;
	enum icmp_rest rest;
};

/* clang-format off */
static const struct line lines46[] = {
	{  3,  0,  1,  0, ICMP_REST_UNUSED },
	{  3,  1,  1,  0, ICMP_REST_UNUSED },
	{  3,  2,  4,  1, ICMP_REST_POINTER },
	{  3,  3,  1,  4, ICMP_REST_UNUSED },
	{  3,  4,  2,  0, ICMP_REST_MTU },
	{  3,  5,  1,  0, ICMP_REST_UNUSED },
	{  3,  6,  1,  0, ICMP_REST_UNUSED },
	{  3,  7,  1,  0, ICMP_REST_UNUSED },
	{  3,  8,  1,  0, ICMP_REST_UNUSED },
	{  3,  9,  1,  1, ICMP_REST_UNUSED },
	{  3, 10,  1,  1, ICMP_REST_UNUSED },
	{  3, 11,  1,  0, ICMP_REST_UNUSED },
	{  3, 12,  1,  0, ICMP_REST_UNUSED },
	{  3, 13,  1,  1, ICMP_REST_UNUSED },
	{  3, 15,  1,  1, ICMP_REST_UNUSED },
	{ 11,  0,  3,  0, ICMP_REST_UNUSED },
	{ 11,  1,  3,  1, ICMP_REST_UNUSED },
	{ 12,  0,  4,  0, ICMP_REST_POINTER },
	{ 12,  2,  4,  0, ICMP_REST_POINTER },
};
static const struct line lines64[] = {
	{  1,  0,  3,  1, ICMP_REST_UNUSED },
	{  1,  1,  3, 10, ICMP_REST_UNUSED },
	{  1,  2,  3,  1, ICMP_REST_UNUSED },
	{  1,  3,  3,  1, ICMP_REST_UNUSED },
	{  1,  4,  3,  3, ICMP_REST_UNUSED },
	{  3,  0, 11,  0, ICMP_REST_UNUSED },
	{  3,  1, 11,  1, ICMP_REST_UNUSED },
	{  4,  0, 12,  0, ICMP_REST_POINTER },
	{  4,  1,  3,  2, ICMP_REST_UNUSED },
};
/* clang-format on */

static struct want wants[256][256];

static void wants_fill(const struct line *lines, size_t count)
{
	for (int type = 0; type < 256; type++)
		for (int code = 0; code < 256; code++)
			wants[type][code].type = -1;
	for (const struct line *line = lines; line < lines + count; line++)
		wants[line->type][line->code] = (struct want){ line->to_type, line->to_code,
			                                       line->rest };
}

/* Types whose code is handed through or ignored. */
static void wants_fill_type(int type, int to_type, int to_code, enum icmp_rest rest)
{
	for (int code = 0; code < 256; code++)
		wants[type][code] = (struct want){ to_type, to_code < 0 ? code : to_code, rest };
}

static void wants_check(bool (*map)(uint8_t, uint8_t, uint32_t, struct icmp_mapping *))
{
	struct icmp_mapping untouched, got;

	memset(&untouched, 0x5a, sizeof(untouched));
	for (int type = 0; type < 256; type++) {
		for (int code = 0; code < 256; code++) {
			const struct want *want = &wants[type][code];

			memcpy(&got, &untouched, sizeof(got));
			assert_int_equal(map((uint8_t)type, (uint8_t)code, 0, &got),
			                 want->type >= 0);
			if (want->type < 0) {
				assert_memory_equal(&got, &untouched, sizeof(got));
				continue;
			}
			assert_int_equal(got.type, want->type);
			assert_int_equal(got.code, want->code);
			assert_int_equal(got.rest, want->rest);
		}
	}
}

static void all_pairs_from_ipv4(void **state)
{
	(void)state;
	wants_fill(lines46, COUNT(lines46));
	wants_fill_type(8, 128, -1, ICMP_REST_ECHO);
	wants_fill_type(0, 129, -1, ICMP_REST_ECHO);
	wants_check(icmp_map_46);
}

static void all_pairs_from_ipv6(void **state)
{
	(void)state;
	wants_fill(lines64, COUNT(lines64));
	wants_fill_type(128, 8, -1, ICMP_REST_ECHO);
	wants_fill_type(129, 0, -1, ICMP_REST_ECHO);
	wants_fill_type(2, 3, 4, ICMP_REST_MTU);
	wants_check(icmp_map_64);
}

/* What figures 3 and 6 give for a pointer, -1 when the message is dropped. */
static int pointer_want46(uint32_t pointer)
{
	if (pointer == 0 || pointer == 1)
		return (int)pointer;
	if (pointer == 2 || pointer == 3)
		return 4;
	if (pointer == 8)
		return 7;
	if (pointer == 9)
		return 6;
	if (pointer >= 12 && pointer <= 15)
		return 8;
	return pointer >= 16 && pointer <= 19 ? 24 : -1;
}

static int pointer_want64(uint32_t pointer)
{
	if (pointer == 0 || pointer == 1)
		return (int)pointer;
	if (pointer == 4 || pointer == 5)
		return 2;
	if (pointer == 6)
		return 9;
	if (pointer == 7)
		return 8;
	if (pointer >= 8 && pointer <= 23)
		return 12;
	return pointer >= 24 && pointer <= 39 ? 16 : -1;
}

static void pointer_check(uint32_t pointer)
{
	struct icmp_mapping got;
	int want46 = pointer_want46(pointer), want64 = pointer_want64(pointer);

	assert_int_equal(icmp_map_46(12, 0, pointer, &got), want46 >= 0);
	if (want46 >= 0)
		assert_int_equal(got.pointer, want46);
	assert_int_equal(icmp_map_46(12, 2, pointer, &got), want46 >= 0);
	if (want46 >= 0)
		assert_int_equal(got.pointer, want46);
	assert_int_equal(icmp_map_64(4, 0, pointer, &got), want64 >= 0);
	if (want64 >= 0)
		assert_int_equal(got.pointer, want64);
}

static void all_pointers(void **state)
{
	(void)state;
	for (uint32_t pointer = 0; pointer <= 300; pointer++)
		pointer_check(pointer);
}

static void high_bits_of_a_pointer_count(void **state)
{
	(void)state;
	for (uint32_t pointer = 0; pointer <= 300; pointer++) {
		pointer_check(0x01000000 + pointer);
		pointer_check(0x00010000 + pointer);
		pointer_check(UINT32_MAX - pointer);
	}
}

static void protocol_unreachable_points_at_the_next_header(void **state)
{
	struct icmp_mapping got;

	(void)state;
	assert_true(icmp_map_46(3, 2, 200, &got));
	assert_int_equal(got.pointer, 6);
}

static void extensible_types_are_those_of_rfc_4884(void **state)
{
	struct icmp_mapping got;

	(void)state;
	for (int type = 0; type < 256; type++) {
		for (int code = 0; code < 256; code++) {
			if (icmp_map_46((uint8_t)type, (uint8_t)code, 0, &got)) {
				assert_int_equal(got.in_extensible,
				                 type == 3 || type == 11 || type == 12);
				assert_int_equal(got.out_extensible,
				                 got.type == 1 || got.type == 3);
			}
			if (icmp_map_64((uint8_t)type, (uint8_t)code, 0, &got)) {
				assert_int_equal(got.in_extensible, type == 1 || type == 3);
				assert_int_equal(got.out_extensible,
				                 got.type == 3 || got.type == 11 || got.type == 12);
			}
		}
	}
}

static void errors_and_echoes_are_told_apart(void **state)
{
	(void)state;
	for (int type = 0; type < 256; type++) {
		bool error4 = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;

		assert_int_equal(icmp4_is_error((uint8_t)type), error4);
		assert_int_equal(icmp6_is_error((uint8_t)type), type < 128);
		assert_int_equal(icmp4_is_echo((uint8_t)type), type == 0 || type == 8);
		assert_int_equal(icmp6_is_echo((uint8_t)type), type == 128 || type == 129);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_pairs_from_ipv4),
		cmocka_unit_test(all_pairs_from_ipv6),
		cmocka_unit_test(all_pointers),
		cmocka_unit_test(high_bits_of_a_pointer_count),
		cmocka_unit_test(protocol_unreachable_points_at_the_next_header),
		cmocka_unit_test(extensible_types_are_those_of_rfc_4884),
		cmocka_unit_test(errors_and_echoes_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Text of others: what is UTF-8, what a terminal would obey, and what is left of the rest. */
#include "lib/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The bytes of a character by the definition of RFC 3629, section 3. */
static size_t encode(uint32_t point, char out[4])
{
	size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	static const uint8_t marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = len; i-- > 1; point >>= 6)
		out[i] = (char)(0x80 | (point & 0x3f));
	out[0] = (char)(marks[len] | point);
	return len;
}

static void every_character_is_read_back(void **state)
{
	(void)state;
	for (uint32_t point = 0; point < 0x110000; point++) {
		bool is_surrogate = point >= 0xd800 && point < 0xe000;
		uint32_t read = UINT32_MAX;
		char text[4];
		size_t len = encode(point, text), got = utf8_next(text, len, &read);

		assert_int_equal(got, is_surrogate ? 0 : len);
		assert_int_equal(read, is_surrogate ? UINT32_MAX : point);
		assert_int_equal(utf8_next(text, len - (len > 1), &read), len > 1 ? 0 : len);
	}
}

static void what_is_no_character_has_no_length(void **state)
{
	static const char *const rows[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xe0\x9f\xbf",
		"\xed\xa0\x80",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80",
		"\xff",
		"\xc3(",
		"\xe2\x82(",
	};
	uint32_t point;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(utf8_next(rows[i], strlen(rows[i]), &point), 0);
}

static void text_becomes_one_line_that_can_be_shown(void **state)
{
	static const struct {
		const char *text, *line;
		size_t count;
	} rows[] = {
		{ "", "", 0 },
		{ "plain \xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80", NULL, 0 },
		{ "red \x1b[31m", "red ?[31m", 1 },
		{ "two\nlines\r\t", "two?lines??", 3 },
		{ "\x7f", "?", 1 },
		{ "c1 \xc2\x9b"
		  "31m \xc2\xa0",
		  "c1 ?31m \xc2\xa0", 1 },
		{ "latin1 \xfc", "latin1 ?", 1 },
		{ "cut \xe2\x82", "cut ??", 2 },
		{ "over \xc0\xaf", "over ??", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *line = rows[i].line ? rows[i].line : rows[i].text;
		char text[40];

		(void)snprintf(text, sizeof(text), "%s", rows[i].text);
		assert_int_equal(utf8_is_line(text), rows[i].count == 0);
		assert_int_equal(utf8_clean(text), rows[i].count);
		assert_string_equal(text, line);
		assert_true(utf8_is_line(text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_character_is_read_back),
		cmocka_unit_test(what_is_no_character_has_no_length),
		cmocka_unit_test(text_becomes_one_line_that_can_be_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

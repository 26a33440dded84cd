/* What the printers make of single values and of rows, against snprintf() where that says the same.
 */
#include "cli/out.h"
#include "lib/address.h"
#include "tests/unit/prng.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROOM (32 * OUT_PENDING_MAX)

static char printed[ROOM];

static struct out *text_new(FILE *file)
{
	return out_text_new(file, COLOUR_NEVER);
}

/* Everything that put() prints, as a NUL-terminated string. */
static const char *print(struct out *(*printer_new)(FILE *file), void (*put)(struct out *out))
{
	FILE *file = fmemopen(printed, sizeof(printed), "w");
	struct out *out;

	assert_non_null(file);
	out = printer_new(file);
	assert_non_null(out);
	put(out);
	out_free(out);
	assert_int_equal(fclose(file), 0);
	return printed;
}

static void assert_number(uint64_t number)
{
	char buf[OUT_DIGITS_MAX + 1], expected[32];

	*out_put_number(number, buf) = '\0';
	(void)snprintf(expected, sizeof(expected), "%" PRIu64, number);
	assert_string_equal(buf, expected);
}

static void numbers_are_printed_as_printf_does(void **state)
{
	struct prng prng = { .state = 1 };

	(void)state;
	assert_number(0);
	assert_number(UINT64_MAX);
	for (uint64_t power = 1; power <= UINT64_MAX / 10; power *= 10) {
		assert_number(power - 1);
		assert_number(power);
		assert_number(power * 10 - 1);
	}
	for (int i = 0; i < 100000; i++)
		assert_number(((uint64_t)prng_32(&prng) << 32 | prng_32(&prng)) >> i % 64);
}

static const struct out_column columns[] = {
	{ "name", 4 }, { "host", 20 }, { "pool4", 16 }, { "left", 7 }, { NULL, 0 },
};
static const char *name = "a";
static uint64_t left_us;

static void put_table(struct out *out)
{
	out_begin(out, OUT_OBJECT, NULL);
	out_begin_table(out, "rows", columns);
	for (uint16_t i = 0; i < 2; i++) {
		out_begin(out, OUT_ROW, NULL);
		out_text(out, "name", name);
		out_endpoint(out, "host", "2001:db8::5", (uint16_t)(65535 * i));
		out_endpoint(out, "pool4", "198.51.100.1", 80);
		out_duration(out, "left", left_us);
		out_flag(out, "unseen", true);
		out_end(out);
	}
	out_end(out);
	out_end(out);
}

static void rows_stand_in_their_columns(void **state)
{
	(void)state;
	left_us = UINT64_C(90061) * 1000000;
	assert_string_equal(print(text_new, put_table),
	                    "name   host                   pool4              left\n"
	                    "a      [2001:db8::5]:0        198.51.100.1:80      1d 1h\n"
	                    "a      [2001:db8::5]:65535    198.51.100.1:80      1d 1h\n");
	name = "";
	left_us = 59999999;
	assert_string_equal(print(text_new, put_table),
	                    "name   host                   pool4              left\n"
	                    "       [2001:db8::5]:0        198.51.100.1:80        59s\n"
	                    "       [2001:db8::5]:65535    198.51.100.1:80        59s\n");
	name = "a";
}

static void json_rows_have_all_values(void **state)
{
	(void)state;
	left_us = 3600000000;
	assert_string_equal(
		print(out_json_new, put_table),
		"{\n  \"rows\": [\n"
		"    {\"name\": \"a\", \"host\": {\"address\": \"2001:db8::5\", \"port\": 0}, "
		"\"pool4\": {\"address\": \"198.51.100.1\", \"port\": 80}, \"left\": 3600, "
		"\"unseen\": true},\n"
		"    {\"name\": \"a\", \"host\": {\"address\": \"2001:db8::5\", \"port\": 65535}, "
		"\"pool4\": {\"address\": \"198.51.100.1\", \"port\": 80}, \"left\": 3600, "
		"\"unseen\": true}\n  ]\n}\n");
}

/* More values than a row keeps leads for, some keys too long for one, a shape in between. */
static void put_wide_row(struct out *out)
{
	out_begin_table(out, NULL, columns);
	for (int row = 0; row < 2; row++) {
		out_begin(out, OUT_ROW, NULL);
		for (int i = 0; i < 20; i++)
			out_count(out, i % 2 ? "b" : "a_key_that_is_longer_than_most_keys_are", 1);
		out_begin(out, OUT_LINE, "line");
		out_text(out, "quoted", "a \"b\" \\ c");
		out_text(out, "plain", "~ !#[]");
		out_end(out);
		out_count(out, "last", 2);
		out_end(out);
	}
	out_end(out);
}

static void json_rows_of_any_width_are_whole(void **state)
{
	static char expected[ROOM];
	char *at = expected;

	(void)state;
	at += snprintf(at, 10, "[\n");
	for (int row = 0; row < 2; row++) {
		at += snprintf(at, 10, row ? ",\n  {" : "  {");
		for (int i = 0; i < 20; i++)
			at += snprintf(at, 100, "%s\"%s\": 1", i ? ", " : "",
			               i % 2 ? "b" : "a_key_that_is_longer_than_most_keys_are");
		at += snprintf(at, 200,
		               ", \"line\": {\"quoted\": \"a \\\"b\\\" \\\\ c\", "
		               "\"plain\": \"~ !#[]\"}, \"last\": 2}");
	}
	(void)snprintf(at, 10, "\n]\n");
	assert_string_equal(print(out_json_new, put_wide_row), expected);
}

enum cell { CELL_NAME, CELL_HOST, CELL_POOL4, CELL_LEFT, CELL_UNSEEN, CELL_OTHER, CELLS };

#define LIST_ROWS 5000

/* A list most of whose values stay for some rows, each in its own rhythm. */
struct list_row {
	const char *name;
	struct in6_addr host;
	uint32_t pool4;
	uint16_t port;
	uint64_t left_s;
	bool is_mixed, is_unseen;
};

static struct list_row list_row_at(unsigned i)
{
	static char too_long[OUT_CELL_MAX + 10];
	static const char *const names[] = { "a", "", "quoted \"b\"", "much longer than 4",
		                             too_long };

	memset(too_long, 'x', sizeof(too_long) - 1);
	return (struct list_row){
		.name = names[i / 7 % 5],
		.host = { .s6_addr = { 0x20, 1, [6] = i / 3 % 256, [15] = i / 2 % 3 } },
		.pool4 = 0xc6336400 + i / 5 % 100,
		.port = (uint16_t)(i / 2 * 1234),
		.left_s = i / 4 * 37,
		.is_mixed = i / 6 % 2,
		.is_unseen = i / 2 % 2,
	};
}

static void put_list_by_values(struct out *out)
{
	out_begin_table(out, NULL, columns);
	for (unsigned i = 0; i < LIST_ROWS; i++) {
		struct list_row row = list_row_at(i);
		char text[ADDRESS_STRLEN];

		out_begin(out, OUT_ROW, NULL);
		out_text(out, "name", row.name);
		out_endpoint(out, "host", address6_format(&row.host, text), row.port);
		out_endpoint(out, "pool4", address4_format(row.pool4, text), row.port);
		out_duration(out, "left", row.left_s * 1000000);
		out_flag(out, "unseen", row.is_unseen);
		if (row.is_mixed)
			*address6_put_mixed(&row.host, text) = '\0';
		else
			(void)address6_format(&row.host, text);
		out_endpoint(out, "other", text, 1);
		out_end(out);
	}
	out_end(out);
}

static void put_list_by_cells(struct out *out)
{
	struct out_cell cells[CELLS] = {
		[CELL_NAME] = { .key = "name", .value = { .kind = OUT_TEXT } },
		[CELL_HOST] = { .key = "host", .value = { .kind = OUT_ENDPOINT6 } },
		[CELL_POOL4] = { .key = "pool4", .value = { .kind = OUT_ENDPOINT4 } },
		[CELL_LEFT] = { .key = "left", .value = { .kind = OUT_DURATION } },
		[CELL_UNSEEN] = { .key = "unseen", .value = { .kind = OUT_FLAG } },
		[CELL_OTHER] = { .key = "other", .value = { .kind = OUT_ENDPOINT6 } },
	};

	out_begin_table(out, NULL, columns);
	for (unsigned i = 0; i < LIST_ROWS; i++) {
		struct list_row row = list_row_at(i);

		out_cell_text(&cells[CELL_NAME], row.name);
		out_cell_endpoint6(&cells[CELL_HOST], OUT_ENDPOINT6, &row.host, row.port);
		out_cell_endpoint4(&cells[CELL_POOL4], row.pool4, row.port);
		out_cell_number(&cells[CELL_LEFT], row.left_s);
		out_cell_number(&cells[CELL_UNSEEN], row.is_unseen);
		out_cell_endpoint6(&cells[CELL_OTHER],
		                   row.is_mixed ? OUT_ENDPOINT_MIXED : OUT_ENDPOINT6, &row.host, 1);
		out_row(out, cells, CELLS);
	}
	out_end(out);
}

static void assert_same_list(struct out *(*printer_new)(FILE *file))
{
	char *by_values = strdup(print(printer_new, put_list_by_values));

	assert_non_null(by_values);
	assert_true(strlen(by_values) > 2 * OUT_PENDING_MAX);
	assert_true(strlen(by_values) + 1 < ROOM);
	assert_true(strcmp(print(printer_new, put_list_by_cells), by_values) == 0);
	free(by_values);
}

static void rows_at_once_are_the_same_as_value_by_value(void **state)
{
	(void)state;
	assert_same_list(text_new);
	assert_same_list(out_json_new);
}

static char long_text[3 * OUT_PENDING_MAX + 1];

static void put_long_texts(struct out *out)
{
	out_begin(out, OUT_STEPS, NULL);
	for (int i = 0; i < 2; i++)
		out_text(out, NULL, long_text + i * OUT_PENDING_MAX);
	out_end(out);
}

static void texts_longer_than_what_is_pending_are_whole(void **state)
{
	const char *text;

	(void)state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[5] = '"';
	text = print(out_json_new, put_long_texts);
	assert_int_equal(strlen(text),
	                 strlen("[\n  \"\\\"\",\n  \"\"\n]\n") + 5 * OUT_PENDING_MAX - 1);
	assert_int_equal(strspn(text, "[\n \"x\\,]"), strlen(text));
}

static void put_foreign_key(struct out *out)
{
	out_begin(out, OUT_TOP, NULL);
	out_count(out, "a\"b\\", 1);
	out_end(out);
}

/* Names of verdicts are keys, and another program has chosen them. */
static void json_keys_are_escaped(void **state)
{
	(void)state;
	assert_string_equal(print(out_json_new, put_foreign_key), "{\"a\\\"b\\\\\": 1}\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_printed_as_printf_does),
		cmocka_unit_test(rows_stand_in_their_columns),
		cmocka_unit_test(json_rows_have_all_values),
		cmocka_unit_test(json_rows_of_any_width_are_whole),
		cmocka_unit_test(json_keys_are_escaped),
		cmocka_unit_test(rows_at_once_are_the_same_as_value_by_value),
		cmocka_unit_test(texts_longer_than_what_is_pending_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

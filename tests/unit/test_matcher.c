/* The judge of the vectors is judged: what a vector expects passes, and the same with one changed
 * bit, one packet missing or one too many does not. */
#include "tests/vectors/matcher.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define FILE_NAME "tests/vectors/vectors.json"

static json_t *document;

static int document_load(void **state)
{
	json_error_t error;

	(void)state;
	document = json_load_file(FILE_NAME, 0, &error);
	if (!document)
		print_error("%s:%d: %s; run this from the root of the tree\n", FILE_NAME,
		            error.line, error.text);
	return document ? 0 : -1;
}

static int document_free(void **state)
{
	(void)state;
	json_decref(document);
	return 0;
}

static void add(struct outputs *outs, const json_t *expectation, const json_t *hex)
{
	struct output *out = &outs->output[outs->count++];

	out->side = json_string_value(json_object_get(expectation, "side"));
	hex_decode(json_string_value(hex), &out->packet);
}

/* What a perfect translator sends. */
static void perfect(const json_t *vector, struct outputs *outs)
{
	const json_t *expected = json_object_get(vector, "expected");
	json_t *expectation, *piece;
	size_t index, at;

	memset(outs, 0, sizeof(*outs));
	json_array_foreach(expected, index, expectation)
	{
		if (json_object_get(expectation, "hex"))
			add(outs, expectation, json_object_get(expectation, "hex"));
		json_array_foreach(json_object_get(expectation, "canonical"), at, piece)
			add(outs, expectation, piece);
	}
}

static void outputs_free(struct outputs *outs)
{
	for (size_t i = 0; i < outs->count; i++)
		bytes_free(&outs->output[i].packet);
}

static int judge(const json_t *vector, const struct outputs *outs)
{
	const json_t *inputs = json_object_get(vector, "input");
	const json_t *last = json_array_get(inputs, json_array_size(inputs) - 1);
	char why[MATCHER_WHY_LEN] = "";
	struct bytes input;
	int result;

	hex_decode(json_string_value(json_object_get(last, "hex")), &input);
	result = matcher_step(vector, outs, &input, why);
	bytes_free(&input);
	return result;
}

static void what_is_expected_passes(void **state)
{
	struct outputs outs;
	json_t *vector;
	size_t index;

	(void)state;
	json_array_foreach(json_object_get(document, "vectors"), index, vector)
	{
		perfect(vector, &outs);
		if (judge(vector, &outs) != MATCHER_EXPECTED)
			fail_msg("%s", json_string_value(json_object_get(vector, "id")));
		outputs_free(&outs);
	}
}

/* Every second byte of the last output; what an "ignore" range hides breaks a checksum instead,
 * unless the range hides the checksum too. */
static void a_changed_bit_fails(void **state)
{
	unsigned judged = 0, passed = 0;
	struct outputs outs;
	json_t *vector;
	size_t index;

	(void)state;
	json_array_foreach(json_object_get(document, "vectors"), index, vector)
	{
		perfect(vector, &outs);
		for (size_t at = 0; outs.count > 0 && at < outs.output[0].packet.len; at += 2) {
			outs.output[0].packet.data[at] ^= 0x10;
			passed += judge(vector, &outs) == MATCHER_EXPECTED;
			judged++;
			outs.output[0].packet.data[at] ^= 0x10;
		}
		outputs_free(&outs);
	}
	assert_true(judged > 5000);
	assert_true(passed * 50 < judged);
}

static void a_missing_or_surplus_packet_fails(void **state)
{
	struct outputs outs;
	json_t *vector;
	size_t index;

	(void)state;
	json_array_foreach(json_object_get(document, "vectors"), index, vector)
	{
		size_t count;

		perfect(vector, &outs);
		count = outs.count;
		if (count > 0) {
			outs.count = count - 1;
			assert_int_not_equal(judge(vector, &outs), MATCHER_EXPECTED);
			outs.count = count + 1;
			outs.output[count] = outs.output[0];
			assert_int_not_equal(judge(vector, &outs), MATCHER_EXPECTED);
			outs.count = count;
		}
		outputs_free(&outs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_expected_passes),
		cmocka_unit_test(a_changed_bit_fails),
		cmocka_unit_test(a_missing_or_surplus_packet_fails),
	};

	return cmocka_run_group_tests(tests, document_load, document_free);
}

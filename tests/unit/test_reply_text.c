/* What a reply says is made fit to be shown, wherever in it a string stands. */
#include "cli/reply_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BAD "\x1b[31m"

/* As it comes from a socket. */
static SaNat64__Control__Reply *received(const SaNat64__Control__Reply *sent)
{
	uint8_t *bytes = malloc(sa_nat64__control__reply__get_packed_size(sent));
	size_t len;
	SaNat64__Control__Reply *out;

	assert_non_null(bytes);
	len = sa_nat64__control__reply__pack(sent, bytes);
	out = sa_nat64__control__reply__unpack(NULL, len, bytes);
	free(bytes);
	assert_non_null(out);
	return out;
}

static void an_error_is_cleaned(void **state)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT, *out;

	(void)state;
	reply.error = (char *)BAD "it rains";
	out = received(&reply);
	assert_int_equal(reply_text_clean(&out->base), 1);
	assert_string_equal(out->error, "?[31mit rains");
	assert_int_equal(reply_text_clean(&out->base), 0);
	sa_nat64__control__reply__free_unpacked(out, NULL);
}

static void strings_in_lists_of_messages_are_cleaned(void **state)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT, *out;
	SaNat64__Control__StatusReply status = SA_NAT64__CONTROL__STATUS_REPLY__INIT;
	SaNat64__Control__Verdict one = SA_NAT64__CONTROL__VERDICT__INIT, two = one,
				  *drops[] = { &one, &two };

	(void)state;
	one.name = (char *)"well";
	two.name = (char *)"a" BAD BAD;
	two.sentence = (char *)"\xff";
	status.drops = drops;
	status.n_drops = 2;
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_STATUS;
	reply.status = &status;
	out = received(&reply);
	assert_int_equal(reply_text_clean(&out->base), 3);
	assert_string_equal(out->status->drops[0]->name, "well");
	assert_string_equal(out->status->drops[1]->name, "a?[31m?[31m");
	assert_string_equal(out->status->drops[1]->sentence, "?");
	assert_string_equal(out->status->mode, "");
	sa_nat64__control__reply__free_unpacked(out, NULL);
}

static void lists_of_strings_are_cleaned_and_bytes_are_not(void **state)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT, *out;
	SaNat64__Control__SessionsReply page = SA_NAT64__CONTROL__SESSIONS_REPLY__INIT;
	char *words[] = { (char *)"tcp", (char *)"t\ncp" };
	uint8_t proto[] = { 0x1b, 0xff };

	(void)state;
	page.words = words;
	page.n_words = 2;
	page.proto = (ProtobufCBinaryData){ sizeof(proto), proto };
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_SESSIONS;
	reply.sessions = &page;
	out = received(&reply);
	assert_int_equal(reply_text_clean(&out->base), 1);
	assert_string_equal(out->sessions->words[1], "t?cp");
	assert_memory_equal(out->sessions->proto.data, proto, sizeof(proto));
	sa_nat64__control__reply__free_unpacked(out, NULL);
}

/* Of the values of a capability one is there; a number is no string. */
static void of_a_choice_what_was_chosen_is_cleaned(void **state)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT, *out;
	SaNat64__Control__CapabilitiesReply body = SA_NAT64__CONTROL__CAPABILITIES_REPLY__INIT;
	SaNat64__Control__Capability number = SA_NAT64__CONTROL__CAPABILITY__INIT, text = number,
				     *rows[] = { &number, &text };

	(void)state;
	number.value_case = SA_NAT64__CONTROL__CAPABILITY__VALUE_NUMBER;
	number.number = 0x1b;
	text.value_case = SA_NAT64__CONTROL__CAPABILITY__VALUE_TEXT;
	text.text = (char *)BAD;
	body.rows = rows;
	body.n_rows = 2;
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_CAPABILITIES;
	reply.capabilities = &body;
	out = received(&reply);
	assert_int_equal(reply_text_clean(&out->base), 1);
	assert_int_equal(out->capabilities->rows[0]->number, 0x1b);
	assert_string_equal(out->capabilities->rows[1]->text, "?[31m");
	sa_nat64__control__reply__free_unpacked(out, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_is_cleaned),
		cmocka_unit_test(strings_in_lists_of_messages_are_cleaned),
		cmocka_unit_test(lists_of_strings_are_cleaned_and_bytes_are_not),
		cmocka_unit_test(of_a_choice_what_was_chosen_is_cleaned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

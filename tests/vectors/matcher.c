/* Each kind of expectation is one function that returns NULL when it is met, else the reason.
 * Reasons live in a buffer of struct judge.
 */
#include "tests/vectors/matcher.h"

#include "tests/vectors/packet_view.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct judge {
	const struct outputs *outs;
	const struct bytes *input;
	bool taken[MATCHER_OUTPUTS_MAX];
	char why[MATCHER_WHY_LEN];
};

__attribute__((format(printf, 2, 3))) static bool differs(struct judge *judge, const char *format,
                                                          ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(judge->why, sizeof(judge->why), format, args);
	va_end(args);
	return false;
}

static bool flag(const json_t *expectation, const char *name)
{
	return json_is_true(json_object_get(expectation, name));
}

static long long number(const json_t *expectation, const char *name)
{
	return json_integer_value(json_object_get(expectation, name));
}

static const char *text(const json_t *expectation, const char *name)
{
	return json_string_value(json_object_get(expectation, name));
}

static bool is_ignored(const json_t *ranges, size_t at)
{
	size_t index;
	json_t *range;

	json_array_foreach(ranges, index, range)
	{
		size_t start = (size_t)json_integer_value(json_array_get(range, 0));
		size_t len = (size_t)json_integer_value(json_array_get(range, 1));

		if (at >= start && at < start + len)
			return true;
	}
	return false;
}

static bool bytes_match(struct judge *judge, const struct bytes *want, const struct bytes *got,
                        const json_t *ignore)
{
	if (want->len != got->len)
		return differs(judge, "length %zu, want %zu", got->len, want->len);
	for (size_t i = 0; i < want->len; i++)
		if (want->data[i] != got->data[i] && !is_ignored(ignore, i))
			return differs(judge, "byte %zu is %02x, want %02x", i, got->data[i],
			               want->data[i]);
	return true;
}

static bool packet_matches(struct judge *judge, const json_t *expectation, const struct bytes *got)
{
	bool bad_allowed = flag(expectation, "bad_checksum_ok");
	struct bytes want;
	bool same;

	hex_decode(text(expectation, "hex"), &want);
	same = bytes_match(judge, &want, got, json_object_get(expectation, "ignore"));
	bytes_free(&want);
	if (!same)
		return false;
	if (bad_allowed ? !packet_header_checksum_ok(got->data, got->len)
	                : !packet_checksums_ok(got->data, got->len))
		return differs(judge, "bad checksum");
	return true;
}

/* The quote is a prefix of the input; TTL or hop limit may be one less, and the header checksum
 * with it. */
static bool quote_matches(struct judge *judge, const uint8_t *quote, size_t len, size_t min)
{
	const uint8_t *input = judge->input->data;
	int version = input[0] >> 4;
	size_t ttl_at = version == 4 ? 8 : 7;

	if (len < min)
		return differs(judge, "quoted only %zu bytes", len);
	if (len > judge->input->len)
		return differs(judge, "quotes more than the input");
	if (len <= ttl_at)
		return differs(judge, "quote too short for a header");
	if (quote[ttl_at] != input[ttl_at] && quote[ttl_at] + 1 != input[ttl_at])
		return differs(judge, "quoted TTL %d", quote[ttl_at]);
	for (size_t i = 0; i < len; i++) {
		bool skip = i == ttl_at || (version == 4 && (i == 10 || i == 11));

		if (!skip && quote[i] != input[i])
			return differs(judge, "quoted packet differs from input at byte %zu", i);
	}
	return true;
}

static bool error_header_matches(struct judge *judge, const json_t *expectation,
                                 const struct packet_view *want, const uint8_t *want_icmp,
                                 const struct packet_view *got, const uint8_t *got_icmp)
{
	if (got->version != want->version || got->proto != want->proto ||
	    memcmp(got->src, want->src, got->addr_len) != 0 ||
	    memcmp(got->dst, want->dst, got->addr_len) != 0)
		return differs(judge, "other outer header");
	if (got->is_fragment)
		return differs(judge, "fragmented");
	if (got->available < 8)
		return differs(judge, "shorter than an ICMP header");
	if (got_icmp[0] != want_icmp[0])
		return differs(judge, "type %d", got_icmp[0]);
	if (!flag(expectation, "any_code") && got_icmp[1] != want_icmp[1])
		return differs(judge, "code %d", got_icmp[1]);
	if (!flag(expectation, "any_rest") && memcmp(got_icmp + 4, want_icmp + 4, 4) != 0)
		return differs(judge, "rest of header %02x%02x%02x%02x", got_icmp[4], got_icmp[5],
		               got_icmp[6], got_icmp[7]);
	return true;
}

static bool icmp_error_matches(struct judge *judge, const json_t *expectation,
                               const struct bytes *got)
{
	struct packet_view want_view, got_view;
	struct bytes want;
	bool same = false;

	hex_decode(text(expectation, "hex"), &want);
	if (!packet_view_parse(want.data, want.len, &want_view) || want_view.available < 8)
		differs(judge, "the expected packet is broken");
	else if (!packet_view_parse(got->data, got->len, &got_view))
		differs(judge, "broken packet");
	else if (!packet_checksums_ok(got->data, got->len))
		differs(judge, "bad checksum");
	else if (got->len > (got_view.version == 4 ? 576u : 1280u) && !flag(expectation, "long_ok"))
		differs(judge, "error too long");
	else
		same = error_header_matches(judge, expectation, &want_view,
		                            want.data + want_view.offset, &got_view,
		                            got->data + got_view.offset) &&
		       quote_matches(judge, got->data + got_view.offset + 8, got_view.available - 8,
		                     (size_t)number(expectation, "min_quoted"));
	bytes_free(&want);
	return same;
}

/* One output of the expected side that matches is taken. */
static bool take_one(struct judge *judge, const json_t *expectation,
                     bool (*matches)(struct judge *, const json_t *, const struct bytes *))
{
	const char *side = text(expectation, "side");

	differs(judge, "nothing on %s", side);
	for (size_t i = 0; i < judge->outs->count; i++) {
		const struct output *out = &judge->outs->output[i];

		if (judge->taken[i] || strcmp(out->side, side) != 0)
			continue;
		judge->taken[i] = matches(judge, expectation, &out->packet);
		if (judge->taken[i])
			return true;
	}
	return false;
}

static bool pieces_match(struct judge *judge, const json_t *expectation, const struct bytes *pieces,
                         size_t count)
{
	const json_t *ident = json_object_get(expectation, "ident");
	const json_t *df = json_object_get(expectation, "df");
	long long min_pieces = number(expectation, "min_pieces");
	struct packet_view view;

	if (count < (size_t)(min_pieces > 0 ? min_pieces : 1))
		return differs(judge, "%zu pieces, want %lld", count, min_pieces);
	for (size_t i = 0; i < count; i++) {
		if (!packet_view_parse(pieces[i].data, pieces[i].len, &view))
			return differs(judge, "a piece is broken");
		if (pieces[i].len > (size_t)number(expectation, "max_len"))
			return differs(judge, "a piece has %zu bytes", pieces[i].len);
		if (!packet_header_checksum_ok(pieces[i].data, pieces[i].len))
			return differs(judge, "bad checksum in a piece");
		if (count > 1 && json_is_integer(ident) &&
		    (!view.has_ident || view.ident != (uint32_t)json_integer_value(ident)))
			return differs(judge, "identification %08x", view.ident);
		if (view.version == 4 && json_is_integer(df) &&
		    (pieces[i].data[6] >> 6 & 1) != json_integer_value(df))
			return differs(judge, "DF");
	}
	return true;
}

static bool whole_matches(struct judge *judge, const json_t *expectation,
                          const struct bytes *pieces, size_t count)
{
	struct bytes whole, want;
	json_t *ignore = NULL;
	bool same;

	if (!packets_reassemble(pieces, count, &whole))
		return differs(judge, "does not reassemble");
	hex_decode(text(expectation, "whole"), &want);
	if (want.len > 0 && want.data[0] >> 4 == 4)
		ignore = json_pack("[[i,i],[i,i],[i,i]]", 4, 2, 6, 1, 10, 2);
	same = bytes_match(judge, &want, &whole, ignore);
	if (same && !packet_checksums_ok(whole.data, whole.len))
		same = differs(judge, "bad checksum of the reassembled datagram");
	json_decref(ignore);
	bytes_free(&want);
	bytes_free(&whole);
	return same;
}

static bool take_fragments(struct judge *judge, const json_t *expectation)
{
	const char *side = text(expectation, "side");
	struct bytes pieces[MATCHER_OUTPUTS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < judge->outs->count; i++) {
		if (judge->taken[i] || strcmp(judge->outs->output[i].side, side) != 0)
			continue;
		judge->taken[i] = true;
		pieces[count++] = judge->outs->output[i].packet;
	}
	if (count == 0)
		return differs(judge, "nothing on %s", side);
	return pieces_match(judge, expectation, pieces, count) &&
	       whole_matches(judge, expectation, pieces, count);
}

/* Nothing may be on one side; with "other" whatever is on that other side does not matter. */
static bool take_absent(struct judge *judge, const json_t *expectation)
{
	const char *side = text(expectation, "side"), *other = text(expectation, "other");

	for (size_t i = 0; i < judge->outs->count; i++) {
		const struct output *out = &judge->outs->output[i];

		if (!judge->taken[i] && strcmp(out->side, side) == 0)
			return differs(judge, "unexpected packet on %s", side);
		if (other && strcmp(out->side, other) == 0)
			judge->taken[i] = true;
	}
	return true;
}

static bool take(struct judge *judge, const json_t *expectation)
{
	const char *kind = text(expectation, "kind");

	if (!kind || strcmp(kind, "packet") == 0)
		return take_one(judge, expectation, packet_matches);
	if (strcmp(kind, "icmp-error") == 0)
		return take_one(judge, expectation, icmp_error_matches);
	if (strcmp(kind, "fragments") == 0)
		return take_fragments(judge, expectation);
	if (strcmp(kind, "absent") == 0)
		return take_absent(judge, expectation);
	return differs(judge, "unknown kind %s", kind);
}

static bool list_matches(struct judge *judge, const json_t *list)
{
	size_t index, left = 0;
	json_t *expectation;

	memset(judge->taken, 0, sizeof(judge->taken));
	if (json_is_string(list) && strcmp(json_string_value(list), "drop") != 0)
		return differs(judge, "unknown outcome %s", json_string_value(list));
	json_array_foreach(list, index, expectation)
	{
		if (!take(judge, expectation))
			return false;
	}
	for (size_t i = 0; i < judge->outs->count; i++)
		left += !judge->taken[i];
	return left == 0 || differs(judge, "%zu surplus packets", left);
}

static bool is_drop_or_bad_checksum(const json_t *list)
{
	return json_is_string(list) && strcmp(json_string_value(list), "drop-or-bad-checksum") == 0;
}

static bool all_checksums_wrong(const struct outputs *outs)
{
	for (size_t i = 0; i < outs->count; i++)
		if (packet_checksums_ok(outs->output[i].packet.data, outs->output[i].packet.len))
			return false;
	return true;
}

int matcher_step(const json_t *step, const struct outputs *outs, const struct bytes *input,
                 char why[MATCHER_WHY_LEN])
{
	struct judge judge = { .outs = outs, .input = input };
	size_t index;
	json_t *alternative;

	if (list_matches(&judge, json_object_get(step, "expected")))
		return MATCHER_EXPECTED;
	memcpy(why, judge.why, sizeof(judge.why));
	json_array_foreach(json_object_get(step, "alternatives"), index, alternative)
	{
		if (is_drop_or_bad_checksum(alternative) ? all_checksums_wrong(outs)
		                                         : list_matches(&judge, alternative))
			return (int)index;
	}
	return MATCHER_FAILED;
}

/* JSON printer. Everything is written as it comes, so that a list of a million sessions needs no
 * memory. Lines and rows stand on one line each. Jansson writes what is not plain.
 */
#include "cli/out.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEPTH_MAX 8
#define LEADS_MAX 16
#define LEAD_MAX  32

#define ENDPOINT_MAX (OUT_ENDPOINT_MAX + OUT_DIGITS_MAX + 32) /* with its keys */

struct level {
	bool transparent; /* nothing of it appears */
	bool is_array;    /* closes with ] */
	bool is_inline;   /* its members stand side by side */
	bool is_row;
	bool has_members;
};

/* What stands in front of a value: the rows of a table have the same keys in the same order. */
struct lead {
	const char *key; /* NULL: not made yet */
	bool is_first;   /* without a comma */
	size_t len;
	char text[LEAD_MAX];
};

struct json_out {
	struct out base;
	int depth; /* levels in use */
	struct level levels[DEPTH_MAX];
	size_t next_lead; /* of the row that is being printed */
	struct lead leads[LEADS_MAX];
};

/* The innermost level that appears; NULL outside of everything. */
static struct level *innermost(struct json_out *out)
{
	for (int i = out->depth - 1; i >= 0; i--)
		if (!out->levels[i].transparent)
			return &out->levels[i];
	return NULL;
}

static int indentation(const struct json_out *out)
{
	int count = 0;

	for (int i = 0; i < out->depth; i++)
		count += !out->levels[i].transparent;
	return count * 2;
}

#define WRITE_LITERAL(out, text) out_write(&(out)->base, text, sizeof(text) - 1)

/* Keys and the like are short: a loop is faster than finding their length and copying them. */
static void write_text(struct json_out *out, const char *text)
{
	char *at = out->base.pending + out->base.pending_len;
	const char *end = out->base.pending + sizeof(out->base.pending);

	while (*text && at < end)
		*at++ = *text++;
	out->base.pending_len = (size_t)(at - out->base.pending);
	if (*text)
		out_write_far(&out->base, text, strlen(text));
}

/* Write a string of neither JSON's signs nor what lies outside of ASCII. False, and nothing is
 * written, if it has some or there is not enough room for it. */
static bool write_plain(struct out *out, const char *text)
{
	static const bool is_plain[256] = {
		[' ' ... '"' - 1] = true,
		['"' + 1 ... '\\' - 1] = true,
		['\\' + 1 ... '~'] = true,
	};
	char *at = out->pending + out->pending_len;
	const char *end = out->pending + sizeof(out->pending) - 1;

	if (at >= end)
		return false;
	*at++ = '"';
	while (is_plain[(uint8_t)*text] && at < end)
		*at++ = *text++;
	if (*text)
		return false;
	*at++ = '"';
	out->pending_len = (size_t)(at - out->pending);
	return true;
}

/* Foreign text that is not UTF-8 has no JSON form. */
static void write_string(struct json_out *out, const char *text)
{
	json_t *string;

	if (write_plain(&out->base, text))
		return;
	string = json_string(text);
	out_flush(&out->base);
	if (string)
		(void)json_dumpf(string, out->base.file, JSON_ENCODE_ANY);
	else
		WRITE_LITERAL(out, "null");
	json_decref(string);
}

static void write_new_line(struct json_out *out)
{
	char line[2 * DEPTH_MAX + 1];
	int len = 1 + indentation(out);

	memset(line, ' ', sizeof(line));
	line[0] = '\n';
	out_write(&out->base, line, (size_t)len);
}

/* What stands in front of a member of the innermost level: comma, new line, key. */
static void lead_in(struct json_out *out, const char *key)
{
	struct level *level = innermost(out);

	if (!level)
		return;
	if (level->has_members && level->is_inline)
		WRITE_LITERAL(out, ", ");
	else if (level->has_members)
		WRITE_LITERAL(out, ",");
	if (!level->is_inline)
		write_new_line(out);
	level->has_members = true;
	if (level->is_array)
		return;
	assert(key); /* a word of ours, or a verdict's, which reply_text_clean() has seen */
	write_string(out, key);
	WRITE_LITERAL(out, ": ");
}

/* Make what stands in front of a value of a row. False if it would be too long. */
static bool make_lead(struct lead *lead, const char *key, bool is_first)
{
	int len = snprintf(lead->text, sizeof(lead->text), "%s\"%s\": ", is_first ? "" : ", ", key);

	if (len < 0 || (size_t)len >= sizeof(lead->text)) {
		lead->key = NULL;
		return false;
	}
	lead->key = key;
	lead->is_first = is_first;
	lead->len = (size_t)len;
	return true;
}

/* As lead_in(), for a value of a row: mostly the same as in the row before. */
static void lead_in_row(struct json_out *out, struct level *row, const char *key)
{
	struct lead *lead = &out->leads[out->next_lead];
	bool is_first = !row->has_members;

	if ((lead->key != key || lead->is_first != is_first) && !make_lead(lead, key, is_first)) {
		lead_in(out, key);
		return;
	}
	memcpy(out_place(&out->base, sizeof(lead->text)), lead->text, sizeof(lead->text));
	out->base.pending_len += lead->len;
	out->next_lead = (out->next_lead + 1) % LEADS_MAX;
	row->has_members = true;
}

static void json_begin(struct out *base, enum out_shape shape, const char *key,
                       const struct out_column *columns)
{
	struct json_out *out = (struct json_out *)base;
	struct level *outer = innermost(out);
	struct level level = {
		.is_array = shape == OUT_LIST || shape == OUT_TABLE || shape == OUT_STEPS,
		.transparent = shape == OUT_UNSEEN || shape == OUT_PART ||
		               (shape == OUT_LINE && !key),
		.is_inline = (outer && outer->is_inline) || shape == OUT_LINE || shape == OUT_TOP ||
		             shape == OUT_ROW || shape == OUT_RECORD,
		.is_row = shape == OUT_ROW,
	};

	(void)columns;
	assert(out->depth < DEPTH_MAX);
	if (level.is_row)
		out->next_lead = 0;
	if (!level.transparent) {
		lead_in(out, key);
		out_write(base, level.is_array ? "[" : "{", 1);
	}
	out->levels[out->depth++] = level;
}

static void close_level(struct json_out *out)
{
	struct level level = out->levels[--out->depth];

	if (!level.transparent && !level.is_inline && level.has_members)
		write_new_line(out);
	if (!level.transparent)
		out_write(&out->base, level.is_array ? "]" : "}", 1);
}

static void json_end(struct out *base)
{
	struct json_out *out = (struct json_out *)base;

	close_level(out);
	if (out->depth == 0)
		out_write(base, "\n", 1);
	out_flush(base);
}

static void write_number(struct json_out *out, uint64_t number)
{
	out_written(&out->base, out_put_number(number, out_place(&out->base, OUT_DIGITS_MAX)));
}

static void write_time(struct json_out *out, uint64_t time_us)
{
	time_t seconds = (time_t)(time_us / 1000000);
	struct tm utc;
	char day[40], text[60] = "null";

	if (gmtime_r(&seconds, &utc) && strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &utc) > 0)
		(void)snprintf(text, sizeof(text), "\"%s.%06uZ\"", day,
		               (unsigned)(time_us % 1000000));
	write_text(out, text);
}

static void write_share(struct json_out *out, const struct out_value *value)
{
	WRITE_LITERAL(out, "{\"used\": ");
	write_number(out, value->number);
	WRITE_LITERAL(out, ", \"of\": ");
	write_number(out, value->total);
	out_write(&out->base, "}", 1);
}

static char *put_literal(char *at, const char *text, size_t len)
{
	memcpy(at, text, len);
	return at + len;
}

#define PUT_LITERAL(at, text) put_literal(at, text, sizeof(text) - 1)

/* That of OUT_ENDPOINT is text. */
static void write_text_endpoint(struct json_out *out, const struct out_value *value)
{
	WRITE_LITERAL(out, "{\"address\": ");
	write_string(out, value->text);
	WRITE_LITERAL(out, ", \"port\": ");
	if (value->total)
		write_number(out, value->number);
	else
		WRITE_LITERAL(out, "null");
	WRITE_LITERAL(out, "}");
}

static void write_endpoint(struct json_out *out, const struct out_value *value)
{
	char *at = out_place(&out->base, ENDPOINT_MAX);

	at = PUT_LITERAL(at, "{\"address\": \"");
	at = out_put_address(value, at);
	at = PUT_LITERAL(at, "\", \"port\": ");
	at = out_put_number(value->number, at);
	*at++ = '}';
	out_written(&out->base, at);
}

static void json_value(struct out *base, const char *key, const struct out_value *value)
{
	struct json_out *out = (struct json_out *)base;
	struct level *level = &out->levels[out->depth - 1];

	if (level->is_row)
		lead_in_row(out, level, key);
	else
		lead_in(out, key);
	switch (value->kind) {
	case OUT_TEXT:
	case OUT_REASON:
		write_string(out, value->text);
		return;
	case OUT_TIME:
		write_time(out, value->number);
		return;
	case OUT_FLAG:
		write_text(out, value->number ? "true" : "false");
		return;
	case OUT_SHARE:
		write_share(out, value);
		return;
	case OUT_ENDPOINT:
		write_text_endpoint(out, value);
		return;
	case OUT_ENDPOINT6:
	case OUT_ENDPOINT_MIXED:
	case OUT_ENDPOINT4:
		write_endpoint(out, value);
		return;
	case OUT_COUNT:
	case OUT_SIZE:
	case OUT_DURATION:
	case OUT_MILLISECONDS:
	case OUT_DELAY:
	case OUT_MICROSECONDS:
		break;
	}
	write_number(out, value->number);
}

static void json_row(struct out *base, struct out_cell *cells, size_t count)
{
	struct json_out *out = (struct json_out *)base;
	struct level *row = &out->levels[out->depth];

	json_begin(base, OUT_ROW, NULL, NULL);
	for (size_t i = 0; i < count; i++) {
		size_t begin = base->pending_len;

		if (cells[i].is_kept) {
			out_write_kept(base, &cells[i]);
			out->next_lead = (out->next_lead + 1) % LEADS_MAX;
			row->has_members = true;
			continue;
		}
		json_value(base, cells[i].key, &cells[i].value);
		if (base->pending_len > begin)
			out_keep(base, base->pending_len - begin, &cells[i]);
	}
	close_level(out);
}

static void json_free(struct out *base)
{
	free(base);
}

struct out *out_json_new(FILE *file)
{
	static const struct out_printer printer = { json_begin, json_end, json_value, json_row,
		                                    json_free };
	struct json_out *out = calloc(1, sizeof(*out));

	if (!out)
		return NULL;
	out->base = (struct out){ .printer = &printer, .file = file };
	return &out->base;
}

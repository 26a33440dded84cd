/* JSON printer. Everything is written as it comes, so that a list of a million sessions needs no
 * memory. Lines and rows stand on one line each. Jansson writes what is not plain.
 */
#include "cli/out.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <time.h>

#define DEPTH_MAX 8

struct level {
	bool transparent; /* nothing of it appears */
	bool is_array;    /* closes with ] */
	bool is_inline;   /* its members stand side by side */
	bool has_members;
};

struct json_out {
	struct out base;
	int depth; /* levels in use */
	struct level levels[DEPTH_MAX];
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

/* Foreign text that is not UTF-8 has no JSON form. */
static void write_string(struct json_out *out, const char *text)
{
	bool is_plain = true;
	json_t *string;

	for (const char *c = text; *c && is_plain; c++)
		is_plain = *c >= ' ' && *c < 127 && *c != '"' && *c != '\\';
	if (is_plain) {
		(void)fputc_unlocked('"', out->base.file);
		(void)fputs_unlocked(text, out->base.file);
		(void)fputc_unlocked('"', out->base.file);
		return;
	}
	string = json_string(text);
	if (string)
		(void)json_dumpf(string, out->base.file, JSON_ENCODE_ANY);
	else
		(void)fputs_unlocked("null", out->base.file);
	json_decref(string);
}

/* What stands in front of a member of the innermost level: comma, new line, key. */
static void lead_in(struct json_out *out, const char *key)
{
	struct level *level = innermost(out);

	if (!level)
		return;
	if (level->is_inline)
		(void)fputs_unlocked(level->has_members ? ", " : "", out->base.file);
	else
		(void)fprintf(out->base.file, "%s\n%*s", level->has_members ? "," : "",
		              indentation(out), "");
	level->has_members = true;
	if (level->is_array)
		return;
	assert(key); /* a word of ours, or a verdict's */
	(void)fputc_unlocked('"', out->base.file);
	(void)fputs_unlocked(key, out->base.file);
	(void)fputs_unlocked("\": ", out->base.file);
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
	};

	(void)columns;
	assert(out->depth < DEPTH_MAX);
	if (!level.transparent) {
		lead_in(out, key);
		(void)fputc_unlocked(level.is_array ? '[' : '{', out->base.file);
	}
	out->levels[out->depth++] = level;
}

static void json_end(struct out *base)
{
	struct json_out *out = (struct json_out *)base;
	struct level level = out->levels[--out->depth];

	if (!level.transparent && !level.is_inline && level.has_members)
		(void)fprintf(out->base.file, "\n%*s", indentation(out), "");
	if (!level.transparent)
		(void)fputc_unlocked(level.is_array ? ']' : '}', out->base.file);
	if (out->depth == 0)
		(void)fputc_unlocked('\n', out->base.file);
}

static void write_number(struct json_out *out, uint64_t number)
{
	char digits[24], *first = digits + sizeof(digits);

	do
		*--first = (char)('0' + number % 10);
	while (number /= 10);
	(void)fwrite_unlocked(first, 1, (size_t)(digits + sizeof(digits) - first), out->base.file);
}

static void write_time(struct json_out *out, uint64_t time_us)
{
	time_t seconds = (time_t)(time_us / 1000000);
	struct tm utc;
	char day[40];

	if (gmtime_r(&seconds, &utc) && strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &utc) > 0)
		(void)fprintf(out->base.file, "\"%s.%06uZ\"", day, (unsigned)(time_us % 1000000));
	else
		(void)fputs_unlocked("null", out->base.file);
}

static void write_share(struct json_out *out, const struct out_value *value)
{
	(void)fputs_unlocked("{\"used\": ", out->base.file);
	write_number(out, value->number);
	(void)fputs_unlocked(", \"of\": ", out->base.file);
	write_number(out, value->total);
	(void)fputc_unlocked('}', out->base.file);
}

static void write_endpoint(struct json_out *out, const struct out_value *value)
{
	(void)fputs_unlocked("{\"address\": ", out->base.file);
	write_string(out, value->text);
	(void)fputs_unlocked(", \"port\": ", out->base.file);
	if (value->total)
		write_number(out, value->number);
	else
		(void)fputs_unlocked("null", out->base.file);
	(void)fputc_unlocked('}', out->base.file);
}

static void json_value(struct out *base, const char *key, const struct out_value *value)
{
	struct json_out *out = (struct json_out *)base;

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
		(void)fputs_unlocked(value->number ? "true" : "false", base->file);
		return;
	case OUT_SHARE:
		write_share(out, value);
		return;
	case OUT_ENDPOINT:
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

static void json_free(struct out *base)
{
	free(base);
}

struct out *out_json_new(FILE *file)
{
	static const struct out_printer printer = { json_begin, json_end, json_value, json_free };
	struct json_out *out = calloc(1, sizeof(*out));

	if (!out)
		return NULL;
	out->base = (struct out){ .printer = &printer, .file = file };
	return &out->base;
}

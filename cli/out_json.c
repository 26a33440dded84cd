/* JSON printer. Paragraphs and lists are written as they come, so that a list of a million sessions
 * needs no memory; lines and rows are built with jansson and written whole, one on a line.
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
	bool has_members;
	json_t *tree; /* when built: the object or array; owned by the lowest such level */
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

/* What stands in front of a member of the innermost level: comma, new line, key. */
static void lead_in(struct json_out *out, const char *key)
{
	struct level *level = innermost(out);
	json_t *name;

	if (!level)
		return;
	(void)fprintf(out->base.file, "%s\n%*s", level->has_members ? "," : "", indentation(out),
	              "");
	level->has_members = true;
	if (level->is_array)
		return;
	assert(key);
	name = json_string(key);
	(void)json_dumpf(name, out->base.file, JSON_ENCODE_ANY);
	json_decref(name);
	(void)fputs(": ", out->base.file);
}

/* Hand value to the level: into the tree that is being built, or out. Takes the reference. */
static void add(struct json_out *out, const char *key, json_t *value)
{
	struct level *level = innermost(out);

	if (level && level->tree && level->is_array) {
		(void)json_array_append_new(level->tree, value);
	} else if (level && level->tree) {
		(void)json_object_set_new(level->tree, key, value);
	} else {
		lead_in(out, key);
		(void)json_dumpf(value, out->base.file, JSON_ENCODE_ANY);
		json_decref(value);
	}
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
	};

	(void)columns;
	assert(out->depth < DEPTH_MAX);
	if (level.transparent) {
		level.tree = NULL;
	} else if (outer && outer->tree) {
		level.tree = level.is_array ? json_array() : json_object();
		add(out, key, json_incref(level.tree));
	} else if (shape == OUT_LINE || shape == OUT_TOP || shape == OUT_ROW ||
	           shape == OUT_RECORD) {
		lead_in(out, key);
		level.tree = json_object();
	} else {
		lead_in(out, key);
		(void)fputc(level.is_array ? '[' : '{', out->base.file);
	}
	out->levels[out->depth++] = level;
}

static void json_end(struct out *base)
{
	struct json_out *out = (struct json_out *)base;
	struct level level = out->levels[--out->depth];
	struct level *outer = innermost(out);

	if (level.tree && !(outer && outer->tree))
		(void)json_dumpf(level.tree, out->base.file, 0);
	else if (!level.tree && !level.transparent && level.has_members)
		(void)fprintf(out->base.file, "\n%*s%c", indentation(out), "",
		              level.is_array ? ']' : '}');
	else if (!level.tree && !level.transparent)
		(void)fputc(level.is_array ? ']' : '}', out->base.file);
	json_decref(level.tree);
	if (out->depth == 0)
		(void)fputc('\n', out->base.file);
}

/* Foreign text that is not UTF-8 has no JSON form. */
static json_t *string_or_null(const char *text)
{
	json_t *string = json_string(text);

	return string ? string : json_null();
}

static json_t *json_from_time(uint64_t time_us)
{
	time_t seconds = (time_t)(time_us / 1000000);
	struct tm utc;
	char day[40];

	if (!gmtime_r(&seconds, &utc) || strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &utc) == 0)
		return json_null();
	return json_sprintf("%s.%06uZ", day, (unsigned)(time_us % 1000000));
}

static json_t *json_from(const struct out_value *value)
{
	json_t *object;

	switch (value->kind) {
	case OUT_TEXT:
	case OUT_REASON:
		return string_or_null(value->text);
	case OUT_TIME:
		return json_from_time(value->number);
	case OUT_FLAG:
		return json_boolean(value->number != 0);
	case OUT_SHARE:
		object = json_object();
		(void)json_object_set_new(object, "used", json_integer((json_int_t)value->number));
		(void)json_object_set_new(object, "of", json_integer((json_int_t)value->total));
		return object;
	case OUT_ENDPOINT:
		object = json_object();
		(void)json_object_set_new(object, "address", string_or_null(value->text));
		(void)json_object_set_new(object, "port",
		                          value->total ? json_integer((json_int_t)value->number)
		                                       : json_null());
		return object;
	case OUT_COUNT:
	case OUT_SIZE:
	case OUT_DURATION:
	case OUT_MILLISECONDS:
	case OUT_DELAY:
	case OUT_MICROSECONDS:
		break;
	}
	return json_integer((json_int_t)value->number);
}

static void json_value(struct out *base, const char *key, const struct out_value *value)
{
	add((struct json_out *)base, key, json_from(value));
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

/* Text printer: paragraphs with a column of labels, lines of values wrapped at 80 columns, tables,
 * numbered steps. */
#include "cli/out.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COLUMNS      80
#define LABEL_WIDTH  13
#define STEP_WIDTH   4
#define RECORD_START 6 /* of what stands in the further lines of a record */
#define GAP          3 /* between values on one line, and between columns */
#define TOP_COUNT    5 /* values shown of an OUT_TOP */
#define DEPTH_MAX    8
#define VALUE_MAX    512
#define WRAP_MIN     24 /* a column narrower than this is not wrapped */

struct level {
	enum out_shape shape;
	const char *key;
	size_t count; /* values or members so far */
	const struct out_column *columns;
	bool in_record; /* a line of an OUT_RECORD */
	enum out_kind last_kind;
};

struct text_out {
	struct out base;
	int depth;
	struct level levels[DEPTH_MAX];
	int unseen;                           /* open levels in and including an OUT_UNSEEN */
	bool printed;                         /* anything at all */
	int column;                           /* of the next character */
	const struct out_column *next_column; /* of the row that is being printed */
	int next_start;                       /* where it begins */
};

static void newline(struct text_out *out)
{
	(void)fputc_unlocked('\n', out->base.file);
	out->column = 0;
}

static void print(struct text_out *out, const char *text, size_t len)
{
	(void)fwrite_unlocked(text, 1, len, out->base.file);
	out->column += (int)len;
	out->printed = true;
}

static void pad_to(struct text_out *out, int column)
{
	static const char blanks[] = "                                        ";

	while (out->column < column) {
		size_t wanted = (size_t)(column - out->column);

		print(out, blanks, wanted < sizeof(blanks) ? wanted : sizeof(blanks) - 1);
	}
}

/* Print text word by word from the present column on, further lines indented. */
static void print_wrapped(struct text_out *out, const char *text, int indent)
{
	bool first = true;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (!first && out->column + 1 + (int)len > COLUMNS)
			newline(out);
		else if (!first)
			print(out, " ", 1);
		pad_to(out, indent);
		print(out, text, len);
		text += len;
		text += strspn(text, " ");
		first = false;
	}
}

/* A key as words: "fast_path" reads "fast path", "lag_ms" reads "lag", and so does "lag_us". */
static void key_words(const char *key, char *words, size_t size)
{
	size_t len = strlen(key);
	bool has_unit = len > 3 &&
	                (strcmp(key + len - 3, "_ms") == 0 || strcmp(key + len - 3, "_us") == 0);

	(void)snprintf(words, size, "%.*s", (int)(has_unit ? len - 3 : len), key);
	for (char *c = words; *c; c++)
		if (*c == '_')
			*c = ' ';
}

static void format_size(uint64_t bytes, char *buf, size_t size)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double value = (double)bytes;
	size_t unit = 0;

	if (bytes < 1024) {
		(void)snprintf(buf, size, "%" PRIu64 " B", bytes);
		return;
	}
	for (value /= 1024; value >= 999.5 && unit < 5; value /= 1024)
		unit++;
	(void)snprintf(buf, size, value < 9.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

static void format_duration(uint64_t seconds, char *buf, size_t size)
{
	unsigned s = (unsigned)(seconds % 60), m = (unsigned)(seconds / 60 % 60);
	unsigned h = (unsigned)(seconds / 3600 % 24);
	uint64_t d = seconds / 86400;

	if (d > 0)
		(void)snprintf(buf, size, "%" PRIu64 "d %uh", d, h);
	else if (h > 0)
		(void)snprintf(buf, size, "%uh %um", h, m);
	else if (m > 0)
		(void)snprintf(buf, size, "%um %us", m, s);
	else
		(void)snprintf(buf, size, "%us", s);
}

/* Append text as far as there is room. Returns the new end. */
static char *append(char *at, const char *end, const char *text)
{
	size_t len = strlen(text), room = (size_t)(end - at) - 1;

	if (len > room)
		len = room;
	memcpy(at, text, len);
	at[len] = '\0';
	return at + len;
}

/* Long lists consist of these: snprintf() would take half of their time. */
static void format_endpoint(const struct out_value *value, char *buf, size_t size)
{
	bool brackets = value->total && strchr(value->text, ':');
	char digits[24], *first = digits + sizeof(digits) - 1, *at = buf;
	const char *end = buf + size;
	uint64_t port = value->number;

	at = append(at, end, brackets ? "[" : "");
	at = append(at, end, value->text);
	if (value->total == 0)
		return;
	*first = '\0';
	do
		*--first = (char)('0' + port % 10);
	while (port /= 10);
	at = append(at, end, brackets ? "]:" : ":");
	(void)append(at, end, first);
}

static void format_time(uint64_t time_us, char *buf, size_t size)
{
	time_t seconds = (time_t)(time_us / 1000000);
	struct tm local;
	char day[16];

	if (!localtime_r(&seconds, &local) || strftime(day, sizeof(day), "%H:%M:%S", &local) == 0)
		day[0] = '\0';
	(void)snprintf(buf, size, "%s.%06u", day, (unsigned)(time_us % 1000000));
}

static void format_value(const struct out_value *value, char *buf, size_t size)
{
	switch (value->kind) {
	case OUT_TEXT:
		(void)append(buf, buf + size, value->text);
		return;
	case OUT_REASON:
		(void)snprintf(buf, size, "(%s)", value->text);
		return;
	case OUT_COUNT:
		(void)snprintf(buf, size, "%" PRIu64, value->number);
		return;
	case OUT_SIZE:
		format_size(value->number, buf, size);
		return;
	case OUT_DURATION:
		format_duration(value->number, buf, size);
		return;
	case OUT_TIME:
		format_time(value->number, buf, size);
		return;
	case OUT_MILLISECONDS:
		(void)snprintf(buf, size, "%" PRIu64 " ms", value->number);
		return;
	case OUT_DELAY:
		if (value->number > 0)
			(void)snprintf(buf, size, "%" PRIu64 " ms", value->number);
		else
			(void)snprintf(buf, size, "-");
		return;
	case OUT_MICROSECONDS:
		(void)snprintf(buf, size, "%" PRIu64 " us", value->number);
		return;
	case OUT_FLAG:
		(void)snprintf(buf, size, "%s", value->number ? "yes" : "no");
		return;
	case OUT_SHARE:
		(void)snprintf(buf, size, "%" PRIu64 " of %" PRIu64, value->number, value->total);
		return;
	case OUT_ENDPOINT:
		format_endpoint(value, buf, size);
		return;
	}
}

/* Shapes around which text leaves a line empty. */
static bool is_paragraph(const struct text_out *out, enum out_shape shape)
{
	return shape == OUT_TABLE || shape == OUT_STEPS || shape == OUT_PART ||
	       (shape == OUT_OBJECT && out->depth > 0 &&
	        out->levels[out->depth - 1].shape == OUT_LIST);
}

static void print_label(struct text_out *out, const char *key)
{
	char words[64];

	key_words(key, words, sizeof(words));
	print(out, words, strlen(words));
	pad_to(out, LABEL_WIDTH);
}

static void print_header(struct text_out *out, const struct out_column *columns)
{
	for (const struct out_column *column = columns; column->key; column++) {
		int end = out->column + column->width;
		char words[64];

		key_words(column->key, words, sizeof(words));
		print(out, words, strlen(words));
		if (column[1].key)
			pad_to(out, end + GAP);
	}
	newline(out);
}

/* What text shows of a shape as it opens. */
static void open_shape(struct text_out *out, enum out_shape shape, const char *key)
{
	struct level *outer = out->depth > 0 ? &out->levels[out->depth - 1] : NULL;

	if (is_paragraph(out, shape) && out->printed)
		newline(out);
	if (shape == OUT_LINE && outer && outer->shape == OUT_RECORD) {
		newline(out);
		pad_to(out, RECORD_START / 3);
		print(out, key ? key : "", key ? strlen(key) : 0);
	} else if ((shape == OUT_LINE || shape == OUT_TOP) && key)
		print_label(out, key);
	if (shape == OUT_ROW && outer) {
		if (outer->count++ == 0)
			print_header(out, outer->columns);
		out->next_column = outer->columns;
		out->next_start = 0;
	}
}

static void text_begin(struct out *base, enum out_shape shape, const char *key,
                       const struct out_column *columns)
{
	struct text_out *out = (struct text_out *)base;

	assert(out->depth < DEPTH_MAX);
	if (out->unseen > 0 || shape == OUT_UNSEEN)
		out->unseen++;
	else
		open_shape(out, shape, key);
	out->levels[out->depth] = (struct level){
		.shape = shape,
		.key = key,
		.columns = columns,
		.in_record = out->depth > 0 && out->levels[out->depth - 1].shape == OUT_RECORD,
	};
	out->depth++;
}

static void end_top(struct text_out *out, const struct level *level)
{
	if (level->count == 0)
		print(out, "none", 4);
	if (level->count > TOP_COUNT)
		(void)fprintf(out->base.file, "   and %zu more", level->count - TOP_COUNT);
	newline(out);
}

static void text_end(struct out *base)
{
	struct text_out *out = (struct text_out *)base;
	const struct level *level = &out->levels[--out->depth];

	if (out->unseen > 0)
		out->unseen--;
	else if (level->shape == OUT_TOP)
		end_top(out, level);
	else if ((level->shape == OUT_LINE && !level->in_record) || level->shape == OUT_ROW ||
	         level->shape == OUT_RECORD)
		newline(out);
	else if ((level->shape == OUT_TABLE || level->shape == OUT_STEPS) && level->count == 0 &&
	         !base->incomplete) {
		print_label(out, level->key);
		print(out, "none", 4);
		newline(out);
	}
}

/* A value of a line: separated, labelled unless it is the line's own, kept in one piece where that
 * fits. */
static void put_in_line(struct text_out *out, struct level *level, const char *key,
                        const struct out_value *value)
{
	char item[VALUE_MAX + 64], text[VALUE_MAX];
	bool labelled = value->kind != OUT_REASON && (level->key || level->count > 0);
	int gap = level->count == 0 ? 0 : value->kind == OUT_REASON ? 1 : GAP;

	format_value(value, text, sizeof(text));
	if (level->count == 0 && !level->key)
		print_label(out, key);
	if (labelled) {
		char words[64];

		key_words(key, words, sizeof(words));
		(void)snprintf(item, sizeof(item), "%s %s", words, text);
	} else {
		(void)snprintf(item, sizeof(item), "%s", text);
	}
	if (out->column > LABEL_WIDTH && out->column + gap + (int)strlen(item) > COLUMNS &&
	    LABEL_WIDTH + (int)strlen(item) <= COLUMNS) {
		newline(out);
		gap = 0;
	}
	pad_to(out, out->column == 0 ? LABEL_WIDTH : out->column + gap);
	print_wrapped(out, item, LABEL_WIDTH);
}

/* Empty values leave no blanks behind: what pads a column is printed with the next value. */
static void put_in_row(struct text_out *out, const char *key, const struct out_value *value)
{
	const struct out_column *column = out->next_column;
	char text[VALUE_MAX];
	int start;

	if (!column->key || strcmp(column->key, key) != 0)
		return;
	format_value(value, text, sizeof(text));
	start = out->next_start > out->column + GAP || out->column == 0 ? out->next_start
	                                                                : out->column + GAP;
	out->next_column = column + 1;
	out->next_start = start + column->width + GAP;
	if (text[0] == '\0')
		return;
	if (value->kind == OUT_COUNT || value->kind == OUT_DURATION ||
	    value->kind == OUT_MILLISECONDS || value->kind == OUT_DELAY ||
	    value->kind == OUT_MICROSECONDS)
		pad_to(out, start + column->width - (int)strlen(text));
	pad_to(out, start);
	if (column->width == 0 && start <= COLUMNS - WRAP_MIN)
		print_wrapped(out, text, start);
	else
		print(out, text, strlen(text));
}

/* Values one behind the other, two addresses with an arrow between them. */
static void put_in_record(struct text_out *out, struct level *level, const char *key,
                          const struct out_value *value)
{
	bool is_second = level->count > 0 && level->last_kind == OUT_ENDPOINT;
	char text[VALUE_MAX], item[VALUE_MAX + 64];

	format_value(value, text, sizeof(text));
	if (text[0] == '\0')
		return;
	(void)snprintf(item, sizeof(item), "%s%s%s",
	               value->kind == OUT_COUNT                   ? key
	               : value->kind == OUT_ENDPOINT && is_second ? "->"
	                                                          : "",
	               value->kind == OUT_COUNT || (value->kind == OUT_ENDPOINT && is_second) ? " "
	                                                                                      : "",
	               text);
	if (out->column >= RECORD_START && out->column + 1 + (int)strlen(item) > COLUMNS &&
	    RECORD_START + (int)strlen(item) <= COLUMNS)
		newline(out);
	if (out->column > 0 && out->column < RECORD_START)
		pad_to(out, RECORD_START);
	else if (out->column > 0)
		print(out, " ", 1);
	print_wrapped(out, item,
	              level->shape == OUT_RECORD && level->count == 0 ? 0 : RECORD_START);
	level->last_kind = value->kind;
}

static void put_step(struct text_out *out, size_t number, const struct out_value *value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%2zu. ", number);
	print(out, text, strlen(text));
	print_wrapped(out, value->text, STEP_WIDTH);
	newline(out);
}

static void put_paragraph_line(struct text_out *out, const char *key, const struct out_value *value)
{
	char text[VALUE_MAX];

	format_value(value, text, sizeof(text));
	print_label(out, key);
	print_wrapped(out, text, LABEL_WIDTH);
	newline(out);
}

static void text_value(struct out *base, const char *key, const struct out_value *value)
{
	struct text_out *out = (struct text_out *)base;
	struct level *level = &out->levels[out->depth - 1];

	if (out->unseen > 0 || (value->kind == OUT_REASON && !value->text[0]))
		return;
	if (level->shape == OUT_ROW)
		put_in_row(out, key, value);
	else if (level->shape == OUT_RECORD || level->in_record)
		put_in_record(out, level, key, value);
	else if (level->shape == OUT_STEPS)
		put_step(out, level->count + 1, value);
	else if (level->shape == OUT_OBJECT || level->shape == OUT_PART)
		put_paragraph_line(out, key, value);
	else if (level->shape != OUT_TOP || level->count < TOP_COUNT)
		put_in_line(out, level, key, value);
	level->count++;
}

static void text_free(struct out *base)
{
	free(base);
}

struct out *out_text_new(FILE *file)
{
	static const struct out_printer printer = { text_begin, text_end, text_value, text_free };
	struct text_out *out = calloc(1, sizeof(*out));

	if (!out)
		return NULL;
	out->base = (struct out){ .printer = &printer, .file = file, .is_text = true };
	return &out->base;
}

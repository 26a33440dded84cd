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

/* Of functions with a buffer, to keep it out of those that every value of a long list goes through.
 */
#define SELDOM __attribute__((noinline))

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
	int next_start;                       /* where it begins, and */
	int regular_start;                    /* where it would, had all values room */
};

static void newline(struct text_out *out)
{
	out_write(&out->base, "\n", 1);
	out_flush(&out->base);
	out->column = 0;
}

static void print(struct text_out *out, const char *text, size_t len)
{
	out_write(&out->base, text, len);
	out->column += (int)len;
	out->printed = true;
}

static void pad_to(struct text_out *out, int column)
{
	static const char blanks[] = "                                        ";
	const int most = sizeof(blanks) - 1;

	while (out->column < column) {
		int wanted = column - out->column < most ? column - out->column : most;

		/* All of them are copied, which is faster than some. */
		memcpy(out_place(&out->base, sizeof(blanks)), blanks, sizeof(blanks));
		out->base.pending_len += (size_t)wanted;
		out->column += wanted;
		out->printed = true;
	}
}

/* Meanings end with each piece, so that no margin or padding has one. */
static void write_meaning(struct text_out *out, enum meaning meaning)
{
	const char *sequence = out_sequence(&out->base, meaning);

	out_write(&out->base, sequence, strlen(sequence));
}

static void begin_meaning(struct text_out *out, enum meaning meaning)
{
	if (meaning != MEANING_PLAIN)
		write_meaning(out, meaning);
}

static void end_meaning(struct text_out *out, enum meaning meaning)
{
	if (meaning != MEANING_PLAIN)
		write_meaning(out, MEANING_PLAIN);
}

static void print_piece(struct text_out *out, const char *text, size_t len, enum meaning meaning)
{
	begin_meaning(out, meaning);
	print(out, text, len);
	end_meaning(out, meaning);
}

/* A word that is longer than a line is continued on the next one. */
static void print_word(struct text_out *out, const char *word, size_t len, int indent,
                       enum meaning meaning)
{
	while (len > (size_t)(COLUMNS - indent) && out->column + (int)len > COLUMNS) {
		size_t room = out->column < COLUMNS ? (size_t)(COLUMNS - out->column) : 0;

		if (room > 0)
			print_piece(out, word, room, meaning);
		newline(out);
		pad_to(out, indent);
		word += room;
		len -= room;
	}
	print_piece(out, word, len, meaning);
}

/* Print text word by word from the present column on, further lines indented. The meaning is that
 * of what stands from byte plain on. */
static void print_painted(struct text_out *out, const char *text, int indent, size_t plain,
                          enum meaning meaning)
{
	const char *painted = text + plain;
	bool first = true;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (!first && out->column + 1 + (int)len > COLUMNS)
			newline(out);
		else if (!first)
			print(out, " ", 1);
		pad_to(out, indent);
		print_word(out, text, len, indent, text < painted ? MEANING_PLAIN : meaning);
		text += len;
		text += strspn(text, " ");
		first = false;
	}
}

static void print_wrapped(struct text_out *out, const char *text, int indent)
{
	print_painted(out, text, indent, 0, MEANING_PLAIN);
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

/* Append text as far as there is room. Returns the new end. Kept out of line, so that it is copied
 * by the C library, which is much faster than what stands for it with a small bound. */
static char *__attribute__((noinline)) append(char *at, const char *end, const char *text)
{
	size_t len = strlen(text), room = (size_t)(end - at) - 1;

	if (len > room)
		len = room;
	memcpy(at, text, len);
	at[len] = '\0';
	return at + len;
}

/* In the first unit that is not zero and the next one. Each of these functions has room for the
 * longest numbers. */
static char *format_duration(uint64_t seconds, char *at)
{
	static const struct {
		uint32_t seconds;
		char name;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t i = 0;

	while (i < 3 && seconds < units[i].seconds)
		i++;
	at = out_put_number(seconds / units[i].seconds, at);
	*at++ = units[i].name;
	if (i == 3)
		return at;
	*at++ = ' ';
	at = out_put_number(seconds % units[i].seconds / units[i + 1].seconds, at);
	*at++ = units[i + 1].name;
	return at;
}

static char *format_endpoint(const struct out_value *value, char *at, const char *end)
{
	bool is_text = value->kind == OUT_ENDPOINT, has_port = !is_text || value->total;
	bool brackets = is_text ? has_port && strchr(value->text, ':')
	                        : value->kind != OUT_ENDPOINT4;

	if (brackets)
		*at++ = '[';
	at = is_text ? append(at, end - OUT_DIGITS_MAX - 2, value->text)
	             : out_put_address(value, at);
	if (brackets)
		*at++ = ']';
	if (!has_port)
		return at;
	*at++ = ':';
	return out_put_number(value->number, at);
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

/* The kinds of which there are few. */
static void format_rare(const struct out_value *value, char *buf, size_t size)
{
	switch (value->kind) {
	case OUT_REASON:
		(void)snprintf(buf, size, "(%s)", value->text);
		return;
	case OUT_SIZE:
		format_size(value->number, buf, size);
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
	case OUT_SHARE:
		(void)snprintf(buf, size, "%" PRIu64 " of %" PRIu64, value->number, value->total);
		return;
	case OUT_TEXT:
	case OUT_COUNT:
	case OUT_DURATION:
	case OUT_FLAG:
	case OUT_ENDPOINT:
	case OUT_ENDPOINT6:
	case OUT_ENDPOINT_MIXED:
	case OUT_ENDPOINT4:
		assert(!"formatted by format_value()");
	}
}

/* Write a value to buf, VALUE_MAX bytes. Returns the length. */
static size_t format_value(const struct out_value *value, char *buf)
{
	const char *end = buf + VALUE_MAX;
	char *at = buf;

	switch (value->kind) {
	case OUT_TEXT:
		at = append(buf, end, value->text);
		break;
	case OUT_COUNT:
		at = out_put_number(value->number, buf);
		break;
	case OUT_DURATION:
		at = format_duration(value->number, buf);
		break;
	case OUT_FLAG:
		at = append(buf, end, value->number ? "yes" : "no");
		break;
	case OUT_ENDPOINT:
	case OUT_ENDPOINT6:
	case OUT_ENDPOINT_MIXED:
	case OUT_ENDPOINT4:
		at = format_endpoint(value, buf, end);
		break;
	default:
		format_rare(value, buf, VALUE_MAX);
		return strlen(buf);
	}
	*at = '\0';
	return (size_t)(at - buf);
}

static bool is_endpoint(enum out_kind kind)
{
	return kind == OUT_ENDPOINT || kind == OUT_ENDPOINT6 || kind == OUT_ENDPOINT_MIXED ||
	       kind == OUT_ENDPOINT4;
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
		out->regular_start = 0;
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

/* Begin an item of a line, on the next line if it does not fit on this one but would there. */
static void lead_item(struct text_out *out, int gap, size_t len)
{
	if (out->column > LABEL_WIDTH && out->column + gap + (int)len > COLUMNS &&
	    LABEL_WIDTH + (int)len <= COLUMNS) {
		newline(out);
		gap = 0;
	}
	pad_to(out, out->column == 0 ? LABEL_WIDTH : out->column + gap);
}

static void end_top(struct text_out *out, const struct level *level)
{
	char more[40];

	if (level->count == 0)
		print(out, "none", 4);
	if (level->count > TOP_COUNT) {
		(void)snprintf(more, sizeof(more), "and %zu more", level->count - TOP_COUNT);
		lead_item(out, GAP, strlen(more));
		print(out, more, strlen(more));
	}
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
	if (out->depth == 0)
		out_flush(base);
}

/* A value of a line: separated, labelled unless it is the line's own, kept in one piece where that
 * fits. */
static SELDOM void put_in_line(struct text_out *out, struct level *level, const char *key,
                               const struct out_value *value)
{
	char item[VALUE_MAX + 64], text[VALUE_MAX];
	bool labelled = value->kind != OUT_REASON && (level->key || level->count > 0);
	int gap = level->count == 0 ? 0 : value->kind == OUT_REASON ? 1 : GAP;

	(void)format_value(value, text);
	if (level->count == 0 && !level->key)
		print_label(out, key);
	if (labelled) {
		char words[64];

		key_words(key, words, sizeof(words));
		(void)snprintf(item, sizeof(item), "%s %s", words, text);
	} else {
		(void)snprintf(item, sizeof(item), "%s", text);
	}
	lead_item(out, gap, strlen(item));
	print_painted(out, item, LABEL_WIDTH, strlen(item) - strlen(text), value->meaning);
}

static bool is_empty(const struct out_value *value)
{
	return (value->kind == OUT_TEXT || (value->kind == OUT_ENDPOINT && !value->total)) &&
	       value->text[0] == '\0';
}

static bool is_aligned_right(enum out_kind kind)
{
	return kind == OUT_COUNT || kind == OUT_DURATION || kind == OUT_MILLISECONDS ||
	       kind == OUT_DELAY || kind == OUT_MICROSECONDS;
}

/* Print a value where it is: long lists consist of these. Returns its length. */
static size_t print_value(struct text_out *out, const struct out_value *value)
{
	size_t len = format_value(value, out_place(&out->base, VALUE_MAX));

	out->base.pending_len += len;
	out->column += (int)len;
	out->printed = true;
	return len;
}

static SELDOM size_t print_aligned(struct text_out *out, int start, int width,
                                   const struct out_value *value)
{
	char text[VALUE_MAX];
	size_t len = format_value(value, text);

	pad_to(out, start + width - (int)len);
	pad_to(out, start);
	print(out, text, len);
	return len;
}

static SELDOM void print_last(struct text_out *out, int start, const struct out_value *value)
{
	char text[VALUE_MAX];

	pad_to(out, start);
	(void)format_value(value, text);
	print_painted(out, text, start, 0, value->meaning);
}

/* The column of the next value and, in *start, where it begins; NULL when the value has none. */
static const struct out_column *take_column(struct text_out *out, const char *key, int *start)
{
	const struct out_column *column = out->next_column;

	if (!column->key || (column->key != key && strcmp(column->key, key) != 0))
		return NULL;
	*start = out->next_start > out->column + GAP || out->column == 0 ? out->next_start
	                                                                 : out->column + GAP;
	out->next_column = column + 1;
	out->next_start = *start + column->width + GAP;
	out->regular_start += column->width + GAP;
	return column;
}

/* Empty values leave no blanks behind: what pads a column is printed with the next value. */
static void put_in_row(struct text_out *out, const char *key, const struct out_value *value)
{
	int regular = out->regular_start, start;
	const struct out_column *column = take_column(out, key, &start);

	if (!column || is_empty(value))
		return;
	if (is_aligned_right(value->kind)) {
		(void)print_aligned(out, start, column->width, value);
		return;
	}
	/* Long values before it have pushed a sentence out of its column. */
	if (column->width == 0 && start > regular && regular <= COLUMNS - WRAP_MIN) {
		newline(out);
		start = regular;
	}
	if (column->width == 0 && start <= COLUMNS - WRAP_MIN) {
		print_last(out, start, value);
		return;
	}
	pad_to(out, start);
	begin_meaning(out, value->meaning);
	(void)print_value(out, value);
	end_meaning(out, value->meaning);
}

/* Values one behind the other, two addresses with an arrow between them. */
static SELDOM void put_in_record(struct text_out *out, struct level *level, const char *key,
                                 const struct out_value *value)
{
	bool is_second = level->count > 0 && is_endpoint(level->last_kind) &&
	                 is_endpoint(value->kind);
	char text[VALUE_MAX], item[VALUE_MAX + 64];

	(void)format_value(value, text);
	if (text[0] == '\0')
		return;
	(void)snprintf(item, sizeof(item), "%s%s%s",
	               value->kind == OUT_COUNT ? key
	               : is_second              ? "->"
	                                        : "",
	               value->kind == OUT_COUNT || is_second ? " " : "", text);
	if (out->column >= RECORD_START && out->column + 1 + (int)strlen(item) > COLUMNS &&
	    RECORD_START + (int)strlen(item) <= COLUMNS)
		newline(out);
	if (out->column > 0 && out->column < RECORD_START)
		pad_to(out, RECORD_START);
	else if (out->column > 0)
		print(out, " ", 1);
	print_painted(out, item, level->shape == OUT_RECORD && level->count == 0 ? 0 : RECORD_START,
	              strlen(item) - strlen(text), value->meaning);
	level->last_kind = value->kind;
}

static SELDOM void put_step(struct text_out *out, size_t number, const struct out_value *value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%2zu. ", number);
	print(out, text, strlen(text));
	print_wrapped(out, value->text, STEP_WIDTH);
	newline(out);
}

static SELDOM void put_paragraph_line(struct text_out *out, const char *key,
                                      const struct out_value *value)
{
	char text[VALUE_MAX];

	(void)format_value(value, text);
	print_label(out, key);
	print_painted(out, text, LABEL_WIDTH, 0, value->meaning);
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

static void put_cell(struct text_out *out, struct out_cell *cell)
{
	int start;
	const struct out_column *column = take_column(out, cell->key, &start);
	bool is_right = is_aligned_right(cell->value.kind);

	if (!column || is_empty(&cell->value))
		return;
	if (!cell->is_kept && is_right) {
		out_keep(&out->base, print_aligned(out, start, column->width, &cell->value), cell);
		return;
	}
	if (is_right)
		pad_to(out, start + column->width - (int)cell->len);
	pad_to(out, start);
	if (!cell->is_kept) {
		out_keep(&out->base, print_value(out, &cell->value), cell);
		return;
	}
	out_write_kept(&out->base, cell);
	out->column += (int)cell->len;
	out->printed = true;
}

static void text_row(struct out *base, struct out_cell *cells, size_t count)
{
	struct text_out *out = (struct text_out *)base;

	open_shape(out, OUT_ROW, NULL);
	for (size_t i = 0; i < count; i++)
		put_cell(out, &cells[i]);
	out_write(base, "\n", 1);
	out->column = 0;
}

static void text_free(struct out *base)
{
	free(base);
}

struct out *out_text_new(FILE *file, enum colour_when when)
{
	static const struct out_printer printer = { text_begin, text_end, text_value, text_row,
		                                    text_free };
	struct text_out *out = calloc(1, sizeof(*out));

	if (!out)
		return NULL;
	out->base = (struct out){
		.printer = &printer,
		.file = file,
		.is_text = true,
		.is_coloured = colour_is_wanted(when, file),
	};
	return &out->base;
}

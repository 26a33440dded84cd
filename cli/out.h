/* What commands print: values described once, as text for people or as JSON for programs.
 *
 * A command opens shapes, puts values into them and closes them; it does not know which printer
 * listens. JSON keys are the words of the text: "fast_path" reads "fast path". Text keeps to 80
 * columns except in tables. A state is put with its meaning, which text may show by a colour.
 */
#ifndef SA_NAT64_OUT_H
#define SA_NAT64_OUT_H

#include "cli/colour.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define OUT_PENDING_MAX  65536
#define OUT_DIGITS_MAX   20 /* of a number */
#define OUT_ENDPOINT_MAX 80 /* address, brackets and port */

enum out_shape {
	OUT_OBJECT, /* text: a paragraph, one line a value */
	OUT_PART,   /* text: one more paragraph of the same object; JSON does not know of it */
	OUT_LIST,   /* JSON: an array; text: its members */
	OUT_LINE,  /* text: values side by side behind the key; JSON: an object. Without a key, text
	            * begins with the first value and JSON does not know of it */
	OUT_TOP,   /* as OUT_LINE with a key, of which text shows the first few only */
	OUT_TABLE, /* text: a header and rows; JSON: an array of objects */
	OUT_ROW,   /* in an OUT_TABLE */
	OUT_STEPS, /* text: numbered lines; JSON: an array of strings */
	OUT_RECORD, /* one of a stream. Text: values without labels but for numbers, and each
	             * OUT_LINE in it on a line of its own; JSON: an object on one line */
	OUT_UNSEEN, /* text shows nothing of what is inside; JSON does not know of it */
};

/* Columns of a table in text, in the order in which rows put their values; other values of a row
 * appear in JSON only. */
struct out_column {
	const char *key; /* NULL ends the list */
	int width;       /* columns; 0 for the last one, whose text is wrapped */
};

enum out_kind {
	OUT_TEXT,         /* text */
	OUT_REASON,       /* text, in parentheses behind the value before it; nothing when empty */
	OUT_COUNT,        /* number */
	OUT_SIZE,         /* number of bytes; text in binary units */
	OUT_DURATION,     /* number of seconds */
	OUT_MILLISECONDS, /* number; its key ends in "_ms", text puts the unit behind the number */
	OUT_DELAY,        /* the same, or 0 for unknown, which text shows as "-" */
	OUT_MICROSECONDS, /* as OUT_MILLISECONDS with "_us" */
	OUT_TIME,         /* number of microseconds since 1970; text: local time of day */
	OUT_FLAG,         /* number, 0 or 1: yes or no */
	OUT_SHARE,        /* number of total: "3 of 10" */
	OUT_ENDPOINT,     /* text is an address, number a port, or absent with total 0 */
	OUT_ENDPOINT6,    /* address6 is the address, number a port */
	OUT_ENDPOINT_MIXED, /* as OUT_ENDPOINT6, with an IPv4 address at the end of the notation */
	OUT_ENDPOINT4,      /* total is the address in host order, number a port */
};

struct out_value {
	enum out_kind kind;
	union {
		const char *text;
		const struct in6_addr *address6;
	};
	uint64_t number, total;
	enum meaning meaning;
};

#define OUT_CELL_MAX 128

/* A value of out_row(). From row to row most values of a long list stay as they are; what was
 * printed for them is kept. It begins with its key and its kind, and all else zero. */
struct out_cell {
	const char *key;
	struct out_value value; /* to be changed by out_cell_...() only */
	struct in6_addr address6;
	bool is_kept;
	size_t len;
	char kept[OUT_CELL_MAX];
};

struct out;

struct out_printer {
	void (*begin)(struct out *out, enum out_shape shape, const char *key,
	              const struct out_column *columns);
	void (*end)(struct out *out);
	void (*value)(struct out *out, const char *key, const struct out_value *value);
	void (*row)(struct out *out, struct out_cell *cells, size_t count);
	void (*free)(struct out *out);
};

/* The head of each printer's own structure. */
struct out {
	const struct out_printer *printer;
	FILE *file;
	bool is_coloured; /* text may show meanings */
	bool is_text;     /* values of a row outside of its columns need not be made */
	bool incomplete;  /* set by a command that could not ask everybody: an empty table is not
	                     "none" */
	size_t pending_len;
	char pending[OUT_PENDING_MAX]; /* for the file: a row goes there in one piece */
};

/* A printer that writes to file (not owned), text with the colours that are wanted. NULL when
 * memory ends. */
struct out *out_text_new(FILE *file, enum colour_when when);
struct out *out_json_new(FILE *file);

/* Free the printer. NULL is accepted. */
void out_free(struct out *out);

/* For printers. Bytes reach the file when pending is full, or at the next out_flush(): to be called
 * at the end of each line or shape, so that others can write to the file in between. */
void out_flush(struct out *out);
void out_write_far(struct out *out, const char *bytes, size_t len); /* more than fit */

static inline void out_write(struct out *out, const char *bytes, size_t len)
{
	if (len > sizeof(out->pending) - out->pending_len) {
		out_write_far(out, bytes, len);
		return;
	}
	memcpy(out->pending + out->pending_len, bytes, len);
	out->pending_len += len;
}

/* A place for at most len bytes, far less than OUT_PENDING_MAX; out_written() says where they end.
 * In between, nothing else is written. */
static inline char *out_place(struct out *out, size_t len)
{
	if (len > sizeof(out->pending) - out->pending_len)
		out_flush(out);
	return out->pending + out->pending_len;
}

static inline void out_written(struct out *out, const char *end)
{
	out->pending_len = (size_t)(end - out->pending);
}

/* Keep the last len bytes that were written as those of the cell, if there is room for them, and
 * write them again. */
void out_keep(const struct out *out, size_t len, struct out_cell *cell);

static inline void out_write_kept(struct out *out, const struct out_cell *cell)
{
	char *at = out_place(out, sizeof(cell->kept));

	for (size_t i = 0; i < cell->len; i += 32) /* of a known length, which is faster */
		memcpy(at + i, cell->kept + i, 32);
	out->pending_len += cell->len;
}

/* Put a number (OUT_DIGITS_MAX bytes), or the address of an OUT_ENDPOINT6 or OUT_ENDPOINT4
 * (OUT_ENDPOINT_MAX bytes), to at without a NUL. Return the end. */
char *out_put_number(uint64_t number, char *at);
char *out_put_address(const struct out_value *value, char *at);

/* Open a shape. The key is NULL for the outermost one and inside lists; columns are for OUT_TABLE
 * only. Close in reverse order. Keys in rows are constants of the program. */
void out_begin(struct out *out, enum out_shape shape, const char *key);
void out_begin_table(struct out *out, const char *key, const struct out_column *columns);
void out_end(struct out *out);

/* Put one value into the innermost shape. */
void out_text(struct out *out, const char *key, const char *text);
void out_state(struct out *out, const char *key, const char *text, enum meaning meaning);
void out_reason(struct out *out, const char *key, const char *text);
void out_count(struct out *out, const char *key, uint64_t number);
void out_size(struct out *out, const char *key, uint64_t bytes);
void out_duration(struct out *out, const char *key, uint64_t duration_us);
void out_time(struct out *out, const char *key, uint64_t time_us);
void out_milliseconds(struct out *out, const char *key, uint64_t duration_us);
void out_delay(struct out *out, const char *key, uint64_t duration_us);
void out_microseconds(struct out *out, const char *key, uint64_t duration_us);
void out_flag(struct out *out, const char *key, bool flag);
void out_share(struct out *out, const char *key, uint64_t number, uint64_t total);
void out_endpoint(struct out *out, const char *key, const char *address, uint16_t port);
void out_address(struct out *out, const char *key,
                 const char *address); /* an endpoint without port */

/* Put a row of a table at once, in a fraction of the time that it takes by out_begin() and
 * out_end(); for lists of any length. It reaches the file some time later, with the end of the
 * table or out_flush(). Columns of the table have a width; a text is known by its address, behind
 * which it must not change. */
void out_row(struct out *out, struct out_cell *cells, size_t count);

static inline void out_cell_text(struct out_cell *cell, const char *text)
{
	cell->is_kept = cell->is_kept && cell->value.text == text;
	cell->value.text = text;
}

/* OUT_COUNT, OUT_FLAG; OUT_DURATION in seconds. */
static inline void out_cell_number(struct out_cell *cell, uint64_t number)
{
	cell->is_kept = cell->is_kept && cell->value.number == number;
	cell->value.number = number;
}

static inline void out_cell_endpoint4(struct out_cell *cell, uint32_t address, uint16_t port)
{
	cell->is_kept = cell->is_kept && cell->value.total == address;
	cell->value.total = address;
	out_cell_number(cell, port);
}

/* kind: OUT_ENDPOINT6 or OUT_ENDPOINT_MIXED */
static inline void out_cell_endpoint6(struct out_cell *cell, enum out_kind kind,
                                      const struct in6_addr *address, uint16_t port)
{
	cell->is_kept = cell->is_kept && cell->value.kind == kind &&
	                memcmp(&cell->address6, address, sizeof(*address)) == 0;
	cell->address6 = *address;
	cell->value.kind = kind;
	cell->value.address6 = &cell->address6;
	out_cell_number(cell, port);
}

/* For text that a command writes to the file itself: what begins a meaning (MEANING_PLAIN ends it);
 * "" where there are no colours. */
const char *out_sequence(const struct out *out, enum meaning meaning);

#endif

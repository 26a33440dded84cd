/* See out.h: the calls that commands make, handed to the printer. */
#include "cli/out.h"

#include "lib/address.h"

#include <stddef.h>

void out_free(struct out *out)
{
	if (out)
		out->printer->free(out);
}

void out_flush(struct out *out)
{
	(void)fwrite_unlocked(out->pending, 1, out->pending_len, out->file);
	out->pending_len = 0;
}

void out_write_far(struct out *out, const char *bytes, size_t len)
{
	out_flush(out);
	(void)fwrite_unlocked(bytes, 1, len, out->file);
}

/* Numbers of up to five digits are most of what long lists have, ports and seconds above all: put
 * at the left of five places, without a branch on their length. */
static char *put_short(uint32_t number, char *at)
{
	static const uint32_t shift[] = { 10000, 1000, 100, 10, 1 };
	int count = (number >= 10) + (number >= 100) + (number >= 1000) + (number >= 10000);
	uint32_t digits = number * shift[count];

	at[0] = (char)('0' + digits / 10000);
	at[1] = (char)('0' + digits / 1000 % 10);
	at[2] = (char)('0' + digits / 100 % 10);
	at[3] = (char)('0' + digits / 10 % 10);
	at[4] = (char)('0' + digits % 10);
	return at + count + 1;
}

char *out_put_number(uint64_t number, char *at)
{
	char text[OUT_DIGITS_MAX], *first = text + sizeof(text);
	size_t len;

	if (number < 100000)
		return put_short((uint32_t)number, at);
	for (; number > 0; number /= 10)
		*--first = (char)('0' + number % 10);
	len = (size_t)(text + sizeof(text) - first);
	memcpy(at, first, len);
	return at + len;
}

char *out_put_address(const struct out_value *value, char *at)
{
	switch (value->kind) {
	case OUT_ENDPOINT6:
		return address6_put(value->address6, at);
	case OUT_ENDPOINT_MIXED:
		return address6_put_mixed(value->address6, at);
	default:
		return address4_put((uint32_t)value->total, at);
	}
}

void out_begin(struct out *out, enum out_shape shape, const char *key)
{
	out->printer->begin(out, shape, key, NULL);
}

void out_begin_table(struct out *out, const char *key, const struct out_column *columns)
{
	out->printer->begin(out, OUT_TABLE, key, columns);
}

void out_end(struct out *out)
{
	out->printer->end(out);
}

void out_row(struct out *out, struct out_cell *cells, size_t count)
{
	out->printer->row(out, cells, count);
}

void out_keep(const struct out *out, size_t len, struct out_cell *cell)
{
	if (len > sizeof(cell->kept) || len > out->pending_len)
		return;
	memcpy(cell->kept, out->pending + out->pending_len - len, len);
	cell->len = len;
	cell->is_kept = true;
}

/* By reference: a copy of a structure that was just written stalls the processor, in every value of
 * a long list. */
static inline void put(struct out *out, const char *key, const struct out_value *value)
{
	out->printer->value(out, key, value);
}

void out_text(struct out *out, const char *key, const char *text)
{
	put(out, key, &(struct out_value){ .kind = OUT_TEXT, .text = text });
}

void out_state(struct out *out, const char *key, const char *text, enum meaning meaning)
{
	put(out, key, &(struct out_value){ .kind = OUT_TEXT, .text = text, .meaning = meaning });
}

void out_reason(struct out *out, const char *key, const char *text)
{
	put(out, key, &(struct out_value){ .kind = OUT_REASON, .text = text });
}

void out_count(struct out *out, const char *key, uint64_t number)
{
	put(out, key, &(struct out_value){ .kind = OUT_COUNT, .number = number });
}

void out_size(struct out *out, const char *key, uint64_t bytes)
{
	put(out, key, &(struct out_value){ .kind = OUT_SIZE, .number = bytes });
}

void out_duration(struct out *out, const char *key, uint64_t duration_us)
{
	put(out, key, &(struct out_value){ .kind = OUT_DURATION, .number = duration_us / 1000000 });
}

void out_time(struct out *out, const char *key, uint64_t time_us)
{
	put(out, key, &(struct out_value){ .kind = OUT_TIME, .number = time_us });
}

void out_milliseconds(struct out *out, const char *key, uint64_t duration_us)
{
	put(out, key,
	    &(struct out_value){ .kind = OUT_MILLISECONDS, .number = duration_us / 1000 });
}

void out_delay(struct out *out, const char *key, uint64_t duration_us)
{
	put(out, key, &(struct out_value){ .kind = OUT_DELAY, .number = duration_us / 1000 });
}

void out_microseconds(struct out *out, const char *key, uint64_t duration_us)
{
	put(out, key, &(struct out_value){ .kind = OUT_MICROSECONDS, .number = duration_us });
}

void out_flag(struct out *out, const char *key, bool flag)
{
	put(out, key, &(struct out_value){ .kind = OUT_FLAG, .number = flag });
}

void out_share(struct out *out, const char *key, uint64_t number, uint64_t total)
{
	put(out, key, &(struct out_value){ .kind = OUT_SHARE, .number = number, .total = total });
}

void out_endpoint(struct out *out, const char *key, const char *address, uint16_t port)
{
	put(out, key,
	    &(struct out_value){
		    .kind = OUT_ENDPOINT, .text = address, .number = port, .total = 1 });
}

void out_address(struct out *out, const char *key, const char *address)
{
	put(out, key, &(struct out_value){ .kind = OUT_ENDPOINT, .text = address });
}

const char *out_sequence(const struct out *out, enum meaning meaning)
{
	return out->is_coloured ? colours[meaning].sequence : "";
}

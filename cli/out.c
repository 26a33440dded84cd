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

/* Digits of a number. */
static size_t count_digits(uint64_t number)
{
	size_t count = 1;

	for (; number >= 10000; number /= 10000)
		count += 4;
	return count + (number >= 10) + (number >= 100) + (number >= 1000);
}

char *out_put_number(uint64_t number, char *at)
{
	static const char pairs[] =
		"00010203040506070809101112131415161718192021222324252627282930313233343536373839"
		"40414243444546474849505152535455565758596061626364656667686970717273747576777879"
		"8081828384858687888990919293949596979899";
	char *end = at + count_digits(number);

	for (at = end; number >= 100; number /= 100) {
		at -= 2;
		memcpy(at, pairs + number % 100 * 2, 2);
	}
	if (number >= 10)
		memcpy(at - 2, pairs + number * 2, 2);
	else
		at[-1] = (char)('0' + number);
	return end;
}

char *out_put_address(const struct out_value *value, char *at)
{
	return value->kind == OUT_ENDPOINT6 ? address6_put(value->address6, at)
	                                    : address4_put((uint32_t)value->total, at);
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

void out_endpoint6(struct out *out, const char *key, const struct in6_addr *address, uint16_t port)
{
	put(out, key,
	    &(struct out_value){ .kind = OUT_ENDPOINT6, .address6 = address, .number = port });
}

void out_endpoint4(struct out *out, const char *key, uint32_t address, uint16_t port)
{
	put(out, key,
	    &(struct out_value){ .kind = OUT_ENDPOINT4, .total = address, .number = port });
}

void out_address(struct out *out, const char *key, const char *address)
{
	put(out, key, &(struct out_value){ .kind = OUT_ENDPOINT, .text = address });
}

const char *out_sequence(const struct out *out, enum meaning meaning)
{
	return out->is_coloured ? colours[meaning].sequence : "";
}

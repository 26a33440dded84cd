/* See out.h: the calls that commands make, handed to the printer. */
#include "cli/out.h"

#include <stddef.h>

void out_free(struct out *out)
{
	if (out)
		out->printer->free(out);
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

static void put(struct out *out, const char *key, struct out_value value)
{
	out->printer->value(out, key, &value);
}

void out_text(struct out *out, const char *key, const char *text)
{
	put(out, key, (struct out_value){ .kind = OUT_TEXT, .text = text });
}

void out_reason(struct out *out, const char *key, const char *text)
{
	put(out, key, (struct out_value){ .kind = OUT_REASON, .text = text });
}

void out_count(struct out *out, const char *key, uint64_t number)
{
	put(out, key, (struct out_value){ .kind = OUT_COUNT, .number = number });
}

void out_size(struct out *out, const char *key, uint64_t bytes)
{
	put(out, key, (struct out_value){ .kind = OUT_SIZE, .number = bytes });
}

void out_duration(struct out *out, const char *key, uint64_t duration_us)
{
	put(out, key, (struct out_value){ .kind = OUT_DURATION, .number = duration_us / 1000000 });
}

void out_time(struct out *out, const char *key, uint64_t time_us)
{
	put(out, key, (struct out_value){ .kind = OUT_TIME, .number = time_us });
}

void out_milliseconds(struct out *out, const char *key, uint64_t duration_us)
{
	put(out, key, (struct out_value){ .kind = OUT_MILLISECONDS, .number = duration_us / 1000 });
}

void out_delay(struct out *out, const char *key, uint64_t duration_us)
{
	put(out, key, (struct out_value){ .kind = OUT_DELAY, .number = duration_us / 1000 });
}

void out_microseconds(struct out *out, const char *key, uint64_t duration_us)
{
	put(out, key, (struct out_value){ .kind = OUT_MICROSECONDS, .number = duration_us });
}

void out_flag(struct out *out, const char *key, bool flag)
{
	put(out, key, (struct out_value){ .kind = OUT_FLAG, .number = flag });
}

void out_share(struct out *out, const char *key, uint64_t number, uint64_t total)
{
	put(out, key, (struct out_value){ .kind = OUT_SHARE, .number = number, .total = total });
}

void out_endpoint(struct out *out, const char *key, const char *address, uint16_t port)
{
	put(out, key,
	    (struct out_value){
		    .kind = OUT_ENDPOINT, .text = address, .number = port, .total = 1 });
}

void out_address(struct out *out, const char *key, const char *address)
{
	put(out, key, (struct out_value){ .kind = OUT_ENDPOINT, .text = address });
}

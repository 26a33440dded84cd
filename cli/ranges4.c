/* See ranges4.h. */
#include "cli/ranges4.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void ranges4_fini(struct ranges4 *ranges)
{
	free(ranges->at);
	*ranges = (struct ranges4){ .count = 0 };
}

struct range4 range4_of(const struct prefix4 *prefix)
{
	uint64_t size = RANGES4_END >> prefix->len;

	return (struct range4){ prefix->addr, prefix->addr + size };
}

/* Empty ranges are left out. */
static void append(struct ranges4 *ranges, struct range4 range)
{
	if (range.first < range.end)
		ranges->at[ranges->count++] = range;
}

int ranges4_add(struct ranges4 *ranges, struct range4 range)
{
	struct ranges4 sum;
	size_t i = 0;

	if (range.first >= range.end)
		return 0;
	sum = (struct ranges4){ .at = calloc(ranges->count + 1, sizeof(*sum.at)) };
	if (!sum.at)
		return -ENOMEM;
	while (i < ranges->count && ranges->at[i].end < range.first)
		append(&sum, ranges->at[i++]);
	for (; i < ranges->count && ranges->at[i].first <= range.end; i++) {
		if (ranges->at[i].first < range.first)
			range.first = ranges->at[i].first;
		if (ranges->at[i].end > range.end)
			range.end = ranges->at[i].end;
	}
	append(&sum, range);
	while (i < ranges->count)
		append(&sum, ranges->at[i++]);
	free(ranges->at);
	*ranges = sum;
	return 0;
}

/* At most one range is cut in two. */
int ranges4_remove(struct ranges4 *ranges, struct range4 range)
{
	struct ranges4 rest;

	if (range.first >= range.end)
		return 0;
	rest = (struct ranges4){ .at = calloc(ranges->count + 1, sizeof(*rest.at)) };
	if (!rest.at)
		return -ENOMEM;
	for (size_t i = 0; i < ranges->count; i++) {
		struct range4 before = ranges->at[i], behind = ranges->at[i];

		if (before.end > range.first)
			before.end = range.first;
		if (behind.first < range.end)
			behind.first = range.end;
		append(&rest, before);
		append(&rest, behind);
	}
	free(ranges->at);
	*ranges = rest;
	return 0;
}

uint64_t ranges4_size(const struct ranges4 *ranges)
{
	uint64_t size = 0;

	for (size_t i = 0; i < ranges->count; i++)
		size += ranges->at[i].end - ranges->at[i].first;
	return size;
}

bool range4_take_prefix(struct range4 *range, struct prefix4 *out)
{
	unsigned len = 32;

	if (range->first >= range->end)
		return false;
	while (len > 0) {
		uint64_t size = RANGES4_END >> (len - 1);

		if (range->first % size != 0 || range->first + size > range->end)
			break;
		len--;
	}
	*out = (struct prefix4){ (uint32_t)range->first, (uint8_t)len };
	range->first += RANGES4_END >> len;
	return true;
}

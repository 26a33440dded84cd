/* A set of IPv4 addresses: ranges that are sorted, apart from each other, and as few as possible.
 * The end of a range is the address behind its last one, so that all addresses end at 2^32.
 */
#ifndef SA_NAT64_RANGES4_H
#define SA_NAT64_RANGES4_H

#include "lib/address.h"

#define RANGES4_END (UINT64_C(1) << 32)

struct range4 {
	uint64_t first, end;
};

/* Set to zeros it is empty. */
struct ranges4 {
	struct range4 *at; /* owned */
	size_t count;
};

void ranges4_fini(struct ranges4 *ranges);

struct range4 range4_of(const struct prefix4 *prefix);

/* Put addresses in or take them out; those that are there or missing already do not matter.
 * Return 0, or -ENOMEM with the set as it was. */
int ranges4_add(struct ranges4 *ranges, struct range4 range);
int ranges4_remove(struct ranges4 *ranges, struct range4 range);

uint64_t ranges4_size(const struct ranges4 *ranges);

/* Take the largest prefix from the start of a range. False when the range is empty. */
bool range4_take_prefix(struct range4 *range, struct prefix4 *out);

#endif

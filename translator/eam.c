/* Prefixes of either family nest or are disjoint. In the array sorted by first address, then
 * length, the last entry that starts at or before an address therefore lies inside the longest
 * prefix that holds the address, if one does; the links outwards from it meet that prefix first.
 */
#include "translator/eam.h"

#include <stdlib.h>
#include <string.h>

#define NO_ENTRY UINT32_MAX

struct entry4 {
	struct prefix4 prefix;
	uint32_t outer; /* index of the longest prefix around this one, or NO_ENTRY */
	uint32_t pair;
};

struct entry6 {
	struct prefix6 prefix;
	uint32_t outer;
	uint32_t pair;
};

struct eam_table {
	size_t count;
	struct config_eam *pairs;
	struct entry4 *by4;
	struct entry6 *by6;
};

static int entry4_compare(const void *a, const void *b)
{
	const struct prefix4 *x = &((const struct entry4 *)a)->prefix;
	const struct prefix4 *y = &((const struct entry4 *)b)->prefix;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return (int)x->len - (int)y->len;
}

static int entry6_compare(const void *a, const void *b)
{
	const struct prefix6 *x = &((const struct entry6 *)a)->prefix;
	const struct prefix6 *y = &((const struct entry6 *)b)->prefix;
	int order = memcmp(&x->addr, &y->addr, sizeof(x->addr));

	return order != 0 ? order : (int)x->len - (int)y->len;
}

/* In sorted order the prefixes around an entry are its predecessor or prefixes around that. */
static void entry4_link(struct entry4 *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t outer = i > 0 ? (uint32_t)i - 1 : NO_ENTRY;
		const struct prefix4 *inner = &entries[i].prefix;

		while (outer != NO_ENTRY && !prefix4_covers(&entries[outer].prefix, inner))
			outer = entries[outer].outer;
		entries[i].outer = outer;
	}
}

static void entry6_link(struct entry6 *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t outer = i > 0 ? (uint32_t)i - 1 : NO_ENTRY;
		const struct prefix6 *inner = &entries[i].prefix;

		while (outer != NO_ENTRY && !prefix6_covers(&entries[outer].prefix, inner))
			outer = entries[outer].outer;
		entries[i].outer = outer;
	}
}

struct eam_table *eam_table_new(const struct config_eam *pairs, size_t count)
{
	struct eam_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->count = count;
	table->pairs = calloc(count + 1, sizeof(*table->pairs));
	table->by4 = calloc(count + 1, sizeof(*table->by4));
	table->by6 = calloc(count + 1, sizeof(*table->by6));
	if (!table->pairs || !table->by4 || !table->by6) {
		eam_table_free(table);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		table->pairs[i] = pairs[i];
		table->by4[i] = (struct entry4){ .prefix = pairs[i].prefix4, .pair = (uint32_t)i };
		table->by6[i] = (struct entry6){ .prefix = pairs[i].prefix6, .pair = (uint32_t)i };
	}
	qsort(table->by4, count, sizeof(*table->by4), entry4_compare);
	qsort(table->by6, count, sizeof(*table->by6), entry6_compare);
	entry4_link(table->by4, count);
	entry6_link(table->by6, count);
	return table;
}

void eam_table_free(struct eam_table *table)
{
	if (!table)
		return;
	free(table->pairs);
	free(table->by4);
	free(table->by6);
	free(table);
}

static const struct config_eam *pair_find4(const struct eam_table *table, uint32_t addr4)
{
	size_t low = 0, high = table->count; /* entries before low start at or before addr4 */
	uint32_t at;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->by4[middle].prefix.addr <= addr4)
			low = middle + 1;
		else
			high = middle;
	}
	at = low > 0 ? (uint32_t)low - 1 : NO_ENTRY;
	while (at != NO_ENTRY && !prefix4_has(&table->by4[at].prefix, addr4))
		at = table->by4[at].outer;
	return at == NO_ENTRY ? NULL : &table->pairs[table->by4[at].pair];
}

static const struct config_eam *pair_find6(const struct eam_table *table,
                                           const struct in6_addr *addr6)
{
	size_t low = 0, high = table->count;
	uint32_t at;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(&table->by6[middle].prefix.addr, addr6, sizeof(*addr6)) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	at = low > 0 ? (uint32_t)low - 1 : NO_ENTRY;
	while (at != NO_ENTRY && !prefix6_has(&table->by6[at].prefix, addr6))
		at = table->by6[at].outer;
	return at == NO_ENTRY ? NULL : &table->pairs[table->by6[at].pair];
}

/* The 40 bits of five bytes of addr6 from byte first on, zero behind the end. */
static uint64_t bits40_get(const struct in6_addr *addr6, unsigned first)
{
	uint64_t bits = 0;

	for (unsigned i = first; i < first + 5; i++)
		bits = bits << 8 | (i < 16 ? addr6->s6_addr[i] : 0);
	return bits;
}

bool eam_to6(const struct eam_table *table, uint32_t addr4, struct in6_addr *out)
{
	const struct config_eam *pair = pair_find4(table, addr4);
	uint32_t suffix;
	uint64_t bits;

	if (!pair)
		return false;
	/* Left-aligned in 32 bits, the suffix goes right behind the IPv6 prefix, which may end
	 * inside a byte. */
	suffix = pair->prefix4.len == 32 ? 0 : addr4 << pair->prefix4.len;
	bits = (uint64_t)suffix << (8 - pair->prefix6.len % 8);
	*out = pair->prefix6.addr;
	for (unsigned i = 0; i < 5 && pair->prefix6.len / 8 + i < 16; i++)
		out->s6_addr[pair->prefix6.len / 8 + i] |= bits >> (32 - 8 * i) & 0xff;
	return true;
}

bool eam_to4(const struct eam_table *table, const struct in6_addr *addr6, uint32_t *out)
{
	const struct config_eam *pair = pair_find6(table, addr6);
	uint32_t suffix;
	uint64_t bits;

	if (!pair)
		return false;
	bits = bits40_get(addr6, pair->prefix6.len / 8);
	suffix = (uint32_t)(bits >> (8 - pair->prefix6.len % 8));
	*out = pair->prefix4.addr | (pair->prefix4.len == 32 ? 0 : suffix >> pair->prefix4.len);
	return true;
}

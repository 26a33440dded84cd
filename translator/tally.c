#include "translator/tally.h"

#include "translator/table_memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct tally_entry {
	struct tally_key key;
	uint32_t count;
	uint32_t next; /* hash chain, or list of free entries */
};

struct tally {
	struct tally_entry *entries;
	uint32_t *heads;
	uint32_t capacity, buckets;
	uint32_t unused, free, keys;
	struct hash_key hash;
};

struct tally *tally_new(uint32_t capacity, const struct hash_key *key)
{
	struct tally *tally = calloc(1, sizeof(*tally));

	if (!tally)
		return NULL;
	tally->capacity = capacity;
	tally->buckets = table_memory_buckets(capacity);
	tally->hash = *key;
	tally->entries = table_memory_new((size_t)capacity + 1, sizeof(*tally->entries));
	tally->heads = table_memory_new(tally->buckets, sizeof(*tally->heads));
	if (tally->entries && tally->heads)
		return tally;
	tally_free(tally);
	return NULL;
}

void tally_free(struct tally *tally)
{
	if (!tally)
		return;
	table_memory_free(tally->entries, (size_t)tally->capacity + 1, sizeof(*tally->entries));
	table_memory_free(tally->heads, tally->buckets, sizeof(*tally->heads));
	free(tally);
}

/* The link that names the key's entry, or the zero at the end of its chain. */
static uint32_t *find_link(const struct tally *tally, const struct tally_key *key)
{
	uint64_t hash = hash_bytes(&tally->hash, key, sizeof(*key));
	uint32_t *link = &tally->heads[hash & (tally->buckets - 1)];

	while (*link && memcmp(&tally->entries[*link].key, key, sizeof(*key)) != 0)
		link = &tally->entries[*link].next;
	return link;
}

uint32_t tally_get(const struct tally *tally, const struct tally_key *key)
{
	uint32_t index = *find_link(tally, key);

	return index ? tally->entries[index].count : 0;
}

void tally_inc(struct tally *tally, const struct tally_key *key)
{
	uint32_t *link = find_link(tally, key), index = *link;

	if (!index) {
		index = tally->free;
		if (index) {
			tally->free = tally->entries[index].next;
		} else {
			assert(tally->unused < tally->capacity);
			index = ++tally->unused;
		}
		tally->entries[index] = (struct tally_entry){ .key = *key };
		*link = index;
		tally->keys++;
	}
	tally->entries[index].count++;
}

void tally_dec(struct tally *tally, const struct tally_key *key)
{
	uint32_t *link = find_link(tally, key), index = *link;

	assert(index && tally->entries[index].count > 0);
	if (--tally->entries[index].count > 0)
		return;
	*link = tally->entries[index].next;
	tally->entries[index].next = tally->free;
	tally->free = index;
	tally->keys--;
}

uint32_t tally_keys(const struct tally *tally)
{
	return tally->keys;
}

size_t tally_memory(const struct tally *tally)
{
	return sizeof(*tally) + ((size_t)tally->capacity + 1) * sizeof(*tally->entries) +
	       (size_t)tally->buckets * sizeof(*tally->heads);
}

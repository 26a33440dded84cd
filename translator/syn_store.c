#include "translator/syn_store.h"

#include "translator/table_memory.h"

#include <stdlib.h>
#include <string.h>

struct syn_entry {
	struct syn_key key;
	uint64_t deadline_us;
	uint32_t next; /* hash chain: ring position + 1 */
	uint16_t len;
	bool stored; /* false once removed; the ring position is freed when it becomes the oldest */
	uint8_t packet[SYN_STORE_QUOTE_MAX];
};

struct syn_store {
	struct syn_entry *ring;
	uint32_t *heads;
	uint32_t capacity, buckets;
	uint32_t first, held; /* ring positions in use, removed ones included */
	uint32_t count;       /* stored */
	struct hash_key key;
};

struct syn_store *syn_store_new(uint32_t capacity, const struct hash_key *key)
{
	struct syn_store *store = calloc(1, sizeof(*store));

	if (!store)
		return NULL;
	store->capacity = capacity;
	store->buckets = table_memory_buckets(capacity);
	store->key = *key;
	store->ring = table_memory_new((size_t)capacity + 1, sizeof(*store->ring));
	store->heads = table_memory_new(store->buckets, sizeof(*store->heads));
	if (store->ring && store->heads)
		return store;
	syn_store_free(store);
	return NULL;
}

void syn_store_free(struct syn_store *store)
{
	if (!store)
		return;
	table_memory_free(store->ring, (size_t)store->capacity + 1, sizeof(*store->ring));
	table_memory_free(store->heads, store->buckets, sizeof(*store->heads));
	free(store);
}

static uint32_t *find_link(const struct syn_store *store, const struct syn_key *key)
{
	uint64_t hash = hash_bytes(&store->key, key, sizeof(*key));
	uint32_t *link = &store->heads[hash & (store->buckets - 1)];

	while (*link && memcmp(&store->ring[*link - 1].key, key, sizeof(*key)) != 0)
		link = &store->ring[*link - 1].next;
	return link;
}

/* Free the ring positions at the old end whose SYN was met. */
static void trim(struct syn_store *store)
{
	while (store->held && !store->ring[store->first].stored) {
		store->first = (store->first + 1) % store->capacity;
		store->held--;
	}
}

bool syn_store_add(struct syn_store *store, const struct syn_key *key, const uint8_t *packet,
                   uint32_t len, uint64_t deadline_us)
{
	uint32_t *link = find_link(store, key), position;
	struct syn_entry *entry;

	if (*link)
		return true;
	if (store->held == store->capacity)
		return false;
	position = (store->first + store->held) % store->capacity;
	entry = &store->ring[position];
	entry->key = *key;
	entry->deadline_us = deadline_us;
	entry->next = 0;
	entry->len = (uint16_t)(len < SYN_STORE_QUOTE_MAX ? len : SYN_STORE_QUOTE_MAX);
	entry->stored = true;
	memcpy(entry->packet, packet, entry->len);
	*link = position + 1;
	store->held++;
	store->count++;
	return true;
}

bool syn_store_remove(struct syn_store *store, const struct syn_key *key)
{
	uint32_t *link = find_link(store, key);
	struct syn_entry *entry;

	if (!*link)
		return false;
	entry = &store->ring[*link - 1];
	*link = entry->next;
	entry->stored = false;
	store->count--;
	trim(store);
	return true;
}

uint8_t *syn_store_expire(struct syn_store *store, uint64_t now_us, uint32_t *len)
{
	struct syn_entry *entry = &store->ring[store->first];
	struct syn_key key;

	if (store->held == 0 || entry->deadline_us > now_us)
		return NULL;
	key = entry->key;
	*len = entry->len;
	(void)syn_store_remove(store, &key);
	return entry->packet;
}

uint32_t syn_store_count(const struct syn_store *store)
{
	return store->count;
}

size_t syn_store_memory(const struct syn_store *store)
{
	return sizeof(*store) + ((size_t)store->capacity + 1) * sizeof(*store->ring) +
	       (size_t)store->buckets * sizeof(*store->heads);
}

#include "translator/bib.h"

#include "translator/table_memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct bib_table {
	struct bib_entry *entries;
	bool owns_entries;
	uint32_t *heads6, *heads4;
	uint32_t capacity, buckets;
	uint32_t unused; /* entries above this index were never used; also in next6 of entry 0,
	                  * for bib_table_restore() */
	uint32_t free;   /* list of entries used before */
	uint32_t count[L4_PROTOS], static_count;
	struct hash_key key;
};

struct bib_table *bib_table_new(uint32_t capacity, const struct hash_key *key,
                                struct bib_entry *memory)
{
	struct bib_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->capacity = capacity;
	table->buckets = table_memory_buckets(capacity);
	table->key = *key;
	table->owns_entries = !memory;
	table->entries = memory ? memory : table_memory_new((size_t)capacity + 1, sizeof(*memory));
	table->heads6 = table_memory_new(table->buckets, sizeof(*table->heads6));
	table->heads4 = table_memory_new(table->buckets, sizeof(*table->heads4));
	if (table->entries && table->heads6 && table->heads4)
		return table;
	bib_table_free(table);
	return NULL;
}

void bib_table_free(struct bib_table *table)
{
	if (!table)
		return;
	if (table->owns_entries)
		table_memory_free(table->entries, (size_t)table->capacity + 1,
		                  sizeof(*table->entries));
	table_memory_free(table->heads6, table->buckets, sizeof(*table->heads6));
	table_memory_free(table->heads4, table->buckets, sizeof(*table->heads4));
	free(table);
}

struct bib_entry *bib_at(const struct bib_table *table, uint32_t index)
{
	assert(index > 0 && index <= table->capacity);
	return &table->entries[index];
}

static uint64_t hash6(const struct bib_table *table, enum l4_proto proto,
                      const struct in6_addr *addr6, uint16_t port6)
{
	uint8_t key[20] = { 6, (uint8_t)proto };

	memcpy(key + 2, &port6, sizeof(port6));
	memcpy(key + 4, addr6, sizeof(*addr6));
	return hash_bytes(&table->key, key, sizeof(key));
}

static uint64_t hash4(const struct bib_table *table, enum l4_proto proto, uint32_t addr4,
                      uint16_t port4)
{
	uint8_t key[8] = { 4, (uint8_t)proto };

	memcpy(key + 2, &port4, sizeof(port4));
	memcpy(key + 4, &addr4, sizeof(addr4));
	return hash_bytes(&table->key, key, sizeof(key));
}

static uint32_t *head6(const struct bib_table *table, uint64_t hash)
{
	return &table->heads6[hash & (table->buckets - 1)];
}

static uint32_t *head4(const struct bib_table *table, uint64_t hash)
{
	return &table->heads4[hash & (table->buckets - 1)];
}

static uint32_t seal_of(uint64_t by6, uint64_t by4, uint8_t flags)
{
	return entry_seal_make(by6, (uint32_t)(by4 >> 32) + flags);
}

static uint32_t find6(const struct bib_table *table, uint64_t hash, enum l4_proto proto,
                      const struct in6_addr *addr6, uint16_t port6)
{
	uint32_t index = *head6(table, hash);

	for (; index; index = table->entries[index].next6) {
		const struct bib_entry *entry = &table->entries[index];

		if (entry->port6 == port6 && entry->proto == proto &&
		    address6_equal(&entry->addr6, addr6))
			return index;
	}
	return 0;
}

static uint32_t find4(const struct bib_table *table, uint64_t hash, enum l4_proto proto,
                      uint32_t addr4, uint16_t port4)
{
	uint32_t index = *head4(table, hash);

	for (; index; index = table->entries[index].next4) {
		const struct bib_entry *entry = &table->entries[index];

		if (entry->port4 == port4 && entry->addr4 == addr4 && entry->proto == proto)
			return index;
	}
	return 0;
}

uint32_t bib_find6(const struct bib_table *table, enum l4_proto proto, const struct in6_addr *addr6,
                   uint16_t port6)
{
	return find6(table, hash6(table, proto, addr6, port6), proto, addr6, port6);
}

uint32_t bib_find4(const struct bib_table *table, enum l4_proto proto, uint32_t addr4,
                   uint16_t port4)
{
	return find4(table, hash4(table, proto, addr4, port4), proto, addr4, port4);
}

static void link_entry(struct bib_table *table, uint32_t index, uint64_t by6, uint64_t by4)
{
	struct bib_entry *entry = &table->entries[index];
	uint32_t *chain6 = head6(table, by6), *chain4 = head4(table, by4);

	entry->next6 = *chain6;
	entry->next4 = *chain4;
	*chain6 = *chain4 = index;
	table->count[entry->proto]++;
	if (entry->flags & BIB_STATIC)
		table->static_count++;
}

static uint32_t take_entry(struct bib_table *table)
{
	uint32_t index = table->free;

	if (index) {
		table->free = table->entries[index].next6;
		return index;
	}
	if (table->unused == table->capacity)
		return 0;
	table->unused++;
	if (table->entries[0].next6 < table->unused)
		table->entries[0].next6 = table->unused;
	return table->unused;
}

uint32_t bib_add(struct bib_table *table, enum l4_proto proto, const struct in6_addr *addr6,
                 uint16_t port6, uint32_t addr4, uint16_t port4, uint8_t flags)
{
	uint64_t by6 = hash6(table, proto, addr6, port6), by4 = hash4(table, proto, addr4, port4);
	uint32_t index = take_entry(table);

	if (!index)
		return 0;
	entry_seal_break(&table->entries[index].seal);
	table->entries[index] = (struct bib_entry){
		.addr6 = *addr6,
		.addr4 = addr4,
		.port6 = port6,
		.port4 = port4,
		.proto = (uint8_t)proto,
		.flags = flags,
	};
	link_entry(table, index, by6, by4);
	entry_seal_set(&table->entries[index].seal, seal_of(by6, by4, flags));
	return index;
}

void bib_del(struct bib_table *table, uint32_t index)
{
	struct bib_entry *entry = bib_at(table, index);
	uint32_t *link;

	assert(entry->seal != ENTRY_UNSEALED && entry->session_count == 0);
	entry_seal_break(&entry->seal);
	link = head6(table, hash6(table, entry->proto, &entry->addr6, entry->port6));
	while (*link != index)
		link = &table->entries[*link].next6;
	*link = entry->next6;
	link = head4(table, hash4(table, entry->proto, entry->addr4, entry->port4));
	while (*link != index)
		link = &table->entries[*link].next4;
	*link = entry->next4;
	table->count[entry->proto]--;
	if (entry->flags & BIB_STATIC)
		table->static_count--;
	entry->next6 = table->free;
	table->free = index;
}

/* Hashes of an entry to be restored, made AHEAD of it, so that its places are in the cache when its
 * turn comes. */
struct ahead {
	uint64_t by6, by4;
};

#define AHEAD 16

static void hash_ahead(const struct bib_table *table, uint32_t index, struct ahead *ahead)
{
	const struct bib_entry *entry = &table->entries[index];

	if (entry->seal == ENTRY_UNSEALED)
		return;
	ahead->by6 = hash6(table, entry->proto, &entry->addr6, entry->port6);
	ahead->by4 = hash4(table, entry->proto, entry->addr4, entry->port4);
	__builtin_prefetch(head6(table, ahead->by6), 1);
	__builtin_prefetch(head4(table, ahead->by4), 1);
}

/* The entries that the search for the same keys will look at. */
static void fetch_chains(const struct bib_table *table, const struct ahead *ahead)
{
	__builtin_prefetch(&table->entries[*head6(table, ahead->by6)]);
	__builtin_prefetch(&table->entries[*head4(table, ahead->by4)]);
}

/* Enter one entry that was found in memory; returns the count of its fate. */
static uint32_t *restore_entry(struct bib_table *table, uint32_t index, const struct ahead *hashes,
                               bool (*keep)(void *context, const struct bib_entry *entry),
                               void *context, struct table_restored *restored)
{
	struct bib_entry *entry = &table->entries[index];

	if (entry->proto >= L4_PROTOS ||
	    entry->seal != seal_of(hashes->by6, hashes->by4, entry->flags) ||
	    find6(table, hashes->by6, entry->proto, &entry->addr6, entry->port6) ||
	    find4(table, hashes->by4, entry->proto, entry->addr4, entry->port4))
		return &restored->torn;
	entry->sessions = entry->session_count = 0;
	if (!keep(context, entry))
		return &restored->refused;
	link_entry(table, index, hashes->by6, hashes->by4);
	return &restored->kept;
}

struct table_restored bib_table_restore(struct bib_table *table,
                                        bool (*keep)(void *context, const struct bib_entry *entry),
                                        void *context)
{
	struct table_restored restored = { 0 };
	struct ahead ahead[AHEAD] = { { 0 } };
	uint32_t index = table->entries[0].next6, first = table->unused, last = 0, hashed;

	if (index > table->capacity)
		index = table->capacity;
	for (hashed = index; index > first; index--) {
		struct bib_entry *entry = &table->entries[index];

		for (; hashed > first && index - hashed < AHEAD; hashed--)
			hash_ahead(table, hashed, &ahead[hashed % AHEAD]);
		fetch_chains(table, &ahead[(index + AHEAD / 2) % AHEAD]);
		if (entry->seal != ENTRY_UNSEALED) {
			uint32_t *fate = restore_entry(table, index, &ahead[index % AHEAD], keep,
			                               context, &restored);

			++*fate;
			if (fate == &restored.kept) {
				last = last ? last : index;
				continue;
			}
			entry_seal_break(&entry->seal);
		}
		if (!last)
			continue;
		entry->next6 = table->free;
		table->free = index;
	}
	table->entries[0].next6 = table->unused = last ? last : first;
	return restored;
}

bool bib_is_used(const struct bib_table *table, uint32_t index)
{
	return index > 0 && index <= table->unused && table->entries[index].seal != ENTRY_UNSEALED;
}

uint32_t bib_next(const struct bib_table *table, uint32_t *cursor, uint32_t limit)
{
	uint32_t index = *cursor;

	while (index < table->unused && limit--) {
		index++;
		if (table->entries[index].seal != ENTRY_UNSEALED) {
			*cursor = index;
			return index;
		}
	}
	*cursor = index < table->unused ? index : 0;
	return 0;
}

uint32_t bib_count(const struct bib_table *table, enum l4_proto proto)
{
	return table->count[proto];
}

uint32_t bib_static_count(const struct bib_table *table)
{
	return table->static_count;
}

size_t bib_memory(const struct bib_table *table)
{
	return sizeof(*table) + ((size_t)table->capacity + 1) * sizeof(*table->entries) +
	       2 * (size_t)table->buckets * sizeof(*table->heads6);
}

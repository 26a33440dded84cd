#include "syncd/mirror.h"

#include <assert.h>
#include <endian.h>
#include <sodium/crypto_shorthash.h>
#include <stdlib.h>
#include <string.h>

#define TICK_SHIFT    16 /* 65.536 ms */
#define BUCKET_SHIFT  54 /* the upper ten bits of a hash choose the bucket, the lower the chain */
#define RECLAIM_TRIES 8

struct mirror {
	struct mirror_entry *entries;
	uint32_t *heads;
	uint32_t capacity, chains;
	uint32_t unused, free, cursor;
	uint64_t start_us;
	uint8_t key[MIRROR_KEY_LEN];
	struct mirror_list tombs;
	uint32_t count[REPLICA_NODES], total;
	struct mirror_list buckets[REPLICA_NODES][MIRROR_BUCKETS];
	uint64_t digests[REPLICA_NODES][MIRROR_BUCKETS];
};

_Static_assert(MIRROR_KEY_LEN == crypto_shorthash_KEYBYTES, "the key is one of SipHash");
_Static_assert(MIRROR_BUCKETS == 1 << (64 - BUCKET_SHIFT), "a bucket for each value");

static uint32_t chains_for(uint32_t capacity)
{
	uint32_t chains = 1024;

	while (chains < capacity / 2)
		chains *= 2;
	return chains;
}

struct mirror *mirror_new(uint32_t capacity, const uint8_t key[MIRROR_KEY_LEN], uint64_t now_us)
{
	struct mirror *mirror = calloc(1, sizeof(*mirror));

	if (!mirror)
		return NULL;
	mirror->capacity = capacity;
	mirror->chains = chains_for(capacity);
	mirror->start_us = now_us;
	memcpy(mirror->key, key, MIRROR_KEY_LEN);
	mirror->entries = calloc((size_t)capacity + 1, sizeof(*mirror->entries));
	mirror->heads = calloc(mirror->chains, sizeof(*mirror->heads));
	if (mirror->entries && mirror->heads)
		return mirror;
	mirror_free(mirror);
	return NULL;
}

void mirror_free(struct mirror *mirror)
{
	if (!mirror)
		return;
	free(mirror->entries);
	free(mirror->heads);
	free(mirror);
}

uint64_t mirror_hash(const struct mirror *mirror, const struct replica_key *key)
{
	uint8_t bytes[16] = { 0 };
	uint64_t hash;

	/* The same on every machine, whatever its byte order. */
	for (int i = 0; i < 4; i++) {
		bytes[i] = (uint8_t)(key->pool4 >> (8 * i));
		bytes[4 + i] = (uint8_t)(key->remote >> (8 * i));
	}
	bytes[8] = (uint8_t)key->pool4_port;
	bytes[9] = (uint8_t)(key->pool4_port >> 8);
	bytes[10] = (uint8_t)key->remote_port;
	bytes[11] = (uint8_t)(key->remote_port >> 8);
	bytes[12] = key->proto;
	(void)crypto_shorthash((unsigned char *)&hash, bytes, sizeof(bytes), mirror->key);
	return le64toh(hash);
}

struct mirror_entry *mirror_at(const struct mirror *mirror, uint32_t index)
{
	assert(index > 0 && index <= mirror->unused);
	return &mirror->entries[index];
}

void mirror_key(const struct mirror_entry *entry, struct replica_key *out)
{
	*out = (struct replica_key){
		.pool4 = entry->pool4,
		.remote = entry->remote,
		.pool4_port = entry->pool4_port,
		.remote_port = entry->remote_port,
		.proto = entry->proto,
	};
}

static bool key_equal(const struct mirror_entry *entry, const struct replica_key *key)
{
	return entry->pool4 == key->pool4 && entry->remote == key->remote &&
	       entry->pool4_port == key->pool4_port && entry->remote_port == key->remote_port &&
	       entry->proto == key->proto;
}

static uint32_t *chain_head(const struct mirror *mirror, uint64_t hash)
{
	return &mirror->heads[hash & (mirror->chains - 1)];
}

uint32_t mirror_find(const struct mirror *mirror, const struct replica_key *key, uint64_t hash)
{
	uint32_t index = *chain_head(mirror, hash);

	while (index && !key_equal(&mirror->entries[index], key))
		index = mirror->entries[index].chain;
	return index;
}

void mirror_append(struct mirror *mirror, struct mirror_list *list, enum mirror_link link,
                   uint32_t index)
{
	struct mirror_entry *entry = &mirror->entries[index];

	entry->link[link].next = 0;
	entry->link[link].prev = list->tail;
	if (list->tail)
		mirror->entries[list->tail].link[link].next = index;
	else
		list->head = index;
	list->tail = index;
	list->count++;
}

void mirror_remove(struct mirror *mirror, struct mirror_list *list, enum mirror_link link,
                   uint32_t index)
{
	uint32_t next = mirror->entries[index].link[link].next;
	uint32_t prev = mirror->entries[index].link[link].prev;

	if (prev)
		mirror->entries[prev].link[link].next = next;
	else
		list->head = next;
	if (next)
		mirror->entries[next].link[link].prev = prev;
	else
		list->tail = prev;
	list->count--;
}

/* Out of its bucket, or from among the tombstones. */
static void unplace(struct mirror *mirror, uint32_t index, uint64_t hash)
{
	const struct mirror_entry *entry = &mirror->entries[index];
	uint32_t bucket = mirror_bucket_of(hash);

	if (entry->flags & MIRROR_GONE) {
		mirror_remove(mirror, &mirror->tombs, MIRROR_IN_BUCKET, index);
		return;
	}
	mirror_remove(mirror, &mirror->buckets[entry->owner][bucket], MIRROR_IN_BUCKET, index);
	mirror->digests[entry->owner][bucket] ^= mirror_mark(hash, entry->owner, entry->version);
	mirror->count[entry->owner]--;
	mirror->total--;
}

/* The oldest tombstone that nothing waits for. */
static bool reclaim(struct mirror *mirror)
{
	uint32_t index = mirror->tombs.head;

	for (int i = 0; index && i < RECLAIM_TRIES; i++) {
		const struct mirror_entry *entry = &mirror->entries[index];

		if (!entry->queue && !(entry->flags & MIRROR_APPLY)) {
			mirror_drop(mirror, index);
			return true;
		}
		index = entry->link[MIRROR_IN_BUCKET].next;
	}
	return false;
}

static uint32_t take_slot(struct mirror *mirror)
{
	uint32_t index;

	if (!mirror->free && mirror->unused < mirror->capacity)
		return ++mirror->unused;
	if (!mirror->free && !reclaim(mirror))
		return 0;
	index = mirror->free;
	mirror->free = mirror->entries[index].chain;
	return index;
}

static uint32_t tick_of(const struct mirror *mirror, uint64_t us)
{
	return us > mirror->start_us ? (uint32_t)((us - mirror->start_us) >> TICK_SHIFT) : 0;
}

uint32_t mirror_add(struct mirror *mirror, const struct replica_key *key, uint64_t hash,
                    uint64_t now_us)
{
	uint32_t index = take_slot(mirror);
	uint32_t *head = chain_head(mirror, hash);

	if (!index)
		return 0;
	mirror->entries[index] = (struct mirror_entry){
		.pool4 = key->pool4,
		.remote = key->remote,
		.pool4_port = key->pool4_port,
		.remote_port = key->remote_port,
		.proto = key->proto,
		.flags = MIRROR_USED | MIRROR_GONE,
		.owner = REPLICA_NODES - 1,
		.end = tick_of(mirror, now_us + MIRROR_TOMB_US),
		.chain = *head,
	};
	*head = index;
	mirror_append(mirror, &mirror->tombs, MIRROR_IN_BUCKET, index);
	return index;
}

void mirror_place(struct mirror *mirror, uint32_t index, uint64_t hash,
                  const struct mirror_rank *rank, uint64_t now_us)
{
	struct mirror_entry *entry = mirror_at(mirror, index);
	uint32_t bucket = mirror_bucket_of(hash);

	unplace(mirror, index, hash);
	entry->flags &= (uint8_t) ~(MIRROR_GONE | MIRROR_DOUBTED | MIRROR_FORCED);
	entry->owner = rank->owner;
	entry->version = rank->version;
	if (rank->gone) {
		entry->flags |= MIRROR_GONE;
		entry->end = tick_of(mirror, now_us + MIRROR_TOMB_US);
		mirror_append(mirror, &mirror->tombs, MIRROR_IN_BUCKET, index);
		return;
	}
	mirror_append(mirror, &mirror->buckets[rank->owner][bucket], MIRROR_IN_BUCKET, index);
	mirror->digests[rank->owner][bucket] ^= mirror_mark(hash, rank->owner, rank->version);
	mirror->count[rank->owner]++;
	mirror->total++;
}

void mirror_drop(struct mirror *mirror, uint32_t index)
{
	struct mirror_entry *entry = mirror_at(mirror, index);
	struct replica_key key;
	uint64_t hash;
	uint32_t *link;

	assert(entry->flags & MIRROR_USED && !entry->queue && !(entry->flags & MIRROR_APPLY));
	mirror_key(entry, &key);
	hash = mirror_hash(mirror, &key);
	unplace(mirror, index, hash);
	for (link = chain_head(mirror, hash); *link != index;)
		link = &mirror->entries[*link].chain;
	*link = entry->chain;
	entry->flags = 0;
	entry->chain = mirror->free;
	mirror->free = index;
}

int mirror_rank_compare(const struct mirror_rank *a, const struct mirror_rank *b)
{
	if (a->version != b->version)
		return a->version > b->version ? 1 : -1;
	if (a->owner != b->owner)
		return a->owner < b->owner ? 1 : -1;
	return (int)a->gone - (int)b->gone;
}

struct mirror_rank mirror_rank(const struct mirror_entry *entry)
{
	return (struct mirror_rank){ .version = entry->version,
		                     .owner = entry->owner,
		                     .gone = entry->flags & MIRROR_GONE };
}

uint64_t mirror_end_us(const struct mirror *mirror, const struct mirror_entry *entry)
{
	return mirror->start_us + ((uint64_t)entry->end << TICK_SHIFT);
}

void mirror_set_end(const struct mirror *mirror, struct mirror_entry *entry, uint64_t end_us)
{
	entry->end = tick_of(mirror, end_us);
}

/* The hash is keyed already; this only spreads owner and version over it. */
uint64_t mirror_mark(uint64_t hash, uint8_t owner, uint32_t version)
{
	uint64_t z = hash + ((uint64_t)version << 8 | owner) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t mirror_digest(const struct mirror *mirror, uint8_t owner, uint32_t bucket)
{
	return mirror->digests[owner][bucket];
}

const struct mirror_list *mirror_bucket(const struct mirror *mirror, uint8_t owner, uint32_t bucket)
{
	return &mirror->buckets[owner][bucket];
}

uint32_t mirror_bucket_of(uint64_t hash)
{
	return (uint32_t)(hash >> BUCKET_SHIFT);
}

static void sweep_tombs(struct mirror *mirror, uint32_t limit, uint32_t now, mirror_leave *leave,
                        void *context)
{
	uint32_t index, next;

	for (index = mirror->tombs.head; index && limit; index = next, limit--) {
		next = mirror->entries[index].link[MIRROR_IN_BUCKET].next;
		if (mirror->entries[index].end > now)
			return;
		if (leave(context, index))
			mirror_drop(mirror, index);
	}
}

void mirror_sweep(struct mirror *mirror, uint32_t slots, uint64_t now_us, mirror_leave *leave,
                  void *context)
{
	uint32_t late = tick_of(mirror, now_us - MIRROR_LINGER_US);

	sweep_tombs(mirror, slots, tick_of(mirror, now_us), leave, context);
	if (now_us < mirror->start_us + MIRROR_LINGER_US)
		return;
	for (; slots && mirror->unused; slots--) {
		const struct mirror_entry *entry;

		mirror->cursor = mirror->cursor % mirror->unused + 1;
		entry = &mirror->entries[mirror->cursor];
		if (!(entry->flags & MIRROR_USED) || entry->flags & MIRROR_GONE ||
		    entry->end >= late)
			continue;
		if (leave(context, mirror->cursor))
			mirror_drop(mirror, mirror->cursor);
	}
}

uint32_t mirror_slots(const struct mirror *mirror)
{
	return mirror->unused;
}

uint32_t mirror_count(const struct mirror *mirror, uint8_t owner)
{
	return mirror->count[owner];
}

uint32_t mirror_total(const struct mirror *mirror)
{
	return mirror->total;
}

size_t mirror_memory(const struct mirror *mirror)
{
	return sizeof(*mirror) + ((size_t)mirror->unused + 1) * sizeof(*mirror->entries) +
	       mirror->chains * sizeof(*mirror->heads);
}

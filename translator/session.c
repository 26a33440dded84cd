#include "translator/session.h"

#include "translator/table_memory.h"
#include "translator/wheel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct session_table {
	struct session *sessions;
	bool owns_sessions;
	uint32_t *heads;
	uint32_t capacity, buckets;
	uint32_t unused, free; /* as in bib.c; the former also in next of entry 0 */
	uint32_t count[L4_PROTOS];
	struct bib_table *bib;
	struct wheel *wheel;
	struct hash_key key;
	void (*expire)(void *context, uint32_t index); /* during session_expire() */
	void *expire_context;
	uint64_t expire_now_us;
};

struct session_table *session_table_new(uint32_t capacity, struct bib_table *bib,
                                        const struct hash_key *key, uint64_t now_us,
                                        struct session *memory)
{
	struct session_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->capacity = capacity;
	table->buckets = table_memory_buckets(capacity);
	table->bib = bib;
	table->key = *key;
	table->owns_sessions = !memory;
	table->sessions = memory ? memory : table_memory_new((size_t)capacity + 1, sizeof(*memory));
	table->heads = table_memory_new(table->buckets, sizeof(*table->heads));
	table->wheel = wheel_new(capacity, now_us);
	if (table->sessions && table->heads && table->wheel)
		return table;
	session_table_free(table);
	return NULL;
}

void session_table_free(struct session_table *table)
{
	if (!table)
		return;
	if (table->owns_sessions)
		table_memory_free(table->sessions, (size_t)table->capacity + 1,
		                  sizeof(*table->sessions));
	table_memory_free(table->heads, table->buckets, sizeof(*table->heads));
	wheel_free(table->wheel);
	free(table);
}

struct session *session_at(const struct session_table *table, uint32_t index)
{
	assert(index > 0 && index <= table->capacity);
	return &table->sessions[index];
}

struct bib_table *session_bib(const struct session_table *table)
{
	return table->bib;
}

static uint64_t hash_of(const struct session_table *table, uint32_t bib, uint32_t dst4,
                        uint16_t dport4)
{
	uint8_t key[10];

	memcpy(key, &bib, sizeof(bib));
	memcpy(key + 4, &dst4, sizeof(dst4));
	memcpy(key + 8, &dport4, sizeof(dport4));
	return hash_bytes(&table->key, key, sizeof(key));
}

static uint32_t *head(const struct session_table *table, uint64_t hash)
{
	return &table->heads[hash & (table->buckets - 1)];
}

static uint32_t seal_of(const struct session_table *table, uint32_t bib, uint64_t hash)
{
	return entry_seal_make(hash, bib_at(table->bib, bib)->seal);
}

static uint32_t find(const struct session_table *table, uint64_t hash, uint32_t bib, uint32_t dst4,
                     uint16_t dport4)
{
	uint32_t index = *head(table, hash);

	for (; index; index = table->sessions[index].next) {
		const struct session *session = &table->sessions[index];

		if (session->bib == bib && session->dst4 == dst4 && session->dport4 == dport4)
			return index;
	}
	return 0;
}

uint32_t session_find(const struct session_table *table, uint32_t bib, uint32_t dst4,
                      uint16_t dport4)
{
	return find(table, hash_of(table, bib, dst4, dport4), bib, dst4, dport4);
}

static uint32_t take_session(struct session_table *table)
{
	uint32_t index = table->free;

	if (index) {
		table->free = table->sessions[index].next;
		return index;
	}
	if (table->unused == table->capacity)
		return 0;
	table->unused++;
	if (table->sessions[0].next < table->unused)
		table->sessions[0].next = table->unused;
	return table->unused;
}

static void link_to_binding(struct session_table *table, uint32_t index)
{
	struct session *session = &table->sessions[index];
	struct bib_entry *bib = bib_at(table->bib, session->bib);

	session->bib_next = bib->sessions;
	session->bib_prev = 0;
	if (bib->sessions)
		table->sessions[bib->sessions].bib_prev = index;
	bib->sessions = index;
	bib->session_count++;
}

static void unlink_from_binding(struct session_table *table, const struct session *session)
{
	struct bib_entry *bib = bib_at(table->bib, session->bib);

	if (session->bib_prev)
		table->sessions[session->bib_prev].bib_next = session->bib_next;
	else
		bib->sessions = session->bib_next;
	if (session->bib_next)
		table->sessions[session->bib_next].bib_prev = session->bib_prev;
	bib->session_count--;
}

/* Chain, list of the binding, wheel and count. */
static void link_session(struct session_table *table, uint32_t index, uint64_t hash)
{
	struct session *session = &table->sessions[index];
	uint32_t *chain = head(table, hash);

	session->next = *chain;
	*chain = index;
	link_to_binding(table, index);
	wheel_schedule(table->wheel, index, session->expires_us);
	table->count[bib_at(table->bib, session->bib)->proto]++;
}

uint32_t session_add(struct session_table *table, uint32_t bib, uint32_t dst4, uint16_t dport4,
                     enum tcp_state state, uint8_t pool6, uint64_t expires_us)
{
	uint64_t hash = hash_of(table, bib, dst4, dport4);
	uint32_t index = take_session(table);

	if (!index)
		return 0;
	entry_seal_break(&table->sessions[index].seal);
	table->sessions[index] = (struct session){
		.expires_us = expires_us,
		.bib = bib,
		.dst4 = dst4,
		.dport4 = dport4,
		.state = (uint8_t)state,
		.pool6 = pool6,
	};
	link_session(table, index, hash);
	entry_seal_set(&table->sessions[index].seal, seal_of(table, bib, hash));
	return index;
}

void session_del(struct session_table *table, uint32_t index)
{
	struct session *session = session_at(table, index);
	uint32_t *link = head(table, hash_of(table, session->bib, session->dst4, session->dport4));

	assert(session->seal != ENTRY_UNSEALED);
	entry_seal_break(&session->seal);
	while (*link != index)
		link = &table->sessions[*link].next;
	*link = session->next;
	table->count[bib_at(table->bib, session->bib)->proto]--;
	unlink_from_binding(table, session);
	wheel_cancel(table->wheel, index);
	session->next = table->free;
	table->free = index;
}

#define AHEAD 16 /* as in bib.c */

static uint64_t hash_ahead(const struct session_table *table, uint32_t index)
{
	const struct session *session = &table->sessions[index];
	uint64_t hash;

	if (session->seal == ENTRY_UNSEALED)
		return 0;
	hash = hash_of(table, session->bib, session->dst4, session->dport4);
	__builtin_prefetch(head(table, hash), 1);
	if (bib_is_used(table->bib, session->bib))
		__builtin_prefetch(bib_at(table->bib, session->bib), 1);
	return hash;
}

/* Enter one session that was found in memory; returns the count of its fate. */
static uint32_t *restore_session(struct session_table *table, uint32_t index, uint64_t hash,
                                 bool (*keep)(void *context, struct session *session),
                                 void *context, struct table_restored *restored)
{
	struct session *session = &table->sessions[index];

	if (!bib_is_used(table->bib, session->bib))
		return &restored->refused;
	if (session->seal != seal_of(table, session->bib, hash) ||
	    find(table, hash, session->bib, session->dst4, session->dport4))
		return &restored->torn;
	if (!keep(context, session))
		return &restored->refused;
	link_session(table, index, hash);
	return &restored->kept;
}

struct table_restored session_table_restore(struct session_table *table,
                                            bool (*keep)(void *context, struct session *session),
                                            void *context)
{
	struct table_restored restored = { 0 };
	uint64_t ahead[AHEAD] = { 0 };
	uint32_t index = table->sessions[0].next, hashed;

	if (index > table->capacity)
		index = table->capacity;
	for (hashed = index; index > 0; index--) {
		struct session *session = &table->sessions[index];

		for (; hashed > 0 && index - hashed < AHEAD; hashed--)
			ahead[hashed % AHEAD] = hash_ahead(table, hashed);
		__builtin_prefetch(
			&table->sessions[*head(table, ahead[(index + AHEAD / 2) % AHEAD])]);
		if (session->seal != ENTRY_UNSEALED) {
			uint32_t *fate = restore_session(table, index, ahead[index % AHEAD], keep,
			                                 context, &restored);

			++*fate;
			if (fate == &restored.kept) {
				table->unused = table->unused ? table->unused : index;
				continue;
			}
			entry_seal_break(&session->seal);
		}
		if (!table->unused)
			continue;
		session->next = table->free;
		table->free = index;
	}
	table->sessions[0].next = table->unused;
	return restored;
}

bool session_is_used(const struct session_table *table, uint32_t index)
{
	return index > 0 && index <= table->unused && table->sessions[index].seal != ENTRY_UNSEALED;
}

void session_set_expiry(struct session_table *table, uint32_t index, uint64_t expires_us)
{
	session_at(table, index)->expires_us = expires_us;
	if (expires_us < wheel_due(table->wheel, index))
		wheel_schedule(table->wheel, index, expires_us);
}

/* The wheel brings a session when its slot comes; packets may have moved its end since. */
static void session_due(void *context, uint32_t index)
{
	struct session_table *table = context;
	const struct session *session = &table->sessions[index];

	if (session->expires_us <= table->expire_now_us)
		table->expire(table->expire_context, index);
	if (session->seal != ENTRY_UNSEALED && wheel_due(table->wheel, index) == UINT64_MAX)
		wheel_schedule(table->wheel, index, session->expires_us);
}

bool session_expire(struct session_table *table, uint64_t now_us, uint32_t limit,
                    void (*expire)(void *context, uint32_t index), void *context)
{
	table->expire = expire;
	table->expire_context = context;
	table->expire_now_us = now_us;
	return wheel_advance(table->wheel, now_us, limit, session_due, table);
}

uint32_t session_next(const struct session_table *table, uint32_t *cursor, uint32_t limit)
{
	uint32_t index = *cursor;

	while (index < table->unused && limit--) {
		index++;
		if (table->sessions[index].seal != ENTRY_UNSEALED) {
			*cursor = index;
			return index;
		}
	}
	*cursor = index < table->unused ? index : 0;
	return 0;
}

uint32_t session_count(const struct session_table *table, enum l4_proto proto)
{
	return table->count[proto];
}

uint32_t session_capacity(const struct session_table *table)
{
	return table->capacity;
}

size_t session_memory(const struct session_table *table)
{
	return sizeof(*table) + ((size_t)table->capacity + 1) * sizeof(*table->sessions) +
	       (size_t)table->buckets * sizeof(*table->heads) + wheel_memory(table->wheel);
}

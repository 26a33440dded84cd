#include "translator/fragment.h"

#include "translator/checksum.h"
#include "translator/table_memory.h"

#include <stdlib.h>
#include <string.h>

#define BUFFER_BYTES   2048
#define SOURCE_BUCKETS 1024
#define SOURCE_SHARE   8 /* one source may use 1/8 of the store */

struct range {
	uint16_t start, end; /* bytes of the datagram: start <= x < end */
};

struct fragment_key {
	uint8_t bytes[44]; /* version, protocol (IPv4), identification, source, destination */
};

struct datagram {
	struct fragment_key key;
	struct fragment_view view;
	uint64_t deadline_us;
	uint32_t hash_next; /* also links free datagrams */
	uint32_t older, newer;
	uint32_t first_piece; /* buffer of the held piece with the lowest offset, 0 = none */
	uint32_t held_pieces;
	uint32_t received; /* bytes seen */
	uint16_t source;   /* bucket */
	uint16_t range_count;
	struct range ranges[FRAGMENT_PIECES_MAX];
};

/* A held piece is a chain of buffers; the first one describes it. */
struct buffer {
	uint32_t next_buffer; /* of the same piece; links free buffers too */
	uint32_t next_piece;
	uint32_t offset, len;
	uint8_t data[BUFFER_BYTES];
};

struct source_use {
	uint32_t datagrams, buffers;
};

struct fragment_store {
	struct datagram *datagrams;
	struct buffer *buffers;
	uint32_t *heads;
	uint32_t max, bucket_count, share;
	uint32_t datagrams_unused, datagrams_free, datagrams_used, datagrams_waiting;
	uint32_t buffers_unused, buffers_free, buffers_used;
	uint32_t oldest, newest;
	uint64_t timeout_us;
	struct hash_key key;
	struct source_use sources[SOURCE_BUCKETS];
};

struct fragment_store *fragment_store_new(uint32_t max_fragments, uint64_t timeout_us,
                                          const struct hash_key *key)
{
	struct fragment_store *store = calloc(1, sizeof(*store));

	if (!store)
		return NULL;
	store->max = max_fragments;
	store->share = max_fragments / SOURCE_SHARE ? max_fragments / SOURCE_SHARE : 1;
	store->timeout_us = timeout_us;
	store->key = *key;
	store->bucket_count = table_memory_buckets(max_fragments);
	store->datagrams = table_memory_new((size_t)max_fragments + 1, sizeof(*store->datagrams));
	store->buffers = table_memory_new((size_t)max_fragments + 1, sizeof(*store->buffers));
	store->heads = table_memory_new(store->bucket_count, sizeof(*store->heads));
	if (store->datagrams && store->buffers && store->heads)
		return store;
	fragment_store_free(store);
	return NULL;
}

void fragment_store_free(struct fragment_store *store)
{
	if (!store)
		return;
	table_memory_free(store->datagrams, (size_t)store->max + 1, sizeof(*store->datagrams));
	table_memory_free(store->buffers, (size_t)store->max + 1, sizeof(*store->buffers));
	table_memory_free(store->heads, store->bucket_count, sizeof(*store->heads));
	free(store);
}

static struct fragment_key key_of(const struct packet *p)
{
	struct fragment_key key = { .bytes = { p->version } };

	memcpy(key.bytes + 4, &p->fragment_id, 4);
	if (p->version == 4) {
		key.bytes[1] = p->proto;
		memcpy(key.bytes + 8, &p->src4, 4);
		memcpy(key.bytes + 12, &p->dst4, 4);
	} else {
		memcpy(key.bytes + 8, &p->src6, 16);
		memcpy(key.bytes + 24, &p->dst6, 16);
	}
	return key;
}

/* The bucket that answers for a source: an IPv4 address or an IPv6 /64. */
static uint16_t source_of(const struct fragment_store *store, const struct fragment_key *key)
{
	return (uint16_t)(hash_bytes(&store->key, key->bytes + 8, key->bytes[0] == 4 ? 4 : 8) %
	                  SOURCE_BUCKETS);
}

static uint32_t *head_of(const struct fragment_store *store, const struct fragment_key *key)
{
	return &store->heads[hash_bytes(&store->key, key, sizeof(*key)) &
	                     (store->bucket_count - 1)];
}

static uint32_t find(const struct fragment_store *store, const struct fragment_key *key)
{
	uint32_t index = *head_of(store, key);

	while (index && memcmp(&store->datagrams[index].key, key, sizeof(*key)) != 0)
		index = store->datagrams[index].hash_next;
	return index;
}

static uint32_t take_datagram(struct fragment_store *store)
{
	uint32_t index = store->datagrams_free;

	if (index)
		store->datagrams_free = store->datagrams[index].hash_next;
	else
		index = ++store->datagrams_unused;
	store->datagrams_used++;
	return index;
}

/* Begin a datagram if the bounds allow it; 0 when they do not. */
static uint32_t begin(struct fragment_store *store, const struct fragment_key *key, bool is_first,
                      uint64_t now_us)
{
	uint16_t source = source_of(store, key);
	uint32_t *head = head_of(store, key), index;
	struct datagram *datagram;

	if (store->datagrams_used == store->max || store->sources[source].datagrams >= store->share)
		return 0;
	if (!is_first && store->datagrams_waiting >= store->max - store->max / 4)
		return 0;
	index = take_datagram(store);
	datagram = &store->datagrams[index];
	memset(datagram, 0, offsetof(struct datagram, ranges));
	datagram->key = *key;
	datagram->deadline_us = now_us + store->timeout_us;
	datagram->source = source;
	datagram->hash_next = *head;
	*head = index;
	datagram->older = store->newest;
	if (store->newest)
		store->datagrams[store->newest].newer = index;
	else
		store->oldest = index;
	store->newest = index;
	store->sources[source].datagrams++;
	store->datagrams_waiting++;
	return index;
}

static void free_piece(struct fragment_store *store, struct datagram *datagram)
{
	uint32_t index = datagram->first_piece, next;

	datagram->first_piece = store->buffers[index].next_piece;
	datagram->held_pieces--;
	for (; index; index = next) {
		next = store->buffers[index].next_buffer;
		store->buffers[index].next_buffer = store->buffers_free;
		store->buffers_free = index;
		store->buffers_used--;
		store->sources[datagram->source].buffers--;
	}
}

static void free_pieces(struct fragment_store *store, struct datagram *datagram)
{
	while (datagram->first_piece)
		free_piece(store, datagram);
}

static void leave_waiting(struct fragment_store *store, struct datagram *datagram,
                          enum fragment_state state)
{
	if (datagram->view.state == FRAGMENT_WAITING)
		store->datagrams_waiting--;
	datagram->view.state = state;
}

/* Enter the piece into what is known. Overlaps and contradictions are for the caller to punish. */
static enum verdict note_range(struct datagram *datagram, const struct packet *p)
{
	struct fragment_view *view = &datagram->view;
	uint32_t start = p->fragment_offset, end = start + p->l4_len;
	unsigned i;

	for (i = 0; i < datagram->range_count; i++) {
		const struct range *range = &datagram->ranges[i];

		if (range->start == start && range->end == end)
			return VERDICT_FRAGMENT_DUPLICATE;
		if (start < range->end && range->start < end)
			return VERDICT_FRAGMENT_OVERLAP;
		if (!p->more && range->end > end)
			return VERDICT_FRAGMENT_OVERLAP;
	}
	if (view->total_len && (!p->more || end > view->total_len))
		return VERDICT_FRAGMENT_OVERLAP;
	if (datagram->range_count == FRAGMENT_PIECES_MAX)
		return VERDICT_FRAGMENT_LIMIT;
	datagram->ranges[datagram->range_count++] = (struct range){ (uint16_t)start,
		                                                    (uint16_t)end };
	datagram->received += p->l4_len;
	view->seen_first |= start == 0;
	view->ecn_ce |= (p->tos & 3) == 3;
	view->ecn_not_ect |= (p->tos & 3) == 0;
	if (!p->more)
		view->total_len = end;
	view->complete = view->total_len && datagram->received == view->total_len;
	return view->total_len && datagram->received > view->total_len ? VERDICT_FRAGMENT_OVERLAP
	                                                               : VERDICT_OK;
}

enum verdict fragment_arrive(struct fragment_store *store, const struct packet *p, uint64_t now_us,
                             uint32_t *datagram_out)
{
	struct fragment_key key = key_of(p);
	uint32_t index = find(store, &key);
	struct datagram *datagram;
	enum verdict verdict;

	if (index && store->datagrams[index].deadline_us <= now_us) {
		fragment_drop(store, index);
		index = 0;
	}
	if (!index)
		index = begin(store, &key, p->fragment_offset == 0, now_us);
	if (!index)
		return VERDICT_FRAGMENT_LIMIT;
	datagram = &store->datagrams[index];
	if (datagram->view.state == FRAGMENT_REFUSED)
		return datagram->view.refusal;
	verdict = note_range(datagram, p);
	if (verdict == VERDICT_FRAGMENT_OVERLAP)
		fragment_refuse(store, index, verdict);
	if (verdict == VERDICT_OK)
		*datagram_out = index;
	return verdict;
}

struct fragment_view fragment_look(const struct fragment_store *store, uint32_t datagram)
{
	return store->datagrams[datagram].view;
}

static uint32_t take_buffer(struct fragment_store *store, uint16_t source)
{
	uint32_t index = store->buffers_free;

	if (index)
		store->buffers_free = store->buffers[index].next_buffer;
	else
		index = ++store->buffers_unused;
	store->buffers_used++;
	store->sources[source].buffers++;
	return index;
}

/* Copy the packet into a chain of buffers; there are enough. */
static uint32_t fill_buffers(struct fragment_store *store, uint16_t source, const struct packet *p)
{
	uint32_t first = 0, *link = &first, at, piece;

	for (at = 0; at < p->len; at += piece) {
		struct buffer *buffer;

		*link = take_buffer(store, source);
		buffer = &store->buffers[*link];
		piece = p->len - at < BUFFER_BYTES ? p->len - at : BUFFER_BYTES;
		memcpy(buffer->data, p->data + at, piece);
		buffer->next_buffer = 0;
		link = &buffer->next_buffer;
	}
	store->buffers[first].len = p->len;
	store->buffers[first].offset = p->fragment_offset;
	return first;
}

enum verdict fragment_hold(struct fragment_store *store, uint32_t index, const struct packet *p)
{
	struct datagram *datagram = &store->datagrams[index];
	uint32_t wanted = (p->len + BUFFER_BYTES - 1) / BUFFER_BYTES, piece, *link;

	if (wanted > store->max - store->buffers_used ||
	    store->sources[datagram->source].buffers + wanted > store->share) {
		fragment_refuse(store, index, VERDICT_FRAGMENT_LIMIT);
		return VERDICT_FRAGMENT_LIMIT;
	}
	piece = fill_buffers(store, datagram->source, p);
	datagram->view.payload_sum = checksum_add(datagram->view.payload_sum,
	                                          p->data + p->l4_offset, p->l4_len);
	datagram->held_pieces++;
	link = &datagram->first_piece;
	while (*link && store->buffers[*link].offset < p->fragment_offset)
		link = &store->buffers[*link].next_piece;
	store->buffers[piece].next_piece = *link;
	*link = piece;
	return VERDICT_FRAGMENT_STORED;
}

void fragment_resolve(struct fragment_store *store, uint32_t index,
                      const union fragment_mapping *mapping)
{
	leave_waiting(store, &store->datagrams[index], FRAGMENT_RESOLVED);
	store->datagrams[index].view.mapping = *mapping;
}

void fragment_refuse(struct fragment_store *store, uint32_t index, enum verdict refusal)
{
	struct datagram *datagram = &store->datagrams[index];

	leave_waiting(store, datagram, FRAGMENT_REFUSED);
	datagram->view.refusal = refusal;
	free_pieces(store, datagram);
}

uint32_t fragment_take(struct fragment_store *store, uint32_t index, uint8_t *buf)
{
	struct datagram *datagram = &store->datagrams[index];
	uint32_t at = 0, len, piece, buffer;

	if (!datagram->first_piece)
		return 0;
	len = store->buffers[datagram->first_piece].len;
	for (buffer = datagram->first_piece; buffer; buffer = store->buffers[buffer].next_buffer) {
		piece = len - at < BUFFER_BYTES ? len - at : BUFFER_BYTES;
		memcpy(buf + at, store->buffers[buffer].data, piece);
		at += piece;
	}
	free_piece(store, datagram);
	return len;
}

void fragment_drop(struct fragment_store *store, uint32_t index)
{
	struct datagram *datagram = &store->datagrams[index];
	uint32_t *link = head_of(store, &datagram->key);

	free_pieces(store, datagram);
	leave_waiting(store, datagram, FRAGMENT_REFUSED);
	while (*link != index)
		link = &store->datagrams[*link].hash_next;
	*link = datagram->hash_next;
	if (datagram->older)
		store->datagrams[datagram->older].newer = datagram->newer;
	else
		store->oldest = datagram->newer;
	if (datagram->newer)
		store->datagrams[datagram->newer].older = datagram->older;
	else
		store->newest = datagram->older;
	store->sources[datagram->source].datagrams--;
	store->datagrams_used--;
	datagram->hash_next = store->datagrams_free;
	store->datagrams_free = index;
}

uint32_t fragment_expire(struct fragment_store *store, uint64_t now_us, uint32_t limit)
{
	uint32_t lost = 0;

	while (store->oldest && limit-- && store->datagrams[store->oldest].deadline_us <= now_us) {
		lost += store->datagrams[store->oldest].held_pieces;
		fragment_drop(store, store->oldest);
	}
	return lost;
}

uint32_t fragment_held(const struct fragment_store *store)
{
	return store->buffers_used;
}

size_t fragment_memory(const struct fragment_store *store)
{
	return sizeof(*store) +
	       ((size_t)store->max + 1) * (sizeof(*store->datagrams) + sizeof(*store->buffers)) +
	       (size_t)store->bucket_count * sizeof(*store->heads);
}

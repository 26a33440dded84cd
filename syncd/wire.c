#include "syncd/wire.h"

#include "syncd/record.h"

#include <string.h>

#define VERSION_CHARS 64
#define LENGTH_TYPE   2 /* protobuf's wire type of strings and messages */

/* An empty message of two bytes becomes a structure and a pointer to it: so much larger may the
 * unpacked payload be. */
#define ARENA_FACTOR 128
#define ARENA_EXTRA  65536

/* ---- making ---- */

static size_t put_varint(uint8_t *at, uint64_t value)
{
	size_t len = 0;

	for (; value > 127; value >>= 7)
		at[len++] = (uint8_t)(value | 128);
	at[len++] = (uint8_t)value;
	return len;
}

/* Room for a part of `size` bytes: its field number and length are written, *len of them. */
static bool put_head(struct wire_out *out, uint32_t field, size_t size)
{
	if (size + WIRE_OVERHEAD > out->max - out->len)
		return false;
	out->len += put_varint(out->at + out->len, field << 3 | LENGTH_TYPE);
	out->len += put_varint(out->at + out->len, size);
	return true;
}

bool wire_put(struct wire_out *out, uint32_t field, const ProtobufCMessage *part)
{
	if (!put_head(out, field, protobuf_c_message_get_packed_size(part)))
		return false;
	out->len += protobuf_c_message_pack(part, out->at + out->len);
	return true;
}

bool wire_put_session(struct wire_out *out, const struct replica_session *session, uint8_t sender,
                      uint64_t now_us)
{
	SaNat64__Session__Session message;

	record_write_session(session, sender, now_us, &message);
	return wire_put(out, 1, &message.base);
}

bool wire_put_gone(struct wire_out *out, const struct replica_gone *gone, uint8_t sender)
{
	SaNat64__Session__Gone message;

	record_write_gone(gone, sender, &message);
	return wire_put(out, 2, &message.base);
}

size_t wire_arena_size(size_t payload_max)
{
	return payload_max * ARENA_FACTOR + ARENA_EXTRA;
}

/* ---- reading ---- */

static bool hello_is_valid(const SaNat64__Sync__Hello *m)
{
	if (m->challenge.len != WIRE_CHALLENGE_LEN || (uint32_t)m->state > REPLICA_ALONE ||
	    strlen(m->version) > VERSION_CHARS)
		return false;
	for (size_t i = 0; i < m->n_echoes; i++)
		if (m->echoes[i]->node >= REPLICA_NODES ||
		    m->echoes[i]->challenge.len != WIRE_CHALLENGE_LEN)
			return false;
	return true;
}

static bool heartbeat_is_valid(const SaNat64__Sync__Heartbeat *m)
{
	if ((uint32_t)m->state > REPLICA_ALONE || m->set_owner >= REPLICA_NODES ||
	    m->n_digests > WIRE_DIGESTS_MAX || m->first_bucket > 1024 - m->n_digests)
		return false;
	for (size_t i = 0; i < m->n_seen; i++)
		if (m->seen[i]->node >= REPLICA_NODES ||
		    m->seen[i]->epoch.len != REPLICA_EPOCH_LEN || m->seen[i]->loss_permille > 1000)
			return false;
	return true;
}

static bool ranges_are_valid(const uint64_t *first, size_t n_first, const uint64_t *last,
                             size_t n_last)
{
	if (n_first != n_last || n_first > WIRE_RANGES_MAX)
		return false;
	for (size_t i = 0; i < n_first; i++)
		if (first[i] == 0 || first[i] > last[i])
			return false;
	return true;
}

static bool nacks_are_valid(const wire_payload *p)
{
	for (size_t i = 0; i < p->n_nacks; i++) {
		const SaNat64__Sync__Nack *m = p->nacks[i];

		if (m->node >= REPLICA_NODES || m->epoch.len != REPLICA_EPOCH_LEN ||
		    !ranges_are_valid(m->first, m->n_first, m->last, m->n_last))
			return false;
	}
	return true;
}

static bool answers_are_valid(const wire_payload *p)
{
	const SaNat64__Sync__NackMiss *miss = p->nack_miss;
	const SaNat64__Sync__NackDone *done = p->nack_done;

	if (miss && (miss->node >= REPLICA_NODES ||
	             !ranges_are_valid(miss->first, miss->n_first, miss->last, miss->n_last)))
		return false;
	return !done || (done->node < REPLICA_NODES &&
	                 ranges_are_valid(done->first, done->n_first, done->last, done->n_last));
}

static bool bucket_request_is_valid(const SaNat64__Sync__BucketRequest *m)
{
	if (m->node >= REPLICA_NODES || m->set_owner >= REPLICA_NODES ||
	    m->n_buckets > WIRE_BUCKETS_MAX)
		return false;
	for (size_t i = 0; i < m->n_buckets; i++)
		if (m->buckets[i] >= 1024)
			return false;
	return true;
}

static bool hashes_are_valid(const uint64_t *hashes, size_t count)
{
	if (count > WIRE_HASHES_MAX)
		return false;
	for (size_t i = 1; i < count; i++)
		if (hashes[i] < hashes[i - 1])
			return false;
	return true;
}

static bool listing_is_valid(const SaNat64__Sync__Listing *m)
{
	return m->set_owner < REPLICA_NODES && m->bucket < 1024 && m->first <= m->last &&
	       hashes_are_valid(m->hashes, m->n_hashes) &&
	       (m->n_hashes == 0 ||
	        (m->hashes[0] >= m->first && m->hashes[m->n_hashes - 1] <= m->last));
}

static bool want_is_valid(const SaNat64__Sync__Want *m)
{
	return m->node < REPLICA_NODES && m->set_owner < REPLICA_NODES && m->bucket < 1024 &&
	       hashes_are_valid(m->hashes, m->n_hashes);
}

static bool controls_are_valid(const wire_payload *p)
{
	return (!p->hello || hello_is_valid(p->hello)) &&
	       (!p->heartbeat || heartbeat_is_valid(p->heartbeat)) && nacks_are_valid(p) &&
	       answers_are_valid(p) &&
	       (!p->snapshot_request || p->snapshot_request->node < REPLICA_NODES) &&
	       (!p->snapshot_end || p->snapshot_end->node < REPLICA_NODES) &&
	       (!p->bucket_request || bucket_request_is_valid(p->bucket_request)) &&
	       (!p->listing || listing_is_valid(p->listing)) &&
	       (!p->want || want_is_valid(p->want));
}

/* The records of the message, whose room is in the arena as well. */
static bool read_records(struct arena *arena, const wire_payload *message, uint8_t sender,
                         uint64_t now_us, struct wire_records *out)
{
	ProtobufCAllocator *allocator = arena_allocator(arena);

	out->n_sessions = message->n_sessions;
	out->n_gone = message->n_gone;
	out->sessions = allocator->alloc(allocator->allocator_data,
	                                 message->n_sessions * sizeof(*out->sessions));
	out->gone = allocator->alloc(allocator->allocator_data,
	                             message->n_gone * sizeof(*out->gone));
	if (!out->sessions || !out->gone)
		return false;
	for (size_t i = 0; i < message->n_sessions; i++)
		if (!record_read_session(message->sessions[i], sender, now_us, &out->sessions[i]))
			return false;
	for (size_t i = 0; i < message->n_gone; i++)
		if (!record_read_gone(message->gone[i], sender, &out->gone[i]))
			return false;
	return true;
}

const wire_payload *wire_read(struct arena *arena, const uint8_t *payload, size_t len,
                              uint8_t sender, uint64_t now_us, struct wire_records *records)
{
	const wire_payload *message;

	arena_clear(arena);
	message = sa_nat64__sync__payload__unpack(arena_allocator(arena), len, payload);
	if (!message || !controls_are_valid(message) ||
	    !read_records(arena, message, sender, now_us, records))
		return NULL;
	return message;
}

/* What peers would refuse must not come from here. */
static bool key_is_valid(const struct replica_key *key)
{
	return key->proto < REPLICA_PROTOS && key->pool4 != 0 && key->remote != 0 &&
	       (key->proto == REPLICA_ICMP ? key->remote_port == 0 : key->pool4_port != 0);
}

bool wire_session_is_valid(const struct replica_session *session)
{
	uint8_t states = session->key.proto == REPLICA_TCP ? RECORD_TCP_STATE_MAX : 0;

	return key_is_valid(&session->key) && session->state <= states && session->version != 0 &&
	       session->pool6 < RECORD_POOL6_MAX && session->owner < REPLICA_NODES;
}

bool wire_gone_is_valid(const struct replica_gone *gone)
{
	return key_is_valid(&gone->key) && gone->version != 0 && gone->owner < REPLICA_NODES;
}

/* Digests, listings and what they lead to: proto/SYNC.md, section 6. */
#include "syncd/replica_parts.h"

#include <stdlib.h>

#define LISTING_EXTRA 64 /* bytes of a listing or a Want without its hashes */
#define WANT_US       UINT64_C(1000000)

static bool bit_is(const uint64_t *bits, uint32_t i)
{
	return bits[i / 64] >> (i % 64) & 1;
}

static void bit_put(uint64_t *bits, uint32_t i, uint64_t value)
{
	bits[i / 64] = (bits[i / 64] & ~(UINT64_C(1) << (i % 64))) | value << (i % 64);
}

static uint32_t hashes_that_fit(const struct replica *replica)
{
	size_t fit = (replica->config.payload_max - LISTING_EXTRA) / sizeof(uint64_t);

	return fit < HASHES_MAX ? (uint32_t)fit : HASHES_MAX;
}

/* ---- sending digests ---- */

/* Whether this node is the lowest in sync, which speaks for those who are absent. */
static bool is_deputy(const struct replica *replica)
{
	for (unsigned node = 0; node < replica->config.node; node++)
		if (replica_is_other(replica, node) && peer_is_heard(&replica->peers[node]) &&
		    peer_is_whole(&replica->peers[node]))
			return false;
	return true;
}

/* Whose digests come next: this node's and those of the absent in turn. */
static uint8_t next_owner(const struct replica *replica)
{
	bool deputy = is_deputy(replica);

	for (unsigned i = 1; i <= REPLICA_NODES; i++) {
		unsigned node = (replica->digests.turn + i) % REPLICA_NODES;

		if (node == replica->config.node || (deputy && replica_is_absent(replica, node)))
			return (uint8_t)node;
	}
	return replica->config.node;
}

void digest_fill(struct replica *replica, SaNat64__Sync__Heartbeat *beat, uint64_t *digests)
{
	uint32_t count = WIRE_DIGESTS_MAX;
	uint8_t owner;
	uint32_t first;

	if (!replica_is_whole(replica))
		return;
	while (count * 2 * sizeof(uint64_t) > replica->config.payload_max)
		count /= 2;
	owner = next_owner(replica);
	first = replica->digests.next_bucket[owner];
	for (uint32_t i = 0; i < count; i++)
		digests[i] = mirror_digest(replica->mirror, owner, first + i);
	replica->digests.turn = owner;
	replica->digests.next_bucket[owner] = (first + count) % MIRROR_BUCKETS;
	beat->set_owner = owner;
	beat->first_bucket = first;
	beat->digests = digests;
	beat->n_digests = count;
}

/* ---- comparing ---- */

/* Whether what a node says of an owner's set is worth comparing: everything it sent is here, and
 * it is the owner or speaks for one who is away. */
static bool is_comparable(const struct replica *replica, uint8_t node, uint32_t owner)
{
	const struct peer *speaker = &replica->peers[node];

	if (!replica_is_whole(replica) || !peer_is_whole(speaker))
		return false;
	return owner == node || replica_is_absent(replica, owner);
}

void digest_compare(struct replica *replica, uint8_t node, const SaNat64__Sync__Heartbeat *beat)
{
	struct digests *digests = &replica->digests;
	const uint8_t owner = (uint8_t)beat->set_owner;

	if (!is_comparable(replica, node, owner) || replica->peers[node].window.missing)
		return;
	if (digests->ask[node].owner != owner)
		digests->ask[node].count = 0;
	digests->ask[node].owner = owner;
	for (uint32_t i = 0; i < beat->n_digests; i++) {
		uint32_t bucket = beat->first_bucket + i;
		bool differs = mirror_digest(replica->mirror, owner, bucket) != beat->digests[i];

		if (differs && bit_is(digests->differs[owner], bucket) &&
		    digests->ask[node].count < WIRE_BUCKETS_MAX)
			digests->ask[node].buckets[digests->ask[node].count++] = bucket;
		bit_put(digests->differs[owner], bucket, differs);
	}
}

bool digest_has_requests(const struct replica *replica)
{
	for (unsigned node = 0; node < REPLICA_NODES; node++)
		if (replica->digests.ask[node].count)
			return true;
	return replica->digests.want_count > 0;
}

bool digest_put_request(struct replica *replica, struct wire_out *out)
{
	SaNat64__Sync__BucketRequest request;
	unsigned node = 0;

	while (node < REPLICA_NODES && !replica->digests.ask[node].count)
		node++;
	if (node == REPLICA_NODES)
		return false;
	sa_nat64__sync__bucket_request__init(&request);
	request.node = node;
	request.set_owner = replica->digests.ask[node].owner;
	request.n_buckets = replica->digests.ask[node].count;
	request.buckets = replica->digests.ask[node].buckets;
	if (!wire_put(out, 9, &request.base))
		return false;
	replica->digests.ask[node].count = 0;
	return true;
}

/* ---- listing ---- */

void digest_asked(struct replica *replica, const SaNat64__Sync__BucketRequest *request)
{
	struct digests *digests = &replica->digests;
	uint64_t *bits = digests->to_list[request->set_owner];

	if (request->node != replica->config.node || !replica_is_whole(replica))
		return;
	for (size_t i = 0; i < request->n_buckets; i++) {
		if (bit_is(bits, request->buckets[i]))
			continue;
		bit_put(bits, request->buckets[i], 1);
		digests->to_list_count++;
	}
}

bool digest_has_listings(const struct replica *replica)
{
	return replica->digests.to_list_count > 0;
}

/* Stay at the listing in work, or go on to the next one that was asked for. */
static void find_listing(struct digests *digests)
{
	while (!bit_is(digests->to_list[digests->list_owner], digests->list_bucket)) {
		digests->list_from = 0;
		digests->list_bucket = (digests->list_bucket + 1) % MIRROR_BUCKETS;
		if (digests->list_bucket == 0)
			digests->list_owner = (uint8_t)((digests->list_owner + 1) % REPLICA_NODES);
	}
}

static void finish_listing(struct digests *digests)
{
	bit_put(digests->to_list[digests->list_owner], digests->list_bucket, 0);
	digests->to_list_count--;
	digests->list_from = 0;
}

static uint64_t entry_mark(const struct replica *replica, const struct mirror_entry *entry)
{
	struct replica_key key;

	mirror_key(entry, &key);
	return mirror_mark(mirror_hash(replica->mirror, &key), entry->owner, entry->version);
}

/* The lowest hashes of a bucket from `from` on, ascending, at most max; whether these are all. */
static bool lowest(const struct replica *replica, const struct mirror_list *bucket, uint64_t from,
                   uint64_t *hashes, uint32_t max, uint32_t *count)
{
	bool all = true;

	*count = 0;
	for (uint32_t index = bucket->head; index;) {
		const struct mirror_entry *entry = mirror_at(replica->mirror, index);
		uint64_t hash = entry_mark(replica, entry);
		uint32_t at = *count;

		index = entry->link[MIRROR_IN_BUCKET].next;
		if (hash < from)
			continue;
		if (at == max) {
			all = false;
			if (hash > hashes[--at])
				continue;
		} else {
			(*count)++;
		}
		for (; at > 0 && hashes[at - 1] > hash; at--)
			hashes[at] = hashes[at - 1];
		hashes[at] = hash;
	}
	return all;
}

bool digest_put_listing(struct replica *replica, struct wire_out *out)
{
	struct digests *digests = &replica->digests;
	uint64_t hashes[HASHES_MAX];
	SaNat64__Sync__Listing listing;
	uint32_t count;
	bool all;

	if (!digests->to_list_count)
		return false;
	find_listing(digests);
	all = lowest(replica,
	             mirror_bucket(replica->mirror, digests->list_owner, digests->list_bucket),
	             digests->list_from, hashes, hashes_that_fit(replica), &count);
	sa_nat64__sync__listing__init(&listing);
	listing.set_owner = digests->list_owner;
	listing.bucket = digests->list_bucket;
	listing.first = digests->list_from;
	listing.last = all ? UINT64_MAX : hashes[count - 1];
	listing.n_hashes = count;
	listing.hashes = hashes;
	if (!wire_put(out, 10, &listing.base))
		return false;
	if (listing.last == UINT64_MAX)
		finish_listing(digests);
	else
		digests->list_from = listing.last + 1;
	return true;
}

/* ---- what a listing leads to ---- */

static int compare_hash(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Where a hash stands among others; -1: nowhere. */
static int position(uint64_t hash, const uint64_t *hashes, size_t count)
{
	const uint64_t *found = NULL;

	if (count)
		found = bsearch(&hash, hashes, count, sizeof(hash), compare_hash);
	return found ? (int)(found - hashes) : -1;
}

/* An entry here that the listing lacks. */
static void unlisted(struct replica *replica, uint8_t node, uint64_t seq, uint32_t index,
                     uint64_t now_us)
{
	const struct mirror_entry *entry = mirror_at(replica->mirror, index);

	if (entry->owner != node) {
		sendq_repair(&replica->sendq, index);
		return;
	}
	if (peer_told_later(&replica->peers[node], entry->heard, seq))
		return;
	merge_doubt(replica, index, now_us);
	apply_add(replica, index);
}

static void want(struct replica *replica, uint8_t node, const SaNat64__Sync__Listing *listing,
                 const uint8_t *held)
{
	struct digests *digests = &replica->digests;
	uint32_t max = hashes_that_fit(replica);
	struct want *want;

	if (digests->want_count == WANTS)
		return;
	want = &digests->wants[(digests->want_first + digests->want_count) % WANTS];
	want->node = node;
	want->owner = (uint8_t)listing->set_owner;
	want->bucket = listing->bucket;
	want->count = 0;
	for (size_t i = 0; i < listing->n_hashes && want->count < max; i++)
		if (!held[i])
			want->hashes[want->count++] = listing->hashes[i];
	if (want->count)
		digests->want_count++;
}

void digest_listing(struct replica *replica, uint8_t node, uint64_t seq,
                    const SaNat64__Sync__Listing *listing, uint64_t now_us)
{
	const uint8_t owner = (uint8_t)listing->set_owner;
	const struct mirror_list *bucket = mirror_bucket(replica->mirror, owner, listing->bucket);
	uint8_t held[WIRE_HASHES_MAX] = { 0 };

	if (!is_comparable(replica, node, owner))
		return;
	for (uint32_t index = bucket->head, next; index; index = next) {
		const struct mirror_entry *entry = mirror_at(replica->mirror, index);
		uint64_t hash = entry_mark(replica, entry);
		int found;

		next = entry->link[MIRROR_IN_BUCKET].next;
		if (hash < listing->first || hash > listing->last)
			continue;
		found = position(hash, listing->hashes, listing->n_hashes);
		if (found >= 0)
			held[found] = 1;
		else
			unlisted(replica, node, seq, index, now_us);
	}
	want(replica, node, listing, held);
}

bool digest_put_want(struct replica *replica, struct wire_out *out, uint64_t now_us)
{
	struct digests *digests = &replica->digests;
	struct want *want = &digests->wants[digests->want_first];
	SaNat64__Sync__Want message;

	if (!digests->want_count)
		return false;
	sa_nat64__sync__want__init(&message);
	message.node = want->node;
	message.set_owner = want->owner;
	message.bucket = want->bucket;
	message.n_hashes = want->count;
	message.hashes = want->hashes;
	if (!wire_put(out, 11, &message.base))
		return false;
	replica->peers[want->node].want_us = now_us + WANT_US;
	digests->want_first = (digests->want_first + 1) % WANTS;
	digests->want_count--;
	return true;
}

void digest_wanted(struct replica *replica, const SaNat64__Sync__Want *want)
{
	const struct mirror_list *bucket;

	if (want->node != replica->config.node)
		return;
	bucket = mirror_bucket(replica->mirror, (uint8_t)want->set_owner, want->bucket);
	for (uint32_t index = bucket->head; index;) {
		const struct mirror_entry *entry = mirror_at(replica->mirror, index);
		uint64_t hash = entry_mark(replica, entry);

		if (position(hash, want->hashes, want->n_hashes) >= 0) {
			sendq_repair(&replica->sendq, index);
			replica->stats.resent_sessions++;
		}
		index = entry->link[MIRROR_IN_BUCKET].next;
	}
}

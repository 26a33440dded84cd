/* Every session of an instance, whoever owns it, and what is known to be gone: the memory of a
 * replica.
 *
 * One flat array addressed by index (0 is never used), a hash table over the identity, and for each
 * owner 1,024 buckets with a list and a digest: the exclusive or of the marks of what is in it. A
 * session that is gone stays as a tombstone, in no bucket but in a queue by age, so that an older
 * record cannot revive it. Records of one identity are ranked; the highest wins everywhere, in
 * whatever order they come.
 *
 * Nothing is allocated after mirror_new(); pages are touched when a slot is first used. When all
 * slots are taken the oldest tombstones go first. Source: proto/SYNC.md, sections 1, 2 and 6.
 */
#ifndef SA_NAT64_SYNCD_MIRROR_H
#define SA_NAT64_SYNCD_MIRROR_H

#include "syncd/replica.h"

#define MIRROR_BUCKETS 1024
#define MIRROR_KEY_LEN 16
#define MIRROR_TOMB_US UINT64_C(60000000) /* how long what is gone is remembered */
#define MIRROR_LINGER_US                                                        \
	UINT64_C(10000000) /* after its end, for the translator to say so first \
	                    */

struct mirror;

/* Lists that an entry can be in, each at most once. */
enum mirror_link { MIRROR_IN_BUCKET, MIRROR_IN_SEND, MIRROR_IN_APPLY, MIRROR_LINKS };

struct mirror_list {
	uint32_t head, tail, count;
};

enum mirror_flag {
	MIRROR_USED = 1 << 0,
	MIRROR_GONE = 1 << 1,    /* a tombstone */
	MIRROR_DOUBTED = 1 << 2, /* a tombstone by inference: the record itself revives it */
	MIRROR_FORCED = 1 << 3,  /* a tombstone by order of an operator */
	MIRROR_APPLY = 1 << 4,   /* waits for the translator */
	MIRROR_SCAN = 1 << 5,    /* alternates from scan to scan */
};

struct mirror_entry {
	struct in6_addr host;
	uint32_t pool4, remote;
	uint16_t pool4_port, remote_port;
	uint16_t host_port;
	uint8_t proto, state, pool6, owner;
	uint8_t flags; /* enum mirror_flag */
	uint8_t queue; /* enum sendq_class; owned by sendq.c */
	uint32_t version;
	uint32_t end;   /* tick of its expiry, or of its removal when it is gone */
	uint32_t heard; /* when its owner last told of it: mirror_heard() */
	uint32_t chain; /* hash chain; links free entries too */
	struct {
		uint32_t next, prev;
	} link[MIRROR_LINKS];
};

/* What decides between two records of one identity. */
struct mirror_rank {
	uint32_t version;
	uint8_t owner;
	bool gone;
};

/* Room for capacity entries. Digests of equal keys are comparable. NULL when memory ends. */
struct mirror *mirror_new(uint32_t capacity, const uint8_t key[MIRROR_KEY_LEN], uint64_t now_us);
void mirror_free(struct mirror *mirror); /* NULL accepted */

/* Keyed hash of an identity; the functions below want it so that it is computed once. */
uint64_t mirror_hash(const struct mirror *mirror, const struct replica_key *key);

/* Index of the entry, live or gone; 0 when there is none. */
uint32_t mirror_find(const struct mirror *mirror, const struct replica_key *key, uint64_t hash);

struct mirror_entry *mirror_at(const struct mirror *mirror, uint32_t index);
void mirror_key(const struct mirror_entry *entry, struct replica_key *out);

/* A new entry, not present yet: gone, of the lowest rank, until it is placed. 0: no room. */
uint32_t mirror_add(struct mirror *mirror, const struct replica_key *key, uint64_t hash,
                    uint64_t now_us);

/* Give the entry a rank: into the bucket of its owner, or among the tombstones. */
void mirror_place(struct mirror *mirror, uint32_t index, uint64_t hash,
                  const struct mirror_rank *rank, uint64_t now_us);

/* Forget an entry that is in no send queue. */
void mirror_drop(struct mirror *mirror, uint32_t index);

/* Negative, 0 or positive: a is lower than, equal to or higher than b. The higher version, then
 * the lower owner, then gone. */
int mirror_rank_compare(const struct mirror_rank *a, const struct mirror_rank *b);
struct mirror_rank mirror_rank(const struct mirror_entry *entry);

/* Ends in microseconds, kept in steps of 65 ms. */
uint64_t mirror_end_us(const struct mirror *mirror, const struct mirror_entry *entry);
void mirror_set_end(const struct mirror *mirror, struct mirror_entry *entry, uint64_t end_us);

/* What of an owner's bucket goes into a digest: for the entry, and for the whole bucket. */
uint64_t mirror_mark(uint64_t hash, uint8_t owner, uint32_t version);
uint64_t mirror_digest(const struct mirror *mirror, uint8_t owner, uint32_t bucket);
const struct mirror_list *mirror_bucket(const struct mirror *mirror, uint8_t owner,
                                        uint32_t bucket);
uint32_t mirror_bucket_of(uint64_t hash);

/* Lists of entries by one of their links. mirror_append() wants an entry in none of that link. */
void mirror_append(struct mirror *mirror, struct mirror_list *list, enum mirror_link link,
                   uint32_t index);
void mirror_remove(struct mirror *mirror, struct mirror_list *list, enum mirror_link link,
                   uint32_t index);

/* Called before an entry whose time is over is dropped or a tombstone forgotten; false keeps it. */
typedef bool mirror_leave(void *context, uint32_t index);

/* Look at the next `slots` slots for sessions whose end is MIRROR_LINGER_US past, and remove
 * tombstones that are old enough, at most as many. */
void mirror_sweep(struct mirror *mirror, uint32_t slots, uint64_t now_us, mirror_leave *leave,
                  void *context);

uint32_t mirror_slots(const struct mirror *mirror); /* highest index that was ever used */
uint32_t mirror_count(const struct mirror *mirror, uint8_t owner); /* live ones */
uint32_t mirror_total(const struct mirror *mirror);                /* live ones of all */
size_t mirror_memory(const struct mirror *mirror); /* bytes that were ever touched */

#endif

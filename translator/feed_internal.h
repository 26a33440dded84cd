/* What the files of the feed share: feed.c notes changes and lets time pass, feed_message.c writes
 * and reads messages, feed_apply.c enters what peers say. */
#ifndef SA_NAT64_FEED_INTERNAL_H
#define SA_NAT64_FEED_INTERNAL_H

#include "proto/feed.pb-c.h"
#include "translator/core.h"
#include "translator/feed.h"

#define FEED_NOTES    65536 /* ended sessions and refusals that may wait */
#define FEED_BATCH    256   /* records of each kind in one message: it stays below its limit */
#define FEED_NODE_MAX 15

enum feed_note_kind { FEED_GONE, FEED_EXPIRED, FEED_REFUSED };

/* Identity, owner and version of a session, as a record says it. */
struct feed_identity {
	uint32_t pool4, remote, version;
	uint16_t pool4_port, remote_port;
	uint8_t proto; /* enum l4_proto */
	uint8_t owner; /* id + 1 */
};

/* Something to say that has no session any more. */
struct feed_note {
	struct feed_identity identity;
	uint8_t kind;   /* enum feed_note_kind */
	uint8_t reason; /* of a refusal: SaNat64__Feed__Refused__Reason */
};

/* A session of a peer, checked. */
struct feed_record {
	struct feed_identity identity;
	struct in6_addr host;
	uint16_t host_port;
	enum tcp_state state;
	uint8_t pool6;
	uint64_t expires_us;
};

/* A UDP or ICMP session that is to grow old enough to be told. */
struct feed_young {
	uint32_t index;
	uint32_t due_ms; /* low 32 bits */
};

/* Rings: `first` and `next` count up for ever, the place is their remainder. */
struct feed_ring {
	uint32_t first, next, size; /* size: a power of two */
};

enum feed_scan { FEED_SCAN_NONE, FEED_SCAN_WANTED, FEED_SCAN_RUNS };

struct feed {
	uint8_t owner; /* this node as sessions have it: id + 1 */
	uint64_t min_age_us;
	bool is_attached, in_contact, is_counted, is_all_told;

	struct feed_ring dirty_ring, young_ring, note_ring;
	uint32_t *dirty; /* indexes of sessions with SESSION_DIRTY; some may be of deleted ones */
	struct feed_young *young;
	struct feed_note *notes;

	enum feed_scan scan;
	uint32_t scan_cursor;

	uint64_t shortest_us; /* lifetime of the configuration */
	uint32_t refresh_cursor;
	uint64_t refresh_begun_us, refresh_last_us;

	uint32_t version_floor; /* a new session's version is above: so of all that ended */
	uint64_t stats_told_us;
	struct feed_stats stats;

	/* The message that is being written. */
	SaNat64__Session__Session sessions[FEED_BATCH], *session_rows[FEED_BATCH];
	SaNat64__Session__Gone gone[FEED_BATCH], *gone_rows[FEED_BATCH];
	SaNat64__Session__Gone *expired_rows[FEED_BATCH];
	SaNat64__Feed__Refused refused[FEED_BATCH], *refused_rows[FEED_BATCH];
};

static inline uint32_t feed_ring_count(const struct feed_ring *ring)
{
	return ring->next - ring->first;
}

/* The place for one more, or UINT32_MAX when the ring is full. */
static inline uint32_t feed_ring_push(struct feed_ring *ring)
{
	return feed_ring_count(ring) == ring->size ? UINT32_MAX : ring->next++ & (ring->size - 1);
}

/* The place of the first one, which is taken out; the ring is not empty. */
static inline uint32_t feed_ring_pop(struct feed_ring *ring)
{
	return ring->first++ & (ring->size - 1);
}

/* feed.c: put a session into the set of what is to be told. */
void feed_tell(struct translator *t, uint32_t session);

/* Whether a session is of this box's own probes, of which nobody is told. */
bool feed_is_private(const struct translator *t, const struct session *session);

/* feed.c: speak for a session from now on, under a version above `version` and its own. */
void feed_take(struct translator *t, uint32_t session, uint32_t version);

/* feed.c: change who speaks for a session; keeps count of copies. owner: id + 1, 0 nobody. */
void feed_set_owner(struct feed *feed, struct session *session, uint8_t owner);

/* feed.c: say something of a session that has no place in the set. */
void feed_say(struct feed *feed, enum feed_note_kind kind, const struct feed_identity *identity,
              uint8_t reason);

/* feed.c: identity, owner and version of a session that is there. */
struct feed_identity feed_identity_of(const struct translator *t, const struct session *session);

/* feed.c: when copies end that are told the session ends then: the next full second. */
static inline uint32_t feed_seconds(uint64_t us)
{
	return (uint32_t)((us + 999999) / 1000000);
}

/* feed.c: packets of the session were translated here since it was last told of. */
bool feed_is_used(const struct translator *t, uint32_t session);

/* feed_apply.c: a peer's session, or its end. */
void feed_apply_session(struct translator *t, const struct feed_record *record);
void feed_apply_gone(struct translator *t, const struct feed_identity *gone, bool is_forced);

#endif

/* The translator's side of replication (proto/SYNC.md sections 2, 5 and 8): what its sa-nat64-syncd
 * is told of sessions, and what becomes of what it tells.
 *
 * Pure, like the rest of the core: messages go in and come out as bytes, an edge (feed_link.h) has
 * the socket. Translation only notes which sessions changed, in a set of bounded size: each stands
 * in it once, and is told as it is when its turn comes. What finds the set full is counted and
 * healed by a scan, which tells everything there is. Four fields of struct session belong to this
 * module: sync, owner, version, told_s. They live on without it: over reloads, in the state file,
 * and while no syncd is there.
 */
#ifndef SA_NAT64_FEED_H
#define SA_NAT64_FEED_H

#include "translator/translator.h"

#include <protobuf-c/protobuf-c.h>

#define FEED_MESSAGE_MAX 32768 /* bytes of one message, either way */
#define FEED_VERSION     1     /* FeedMessage.version */

struct feed_config {
	uint8_t node;        /* id of this node, 0..15 */
	uint64_t min_age_us; /* sync-min-age */
};

/* Begin replication in a translator of mode nat64; ends with translator_free(). 0 or -ENOMEM. */
int feed_start(struct translator *t, const struct feed_config *config);

/* A syncd is there and was greeted: it is told of changes from now on, and a scan begins. */
void feed_attach(struct translator *t, uint64_t now_us);

/* It is gone. What changes meanwhile is not kept: the next scan tells. */
void feed_detach(struct translator *t);

/* Whether feed_poll() has something to say. */
bool feed_has_output(const struct translator *t);

/* Whether the syncd has told of all that it held when it was greeted. */
bool feed_is_all_told(const struct translator *t);

/* How many changes wait; the more, the sooner they should be taken. */
uint32_t feed_waiting(const struct translator *t);

/* Write the next message to the FEED_MESSAGE_MAX bytes at message. Returns its length; 0 nothing to
 * say now (a long scan may need several calls that look at part of the table and find nothing).
 * What was returned counts as told: when it cannot be sent, detach. */
size_t feed_poll(struct translator *t, uint8_t *message, uint64_t now_us);

/* Take a message of the syncd; its memory comes from allocator. 0, or -EBADMSG: it is none, or of
 * another version; nothing was done then. */
int feed_deliver(struct translator *t, const uint8_t *message, size_t len,
                 ProtobufCAllocator *allocator, uint64_t now_us);

struct feed_stats {
	bool in_contact;  /* every configured peer is */
	uint64_t told;    /* records of sessions and of ended ones */
	uint64_t entered; /* records of peers that changed something here */
	uint64_t stale;   /* that were older than what is here */
	uint64_t refused; /* that could not be entered */
	uint64_t taken;   /* sessions of other nodes that this one speaks for now */
	uint64_t kept;    /* told as gone, but in use here */
	uint64_t conflicts;
	uint64_t overflows;
	uint32_t queue;
	uint64_t copies; /* sessions that other nodes speak for */
};

/* False without replication. */
bool feed_stats(const struct translator *t, struct feed_stats *out);

#endif

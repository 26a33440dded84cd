/* What the parts of a replica share: its state, and what each part does for the others.
 *
 *   replica.c     making, stats, timers           merge.c     merging what is told of a session
 *   receive.c     what a datagram says            transmit.c  what the next datagram says
 *   snapshot.c    asking for and giving everything  digest.c  finding and healing differences
 *   nack.c        asking for numbers, answering   local.c     the translator here
 *
 * Only these files and their tests include this header.
 */
#ifndef SA_NAT64_SYNCD_REPLICA_PARTS_H
#define SA_NAT64_SYNCD_REPLICA_PARTS_H

#include "syncd/mirror.h"
#include "syncd/pace.h"
#include "syncd/peer.h"
#include "syncd/sendq.h"
#include "syncd/sent.h"
#include "syncd/wire.h"

#define REPLICA_HELLO_US     UINT64_C(1000000)
#define REPLICA_HELLO_MIN_US UINT64_C(20000) /* between two of them */
#define REPLICA_BEAT_US      UINT64_C(100000)
#define REPLICA_BEAT_LATE_US                                                                    \
	UINT64_C(50000)                    /* a heartbeat waits so long for news to leave first \
	                                    */
#define REPLICA_GRACE_US UINT64_C(1000000) /* copies live so much longer */

#define NACK_ANSWERS 1024
#define WANTS        32
#define HASHES_MAX   150 /* of one listing or one Want */

/* A NACK that was answered: to be confirmed when what it was about has left the repair queue. */
struct nack_answer {
	uint8_t node;
	bool forgotten; /* nothing was sent again */
	uint64_t first, last;
	uint64_t after; /* sendq.repair_out */
};

struct nacks {
	struct nack_answer answers[NACK_ANSWERS]; /* a ring */
	uint32_t first, count;
};

/* Asking for a snapshot. */
struct join {
	int node; /* who was asked; -1: nobody */
	uint32_t id;
	uint16_t skip;   /* nodes that did not answer */
	uint16_t served; /* nodes that had a snapshot from here */
	uint8_t tries;
	bool resync;    /* asked for by an operator */
	bool end_known; /* the snapshot ends with the number end_seq */
	uint64_t end_seq;
	uint64_t lost_before; /* numbers of that node given up before */
	uint64_t ask_us;      /* when the request is to be sent, again */
	uint64_t progress_us;
	uint64_t alone_us; /* when to be content with nobody */
	bool has_mark;     /* all numbers came; the translator is to be told up to told_mark */
	uint64_t told_mark, told_before;
	uint64_t told_us; /* when it last took something */
};

/* Giving snapshots: one walk over the mirror, round and round, serves everybody who asks. */
struct snapshots {
	uint32_t cursor;
	uint16_t active, ending; /* nodes */
	struct {
		uint32_t id, start;
		uint64_t count;
	} to[REPLICA_NODES];
};

struct want {
	uint8_t node, owner;
	uint32_t bucket, count;
	uint64_t hashes[HASHES_MAX];
};

struct digests {
	uint8_t turn;                                         /* owner of the last digests sent */
	uint32_t next_bucket[REPLICA_NODES];                  /* by owner */
	uint64_t differs[REPLICA_NODES][MIRROR_BUCKETS / 64]; /* the last time */
	uint64_t to_list[REPLICA_NODES][MIRROR_BUCKETS / 64]; /* listings asked of us */
	uint32_t to_list_count;
	uint8_t list_owner; /* the listing in work */
	uint32_t list_bucket;
	uint64_t list_from;
	struct {
		uint8_t owner;
		uint32_t count, buckets[WIRE_BUCKETS_MAX];
	} ask[REPLICA_NODES];     /* by speaker */
	struct want wants[WANTS]; /* a ring */
	uint32_t want_first, want_count;
};

struct replica {
	struct replica_config config;
	char version[32];
	struct mirror *mirror;
	struct sendq sendq;
	struct pace pace;
	struct sent *sent;
	struct arena *arena;
	struct peer peers[REPLICA_NODES];
	uint8_t challenge[WIRE_CHALLENGE_LEN];
	enum replica_state state;
	uint64_t seq; /* of the last datagram */
	uint64_t hello_us, hello_sent_us, beat_us, tick_us, sweep_us;
	bool goodbye;
	struct nacks nacks;
	struct join join;
	struct snapshots snapshots;
	struct digests digests;
	bool attached, scanning;
	uint32_t scans;        /* of this attachment */
	uint8_t scan_mark;     /* MIRROR_SCAN or 0: what the present scan brought */
	uint32_t scan_cursor;  /* entries above it are still to be looked at; 0: none are */
	uint32_t apply_cursor; /* entries up to it are still to be put up for the translator */
	struct mirror_list apply;
	uint64_t told;              /* entries that the translator took */
	struct replica_stats stats; /* its counters */
};

/* Where a record comes from. */
struct merge_source {
	uint8_t node;
	uint32_t heard;  /* peer_heard() */
	bool wanted;     /* it may answer a Want */
	uint16_t absent; /* nodes that cannot speak for themselves */
};

/* Every node but this one, as in: for each id i with replica_is_other(replica, i). */
static inline bool replica_is_other(const struct replica *replica, unsigned node)
{
	return node < REPLICA_NODES && node != replica->config.node &&
	       replica->config.nodes >> node & 1;
}

static inline bool replica_is_absent(const struct replica *replica, unsigned node)
{
	return replica_is_other(replica, node) && !peer_is_accepted(&replica->peers[node]);
}

/* In sync, or alone: what this node says of its own set counts. */
static inline bool replica_is_whole(const struct replica *replica)
{
	return replica->state == REPLICA_IN_SYNC || replica->state == REPLICA_ALONE;
}

/* ---- replica.c ---- */

/* What time brings: silence, states, ends. */
void replica_tick(struct replica *replica, uint64_t now_us);

/* Send a Hello as soon as it may be. */
void replica_want_hello(struct replica *replica, uint64_t now_us);

/* Draw another challenge: what echoes the former one is of the past. */
void replica_new_challenge(struct replica *replica);

/* ---- merge.c ---- */

void merge_session(struct replica *replica, const struct replica_session *session,
                   const struct merge_source *source, uint64_t now_us);
void merge_gone(struct replica *replica, const struct replica_gone *gone,
                const struct merge_source *source, uint64_t now_us);

/* The same from the translator; false: no room. */
bool merge_local_session(struct replica *replica, const struct replica_session *session,
                         uint64_t now_us);
bool merge_local_gone(struct replica *replica, const struct replica_gone *gone, uint64_t now_us);

/* A session's owner does not know it: a tombstone that its owner's word revives. */
void merge_doubt(struct replica *replica, uint32_t index, uint64_t now_us);

/* An entry as it is now; expires_us without grace. */
void entry_session(const struct replica *replica, uint32_t index, struct replica_session *out);
void entry_gone(const struct replica *replica, uint32_t index, struct replica_gone *out);

/* Put up for the translator, if there is one; take back. */
void apply_add(struct replica *replica, uint32_t index);
void apply_remove(struct replica *replica, uint32_t index);

/* ---- local.c ---- */

/* A step of what the end of a scan leaves to be done. */
void local_step(struct replica *replica, uint64_t now_us);

/* ---- nack.c ---- */

/* Answer a peer's NACK: what these numbers carried goes into repair. */
void nack_answer(struct replica *replica, uint8_t node, const SaNat64__Sync__Nack *nack);
bool nack_put_answers(struct replica *replica, struct wire_out *out);
bool nack_put_requests(struct replica *replica, struct wire_out *out, uint64_t now_us);
bool nack_has_answers(const struct replica *replica);

/* ---- snapshot.c ---- */

void join_start(struct replica *replica, uint64_t now_us);
void join_tick(struct replica *replica, uint64_t now_us);
/* Something with sessions came from a node; its epoch changed; its snapshot ended. */
void join_progress(struct replica *replica, uint8_t node, uint64_t now_us);
void join_forget(struct replica *replica, uint8_t node);
void join_end(struct replica *replica, uint8_t node, uint32_t id, uint64_t seq, uint64_t now_us);
/* What was missing was sent again, up to the number seq. */
void join_repaired(struct replica *replica, uint8_t node, uint64_t seq);
bool join_put_request(struct replica *replica, struct wire_out *out, uint64_t now_us);
uint64_t join_next_us(const struct replica *replica);

void snapshot_asked(struct replica *replica, uint8_t node, uint32_t id);
/* The next session for those who asked; 0: none now. snapshot_pending(): some are left. */
uint32_t snapshot_next(struct replica *replica);
bool snapshot_pending(const struct replica *replica);
bool snapshot_put_end(struct replica *replica, struct wire_out *out);

/* ---- digest.c ---- */

/* Fill in owner, first bucket and digests of the next heartbeat; digests has room for
 * WIRE_DIGESTS_MAX. */
void digest_fill(struct replica *replica, SaNat64__Sync__Heartbeat *beat, uint64_t *digests);
void digest_compare(struct replica *replica, uint8_t node, const SaNat64__Sync__Heartbeat *beat);
void digest_asked(struct replica *replica, const SaNat64__Sync__BucketRequest *request);
void digest_listing(struct replica *replica, uint8_t node, uint64_t seq,
                    const SaNat64__Sync__Listing *listing, uint64_t now_us);
void digest_wanted(struct replica *replica, const SaNat64__Sync__Want *want);
bool digest_put_request(struct replica *replica, struct wire_out *out);
bool digest_put_want(struct replica *replica, struct wire_out *out, uint64_t now_us);
bool digest_put_listing(struct replica *replica, struct wire_out *out);
bool digest_has_requests(const struct replica *replica);
bool digest_has_listings(const struct replica *replica);

#endif

/* Merging what peers and the translator tell: proto/SYNC.md, sections 1 and 2. */
#include "syncd/replica_parts.h"

/* A later end by less than this is the rounding of another sender. */
#define REFRESH_US UINT64_C(2000000)

void apply_add(struct replica *replica, uint32_t index)
{
	struct mirror_entry *entry = mirror_at(replica->mirror, index);

	if (!replica->attached || entry->flags & MIRROR_APPLY)
		return;
	entry->flags |= MIRROR_APPLY;
	mirror_append(replica->mirror, &replica->apply, MIRROR_IN_APPLY, index);
}

void apply_remove(struct replica *replica, uint32_t index)
{
	struct mirror_entry *entry = mirror_at(replica->mirror, index);

	if (!(entry->flags & MIRROR_APPLY))
		return;
	entry->flags &= (uint8_t)~MIRROR_APPLY;
	mirror_remove(replica->mirror, &replica->apply, MIRROR_IN_APPLY, index);
}

void entry_session(const struct replica *replica, uint32_t index, struct replica_session *out)
{
	const struct mirror_entry *entry = mirror_at(replica->mirror, index);

	mirror_key(entry, &out->key);
	out->host = entry->host;
	out->host_port = entry->host_port;
	out->state = entry->state;
	out->pool6 = entry->pool6;
	out->owner = entry->owner;
	out->version = entry->version;
	out->expires_us = mirror_end_us(replica->mirror, entry);
}

void entry_gone(const struct replica *replica, uint32_t index, struct replica_gone *out)
{
	const struct mirror_entry *entry = mirror_at(replica->mirror, index);

	mirror_key(entry, &out->key);
	out->owner = entry->owner;
	out->version = entry->version;
	out->forced = entry->flags & MIRROR_FORCED;
}

static struct mirror_rank session_rank(const struct replica_session *session)
{
	return (struct mirror_rank){ .version = session->version, .owner = session->owner };
}

static struct mirror_rank gone_rank(const struct replica_gone *gone)
{
	return (struct mirror_rank){ .version = gone->version, .owner = gone->owner, .gone = true };
}

/* How a record stands to what is held. A tombstone by inference yields to the record itself. */
static int compare(const struct mirror_rank *rank, const struct mirror_entry *entry)
{
	const struct mirror_rank held = mirror_rank(entry);

	if (entry->flags & MIRROR_DOUBTED && !rank->gone && rank->version == held.version &&
	    rank->owner == held.owner)
		return 1;
	return mirror_rank_compare(rank, &held);
}

static void store(struct replica *replica, uint32_t index, uint64_t hash,
                  const struct replica_session *session, uint64_t now_us)
{
	struct mirror_entry *entry = mirror_at(replica->mirror, index);
	const struct mirror_rank rank = session_rank(session);

	mirror_place(replica->mirror, index, hash, &rank, now_us);
	entry->host = session->host;
	entry->host_port = session->host_port;
	entry->state = session->state;
	entry->pool6 = session->pool6;
	entry->heard = 0;
	mirror_set_end(replica->mirror, entry, session->expires_us);
	entry->flags = (uint8_t)((entry->flags & ~MIRROR_SCAN) | replica->scan_mark);
}

/* Index of an entry of this identity, made if there is none. 0: no room. */
static uint32_t entry_for(struct replica *replica, const struct replica_key *key, uint64_t hash,
                          uint64_t now_us)
{
	uint32_t index = mirror_find(replica->mirror, key, hash);

	if (index)
		return index;
	index = mirror_add(replica->mirror, key, hash, now_us);
	if (!index)
		replica->stats.no_room++;
	return index;
}

/* What is older than ours. Who sent it because it was asked for, or for an owner that is absent,
 * knows no better and is told. */
static void stale(struct replica *replica, uint32_t index, uint8_t owner,
                  const struct merge_source *source)
{
	replica->stats.stale++;
	if (source->wanted || source->absent >> owner & 1)
		sendq_repair(&replica->sendq, index);
}

/* Later end of the same version. Whether it is worth telling. */
static bool refresh(const struct replica *replica, struct mirror_entry *entry, uint64_t end_us)
{
	if (end_us <= mirror_end_us(replica->mirror, entry) + REFRESH_US)
		return false;
	mirror_set_end(replica->mirror, entry, end_us);
	return true;
}

/* A former session of this node's set that it does not know: while it is not whole it takes what
 * the others kept for it; afterwards nobody else speaks for its set. */
static bool is_disowned(const struct replica *replica, const struct replica_session *session,
                        uint64_t hash)
{
	return session->owner == replica->config.node && replica->state == REPLICA_IN_SYNC &&
	       !replica->join.resync && !mirror_find(replica->mirror, &session->key, hash);
}

/* A record of this node's own set, from elsewhere, that is higher than the session that lives here:
 * a former session of the same identity, which somebody has kept. The living one goes above it. */
static bool is_ghost(const struct replica *replica, const struct mirror_entry *entry, uint8_t owner)
{
	return owner == replica->config.node && entry->owner == owner &&
	       !(entry->flags & MIRROR_GONE) && replica->state == REPLICA_IN_SYNC;
}

static void rise_above(struct replica *replica, uint32_t index, uint64_t hash, uint32_t version,
                       uint64_t now_us)
{
	const struct mirror_rank rank = { .version = version + 1, .owner = replica->config.node };

	mirror_place(replica->mirror, index, hash, &rank, now_us);
	sendq_news(&replica->sendq, index, now_us);
	apply_add(replica, index);
}

void merge_session(struct replica *replica, const struct replica_session *session,
                   const struct merge_source *source, uint64_t now_us)
{
	uint64_t hash = mirror_hash(replica->mirror, &session->key);
	const struct mirror_rank rank = session_rank(session);
	struct mirror_entry *entry;
	uint32_t index;
	int order;

	if (is_disowned(replica, session, hash)) {
		replica->stats.stale++;
		return;
	}
	index = entry_for(replica, &session->key, hash, now_us);
	if (!index)
		return;
	entry = mirror_at(replica->mirror, index);
	order = compare(&rank, entry);
	if (order < 0) {
		stale(replica, index, session->owner, source);
		return;
	}
	if (order > 0 && is_ghost(replica, entry, session->owner)) {
		rise_above(replica, index, hash, session->version, now_us);
	} else if (order > 0) {
		store(replica, index, hash, session, now_us);
		replica->stats.applied++;
		apply_add(replica, index);
	} else if (refresh(replica, entry, session->expires_us)) {
		replica->stats.applied++;
		apply_add(replica, index);
	}
	if (source->node == entry->owner)
		entry->heard = source->heard;
}

static void bury(struct replica *replica, uint32_t index, uint64_t hash,
                 const struct replica_gone *gone, uint64_t now_us)
{
	const struct mirror_rank rank = gone_rank(gone);

	mirror_place(replica->mirror, index, hash, &rank, now_us);
	if (gone->forced)
		mirror_at(replica->mirror, index)->flags |= MIRROR_FORCED;
}

void merge_gone(struct replica *replica, const struct replica_gone *gone,
                const struct merge_source *source, uint64_t now_us)
{
	uint64_t hash = mirror_hash(replica->mirror, &gone->key);
	uint32_t index = entry_for(replica, &gone->key, hash, now_us);
	const struct mirror_rank rank = gone_rank(gone);
	int order;

	if (!index)
		return;
	order = compare(&rank, mirror_at(replica->mirror, index));
	if (order < 0) {
		stale(replica, index, gone->owner, source);
	} else if (order > 0 && !gone->forced &&
	           is_ghost(replica, mirror_at(replica->mirror, index), gone->owner)) {
		rise_above(replica, index, hash, gone->version, now_us);
	} else if (order > 0) {
		bury(replica, index, hash, gone, now_us);
		replica->stats.applied++;
		apply_add(replica, index);
	}
}

/* Whether a lower record of the translator is of a new session of an identity that was used before:
 * the former one is gone and the translator knows it, or both are its own. */
static bool is_reborn(const struct replica *replica, const struct mirror_entry *entry,
                      uint8_t owner)
{
	if (owner != replica->config.node)
		return false;
	return entry->flags & MIRROR_GONE ? !(entry->flags & MIRROR_APPLY) : entry->owner == owner;
}

bool merge_local_session(struct replica *replica, const struct replica_session *session,
                         uint64_t now_us)
{
	uint64_t hash = mirror_hash(replica->mirror, &session->key);
	uint32_t index = entry_for(replica, &session->key, hash, now_us);
	const struct mirror_rank rank = session_rank(session);
	struct mirror_entry *entry;
	bool news = true;
	int order;

	if (!index)
		return false;
	entry = mirror_at(replica->mirror, index);
	order = compare(&rank, entry);
	if (order > 0) {
		store(replica, index, hash, session, now_us);
	} else if (order == 0) {
		news = refresh(replica, entry, session->expires_us);
	} else if (is_reborn(replica, entry, session->owner)) {
		uint32_t version = entry->version;

		store(replica, index, hash, session, now_us);
		rise_above(replica, index, hash, version, now_us);
	} else {
		apply_add(replica, index);
	}
	entry->flags = (uint8_t)((entry->flags & ~MIRROR_SCAN) | replica->scan_mark);
	if (order >= 0 && news && session->owner == replica->config.node)
		sendq_news(&replica->sendq, index, now_us);
	return true;
}

bool merge_local_gone(struct replica *replica, const struct replica_gone *gone, uint64_t now_us)
{
	uint64_t hash = mirror_hash(replica->mirror, &gone->key);
	uint32_t index = entry_for(replica, &gone->key, hash, now_us);
	const struct mirror_rank rank = gone_rank(gone);
	int order;

	if (!index)
		return false;
	order = compare(&rank, mirror_at(replica->mirror, index));
	if (order > 0) {
		bury(replica, index, hash, gone, now_us);
		apply_remove(replica, index);
		sendq_news(&replica->sendq, index, now_us);
	} else if (order < 0) {
		apply_add(replica, index);
	}
	return true;
}

void merge_doubt(struct replica *replica, uint32_t index, uint64_t now_us)
{
	struct mirror_entry *entry = mirror_at(replica->mirror, index);
	struct mirror_rank rank = mirror_rank(entry);
	struct replica_key key;

	mirror_key(entry, &key);
	rank.gone = true;
	mirror_place(replica->mirror, index, mirror_hash(replica->mirror, &key), &rank, now_us);
	entry->flags |= MIRROR_DOUBTED;
}

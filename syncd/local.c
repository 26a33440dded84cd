/* The translator of this box: proto/SYNC.md, section 8. */
#include "syncd/replica_parts.h"

#define SCAN_STEP 65536 /* entries looked at in one step */

void replica_attach(struct replica *replica, uint64_t now_us)
{
	(void)now_us;
	replica->attached = true;
	replica->scanning = false;
	replica->scans = 0;
	replica->scan_cursor = 0;
	replica->apply_cursor = mirror_slots(replica->mirror);
}

void replica_detach(struct replica *replica)
{
	replica->attached = false;
	replica->scanning = false;
	replica->scan_cursor = 0;
	replica->apply_cursor = 0;
}

void replica_scan_begin(struct replica *replica)
{
	replica->scanning = true;
	replica->scan_cursor = 0;
	replica->scan_mark ^= MIRROR_SCAN;
}

void replica_scan_end(struct replica *replica, uint64_t now_us)
{
	(void)now_us;
	if (!replica->scanning)
		return;
	replica->scanning = false;
	/* A process that has just come may have lost sessions that live: they are given back to it.
	 */
	if (replica->scans++ > 0)
		replica->scan_cursor = mirror_slots(replica->mirror);
}

static void end_unscanned(struct replica *replica, uint32_t index, uint64_t now_us)
{
	const struct mirror_entry *entry = mirror_at(replica->mirror, index);
	struct replica_gone gone;

	if (!(entry->flags & MIRROR_USED) || entry->flags & MIRROR_GONE ||
	    entry->owner != replica->config.node ||
	    (entry->flags & MIRROR_SCAN) == replica->scan_mark)
		return;
	entry_gone(replica, index, &gone);
	(void)merge_local_gone(replica, &gone, now_us);
}

void local_step(struct replica *replica, uint64_t now_us)
{
	for (int i = 0; i < SCAN_STEP && replica->scan_cursor; i++)
		end_unscanned(replica, replica->scan_cursor--, now_us);
}

bool replica_local_session(struct replica *replica, const struct replica_session *session,
                           uint64_t now_us)
{
	return wire_session_is_valid(session) && merge_local_session(replica, session, now_us);
}

bool replica_local_gone(struct replica *replica, const struct replica_gone *gone, uint64_t now_us)
{
	return wire_gone_is_valid(gone) && merge_local_gone(replica, gone, now_us);
}

void replica_local_expired(struct replica *replica, const struct replica_gone *gone)
{
	uint64_t hash = mirror_hash(replica->mirror, &gone->key);
	uint32_t index = mirror_find(replica->mirror, &gone->key, hash);
	const struct mirror_entry *entry;

	if (!index)
		return;
	entry = mirror_at(replica->mirror, index);
	if (entry->flags & MIRROR_GONE || entry->owner == replica->config.node || entry->queue ||
	    entry->version > gone->version)
		return;
	apply_remove(replica, index);
	mirror_drop(replica->mirror, index);
}

void replica_local_refused(struct replica *replica, const struct replica_gone *gone)
{
	(void)gone;
	replica->stats.refused_local++;
}

/* The next entry for the translator: what has changed first, then what is held. */
static uint32_t next_apply(struct replica *replica)
{
	uint32_t index = replica->apply.head;

	if (index) {
		apply_remove(replica, index);
		return index;
	}
	while (replica->apply_cursor) {
		index = replica->apply_cursor--;
		if (mirror_at(replica->mirror, index)->flags & MIRROR_USED)
			return index;
	}
	return 0;
}

int replica_apply_next(struct replica *replica, struct replica_session *session,
                       struct replica_gone *gone)
{
	uint32_t index = replica->attached ? next_apply(replica) : 0;

	if (!index)
		return 0;
	replica->told++;
	if (mirror_at(replica->mirror, index)->flags & MIRROR_GONE) {
		entry_gone(replica, index, gone);
		return 2;
	}
	entry_session(replica, index, session);
	if (session->owner != replica->config.node)
		session->expires_us += REPLICA_GRACE_US;
	return 1;
}

bool replica_has_told_all(const struct replica *replica)
{
	return replica->attached && replica->apply_cursor == 0;
}

bool replica_has_apply(const struct replica *replica)
{
	return replica->attached && (replica->apply.count > 0 || replica->apply_cursor > 0);
}

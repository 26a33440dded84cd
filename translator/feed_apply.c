/* What peers say of sessions, entered into the tables: versions decide which of two records of one
 * session stands, and which of two bindings that cannot stand together (proto/SYNC.md sections 1, 2
 * and 5). Both boxes decide alike. */
#include "translator/feed_internal.h"

/* Why a record cannot be entered; 0 is a reason, so OK is not one of the message's. */
enum outcome {
	NO_POOL4 = SA_NAT64__FEED__REFUSED__REASON__NO_POOL4,
	NO_PREFIX = SA_NAT64__FEED__REFUSED__REASON__NO_PREFIX,
	CONFLICT_STATIC = SA_NAT64__FEED__REFUSED__REASON__CONFLICT_STATIC,
	CONFLICT_LOST = SA_NAT64__FEED__REFUSED__REASON__CONFLICT_LOST,
	TABLE_FULL = SA_NAT64__FEED__REFUSED__REASON__TABLE_FULL,
	ENTERED,
};

/* ---- which of two stands ---- */

/* The higher version, then the lower node id; no version loses against any. */
static bool beats(uint32_t version, uint8_t owner, uint32_t other_version, uint8_t other_owner)
{
	return version != other_version ? version > other_version : owner < other_owner;
}

/* Whether the record beats every session of a binding. */
static bool beats_binding(const struct translator *t, const struct feed_identity *record,
                          uint32_t bib)
{
	uint32_t index = bib_at(t->bib, bib)->sessions;

	for (; index; index = session_at(t->sessions, index)->bib_next) {
		const struct session *session = session_at(t->sessions, index);

		if (session->version &&
		    !beats(record->version, record->owner, session->version, session->owner))
			return false;
	}
	return true;
}

/* End a binding that lost: its sessions, and with the last one itself. */
static void end_binding(struct translator *t, uint32_t bib)
{
	uint32_t count = bib_at(t->bib, bib)->session_count;
	enum l4_proto proto = bib_at(t->bib, bib)->proto;
	struct feed *feed = t->feed;

	while (count--) {
		uint32_t index = bib_at(t->bib, bib)->sessions;
		struct session *session = session_at(t->sessions, index);

		/* It is told as gone whoever spoke for it. */
		feed_set_owner(feed, session, session->version ? feed->owner : 0);
		t->counters.sessions_expired[proto]++;
		flow_delete(t, index);
	}
	feed->stats.conflicts++;
}

/* Make room for the record's binding where others claim its host's port or its public one. */
static enum outcome settle(struct translator *t, const struct feed_record *record, uint32_t by6,
                           uint32_t by4)
{
	const uint32_t rivals[2] = { by6, by4 };

	for (int i = 0; i < 2; i++) {
		if (rivals[i] && bib_at(t->bib, rivals[i])->flags & BIB_STATIC)
			return CONFLICT_STATIC;
		if (rivals[i] && !beats_binding(t, &record->identity, rivals[i]))
			return CONFLICT_LOST;
	}
	for (int i = 0; i < 2; i++)
		if (rivals[i])
			end_binding(t, rivals[i]);
	return ENTERED;
}

/* ---- entering ---- */

static enum outcome take_binding(struct translator *t, const struct feed_record *record,
                                 uint32_t *bib)
{
	const struct feed_identity *id = &record->identity;
	uint32_t by6 = bib_find6(t->bib, id->proto, &record->host, record->host_port);
	uint32_t by4 = bib_find4(t->bib, id->proto, id->pool4, id->pool4_port);
	enum outcome outcome;

	*bib = by6;
	if (by6 && by6 == by4)
		return ENTERED;
	if (!pool4_has_port(t->pool4, id->pool4, id->pool4_port))
		return by4 ? CONFLICT_STATIC : NO_POOL4;
	outcome = by6 || by4 ? settle(t, record, by6, by4) : ENTERED;
	if (outcome != ENTERED)
		return outcome;
	if (!pool4_claim(t->pool4, id->proto, id->pool4, id->pool4_port))
		return NO_POOL4;
	*bib = bib_add(t->bib, id->proto, &record->host, record->host_port, id->pool4,
	               id->pool4_port, 0);
	if (*bib) {
		session_log_copied(t, *bib);
		return ENTERED;
	}
	pool4_release(t->pool4, id->proto, id->pool4, id->pool4_port, 0);
	return TABLE_FULL;
}

/* What the record says of a session that is here now. */
static void note_told(struct translator *t, uint32_t index, const struct feed_record *record)
{
	struct session *session = session_at(t->sessions, index);

	feed_set_owner(t->feed, session, record->identity.owner);
	session->version = record->identity.version;
	session->sync = SESSION_TOLD;
	session->told_s = feed_seconds(record->expires_us);
	bib_at(t->bib, session->bib)->told = 1;
	t->feed->stats.entered++;
}

/* A session that is new here. What is known as this node's own while a scan runs might have been
 * missed by it, so it is told back. */
static enum outcome create(struct translator *t, const struct feed_record *record)
{
	const struct feed_identity *id = &record->identity;
	uint64_t left_us = record->expires_us - t->now_us;
	enum outcome outcome;
	uint32_t bib, index;

	if (flow_check_limits(t, &record->host) != VERDICT_OK)
		return TABLE_FULL;
	outcome = take_binding(t, record, &bib);
	if (outcome != ENTERED)
		return outcome;
	index = flow_create(t, bib, id->remote, id->remote_port, record->state, left_us,
	                    record->pool6);
	note_told(t, index, record);
	fast_seen_elsewhere(t, index);
	if (id->owner == t->feed->owner && t->feed->scan == FEED_SCAN_RUNS)
		feed_tell(t, index);
	return ENTERED;
}

/* The later of two ends. */
static void prolong(struct translator *t, uint32_t index, uint64_t expires_us)
{
	struct session *session = session_at(t->sessions, index);

	if (expires_us > session->expires_us)
		session_set_expiry(t->sessions, index, expires_us);
	if (feed_seconds(expires_us) > session->told_s)
		session->told_s = feed_seconds(expires_us);
}

/* A newer record of a session: its contents replace those here. */
static void replace(struct translator *t, uint32_t index, const struct feed_record *record)
{
	struct session *session = session_at(t->sessions, index);

	if (session->pool6 != record->pool6)
		fast_remove(t, index);
	session->pool6 = record->pool6;
	if (session->state != record->state || record->expires_us > session->expires_us)
		session_set_expiry(t->sessions, index, record->expires_us);
	session->state = (uint8_t)record->state;
	fast_state_changed(t, index);
	note_told(t, index, record);
}

/* A record of a session that is here under the same host. */
static void update(struct translator *t, uint32_t index, const struct feed_record *record)
{
	const struct feed_identity *id = &record->identity;
	const struct session *session = session_at(t->sessions, index);

	if (id->version == session->version && id->owner == session->owner) {
		prolong(t, index, record->expires_us);
		t->feed->stats.entered++;
	} else if (session->version == 0 ||
	           beats(id->version, id->owner, session->version, session->owner)) {
		replace(t, index, record);
	} else {
		t->feed->stats.stale++;
		feed_tell(t, index);
	}
}

/* The session of an identity, 0 when there is none. */
static uint32_t find(const struct translator *t, const struct feed_identity *id)
{
	uint32_t bib = bib_find4(t->bib, id->proto, id->pool4, id->pool4_port);

	return bib ? session_find(t->sessions, bib, id->remote, id->remote_port) : 0;
}

static bool has_host(const struct translator *t, uint32_t index, const struct feed_record *record)
{
	const struct bib_entry *bib = bib_at(t->bib, session_at(t->sessions, index)->bib);

	return bib->port6 == record->host_port && address6_equal(&bib->addr6, &record->host);
}

void feed_apply_session(struct translator *t, const struct feed_record *record)
{
	uint32_t index = find(t, &record->identity);
	enum outcome outcome;

	if (record->pool6 >= t->config->pool6_count ||
	    admit_remote4(t, record->pool6, record->identity.remote) != VERDICT_OK) {
		outcome = NO_PREFIX;
	} else if (index && has_host(t, index, record)) {
		update(t, index, record);
		return;
	} else {
		outcome = create(t, record);
	}
	if (outcome == ENTERED)
		return;
	t->feed->stats.refused++;
	t->feed->stats.conflicts += outcome == CONFLICT_LOST || outcome == CONFLICT_STATIC;
	feed_say(t->feed, FEED_REFUSED, &record->identity, outcome);
}

void feed_apply_gone(struct translator *t, const struct feed_identity *gone, bool is_forced)
{
	uint32_t index = find(t, gone);
	struct feed *feed = t->feed;
	struct session *session;

	if (gone->version > feed->version_floor)
		feed->version_floor = gone->version;
	if (!index)
		return;
	session = session_at(t->sessions, index);
	if (!is_forced && session->version > gone->version) {
		feed->stats.stale++;
		return;
	}
	if (!is_forced && feed_is_used(t, index)) {
		feed->stats.kept++;
		feed_take(t, index, gone->version);
		return;
	}
	feed_set_owner(feed, session, 0);
	session->sync = SESSION_QUIET; /* the syncd knows: nothing to tell */
	feed->stats.entered++;
	t->counters.sessions_expired[gone->proto]++;
	flow_delete(t, index);
}

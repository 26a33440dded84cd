/* What the session log is told (log-sessions, log-destinations): one kind of record for each use of
 * a public port, never two.
 *
 * With destinations these are sessions; without, dynamic bindings, or with log-sessions = blocks
 * the blocks of ports that hosts have, and only those bindings one by one whose port lies in
 * another host's block. What a binding began as stands in its entry, so that it ends as that.
 *
 * The box at which a host's packet made something writes that it began, the one that spoke for it
 * last writes that it ended: copies come and go without a line, unless the box they belong to is
 * away. Probes of sa-nat64-healthd are nobody's use.
 */
#include "translator/core.h"

#include "translator/feed_internal.h"

#define NO_RECORD LOG_EVENT_KINDS

_Static_assert(POOL4_BLOCK_PORTS == SESSION_LOG_BLOCK_PORTS, "readers look for such blocks");

static bool has_bindings(const struct translator *t)
{
	return t->config->log_sessions != CONFIG_LOG_SESSIONS_OFF && !t->config->log_destinations;
}

static bool has_sessions(const struct translator *t)
{
	return t->config->log_sessions != CONFIG_LOG_SESSIONS_OFF && t->config->log_destinations;
}

/* session: NULL but for records of sessions. */
static void put(const struct translator *t, enum log_event_kind kind, const struct bib_entry *bib,
                const struct session *session)
{
	struct log_record record = { .at_us = t->now_us,
		                     .host6 = bib->addr6,
		                     .pool4 = bib->addr4,
		                     .port_min = bib->port4,
		                     .port_max = bib->port4,
		                     .host_port = bib->port6,
		                     .kind = (uint8_t)kind,
		                     .proto = bib->proto };

	if (!t->io.log || kind == NO_RECORD)
		return;
	if (kind == LOG_BLOCK_BEGIN || kind == LOG_BLOCK_END) {
		record.host_port = 0;
		record.port_min &= (uint16_t) ~(POOL4_BLOCK_PORTS - 1);
		record.port_max |= POOL4_BLOCK_PORTS - 1;
	}
	if (session) {
		record.remote4 = session->dst4;
		record.remote_port = session->dport4;
		record.remote6 = core_embed(t, session->pool6, session->dst4);
	}
	log_ring_put(t->io.log, &record);
}

/* ---- what runs out ---- */

static enum log_event_kind kind_of(const struct translator *t, enum verdict verdict,
                                   const struct packet *p)
{
	switch (verdict) {
	case VERDICT_POOL4_EXHAUSTED:
		return pool4_is_empty(t->pool4) ? LOG_ADDRESSES_EXHAUSTED : LOG_PORTS_EXHAUSTED;
	case VERDICT_SESSION_LIMIT:
		return LOG_SESSION_LIMIT;
	case VERDICT_HOST_LIMIT:
		return LOG_HOST_LIMIT;
	case VERDICT_FRAGMENT_LIMIT:
		return p->version == 6 ? LOG_FRAGMENT_LIMIT6 : LOG_FRAGMENT_LIMIT4;
	default:
		return NO_RECORD;
	}
}

static uint32_t limit_of(const struct config_instance *config, enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_SESSION_LIMIT:
		return config->max_sessions;
	case VERDICT_HOST_LIMIT:
		return config->max_sessions_per_host;
	case VERDICT_FRAGMENT_LIMIT:
		return config->max_fragments;
	default:
		return 0;
	}
}

/* The host that a packet from IPv4 was for. */
static struct in6_addr host_behind(const struct translator *t, const struct packet *p)
{
	uint32_t bib = bib_find4(t->bib, flow_l4_proto(p->proto), p->dst4, p->dst_port);

	return bib ? bib_at(t->bib, bib)->addr6 : in6addr_any;
}

void session_log_note_shortage(struct translator *t, enum verdict verdict, const struct packet *p)
{
	enum log_event_kind kind = kind_of(t, verdict, p);
	struct log_record record = { .at_us = t->now_us,
		                     .limit = limit_of(t->config, verdict),
		                     .kind = (uint8_t)kind,
		                     .proto = flow_l4_proto(p->proto) };

	if (!t->io.log || kind == NO_RECORD || t->rehearsal ||
	    !rate_limit_take(&t->shortages[kind - LOG_ADDRESSES_EXHAUSTED], t->now_us))
		return;
	if (p->version == 6)
		record.host6 = p->src6;
	else if (kind == LOG_HOST_LIMIT)
		record.host6 = host_behind(t, p);
	else
		record.remote4 = p->src4;
	if (kind == LOG_PORTS_EXHAUSTED)
		record.pool4 = pool4_address_of(t->pool4, &p->src6);
	log_ring_put(t->io.log, &record);
}

void translator_log_mark(struct translator *t, enum log_event_kind kind, enum l4_proto proto,
                         uint32_t limit)
{
	const struct log_record record = {
		.at_us = t->now_us, .limit = limit, .kind = (uint8_t)kind, .proto = (uint8_t)proto
	};

	if (t->config->log_sessions != CONFIG_LOG_SESSIONS_OFF && t->io.log && kind != NO_RECORD)
		log_ring_put(t->io.log, &record);
}

void session_log_open(struct translator *t)
{
	for (unsigned i = 0; i < LOG_SHORTAGES; i++)
		rate_limit_init(&t->shortages[i], 1, 1, t->now_us);
}

/* ---- whose record it is ---- */

/* Whether this box is to write that a session ended. */
static bool is_ours(const struct translator *t, const struct session *session)
{
	if (session->sync & SESSION_QUIET || feed_is_private(t, session))
		return false;
	return !t->feed || feed_owns(t->feed, session) || feed_is_alone(t->feed);
}

/* A binding that has no mark yet is there. Returns the record that says so. */
static enum log_event_kind enter(struct translator *t, struct bib_entry *bib)
{
	bib->logged = BIB_LOGGED_ITSELF;
	if (t->config->log_sessions != CONFIG_LOG_SESSIONS_BLOCKS)
		return LOG_BINDING_BEGIN;
	switch (pool4_block_join(t->pool4, bib->proto, bib->addr4, bib->port4, &bib->addr6)) {
	case POOL4_BLOCK_FIRST:
		bib->logged = BIB_LOGGED_BLOCK;
		return LOG_BLOCK_BEGIN;
	case POOL4_BLOCK_MORE:
		bib->logged = BIB_LOGGED_BLOCK;
		return NO_RECORD;
	default:
		return LOG_BINDING_BEGIN;
	}
}

/* A binding goes. Returns the record that says so. */
static enum log_event_kind leave(const struct translator *t, const struct bib_entry *bib)
{
	switch (bib->logged) {
	case BIB_LOGGED_ITSELF:
		return LOG_BINDING_END;
	case BIB_LOGGED_BLOCK:
		return pool4_block_leave(t->pool4, bib->proto, bib->addr4, bib->port4)
		               ? LOG_BLOCK_END
		               : NO_RECORD;
	default:
		return NO_RECORD;
	}
}

/* ---- while it runs ---- */

void session_log_note_begin(struct translator *t, uint32_t index)
{
	const struct session *session = session_at(t->sessions, index);
	struct bib_entry *bib = bib_at(t->bib, session->bib);

	if (t->rehearsal || feed_is_private(t, session))
		return;
	if (has_sessions(t))
		put(t, LOG_SESSION_BEGIN, bib, session);
	else if (bib->session_count == 1 && !(bib->flags & BIB_STATIC))
		put(t, enter(t, bib), bib, NULL);
}

void session_log_note_end(struct translator *t, uint32_t index)
{
	const struct session *session = session_at(t->sessions, index);
	const struct bib_entry *bib = bib_at(t->bib, session->bib);
	enum log_event_kind kind = NO_RECORD;

	if (t->rehearsal)
		return;
	if (has_bindings(t) && bib->session_count == 1 && !(bib->flags & BIB_STATIC))
		kind = leave(t, bib);
	if (!is_ours(t, session))
		return;
	put(t, kind, bib, NULL);
	if (has_sessions(t))
		put(t, LOG_SESSION_END, bib, session);
}

void session_log_copied(struct translator *t, uint32_t bib)
{
	if (has_bindings(t))
		(void)enter(t, bib_at(t->bib, bib));
}

/* Not in the configuration, and exact within whatever block its port is in. */
void session_log_bound(struct translator *t, uint32_t bib)
{
	if (!has_bindings(t))
		return;
	bib_at(t->bib, bib)->logged = BIB_LOGGED_ITSELF;
	put(t, LOG_BINDING_BEGIN, bib_at(t->bib, bib), NULL);
}

void session_log_unbound(struct translator *t, uint32_t bib)
{
	put(t, leave(t, bib_at(t->bib, bib)), bib_at(t->bib, bib), NULL);
}

/* ---- over a restart ---- */

void session_log_refused_binding(const struct translator *t, const struct bib_entry *bib)
{
	static const enum log_event_kind kinds[] = { [BIB_LOGGED_NOT] = NO_RECORD,
		                                     [BIB_LOGGED_ITSELF] = LOG_BINDING_END,
		                                     [BIB_LOGGED_BLOCK] = LOG_BLOCK_END };

	if (has_bindings(t) && bib->logged <= BIB_LOGGED_BLOCK)
		put(t, kinds[bib->logged], bib, NULL);
}

void session_log_refused_session(const struct translator *t, const struct session *session)
{
	if (has_sessions(t) && !feed_is_private(t, session))
		put(t, LOG_SESSION_END, bib_at(t->bib, session->bib), session);
}

/* Go on with a binding as it was marked before, or as a new one that nothing is said of. */
static void go_on(struct translator *t, struct bib_entry *bib, uint8_t logged)
{
	if (logged == BIB_LOGGED_ITSELF)
		bib->logged = BIB_LOGGED_ITSELF;
	else if (!feed_is_private(t, session_at(t->sessions, bib->sessions)))
		(void)enter(t, bib);
}

void session_log_restored(struct translator *t)
{
	uint32_t cursor = 0, index;

	while ((index = bib_next(t->bib, &cursor, UINT32_MAX))) {
		struct bib_entry *bib = bib_at(t->bib, index);
		uint8_t logged = bib->logged;

		bib->logged = BIB_LOGGED_NOT;
		if (has_bindings(t) && !(bib->flags & BIB_STATIC))
			go_on(t, bib, logged);
	}
}

/* ---- over a reload ---- */

void session_log_adopted(struct translator *t, uint32_t index, uint8_t logged)
{
	struct bib_entry *bib = bib_at(t->bib, session_at(t->sessions, index)->bib);

	if (has_bindings(t) && bib->logged == BIB_LOGGED_NOT && !(bib->flags & BIB_STATIC))
		go_on(t, bib, logged);
}

void session_log_left_session(const struct translator *t, const struct translator *old,
                              uint32_t index)
{
	const struct session *session = session_at(old->sessions, index);

	if (has_sessions(old) && is_ours(old, session))
		put(t, LOG_SESSION_END, bib_at(old->bib, session->bib), session);
}

/* The block of a binding is the same host's in the translator that took over. */
static bool goes_on_as_block(const struct translator *t, const struct bib_entry *bib)
{
	const struct in6_addr *host = pool4_block_host(t->pool4, bib->proto, bib->addr4,
	                                               bib->port4);

	return host && address6_equal(host, &bib->addr6);
}

static void compare_binding(const struct translator *t, const struct translator *old,
                            const struct bib_entry *bib)
{
	uint32_t index = bib_find6(t->bib, bib->proto, &bib->addr6, bib->port6);
	enum log_event_kind kind = leave(old, bib);

	if (bib->sessions && !is_ours(old, session_at(old->sessions, bib->sessions)))
		return;
	if (kind == LOG_BLOCK_END && !goes_on_as_block(t, bib))
		put(t, kind, bib, NULL);
	if (kind == LOG_BINDING_END && !index)
		put(t, kind, bib, NULL);
	if (bib->logged == BIB_LOGGED_BLOCK && index &&
	    bib_at(t->bib, index)->logged == BIB_LOGGED_ITSELF)
		put(t, LOG_BINDING_BEGIN, bib, NULL);
}

void session_log_took_over(const struct translator *t, const struct translator *old)
{
	uint32_t cursor = 0, index;

	if (!has_bindings(old))
		return;
	while ((index = bib_next(old->bib, &cursor, UINT32_MAX))) {
		const struct bib_entry *bib = bib_at(old->bib, index);

		if (bib->logged != BIB_LOGGED_NOT)
			compare_binding(t, old, bib);
	}
}

/* The feed's messages: what is to be told goes out, records come in and are checked. */
#include "translator/feed_internal.h"

#include <errno.h>
#include <string.h>

#define SCAN_LOOK      8192 /* table slots looked at for one message */
#define LIFETIME_MAX_S (1u << 22)

/* ---- out ---- */

/* TCP: 0 is ESTABLISHED, else the state plus 1; others have none. */
static uint32_t write_state(uint8_t state)
{
	return state == TCP_STATE_NONE || state == TCP_STATE_ESTABLISHED ? 0 : state + 1u;
}

/* 0 stands for this node. */
static uint32_t write_owner(const struct feed *feed, uint8_t owner)
{
	return owner == feed->owner ? 0 : owner;
}

/* A session that is told for the first time gets its version and this node as its owner. */
static void name_session(struct feed *feed, struct session *session)
{
	if (session->owner == 0)
		feed_set_owner(feed, session, feed->owner);
	if (session->version == 0)
		session->version = feed->version_floor < UINT32_MAX ? feed->version_floor + 1
		                                                    : UINT32_MAX;
}

static void write_session(struct translator *t, uint32_t index, SaNat64__Session__Session *out)
{
	struct session *session = session_at(t->sessions, index);
	struct bib_entry *bib = bib_at(t->bib, session->bib);
	uint64_t expires_us = translator_session_expiry(t, index);

	name_session(t->feed, session);
	sa_nat64__session__session__init(out);
	out->proto = bib->proto;
	out->pool4 = bib->addr4;
	out->pool4_port = bib->port4;
	out->remote = session->dst4;
	out->remote_port = session->dport4;
	out->host.data = bib->addr6.s6_addr;
	out->host.len = sizeof(bib->addr6);
	out->host_port = bib->port6;
	out->state = write_state(session->state);
	out->lifetime_s = expires_us > t->now_us ? feed_seconds(expires_us - t->now_us) : 1;
	out->version = session->version;
	out->owner = write_owner(t->feed, session->owner);
	out->pool6 = session->pool6;
	session->told_s = feed_seconds(expires_us);
	session->sync = SESSION_TOLD;
	bib->told = 1;
	t->feed->stats.told++;
}

/* Add the sessions that changed; returns how many rows are filled. */
static size_t write_dirty(struct translator *t, size_t count)
{
	struct feed *feed = t->feed;

	while (count < FEED_BATCH && feed_ring_count(&feed->dirty_ring)) {
		uint32_t index = feed->dirty[feed_ring_pop(&feed->dirty_ring)];

		/* It may have been deleted, or been told already. */
		if (session_is_used(t->sessions, index) &&
		    session_at(t->sessions, index)->sync & SESSION_DIRTY)
			write_session(t, index, &feed->sessions[count++]);
	}
	return count;
}

/* Peers have it, or would be glad to: not a TCP session that is only opening. */
static bool is_worth_telling(const struct translator *t, const struct session *session)
{
	if (feed_is_private(t, session))
		return false;
	return session->sync & SESSION_TOLD || session->state == TCP_STATE_NONE ||
	       session->state >= TCP_STATE_ESTABLISHED;
}

static size_t write_scanned(struct translator *t, size_t count)
{
	struct feed *feed = t->feed;
	uint32_t look = SCAN_LOOK, before, index;

	while (count < FEED_BATCH && look) {
		before = feed->scan_cursor;
		index = session_next(t->sessions, &feed->scan_cursor, look);
		if (index && is_worth_telling(t, session_at(t->sessions, index)))
			write_session(t, index, &feed->sessions[count++]);
		if (feed->scan_cursor == 0) {
			feed->scan = FEED_SCAN_NONE;
			return count;
		}
		look -= feed->scan_cursor - before;
	}
	return count;
}

static size_t write_sessions(struct translator *t, SaNat64__Feed__FeedMessage *message)
{
	struct feed *feed = t->feed;
	size_t count = write_dirty(t, 0);

	if (feed->scan == FEED_SCAN_WANTED && feed_ring_count(&feed->dirty_ring) == 0) {
		feed->scan = FEED_SCAN_RUNS;
		feed->scan_cursor = 0;
		message->scan_begin = true;
	}
	if (feed->scan == FEED_SCAN_RUNS) {
		count = write_scanned(t, count);
		message->scan_end = feed->scan == FEED_SCAN_NONE;
	}
	message->sessions = feed->session_rows;
	message->n_sessions = count;
	return count;
}

static void write_note(const struct feed *feed, const struct feed_note *note,
                       SaNat64__Session__Gone *out)
{
	sa_nat64__session__gone__init(out);
	out->proto = note->identity.proto;
	out->pool4 = note->identity.pool4;
	out->pool4_port = note->identity.pool4_port;
	out->remote = note->identity.remote;
	out->remote_port = note->identity.remote_port;
	out->version = note->identity.version;
	out->owner = write_owner(feed, note->identity.owner);
}

static void write_notes(struct feed *feed, SaNat64__Feed__FeedMessage *message)
{
	size_t i;

	message->gone = feed->gone_rows;
	message->expired = feed->expired_rows;
	message->refused = feed->refused_rows;
	for (i = 0; i < FEED_BATCH && feed_ring_count(&feed->note_ring); i++) {
		const struct feed_note *note = &feed->notes[feed_ring_pop(&feed->note_ring)];

		write_note(feed, note, &feed->gone[i]);
		if (note->kind == FEED_GONE) {
			message->gone[message->n_gone++] = &feed->gone[i];
		} else if (note->kind == FEED_EXPIRED) {
			message->expired[message->n_expired++] = &feed->gone[i];
		} else {
			feed->refused[i].session = &feed->gone[i];
			feed->refused[i].reason = note->reason;
			message->refused[message->n_refused++] = &feed->refused[i];
		}
	}
	feed->stats.told += message->n_gone + message->n_expired;
}

/* Once a second. */
static bool write_stats(const struct translator *t, SaNat64__Feed__FeedStats *out)
{
	struct feed *feed = t->feed;

	if (t->now_us - feed->stats_told_us < 1000000)
		return false;
	feed->stats_told_us = t->now_us;
	out->overflows = feed->stats.overflows;
	out->queue = feed_waiting(t);
	out->conflicts = feed->stats.conflicts;
	return true;
}

size_t feed_poll(struct translator *t, uint8_t *bytes, uint64_t now_us)
{
	SaNat64__Feed__FeedMessage message = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	SaNat64__Feed__FeedStats stats = SA_NAT64__FEED__FEED_STATS__INIT;
	bool has_output;

	if (!t->feed || !t->feed->is_attached)
		return 0;
	t->now_us = now_us;
	message.version = FEED_VERSION;
	has_output = write_sessions(t, &message) > 0;
	write_notes(t->feed, &message);
	if (write_stats(t, &stats))
		message.stats = &stats;
	if (!has_output && !message.scan_begin && !message.scan_end && !message.stats &&
	    message.n_gone + message.n_expired + message.n_refused == 0)
		return 0;
	return sa_nat64__feed__feed_message__pack(&message, bytes);
}

/* ---- in ---- */

static bool read_identity(const struct feed *feed, uint32_t proto, uint32_t pool4,
                          uint32_t pool4_port, uint32_t remote, uint32_t remote_port,
                          uint32_t version, uint32_t owner, struct feed_identity *out)
{
	if (proto >= L4_PROTOS || pool4_port > UINT16_MAX || remote_port > UINT16_MAX ||
	    (proto == L4_ICMP && remote_port) || version == 0 || owner > FEED_NODE_MAX + 1)
		return false;
	*out = (struct feed_identity){
		.proto = (uint8_t)proto,
		.pool4 = pool4,
		.pool4_port = (uint16_t)pool4_port,
		.remote = remote,
		.remote_port = (uint16_t)remote_port,
		.version = version,
		.owner = owner ? (uint8_t)owner : feed->owner,
	};
	return true;
}

static bool read_state(uint32_t proto, uint32_t state, enum tcp_state *out)
{
	if (proto != L4_TCP) {
		*out = TCP_STATE_NONE;
		return state == 0;
	}
	*out = state ? (enum tcp_state)(state - 1) : TCP_STATE_ESTABLISHED;
	return state <= TCP_STATES && *out != TCP_STATE_NONE;
}

static void read_session(struct translator *t, const SaNat64__Session__Session *in)
{
	struct feed_record record;

	if (!read_identity(t->feed, in->proto, in->pool4, in->pool4_port, in->remote,
	                   in->remote_port, in->version, in->owner, &record.identity)) {
		t->feed->stats.refused++;
		return;
	}
	if (in->host.len != sizeof(record.host) || in->host_port > UINT16_MAX ||
	    in->pool6 >= CONFIG_POOL6_MAX || in->lifetime_s > LIFETIME_MAX_S ||
	    !read_state(in->proto, in->state, &record.state)) {
		t->feed->stats.refused++;
		feed_say(t->feed, FEED_REFUSED, &record.identity,
		         SA_NAT64__FEED__REFUSED__REASON__INVALID);
		return;
	}
	memcpy(&record.host, in->host.data, sizeof(record.host));
	record.host_port = (uint16_t)in->host_port;
	record.pool6 = (uint8_t)in->pool6;
	record.expires_us = t->now_us + UINT64_C(1000000) * in->lifetime_s;
	feed_apply_session(t, &record);
}

static void read_gone(struct translator *t, const SaNat64__Session__Gone *in)
{
	struct feed_identity gone;

	if (read_identity(t->feed, in->proto, in->pool4, in->pool4_port, in->remote,
	                  in->remote_port, in->version, in->owner, &gone))
		feed_apply_gone(t, &gone, in->forced);
}

static void read_message(struct translator *t, const SaNat64__Feed__FeedMessage *message)
{
	struct feed *feed = t->feed;

	for (size_t i = 0; i < message->n_gone; i++)
		read_gone(t, message->gone[i]);
	for (size_t i = 0; i < message->n_sessions; i++)
		read_session(t, message->sessions[i]);
	if (message->contact)
		feed->in_contact = message->contact->all_in_contact && message->contact->in_sync;
	feed->is_all_told |= message->all_told;
	if (message->scan_request && feed->scan == FEED_SCAN_NONE)
		feed->scan = FEED_SCAN_WANTED;
}

int feed_deliver(struct translator *t, const uint8_t *bytes, size_t len,
                 ProtobufCAllocator *allocator, uint64_t now_us)
{
	SaNat64__Feed__FeedMessage *message;

	if (!t->feed || !t->feed->is_attached)
		return 0;
	t->now_us = now_us;
	message = sa_nat64__feed__feed_message__unpack(allocator, len, bytes);
	if (!message)
		return -EBADMSG;
	if (message->version != FEED_VERSION) {
		sa_nat64__feed__feed_message__free_unpacked(message, allocator);
		return -EBADMSG;
	}
	read_message(t, message);
	sa_nat64__feed__feed_message__free_unpacked(message, allocator);
	return 0;
}

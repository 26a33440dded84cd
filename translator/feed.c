#include "translator/feed.h"

#include "translator/feed_internal.h"
#include "translator/table_memory.h"

#include <errno.h>
#include <stdlib.h>

#define RING_MAX        (1u << 20)        /* places of a ring of sessions */
#define MATURE_LIMIT    65536             /* young sessions looked at in one tick */
#define REFRESH_LIMIT   262144            /* table slots looked at in one tick */
#define SHORTEST_MIN_US UINT64_C(1000000) /* shorter lifetimes are not refreshed in time */
#define LATE_US         UINT64_C(100000)  /* a tick that comes later than this is not made up for */
#define VERSION_MARGIN                                                             \
	16 /* above what restored sessions have: of some that ended shortly before \
	    */

/* ---- building ---- */

static uint32_t ring_size(uint32_t sessions)
{
	uint32_t size = table_memory_buckets(sessions);

	return size < RING_MAX ? size : RING_MAX;
}

static uint64_t shortest_lifetime_us(const struct config_instance *config)
{
	const uint64_t lifetimes[] = { config->tcp_est_timeout_us, config->tcp_trans_timeout_us,
		                       config->udp_timeout_us, config->icmp_timeout_us };
	uint64_t shortest = UINT64_MAX;

	for (size_t i = 0; i < sizeof(lifetimes) / sizeof(lifetimes[0]); i++)
		shortest = lifetimes[i] < shortest ? lifetimes[i] : shortest;
	return shortest > SHORTEST_MIN_US ? shortest : SHORTEST_MIN_US;
}

static void point_rows(struct feed *feed)
{
	for (int i = 0; i < FEED_BATCH; i++) {
		feed->session_rows[i] = &feed->sessions[i];
		sa_nat64__feed__refused__init(&feed->refused[i]);
	}
}

int feed_start(struct translator *t, const struct feed_config *config)
{
	struct feed *feed = calloc(1, sizeof(*feed));

	if (!feed)
		return -ENOMEM;
	feed->owner = (uint8_t)(config->node + 1);
	feed->min_age_us = config->min_age_us;
	feed->shortest_us = shortest_lifetime_us(t->config);
	feed->dirty_ring.size = feed->young_ring.size = ring_size(t->config->max_sessions);
	feed->note_ring.size = FEED_NOTES;
	feed->dirty = table_memory_new(feed->dirty_ring.size, sizeof(*feed->dirty));
	feed->young = table_memory_new(feed->young_ring.size, sizeof(*feed->young));
	feed->notes = table_memory_new(FEED_NOTES, sizeof(*feed->notes));
	point_rows(feed);
	if (feed->dirty && feed->young && feed->notes) {
		t->feed = feed;
		return 0;
	}
	feed_free(feed);
	return -ENOMEM;
}

void feed_free(struct feed *feed)
{
	if (!feed)
		return;
	table_memory_free(feed->dirty, feed->dirty_ring.size, sizeof(*feed->dirty));
	table_memory_free(feed->young, feed->young_ring.size, sizeof(*feed->young));
	table_memory_free(feed->notes, FEED_NOTES, sizeof(*feed->notes));
	free(feed);
}

size_t feed_memory(const struct feed *feed)
{
	return sizeof(*feed) + feed->dirty_ring.size * sizeof(*feed->dirty) +
	       feed->young_ring.size * sizeof(*feed->young) + FEED_NOTES * sizeof(*feed->notes);
}

void feed_restored(struct session *session)
{
	session->sync &= SESSION_TOLD;
	if (session->sync && session->version && session->owner &&
	    session->owner <= FEED_NODE_MAX + 1)
		return;
	session->sync = session->owner = 0;
	session->version = 0;
}

/* ---- who speaks for a session ---- */

bool feed_owns(const struct feed *feed, const struct session *session)
{
	return session->owner == 0 || session->owner == feed->owner;
}

bool feed_is_alone(const struct feed *feed)
{
	return !feed->in_contact;
}

void feed_set_owner(struct feed *feed, struct session *session, uint8_t owner)
{
	bool was_copy = !feed_owns(feed, session);

	session->owner = owner;
	if (feed->is_counted)
		feed->stats.copies += (uint64_t)!feed_owns(feed, session) - (uint64_t)was_copy;
}

static uint32_t above(uint32_t version)
{
	return version < UINT32_MAX ? version + 1 : version;
}

void feed_take(struct translator *t, uint32_t index, uint32_t version)
{
	struct session *session = session_at(t->sessions, index);

	t->feed->stats.taken += !feed_owns(t->feed, session);
	feed_set_owner(t->feed, session, t->feed->owner);
	session->version = above(version > session->version ? version : session->version);
	feed_tell(t, index);
}

struct feed_identity feed_identity_of(const struct translator *t, const struct session *session)
{
	const struct bib_entry *bib = bib_at(t->bib, session->bib);

	return (struct feed_identity){
		.proto = bib->proto,
		.pool4 = bib->addr4,
		.pool4_port = bib->port4,
		.remote = session->dst4,
		.remote_port = session->dport4,
		.version = session->version,
		.owner = session->owner,
	};
}

bool feed_is_used(const struct translator *t, uint32_t index)
{
	const struct session *session = session_at(t->sessions, index);

	return translator_session_expiry(t, index) > (uint64_t)session->told_s * 1000000;
}

/* ---- what is to be told ---- */

/* A ring is full: what did not fit is told by a scan, as soon as there is room. */
static void overflow(struct feed *feed)
{
	feed->stats.overflows++;
	feed->scan = FEED_SCAN_WANTED;
}

bool feed_is_private(const struct translator *t, const struct session *session)
{
	return probe_address_is_target(t->config, session->dst4);
}

void feed_tell(struct translator *t, uint32_t index)
{
	struct session *session = session_at(t->sessions, index);
	struct feed *feed = t->feed;
	uint32_t place;

	if (session->sync & SESSION_DIRTY || !feed->is_attached || feed_is_private(t, session))
		return;
	place = feed_ring_push(&feed->dirty_ring);
	if (place == UINT32_MAX) {
		overflow(feed);
		return;
	}
	feed->dirty[place] = index;
	session->sync |= SESSION_DIRTY;
}

void feed_say(struct feed *feed, enum feed_note_kind kind, const struct feed_identity *identity,
              uint8_t reason)
{
	uint32_t place;

	if (!feed->is_attached)
		return;
	place = feed_ring_push(&feed->note_ring);
	if (place == UINT32_MAX)
		overflow(feed);
	else
		feed->notes[place] = (struct feed_note){ *identity, (uint8_t)kind, reason };
}

void feed_note_birth(struct translator *t, uint32_t index)
{
	struct feed *feed = t->feed;
	uint32_t place;

	if (t->rehearsal || !feed->is_attached)
		return;
	if (feed->min_age_us == 0) {
		feed_tell(t, index);
		return;
	}
	place = feed_ring_push(&feed->young_ring);
	if (place == UINT32_MAX)
		overflow(feed);
	else
		feed->young[place] = (struct feed_young){
			index, (uint32_t)((t->now_us + feed->min_age_us) / 1000)
		};
}

void feed_note_change(struct translator *t, uint32_t index)
{
	const struct session *session = session_at(t->sessions, index);

	if (t->rehearsal)
		return;
	if (session->sync & SESSION_TOLD)
		feed_take(t, index, session->version);
	else if (session->state == TCP_STATE_ESTABLISHED)
		feed_tell(t, index);
}

void feed_note_end(struct translator *t, uint32_t index)
{
	struct session *session = session_at(t->sessions, index);
	struct feed_identity identity;
	struct feed *feed = t->feed;
	bool is_own = feed_owns(feed, session);

	if (!(session->sync & SESSION_TOLD))
		return;
	if (session->version > feed->version_floor)
		feed->version_floor = session->version;
	identity = feed_identity_of(t, session);
	feed_set_owner(feed, session, 0);
	feed_say(feed, is_own ? FEED_GONE : FEED_EXPIRED, &identity, 0);
}

/* ---- syncd comes and goes ---- */

/* Once: what a table that was restored or adopted holds. */
static void count_told(struct translator *t)
{
	struct feed *feed = t->feed;
	uint32_t cursor = 0, index, highest = 0;

	if (feed->is_counted)
		return;
	feed->is_counted = true;
	while ((index = session_next(t->sessions, &cursor, UINT32_MAX))) {
		const struct session *session = session_at(t->sessions, index);

		feed->stats.copies += !feed_owns(feed, session);
		highest = session->version > highest ? session->version : highest;
	}
	if (highest)
		feed->version_floor = highest < UINT32_MAX - VERSION_MARGIN
		                              ? highest + VERSION_MARGIN
		                              : highest;
}

void feed_attach(struct translator *t, uint64_t now_us)
{
	struct feed *feed = t->feed;

	t->now_us = now_us;
	count_told(t);
	feed->dirty_ring.first = feed->dirty_ring.next;
	feed->young_ring.first = feed->young_ring.next;
	feed->note_ring.first = feed->note_ring.next;
	feed->refresh_begun_us = feed->refresh_last_us = now_us;
	feed->refresh_cursor = 0;
	feed->is_attached = true;
	feed->is_all_told = false;
	feed->scan = FEED_SCAN_WANTED;
}

void feed_detach(struct translator *t)
{
	struct feed *feed = t->feed;

	feed->is_attached = false;
	feed->in_contact = false;
	feed->scan = FEED_SCAN_NONE;
}

/* ---- time ---- */

static void let_mature(struct translator *t)
{
	struct feed *feed = t->feed;
	uint32_t now_ms = (uint32_t)(t->now_us / 1000);

	for (int i = 0; i < MATURE_LIMIT && feed_ring_count(&feed->young_ring); i++) {
		const struct feed_young *young =
			&feed->young[feed->young_ring.first & (feed->young_ring.size - 1)];
		const struct session *session = session_at(t->sessions, young->index);

		if ((int32_t)(young->due_ms - now_ms) > 0)
			return;
		/* The index may have another session meanwhile, which is then told too early. */
		if (session_is_used(t->sessions, young->index) &&
		    session->state == TCP_STATE_NONE && !(session->sync & SESSION_TOLD))
			feed_tell(t, young->index);
		(void)feed_ring_pop(&feed->young_ring);
	}
}

/* Less than half of the lifetime that was told is left, and packets came since. */
static bool is_due(const struct translator *t, uint32_t index)
{
	const struct session *session = session_at(t->sessions, index);
	uint64_t told_us = (uint64_t)session->told_s * 1000000;

	if ((session->sync & (SESSION_TOLD | SESSION_DIRTY)) != SESSION_TOLD)
		return false;
	if (told_us > t->now_us && (told_us - t->now_us) * 2 >= flow_lifetime_us(t, session))
		return false;
	return feed_is_used(t, index);
}

/* How many table slots to look at now, so that all are within an eighth of the shortest lifetime.
 */
static uint32_t refresh_share(struct feed *feed, uint32_t capacity, uint64_t now_us)
{
	uint64_t round_us = feed->shortest_us / 8, passed_us = now_us - feed->refresh_last_us;
	uint64_t share;

	feed->refresh_last_us = now_us;
	if (feed->refresh_cursor == 0 && now_us - feed->refresh_begun_us < round_us)
		return 0;
	if (feed->refresh_cursor == 0)
		feed->refresh_begun_us = now_us;
	share = capacity * (passed_us < LATE_US ? passed_us : LATE_US) / round_us + 1;
	return share < REFRESH_LIMIT ? (uint32_t)share : REFRESH_LIMIT;
}

static void refresh(struct translator *t)
{
	struct feed *feed = t->feed;
	uint32_t share = refresh_share(feed, session_capacity(t->sessions), t->now_us);
	uint32_t before, index;

	while (share) {
		before = feed->refresh_cursor;
		index = session_next(t->sessions, &feed->refresh_cursor, share);
		if (index && is_due(t, index)) {
			if (feed_owns(feed, session_at(t->sessions, index)))
				feed_tell(t, index);
			else
				feed_take(t, index, 0);
		}
		if (feed->refresh_cursor <= before)
			return;
		share -= feed->refresh_cursor - before;
	}
}

void feed_tick(struct translator *t)
{
	struct feed *feed = t->feed;

	if (!feed->is_attached)
		return;
	let_mature(t);
	refresh(t);
}

/* ---- looking in ---- */

bool feed_has_output(const struct translator *t)
{
	const struct feed *feed = t->feed;

	return feed && feed->is_attached &&
	       (feed_ring_count(&feed->dirty_ring) || feed_ring_count(&feed->note_ring) ||
	        feed->scan == FEED_SCAN_WANTED || feed->scan == FEED_SCAN_RUNS);
}

uint32_t feed_waiting(const struct translator *t)
{
	return feed_ring_count(&t->feed->dirty_ring) + feed_ring_count(&t->feed->note_ring);
}

bool feed_is_all_told(const struct translator *t)
{
	return t->feed && t->feed->is_attached && t->feed->is_all_told;
}

bool feed_stats(const struct translator *t, struct feed_stats *out)
{
	if (!t->feed)
		return false;
	*out = t->feed->stats;
	out->in_contact = t->feed->in_contact;
	out->queue = feed_waiting(t);
	return true;
}

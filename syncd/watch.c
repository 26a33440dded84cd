/* See watch.h. */
#include "syncd/watch.h"

#include "lib/log.h"
#include "lib/log_event.h"
#include "syncd/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_US           UINT64_C(60000000)
#define FIELD_COUNT(fields) (sizeof(fields) / sizeof((fields)[0]))
#define SETTLE_US           UINT64_C(1000000) /* what is wrong for less is not worth a line */

/* What was said last of an instance. */
struct seen {
	uint8_t epoch[SEAL_EPOCH_LEN]; /* whose this is: an instance may go and come under its name
	                                */
	bool state_known;
	enum replica_state state;
	const char *peer_state[REPLICA_NODES]; /* of report_peer_state() */
	char peer_reason[REPLICA_NODES][REPORT_MAX];
	uint64_t peer_wrong_us[REPLICA_NODES]; /* since when something else is wrong; 0: nothing */
	uint64_t feed_wrong_us; /* since when the translator runs another configuration; 0: it does
	                           not */
	bool feed_wrong_said;
	uint64_t bad_seals;
	struct log_limit bad_seal_lines;
};

struct watch {
	const struct box *box;
	struct seen *seen; /* in the order of the box */
	size_t count;
	char link[REPORT_MAX];
	bool link_known;
	uint64_t not_local, verdicts[BOX_VERDICTS];
	struct log_limit link_lines, foreign_lines;
	char summary[REPORT_MAX];
};

static const struct log_limit few = { .burst = 5, .interval_us = MINUTE_US };

struct watch *watch_new(const struct box *box)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->box = box;
	watch->foreign_lines = few;
	watch->link_lines = (struct log_limit){ .burst = 20, .interval_us = MINUTE_US };
	return watch;
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	free(watch->seen);
	free(watch);
}

static void look_state(const struct box_instance *instance, struct seen *seen)
{
	static const char *const meaning[] = {
		[REPLICA_STARTING] = "starting: waiting for a peer",
		[REPLICA_JOINING] = "joining: a peer sends what it holds",
		[REPLICA_IN_SYNC] = "in sync",
		[REPLICA_ALONE] = "alone: no peer was there to ask",
	};
	enum replica_state state = replica_state(instance->replica);
	struct replica_stats stats;

	const struct log_field fields[] = {
		{ "INSTANCE", instance->name },
		{ "OLD_STATE", seen->state_known ? report_state(seen->state) : "" },
		{ "NEW_STATE", report_state(state) },
		{ "REASON", meaning[state] },
	};

	if (seen->state_known && seen->state == state)
		return;
	replica_stats(instance->replica, &stats);
	log_event(LOG_LEVEL_NOTICE, fields, FIELD_COUNT(fields),
	          "instance %s: %s, %" PRIu64 " sessions", instance->name, meaning[state],
	          stats.sessions);
	seen->state_known = true;
	seen->state = state;
}

/* Numbers in a reason (seconds of silence) are no change, nor is that a peer is still not there. */
static bool peer_changed(const struct seen *seen, uint8_t node,
                         const struct replica_peer_stats *stats, const char *state,
                         const char *reason)
{
	if (!seen->peer_state[node])
		return stats->contact != REPLICA_NEVER_HEARD;
	if (seen->peer_state[node] != state)
		return true;
	return stats->contact != REPLICA_LOST && strcmp(seen->peer_reason[node], reason) != 0;
}

/* Whether something has been wrong long enough. */
static bool has_settled(struct seen *seen, uint8_t node, const char *reason, uint64_t now_us)
{
	if (reason[0] == '\0')
		return true;
	if (!seen->peer_wrong_us[node])
		seen->peer_wrong_us[node] = now_us;
	return now_us - seen->peer_wrong_us[node] >= SETTLE_US;
}

/* before: NULL when it was not heard of. reason: "" when all is well. */
static void log_peer(const struct box_instance *instance, const char *peer, const char *before,
                     const char *state, const char *reason)
{
	const struct log_field fields[] = {
		{ "INSTANCE", instance->name },
		{ "PEER", peer },
		{ "OLD_STATE", before ? before : "" },
		{ "NEW_STATE", state },
		{ "REASON", reason },
	};

	log_event(reason[0] ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, fields, FIELD_COUNT(fields),
	          "instance %s: peer %s is %s%s%s", instance->name, peer, state,
	          reason[0] ? ": " : "", reason);
}

static void look_peer(const struct box *box, const struct box_instance *instance, uint8_t node,
                      struct seen *seen, uint64_t now_us)
{
	struct replica_peer_stats stats;
	char reason[REPORT_MAX];
	const char *state;

	replica_peer_stats(instance->replica, node, &stats, now_us);
	state = report_peer_state(&stats);
	report_peer_reason(box, instance, node, &stats, now_us, reason);
	if (peer_changed(seen, node, &stats, state, reason)) {
		if (!has_settled(seen, node, reason, now_us))
			return;
		log_peer(instance, box->names[node], seen->peer_state[node], state, reason);
		seen->peer_state[node] = state;
		memcpy(seen->peer_reason[node], reason, sizeof(reason));
	}
	seen->peer_wrong_us[node] = 0;
}

/* A reload reaches the one a little before the other. */
static void look_feed(const struct box_instance *instance, struct seen *seen, uint64_t now_us)
{
	if (!box_feed_differs(instance)) {
		seen->feed_wrong_us = 0;
		seen->feed_wrong_said = false;
		return;
	}
	if (!seen->feed_wrong_us)
		seen->feed_wrong_us = now_us;
	if (seen->feed_wrong_said || now_us - seen->feed_wrong_us < SETTLE_US)
		return;
	seen->feed_wrong_said = true;
	log_warning("instance %s: its translator runs another configuration than this program: "
	            "reload the one that was not reloaded",
	            instance->name);
}

static void look_instance(const struct watch *watch, const struct box_instance *instance,
                          struct seen *seen, uint64_t now_us)
{
	uint16_t peers = report_peers(watch->box);

	look_state(instance, seen);
	look_feed(instance, seen, now_us);
	for (uint8_t node = 0; node < REPLICA_NODES; node++)
		if (peers & 1u << node)
			look_peer(watch->box, instance, node, seen, now_us);
	if (instance->bad_seals != seen->bad_seals)
		log_limited(&seen->bad_seal_lines, now_us, LOG_LEVEL_WARNING,
		            "instance %s: %" PRIu64
		            " datagrams were not sealed with this cluster's key",
		            instance->name, instance->bad_seals - seen->bad_seals);
	seen->bad_seals = instance->bad_seals;
}

/* What came to the group and is for nobody here. */
static void look_foreign(struct watch *watch, uint64_t not_local, uint64_t now_us)
{
	static const char *const what[BOX_VERDICTS] = {
		[BOX_NOT_OURS] = "were no datagrams of sa-nat64",
		[BOX_OTHER_VERSION] = "spoke another version of the protocol",
		[BOX_OTHER_CLUSTER] = "were of another cluster; give it another sync-group or port",
		[BOX_OTHER_INSTANCE] = "were of an instance that is not in the configuration here",
	};
	const uint64_t *verdicts = watch->box->verdicts;

	for (int i = 0; i < BOX_VERDICTS; i++)
		if (what[i] && verdicts[i] != watch->verdicts[i])
			log_limited(&watch->foreign_lines, now_us, LOG_LEVEL_WARNING,
			            "%" PRIu64 " datagrams %s", verdicts[i] - watch->verdicts[i],
			            what[i]);
	if (not_local != watch->not_local)
		log_limited(&watch->foreign_lines, now_us, LOG_LEVEL_WARNING,
		            "%" PRIu64 " datagrams were routed here or not for the group",
		            not_local - watch->not_local);
	memcpy(watch->verdicts, verdicts, sizeof(watch->verdicts));
	watch->not_local = not_local;
}

static void look_link(struct watch *watch, const char *link, uint64_t now_us)
{
	if (watch->link_known && strcmp(watch->link, link) == 0)
		return;
	if (link[0])
		log_limited(&watch->link_lines, now_us, LOG_LEVEL_WARNING,
		            "nothing can be exchanged: %s", link);
	else
		log_limited(&watch->link_lines, now_us, LOG_LEVEL_NOTICE,
		            "sync-interface is ready");
	watch->link_known = true;
	(void)snprintf(watch->link, sizeof(watch->link), "%s", link);
}

static bool is_of(const struct seen *seen, const struct box_instance *instance)
{
	return memcmp(seen->epoch, instance->epoch, sizeof(seen->epoch)) == 0;
}

/* Whether what was seen is of the instances that the box has now. */
static bool fits(const struct watch *watch)
{
	if (watch->count != watch->box->count)
		return false;
	for (size_t i = 0; i < watch->count; i++)
		if (!is_of(&watch->seen[i], watch->box->instances[i]))
			return false;
	return true;
}

/* What was seen of an instance so far, or nothing. */
static struct seen recall(const struct watch *watch, const struct box_instance *instance)
{
	struct seen none = { .bad_seal_lines = few };

	for (size_t i = 0; i < watch->count; i++)
		if (is_of(&watch->seen[i], instance))
			return watch->seen[i];
	memcpy(none.epoch, instance->epoch, sizeof(none.epoch));
	return none;
}

/* Instances have come or gone. False when memory ends: the next look tries again. */
static bool fit(struct watch *watch)
{
	const struct box *box = watch->box;
	struct seen *seen = calloc(box->count + 1, sizeof(*seen));

	if (!seen)
		return false;
	for (size_t i = 0; i < box->count; i++)
		seen[i] = recall(watch, box->instances[i]);
	free(watch->seen);
	watch->seen = seen;
	watch->count = box->count;
	return true;
}

void watch_look(struct watch *watch, const char *link, uint64_t not_local, uint64_t now_us)
{
	look_link(watch, link, now_us);
	look_foreign(watch, not_local, now_us);
	if (!fits(watch) && !fit(watch))
		return;
	for (size_t i = 0; i < watch->count; i++)
		look_instance(watch, watch->box->instances[i], &watch->seen[i], now_us);
}

const char *watch_summary(struct watch *watch, const char *link)
{
	const struct box *box = watch->box;
	size_t ready = 0, whole = 0;
	char line[REPORT_MAX];

	for (size_t i = 0; i < box->count; i++) {
		enum replica_state state = replica_state(box->instances[i]->replica);

		ready += state == REPLICA_IN_SYNC || state == REPLICA_ALONE;
		whole += replica_all_in_contact(box->instances[i]->replica);
	}
	if (link[0])
		(void)snprintf(line, sizeof(line), "no exchange: %s", link);
	else
		(void)snprintf(line, sizeof(line),
		               "%zu of %zu instances in sync, %zu with every peer", ready,
		               box->count, whole);
	if (strcmp(line, watch->summary) == 0)
		return NULL;
	memcpy(watch->summary, line, sizeof(line));
	return watch->summary;
}

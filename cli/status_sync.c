#include "cli/status_sync.h"

#include "cli/sync.h"

#include <string.h>

/* Nothing to say to people where nothing is replicated. */
static void put_absent(struct out *out, const struct status_synced *synced)
{
	bool is_off = strcmp(synced->state, "off") == 0;

	if (is_off)
		out_begin(out, OUT_UNSEEN, NULL);
	out_begin(out, OUT_LINE, "sync");
	out_state(out, "state", synced->state, synced->meaning);
	if (!is_off)
		out_reason(out, "reason", synced->reason);
	out_begin(out, OUT_UNSEEN, NULL);
	out_begin(out, OUT_LIST, "peers");
	out_end(out);
	out_end(out);
	out_end(out);
	if (is_off)
		out_end(out);
}

/* The translator's side. */
static void put_feed(struct out *out, const SaNat64__Control__Feed *feed)
{
	out_begin(out, OUT_LINE, "feed");
	out_flag(out, "attached", feed->attached);
	out_text(out, "reason", feed->reason);
	out_count(out, "told", feed->told);
	out_count(out, "entered", feed->entered);
	out_count(out, "refused", feed->refused);
	out_count(out, "conflicts", feed->conflicts);
	out_count(out, "overflows", feed->overflows);
	out_count(out, "queue", feed->queue);
	out_count(out, "copies", feed->copies);
	out_end(out);
}

/* For programs: what the line for people sums up. */
static void put_details(struct out *out, const SaNat64__Control__SyncInstance *sync,
                        const SaNat64__Control__Feed *feed)
{
	out_begin(out, OUT_UNSEEN, NULL);
	out_count(out, "resent", sync->resent);
	out_count(out, "duplicates", sync->duplicates);
	out_count(out, "replays", sync->replays);
	out_count(out, "bad_seals", sync->bad_seals);
	out_count(out, "refused", sync->refused);
	out_count(out, "conflicts", sync->conflicts);
	if (feed)
		put_feed(out, feed);
	out_begin(out, OUT_LIST, "peers");
	for (size_t i = 0; i < sync->n_peers; i++) {
		const SaNat64__Control__Peer *peer = sync->peers[i];

		out_begin(out, OUT_OBJECT, NULL);
		out_text(out, "node", peer->node);
		out_text(out, "state", peer->state);
		out_text(out, "reason", peer->reason);
		out_milliseconds(out, "lag_ms", peer->lag_us);
		out_count(out, "lost", peer->lost);
		out_flag(out, "config_differs", peer->config_differs);
		out_flag(out, "prefixes_differ", peer->prefixes_differ);
		out_end(out);
	}
	out_end(out);
	out_end(out);
}

/* Why replication is not as it should be: the worst that is wrong now, for that says what to do. */
static const char *reason_of(const SaNat64__Control__PeersReply *reply,
                             const SaNat64__Control__SyncInstance *sync,
                             const SaNat64__Control__Feed *feed)
{
	static struct findings findings;

	if (feed && !feed->attached && feed->reason[0])
		return feed->reason;
	findings = (struct findings){ .count = 0 };
	sync_judge_link(reply, reply, &findings);
	sync_judge_instance(sync, sync, UINT64_MAX, &findings);
	findings_sort(&findings);
	return findings.count > 0 ? findings.list[0].text : sync->reason;
}

static void put_on(struct out *out, const struct status_synced *synced,
                   const SaNat64__Control__Feed *feed)
{
	const SaNat64__Control__SyncInstance *sync = synced->sync;
	struct sync_sum sum = sync_add_up(sync);

	out_begin(out, OUT_LINE, "sync");
	out_state(out, "state", synced->state, synced->meaning);
	out_reason(out, "reason", synced->reason);
	out_share(out, "peers_in_sync", sum.well, sync->n_peers);
	out_milliseconds(out, "lag_ms", sum.lag_us);
	out_count(out, "lost", sum.lost);
	out_count(out, "queue", sync->queue_repair + sync->queue_news + sync->queue_bulk);
	put_details(out, sync, feed);
	out_end(out);
}

/* Whether there is anything to replicate: a stateless instance has no sessions, so that
 * sa-nat64-syncd does not know it. */
static bool replicates(const struct status_box *box, const char *name,
                       const SaNat64__Control__StatusReply *status)
{
	if (!box->syncd)
		return false;
	if (status)
		return strcmp(status->mode, "siit") != 0;
	return !box->peers || sync_find(box->peers, name);
}

static struct status_synced down(const char *reason)
{
	return (struct status_synced){ "down", reason, MEANING_BAD, NULL };
}

struct status_synced status_judge_sync(const struct status_box *box, const char *name,
                                       const SaNat64__Control__StatusReply *status)
{
	const SaNat64__Control__SyncInstance *sync = box->peers ? sync_find(box->peers, name)
	                                                        : NULL;

	if (!replicates(box, name, status))
		return (struct status_synced){ "off", "", MEANING_DIM, NULL };
	if (sync)
		return (struct status_synced){
			sync->state, reason_of(box->peers, sync, status ? status->feed : NULL),
			sync_meaning(sync->state), sync
		};
	if (!box->peers)
		return down(box->syncd->problem);
	return down("sa-nat64-syncd does not know this instance: it runs with another "
	            "configuration; sa-nat64 reload");
}

void status_put_sync(struct out *out, const struct status_box *box, const char *name,
                     const SaNat64__Control__StatusReply *status)
{
	struct status_synced synced = status_judge_sync(box, name, status);

	if (synced.sync)
		put_on(out, &synced, status ? status->feed : NULL);
	else
		put_absent(out, &synced);
}

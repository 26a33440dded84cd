/* What a datagram says, in the order of its checks: proto/SYNC.md, sections 3 to 5. */
#include "syncd/replica_parts.h"

#include <stdio.h>
#include <string.h>

static enum replica_admission admit(struct replica *replica, const struct replica_origin *origin)
{
	static const enum replica_admission by_window[] = {
		[WINDOW_NEW] = REPLICA_ADMIT,
		[WINDOW_LATE] = REPLICA_ADMIT,
		[WINDOW_DUPLICATE] = REPLICA_DUPLICATE,
		[WINDOW_TOO_OLD] = REPLICA_TOO_OLD,
	};
	struct peer *peer;
	enum replica_admission admission;

	if (origin->node == replica->config.node)
		return REPLICA_OWN;
	if (!replica_is_other(replica, origin->node))
		return REPLICA_STRANGER;
	peer = &replica->peers[origin->node];
	/* The window of a life outlasts a loss of contact. */
	if (!peer->has_epoch || memcmp(peer->epoch, origin->epoch, REPLICA_EPOCH_LEN) != 0)
		return REPLICA_ADMIT;
	admission = by_window[window_check(&peer->window, origin->seq)];
	peer->duplicates += admission == REPLICA_DUPLICATE;
	peer->replays += admission == REPLICA_TOO_OLD;
	return admission;
}

enum replica_admission replica_admit(struct replica *replica, const struct replica_origin *origin)
{
	enum replica_admission admission = admit(replica, origin);

	replica->stats.refused[admission] += admission != REPLICA_ADMIT;
	return admission;
}

/* ---- hello ---- */

static bool echoes_us(const struct replica *replica, const SaNat64__Sync__Hello *hello)
{
	for (size_t i = 0; i < hello->n_echoes; i++)
		if (hello->echoes[i]->node == replica->config.node &&
		    memcmp(hello->echoes[i]->challenge.data, replica->challenge,
		           WIRE_CHALLENGE_LEN) == 0)
			return true;
	return false;
}

/* With each Hello, for either configuration may have been reloaded since the last one. */
static void compare_configs(const struct replica *replica, struct peer *peer,
                            const SaNat64__Sync__Hello *hello)
{
	peer->other_config = hello->config_hash != replica->config.config_hash;
	peer_event(peer, hello->prefixes_hash == replica->config.prefixes_hash ? PEER_ACCEPTED
	                                                                       : PEER_DIFFERS);
}

static void read_hello(const struct replica *replica, struct peer *peer,
                       const SaNat64__Sync__Hello *hello)
{
	compare_configs(replica, peer, hello);
	peer->state = (enum replica_state)hello->state;
	peer->sessions = hello->sessions;
	(void)snprintf(peer->version, sizeof(peer->version), "%s", hello->version);
}

static void accept_peer(struct replica *replica, const struct replica_origin *origin,
                        const SaNat64__Sync__Hello *hello, uint64_t now_us)
{
	struct peer *peer = &replica->peers[origin->node];
	bool same = peer->has_epoch && memcmp(peer->epoch, origin->epoch, REPLICA_EPOCH_LEN) == 0;

	if (!same)
		join_forget(replica, origin->node);
	peer_accept(peer, origin->epoch, origin->seq, now_us);
	compare_configs(replica, peer, hello);
	peer->heard_us = now_us;
	replica_new_challenge(replica);
	replica_want_hello(replica, now_us);
}

static void take_hello(struct replica *replica, const struct replica_origin *origin,
                       const SaNat64__Sync__Hello *hello, uint64_t now_us)
{
	struct peer *peer = &replica->peers[origin->node];

	if (!peer_is_epoch(peer, origin->epoch) && echoes_us(replica, hello)) {
		peer_note_challenge(peer, origin->epoch, hello->challenge.data, now_us);
		accept_peer(replica, origin, hello, now_us);
	} else {
		peer_note_challenge(peer, origin->epoch, hello->challenge.data, now_us);
	}
	if (peer_is_epoch(peer, origin->epoch))
		read_hello(replica, peer, hello);
}

/* ---- the rest ---- */

static void take_heartbeat(struct replica *replica, uint8_t node,
                           const SaNat64__Sync__Heartbeat *beat)
{
	struct peer *peer = &replica->peers[node];

	peer->state = (enum replica_state)beat->state;
	peer->sessions = beat->sessions;
	for (size_t i = 0; i < beat->n_seen; i++)
		if (beat->seen[i]->node == replica->config.node &&
		    memcmp(beat->seen[i]->epoch.data, replica->config.epoch, REPLICA_EPOCH_LEN) ==
		            0)
			pace_report(&replica->pace, beat->seen[i]->loss_permille);
	digest_compare(replica, node, beat);
}

static uint16_t absent_nodes(const struct replica *replica)
{
	uint16_t absent = 0;

	for (unsigned node = 0; node < REPLICA_NODES; node++)
		if (replica_is_absent(replica, node))
			absent |= (uint16_t)(1u << node);
	return absent;
}

static void take_records(struct replica *replica, const struct replica_origin *origin,
                         const struct wire_records *records, uint64_t now_us)
{
	const struct merge_source source = {
		.node = origin->node,
		.heard = peer_heard(&replica->peers[origin->node], origin->seq),
		.wanted = now_us < replica->peers[origin->node].want_us,
		.absent = absent_nodes(replica),
	};

	for (size_t i = 0; i < records->n_sessions; i++)
		merge_session(replica, &records->sessions[i], &source, now_us);
	for (size_t i = 0; i < records->n_gone; i++)
		merge_gone(replica, &records->gone[i], &source, now_us);
	replica->stats.received_sessions += records->n_sessions + records->n_gone;
	if (records->n_sessions)
		join_progress(replica, origin->node, now_us);
}

/* Answers to our NACKs. */
static void take_answers(struct replica *replica, const struct replica_origin *origin,
                         const wire_payload *payload)
{
	struct window *window = &replica->peers[origin->node].window;
	const SaNat64__Sync__NackMiss *miss = payload->nack_miss;
	const SaNat64__Sync__NackDone *done = payload->nack_done;

	for (size_t i = 0; miss && miss->node == replica->config.node && i < miss->n_first; i++)
		window_give_up(window, &(struct window_range){ miss->first[i], miss->last[i] });
	if (!done || done->node != replica->config.node)
		return;
	for (size_t i = 0; i < done->n_first; i++)
		window_resolve(window, &(struct window_range){ done->first[i], done->last[i] });
	join_repaired(replica, origin->node, origin->seq);
}

static void take_requests(struct replica *replica, const struct replica_origin *origin,
                          const wire_payload *payload, uint64_t now_us)
{
	const SaNat64__Sync__SnapshotRequest *request = payload->snapshot_request;
	const SaNat64__Sync__SnapshotEnd *end = payload->snapshot_end;

	for (size_t i = 0; i < payload->n_nacks; i++)
		nack_answer(replica, origin->node, payload->nacks[i]);
	if (request && request->node == replica->config.node)
		snapshot_asked(replica, origin->node, request->id);
	if (end && end->node == replica->config.node)
		join_end(replica, origin->node, end->id, origin->seq, now_us);
	if (payload->bucket_request)
		digest_asked(replica, payload->bucket_request);
	if (payload->want)
		digest_wanted(replica, payload->want);
	if (payload->listing)
		digest_listing(replica, origin->node, origin->seq, payload->listing, now_us);
}

static void take_payload(struct replica *replica, const struct replica_origin *origin,
                         const wire_payload *payload, const struct wire_records *records,
                         uint64_t now_us)
{
	struct peer *peer = &replica->peers[origin->node];

	take_records(replica, origin, records, now_us);
	take_answers(replica, origin, payload);
	take_requests(replica, origin, payload, now_us);
	if (payload->heartbeat)
		take_heartbeat(replica, origin->node, payload->heartbeat);
	if (payload->goodbye) {
		peer_event(peer, PEER_GOODBYE);
		replica_new_challenge(replica);
	}
}

/* Number the datagram. False: its contents have been sent again since, or its prefixes differ. */
static bool take_number(struct replica *replica, const struct replica_origin *origin, size_t len,
                        uint64_t now_us)
{
	struct peer *peer = &replica->peers[origin->node];
	bool late = window_check(&peer->window, origin->seq) == WINDOW_LATE;

	window_take(&peer->window, origin->seq, now_us);
	if (peer->window.missing && peer->ask_us > now_us + WINDOW_GRACE_US)
		peer->ask_us = now_us + WINDOW_GRACE_US;
	peer->datagrams++;
	peer->heard_us = now_us;
	replica->stats.received_datagrams++;
	replica->stats.received_bytes += len + replica->config.overhead;
	return !late && peer_is_heard(peer);
}

bool replica_deliver(struct replica *replica, const struct replica_origin *origin,
                     const uint8_t *payload, size_t len, uint64_t now_us)
{
	struct wire_records records;
	const wire_payload *message;
	struct peer *peer;

	if (replica_admit(replica, origin) != REPLICA_ADMIT)
		return true;
	peer = &replica->peers[origin->node];
	message = wire_read(replica->arena, payload, len, origin->node, now_us, &records);
	if (message && message->hello)
		take_hello(replica, origin, message->hello, now_us);
	if (!peer_is_epoch(peer, origin->epoch)) {
		peer_event(peer, PEER_STRANGE);
		replica->stats.unaccepted++;
		replica->stats.malformed += !message;
		replica_want_hello(replica, now_us);
		return message != NULL;
	}
	if (!take_number(replica, origin, len, now_us) || !message) {
		replica->stats.malformed += !message;
		return message != NULL;
	}
	take_payload(replica, origin, message, &records, now_us);
	return true;
}

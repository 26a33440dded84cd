/* What the next datagram says: control first, a heartbeat when it is due, then records by their
 * classes. proto/SYNC.md, sections 6 and 7. */
#include "syncd/replica_parts.h"

#include <string.h>

#define RECORD_BYTES 50 /* of an average one */
#define GOODBYE      "stopped"

/* ---- control ---- */

static void echo(SaNat64__Sync__Echo *message, uint32_t node, const uint8_t *challenge)
{
	sa_nat64__sync__echo__init(message);
	message->node = node;
	message->challenge.data = (uint8_t *)(uintptr_t)challenge;
	message->challenge.len = WIRE_CHALLENGE_LEN;
}

/* The challenges heard: of the life that was accepted, and of another that wants to be. */
static size_t collect_echoes(const struct replica *replica, uint64_t now_us,
                             SaNat64__Sync__Echo *echoes)
{
	size_t count = 0;

	for (unsigned node = 0; node < REPLICA_NODES; node++) {
		const struct peer *peer = &replica->peers[node];

		if (peer->has_epoch)
			echo(&echoes[count++], node, peer->challenge);
		if (peer->candidate_us && now_us < peer->candidate_us + PEER_CANDIDATE_US)
			echo(&echoes[count++], node, peer->candidate_challenge);
	}
	return count;
}

static bool put_hello(struct replica *replica, struct wire_out *out, uint64_t now_us)
{
	SaNat64__Sync__Echo echoes[2 * REPLICA_NODES], *pointers[2 * REPLICA_NODES];
	SaNat64__Sync__Hello hello;

	if (now_us < replica->hello_us)
		return false;
	sa_nat64__sync__hello__init(&hello);
	hello.challenge.data = replica->challenge;
	hello.challenge.len = WIRE_CHALLENGE_LEN;
	hello.n_echoes = collect_echoes(replica, now_us, echoes);
	for (size_t i = 0; i < hello.n_echoes; i++)
		pointers[i] = &echoes[i];
	hello.echoes = pointers;
	hello.state = (SaNat64__Sync__State)replica->state;
	hello.prefixes_hash = replica->config.prefixes_hash;
	hello.config_hash = replica->config.config_hash;
	hello.version = replica->version;
	hello.sessions = mirror_total(replica->mirror);
	if (!wire_put(out, 3, &hello.base))
		return false;
	replica->hello_sent_us = now_us;
	replica->hello_us = now_us + REPLICA_HELLO_US;
	return true;
}

static bool put_goodbye(struct replica *replica, struct wire_out *out)
{
	SaNat64__Sync__Goodbye goodbye;

	if (!replica->goodbye)
		return false;
	sa_nat64__sync__goodbye__init(&goodbye);
	goodbye.reason = (char *)(uintptr_t)GOODBYE;
	if (!wire_put(out, 12, &goodbye.base))
		return false;
	replica->goodbye = false;
	return true;
}

static size_t collect_seen(const struct replica *replica, SaNat64__Sync__Seen *seen,
                           SaNat64__Sync__Seen **pointers)
{
	size_t count = 0;

	for (unsigned node = 0; node < REPLICA_NODES; node++) {
		const struct peer *peer = &replica->peers[node];

		if (!peer_is_accepted(peer))
			continue;
		sa_nat64__sync__seen__init(&seen[count]);
		seen[count].node = node;
		seen[count].epoch.data = (uint8_t *)(uintptr_t)peer->epoch;
		seen[count].epoch.len = REPLICA_EPOCH_LEN;
		seen[count].contiguous_seq = peer->window.floor;
		seen[count].loss_permille = window_loss_permille(&peer->window);
		pointers[count] = &seen[count];
		count++;
	}
	return count;
}

static uint32_t waiting(const struct replica *replica)
{
	return sendq_count(&replica->sendq, SENDQ_REPAIR) +
	       sendq_count(&replica->sendq, SENDQ_NEWS);
}

/* Digests are of what was sent: none while news wait. */
static bool put_heartbeat(struct replica *replica, struct wire_out *out, uint64_t now_us)
{
	SaNat64__Sync__Seen seen[REPLICA_NODES], *pointers[REPLICA_NODES];
	SaNat64__Sync__Heartbeat beat;
	uint64_t digests[WIRE_DIGESTS_MAX];

	sa_nat64__sync__heartbeat__init(&beat);
	beat.last_seq = replica->seq + 1;
	beat.state = (SaNat64__Sync__State)replica->state;
	beat.sessions = mirror_total(replica->mirror);
	beat.queue = waiting(replica);
	beat.n_seen = collect_seen(replica, seen, pointers);
	beat.seen = pointers;
	if (sendq_count(&replica->sendq, SENDQ_NEWS) == 0)
		digest_fill(replica, &beat, digests);
	if (!wire_put(out, 4, &beat.base))
		return false;
	replica->beat_us = now_us + REPLICA_BEAT_US;
	return true;
}

static bool put_controls(struct replica *replica, struct wire_out *out, uint64_t now_us)
{
	bool any = put_hello(replica, out, now_us);

	any |= put_goodbye(replica, out);
	any |= join_put_request(replica, out, now_us);
	any |= nack_put_requests(replica, out, now_us);
	any |= nack_put_answers(replica, out);
	any |= digest_put_request(replica, out);
	any |= digest_put_want(replica, out, now_us);
	return any;
}

/* ---- records ---- */

static bool put_entry(struct replica *replica, struct wire_out *out, uint32_t index,
                      uint64_t now_us)
{
	struct replica_session session;
	struct replica_gone gone;

	if (mirror_at(replica->mirror, index)->flags & MIRROR_GONE) {
		entry_gone(replica, index, &gone);
		if (!wire_put_gone(out, &gone, replica->config.node))
			return false;
	} else {
		entry_session(replica, index, &session);
		if (!wire_put_session(out, &session, replica->config.node, now_us))
			return false;
	}
	sent_add(replica->sent, index);
	replica->stats.sent_sessions++;
	return true;
}

/* Fill up from one of the sets. False: the datagram is full. */
static bool put_set(struct replica *replica, struct wire_out *out, enum sendq_class class,
                    uint64_t now_us)
{
	uint32_t index;

	while ((index = sendq_first(&replica->sendq, class))) {
		if (!put_entry(replica, out, index, now_us))
			return false;
		(void)sendq_take(&replica->sendq, class, now_us);
	}
	return true;
}

static bool has_room(const struct wire_out *out)
{
	return out->max - out->len >= 2 * RECORD_BYTES;
}

static bool put_bulk(struct replica *replica, struct wire_out *out, uint64_t now_us)
{
	uint32_t index;

	if (digest_has_listings(replica) && !digest_put_listing(replica, out))
		return false;
	while (has_room(out) && (index = snapshot_next(replica)))
		if (!put_entry(replica, out, index, now_us))
			return false;
	return has_room(out);
}

static void put_records(struct replica *replica, struct wire_out *out, uint64_t now_us)
{
	const enum sendq_class *order = sendq_order(&replica->sendq);
	bool room = true;

	for (int i = 0; i < SENDQ_CLASSES - 1 && room; i++)
		room = order[i] == SENDQ_BULK ? put_bulk(replica, out, now_us)
		                              : put_set(replica, out, order[i], now_us);
}

/* When news may leave; UINT64_MAX: there are none. */
static uint64_t news_us(const struct replica *replica, uint64_t now_us)
{
	uint32_t count = sendq_count(&replica->sendq, SENDQ_NEWS);
	uint64_t due_us = replica->sendq.news_since_us + SENDQ_WAIT_US;

	if (!count)
		return UINT64_MAX;
	if (count * RECORD_BYTES >= replica->config.payload_max || now_us >= replica->beat_us)
		return now_us;
	return due_us > now_us ? due_us : now_us;
}

static bool has_paced(const struct replica *replica)
{
	return sendq_count(&replica->sendq, SENDQ_REPAIR) || snapshot_pending(replica) ||
	       digest_has_listings(replica);
}

static bool beat_may_go(const struct replica *replica, uint64_t now_us)
{
	return now_us >= replica->beat_us && (sendq_count(&replica->sendq, SENDQ_NEWS) == 0 ||
	                                      now_us >= replica->beat_us + REPLICA_BEAT_LATE_US);
}

/* ---- the datagram ---- */

static size_t close_datagram(struct replica *replica, const struct wire_out *out, uint64_t *seq)
{
	if (!out->len)
		return 0;
	*seq = ++replica->seq;
	sent_close(replica->sent, *seq);
	pace_spend(&replica->pace, out->len + replica->config.overhead);
	replica->stats.sent_datagrams++;
	replica->stats.sent_bytes += out->len + replica->config.overhead;
	return out->len;
}

size_t replica_poll(struct replica *replica, uint8_t *payload, uint64_t *seq, uint64_t now_us)
{
	struct wire_out out = { .at = payload, .max = replica->config.payload_max };
	bool control, paced;

	replica_tick(replica, now_us);
	control = put_controls(replica, &out, now_us);
	if (beat_may_go(replica, now_us))
		control |= put_heartbeat(replica, &out, now_us);
	paced = has_paced(replica) || news_us(replica, now_us) <= now_us;
	if ((control || paced) && pace_may_send(&replica->pace, now_us))
		put_records(replica, &out, now_us);
	/* The walk may have come to its end just now. */
	(void)snapshot_put_end(replica, &out);
	return close_datagram(replica, &out, seq);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t paced_us(const struct replica *replica)
{
	uint64_t at_us = has_paced(replica) ? 0 : news_us(replica, 0);

	if (at_us == UINT64_MAX)
		return UINT64_MAX;
	if (at_us < pace_next_us(&replica->pace))
		at_us = pace_next_us(&replica->pace);
	return at_us;
}

uint64_t replica_next_us(const struct replica *replica)
{
	uint64_t next_us = earlier(replica->hello_us, replica->tick_us);
	uint64_t beat_us = replica->beat_us;

	if (sendq_count(&replica->sendq, SENDQ_NEWS)) {
		uint64_t flush_us = pace_next_us(&replica->pace);

		if (flush_us > beat_us)
			beat_us = earlier(flush_us, beat_us + REPLICA_BEAT_LATE_US);
	}
	next_us = earlier(earlier(next_us, beat_us), paced_us(replica));
	next_us = earlier(next_us, join_next_us(replica));
	for (unsigned node = 0; node < REPLICA_NODES; node++)
		if (peer_is_heard(&replica->peers[node]))
			next_us = earlier(next_us, replica->peers[node].ask_us);
	if (replica->goodbye || nack_has_answers(replica) || digest_has_requests(replica) ||
	    replica->snapshots.ending || replica->scan_cursor)
		return 0;
	return next_us;
}

/* Asking for numbers that did not come, and answering who asks: proto/SYNC.md, section 4. */
#include "syncd/replica_parts.h"

#include <string.h>

#define ANSWER_NUMBERS 512 /* of one NACK; the rest will be asked for again */
#define RANGE_BYTES    20  /* of a NACK, at most */
#define RANGES_EXTRA   64

static uint32_t ranges_that_fit(const struct replica *replica)
{
	size_t fit = (replica->config.payload_max - RANGES_EXTRA) / RANGE_BYTES;

	return fit < WIRE_RANGES_MAX ? (uint32_t)fit : WIRE_RANGES_MAX;
}

/* ---- answering ---- */

static void queue_answer(struct nacks *nacks, const struct nack_answer *answer)
{
	struct nack_answer *last;

	if (nacks->count) {
		last = &nacks->answers[(nacks->first + nacks->count - 1) % NACK_ANSWERS];
		if (last->node == answer->node && last->forgotten == answer->forgotten &&
		    last->last + 1 == answer->first) {
			last->last = answer->last;
			last->after = answer->after;
			return;
		}
	}
	if (nacks->count == NACK_ANSWERS)
		return;
	nacks->answers[(nacks->first + nacks->count++) % NACK_ANSWERS] = *answer;
}

/* Put what a datagram carried into repair. False: nobody knows any more what it was. */
static bool repair_datagram(struct replica *replica, uint64_t seq)
{
	int count = sent_count(replica->sent, seq);

	for (int i = 0; i < count; i++) {
		uint32_t index = sent_record(replica->sent, seq, i);

		if (!(mirror_at(replica->mirror, index)->flags & MIRROR_USED))
			continue;
		sendq_repair(&replica->sendq, index);
		replica->stats.resent_sessions++;
	}
	return count >= 0;
}

static uint32_t answer_range(struct replica *replica, uint8_t node, uint64_t first, uint64_t last,
                             uint32_t limit)
{
	uint32_t count = 0;

	if (last > replica->seq)
		last = replica->seq;
	for (uint64_t seq = first; seq <= last && count < limit; seq++, count++) {
		bool again = repair_datagram(replica, seq);

		queue_answer(&replica->nacks,
		             &(struct nack_answer){ .node = node,
		                                    .forgotten = !again,
		                                    .first = seq,
		                                    .last = seq,
		                                    .after = replica->sendq.repair_in });
	}
	return count;
}

void nack_answer(struct replica *replica, uint8_t node, const SaNat64__Sync__Nack *nack)
{
	uint32_t left = ANSWER_NUMBERS;

	if (nack->node != replica->config.node ||
	    memcmp(nack->epoch.data, replica->config.epoch, REPLICA_EPOCH_LEN) != 0)
		return;
	replica->peers[node].resent_asked++;
	for (size_t i = 0; i < nack->n_first && left; i++)
		left -= answer_range(replica, node, nack->first[i], nack->last[i], left);
}

bool nack_has_answers(const struct replica *replica)
{
	const struct nacks *nacks = &replica->nacks;

	return nacks->count && nacks->answers[nacks->first].after <= replica->sendq.repair_out;
}

struct answers {
	size_t count;
	uint64_t first[WIRE_RANGES_MAX], last[WIRE_RANGES_MAX];
};

/* The answers that are due and like the first one, in the order of the ring. */
static void collect(const struct replica *replica, uint32_t max, struct answers *out)
{
	const struct nacks *nacks = &replica->nacks;
	const struct nack_answer *head = &nacks->answers[nacks->first];

	out->count = 0;
	for (uint32_t i = 0; i < nacks->count && out->count < max; i++) {
		const struct nack_answer *answer =
			&nacks->answers[(nacks->first + i) % NACK_ANSWERS];

		if (answer->node != head->node || answer->forgotten != head->forgotten ||
		    answer->after > replica->sendq.repair_out)
			return;
		out->first[out->count] = answer->first;
		out->last[out->count++] = answer->last;
	}
}

static bool put_miss(struct wire_out *out, uint8_t node, struct answers *answers)
{
	SaNat64__Sync__NackMiss miss;

	sa_nat64__sync__nack_miss__init(&miss);
	miss.node = node;
	miss.n_first = miss.n_last = answers->count;
	miss.first = answers->first;
	miss.last = answers->last;
	return wire_put(out, 6, &miss.base);
}

static bool put_done(struct wire_out *out, uint8_t node, struct answers *answers)
{
	SaNat64__Sync__NackDone done;

	sa_nat64__sync__nack_done__init(&done);
	done.node = node;
	done.n_first = done.n_last = answers->count;
	done.first = answers->first;
	done.last = answers->last;
	return wire_put(out, 13, &done.base);
}

bool nack_put_answers(struct replica *replica, struct wire_out *out)
{
	struct nacks *nacks = &replica->nacks;
	const struct nack_answer *head = &nacks->answers[nacks->first];
	struct answers answers;

	if (!nack_has_answers(replica))
		return false;
	collect(replica, ranges_that_fit(replica), &answers);
	if (head->forgotten ? !put_miss(out, head->node, &answers)
	                    : !put_done(out, head->node, &answers))
		return false;
	nacks->first = (nacks->first + (uint32_t)answers.count) % NACK_ANSWERS;
	nacks->count -= (uint32_t)answers.count;
	return true;
}

/* ---- asking ---- */

static bool put_request(struct replica *replica, uint8_t node, struct wire_out *out,
                        uint64_t now_us)
{
	struct peer *peer = &replica->peers[node];
	struct window_range ranges[WIRE_RANGES_MAX];
	uint64_t first[WIRE_RANGES_MAX], last[WIRE_RANGES_MAX];
	SaNat64__Sync__Nack nack;
	uint32_t count = window_ask(&peer->window, now_us, ranges, ranges_that_fit(replica),
	                            &peer->ask_us);

	if (!count)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		first[i] = ranges[i].first;
		last[i] = ranges[i].last;
	}
	sa_nat64__sync__nack__init(&nack);
	nack.node = node;
	nack.epoch.data = peer->epoch;
	nack.epoch.len = REPLICA_EPOCH_LEN;
	nack.n_first = nack.n_last = count;
	nack.first = first;
	nack.last = last;
	return wire_put(out, 5, &nack.base);
}

bool nack_put_requests(struct replica *replica, struct wire_out *out, uint64_t now_us)
{
	for (unsigned node = 0; node < REPLICA_NODES; node++)
		if (replica_is_other(replica, node) && peer_is_heard(&replica->peers[node]) &&
		    replica->peers[node].ask_us <= now_us &&
		    put_request(replica, (uint8_t)node, out, now_us))
			return true;
	return false;
}

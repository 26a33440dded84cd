/* Any datagram to a box that has a peer and sessions: no crash, no hang, and nothing that was not
 * sealed changes a session.
 *
 * The first byte chooses: 0 the rest is a datagram as it comes from the wire; otherwise the rest is
 * a payload that the peer, whose key the fuzzer has, seals under its next number (a bit says of
 * which instance, a bit whether it jumps ahead). Afterwards both boxes go on talking for a while.
 */
#include "tests/unit/two_boxes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TALK_US  300000
#define SESSIONS 20

static void put_sessions(struct two_boxes *pair)
{
	for (uint32_t i = 0; i < SESSIONS; i++) {
		struct replica_session session = two_boxes_session(pair, i, (uint8_t)(i & 1));

		if (!replica_local_session(box_find(pair->box[i & 1], "lower")->replica, &session,
		                           pair->now_us))
			abort();
	}
}

static uint64_t held(struct box *box)
{
	struct replica_stats stats;

	replica_stats(box_find(box, "lower")->replica, &stats);
	return stats.sessions;
}

static void throw_raw(struct two_boxes *pair, const uint8_t *data, size_t size)
{
	uint64_t before = held(pair->box[0]);

	if (box_receive(pair->box[0], data, size, pair->now_us) == BOX_TAKEN)
		abort();
	if (held(pair->box[0]) != before)
		abort();
}

static void throw_sealed(struct two_boxes *pair, uint8_t how, const uint8_t *data, size_t size)
{
	static uint8_t datagram[BOX_DATAGRAM_MAX], ignored[BOX_DATAGRAM_MAX];
	struct box_instance *from = box_find(pair->box[1], how & 2 ? "upper" : "lower");
	struct seal_header header = { .node = 1, .instance = from->id };

	if (size > sizeof(datagram) - SEAL_OVERHEAD)
		return;
	memcpy(header.epoch, from->epoch, sizeof(header.epoch));
	/* a number that the peer has used; what it carried never arrives */
	while (replica_poll(from->replica, ignored, &header.seq, pair->now_us) == 0)
		pair->now_us += 1000;
	if (how & 4)
		header.seq += how;
	(void)box_receive(pair->box[0], datagram,
	                  seal_close(&pair->box[1]->keys, &header, data, size, datagram),
	                  pair->now_us);
}

/* What the translator would be told must be in range, whatever came. */
static void check_applied(struct box_instance *instance)
{
	struct replica_session session;
	struct replica_gone gone;
	int what;

	while ((what = replica_apply_next(instance->replica, &session, &gone)) != 0)
		if (what == 1 && (session.version == 0 || session.owner >= REPLICA_NODES ||
		                  session.key.proto >= REPLICA_PROTOS))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct two_boxes pair;

	if (size == 0)
		return 0;
	two_boxes_open(&pair, 1);
	for (size_t i = 0; i < pair.box[0]->count; i++)
		replica_attach(pair.box[0]->instances[i]->replica, pair.now_us);
	two_boxes_run(&pair, TALK_US);
	put_sessions(&pair);
	two_boxes_run(&pair, TALK_US);
	if (held(pair.box[0]) != SESSIONS)
		abort();
	if (data[0] == 0)
		throw_raw(&pair, data + 1, size - 1);
	else
		throw_sealed(&pair, data[0], data + 1, size - 1);
	two_boxes_run(&pair, TALK_US);
	for (size_t i = 0; i < pair.box[0]->count; i++)
		check_applied(pair.box[0]->instances[i]);
	two_boxes_close(&pair);
	return 0;
}

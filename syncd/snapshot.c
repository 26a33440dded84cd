/* Asking a peer for everything it holds, and giving it: proto/SYNC.md, section 5. */
#include "syncd/replica_parts.h"

#define JOIN_AGAIN_US   UINT64_C(500000)
#define JOIN_SILENCE_US UINT64_C(2000000)
#define TOLD_SILENCE_US UINT64_C(2000000)
#define JOIN_TRIES      5
#define WALK_STEP       65536 /* slots looked at for one record */

/* ---- asking ---- */

void join_start(struct replica *replica, uint64_t now_us)
{
	replica->join = (struct join){
		.node = -1,
		.ask_us = UINT64_MAX,
		.alone_us = now_us + replica->config.join_wait_us,
	};
	replica->config.random(replica->config.random_context, &replica->join.id,
	                       sizeof(replica->join.id));
}

static void set_state(struct replica *replica, enum replica_state state, uint64_t now_us)
{
	if (replica->state == state)
		return;
	replica->state = state;
	replica->beat_us = now_us;
	replica_want_hello(replica, now_us);
}

/* The lowest node that has everything and did not fail to answer; -1: there is none. */
static int choose(const struct replica *replica)
{
	for (unsigned node = 0; node < REPLICA_NODES; node++)
		if (replica_is_other(replica, node) && peer_is_heard(&replica->peers[node]) &&
		    peer_is_whole(&replica->peers[node]) && !(replica->join.skip >> node & 1))
			return (int)node;
	return -1;
}

static void ask(struct replica *replica, int node, uint64_t now_us)
{
	struct join *join = &replica->join;

	join->node = node;
	join->id++;
	join->end_known = false;
	join->has_mark = false;
	join->end_seq = 0;
	join->ask_us = join->progress_us = now_us;
	join->lost_before = replica->peers[node].window.lost;
}

static void leave_node(struct join *join)
{
	join->node = -1;
	join->ask_us = UINT64_MAX;
	join->end_known = false;
	join->has_mark = false;
}

/* All that was sent up to the end of the snapshot is here. If some of it was given up, again. */
static void whole(struct replica *replica, uint64_t now_us)
{
	struct join *join = &replica->join;

	if (replica->peers[join->node].window.lost != join->lost_before &&
	    join->tries++ < JOIN_TRIES) {
		ask(replica, join->node, now_us);
		return;
	}
	leave_node(join);
	join->tries = 0;
	join->skip = 0;
	join->resync = false;
	set_state(replica, REPLICA_IN_SYNC, now_us);
}

/* The translator was told of all that waited for it when the last number came, or takes nothing. */
static bool translator_is_told(struct replica *replica, uint64_t now_us)
{
	struct join *join = &replica->join;

	if (!join->has_mark) {
		join->has_mark = true;
		join->told_mark = replica->told + replica->apply.count;
		join->told_before = replica->told;
		join->told_us = now_us;
	}
	if (replica->told != join->told_before) {
		join->told_before = replica->told;
		join->told_us = now_us;
	}
	if (!replica_has_apply(replica) || now_us >= join->told_us + TOLD_SILENCE_US)
		return true;
	return replica->apply_cursor == 0 && replica->told >= join->told_mark;
}

/* Look after a request that is under way. */
static void watch(struct replica *replica, uint64_t now_us)
{
	struct join *join = &replica->join;
	const struct peer *peer = &replica->peers[join->node];

	if (!peer_is_heard(peer) || !peer_is_whole(peer)) {
		leave_node(join);
	} else if (join->end_known && peer->window.floor >= join->end_seq) {
		if (translator_is_told(replica, now_us))
			whole(replica, now_us);
	} else if (!join->end_known && now_us >= join->progress_us + JOIN_SILENCE_US) {
		join->skip |= (uint16_t)(1u << join->node);
		leave_node(join);
	}
}

static void nobody_answers(struct replica *replica, uint64_t now_us)
{
	struct join *join = &replica->join;

	join->skip = 0;
	if (now_us < join->alone_us)
		return;
	join->alone_us = now_us + JOIN_SILENCE_US;
	join->resync = false;
	if (replica->state != REPLICA_IN_SYNC)
		set_state(replica, REPLICA_ALONE, now_us);
}

static bool heard_anybody(const struct replica *replica)
{
	for (unsigned node = 0; node < REPLICA_NODES; node++)
		if (replica_is_other(replica, node) && peer_is_heard(&replica->peers[node]))
			return true;
	return false;
}

/* Somebody has everything that was here, from here. */
static bool served_anybody(const struct replica *replica)
{
	for (unsigned node = 0; node < REPLICA_NODES; node++)
		if (replica->join.served >> node & 1 && peer_is_heard(&replica->peers[node]) &&
		    replica->peers[node].state == REPLICA_IN_SYNC)
			return true;
	return false;
}

void join_tick(struct replica *replica, uint64_t now_us)
{
	struct join *join = &replica->join;
	int node;

	if (replica->state == REPLICA_STARTING && heard_anybody(replica))
		set_state(replica, REPLICA_JOINING, now_us);
	if (replica->state == REPLICA_ALONE && served_anybody(replica))
		set_state(replica, REPLICA_IN_SYNC, now_us);
	if (join->node >= 0)
		watch(replica, now_us);
	if (join->node >= 0 || (replica->state == REPLICA_IN_SYNC && !join->resync))
		return;
	node = choose(replica);
	if (node >= 0)
		ask(replica, node, now_us);
	else
		nobody_answers(replica, now_us);
}

void join_progress(struct replica *replica, uint8_t node, uint64_t now_us)
{
	if (replica->join.node == node)
		replica->join.progress_us = now_us;
}

void join_forget(struct replica *replica, uint8_t node)
{
	if (replica->join.node == node)
		leave_node(&replica->join);
	replica->join.served &= (uint16_t) ~(1u << node);
	replica->snapshots.active &= (uint16_t) ~(1u << node);
	replica->snapshots.ending &= (uint16_t) ~(1u << node);
}

void join_end(struct replica *replica, uint8_t node, uint32_t id, uint64_t seq, uint64_t now_us)
{
	struct join *join = &replica->join;

	if (join->node != node || join->id != id || join->end_known)
		return;
	join->end_known = true;
	if (seq > join->end_seq)
		join->end_seq = seq;
	join->ask_us = UINT64_MAX;
	join->progress_us = now_us;
	replica->tick_us = now_us;
}

void join_repaired(struct replica *replica, uint8_t node, uint64_t seq)
{
	struct join *join = &replica->join;

	if (join->node == node && seq > join->end_seq)
		join->end_seq = seq;
}

bool join_put_request(struct replica *replica, struct wire_out *out, uint64_t now_us)
{
	struct join *join = &replica->join;
	SaNat64__Sync__SnapshotRequest request;

	if (join->node < 0 || now_us < join->ask_us)
		return false;
	sa_nat64__sync__snapshot_request__init(&request);
	request.node = (uint32_t)join->node;
	request.id = join->id;
	if (!wire_put(out, 7, &request.base))
		return false;
	join->ask_us = now_us + JOIN_AGAIN_US;
	return true;
}

uint64_t join_next_us(const struct replica *replica)
{
	return replica->join.node >= 0 ? replica->join.ask_us : UINT64_MAX;
}

void replica_resync(struct replica *replica, uint64_t now_us)
{
	replica->join.resync = true;
	replica->join.skip = 0;
	replica->join.alone_us = now_us + replica->config.join_wait_us;
	replica->tick_us = now_us;
}

/* ---- giving ---- */

void snapshot_asked(struct replica *replica, uint8_t node, uint32_t id)
{
	struct snapshots *snapshots = &replica->snapshots;
	const uint16_t bit = (uint16_t)(1u << node);

	if (!replica_is_whole(replica))
		return;
	if (snapshots->to[node].id == id && (snapshots->active | replica->join.served) & bit) {
		/* It goes on; or it is over, and the end of it was missed. */
		if (!(snapshots->active & bit))
			snapshots->ending |= bit;
		return;
	}
	replica->join.served &= (uint16_t)~bit;
	snapshots->ending &= (uint16_t)~bit;
	snapshots->active |= bit;
	snapshots->to[node].id = id;
	snapshots->to[node].start = snapshots->cursor;
	snapshots->to[node].count = 0;
}

static void end_those_who_began_here(struct snapshots *snapshots)
{
	for (unsigned node = 0; node < REPLICA_NODES; node++) {
		const uint16_t bit = (uint16_t)(1u << node);

		if (snapshots->active & bit && snapshots->to[node].start == snapshots->cursor) {
			snapshots->active &= (uint16_t)~bit;
			snapshots->ending |= bit;
		}
	}
}

static void count_for_all(struct snapshots *snapshots)
{
	for (unsigned node = 0; node < REPLICA_NODES; node++)
		if (snapshots->active >> node & 1)
			snapshots->to[node].count++;
}

uint32_t snapshot_next(struct replica *replica)
{
	struct snapshots *snapshots = &replica->snapshots;

	for (int i = 0; i < WALK_STEP && snapshots->active; i++) {
		uint32_t index = snapshots->cursor + 1;

		/* Place 0 stands between the last slot and the first. */
		if (index > mirror_slots(replica->mirror))
			index = 0;
		snapshots->cursor = index;
		if (index && mirror_at(replica->mirror, index)->flags & MIRROR_USED &&
		    !(mirror_at(replica->mirror, index)->flags & MIRROR_GONE)) {
			count_for_all(snapshots);
			end_those_who_began_here(snapshots);
			return index;
		}
		end_those_who_began_here(snapshots);
	}
	return 0;
}

bool snapshot_pending(const struct replica *replica)
{
	return replica->snapshots.active != 0;
}

bool snapshot_put_end(struct replica *replica, struct wire_out *out)
{
	struct snapshots *snapshots = &replica->snapshots;
	SaNat64__Sync__SnapshotEnd end;
	unsigned node = 0;

	if (!snapshots->ending)
		return false;
	while (!(snapshots->ending >> node & 1))
		node++;
	sa_nat64__sync__snapshot_end__init(&end);
	end.node = node;
	end.id = snapshots->to[node].id;
	end.count = snapshots->to[node].count;
	if (!wire_put(out, 8, &end.base))
		return false;
	snapshots->ending &= (uint16_t) ~(1u << node);
	replica->join.served |= (uint16_t)(1u << node);
	return true;
}

/* Any bytes as opened payloads of a believed peer: no crash, nothing half applied, and what is held
 * stays within its bounds.
 *
 * The first byte chooses how far the number of the datagram and the clock go on; the rest is the
 * payload. The replica met its peer, holds sessions of both, and lives on from input to input until
 * it is made anew.
 */
#include "syncd/replica_parts.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAYLOAD_MAX 1296
#define SESSIONS    64
#define INPUTS      256 /* of one life */

static struct replica *replica;
static struct replica_origin origin;
static uint64_t now_us;
static unsigned inputs;

static void fill(void *context, void *buf, size_t len)
{
	static uint8_t byte;

	(void)context;
	memset(buf, ++byte, len);
}

static void open_sessions(void)
{
	for (uint16_t i = 0; i < SESSIONS; i++) {
		struct replica_session session = {
			.key = { .pool4 = 1, .remote = 1, .pool4_port = i + 1, .remote_port = 1 },
			.owner = i & 1,
			.version = 1 + i % 3,
			.expires_us = now_us + 7200000000,
		};

		if (!replica_local_session(replica, &session, now_us))
			abort();
	}
}

/* A replica that believes its peer, as after their Hellos. */
static void begin(void)
{
	struct replica_config config = {
		.nodes = 7,
		.sessions_max = 1000,
		.payload_max = PAYLOAD_MAX,
		.rate = 25000000,
		.overhead = 118,
		.random = fill,
	};

	replica_free(replica);
	now_us = 1000000;
	inputs = 0;
	replica = replica_new(&config, now_us);
	if (!replica)
		abort();
	origin = (struct replica_origin){ .node = 1, .epoch = "peer", .seq = 1000 };
	peer_accept(&replica->peers[1], origin.epoch, origin.seq, now_us);
	peer_event(&replica->peers[1], PEER_ACCEPTED);
	replica->peers[1].heard_us = now_us;
	replica->state = replica->peers[1].state = REPLICA_IN_SYNC;
	replica_attach(replica, now_us);
	open_sessions();
}

/* Send and tell all that the input has led to. */
static void drain(void)
{
	uint8_t payload[PAYLOAD_MAX];
	struct replica_session session;
	struct replica_gone gone;
	uint64_t seq;

	for (int i = 0; i < 100 && replica_next_us(replica) <= now_us; i++)
		if (replica_poll(replica, payload, &seq, now_us) > PAYLOAD_MAX)
			abort();
	while (replica_apply_next(replica, &session, &gone))
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct replica_stats before, after;

	if (size == 0 || size > PAYLOAD_MAX + 1)
		return 0;
	if (!replica || ++inputs == INPUTS)
		begin();
	origin.seq += 1 + (data[0] & 7);
	now_us += (uint64_t)(data[0] >> 3) * 1000;
	replica->peers[1].heard_us = now_us;
	replica_stats(replica, &before);
	if (!replica_deliver(replica, &origin, data + 1, size - 1, now_us)) {
		replica_stats(replica, &after);
		if (after.malformed != before.malformed + 1 || after.applied != before.applied ||
		    after.sessions != before.sessions)
			abort();
	}
	drain();
	return 0;
}

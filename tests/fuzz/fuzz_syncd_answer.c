/* Any bytes as a control message to sa-nat64-syncd with a peer and sessions: always a well-formed
 * reply, no crash, and no change of state but by a resync; after one it answers on and gets in sync
 * again.
 *
 * The first byte says how the peer is: not heard yet, in sync, or silent for a while; the rest is
 * the request.
 */
#include "lib/control_socket.h"
#include "syncd/answer.h"
#include "tests/fuzz/control_side.h"
#include "tests/unit/two_boxes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECOND    UINT64_C(1000000)
#define SESSIONS  3
#define INSTANCES 2

enum peer { PEER_UNHEARD, PEER_IN_SYNC, PEER_SILENT, PEERS };

struct state {
	size_t rescans;
	struct replica_stats stats[INSTANCES];
};

static struct two_boxes pairs[PEERS];
static size_t rescans;

static void count_rescan(void *context, const struct box_instance *instance)
{
	(void)context;
	(void)instance;
	rescans++;
}

static struct answer_facts facts = {
	.interface = "sync0",
	.group = "ff02::6464",
	.port = 6464,
	.link = "",
	.not_local = 3,
	.uptime_us = 5,
	.rescan = count_rescan,
};

static void open_pair(enum peer peer)
{
	struct two_boxes *pair = &pairs[peer];

	two_boxes_open(pair, 1);
	for (size_t i = 0; i < INSTANCES; i++)
		replica_attach(pair->box[0]->instances[i]->replica, pair->now_us);
	if (peer == PEER_UNHEARD)
		return;
	two_boxes_run(pair, 8 * SECOND);
	for (uint32_t i = 0; i < SESSIONS; i++) {
		struct replica_session session = two_boxes_session(pair, i, (uint8_t)(i & 1));

		if (!replica_local_session(box_find(pair->box[i & 1], "lower")->replica, &session,
		                           pair->now_us))
			abort();
	}
	two_boxes_run(pair, SECOND);
	if (peer == PEER_SILENT)
		pair->now_us += 10 * SECOND;
}

static void open_all(void)
{
	static const char text[] = "[cluster]\nname = campus\nsync-interface = sync0\n"
				   "[node gw-a]\nid = 0\n[node gw-b]\nid = 1\n" TWO_BOXES_LOWER;
	static struct config *config; /* lives as long as what is said about it */

	for (enum peer peer = 0; peer < PEERS; peer++)
		open_pair(peer);
	config = two_boxes_config("campus", TWO_BOXES_LOWER);
	facts.running = control_side_running(text, config);
}

static SaNat64__Control__Reply__BodyCase ask(const struct two_boxes *pair, const uint8_t *request,
                                             size_t len)
{
	static uint8_t reply[CONTROL_MESSAGE_MAX];
	size_t size = syncd_answer(pair->box[0], &facts, request, len, reply, sizeof(reply),
	                           pair->now_us);

	if (size == 0 || size > sizeof(reply))
		abort();
	return control_side_check_reply(reply, size);
}

static void note_state(const struct two_boxes *pair, struct state *out)
{
	memset(out, 0, sizeof(*out)); /* it is compared as bytes */
	out->rescans = rescans;
	for (size_t i = 0; i < INSTANCES; i++)
		replica_stats(pair->box[0]->instances[i]->replica, &out->stats[i]);
}

/* Also after what it was asked has gone on for a while. */
static void check_that_it_answers_on(struct two_boxes *pair)
{
	uint8_t request[8];
	size_t len = control_side_request(SA_NAT64__CONTROL__REQUEST__COMMAND_PEERS, request,
	                                  sizeof(request));
	struct state state;

	two_boxes_run(pair, 3 * SECOND);
	note_state(pair, &state);
	if (pair != &pairs[PEER_UNHEARD] &&
	    (state.stats[0].state != REPLICA_IN_SYNC || state.stats[0].sessions != SESSIONS))
		abort();
	if (ask(pair, request, len) != SA_NAT64__CONTROL__REPLY__BODY_PEERS)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum peer peer = size > 0 ? data[0] % PEERS : PEERS;
	struct two_boxes *pair;
	struct state before, after;

	if (!facts.running)
		open_all();
	if (peer == PEERS)
		return 0;
	pair = &pairs[peer];
	note_state(pair, &before);
	(void)ask(pair, data + 1, size - 1);
	note_state(pair, &after);
	if (control_side_check_rights(data + 1, size - 1,
	                              SA_NAT64__CONTROL__REQUEST__COMMAND_RESYNC)) {
		check_that_it_answers_on(pair);
		two_boxes_close(pair);
		open_pair(peer); /* the next input meets what this one met */
		return 0;
	}
	if (memcmp(&before, &after, sizeof(after)) != 0)
		abort();
	return 0;
}

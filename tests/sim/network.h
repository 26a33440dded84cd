/* A network in memory between a few nodes: every datagram goes to all others, each copy by itself
 * lost, doubled, delayed, cut off; recorded, so that it can be replayed.
 */
#ifndef SA_NAT64_TESTS_SIM_NETWORK_H
#define SA_NAT64_TESTS_SIM_NETWORK_H

#include "syncd/replica.h"
#include "tests/unit/prng.h"

#define SIM_NODES   4
#define SIM_PAYLOAD 1296

struct sim_datagram {
	struct replica_origin origin;
	size_t len;
	uint8_t payload[SIM_PAYLOAD];
};

struct faults {
	uint32_t loss_permille, double_permille;
	uint32_t delay_us, jitter_us;
	bool cut[SIM_NODES][SIM_NODES]; /* from, to */
};

struct network;

struct network *network_new(struct prng *prng, unsigned nodes);
void network_free(struct network *network);

struct faults *network_faults(struct network *network);

void network_send(struct network *network, const struct sim_datagram *datagram, uint64_t now_us);

/* The next copy that arrives by now_us, and to whom. NULL: none. Valid until the next call. */
const struct sim_datagram *network_receive(struct network *network, uint64_t now_us, uint8_t *to);

/* What was received last is given to that node; whether it is the first copy that is. */
bool network_given(struct network *network, uint8_t to);

/* It was not only given, the node took it. */
void network_taken(struct network *network, uint8_t to);

/* Some datagram of the past, and whether this node's present life took it; NULL: none. */
const struct sim_datagram *network_replay(struct network *network, uint8_t to, bool *taken);

/* The node starts another life: what was delivered to it was delivered to somebody else. */
void network_forget(struct network *network, uint8_t node);

uint64_t network_bytes(const struct network *network); /* sent, headers included */

#endif

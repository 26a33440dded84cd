#include "tests/sim/network.h"

#include <stdlib.h>
#include <string.h>

#define FLIGHT_MAX 8192 /* copies on their way; more are lost, as in a full queue */
#define RECORDED   512
#define OVERHEAD   118

/* A datagram as it was sent, kept as long as it may be replayed; copies refer to it. */
struct recorded {
	struct sim_datagram datagram;
	uint16_t delivered, taken; /* nodes */
	uint64_t number;
};

struct copy {
	uint64_t at_us;
	uint64_t number; /* of the recorded datagram */
	uint8_t to;
};

struct network {
	struct prng *prng;
	unsigned nodes;
	struct faults faults;
	struct recorded recorded[RECORDED];
	uint64_t sent, bytes;
	struct copy heap[FLIGHT_MAX]; /* the earliest at 0 */
	unsigned flying;
	uint64_t last; /* received */
};

struct network *network_new(struct prng *prng, unsigned nodes)
{
	struct network *network = calloc(1, sizeof(*network));

	if (!network)
		abort();
	network->prng = prng;
	network->nodes = nodes;
	network->faults.delay_us = 100;
	return network;
}

void network_free(struct network *network)
{
	free(network);
}

struct faults *network_faults(struct network *network)
{
	return &network->faults;
}

static bool chance(struct network *network, uint32_t permille)
{
	return prng_below(network->prng, 1000) < permille;
}

static void swap(struct copy *a, struct copy *b)
{
	struct copy c = *a;

	*a = *b;
	*b = c;
}

static void fly(struct network *network, uint8_t to, uint64_t now_us)
{
	unsigned i = network->flying;
	uint32_t jitter_us = network->faults.jitter_us;

	if (i == FLIGHT_MAX)
		return;
	network->heap[i] = (struct copy){
		.at_us = now_us + network->faults.delay_us +
		         (jitter_us ? prng_below(network->prng, jitter_us) : 0),
		.number = network->sent,
		.to = to,
	};
	network->flying++;
	for (; i && network->heap[i].at_us < network->heap[(i - 1) / 2].at_us; i = (i - 1) / 2)
		swap(&network->heap[i], &network->heap[(i - 1) / 2]);
}

static struct copy land(struct network *network)
{
	struct copy copy = network->heap[0];
	unsigned i = 0;

	network->heap[0] = network->heap[--network->flying];
	for (;;) {
		unsigned least = i;

		for (unsigned child = 2 * i + 1; child <= 2 * i + 2; child++)
			if (child < network->flying &&
			    network->heap[child].at_us < network->heap[least].at_us)
				least = child;
		if (least == i)
			return copy;
		swap(&network->heap[i], &network->heap[least]);
		i = least;
	}
}

void network_send(struct network *network, const struct sim_datagram *datagram, uint64_t now_us)
{
	struct recorded *recorded = &network->recorded[++network->sent % RECORDED];

	recorded->datagram = *datagram;
	recorded->delivered = recorded->taken = 0;
	recorded->number = network->sent;
	network->bytes += datagram->len + OVERHEAD;
	for (unsigned to = 0; to < network->nodes; to++) {
		if (to == datagram->origin.node || network->faults.cut[datagram->origin.node][to] ||
		    chance(network, network->faults.loss_permille))
			continue;
		fly(network, (uint8_t)to, now_us);
		if (chance(network, network->faults.double_permille))
			fly(network, (uint8_t)to, now_us);
	}
}

const struct sim_datagram *network_receive(struct network *network, uint64_t now_us, uint8_t *to)
{
	while (network->flying && network->heap[0].at_us <= now_us) {
		const struct copy copy = land(network);
		const struct recorded *recorded = &network->recorded[copy.number % RECORDED];

		if (recorded->number != copy.number)
			continue;
		*to = copy.to;
		network->last = copy.number;
		return &recorded->datagram;
	}
	return NULL;
}

bool network_given(struct network *network, uint8_t to)
{
	struct recorded *recorded = &network->recorded[network->last % RECORDED];
	bool first = !(recorded->delivered >> to & 1);

	recorded->delivered |= (uint16_t)(1u << to);
	return first;
}

void network_taken(struct network *network, uint8_t to)
{
	network->recorded[network->last % RECORDED].taken |= (uint16_t)(1u << to);
}

const struct sim_datagram *network_replay(struct network *network, uint8_t to, bool *taken)
{
	const struct recorded *recorded = &network->recorded[prng_below(network->prng, RECORDED)];

	if (!recorded->number || recorded->datagram.origin.node == to)
		return NULL;
	*taken = recorded->taken >> to & 1;
	return &recorded->datagram;
}

void network_forget(struct network *network, uint8_t node)
{
	for (unsigned i = 0; i < RECORDED; i++) {
		network->recorded[i].delivered &= (uint16_t) ~(1u << node);
		network->recorded[i].taken &= (uint16_t) ~(1u << node);
	}
}

uint64_t network_bytes(const struct network *network)
{
	return network->bytes;
}

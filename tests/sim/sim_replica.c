/* Replication on bad networks with a virtual clock: sim_replica [-v] [FIRST [COUNT]]
 *
 * Each seed is a little history: two to four boxes, each a replica and a model of its translator
 * (host.h), with hosts opening, using and closing connections, while the network (network.h) loses,
 * doubles, delays, reorders, cuts and replays, and boxes and their programs are killed, stalled,
 * emptied and started again. Then everything is repaired and must agree. What is asked of every
 * history stands at its check: fail(). One line of output; a failure names the seed, and running
 * that seed alone repeats it.
 */
#include "syncd/replica_parts.h"
#include "tests/sim/host.h"
#include "tests/sim/network.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US    UINT64_C(1000000)
#define STEP_US      UINT64_C(1000)
#define START_US     (UINT64_C(1000) * SECOND_US)
#define SETTLE_US    (UINT64_C(90) * SECOND_US)
#define NEWS_WAIT_US UINT64_C(300000)
#define DIGESTS_US   UINT64_C(8000000)
#define FLOWS_MAX    100000
#define MEMORY_MAX   (UINT64_C(16) << 20)
#define SETTLE_BYTES 4000000 /* to heal, */
#define SETTLE_RATE  100000  /* and a second of all nodes together */

struct held {
	struct mirror_rank rank;
	uint64_t end_us;
	bool live;
};

struct box {
	struct replica *replica; /* NULL: syncd is dead */
	struct host host;
	uint8_t epoch[REPLICA_EPOCH_LEN];
	uint64_t stalled_until_us, boot_us, attach_us;
	uint64_t news_since_us;
	uint32_t news_head;         /* the news that have waited longest */
	uint64_t delivered, unique; /* copies given to this life of the replica */
	uint32_t asked_id;
	uint64_t asked_lost; /* numbers of the asked node given up by then */
	int asked;
	struct held promise[HOST_PORTS][HOST_REMOTES]; /* what the asked node held then */
	enum replica_state state;
};

struct world {
	uint64_t seed, now_us, started_us;
	struct prng prng;
	unsigned nodes;
	struct network *network;
	struct box boxes[SIM_NODES];
	bool calm; /* nothing but the network is bad */
	bool settling;
	uint64_t opened, replays;
	bool ended[FLOWS_MAX]; /* flows that were closed by their hosts */
};

static bool verbose;

static void fail(const struct world *world, const char *what, unsigned node)
{
	printf("FAIL seed-%llu %s (node %u, second %.3f of %u nodes)\n",
	       (unsigned long long)world->seed, what, node,
	       (double)(world->now_us - START_US) / 1e6, world->nodes);
	exit(1);
}

static void fill(void *context, void *buf, size_t len)
{
	prng_fill(context, buf, len);
}

static uint32_t below(struct world *world, uint32_t limit)
{
	return prng_below(&world->prng, limit);
}

/* ---- boxes ---- */

static void boot(struct world *world, unsigned node)
{
	struct box *box = &world->boxes[node];
	struct replica_config config = {
		.node = (uint8_t)node,
		.nodes = (uint16_t)((1u << world->nodes) - 1),
		.sessions_max = HOST_PORTS * HOST_REMOTES,
		.payload_max = SIM_PAYLOAD,
		.rate = 25000000,
		.overhead = 118,
		.join_wait_us = 5 * SECOND_US,
		.version = "sim",
		.random = fill,
		.random_context = &world->prng,
	};

	prng_fill(&world->prng, box->epoch, sizeof(box->epoch));
	memcpy(config.epoch, box->epoch, sizeof(box->epoch));
	box->replica = replica_new(&config, world->now_us);
	if (!box->replica)
		abort();
	box->boot_us = UINT64_MAX;
	box->delivered = box->unique = 0;
	box->asked = -1;
	box->state = REPLICA_STARTING;
	box->news_since_us = 0;
	network_forget(world->network, (uint8_t)node);
}

static void kill_replica(struct world *world, unsigned node)
{
	struct box *box = &world->boxes[node];

	if (!box->replica)
		return;
	host_detach(&box->host);
	replica_free(box->replica);
	box->replica = NULL;
	box->boot_us = world->now_us + below(world, 4 * SECOND_US);
	box->attach_us = box->boot_us + below(world, SECOND_US);
}

static void detach(struct world *world, unsigned node, uint32_t for_us)
{
	host_detach(&world->boxes[node].host);
	world->boxes[node].attach_us = world->now_us + below(world, for_us);
}

static bool find(const struct replica *replica, unsigned port, unsigned remote, struct held *out)
{
	const struct replica_key key = host_key(port, remote);
	uint32_t index = mirror_find(replica->mirror, &key, mirror_hash(replica->mirror, &key));

	*out = (struct held){ 0 };
	if (!index)
		return false;
	out->rank = mirror_rank(mirror_at(replica->mirror, index));
	out->end_us = mirror_end_us(replica->mirror, mirror_at(replica->mirror, index));
	out->live = !out->rank.gone;
	return true;
}

/* What every replica and every translator has on a port. */
static void explain(const struct world *world, unsigned port, unsigned remote)
{
	struct held held;

	printf("port %u, remote %u:", port, remote);
	for (unsigned node = 0; node < world->nodes; node++) {
		const struct box *box = &world->boxes[node];
		const struct host_session *s = &box->host.sessions[port][remote];

		printf("  %u%s%s", node, world->now_us < box->stalled_until_us ? " stalled" : "",
		       box->host.contact ? "" : " without contact");
		if (!box->replica)
			printf(" dead");
		else if (find(box->replica, port, remote, &held))
			printf(" %s%u/%u", held.live ? "" : "gone ", held.rank.version,
			       held.rank.owner);
		printf(", %s %s%u/%u client %u until %.1f",
		       box->host.replica ? "translator" : "detached", s->live ? "" : "gone ",
		       s->version, s->owner, s->client,
		       ((double)s->expires_us - (double)START_US) / 1e6);
	}
	printf("\n");
}

/* Whether a box carries traffic of another client on a port: by a session that it speaks for. */
static bool carries(const struct world *world, unsigned node, unsigned port, uint32_t client)
{
	const struct host *host = &world->boxes[node].host;

	for (unsigned remote = 0; remote < HOST_REMOTES; remote++) {
		const struct host_session *s = &host->sessions[port][remote];

		if (s->live && s->owner == host->node && s->client != client &&
		    !world->ended[s->client])
			return true;
	}
	return false;
}

/* A box whose translator has lost everything knows what its snapshot held, and what the others hold
 * when their digests have gone round; it cannot know of what is carried by one whose programs do
 * not speak to each other at the moment. */
static bool could_know(const struct world *world, const struct host *host, unsigned other)
{
	const struct box *box = &world->boxes[other];

	return !host->emptied ||
	       (box->host.replica && world->now_us >= box->stalled_until_us && box->host.contact &&
	        host->contact && world->now_us > host->alone_us + DIGESTS_US);
}

/* Ports handed out must not be in use elsewhere. */
static void open_flow(struct world *world, unsigned node)
{
	struct host *host = &world->boxes[node].host;
	uint32_t client = (uint32_t)world->opened + 1;
	int port;

	if (!host->serving || client == FLOWS_MAX)
		return;
	port = host_open(host, &world->prng, client);
	if (port < 0)
		return;
	world->opened++;
	for (unsigned other = 0; other < world->nodes; other++) {
		if (other != node && could_know(world, host, other) &&
		    carries(world, other, (unsigned)port, client)) {
			for (unsigned i = 0; verbose && i < HOST_REMOTES; i++)
				explain(world, (unsigned)port, i);
			fail(world, "handed out a port that is in use elsewhere", node);
		}
	}
}

static void work(struct world *world)
{
	unsigned node = below(world, world->nodes);
	struct host *host = &world->boxes[node].host;
	unsigned port = below(world, HOST_PORTS), remote = below(world, HOST_REMOTES);
	uint32_t client = host->sessions[port][remote].client;

	if (world->ended[client])
		return;
	switch (below(world, 8)) {
	case 0:
		open_flow(world, node);
		break;
	case 1:
		host_change(host, port, remote, (uint8_t)below(world, 4));
		break;
	case 2:
		world->ended[client] = client != 0;
		host_close(host, port, remote);
		break;
	default:
		host_packet(host, port, remote);
	}
}

/* ---- what goes wrong ---- */

static void change_network(struct world *world)
{
	static const uint32_t losses[] = { 0, 0, 10, 100, 300, 500 };
	static const uint32_t doubles[] = { 0, 0, 100, 1000 };
	static const uint32_t jitters[] = { 0, 1000, 5000, 50000 };
	struct faults *faults = network_faults(world->network);

	faults->loss_permille = losses[below(world, 6)];
	faults->double_permille = doubles[below(world, 4)];
	faults->jitter_us = jitters[below(world, 4)];
	faults->delay_us = 50 + below(world, 3000);
}

static void cut(struct world *world)
{
	struct faults *faults = network_faults(world->network);
	unsigned from = below(world, world->nodes), to = below(world, world->nodes);
	bool both = below(world, 2);

	if (below(world, 3) == 0) {
		memset(faults->cut, 0, sizeof(faults->cut));
		return;
	}
	faults->cut[from][to] = true;
	faults->cut[to][from] |= both;
}

static void isolate(struct world *world)
{
	unsigned node = below(world, world->nodes);

	for (unsigned other = 0; other < world->nodes; other++)
		network_faults(world->network)->cut[node][other] =
			network_faults(world->network)->cut[other][node] = true;
}

static void stall(struct world *world)
{
	world->boxes[below(world, world->nodes)].stalled_until_us = world->now_us +
	                                                            below(world, 6 * SECOND_US);
}

static void kill_box(struct world *world)
{
	unsigned node = below(world, world->nodes);

	kill_replica(world, node);
	host_empty(&world->boxes[node].host);
}

static void restart_translator(struct world *world)
{
	unsigned node = below(world, world->nodes);

	detach(world, node, 2 * SECOND_US);
	if (below(world, 2))
		host_empty(&world->boxes[node].host);
}

/* Of the life that its sender leads now. */
static bool is_present(const struct world *world, const struct sim_datagram *datagram)
{
	return memcmp(datagram->origin.epoch, world->boxes[datagram->origin.node].epoch,
	              REPLICA_EPOCH_LEN) == 0;
}

/* A datagram of the past. What this life has had already, or a life of the sender said that is not
 * believed, must change nothing; what was lost and comes now is only late, also a Hello that
 * answers the present challenge. */
static void replay(struct world *world)
{
	uint8_t to = (uint8_t)below(world, world->nodes);
	struct box *box = &world->boxes[to];
	const struct sim_datagram *datagram;
	struct replica_stats before, after;
	uint8_t challenge[WIRE_CHALLENGE_LEN];
	bool taken;

	datagram = network_replay(world->network, to, &taken);
	if (!box->replica || !datagram)
		return;
	if (!taken &&
	    (is_present(world, datagram) ||
	     peer_is_epoch(&box->replica->peers[datagram->origin.node], datagram->origin.epoch)))
		return;
	world->replays++;
	memcpy(challenge, box->replica->challenge, sizeof(challenge));
	replica_stats(box->replica, &before);
	box->delivered++;
	if (replica_admit(box->replica, &datagram->origin) == REPLICA_ADMIT)
		(void)replica_deliver(box->replica, &datagram->origin, datagram->payload,
		                      datagram->len, world->now_us);
	replica_stats(box->replica, &after);
	if (!taken && memcmp(challenge, box->replica->challenge, sizeof(challenge)) != 0) {
		box->unique += after.received_datagrams - before.received_datagrams;
		return;
	}
	if (after.applied != before.applied || after.sessions != before.sessions ||
	    after.received_sessions != before.received_sessions)
		fail(world, "a replayed datagram changed something", to);
}

static void go_wrong(struct world *world)
{
	unsigned kind = below(world, world->calm ? 3 : 12);

	if (kind < 3)
		change_network(world);
	else if (kind < 6)
		cut(world);
	else if (kind == 6)
		isolate(world);
	else if (kind == 7)
		kill_replica(world, below(world, world->nodes));
	else if (kind == 8)
		restart_translator(world);
	else if (kind == 9)
		kill_box(world);
	else if (kind == 10)
		stall(world);
	else
		detach(world, below(world, world->nodes), SECOND_US);
}

static void repair_all(struct world *world)
{
	struct faults *faults = network_faults(world->network);

	*faults = (struct faults){ .delay_us = 100 };
	for (unsigned node = 0; node < world->nodes; node++)
		world->boxes[node].stalled_until_us = 0;
	world->settling = true;
	world->started_us = world->now_us;
}

/* ---- what is watched all the time ---- */

/* Note what the node that is asked for a snapshot holds. */
static void note_promise(struct world *world, struct box *box)
{
	const struct join *join = &box->replica->join;

	if (join->node < 0 || (box->asked == join->node && box->asked_id == join->id))
		return;
	box->asked = join->node;
	box->asked_id = join->id;
	box->asked_lost = box->replica->peers[join->node].window.lost;
	for (unsigned port = 0; port < HOST_PORTS; port++)
		for (unsigned remote = 0; remote < HOST_REMOTES; remote++)
			if (!world->boxes[join->node].replica ||
			    !find(world->boxes[join->node].replica, port, remote,
			          &box->promise[port][remote]))
				box->promise[port][remote].live = false;
}

/* Who says that he is in sync holds all that was promised and still is, unless the network was so
 * bad that numbers were given up. */
static void check_promise(const struct world *world, unsigned node)
{
	const struct box *box = &world->boxes[node];
	const struct replica *asked = world->boxes[box->asked].replica;
	struct held here, there;

	if (box->replica->peers[box->asked].window.lost != box->asked_lost)
		return;
	for (unsigned port = 0; asked && port < HOST_PORTS; port++) {
		for (unsigned remote = 0; remote < HOST_REMOTES; remote++) {
			const struct held *promise = &box->promise[port][remote];

			if (!promise->live || !find(asked, port, remote, &there) || !there.live ||
			    promise->end_us < world->now_us + SECOND_US ||
			    mirror_rank_compare(&there.rank, &promise->rank) != 0)
				continue;
			if (!find(box->replica, port, remote, &here) ||
			    mirror_rank_compare(&here.rank, &there.rank) < 0) {
				explain(world, port, remote);
				fail(world, "in sync without a session of its snapshot", node);
			}
		}
	}
}

static void watch_state(struct world *world, unsigned node)
{
	struct box *box = &world->boxes[node];
	enum replica_state state = replica_state(box->replica);

	if (state == REPLICA_IN_SYNC && box->state == REPLICA_JOINING)
		check_promise(world, node);
	box->state = state;
	note_promise(world, box);
}

static void watch_queues(struct world *world, unsigned node)
{
	struct box *box = &world->boxes[node];
	uint32_t head = sendq_first(&box->replica->sendq, SENDQ_NEWS);
	struct replica_stats stats;

	replica_stats(box->replica, &stats);
	if (!stats.waiting_news || head != box->news_head)
		box->news_since_us = world->now_us;
	box->news_head = head;
	if (world->now_us > box->news_since_us + NEWS_WAIT_US)
		fail(world, "news wait too long", node);
	if (stats.memory_bytes > MEMORY_MAX || stats.no_room)
		fail(world, "memory is not what was agreed", node);
	if (stats.malformed)
		fail(world, "a datagram was malformed", node);
}

/* Every copy that was given to a replica is in exactly one of its counters. */
static void check_counters(const struct world *world, unsigned node)
{
	const struct box *box = &world->boxes[node];
	struct replica_peer_stats peer;
	struct replica_stats stats;
	uint64_t datagrams = 0;

	replica_stats(box->replica, &stats);
	for (unsigned other = 0; other < world->nodes; other++) {
		if (other == node)
			continue;
		replica_peer_stats(box->replica, (uint8_t)other, &peer, world->now_us);
		datagrams += peer.datagrams;
	}
	if (datagrams != stats.received_datagrams ||
	    datagrams + stats.unaccepted + stats.refused[REPLICA_DUPLICATE] +
	                    stats.refused[REPLICA_TOO_OLD] !=
	            box->delivered)
		fail(world, "counters do not add up", node);
	if (datagrams > box->unique)
		fail(world, "a datagram was counted twice", node);
}

/* ---- time ---- */

static void run_box(struct world *world, unsigned node)
{
	struct box *box = &world->boxes[node];
	struct sim_datagram datagram = { .origin = { .node = (uint8_t)node } };

	box->host.now_us = world->now_us;
	if (!box->replica && world->now_us >= box->boot_us)
		boot(world, node);
	if (!box->host.contact)
		box->host.alone_us = world->now_us;
	if (!box->replica || world->now_us < box->stalled_until_us) {
		box->news_since_us = world->now_us;
		box->host.contact = false;
		return;
	}
	if (!box->host.replica && world->now_us >= box->attach_us)
		host_attach(&box->host, box->replica);
	memcpy(datagram.origin.epoch, box->epoch, sizeof(box->epoch));
	while (replica_next_us(box->replica) <= world->now_us) {
		datagram.len = replica_poll(box->replica, datagram.payload, &datagram.origin.seq,
		                            world->now_us);
		if (datagram.len == 0 && replica_next_us(box->replica) <= world->now_us)
			fail(world, "nothing to send, but at once", node);
		if (datagram.len)
			network_send(world->network, &datagram, world->now_us);
	}
	watch_state(world, node);
	watch_queues(world, node);
	host_apply(&box->host, 50);
	box->host.contact = box->host.replica && replica_all_in_contact(box->replica) &&
	                    box->state == REPLICA_IN_SYNC;
	if (box->host.replica && box->state == REPLICA_IN_SYNC && !replica_has_apply(box->replica))
		box->host.serving = true;
}

static void deliver_all(struct world *world)
{
	const struct sim_datagram *datagram;
	uint64_t received;
	uint8_t to;

	while ((datagram = network_receive(world->network, world->now_us, &to))) {
		struct box *box = &world->boxes[to];

		if (!box->replica || world->now_us < box->stalled_until_us)
			continue;
		received = box->replica->stats.received_datagrams;
		box->delivered++;
		box->unique += network_given(world->network, to);
		if (replica_admit(box->replica, &datagram->origin) == REPLICA_ADMIT &&
		    !replica_deliver(box->replica, &datagram->origin, datagram->payload,
		                     datagram->len, world->now_us))
			fail(world, "a datagram was refused", to);
		if (box->replica->stats.received_datagrams != received)
			network_taken(world->network, to);
	}
}

static void step(struct world *world)
{
	world->now_us += STEP_US;
	deliver_all(world);
	for (unsigned node = 0; node < world->nodes; node++)
		run_box(world, node);
	if (world->now_us / STEP_US % 100 == 0)
		for (unsigned node = 0; node < world->nodes; node++)
			host_expire(&world->boxes[node].host);
}

/* ---- the end ---- */

static bool same_as_host(const struct box *box, unsigned port, unsigned remote,
                         const struct held *held)
{
	const struct host_session *s = &box->host.sessions[port][remote];

	if (s->live != held->live)
		return false;
	return !s->live || (s->version == held->rank.version && s->owner == held->rank.owner);
}

static bool is_late(const struct world *world)
{
	return world->now_us > world->started_us + SETTLE_US;
}

/* All replicas and all translators hold the same sessions. */
static bool agree(const struct world *world)
{
	struct held first, other;

	for (unsigned port = 0; port < HOST_PORTS; port++) {
		for (unsigned remote = 0; remote < HOST_REMOTES; remote++) {
			(void)find(world->boxes[0].replica, port, remote, &first);
			for (unsigned node = 0; node < world->nodes; node++) {
				(void)find(world->boxes[node].replica, port, remote, &other);
				if (other.live != first.live ||
				    (first.live &&
				     mirror_rank_compare(&first.rank, &other.rank) != 0) ||
				    !same_as_host(&world->boxes[node], port, remote, &other)) {
					if (verbose && is_late(world))
						explain(world, port, remote);
					return false;
				}
			}
		}
	}
	return true;
}

static bool is_healed(const struct world *world)
{
	for (unsigned node = 0; node < world->nodes; node++) {
		const struct box *box = &world->boxes[node];

		if (!box->replica || !box->host.replica || !box->host.contact ||
		    replica_has_apply(box->replica))
			return false;
	}
	return agree(world);
}

static void settle(struct world *world)
{
	uint64_t bytes = network_bytes(world->network);

	repair_all(world);
	do {
		for (int i = 0; i < 500; i++)
			step(world);
		if (is_late(world))
			fail(world, "no agreement after the network was healed", 0);
	} while (!is_healed(world));
	bytes = network_bytes(world->network) - bytes;
	if (bytes > SETTLE_BYTES + (world->now_us - world->started_us) / SECOND_US * SETTLE_RATE)
		fail(world, "healing took too many bytes", 0);
	for (unsigned node = 0; node < world->nodes; node++)
		check_counters(world, node);
}

/* Returns how long the healing took. */
static uint64_t run_seed(uint64_t seed)
{
	static struct world world;
	uint64_t until_us, wrong_us;

	world = (struct world){ .seed = seed, .now_us = START_US, .prng = { seed * 2654435761u } };
	world.nodes = 2 + below(&world, SIM_NODES - 1);
	world.calm = below(&world, 4) == 0;
	world.network = network_new(&world.prng, world.nodes);
	for (unsigned node = 0; node < world.nodes; node++) {
		host_init(&world.boxes[node].host, (uint8_t)node, (uint8_t)world.nodes);
		world.boxes[node].boot_us = START_US + below(&world, SECOND_US);
		world.boxes[node].attach_us = START_US + below(&world, SECOND_US);
		world.boxes[node].host.serving = true;
	}
	until_us = START_US + 8 * SECOND_US + below(&world, 12 * SECOND_US);
	wrong_us = START_US;
	while (world.now_us < until_us) {
		step(&world);
		if (below(&world, 3) == 0)
			work(&world);
		if (below(&world, 20) == 0)
			replay(&world);
		if (world.now_us >= wrong_us) {
			go_wrong(&world);
			wrong_us = world.now_us + below(&world, 2 * SECOND_US);
		}
	}
	settle(&world);
	if (verbose)
		printf("seed %llu: %u nodes%s, %llu flows, %llu replays, healed in %.1f s\n",
		       (unsigned long long)seed, world.nodes, world.calm ? ", calm" : "",
		       (unsigned long long)world.opened, (unsigned long long)world.replays,
		       (double)(world.now_us - world.started_us) / 1e6);
	for (unsigned node = 0; node < world.nodes; node++)
		replica_free(world.boxes[node].replica);
	network_free(world.network);
	return world.now_us - world.started_us;
}

int main(int argc, char **argv)
{
	uint64_t first = 1, count = 1, worst_us = 0, total_us = 0;

	if (argc > 1 && strcmp(argv[1], "-v") == 0) {
		verbose = true;
		argc--;
		argv++;
	}
	if (argc > 1)
		first = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		count = strtoull(argv[2], NULL, 10);
	/* The big tables come from the kernel, zeroed and untouched, each time. */
	(void)mallopt(M_MMAP_THRESHOLD, 65536);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (uint64_t seed = first; seed < first + count; seed++) {
		uint64_t us = run_seed(seed);

		total_us += us;
		if (us > worst_us)
			worst_us = us;
	}
	printf("ok seeds-%llu-to-%llu healed in %.1f s on average, %.1f s at worst\n",
	       (unsigned long long)first, (unsigned long long)(first + count - 1),
	       (double)total_us / 1e6 / (double)count, (double)worst_us / 1e6);
	return 0;
}

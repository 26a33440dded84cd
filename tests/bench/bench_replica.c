/* How fast the pure part of replication is, and what a session costs on the wire and in memory.
 *
 *   bench_replica [-n SESSIONS]
 *
 * Two replicas in one thread, without seals and sockets. SESSIONS (a million) new sessions are told
 * to the first, which makes datagrams of them, which the second applies; each step is timed by
 * itself. Then the second starts again, empty, and asks for a snapshot at 200 Mbit/s of virtual
 * time while 5,000 new sessions a second go on: when it is in sync, what all this cost in real
 * time, and the longest time that a new session waited for its datagram. Prints one JSON object.
 */
#include "syncd/replica.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAYLOAD_MAX 1296               /* of a datagram of 1400 bytes */
#define OVERHEAD    118                /* Ethernet, IPv6, UDP, header, seal */
#define RATE        UINT64_C(25000000) /* bytes a second: 200 Mbit/s */
#define LIVE_US     200                /* between two new sessions during the snapshot */
#define SECOND_US   UINT64_C(1000000)

struct datagram {
	struct replica_origin origin;
	size_t len;
	uint8_t payload[PAYLOAD_MAX];
};

struct bench {
	struct replica *replicas[2];
	uint8_t epochs[2][REPLICA_EPOCH_LEN];
	uint64_t now_us;
	uint64_t random;
	uint32_t sessions; /* told so far */
};

static void die(const char *what)
{
	fprintf(stderr, "bench_replica: %s\n", what);
	exit(1);
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void fill(void *context, void *buf, size_t len)
{
	struct bench *bench = context;

	for (size_t i = 0; i < len; i++) {
		bench->random = bench->random * UINT64_C(6364136223846793005) + 1;
		((uint8_t *)buf)[i] = (uint8_t)(bench->random >> 56);
	}
}

static void boot(struct bench *bench, uint8_t node, uint32_t sessions_max)
{
	struct replica_config config = {
		.node = node,
		.nodes = 3,
		.sessions_max = sessions_max,
		.payload_max = PAYLOAD_MAX,
		.rate = RATE,
		.overhead = OVERHEAD,
		.join_wait_us = SECOND_US,
		.version = "bench",
		.random = fill,
		.random_context = bench,
	};

	fill(bench, bench->epochs[node], REPLICA_EPOCH_LEN);
	memcpy(config.epoch, bench->epochs[node], REPLICA_EPOCH_LEN);
	replica_free(bench->replicas[node]);
	bench->replicas[node] = replica_new(&config, bench->now_us);
	if (!bench->replicas[node])
		die("no memory");
}

static bool poll_one(struct bench *bench, uint8_t node, struct datagram *out)
{
	out->len = replica_poll(bench->replicas[node], out->payload, &out->origin.seq,
	                        bench->now_us);
	out->origin.node = node;
	memcpy(out->origin.epoch, bench->epochs[node], REPLICA_EPOCH_LEN);
	return out->len > 0;
}

static void deliver(struct bench *bench, uint8_t node, const struct datagram *datagram)
{
	if (replica_admit(bench->replicas[node], &datagram->origin) == REPLICA_ADMIT &&
	    !replica_deliver(bench->replicas[node], &datagram->origin, datagram->payload,
	                     datagram->len, bench->now_us))
		die("a datagram was refused");
}

static void exchange(struct bench *bench)
{
	struct datagram datagram;

	for (uint8_t node = 0; node < 2; node++)
		while (poll_one(bench, node, &datagram))
			deliver(bench, 1 - node, &datagram);
}

static void meet(struct bench *bench)
{
	while (replica_state(bench->replicas[0]) != REPLICA_IN_SYNC ||
	       replica_state(bench->replicas[1]) != REPLICA_IN_SYNC) {
		exchange(bench);
		bench->now_us += 1000;
	}
}

static void tell(struct bench *bench)
{
	uint32_t i = bench->sessions++;
	struct replica_session session = {
		.key = { .pool4 = 0xc6336400 | i >> 28,
		         .remote = 0x08000000 + (i >> 14) * 7919,
		         .pool4_port = (uint16_t)(1024 + (i & 16383)),
		         .remote_port = 443 },
		.host = { .s6_addr = { 0x20, 1, 0xd, 0xb8, [12] = (uint8_t)(i >> 24),
		                       (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i } },
		.host_port = (uint16_t)(32768 + (i & 16383)),
		.version = 1,
		.expires_us = bench->now_us + 7440 * SECOND_US,
	};

	if (!replica_local_session(bench->replicas[0], &session, bench->now_us))
		die("no room for a session");
}

static struct replica_stats stats_of(const struct bench *bench, uint8_t node)
{
	struct replica_stats stats;

	replica_stats(bench->replicas[node], &stats);
	return stats;
}

/* New sessions from the first replica to the second. */
static void measure_news(struct bench *bench, uint32_t count)
{
	size_t room = count / 20 + 64, made = 0;
	struct datagram *datagrams = calloc(room, sizeof(*datagrams));
	struct replica_stats before = stats_of(bench, 0), after;
	double start = seconds(), told, polled, delivered;

	if (!datagrams)
		die("no memory");
	for (uint32_t i = 0; i < count; i++)
		tell(bench);
	told = seconds();
	while (made < room && stats_of(bench, 0).waiting_news) {
		if (poll_one(bench, 0, &datagrams[made]))
			made++;
		else
			bench->now_us += 1000;
	}
	polled = seconds();
	for (size_t i = 0; i < made; i++)
		deliver(bench, 1, &datagrams[i]);
	delivered = seconds();
	after = stats_of(bench, 0);
	printf("{\"sessions\":%u,\"tell_per_s\":%.0f,\"poll_per_s\":%.0f,\"deliver_per_s\":%.0f,"
	       "\"wire_bytes_per_session\":%.2f,\"memory_bytes_per_session\":%.1f",
	       count, count / (told - start), count / (polled - told), count / (delivered - polled),
	       (double)(after.sent_bytes - before.sent_bytes) / count,
	       (double)after.memory_bytes / (double)after.sessions);
	if (stats_of(bench, 1).sessions != stats_of(bench, 0).sessions)
		die("the replicas differ");
	free(datagrams);
}

/* A joiner among live updates. */
static void measure_snapshot(struct bench *bench)
{
	uint64_t began_us = bench->now_us, next_live_us = began_us, told_us = 0, worst_us = 0;
	double start = seconds();

	while (replica_state(bench->replicas[1]) != REPLICA_IN_SYNC) {
		if (bench->now_us >= next_live_us) {
			tell(bench);
			if (!told_us)
				told_us = bench->now_us;
			next_live_us += LIVE_US;
		}
		exchange(bench);
		if (told_us && bench->now_us - told_us > worst_us)
			worst_us = bench->now_us - told_us;
		if (!stats_of(bench, 0).waiting_news)
			told_us = 0;
		bench->now_us += 100;
		if (bench->now_us > began_us + 600 * SECOND_US)
			die("the joiner is not in sync after ten minutes");
	}
	printf(",\"snapshot_virtual_s\":%.2f,\"snapshot_real_s\":%.2f,"
	       "\"snapshot_news_wait_ms\":%.1f,\"joiner_sessions\":%llu}\n",
	       (double)(bench->now_us - began_us) / 1e6, seconds() - start, (double)worst_us / 1000,
	       (unsigned long long)stats_of(bench, 1).sessions);
}

int main(int argc, char **argv)
{
	struct bench bench = { .now_us = SECOND_US, .random = 1 };
	uint32_t count = 1000000;
	int option;

	while ((option = getopt(argc, argv, "n:")) != -1) {
		if (option != 'n' || (count = (uint32_t)strtoul(optarg, NULL, 10)) == 0) {
			fprintf(stderr, "usage: bench_replica [-n SESSIONS]\n");
			return 2;
		}
	}
	boot(&bench, 0, count * 2);
	boot(&bench, 1, count * 2);
	meet(&bench);
	measure_news(&bench, count);
	boot(&bench, 1, count * 2);
	measure_snapshot(&bench);
	replica_free(bench.replicas[0]);
	replica_free(bench.replicas[1]);
	return 0;
}

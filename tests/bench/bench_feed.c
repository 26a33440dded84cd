/* What replication costs the translator, without sockets.
 *
 *   bench_feed [-n SESSIONS] [-s SEED]
 *
 * One thread gives the core the first packet of one random UDP flow after the other (SESSIONS of
 * them, a million), once without replication and once with it, sync-min-age 0 and everything told
 * as it comes. The messages are kept; another translator then enters all of them. Last, the ticks
 * of one eighth of the shortest lifetime, in which the whole table is looked at for sessions to
 * refresh. Prints one JSON object.
 */
#include "lib/arena.h"
#include "lib/config.h"
#include "tests/bench/core_bench.h"
#include "tests/bench/packet6.h"
#include "translator/feed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BURST    256 /* packets before what they changed is told */
#define ARENA    (8u << 20)
#define TICK_US  20000
#define ROUND_US 7500000 /* an eighth of icmp-timeout */
#define RECORD   64      /* bytes kept for a session's record */

struct bench {
	struct config *config;
	struct in6_addr dst;
	uint64_t seed;
	uint8_t *kept; /* messages, each behind its length */
	size_t kept_len, kept_max, messages;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static struct translator *make_translator(const struct bench *b, uint8_t node)
{
	const struct translator_io io = { .emit = core_bench_ignore };
	const uint8_t seed[32] = { node }, key[16] = { 0 };
	struct translator *t = translator_new(&b->config->instances[0], node, 2, seed, key, &io,
	                                      now_ns() / 1000);

	if (!t)
		core_bench_die(strerror(errno));
	return t;
}

static void replicate(struct translator *t, uint8_t node)
{
	const struct feed_config config = { .node = node, .min_age_us = 0 };

	if (feed_start(t, &config) < 0)
		core_bench_die("not enough memory");
	feed_attach(t, now_ns() / 1000);
}

static void keep_messages(struct bench *b, struct translator *t)
{
	uint8_t *message;
	size_t len;

	while (feed_has_output(t)) {
		if (b->kept_len + sizeof(len) + FEED_MESSAGE_MAX > b->kept_max)
			core_bench_die("the messages are longer than they should be");
		message = b->kept + b->kept_len + sizeof(len);
		len = feed_poll(t, message, now_ns() / 1000);
		if (!len)
			continue;
		memcpy(b->kept + b->kept_len, &len, sizeof(len));
		b->kept_len += sizeof(len) + len;
		b->messages++;
	}
}

/* Returns nanoseconds for each session. */
static double make_sessions(struct bench *b, struct translator *t, unsigned long count, int told)
{
	static const struct virtio_net_hdr vnet;
	uint8_t buffer[TRANSLATOR_HEADROOM + sizeof(struct packet6)];
	uint64_t random = b->seed, start = now_ns();
	struct packet6 packet;

	for (unsigned long i = 0; i < count; i++) {
		packet6_random_flow(&packet, &b->dst, htons(9), &random);
		memcpy(buffer + TRANSLATOR_HEADROOM, &packet, sizeof(packet));
		if (translator_input(t, buffer + TRANSLATOR_HEADROOM, sizeof(packet), &vnet,
		                     now_ns() / 1000) != VERDICT_TRANSLATED)
			core_bench_die("a packet was not translated");
		if (told && i % BURST == BURST - 1)
			keep_messages(b, t);
	}
	if (told)
		keep_messages(b, t);
	return (double)(now_ns() - start) / (double)count;
}

static double enter_all(struct bench *b, struct translator *t, unsigned long count)
{
	struct arena *arena = arena_new(ARENA);
	struct feed_stats stats;
	uint64_t start = now_ns();
	size_t at = 0, len;

	if (!arena)
		core_bench_die("not enough memory");
	while (at < b->kept_len) {
		memcpy(&len, b->kept + at, sizeof(len));
		arena_clear(arena);
		if (feed_deliver(t, b->kept + at + sizeof(len), len, arena_allocator(arena),
		                 now_ns() / 1000) < 0)
			core_bench_die("a message is refused");
		at += sizeof(len) + len;
	}
	start = now_ns() - start;
	arena_free(arena);
	if (!feed_stats(t, &stats) || stats.entered < count - count / 100)
		core_bench_die("records were not entered");
	return (double)start / (double)count;
}

/* The longest tick of one round over the table, and their mean, in microseconds. */
static double look_at_all(struct translator *t, double *worst)
{
	uint64_t now_us = now_ns() / 1000, spent = 0, longest = 0, ticks = 0;

	for (uint64_t passed = 0; passed < ROUND_US; passed += TICK_US, ticks++) {
		uint64_t start = now_ns(), took;

		translator_tick(t, now_us += TICK_US);
		took = now_ns() - start;
		spent += took;
		longest = took > longest ? took : longest;
	}
	*worst = (double)longest / 1000;
	return (double)spent / 1000 / (double)ticks;
}

static void measure(struct bench *b, unsigned long count)
{
	struct translator *plain = make_translator(b, 0), *teller = make_translator(b, 0);
	struct translator *listener = make_translator(b, 1);
	double plain_ns, told_ns, entered_ns, tick_us, worst_us, plain_tick_us, plain_worst_us;

	plain_ns = make_sessions(b, plain, count, 0);
	plain_tick_us = look_at_all(plain, &plain_worst_us);
	translator_free(plain);
	replicate(teller, 0);
	told_ns = make_sessions(b, teller, count, 1);
	tick_us = look_at_all(teller, &worst_us);
	translator_free(teller);
	replicate(listener, 1);
	entered_ns = enter_all(b, listener, count);
	translator_free(listener);
	printf("{\"sessions\": %lu, \"plain_ns\": %.1f, \"told_ns\": %.1f, \"entered_ns\": %.1f, "
	       "\"entered_rate\": %.0f, \"bytes_per_record\": %.1f, \"tick_us\": %.1f, "
	       "\"worst_tick_us\": %.1f, \"plain_tick_us\": %.1f, \"plain_worst_tick_us\": %.1f}\n",
	       count, plain_ns, told_ns, entered_ns, 1e9 / entered_ns,
	       (double)(b->kept_len - b->messages * sizeof(size_t)) / (double)count, tick_us,
	       worst_us, plain_tick_us, plain_worst_us);
}

int main(int argc, char **argv)
{
	unsigned long count = 1000000;
	struct bench b = { .seed = 1 };
	int c;

	while ((c = getopt(argc, argv, "n:s:")) != -1) {
		if (c == 'n')
			count = strtoul(optarg, NULL, 10);
		else if (c == 's')
			b.seed = strtoull(optarg, NULL, 10);
		else
			count = 0;
	}
	if (optind != argc || !count) {
		fputs("usage: bench_feed [-n SESSIONS] [-s SEED]\n", stderr);
		return 2;
	}
	inet_pton(AF_INET6, "64:ff9b:1::203.0.113.80", &b.dst);
	b.config = core_bench_config(count, "off");
	b.kept_max = count * RECORD + 4 * FEED_MESSAGE_MAX;
	b.kept = malloc(b.kept_max);
	if (!b.kept)
		core_bench_die("not enough memory");
	measure(&b, count);
	free(b.kept);
	config_free(b.config);
	return 0;
}

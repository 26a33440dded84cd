/* How fast the core makes UDP sessions, and what each of them costs in memory.
 *
 *   bench_sessions [-n HELD] [-b BATCH] [-s SEED] [-l off|sessions|blocks]
 *
 * One thread gives the pure core the first packet of one random flow after the other. The rate is
 * taken over the first BATCH sessions, when the tables are empty (and their memory is touched for
 * the first time), and over BATCH more when HELD sessions are there. Memory is the growth of the
 * resident set from before the tables were made to when HELD sessions are held, everything
 * included. Then the translator is dropped, and another one restores what stands in the memory.
 * With -l the core also says what log-sessions wants logged, and the records are taken out of the
 * ring, but not written anywhere. Prints one JSON object.
 */
#include "lib/config.h"
#include "tests/bench/core_bench.h"
#include "tests/bench/packet6.h"
#include "translator/table_memory.h"
#include "translator/translator.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TICK_EVERY 65536 /* sessions */

struct bench {
	struct translator *translator;
	struct in6_addr dst;
	uint64_t random; /* state of the generator */
	struct log_ring *log;
	uint64_t logged;
	uint64_t created; /* packets that made a session, or met one of the few duplicates */
};

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static uint64_t resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	char line[128], *end;
	uint64_t pages;

	if (!f || !fgets(line, sizeof(line), f))
		core_bench_die("cannot read /proc/self/statm");
	fclose(f);
	(void)strtoull(line, &end, 10);
	pages = strtoull(end, NULL, 10);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Make count sessions; returns the microseconds they took. */
static uint64_t make_sessions(struct bench *b, unsigned long count)
{
	static const struct virtio_net_hdr vnet;
	uint8_t buffer[TRANSLATOR_HEADROOM + sizeof(struct packet6)];
	struct packet6 packet;
	uint64_t start = now_us(), now = start;
	struct log_record record;

	for (unsigned long i = 0; i < count; i++) {
		packet6_random_flow(&packet, &b->dst, htons(9), &b->random);
		memcpy(buffer + TRANSLATOR_HEADROOM, &packet, sizeof(packet));
		if (translator_input(b->translator, buffer + TRANSLATOR_HEADROOM, sizeof(packet),
		                     &vnet, now) != VERDICT_TRANSLATED)
			core_bench_die("a packet was not translated");
		if (++b->created % TICK_EVERY == 0) {
			now = now_us();
			translator_tick(b->translator, now);
			while (log_ring_take(b->log, &record))
				b->logged++;
		}
	}
	return now_us() - start;
}

/* As a state file would be: it stays when the translator goes. */
static struct translator_memory make_memory(const struct config_instance *config)
{
	struct translator_memory memory = { .key = { 1 } };
	size_t bindings, sessions;

	translator_memory_size(config, &bindings, &sessions);
	memory.bindings = table_memory_new(bindings, 1);
	memory.sessions = table_memory_new(sessions, 1);
	if (!memory.bindings || !memory.sessions)
		core_bench_die(strerror(errno));
	return memory;
}

static uint64_t sessions_held(const struct translator *t)
{
	struct translator_stats stats;
	uint64_t held = 0;

	translator_stats(t, &stats);
	for (unsigned i = 0; i < L4_PROTOS; i++)
		held += stats.sessions[i];
	return held;
}

static void measure(struct bench *b, unsigned long held, unsigned long batch,
                    uint64_t resident_before)
{
	uint64_t empty_us, full_us, resident, sessions;

	empty_us = make_sessions(b, batch);
	make_sessions(b, held - batch);
	resident = resident_bytes() - resident_before;
	sessions = sessions_held(b->translator);
	if (sessions < held - held / 100)
		core_bench_die("sessions are missing");
	full_us = make_sessions(b, batch);
	printf("{\"held\": %llu, \"batch\": %lu, \"empty_ns\": %.1f, \"full_ns\": %.1f, "
	       "\"empty_rate\": %.0f, \"full_rate\": %.0f, \"bytes_per_session\": %.1f, "
	       "\"logged\": %llu, ",
	       (unsigned long long)sessions, batch, (double)empty_us * 1e3 / (double)batch,
	       (double)full_us * 1e3 / (double)batch, (double)batch * 1e6 / (double)empty_us,
	       (double)batch * 1e6 / (double)full_us, (double)resident / (double)sessions,
	       (unsigned long long)(b->logged + log_ring_waiting(b->log) + log_ring_lost(b->log)));
}

/* What a killed translator's successor needs before it serves, without device and fast path. */
static void measure_restart(const struct config_instance *config, struct translator_io *io,
                            struct translator_memory *memory, uint64_t expected)
{
	static const uint8_t seed[32] = { 2 }, key[16];
	uint64_t start = now_us(), took_us;
	struct translator *t;

	memory->restore = true;
	t = translator_new(config, 0, 1, seed, key, io, start);
	took_us = now_us() - start;
	if (!t || translator_restored(t).sessions != expected)
		core_bench_die("sessions were not restored");
	printf("\"restored\": %llu, \"restart_ms\": %.1f}\n", (unsigned long long)expected,
	       (double)took_us / 1e3);
	translator_free(t);
}

static void usage(void)
{
	fputs("usage: bench_sessions [-n HELD] [-b BATCH] [-s SEED] [-l off|sessions|blocks]\n"
	      "       (BATCH at most HELD)\n",
	      stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	struct translator_memory memory;
	struct translator_io io = { .emit = core_bench_ignore, .memory = &memory };
	unsigned long held = 1000000, batch = 100000;
	uint8_t seed[32] = { 0 }, key[16] = { 0 };
	struct bench b = { .random = 1 };
	const char *log_sessions = "off";
	struct config *config;
	uint64_t resident_before;
	int c;

	while ((c = getopt(argc, argv, "n:b:s:l:")) != -1) {
		if (c == 'n')
			held = strtoul(optarg, NULL, 10);
		else if (c == 'b')
			batch = strtoul(optarg, NULL, 10);
		else if (c == 's')
			b.random = strtoull(optarg, NULL, 10);
		else if (c == 'l')
			log_sessions = optarg;
		else
			usage();
	}
	if (optind != argc || !batch || batch > held)
		usage();
	memcpy(seed, &b.random, sizeof(b.random));
	inet_pton(AF_INET6, "64:ff9b:1::203.0.113.80", &b.dst);
	config = core_bench_config(held + batch, log_sessions);
	resident_before = resident_bytes();
	memory = make_memory(&config->instances[0]);
	b.log = io.log = log_ring_new(2 * TICK_EVERY);
	if (!b.log)
		core_bench_die(strerror(errno));
	b.translator = translator_new(&config->instances[0], 0, 1, seed, key, &io, now_us());
	if (!b.translator)
		core_bench_die(strerror(errno));
	measure(&b, held, batch, resident_before);
	held = sessions_held(b.translator);
	translator_free(b.translator);
	measure_restart(&config->instances[0], &io, &memory, held);
	log_ring_free(b.log);
	config_free(config);
	return 0;
}

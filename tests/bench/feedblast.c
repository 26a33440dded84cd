/* A translator that does nothing but replicate: sessions for an sa-nat64-syncd, as fast as it takes
 * them or at a given rate, and the counterpart that counts what a syncd of another box tells.
 *
 *   feedblast send [-c FILE] [-s SOCKET] [-i COUNT] [-n COUNT] [-r RATE] NODE INSTANCE
 *   feedblast sink [-c FILE] [-s SOCKET] [-n COUNT] [-t SECONDS] NODE INSTANCE
 *
 * `send` holds -i sessions from the beginning, makes -n new ones at RATE a second (0: as fast as
 * they are taken), prints {"sessions", "seconds"} and stays connected until it is ended. `sink`
 * ends when it was told COUNT different sessions, or after SECONDS, and prints {"sessions",
 * "seconds", "records"} and the median, 99th percentile and greatest "lag_*_us" of the new ones: a
 * session carries its number and the time of its birth in its IPv6 address, and both ends run on
 * one machine. All sessions are TCP, ESTABLISHED, in 198.51.100.0/24.
 */
#include "lib/arena.h"
#include "lib/config_hash.h"
#include "proto/feed.pb-c.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_MAX      32768
#define BATCH            400 /* records of a message; they fit in any case */
#define BUFFER           (4 << 20)
#define ARENA            (4u << 20)
#define POOL4            0xc6336400u /* 198.51.100.0 */
#define PORTS            60000u
#define PORT_FIRST       1024u
#define REMOTE           0xcb007150u /* 203.0.113.80 */
#define SESSIONS_MAX     (254u * PORTS)
#define LIFETIME_S       7440
#define AT_RATE_AT_LEAST 1000 /* microseconds between two messages at a given rate */

struct options {
	const char *config, *socket, *node, *instance;
	uint32_t initial, count;
	double rate, seconds;
};

struct feed {
	int fd;
	struct arena *arena;
	uint8_t message[MESSAGE_MAX];
};

struct sink {
	uint64_t *bits; /* one for each session that was told */
	uint32_t *lags; /* microseconds */
	uint32_t lag_count, sessions;
	uint64_t records, start_us;
};

static void die(const char *what)
{
	fprintf(stderr, "feedblast: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void usage(void)
{
	fputs("usage: feedblast send [-c FILE] [-s SOCKET] [-i COUNT] [-n COUNT] [-r RATE] "
	      "NODE INSTANCE\n"
	      "       feedblast sink [-c FILE] [-s SOCKET] [-n COUNT] [-t SECONDS] NODE INSTANCE\n",
	      stderr);
	exit(2);
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* ---- messages ---- */

static bool wait_for(const struct feed *feed, short events, int milliseconds)
{
	struct pollfd p = { feed->fd, events, 0 };

	if (poll(&p, 1, milliseconds) < 0 && errno != EINTR)
		die("poll");
	return p.revents & events;
}

/* The next message from syncd, or NULL when there is none. It lives until the next call. */
static const SaNat64__Feed__FeedMessage *receive(struct feed *feed)
{
	ssize_t len = recv(feed->fd, feed->message, sizeof(feed->message), MSG_DONTWAIT);
	const SaNat64__Feed__FeedMessage *message;

	if (len < 0 && errno == EAGAIN)
		return NULL;
	if (len <= 0) {
		errno = len == 0 ? ECONNRESET : errno;
		die("syncd has ended the connection");
	}
	arena_clear(feed->arena);
	message = sa_nat64__feed__feed_message__unpack(arena_allocator(feed->arena), (size_t)len,
	                                               feed->message);
	if (!message) {
		errno = EBADMSG;
		die("a message of syncd");
	}
	return message;
}

/* Syncd may tell things meanwhile; a sender has no use for them. */
static void send_message(struct feed *feed, SaNat64__Feed__FeedMessage *message)
{
	uint8_t bytes[MESSAGE_MAX];
	size_t len;

	message->version = 1;
	len = sa_nat64__feed__feed_message__pack(message, bytes);
	while (send(feed->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		if (errno != EAGAIN)
			die("send to syncd");
		if (wait_for(feed, POLLIN | POLLOUT, -1))
			while (receive(feed))
				;
	}
}

static void say_hello(struct feed *feed, const struct options *options)
{
	SaNat64__Feed__FeedMessage message = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	SaNat64__Feed__FeedHello hello = SA_NAT64__FEED__FEED_HELLO__INIT;
	const struct config_instance *instance;
	const struct config_node *node;
	struct config_hash hash;
	struct config *config;

	if (config_load(options->config, stderr, &config) != 0)
		exit(2);
	instance = config_instance_find(config, options->instance);
	node = config_node_find(config, options->node);
	errno = ENOENT;
	if (!instance || !node || config_hash(config, instance, &hash) < 0)
		die("instance or node");
	hello.instance = (char *)options->instance;
	hello.node = node->id;
	hello.prefixes_hash = hash.prefixes;
	hello.config_hash = hash.rest;
	hello.sessions_max = SESSIONS_MAX;
	hello.program = (char *)"feedblast";
	message.hello = &hello;
	send_message(feed, &message);
	config_free(config);
}

static void feed_open(struct feed *feed, const struct options *options)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int size = BUFFER;

	if (strlen(options->socket) >= sizeof(address.sun_path))
		usage();
	memcpy(address.sun_path, options->socket, strlen(options->socket));
	feed->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	feed->arena = arena_new(ARENA);
	if (feed->fd < 0 || !feed->arena)
		die("socket");
	(void)setsockopt(feed->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	if (connect(feed->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		die(options->socket);
	say_hello(feed, options);
}

/* ---- sessions ---- */

static void put_u64(uint8_t *at, uint64_t value)
{
	memcpy(at, &value, sizeof(value));
}

static uint64_t get_u64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* Session number, made at born_us; 0: before it began. */
static void session_fill(SaNat64__Session__Session *session, uint8_t host[16], uint32_t number,
                         uint64_t born_us)
{
	sa_nat64__session__session__init(session);
	memcpy(host, "\x20\x01\x0d\xb8", 4);
	memcpy(host + 4, &number, sizeof(number));
	put_u64(host + 8, born_us);
	session->pool4 = POOL4 + number / PORTS;
	session->pool4_port = PORT_FIRST + number % PORTS;
	session->remote = REMOTE;
	session->remote_port = 443;
	session->host.data = host;
	session->host.len = 16;
	session->host_port = 49152 + number % 16384;
	session->lifetime_s = LIFETIME_S;
	session->version = 1;
}

static void send_sessions(struct feed *feed, uint32_t first, uint32_t count, uint64_t born_us)
{
	SaNat64__Feed__FeedMessage message = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	SaNat64__Session__Session sessions[BATCH], *at[BATCH];
	uint8_t hosts[BATCH][16];

	for (uint32_t i = 0; i < count; i++) {
		session_fill(&sessions[i], hosts[i], first + i, born_us);
		at[i] = &sessions[i];
	}
	message.sessions = at;
	message.n_sessions = count;
	send_message(feed, &message);
}

static uint32_t at_most(uint32_t count, uint32_t limit)
{
	return count < limit ? count : limit;
}

/* One message at least every millisecond, with what is due. */
static void send_news(struct feed *feed, const struct options *options)
{
	uint64_t start = now_us(), now = start;
	uint32_t sent = 0;

	while (sent < options->count) {
		uint32_t due = options->count;

		if (options->rate > 0)
			due = at_most(due, (uint32_t)((double)(now - start) * options->rate / 1e6));
		if (due > sent) {
			due = at_most(due - sent, BATCH);
			send_sessions(feed, options->initial + sent, due, now);
			sent += due;
		} else {
			(void)wait_for(feed, POLLIN, AT_RATE_AT_LEAST / 1000);
		}
		while (receive(feed))
			;
		now = now_us();
	}
	printf("{\"sessions\": %u, \"seconds\": %.6f}\n", sent, (double)(now - start) / 1e6);
	(void)fflush(stdout);
}

static void run_send(struct feed *feed, const struct options *options)
{
	SaNat64__Feed__FeedMessage begin = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	SaNat64__Feed__FeedMessage end = SA_NAT64__FEED__FEED_MESSAGE__INIT;

	begin.scan_begin = end.scan_end = true;
	send_message(feed, &begin);
	for (uint32_t sent = 0; sent < options->initial; sent += BATCH)
		send_sessions(feed, sent, at_most(options->initial - sent, BATCH), 0);
	send_message(feed, &end);
	send_news(feed, options);
	for (;;) {
		(void)wait_for(feed, POLLIN, -1);
		while (receive(feed))
			;
	}
}

/* ---- what is told ---- */

static void sink_take(struct sink *sink, const SaNat64__Session__Session *session, uint64_t now)
{
	uint64_t born_us;
	uint32_t number;

	sink->records++;
	if (session->host.len != 16)
		return;
	memcpy(&number, session->host.data + 4, sizeof(number));
	born_us = get_u64(session->host.data + 8);
	if (number >= SESSIONS_MAX || sink->bits[number / 64] >> (number % 64) & 1)
		return;
	sink->bits[number / 64] |= (uint64_t)1 << (number % 64);
	sink->sessions++;
	if (born_us >= sink->start_us)
		sink->lags[sink->lag_count++] = (uint32_t)(now - born_us);
}

static int compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static uint32_t lag_at(const struct sink *sink, double share)
{
	if (sink->lag_count == 0)
		return 0;
	return sink->lags[(uint32_t)((double)(sink->lag_count - 1) * share)];
}

static void sink_print(struct sink *sink, uint64_t us)
{
	qsort(sink->lags, sink->lag_count, sizeof(*sink->lags), compare);
	printf("{\"sessions\": %u, \"seconds\": %.6f, \"records\": %llu, \"lag_p50_us\": %u, "
	       "\"lag_p99_us\": %u, \"lag_max_us\": %u}\n",
	       sink->sessions, (double)us / 1e6, (unsigned long long)sink->records,
	       lag_at(sink, 0.5), lag_at(sink, 0.99), lag_at(sink, 1));
}

static void run_sink(struct feed *feed, const struct options *options)
{
	SaNat64__Feed__FeedMessage scan = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	uint64_t start = now_us(), now = start, end = start + (uint64_t)(options->seconds * 1e6);
	const SaNat64__Feed__FeedMessage *message;
	struct sink sink = { .start_us = start };

	sink.bits = calloc(SESSIONS_MAX / 64 + 1, sizeof(*sink.bits));
	sink.lags = calloc(SESSIONS_MAX, sizeof(*sink.lags));
	if (!sink.bits || !sink.lags)
		die("memory");
	scan.scan_begin = scan.scan_end = true;
	send_message(feed, &scan);
	while (sink.sessions < options->count && now < end) {
		(void)wait_for(feed, POLLIN, 100);
		while ((message = receive(feed))) {
			now = now_us();
			for (size_t i = 0; i < message->n_sessions; i++)
				sink_take(&sink, message->sessions[i], now);
		}
		now = now_us();
	}
	sink_print(&sink, now - start);
}

static void parse(struct options *options, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "c:s:i:n:r:t:")) != -1) {
		switch (c) {
		case 'c':
			options->config = optarg;
			break;
		case 's':
			options->socket = optarg;
			break;
		case 'i':
			options->initial = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'n':
			options->count = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'r':
			options->rate = strtod(optarg, NULL);
			break;
		case 't':
			options->seconds = strtod(optarg, NULL);
			break;
		default:
			usage();
		}
	}
	if (argc - optind != 2 || options->initial > SESSIONS_MAX ||
	    options->count > SESSIONS_MAX - options->initial)
		usage();
	options->node = argv[optind];
	options->instance = argv[optind + 1];
}

int main(int argc, char **argv)
{
	struct options options = { .config = "/etc/sa-nat64/sa-nat64.conf",
		                   .socket = "/run/sa-nat64/sync.sock",
		                   .seconds = 60 };
	static struct feed feed;

	if (argc < 2 || (strcmp(argv[1], "send") != 0 && strcmp(argv[1], "sink") != 0))
		usage();
	parse(&options, argc - 1, argv + 1);
	(void)signal(SIGPIPE, SIG_IGN);
	feed_open(&feed, &options);
	if (strcmp(argv[1], "send") == 0)
		run_send(&feed, &options);
	else
		run_sink(&feed, &options);
	return 0;
}

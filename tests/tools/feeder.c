/* A translator as sa-nat64-syncd sees one, without translating: makes numbered sessions, changes
 * them, and counts what comes from the peers.
 *
 * usage: feeder [OPTION]... SOCKET INSTANCE NODE-ID
 *
 *   -c FILE    configuration whose hashes it says (none)
 *   -f FIRST   number of the first session made (0)
 *   -n COUNT   sessions made (0)
 *   -u ROUNDS  how often each of them is then changed (0)
 *   -r RATE    records a second (0: as many as the socket takes)
 *   -w COUNT   end when so many different sessions have come (0: never)
 *   -g         tell all of them as gone in the end, when -n and -u are done
 *
 * Every 100 ms a line is printed if something changed, and one at the end:
 *   told N held N came N gone N state WORD contact 0|1 lag_us MEAN lag_max_us MAX
 * told: records written; held: different sessions of others held; came and gone: records read. The
 * IPv6 host of a session is when it was told, in microseconds of the monotonic clock, so that lag
 * is known where both ends share it. Connects again when it is disconnected, with a scan of what
 * was told. Ends at SIGTERM. */
#include "lib/config_hash.h"
#include "lib/control_socket.h"
#include "proto/feed.pb-c.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SESSIONS_MAX (1u << 24)
#define PORTS        60000u
#define FIRST_PORT   1024u
#define POOL4        0xc6336401u /* 198.51.100.1 */
#define REMOTE       0xcb007100u /* 203.0.113.0 and up */
#define BATCH        400
#define LIFETIME_S   7200

struct feeder {
	const char *path, *instance;
	struct config_hash hash;
	uint32_t node, first, count, rounds, wanted;
	uint64_t rate;
	bool ends;
	int fd, send_flags;
	uint64_t position; /* records due so far, of count * (1 + rounds) and the gone ones */
	uint64_t started_us;
	uint64_t told, came, gone, held, lag_sum_us, lag_max_us, lag_count;
	bool all_in_contact, scanned;
	char state[16];
	uint8_t *have; /* one bit for each number */
	uint8_t buffer[32768];
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

/* ---- to syncd ---- */

struct records {
	SaNat64__Session__Session sessions[BATCH], *session_at[BATCH];
	SaNat64__Session__Gone gone[BATCH], *gone_at[BATCH];
	uint8_t hosts[BATCH][16];
};

static void put_session(struct records *r, size_t at, uint32_t number, uint32_t version,
                        uint64_t now_us)
{
	SaNat64__Session__Session *out = &r->sessions[at];

	sa_nat64__session__session__init(out);
	out->pool4 = POOL4;
	out->pool4_port = FIRST_PORT + number % PORTS;
	out->remote = REMOTE + number / PORTS;
	out->remote_port = 443;
	memset(r->hosts[at], 0, sizeof(r->hosts[at]));
	r->hosts[at][0] = 0x20;
	memcpy(r->hosts[at] + 8, &now_us, sizeof(now_us));
	out->host = (ProtobufCBinaryData){ 16, r->hosts[at] };
	out->host_port = 1 + number % PORTS;
	out->lifetime_s = LIFETIME_S;
	out->version = version;
	r->session_at[at] = out;
}

static void put_gone(struct records *r, size_t at, uint32_t number, uint32_t version)
{
	SaNat64__Session__Gone *out = &r->gone[at];

	sa_nat64__session__gone__init(out);
	out->pool4 = POOL4;
	out->pool4_port = FIRST_PORT + number % PORTS;
	out->remote = REMOTE + number / PORTS;
	out->remote_port = 443;
	out->version = version;
	r->gone_at[at] = out;
}

/* False: not now, or no longer. */
static bool send_message(struct feeder *f, SaNat64__Feed__FeedMessage *message)
{
	size_t len;

	message->version = 1;
	len = sa_nat64__feed__feed_message__pack(message, f->buffer);
	if (send(f->fd, f->buffer, len, f->send_flags) >= 0)
		return true;
	if (errno != EAGAIN) {
		(void)close(f->fd);
		f->fd = -1;
	}
	return false;
}

static bool send_numbers(struct feeder *f, uint64_t from, uint64_t to)
{
	static struct records r;
	SaNat64__Feed__FeedMessage message = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	uint64_t last = (uint64_t)f->count * (1 + f->rounds);
	uint64_t now_us = control_now_us();

	message.sessions = r.session_at;
	message.gone = r.gone_at;
	for (uint64_t i = from; i < to; i++) {
		uint32_t number = f->first + (uint32_t)(i % f->count);
		uint32_t version = 1 + (uint32_t)(i / f->count);

		if (i < last)
			put_session(&r, message.n_sessions++, number, version, now_us);
		else
			put_gone(&r, message.n_gone++, number, 1 + f->rounds);
	}
	return send_message(f, &message);
}

static bool connect_feed(struct feeder *f)
{
	SaNat64__Feed__FeedMessage message = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	SaNat64__Feed__FeedHello hello = SA_NAT64__FEED__FEED_HELLO__INIT;

	f->fd = control_connect(f->path, control_now_us() + 1000000);
	if (f->fd < 0)
		return false;
	hello.instance = (char *)f->instance;
	hello.node = f->node;
	hello.prefixes_hash = f->hash.prefixes;
	hello.config_hash = f->hash.rest;
	hello.program = (char *)"feeder";
	message.hello = &hello;
	f->scanned = false;
	f->send_flags = MSG_NOSIGNAL;
	return send_message(f, &message);
}

/* All that was told before, between begin and end. */
static void scan(struct feeder *f)
{
	SaNat64__Feed__FeedMessage message = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	uint32_t told = f->position < f->count ? (uint32_t)f->position : f->count;
	bool sent;

	f->send_flags = MSG_NOSIGNAL;
	message.scan_begin = true;
	sent = send_message(f, &message);
	for (uint32_t i = 0; sent && i < told; i += BATCH)
		sent = send_numbers(f, i, i + BATCH < told ? i + BATCH : told);
	message.scan_begin = false;
	message.scan_end = true;
	f->scanned = sent && send_message(f, &message);
	f->send_flags = MSG_NOSIGNAL | MSG_DONTWAIT;
}

static uint64_t all_records(const struct feeder *f)
{
	return (uint64_t)f->count * (1 + f->rounds + (f->ends ? 1 : 0));
}

/* Tell what is due. */
static void tell(struct feeder *f, uint64_t now_us)
{
	uint64_t due = all_records(f);

	if (f->rate && (now_us - f->started_us) * f->rate / 1000000 < due)
		due = (now_us - f->started_us) * f->rate / 1000000;
	while (f->fd >= 0 && f->position < due) {
		uint64_t to = f->position + BATCH < due ? f->position + BATCH : due;

		if (!send_numbers(f, f->position, to))
			return;
		f->told += to - f->position;
		f->position = to;
	}
}

/* ---- from syncd ---- */

/* The number of a session; SESSIONS_MAX: it is none of ours. */
static uint32_t number_of(uint32_t remote, uint32_t port)
{
	uint64_t number = (uint64_t)(remote - REMOTE) * PORTS + (port - FIRST_PORT);

	return remote < REMOTE || port < FIRST_PORT || number >= SESSIONS_MAX ? SESSIONS_MAX
	                                                                      : (uint32_t)number;
}

static void take_session(struct feeder *f, const SaNat64__Session__Session *in, uint64_t now_us)
{
	uint32_t number = number_of(in->remote, in->pool4_port);
	uint64_t told_us, lag_us;

	f->came++;
	if (number == SESSIONS_MAX || in->host.len != 16)
		return;
	if (!(f->have[number / 8] & 1u << number % 8))
		f->held++;
	f->have[number / 8] |= (uint8_t)(1u << number % 8);
	memcpy(&told_us, in->host.data + 8, sizeof(told_us));
	lag_us = now_us - told_us;
	f->lag_sum_us += lag_us;
	f->lag_count++;
	f->lag_max_us = lag_us > f->lag_max_us ? lag_us : f->lag_max_us;
}

static void take_gone(struct feeder *f, const SaNat64__Session__Gone *in)
{
	uint32_t number = number_of(in->remote, in->pool4_port);

	f->gone++;
	if (number == SESSIONS_MAX)
		return;
	if (f->have[number / 8] & 1u << number % 8)
		f->held--;
	f->have[number / 8] &= (uint8_t) ~(1u << number % 8);
}

static void take(struct feeder *f, size_t len)
{
	SaNat64__Feed__FeedMessage *in = sa_nat64__feed__feed_message__unpack(NULL, len, f->buffer);
	uint64_t now_us = control_now_us();

	if (!in)
		return;
	for (size_t i = 0; i < in->n_gone; i++)
		take_gone(f, in->gone[i]);
	for (size_t i = 0; i < in->n_sessions; i++)
		take_session(f, in->sessions[i], now_us);
	if (in->contact) {
		f->all_in_contact = in->contact->all_in_contact;
		(void)snprintf(f->state, sizeof(f->state), "%s", in->contact->state);
	}
	if (in->scan_request)
		f->scanned = false;
	sa_nat64__feed__feed_message__free_unpacked(in, NULL);
}

static void receive(struct feeder *f)
{
	for (int i = 0; i < 64 && f->fd >= 0; i++) {
		ssize_t len = recv(f->fd, f->buffer, sizeof(f->buffer), MSG_DONTWAIT);

		if (len < 0 && errno == EAGAIN)
			return;
		if (len > 0) {
			take(f, (size_t)len);
			continue;
		}
		(void)close(f->fd);
		f->fd = -1;
	}
}

/* ---- the whole ---- */

static void report(const struct feeder *f)
{
	printf("told %" PRIu64 " held %" PRIu64 " came %" PRIu64 " gone %" PRIu64
	       " state %s contact %d lag_us %" PRIu64 " lag_max_us %" PRIu64 "\n",
	       f->told, f->held, f->came, f->gone, f->fd < 0 ? "disconnected" : f->state,
	       f->all_in_contact, f->lag_count ? f->lag_sum_us / f->lag_count : 0, f->lag_max_us);
	(void)fflush(stdout);
}

static bool is_done(const struct feeder *f)
{
	return stopped || (f->wanted && f->held >= f->wanted && f->position == all_records(f));
}

static void run(struct feeder *f)
{
	uint64_t last_us = 0, last_sum = UINT64_MAX;

	while (!is_done(f)) {
		struct pollfd pollfd = { .events = POLLIN };
		uint64_t now_us = control_now_us();
		uint64_t sum = f->told + f->came + f->gone + (f->fd >= 0) + f->all_in_contact +
		               (unsigned char)f->state[0];

		if (f->fd < 0 && !connect_feed(f))
			(void)poll(NULL, 0, 20);
		if (f->fd >= 0 && !f->scanned)
			scan(f);
		tell(f, now_us);
		if (sum != last_sum && now_us - last_us > 100000) {
			report(f);
			last_us = now_us;
			last_sum = sum;
		}
		if (f->fd < 0)
			continue;
		pollfd.fd = f->fd;
		if (f->position < all_records(f) && !f->rate)
			pollfd.events |= POLLOUT;
		(void)poll(&pollfd, 1, f->position < all_records(f) ? 1 : 20);
		receive(f);
	}
	report(f);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (*text == '\0' || *end != '\0' || value > SESSIONS_MAX) {
		fprintf(stderr, "feeder: %s is no number up to %u\n", text, SESSIONS_MAX);
		exit(2);
	}
	return value;
}

static void read_hashes(struct feeder *f, const char *path)
{
	const struct config_instance *instance;
	struct config *config;

	if (config_load(path, stderr, &config) < 0)
		exit(2);
	instance = config_instance_find(config, f->instance);
	if (!instance || config_hash(config, instance, &f->hash) < 0)
		exit(2);
	config_free(config);
}

int main(int argc, char **argv)
{
	static struct feeder f = { .fd = -1, .state = "unknown" };
	const char *path = NULL;
	int option;

	while ((option = getopt(argc, argv, "c:f:n:u:r:w:g")) != -1) {
		if (option == 'c')
			path = optarg;
		else if (option == 'f')
			f.first = (uint32_t)number(optarg);
		else if (option == 'n')
			f.count = (uint32_t)number(optarg);
		else if (option == 'u')
			f.rounds = (uint32_t)number(optarg);
		else if (option == 'r')
			f.rate = number(optarg);
		else if (option == 'w')
			f.wanted = (uint32_t)number(optarg);
		else if (option == 'g')
			f.ends = true;
		else
			return 2;
	}
	if (argc - optind != 3) {
		fprintf(stderr, "usage: feeder [OPTION]... SOCKET INSTANCE NODE-ID\n");
		return 2;
	}
	f.path = argv[optind];
	f.instance = argv[optind + 1];
	f.node = (uint32_t)number(argv[optind + 2]);
	if (path)
		read_hashes(&f, path);
	f.have = calloc(1, SESSIONS_MAX / 8);
	if (!f.have)
		return 1;
	(void)signal(SIGTERM, on_signal);
	(void)signal(SIGINT, on_signal);
	f.started_us = control_now_us();
	run(&f);
	return 0;
}

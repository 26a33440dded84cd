/* Any records and messages of a syncd, between packets, expiry and scans: no crash, tables that fit
 * together, and messages of its own that are in range.
 *
 * The input is a row of steps of eight bytes: what to do, and values for it, mostly out of small
 * sets, so that records meet each other's sessions, ports and hosts.
 */
#include "lib/arena.h"
#include "lib/config.h"
#include "proto/feed.pb-c.h"
#include "translator/explain.h"
#include "translator/feed.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEP   8
#define STEPS  400
#define SECOND UINT64_C(1000000)
#define SERVER 0xc6336450 /* 198.51.100.80 */
#define PUBLIC 0xcb007101 /* 203.0.113.1 */
#define ARENA  (8u << 20)
#define KEYS                                                                      \
	"[instance t]\npool6 = 2001:db8:64::/96\npool4 = 203.0.113.1 1024-1151\n" \
	"max-sessions = 32\nmax-sessions-per-host = 8\nbib = udp [2001:db8:6::7]:9 203.0.113.1:1030\n"

struct run {
	struct config *config;
	struct translator *t;
	struct arena *arena;
	uint64_t now_us;
};

static void ignore_packet(void *context, const struct virtio_net_hdr *vnet, const struct iovec *iov,
                          int count)
{
	(void)context;
	(void)vnet;
	(void)iov;
	(void)count;
}

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* ---- steps ---- */

static void deliver(struct run *run, SaNat64__Feed__FeedMessage *message)
{
	static uint8_t bytes[FEED_MESSAGE_MAX];
	size_t len;

	message->version = FEED_VERSION;
	len = sa_nat64__feed__feed_message__pack(message, bytes);
	arena_clear(run->arena);
	require(feed_deliver(run->t, bytes, len, arena_allocator(run->arena), run->now_us) == 0);
}

static void tell_session(struct run *run, const uint8_t *value)
{
	SaNat64__Feed__FeedMessage message = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	SaNat64__Session__Session session = SA_NAT64__SESSION__SESSION__INIT,
				  *rows[] = { &session };
	uint8_t host[17] = { 0x20, 0x01, 0x0d, 0xb8, 0, 6, [15] = value[1] % 8 };

	session.proto = value[0] % 4;
	session.pool4 = PUBLIC + (value[0] >> 7);
	session.pool4_port = 1020u + value[2] % 64;
	session.remote = SERVER + value[3] % 2;
	session.remote_port = session.proto == 2 ? 0 : 80u + value[3] / 128;
	session.host.data = host;
	session.host.len = value[1] == 255 ? 17 : 16;
	session.host_port = value[4] % 16;
	session.state = session.proto == 0 ? value[5] % 10 : value[5] / 255;
	session.lifetime_s = value[6] * 64u;
	session.version = value[6] % 16;
	session.owner = value[4] / 16 + value[5] / 128;
	session.pool6 = value[3] == 127;
	message.sessions = rows;
	message.n_sessions = 1;
	deliver(run, &message);
}

static void tell_gone(struct run *run, const uint8_t *value)
{
	SaNat64__Feed__FeedMessage message = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	SaNat64__Session__Gone gone = SA_NAT64__SESSION__GONE__INIT, *rows[] = { &gone };

	gone.proto = value[0] % 4;
	gone.pool4 = PUBLIC;
	gone.pool4_port = 1020u + value[2] % 64;
	gone.remote = SERVER + value[3] % 2;
	gone.remote_port = gone.proto == 2 ? 0 : 80u + value[3] / 128;
	gone.version = value[6] % 16;
	gone.owner = value[4] % 18;
	gone.forced = value[5] & 1;
	message.gone = rows;
	message.n_gone = 1;
	deliver(run, &message);
}

static void send_packet(struct run *run, const uint8_t *value)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMPV6 };
	static uint8_t room[TRANSLATOR_HEADROOM + 2048];
	static struct explain explain;
	const struct virtio_net_hdr vnet = { 0 };
	struct explain_fields fields = {
		.ipv6 = value[5] & 1,
		.protocol = protos[value[0] % 3],
		.src6 = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, 0, 6, [15] = value[1] % 8 } },
		.dst6 = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, 0, 0x64, [12] = 198, 51, 100, 80 } },
		.src4 = SERVER,
		.dst4 = PUBLIC,
		.src_port = value[5] & 1 ? value[4] % 16 : 80,
		.dst_port = (uint16_t)(value[5] & 1 ? 80 : 1020 + value[2] % 64),
		.tcp_flags = value[6],
	};

	if (!fields.ipv6 && fields.protocol == IPPROTO_ICMPV6)
		fields.protocol = IPPROTO_ICMP;
	if (explain_build(&fields, &explain) < 0)
		return;
	memcpy(room + TRANSLATOR_HEADROOM, explain.packet, explain.len);
	(void)translator_input(run->t, room + TRANSLATOR_HEADROOM, explain.len, &vnet, run->now_us);
}

static void pass(struct run *run, const uint8_t *value)
{
	run->now_us += value[1] * SECOND / 16 + value[2] * SECOND;
	translator_tick(run->t, run->now_us);
}

/* Raw bytes as a message, which may be none. */
static void babble(struct run *run, const uint8_t *value)
{
	arena_clear(run->arena);
	(void)feed_deliver(run->t, value, STEP - 1, arena_allocator(run->arena), run->now_us);
}

static void turn(struct run *run, const uint8_t *value)
{
	SaNat64__Feed__FeedMessage message = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	SaNat64__Feed__Contact contact = SA_NAT64__FEED__CONTACT__INIT;

	if (value[0] == 0) {
		feed_detach(run->t);
		feed_attach(run->t, run->now_us);
	}
	contact.all_in_contact = value[1] & 1;
	contact.in_sync = value[1] & 2;
	message.contact = &contact;
	message.scan_request = value[2] & 1;
	deliver(run, &message);
}

static void (*const steps[])(struct run *run, const uint8_t *value) = {
	tell_session, tell_session, tell_gone, send_packet, send_packet, pass, babble, turn,
};

/* ---- what must hold ---- */

static void check_message(const uint8_t *bytes, size_t len)
{
	SaNat64__Feed__FeedMessage *message;

	require(len <= FEED_MESSAGE_MAX);
	message = sa_nat64__feed__feed_message__unpack(NULL, len, bytes);
	require(message != NULL);
	for (size_t i = 0; i < message->n_sessions; i++) {
		const SaNat64__Session__Session *session = message->sessions[i];

		require(session->version > 0 && session->lifetime_s > 0);
		require(session->proto == 0 || session->state == 0);
		require(session->owner <= 16 && session->host.len == 16);
	}
	sa_nat64__feed__feed_message__free_unpacked(message, NULL);
}

static void hear(struct run *run)
{
	static uint8_t bytes[FEED_MESSAGE_MAX];
	size_t len;

	while (feed_has_output(run->t)) {
		len = feed_poll(run->t, bytes, run->now_us);
		if (len)
			check_message(bytes, len);
	}
}

static void check_tables(const struct run *run)
{
	const struct session_table *sessions = translator_sessions(run->t);
	const struct bib_table *bibs = session_bib(sessions);
	uint32_t cursor = 0, index, copies = 0;
	struct feed_stats stats;

	while ((index = session_next(sessions, &cursor, UINT32_MAX))) {
		const struct session *session = session_at(sessions, index);
		const struct bib_entry *bib = bib_at(bibs, session->bib);

		require(bib_find4(bibs, bib->proto, bib->addr4, bib->port4) == session->bib);
		require(bib_find6(bibs, bib->proto, &bib->addr6, bib->port6) == session->bib);
		require(!(session->sync & SESSION_TOLD) || (session->version && session->owner));
		copies += session->owner > 1;
	}
	require(feed_stats(run->t, &stats) && stats.copies == copies);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct translator_io io = { .emit = ignore_packet };
	const struct feed_config feed = { .node = 0, .min_age_us = SECOND };
	const uint8_t seed[32] = { 1 }, key[16] = { 1 };
	static struct run run;

	if (!run.config && config_parse(KEYS, strlen(KEYS), "fuzz", stderr, &run.config) < 0)
		abort();
	if (!run.arena)
		run.arena = arena_new(ARENA);
	run.now_us = 1000 * SECOND;
	run.t = translator_new(&run.config->instances[0], 0, 2, seed, key, &io, run.now_us);
	if (!run.arena || !run.t || feed_start(run.t, &feed) < 0)
		abort();
	feed_attach(run.t, run.now_us);
	for (int i = 0; i < STEPS && size >= STEP; i++, data += STEP, size -= STEP) {
		steps[data[0] % 8](&run, data + 1);
		if (data[0] & 0x80)
			hear(&run);
	}
	hear(&run);
	check_tables(&run);
	translator_free(run.t);
	return 0;
}

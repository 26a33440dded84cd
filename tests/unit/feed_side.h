/* One box of a cluster for unit tests: a gateway whose translator replicates, and what it told its
 * syncd, which is the test. */
#ifndef SA_NAT64_TESTS_FEED_SIDE_H
#define SA_NAT64_TESTS_FEED_SIDE_H

#include "proto/feed.pb-c.h"
#include "tests/unit/gateway.h"
#include "translator/feed.h"

#define FEED_SIDE_ROWS 4096

struct feed_side_row {
	SaNat64__Session__Session session; /* of a session, with a host of its own */
	SaNat64__Session__Gone gone;       /* of the others */
	uint8_t host[16];
	int reason;
};

struct feed_side_rows {
	size_t count;
	struct feed_side_row row[FEED_SIDE_ROWS];
};

struct feed_side {
	struct gateway gateway;
	uint8_t node;
	struct feed_side_rows sessions, gone, expired, refused; /* of the last poll */
	unsigned messages, scans_begun, scans_ended;            /* as well */
};

/* Box `node` of two, with these keys, attached and with its first scan behind it. */
void feed_side_open(struct feed_side *side, uint8_t node, const char *keys);

/* The same with a fast path that carries nothing, and another sync-min-age. */
void feed_side_open_with(struct feed_side *side, uint8_t node, const char *keys,
                         uint64_t min_age_us, bool has_fast);
void feed_side_close(struct feed_side *side);

/* Take everything that it has to say now. */
void feed_side_poll(struct feed_side *side);

/* Tell it something. */
void feed_side_give(struct feed_side *side, SaNat64__Feed__FeedMessage *message);
void feed_side_give_session(struct feed_side *side, const SaNat64__Session__Session *session);
void feed_side_give_gone(struct feed_side *side, const SaNat64__Session__Gone *gone);
void feed_side_give_contact(struct feed_side *side, bool in_contact);

/* Tell it what another box said in its last poll. */
void feed_side_relay(const struct feed_side *from, struct feed_side *to);

/* Nodes 0 and 1 with these keys, in contact; hearing each other until both are silent; time that
 * passes for both. */
void feed_sides_open(struct feed_side *a, struct feed_side *b, const char *keys);
void feed_sides_close(struct feed_side *a, struct feed_side *b);
void feed_sides_exchange(struct feed_side *a, struct feed_side *b);
void feed_sides_pass(struct feed_side *a, struct feed_side *b, uint64_t us);

struct feed_stats feed_side_stats(const struct feed_side *side);

#endif

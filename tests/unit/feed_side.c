#include "tests/unit/feed_side.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

void feed_side_open_with(struct feed_side *side, uint8_t node, const char *keys,
                         uint64_t min_age_us, bool has_fast)
{
	const struct feed_config config = { .node = node, .min_age_us = min_age_us };

	side->node = node;
	gateway_open_node(&side->gateway, keys, node, 2, has_fast);
	assert_int_equal(feed_start(side->gateway.translator, &config), 0);
	feed_attach(side->gateway.translator, side->gateway.now_us);
	feed_side_poll(side);
	assert_int_equal(side->scans_ended, 1);
}

void feed_side_open(struct feed_side *side, uint8_t node, const char *keys)
{
	feed_side_open_with(side, node, keys, 2000000, false);
}

void feed_side_close(struct feed_side *side)
{
	gateway_close(&side->gateway);
}

static struct feed_side_row *add_row(struct feed_side_rows *rows)
{
	assert_true(rows->count < FEED_SIDE_ROWS);
	return &rows->row[rows->count++];
}

static void add_gone(struct feed_side_rows *rows, const SaNat64__Session__Gone *gone, int reason)
{
	struct feed_side_row *row = add_row(rows);

	row->gone = *gone;
	row->reason = reason;
}

static void collect(struct feed_side *side, const SaNat64__Feed__FeedMessage *message)
{
	assert_int_equal(message->version, FEED_VERSION);
	side->messages++;
	side->scans_begun += message->scan_begin;
	for (size_t i = 0; i < message->n_sessions; i++) {
		struct feed_side_row *row = add_row(&side->sessions);

		row->session = *message->sessions[i];
		assert_int_equal(row->session.host.len, sizeof(row->host));
		memcpy(row->host, row->session.host.data, sizeof(row->host));
		row->session.host.data = row->host;
	}
	for (size_t i = 0; i < message->n_gone; i++)
		add_gone(&side->gone, message->gone[i], 0);
	for (size_t i = 0; i < message->n_expired; i++)
		add_gone(&side->expired, message->expired[i], 0);
	for (size_t i = 0; i < message->n_refused; i++)
		add_gone(&side->refused, message->refused[i]->session,
		         (int)message->refused[i]->reason);
	side->scans_ended += message->scan_end;
}

void feed_side_poll(struct feed_side *side)
{
	static uint8_t bytes[FEED_MESSAGE_MAX];
	struct translator *t = side->gateway.translator;
	SaNat64__Feed__FeedMessage *message;
	size_t len;

	side->sessions.count = side->gone.count = side->expired.count = side->refused.count = 0;
	side->messages = side->scans_begun = side->scans_ended = 0;
	while (feed_has_output(t)) {
		len = feed_poll(t, bytes, side->gateway.now_us);
		if (!len)
			continue;
		assert_true(len <= sizeof(bytes));
		message = sa_nat64__feed__feed_message__unpack(NULL, len, bytes);
		assert_non_null(message);
		collect(side, message);
		sa_nat64__feed__feed_message__free_unpacked(message, NULL);
	}
}

void feed_side_give(struct feed_side *side, SaNat64__Feed__FeedMessage *message)
{
	static uint8_t bytes[FEED_MESSAGE_MAX];

	message->version = FEED_VERSION;
	assert_true(sa_nat64__feed__feed_message__get_packed_size(message) <= sizeof(bytes));
	assert_int_equal(feed_deliver(side->gateway.translator, bytes,
	                              sa_nat64__feed__feed_message__pack(message, bytes), NULL,
	                              side->gateway.now_us),
	                 0);
}

void feed_side_give_session(struct feed_side *side, const SaNat64__Session__Session *session)
{
	SaNat64__Feed__FeedMessage message = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	SaNat64__Session__Session copy = *session, *rows[] = { &copy };

	message.sessions = rows;
	message.n_sessions = 1;
	feed_side_give(side, &message);
}

void feed_side_give_gone(struct feed_side *side, const SaNat64__Session__Gone *gone)
{
	SaNat64__Feed__FeedMessage message = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	SaNat64__Session__Gone copy = *gone, *rows[] = { &copy };

	message.gone = rows;
	message.n_gone = 1;
	feed_side_give(side, &message);
}

void feed_side_give_contact(struct feed_side *side, bool in_contact)
{
	SaNat64__Feed__FeedMessage message = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	SaNat64__Feed__Contact contact = SA_NAT64__FEED__CONTACT__INIT;

	contact.all_in_contact = in_contact;
	contact.in_sync = true;
	message.contact = &contact;
	feed_side_give(side, &message);
}

/* 0 means the box that speaks, on either feed. */
static uint32_t owner_for(const struct feed_side *from, const struct feed_side *to, uint32_t owner)
{
	uint32_t node = owner ? owner - 1 : from->node;

	return node == to->node ? 0 : node + 1;
}

void feed_side_relay(const struct feed_side *from, struct feed_side *to)
{
	for (size_t i = 0; i < from->sessions.count; i++) {
		SaNat64__Session__Session session = from->sessions.row[i].session;

		session.owner = owner_for(from, to, session.owner);
		feed_side_give_session(to, &session);
	}
	for (size_t i = 0; i < from->gone.count; i++) {
		SaNat64__Session__Gone gone = from->gone.row[i].gone;

		gone.owner = owner_for(from, to, gone.owner);
		feed_side_give_gone(to, &gone);
	}
}

void feed_sides_open(struct feed_side *a, struct feed_side *b, const char *keys)
{
	feed_side_open(a, 0, keys);
	feed_side_open(b, 1, keys);
	feed_side_give_contact(a, true);
	feed_side_give_contact(b, true);
}

void feed_sides_close(struct feed_side *a, struct feed_side *b)
{
	feed_side_close(a);
	feed_side_close(b);
}

void feed_sides_exchange(struct feed_side *a, struct feed_side *b)
{
	do {
		feed_side_poll(a);
		feed_side_relay(a, b);
		feed_side_poll(b);
		feed_side_relay(b, a);
	} while (a->sessions.count + a->gone.count + b->sessions.count + b->gone.count);
}

void feed_sides_pass(struct feed_side *a, struct feed_side *b, uint64_t us)
{
	gateway_pass(&a->gateway, us);
	gateway_pass(&b->gateway, us);
}

struct feed_stats feed_side_stats(const struct feed_side *side)
{
	struct feed_stats stats;

	assert_true(feed_stats(side->gateway.translator, &stats));
	return stats;
}

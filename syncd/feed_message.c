/* See feed_message.h. */
#include "syncd/feed_message.h"

#include "lib/version.h"
#include "proto/feed.pb-c.h"
#include "syncd/record.h"
#include "syncd/report.h"

#include <stdio.h>
#include <string.h>

/* So many fit in any case: a session is 61 bytes at most, a gone one fewer. */
#define RECORDS_MAX 500

static enum feed_verdict unpack(struct arena *arena, const uint8_t *bytes, size_t len,
                                SaNat64__Feed__FeedMessage **out)
{
	arena_clear(arena);
	*out = sa_nat64__feed__feed_message__unpack(arena_allocator(arena), len, bytes);
	if (!*out)
		return FEED_MALFORMED;
	return (*out)->version == FEED_MESSAGE_VERSION ? FEED_OK : FEED_OTHER_VERSION;
}

enum feed_verdict feed_message_hello(struct arena *arena, const uint8_t *message, size_t len,
                                     struct feed_hello *out)
{
	const SaNat64__Feed__FeedHello *hello;
	SaNat64__Feed__FeedMessage *in;
	enum feed_verdict verdict = unpack(arena, message, len, &in);

	if (verdict != FEED_OK)
		return verdict;
	hello = in->hello;
	if (!hello)
		return FEED_NO_HELLO;
	if (strlen(hello->instance) >= sizeof(out->instance))
		return FEED_MALFORMED;
	(void)snprintf(out->instance, sizeof(out->instance), "%s", hello->instance);
	(void)snprintf(out->program, sizeof(out->program), "%.*s", (int)sizeof(out->program) - 1,
	               hello->program);
	out->node = hello->node;
	out->prefixes_hash = hello->prefixes_hash;
	out->config_hash = hello->config_hash;
	return FEED_OK;
}

/* A session that contradicts one here is counted as a conflict, in the translator's figures. */
static bool is_conflict(const SaNat64__Feed__Refused *refused)
{
	return refused->reason == SA_NAT64__FEED__REFUSED__REASON__CONFLICT_STATIC ||
	       refused->reason == SA_NAT64__FEED__REFUSED__REASON__CONFLICT_LOST;
}

static void apply_gone(struct box_instance *instance, uint8_t node,
                       const SaNat64__Feed__FeedMessage *in, uint64_t now_us)
{
	struct replica_gone gone;
	size_t i;

	for (i = 0; i < in->n_gone; i++)
		if (!record_read_gone(in->gone[i], node, &gone) ||
		    !replica_local_gone(instance->replica, &gone, now_us))
			instance->feed.malformed++;
	for (i = 0; i < in->n_expired; i++)
		if (record_read_gone(in->expired[i], node, &gone))
			replica_local_expired(instance->replica, &gone);
		else
			instance->feed.malformed++;
	for (i = 0; i < in->n_refused; i++)
		if (!in->refused[i]->session ||
		    !record_read_gone(in->refused[i]->session, node, &gone))
			instance->feed.malformed++;
		else if (!is_conflict(in->refused[i]))
			replica_local_refused(instance->replica, &gone);
}

static void apply_sessions(struct box_instance *instance, uint8_t node,
                           const SaNat64__Feed__FeedMessage *in, uint64_t now_us)
{
	struct replica_session session;

	for (size_t i = 0; i < in->n_sessions; i++)
		if (!record_read_session(in->sessions[i], node, now_us, &session))
			instance->feed.malformed++;
		else
			(void)replica_local_session(instance->replica, &session, now_us);
}

enum feed_verdict feed_message_apply(struct arena *arena, struct box_instance *instance,
                                     uint8_t node, const uint8_t *message, size_t len,
                                     uint64_t now_us)
{
	SaNat64__Feed__FeedMessage *in;
	enum feed_verdict verdict = unpack(arena, message, len, &in);

	if (verdict != FEED_OK)
		return verdict;
	instance->feed.messages++;
	if (in->scan_begin)
		replica_scan_begin(instance->replica);
	apply_gone(instance, node, in, now_us);
	apply_sessions(instance, node, in, now_us);
	if (in->scan_end)
		replica_scan_end(instance->replica, now_us);
	if (in->stats) {
		instance->feed.overflows = in->stats->overflows;
		instance->feed.conflicts = in->stats->conflicts;
	}
	return FEED_OK;
}

static size_t write_message(SaNat64__Feed__FeedMessage *out, uint8_t *message)
{
	out->version = FEED_MESSAGE_VERSION;
	return sa_nat64__feed__feed_message__pack(out, message);
}

size_t feed_message_write_hello(const struct box *box, const struct box_instance *instance,
                                uint8_t *message)
{
	SaNat64__Feed__FeedMessage out = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	SaNat64__Feed__FeedHello hello = SA_NAT64__FEED__FEED_HELLO__INIT;

	hello.instance = (char *)instance->name;
	hello.node = box->node;
	hello.prefixes_hash = instance->prefixes_hash;
	hello.config_hash = instance->config_hash;
	hello.program = (char *)sa_nat64_version;
	out.hello = &hello;
	return write_message(&out, message);
}

size_t feed_message_write_contact(const struct box_instance *instance, uint8_t *message)
{
	SaNat64__Feed__FeedMessage out = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	SaNat64__Feed__Contact contact = SA_NAT64__FEED__CONTACT__INIT;
	enum replica_state state = replica_state(instance->replica);

	contact.all_in_contact = replica_all_in_contact(instance->replica);
	contact.in_sync = state == REPLICA_IN_SYNC || state == REPLICA_ALONE;
	contact.state = (char *)report_state(state);
	out.contact = &contact;
	return write_message(&out, message);
}

size_t feed_message_write_scan_request(uint8_t *message)
{
	SaNat64__Feed__FeedMessage out = SA_NAT64__FEED__FEED_MESSAGE__INIT;

	out.scan_request = true;
	return write_message(&out, message);
}

size_t feed_message_write_all_told(uint8_t *message)
{
	SaNat64__Feed__FeedMessage out = SA_NAT64__FEED__FEED_MESSAGE__INIT;

	out.all_told = true;
	return write_message(&out, message);
}

/* Room for one message full of records. */
struct page {
	SaNat64__Session__Session sessions[RECORDS_MAX], *session_at[RECORDS_MAX];
	SaNat64__Session__Gone gone[RECORDS_MAX], *gone_at[RECORDS_MAX];
	struct replica_session records[RECORDS_MAX]; /* their messages point here */
};

size_t feed_message_write_records(struct arena *arena, struct box_instance *instance, uint8_t node,
                                  uint8_t *message, uint64_t now_us)
{
	ProtobufCAllocator *allocator = arena_allocator(arena);
	SaNat64__Feed__FeedMessage out = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	struct replica_gone gone;
	struct page *page;

	arena_clear(arena);
	page = allocator->alloc(allocator->allocator_data, sizeof(*page));
	if (!page)
		return 0;
	while (out.n_sessions + out.n_gone < RECORDS_MAX) {
		struct replica_session *record = &page->records[out.n_sessions];
		int what = replica_apply_next(instance->replica, record, &gone);

		if (what == 0)
			break;
		if (what == 1) {
			page->session_at[out.n_sessions] = &page->sessions[out.n_sessions];
			record_write_session(record, node, now_us,
			                     page->session_at[out.n_sessions++]);
		} else {
			page->gone_at[out.n_gone] = &page->gone[out.n_gone];
			record_write_gone(&gone, node, page->gone_at[out.n_gone++]);
		}
	}
	if (out.n_sessions + out.n_gone == 0)
		return 0;
	out.sessions = page->session_at;
	out.gone = page->gone_at;
	return write_message(&out, message);
}

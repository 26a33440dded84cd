/* Messages of the feed: what a translator says reaches the replica, checked; what the replica has
 * for it fits messages. */
#include "proto/feed.pb-c.h"
#include "syncd/feed_message.h"
#include "syncd/record.h"
#include "tests/unit/two_boxes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct two_boxes pair;
static struct arena *arena;
static struct box_instance *lower;
static uint8_t message[FEED_MESSAGE_MAX];

static int open_pair(void **state)
{
	(void)state;
	two_boxes_open(&pair, 7);
	arena = arena_new(FEED_MESSAGE_ARENA);
	lower = box_find(pair.box[0], "lower");
	return arena ? 0 : -1;
}

static int close_pair(void **state)
{
	(void)state;
	two_boxes_close(&pair);
	arena_free(arena);
	return 0;
}

static size_t pack(SaNat64__Feed__FeedMessage *in)
{
	return sa_nat64__feed__feed_message__pack(in, message);
}

static size_t pack_hello(uint32_t version, const char *instance)
{
	SaNat64__Feed__FeedMessage in = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	SaNat64__Feed__FeedHello hello = SA_NAT64__FEED__FEED_HELLO__INIT;

	in.version = version;
	hello.instance = (char *)instance;
	hello.node = 3;
	hello.prefixes_hash = 5;
	hello.config_hash = 6;
	hello.program = (char *)"1.2.3 with a very long version, longer than fits";
	in.hello = &hello;
	return pack(&in);
}

/* One message with sessions first..first+count-1, and with scan marks. */
static enum feed_verdict tell(uint32_t first, uint32_t count, bool begin, bool end)
{
	static struct replica_session records[300];
	static SaNat64__Session__Session sessions[300], *at[300];
	SaNat64__Feed__FeedMessage in = SA_NAT64__FEED__FEED_MESSAGE__INIT;

	in.version = FEED_MESSAGE_VERSION;
	in.scan_begin = begin;
	in.scan_end = end;
	in.sessions = at;
	for (uint32_t i = 0; i < count; i++) {
		records[i] = two_boxes_session(&pair, first + i, 0);
		record_write_session(&records[i], 0, pair.now_us, &sessions[i]);
		at[in.n_sessions++] = &sessions[i];
	}
	return feed_message_apply(arena, lower, 0, message, pack(&in), pair.now_us);
}

static uint64_t held(void)
{
	struct replica_stats stats;

	replica_stats(lower->replica, &stats);
	return stats.sessions;
}

static void a_hello_says_who_it_is(void **state)
{
	struct feed_hello hello;
	size_t len = pack_hello(1, "lower");

	(void)state;
	assert_int_equal(feed_message_hello(arena, message, len, &hello), FEED_OK);
	assert_string_equal(hello.instance, "lower");
	assert_int_equal(hello.node, 3);
	assert_int_equal(hello.prefixes_hash, 5);
	assert_int_equal(hello.config_hash, 6);
	assert_int_equal(strlen(hello.program), sizeof(hello.program) - 1);
}

static void another_first_message_is_refused(void **state)
{
	SaNat64__Feed__FeedMessage none = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	struct feed_hello hello;
	size_t len = pack_hello(2, "lower");

	(void)state;
	assert_int_equal(feed_message_hello(arena, message, len, &hello), FEED_OTHER_VERSION);
	len = pack_hello(1, "a name that is longer than any instance can have");
	assert_int_equal(feed_message_hello(arena, message, len, &hello), FEED_MALFORMED);
	len = pack_hello(1, "lower");
	assert_int_equal(feed_message_hello(arena, message, len - 1, &hello), FEED_MALFORMED);
	none.version = 1;
	assert_int_equal(feed_message_hello(arena, message, pack(&none), &hello), FEED_NO_HELLO);
	assert_int_equal(feed_message_hello(arena, message, 0, &hello), FEED_OTHER_VERSION);
}

static void sessions_reach_the_replica(void **state)
{
	(void)state;
	replica_attach(lower->replica, pair.now_us);
	assert_int_equal(tell(0, 300, true, false), FEED_OK);
	assert_int_equal(tell(300, 300, false, true), FEED_OK);
	assert_int_equal(held(), 600);
	assert_int_equal(lower->feed.malformed, 0);
	assert_int_equal(lower->feed.messages, 2);
}

static void what_a_later_scan_lacks_is_gone(void **state)
{
	(void)state;
	two_boxes_run(&pair, 8000000);
	replica_attach(lower->replica, pair.now_us);
	assert_int_equal(tell(0, 100, true, true), FEED_OK);
	assert_int_equal(tell(0, 60, true, true), FEED_OK);
	two_boxes_run(&pair, 1000000);
	assert_int_equal(held(), 60);
}

static void a_gone_one_leaves_the_replica(void **state)
{
	SaNat64__Feed__FeedMessage in = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	struct replica_session session = two_boxes_session(&pair, 1, 0);
	struct replica_gone gone = { session.key, 0, 1, false };
	SaNat64__Session__Gone record, *at = &record;

	(void)state;
	replica_attach(lower->replica, pair.now_us);
	assert_int_equal(tell(0, 2, true, true), FEED_OK);
	record_write_gone(&gone, 0, &record);
	in.version = FEED_MESSAGE_VERSION;
	in.gone = &at;
	in.n_gone = 1;
	assert_int_equal(feed_message_apply(arena, lower, 0, message, pack(&in), pair.now_us),
	                 FEED_OK);
	assert_int_equal(held(), 1);
}

static void records_out_of_range_are_counted_and_the_others_kept(void **state)
{
	SaNat64__Feed__FeedMessage in = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	struct replica_session record = two_boxes_session(&pair, 1, 0);
	SaNat64__Session__Session good, bad, *at[] = { &bad, &good };
	SaNat64__Feed__Refused refused = SA_NAT64__FEED__REFUSED__INIT, *refused_at = &refused;

	(void)state;
	record_write_session(&record, 0, pair.now_us, &good);
	bad = good;
	bad.version = 0;
	in.version = FEED_MESSAGE_VERSION;
	in.sessions = at;
	in.n_sessions = 2;
	in.refused = &refused_at;
	in.n_refused = 1;
	assert_int_equal(feed_message_apply(arena, lower, 0, message, pack(&in), pair.now_us),
	                 FEED_OK);
	assert_int_equal(held(), 1);
	assert_int_equal(lower->feed.malformed, 2);
	in.version = 2;
	assert_int_equal(feed_message_apply(arena, lower, 0, message, pack(&in), pair.now_us),
	                 FEED_OTHER_VERSION);
}

static void a_conflict_is_not_counted_as_refused_too(void **state)
{
	static const struct {
		SaNat64__Feed__Refused__Reason reason;
		uint64_t counted;
	} rows[] = {
		{ SA_NAT64__FEED__REFUSED__REASON__NO_POOL4, 1 },
		{ SA_NAT64__FEED__REFUSED__REASON__NO_PREFIX, 1 },
		{ SA_NAT64__FEED__REFUSED__REASON__CONFLICT_STATIC, 0 },
		{ SA_NAT64__FEED__REFUSED__REASON__CONFLICT_LOST, 0 },
		{ SA_NAT64__FEED__REFUSED__REASON__TABLE_FULL, 1 },
	};
	struct replica_session session = two_boxes_session(&pair, 1, 0);
	struct replica_gone gone = { session.key, 0, 1, false };
	SaNat64__Feed__Refused refused = SA_NAT64__FEED__REFUSED__INIT, *at = &refused;
	SaNat64__Feed__FeedMessage in = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	SaNat64__Session__Gone record;
	struct replica_stats stats;
	uint64_t counted = 0;

	(void)state;
	record_write_gone(&gone, 0, &record);
	refused.session = &record;
	in.version = FEED_MESSAGE_VERSION;
	in.refused = &at;
	in.n_refused = 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		refused.reason = rows[i].reason;
		assert_int_equal(
			feed_message_apply(arena, lower, 0, message, pack(&in), pair.now_us),
			FEED_OK);
		counted += rows[i].counted;
		replica_stats(lower->replica, &stats);
		assert_int_equal(stats.refused_local, counted);
	}
	assert_int_equal(lower->feed.malformed, 0);
}

static void the_densest_message_fits_the_arena(void **state)
{
	size_t len = 0;

	(void)state;
	message[len++] = 0x08; /* version = 1 */
	message[len++] = 1;
	while (len + 2 <= sizeof(message)) {
		message[len++] = 0x1a; /* an empty session */
		message[len++] = 0;
	}
	assert_int_equal(feed_message_apply(arena, lower, 0, message, len, pair.now_us), FEED_OK);
	assert_int_equal(lower->feed.malformed, (len - 2) / 2);
	for (len = 2; len + 2 <= sizeof(message); len += 2)
		message[len] = 0x7a; /* of an unknown field */
	assert_int_equal(feed_message_apply(arena, lower, 0, message, len, pair.now_us), FEED_OK);
}

static void what_peers_send_is_told_in_messages_that_fit(void **state)
{
	struct box_instance *there = box_find(pair.box[1], "lower");
	size_t len, sessions = 0, messages = 0;

	(void)state;
	two_boxes_run(&pair, 3000000);
	for (uint32_t i = 0; i < 900; i++) {
		struct replica_session session = two_boxes_session(&pair, i, 1);

		assert_true(replica_local_session(there->replica, &session, pair.now_us));
	}
	two_boxes_run(&pair, 1000000);
	replica_attach(lower->replica, pair.now_us);
	while ((len = feed_message_write_records(arena, lower, 0, message, pair.now_us)) > 0) {
		SaNat64__Feed__FeedMessage *out = sa_nat64__feed__feed_message__unpack(NULL, len,
		                                                                       message);

		assert_non_null(out);
		assert_int_equal(out->version, FEED_MESSAGE_VERSION);
		assert_int_equal(out->sessions[0]->owner, 2); /* node 1 */
		sessions += out->n_sessions;
		messages++;
		sa_nat64__feed__feed_message__free_unpacked(out, NULL);
	}
	assert_int_equal(sessions, 900);
	assert_int_equal(messages, 2);
	assert_false(replica_has_apply(lower->replica));
}

static void hello_contact_and_scan_request_are_whole_messages(void **state)
{
	SaNat64__Feed__FeedMessage *out;
	size_t len = feed_message_write_hello(pair.box[0], lower, message);

	(void)state;
	out = sa_nat64__feed__feed_message__unpack(NULL, len, message);
	assert_string_equal(out->hello->instance, "lower");
	assert_true(out->hello->config_hash == lower->config_hash);
	sa_nat64__feed__feed_message__free_unpacked(out, NULL);
	len = feed_message_write_contact(lower, message);
	out = sa_nat64__feed__feed_message__unpack(NULL, len, message);
	assert_false(out->contact->in_sync);
	assert_string_equal(out->contact->state, "starting");
	sa_nat64__feed__feed_message__free_unpacked(out, NULL);
	len = feed_message_write_scan_request(message);
	out = sa_nat64__feed__feed_message__unpack(NULL, len, message);
	assert_true(out->scan_request);
	sa_nat64__feed__feed_message__free_unpacked(out, NULL);
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, open_pair, close_pair)
	const struct CMUnitTest tests[] = {
		ROW(a_hello_says_who_it_is),
		ROW(another_first_message_is_refused),
		ROW(sessions_reach_the_replica),
		ROW(what_a_later_scan_lacks_is_gone),
		ROW(a_gone_one_leaves_the_replica),
		ROW(records_out_of_range_are_counted_and_the_others_kept),
		ROW(a_conflict_is_not_counted_as_refused_too),
		ROW(the_densest_message_fits_the_arena),
		ROW(what_peers_send_is_told_in_messages_that_fit),
		ROW(hello_contact_and_scan_request_are_whole_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

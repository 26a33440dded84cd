/* A box: what it refuses under which counter, that instances are kept apart, and that sessions get
 * from one box to the other, sealed. */
#include "tests/unit/two_boxes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct two_boxes pair;
static uint8_t datagram[BOX_DATAGRAM_MAX];

static int open_pair(void **state)
{
	(void)state;
	two_boxes_open(&pair, 42);
	return 0;
}

static int close_pair(void **state)
{
	(void)state;
	two_boxes_close(&pair);
	return 0;
}

/* The next datagram that box `from` sends. */
static size_t next_datagram(int from)
{
	size_t len;

	while ((len = box_poll(pair.box[from], datagram, pair.now_us)) == 0)
		pair.now_us += 1000;
	return len;
}

static void put_session(int from, uint32_t number)
{
	struct box_instance *lower = box_find(pair.box[from], "lower");
	struct replica_session session = two_boxes_session(&pair, number, (uint8_t)from);

	assert_true(replica_local_session(lower->replica, &session, pair.now_us));
}

static uint64_t held(int at, const char *instance)
{
	struct replica_stats stats;

	replica_stats(box_find(pair.box[at], instance)->replica, &stats);
	return stats.sessions;
}

static void only_stateful_instances_are_replicated(void **state)
{
	(void)state;
	assert_int_equal(pair.box[0]->count, 2);
	assert_non_null(box_find(pair.box[0], "lower"));
	assert_non_null(box_find(pair.box[0], "upper"));
	assert_null(box_find(pair.box[0], "siit"));
}

static void a_session_gets_to_the_other_box_and_to_no_other_instance(void **state)
{
	(void)state;
	two_boxes_run(&pair, 3000000);
	put_session(0, 1);
	put_session(1, 2);
	two_boxes_run(&pair, 100000);
	assert_int_equal(held(0, "lower"), 2);
	assert_int_equal(held(1, "lower"), 2);
	assert_int_equal(held(0, "upper"), 0);
	assert_int_equal(held(1, "upper"), 0);
	assert_true(replica_all_in_contact(box_find(pair.box[0], "lower")->replica));
}

static void instances_do_not_share_an_epoch(void **state)
{
	(void)state;
	assert_memory_not_equal(pair.box[0]->instances[0]->epoch, pair.box[0]->instances[1]->epoch,
	                        SEAL_EPOCH_LEN);
	assert_memory_not_equal(pair.box[0]->instances[0]->epoch, pair.box[1]->instances[0]->epoch,
	                        SEAL_EPOCH_LEN);
}

static void no_nonce_is_used_twice(void **state)
{
	static uint8_t nonces[2000][SEAL_HEADER - 16];
	size_t count = 0;

	(void)state;
	while (count < 2000) {
		size_t len = next_datagram((int)(count % 2));

		memcpy(nonces[count], datagram + 16, sizeof(nonces[0]));
		for (size_t i = 0; i < count; i++)
			assert_memory_not_equal(nonces[i], nonces[count], sizeof(nonces[0]));
		count++;
		(void)len;
	}
}

static void datagrams_fit_the_mtu(void **state)
{
	size_t largest = 0;

	(void)state;
	two_boxes_run(&pair, 3000000);
	for (uint32_t i = 0; i < 500; i++)
		put_session(0, i);
	for (int i = 0; i < 100; i++) {
		size_t len = next_datagram(0);

		largest = len > largest ? len : largest;
		assert_true(len + 48 <= 1400);
	}
	assert_true(largest > 1200);
}

static void what_is_refused_is_counted_by_its_reason(void **state)
{
	static const uint8_t other_key[SEAL_FILE_KEY_LEN] = "another";
	struct box *stranger = two_boxes_stranger(&pair, 0, "campus", other_key);
	struct box *elsewhere = two_boxes_stranger(&pair, 0, "college", two_boxes_key);
	struct box *target = pair.box[1];
	size_t len;

	(void)state;
	memset(datagram, 0, sizeof(datagram));
	assert_int_equal(box_receive(target, datagram, 0, pair.now_us), BOX_NOT_OURS);
	assert_int_equal(box_receive(target, datagram, sizeof(datagram), pair.now_us),
	                 BOX_NOT_OURS);
	len = next_datagram(0);
	datagram[12] ^= 1;
	assert_int_equal(box_receive(target, datagram, len, pair.now_us), BOX_OTHER_INSTANCE);
	datagram[12] ^= 1;
	datagram[4] = 2;
	assert_int_equal(box_receive(target, datagram, len, pair.now_us), BOX_OTHER_VERSION);
	assert_int_equal(target->other_major[0], 2);
	datagram[4] = 1;
	datagram[len - 1] ^= 1;
	assert_int_equal(box_receive(target, datagram, len, pair.now_us), BOX_BAD_SEAL);
	datagram[len - 1] ^= 1;
	assert_int_equal(box_receive(target, datagram, len - 1, pair.now_us), BOX_BAD_SEAL);
	assert_int_equal(box_receive(target, datagram, len, pair.now_us), BOX_TAKEN);
	datagram[6] = 7;
	assert_int_equal(box_receive(target, datagram, len, pair.now_us), BOX_NOT_ADMITTED);
	assert_int_equal(box_receive(pair.box[0], datagram, next_datagram(0), pair.now_us),
	                 BOX_NOT_ADMITTED);
	len = box_poll(stranger, datagram, pair.now_us);
	assert_int_equal(box_receive(target, datagram, len, pair.now_us), BOX_BAD_SEAL);
	len = box_poll(elsewhere, datagram, pair.now_us);
	assert_int_equal(box_receive(target, datagram, len, pair.now_us), BOX_OTHER_CLUSTER);
	assert_int_equal(target->verdicts[BOX_NOT_OURS], 2);
	assert_int_equal(target->verdicts[BOX_BAD_SEAL], 3);
	assert_true(target->instances[0]->bad_seals + target->instances[1]->bad_seals == 3);
	box_free(stranger);
	box_free(elsewhere);
}

static void a_datagram_of_one_instance_is_not_taken_as_anothers(void **state)
{
	size_t len = next_datagram(0);
	uint32_t lower = seal_name("lower"), upper = seal_name("upper");
	uint32_t other = datagram[12] == (uint8_t)(lower >> 24) ? upper : lower;

	(void)state;
	for (int i = 0; i < 4; i++)
		datagram[12 + i] = (uint8_t)(other >> (24 - 8 * i));
	assert_int_equal(box_receive(pair.box[1], datagram, len, pair.now_us), BOX_BAD_SEAL);
}

static void the_next_time_is_the_earliest_of_the_instances(void **state)
{
	uint64_t next;

	(void)state;
	two_boxes_run(&pair, 3000000);
	next = box_next_us(pair.box[0]);
	assert_true(next > pair.now_us - 2000 && next <= pair.now_us + 100000);
}

/* A reload reaches one box after the other. */
static void another_configuration_is_told_and_measured_by(void **state)
{
	struct box_instance *here = box_find(pair.box[0], "lower");
	struct box_instance *there = box_find(pair.box[1], "lower");
	struct replica_peer_stats peer;

	(void)state;
	two_boxes_run(&pair, 8000000);
	assert_true(replica_all_in_contact(there->replica));
	box_reconfigure(here, here->prefixes_hash, here->config_hash + 1);
	two_boxes_run(&pair, 3000000);
	replica_peer_stats(there->replica, 0, &peer, pair.now_us);
	assert_true(peer.other_config);
	assert_false(replica_all_in_contact(there->replica));
	box_reconfigure(there, here->prefixes_hash, here->config_hash);
	two_boxes_run(&pair, 3000000);
	assert_true(replica_all_in_contact(here->replica));
	assert_true(replica_all_in_contact(there->replica));
	box_reconfigure(here, here->prefixes_hash + 1, here->config_hash);
	two_boxes_run(&pair, 3000000);
	replica_peer_stats(there->replica, 0, &peer, pair.now_us);
	assert_int_equal(peer.contact, REPLICA_OTHER_PREFIXES);
	here->feed = (struct box_feed){ .attached = true,
		                        .prefixes_hash = here->prefixes_hash,
		                        .config_hash = here->config_hash };
	assert_false(box_feed_differs(here));
	box_reconfigure(here, here->prefixes_hash, here->config_hash + 1);
	assert_true(box_feed_differs(here));
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, open_pair, close_pair)
	const struct CMUnitTest tests[] = {
		ROW(only_stateful_instances_are_replicated),
		ROW(a_session_gets_to_the_other_box_and_to_no_other_instance),
		ROW(instances_do_not_share_an_epoch),
		ROW(no_nonce_is_used_twice),
		ROW(datagrams_fit_the_mtu),
		ROW(what_is_refused_is_counted_by_its_reason),
		ROW(a_datagram_of_one_instance_is_not_taken_as_anothers),
		ROW(the_next_time_is_the_earliest_of_the_instances),
		ROW(another_configuration_is_told_and_measured_by),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

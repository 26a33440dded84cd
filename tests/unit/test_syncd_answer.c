/* Replies of sa-nat64-syncd: peers with their states and reasons, resync, and what is refused. */
#include "proto/control.pb-c.h"
#include "syncd/answer.h"
#include "syncd/group.h"
#include "syncd/group_socket.h"
#include "tests/unit/two_boxes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct two_boxes pair;
static size_t rescans;
static uint8_t request[200], reply[65536];

static void count_rescan(void *context, const struct box_instance *instance)
{
	(void)context;
	(void)instance;
	rescans++;
}

static const struct answer_facts facts = {
	.interface = "sync0",
	.group = "ff02::6464",
	.port = 6464,
	.link = "",
	.not_local = 3,
	.uptime_us = 5,
	.rescan = count_rescan,
};

static int open_pair(void **state)
{
	(void)state;
	rescans = 0;
	two_boxes_open(&pair, 11);
	return 0;
}

static int close_pair(void **state)
{
	(void)state;
	two_boxes_close(&pair);
	return 0;
}

static SaNat64__Control__Reply *ask_bytes(size_t len)
{
	size_t size = syncd_answer(pair.box[0], &facts, request, len, reply, sizeof(reply),
	                           pair.now_us);
	SaNat64__Control__Reply *out = sa_nat64__control__reply__unpack(NULL, size, reply);

	assert_true(size > 0);
	assert_non_null(out);
	return out;
}

static SaNat64__Control__Reply *ask_peers(const char *instance)
{
	SaNat64__Control__Request in = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__PeersRequest peers = SA_NAT64__CONTROL__PEERS_REQUEST__INIT;

	in.version = 1;
	in.id = 9;
	in.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_PEERS;
	in.peers = &peers;
	peers.instance = (char *)instance;
	return ask_bytes(sa_nat64__control__request__pack(&in, request));
}

static void free_reply(SaNat64__Control__Reply *out)
{
	sa_nat64__control__reply__free_unpacked(out, NULL);
}

static void peers_in_contact_have_no_reason(void **state)
{
	struct replica_session session = two_boxes_session(&pair, 1, 1);
	SaNat64__Control__Reply *out;
	SaNat64__Control__SyncInstance *lower;

	(void)state;
	two_boxes_run(&pair, 8000000);
	assert_true(replica_local_session(box_find(pair.box[1], "lower")->replica, &session,
	                                  pair.now_us));
	two_boxes_run(&pair, 500000);
	out = ask_peers("");
	assert_int_equal(out->id, 9);
	assert_string_equal(out->peers->cluster, "campus");
	assert_string_equal(out->peers->node, "gw-a");
	assert_string_equal(out->peers->interface, "sync0");
	assert_int_equal(out->peers->port, 6464);
	assert_int_equal(out->peers->not_local, 3);
	assert_int_equal(out->peers->n_instances, 2);
	lower = out->peers->instances[0];
	assert_string_equal(lower->name, "lower");
	assert_string_equal(lower->state, "in-sync");
	assert_string_equal(lower->reason, "");
	assert_int_equal(lower->sessions, 1);
	assert_int_equal(lower->own, 0);
	assert_int_equal(lower->n_peers, 1);
	assert_string_equal(lower->peers[0]->node, "gw-b");
	assert_string_equal(lower->peers[0]->state, "in-sync");
	assert_string_equal(lower->peers[0]->reason, "");
	assert_int_equal(lower->peers[0]->copies, 1);
	assert_int_equal(lower->peers[0]->epoch.len, SEAL_EPOCH_LEN);
	free_reply(out);
}

static void what_is_wrong_with_a_peer_is_said(void **state)
{
	static const uint8_t other_key[SEAL_FILE_KEY_LEN] = "another";
	static uint8_t datagram[BOX_DATAGRAM_MAX];
	struct box *stranger = two_boxes_stranger(&pair, 1, "campus", other_key);
	SaNat64__Control__Reply *out = ask_peers("lower");
	size_t len;

	(void)state;
	assert_int_equal(out->peers->n_instances, 1);
	assert_string_equal(out->peers->instances[0]->peers[0]->state, "never-heard");
	assert_non_null(strstr(out->peers->instances[0]->peers[0]->reason, "nothing was ever"));
	free_reply(out);
	for (int i = 0; i < 2; i++) {
		len = box_poll(stranger, datagram, pair.now_us);
		assert_int_equal(box_receive(pair.box[0], datagram, len, pair.now_us),
		                 BOX_BAD_SEAL);
	}
	out = ask_peers("lower");
	assert_int_equal(out->peers->instances[0]->bad_seals, 1);
	assert_non_null(strstr(out->peers->instances[0]->peers[0]->reason, "another key"));
	free_reply(out);
	datagram[4] = 2;
	(void)box_receive(pair.box[0], datagram, len, pair.now_us);
	out = ask_peers("lower");
	assert_int_equal(out->peers->other_version, 1);
	assert_non_null(strstr(out->peers->instances[0]->peers[0]->reason, "version 2"));
	free_reply(out);
	box_free(stranger);
}

static void a_silent_peer_is_lost(void **state)
{
	SaNat64__Control__Reply *out;

	(void)state;
	two_boxes_run(&pair, 8000000);
	for (int i = 0; i < 5000; i++, pair.now_us += 1000) {
		static uint8_t datagram[BOX_DATAGRAM_MAX];

		while (box_poll(pair.box[0], datagram, pair.now_us) > 0)
			;
	}
	out = ask_peers("lower");
	assert_string_equal(out->peers->instances[0]->peers[0]->state, "lost");
	assert_non_null(strstr(out->peers->instances[0]->reason, "gw-b: silent for "));
	free_reply(out);
}

static void an_unknown_instance_is_an_invalid_value(void **state)
{
	SaNat64__Control__Reply *out = ask_peers("nowhere");

	(void)state;
	assert_true(out->invalid);
	assert_true(out->error[0] != '\0');
	free_reply(out);
}

static void resync_names_what_was_asked(void **state)
{
	SaNat64__Control__Request in = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__ResyncRequest resync = SA_NAT64__CONTROL__RESYNC_REQUEST__INIT;
	SaNat64__Control__Reply *out;

	(void)state;
	in.version = 1;
	in.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_RESYNC;
	in.resync = &resync;
	resync.instance = (char *)"upper";
	out = ask_bytes(sa_nat64__control__request__pack(&in, request));
	assert_int_equal(out->resync->n_instances, 1);
	assert_string_equal(out->resync->instances[0], "upper");
	assert_int_equal(rescans, 1);
	free_reply(out);
}

static void other_requests_are_refused_with_a_sentence(void **state)
{
	SaNat64__Control__Request in = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__StatusRequest status = SA_NAT64__CONTROL__STATUS_REQUEST__INIT;
	SaNat64__Control__Reply *out;

	(void)state;
	in.version = 1;
	in.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_STATUS;
	in.status = &status;
	out = ask_bytes(sa_nat64__control__request__pack(&in, request));
	assert_true(out->error[0] != '\0');
	free_reply(out);
	in.version = 2;
	out = ask_bytes(sa_nat64__control__request__pack(&in, request));
	assert_true(out->error[0] != '\0');
	free_reply(out);
	memset(request, 0xff, 10);
	out = ask_bytes(10);
	assert_true(out->error[0] != '\0');
	free_reply(out);
}

/* What group.h hands on: only from the interface, to the group, and not routed. */
static void only_what_was_sent_to_the_group_on_the_link_is_taken(void **state)
{
	struct in6_addr address, other;
	struct group_arrival good = { .interface = 4, .hop_limit = GROUP_HOP_LIMIT }, bad;

	(void)state;
	assert_int_equal(address6_parse("ff02::6464", &address), 0);
	assert_int_equal(address6_parse("fe80::1", &other), 0);
	good.destination = address;
	assert_true(group_accepts(&good, &address, 4));
	assert_false(group_accepts(&good, &address, 5));
	bad = good;
	bad.interface = 0;
	assert_false(group_accepts(&bad, &address, 0));
	for (int hops = -1; hops < GROUP_HOP_LIMIT; hops++) {
		bad = good;
		bad.hop_limit = hops;
		assert_false(group_accepts(&bad, &address, 4));
	}
	bad = good;
	bad.destination = other;
	assert_false(group_accepts(&bad, &address, 4));
	bad = good;
	bad.truncated = true;
	assert_false(group_accepts(&bad, &address, 4));
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, open_pair, close_pair)
	const struct CMUnitTest tests[] = {
		ROW(peers_in_contact_have_no_reason),
		ROW(what_is_wrong_with_a_peer_is_said),
		ROW(a_silent_peer_is_lost),
		ROW(an_unknown_instance_is_an_invalid_value),
		ROW(resync_names_what_was_asked),
		ROW(other_requests_are_refused_with_a_sentence),
		ROW(only_what_was_sent_to_the_group_on_the_link_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

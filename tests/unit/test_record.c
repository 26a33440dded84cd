/* Records: what is written reads back, every field out of range is refused, owners and lifetimes
 * mean what SYNC.md says. */
#include "syncd/record.h"
#include "translator/tcp_fsm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define NOW_US UINT64_C(5000000000)
#define NODE   3

static struct replica_session session(void)
{
	struct replica_session out = {
		.key = { .pool4 = 0xc6336401,
		         .remote = 0xcb007150,
		         .pool4_port = 40000,
		         .remote_port = 443,
		         .proto = REPLICA_TCP },
		.host_port = 51000,
		.state = 5,
		.pool6 = 2,
		.owner = NODE,
		.version = 7,
		.expires_us = NOW_US + 60000000,
	};

	memcpy(&out.host, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	return out;
}

static void what_is_written_reads_back(void **state)
{
	struct replica_session in = session(), out;
	struct replica_gone gone = { in.key, NODE, 9, true }, gone_out;
	SaNat64__Session__Session message;
	SaNat64__Session__Gone gone_message;

	(void)state;
	memset(&out, 0, sizeof(out));
	record_write_session(&in, NODE, NOW_US, &message);
	assert_true(record_read_session(&message, NODE, NOW_US, &out));
	assert_int_equal(out.key.pool4, in.key.pool4);
	assert_int_equal(out.key.pool4_port, in.key.pool4_port);
	assert_int_equal(out.key.remote, in.key.remote);
	assert_int_equal(out.key.remote_port, in.key.remote_port);
	assert_int_equal(out.key.proto, in.key.proto);
	assert_memory_equal(&out.host, &in.host, sizeof(in.host));
	assert_int_equal(out.host_port, in.host_port);
	assert_int_equal(out.state, in.state);
	assert_int_equal(out.pool6, in.pool6);
	assert_int_equal(out.owner, in.owner);
	assert_int_equal(out.version, in.version);
	assert_int_equal(out.expires_us, in.expires_us);
	record_write_gone(&gone, NODE, &gone_message);
	assert_true(record_read_gone(&gone_message, NODE, &gone_out));
	assert_int_equal(gone_out.key.pool4_port, in.key.pool4_port);
	assert_int_equal(gone_out.version, 9);
	assert_int_equal(gone_out.owner, NODE);
	assert_true(gone_out.forced);
}

static void the_sender_is_not_named_others_are(void **state)
{
	struct replica_session in = session(), out;
	SaNat64__Session__Session message;

	(void)state;
	record_write_session(&in, NODE, NOW_US, &message);
	assert_int_equal(message.owner, 0);
	assert_true(record_read_session(&message, 9, NOW_US, &out));
	assert_int_equal(out.owner, 9);
	record_write_session(&in, 0, NOW_US, &message);
	assert_int_equal(message.owner, NODE + 1);
	assert_true(record_read_session(&message, 9, NOW_US, &out));
	assert_int_equal(out.owner, NODE);
}

static void lifetimes_are_rounded_up_and_bounded(void **state)
{
	struct replica_session in = session();
	SaNat64__Session__Session message;

	(void)state;
	in.expires_us = NOW_US + 1;
	record_write_session(&in, NODE, NOW_US, &message);
	assert_int_equal(message.lifetime_s, 1);
	in.expires_us = NOW_US - 1;
	record_write_session(&in, NODE, NOW_US, &message);
	assert_int_equal(message.lifetime_s, 0);
	in.expires_us = UINT64_MAX;
	record_write_session(&in, NODE, NOW_US, &message);
	assert_int_equal(message.lifetime_s, RECORD_LIFETIME_MAX_S);
}

static void fields_out_of_range_are_refused(void **state)
{
	struct replica_session in = session(), out;
	SaNat64__Session__Session good, bad;

	(void)state;
	record_write_session(&in, NODE, NOW_US, &good);
#define REFUSED(field, value)                                                \
	do {                                                                 \
		bad = good;                                                  \
		bad.field = value;                                           \
		assert_false(record_read_session(&bad, NODE, NOW_US, &out)); \
	} while (0)
	REFUSED(proto, REPLICA_PROTOS);
	REFUSED(pool4, 0);
	REFUSED(remote, 0);
	REFUSED(pool4_port, 0);
	REFUSED(pool4_port, 65536);
	REFUSED(remote_port, 65536);
	REFUSED(host_port, 65536);
	REFUSED(host.len, 15);
	REFUSED(host.len, 0);
	REFUSED(state, RECORD_TCP_STATE_MAX + 1);
	REFUSED(pool6, RECORD_POOL6_MAX);
	REFUSED(lifetime_s, RECORD_LIFETIME_MAX_S + 1);
	REFUSED(version, 0);
	REFUSED(owner, REPLICA_NODES + 1);
	good.proto = REPLICA_UDP;
	REFUSED(state, 1);
	good.proto = REPLICA_ICMP;
	good.state = 0;
	REFUSED(remote_port, 1);
	good.remote_port = 0;
	assert_true(record_read_session(&good, NODE, NOW_US, &out));
#undef REFUSED
}

static void a_gone_one_is_checked_as_well(void **state)
{
	struct replica_gone in = { session().key, NODE, 1, false }, out;
	SaNat64__Session__Gone message;

	(void)state;
	record_write_gone(&in, NODE, &message);
	message.version = 0;
	assert_false(record_read_gone(&message, NODE, &out));
	message.version = 1;
	message.proto = REPLICA_PROTOS;
	assert_false(record_read_gone(&message, NODE, &out));
	message.proto = REPLICA_TCP;
	assert_true(record_read_gone(&message, NODE, &out));
}

static void limits_are_those_of_the_translator(void **state)
{
	(void)state;
	assert_int_equal(RECORD_TCP_STATE_MAX, (TCP_STATES - 1) + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(the_sender_is_not_named_others_are),
		cmocka_unit_test(lifetimes_are_rounded_up_and_bounded),
		cmocka_unit_test(fields_out_of_range_are_refused),
		cmocka_unit_test(a_gone_one_is_checked_as_well),
		cmocka_unit_test(limits_are_those_of_the_translator),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

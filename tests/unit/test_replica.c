/* Two or three replicas on a wire that the test holds in its hands: meeting, news, losses, joining,
 * lives, differences. What happens on bad wires at random is the matter of tests/sim.
 */
#include "syncd/replica.h"
#include "tests/unit/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NODES       3
#define PAYLOAD_MAX 1296
#define START_US    UINT64_C(5000000)
#define STEP_US     UINT64_C(1000)
#define SECOND_US   UINT64_C(1000000)

struct datagram {
	struct replica_origin origin;
	size_t len;
	uint8_t payload[PAYLOAD_MAX];
};

struct wire {
	struct replica *replicas[NODES];
	uint8_t epochs[NODES][REPLICA_EPOCH_LEN];
	bool cut[NODES]; /* hears nothing */
	unsigned lose;   /* as many of the next datagrams */
	unsigned sent;
	struct datagram last[NODES]; /* that it sent */
	uint64_t now_us;
	struct prng prng;
};

static void fill(void *context, void *buf, size_t len)
{
	prng_fill(context, buf, len);
}

static struct replica_config config_of(struct wire *wire, uint8_t node)
{
	struct replica_config config = {
		.node = node,
		.nodes = (1 << NODES) - 1,
		.sessions_max = 10000,
		.prefixes_hash = 1,
		.config_hash = 2,
		.payload_max = PAYLOAD_MAX,
		.rate = 25000000,
		.overhead = 118,
		.join_wait_us = 5 * SECOND_US,
		.version = "test",
		.random = fill,
		.random_context = &wire->prng,
	};

	memcpy(config.epoch, wire->epochs[node], REPLICA_EPOCH_LEN);
	return config;
}

static void boot(struct wire *wire, uint8_t node)
{
	struct replica_config config;

	prng_fill(&wire->prng, wire->epochs[node], REPLICA_EPOCH_LEN);
	config = config_of(wire, node);
	replica_free(wire->replicas[node]);
	wire->replicas[node] = replica_new(&config, wire->now_us);
	assert_non_null(wire->replicas[node]);
}

static void end(struct wire *wire, uint8_t node)
{
	replica_free(wire->replicas[node]);
	wire->replicas[node] = NULL;
}

static void hand_over(struct wire *wire, uint8_t node, const struct datagram *datagram)
{
	if (wire->replicas[node] && !wire->cut[node] &&
	    replica_admit(wire->replicas[node], &datagram->origin) == REPLICA_ADMIT)
		assert_true(replica_deliver(wire->replicas[node], &datagram->origin,
		                            datagram->payload, datagram->len, wire->now_us));
}

static void send_all(struct wire *wire, uint8_t node)
{
	struct datagram *datagram = &wire->last[node];

	size_t len;

	while ((len = replica_poll(wire->replicas[node], datagram->payload, &datagram->origin.seq,
	                           wire->now_us))) {
		datagram->len = len;
		datagram->origin.node = node;
		memcpy(datagram->origin.epoch, wire->epochs[node], REPLICA_EPOCH_LEN);
		wire->sent++;
		if (wire->lose) {
			wire->lose--;
			continue;
		}
		for (uint8_t other = 0; other < NODES; other++)
			if (other != node)
				hand_over(wire, other, datagram);
	}
	assert_true(replica_next_us(wire->replicas[node]) > wire->now_us);
}

static void run(struct wire *wire, uint64_t us)
{
	for (uint64_t until = wire->now_us + us; wire->now_us < until; wire->now_us += STEP_US)
		for (uint8_t node = 0; node < NODES; node++)
			if (wire->replicas[node] && !wire->cut[node] &&
			    replica_next_us(wire->replicas[node]) <= wire->now_us)
				send_all(wire, node);
}

static struct wire *wire_new(unsigned nodes)
{
	struct wire *wire = calloc(1, sizeof(*wire));

	assert_non_null(wire);
	wire->now_us = START_US;
	wire->prng.state = 4711;
	for (uint8_t node = 0; node < nodes; node++)
		boot(wire, node);
	return wire;
}

static void wire_free(struct wire *wire)
{
	for (uint8_t node = 0; node < NODES; node++)
		replica_free(wire->replicas[node]);
	free(wire);
}

static struct replica_session session_of(const struct wire *wire, uint8_t owner, uint16_t port)
{
	return (struct replica_session){
		.key = { .pool4 = 0xc6336401,
		         .remote = 0x08080808,
		         .pool4_port = port,
		         .remote_port = 443 },
		.host = { .s6_addr = { 0x20, 1, [15] = 1 } },
		.host_port = port,
		.owner = owner,
		.version = 1,
		.expires_us = wire->now_us + 7200 * SECOND_US,
	};
}

static void open_sessions(struct wire *wire, uint8_t node, uint16_t first, uint16_t count)
{
	for (uint16_t i = 0; i < count; i++) {
		struct replica_session session = session_of(wire, node, (uint16_t)(first + i));

		assert_true(replica_local_session(wire->replicas[node], &session, wire->now_us));
	}
}

static void close_session(struct wire *wire, uint8_t node, uint16_t port)
{
	const struct replica_session session = session_of(wire, node, port);
	const struct replica_gone gone = { .key = session.key, .owner = node, .version = 1 };

	assert_true(replica_local_gone(wire->replicas[node], &gone, wire->now_us));
}

static struct replica_stats stats_of(const struct wire *wire, uint8_t node)
{
	struct replica_stats stats;

	replica_stats(wire->replicas[node], &stats);
	return stats;
}

static struct replica_peer_stats peer_of(const struct wire *wire, uint8_t node, uint8_t of)
{
	struct replica_peer_stats stats;

	replica_peer_stats(wire->replicas[node], of, &stats, wire->now_us);
	return stats;
}

static void holds(const struct wire *wire, uint8_t node, uint64_t sessions)
{
	assert_int_equal(stats_of(wire, node).sessions, sessions);
}

/* ---- meeting ---- */

static void alone_after_the_wait(void **state)
{
	struct wire *wire = wire_new(1);

	(void)state;
	run(wire, 4900000);
	assert_int_equal(replica_state(wire->replicas[0]), REPLICA_STARTING);
	run(wire, 300000);
	assert_int_equal(replica_state(wire->replicas[0]), REPLICA_ALONE);
	wire_free(wire);
}

static void two_meet_in_two_round_trips(void **state)
{
	struct wire *wire = wire_new(2);

	(void)state;
	run(wire, 50000);
	assert_int_equal(peer_of(wire, 0, 1).contact, REPLICA_CONTACT);
	assert_int_equal(peer_of(wire, 1, 0).contact, REPLICA_CONTACT);
	run(wire, 7 * SECOND_US);
	assert_int_equal(replica_state(wire->replicas[0]), REPLICA_IN_SYNC);
	assert_int_equal(replica_state(wire->replicas[1]), REPLICA_IN_SYNC);
	assert_false(replica_all_in_contact(wire->replicas[0]));
	boot(wire, 2);
	run(wire, SECOND_US);
	assert_true(replica_all_in_contact(wire->replicas[0]));
	assert_int_equal(replica_state(wire->replicas[2]), REPLICA_IN_SYNC);
	wire_free(wire);
}

static void silence_and_return(void **state)
{
	struct wire *wire = wire_new(2);

	(void)state;
	run(wire, 7 * SECOND_US);
	wire->cut[1] = true;
	run(wire, 2 * SECOND_US);
	assert_int_equal(peer_of(wire, 0, 1).contact, REPLICA_CONTACT);
	run(wire, 2 * SECOND_US);
	assert_int_equal(peer_of(wire, 0, 1).contact, REPLICA_LOST);
	wire->cut[1] = false;
	run(wire, 2 * SECOND_US);
	assert_int_equal(peer_of(wire, 0, 1).contact, REPLICA_CONTACT);
	assert_int_equal(peer_of(wire, 1, 0).contact, REPLICA_CONTACT);
	replica_goodbye(wire->replicas[1]);
	run(wire, 10000);
	assert_int_equal(peer_of(wire, 0, 1).contact, REPLICA_LOST);
	wire_free(wire);
}

/* ---- sessions ---- */

static void news_arrive(void **state)
{
	struct wire *wire = wire_new(2);

	(void)state;
	run(wire, 7 * SECOND_US);
	open_sessions(wire, 0, 1000, 100);
	run(wire, 10000);
	holds(wire, 1, 100);
	assert_int_equal(peer_of(wire, 1, 0).copies, 100);
	close_session(wire, 0, 1000);
	run(wire, 10000);
	holds(wire, 0, 99);
	holds(wire, 1, 99);
	wire_free(wire);
}

static void a_loss_is_asked_for(void **state)
{
	struct wire *wire = wire_new(2);

	(void)state;
	run(wire, 7 * SECOND_US);
	wire->lose = 2;
	open_sessions(wire, 0, 1000, 40);
	close_session(wire, 0, 1001);
	run(wire, 8000);
	holds(wire, 1, 0);
	assert_int_equal(wire->lose, 0);
	run(wire, 200000);
	holds(wire, 1, 39);
	assert_int_equal(peer_of(wire, 1, 0).lost, 0);
	assert_true(stats_of(wire, 0).resent_sessions >= 40);
	wire_free(wire);
}

static void a_joiner_gets_everything(void **state)
{
	struct wire *wire = wire_new(2);

	(void)state;
	run(wire, 7 * SECOND_US);
	open_sessions(wire, 0, 1000, 3000);
	open_sessions(wire, 1, 10000, 2000);
	run(wire, SECOND_US);
	boot(wire, 2);
	wire->lose = 3;
	run(wire, SECOND_US);
	assert_int_equal(replica_state(wire->replicas[2]), REPLICA_IN_SYNC);
	holds(wire, 2, 5000);
	boot(wire, 1);
	run(wire, SECOND_US);
	assert_int_equal(replica_state(wire->replicas[1]), REPLICA_IN_SYNC);
	holds(wire, 1, 5000);
	assert_int_equal(stats_of(wire, 1).own, 2000);
	wire_free(wire);
}

/* Tell the translator of node so much, as its socket takes it. */
static void take(struct wire *wire, uint8_t node, unsigned count)
{
	struct replica_session session;
	struct replica_gone gone;

	while (count-- > 0)
		(void)replica_apply_next(wire->replicas[node], &session, &gone);
}

static void a_joiner_waits_for_its_translator(void **state)
{
	struct wire *wire = wire_new(1);

	(void)state;
	run(wire, 7 * SECOND_US);
	open_sessions(wire, 0, 1000, 3000);
	run(wire, SECOND_US);
	boot(wire, 1);
	replica_attach(wire->replicas[1], wire->now_us);
	run(wire, SECOND_US);
	holds(wire, 1, 3000);
	assert_int_equal(replica_state(wire->replicas[1]), REPLICA_JOINING);
	take(wire, 1, 2000);
	run(wire, SECOND_US);
	assert_int_equal(replica_state(wire->replicas[1]), REPLICA_JOINING);
	take(wire, 1, 1000);
	run(wire, SECOND_US / 4);
	assert_int_equal(replica_state(wire->replicas[1]), REPLICA_IN_SYNC);
	boot(wire, 2);
	replica_attach(wire->replicas[2], wire->now_us);
	run(wire, SECOND_US);
	assert_int_equal(replica_state(wire->replicas[2]), REPLICA_JOINING);
	run(wire, 3 * SECOND_US); /* it takes nothing: not waited for */
	assert_int_equal(replica_state(wire->replicas[2]), REPLICA_IN_SYNC);
	wire_free(wire);
}

static void drift_heals(void **state)
{
	struct wire *wire = wire_new(3);

	(void)state;
	run(wire, 9 * SECOND_US);
	open_sessions(wire, 0, 1000, 500);
	run(wire, SECOND_US);
	wire->cut[1] = true;
	close_session(wire, 0, 1000);
	open_sessions(wire, 0, 2000, 500);
	run(wire, 600 * SECOND_US);
	wire->cut[1] = false;
	run(wire, 8 * SECOND_US);
	holds(wire, 0, 999);
	holds(wire, 1, 999);
	holds(wire, 2, 999);
	wire_free(wire);
}

static void a_deputy_speaks_for_the_dead(void **state)
{
	struct wire *wire = wire_new(3);

	(void)state;
	run(wire, 9 * SECOND_US);
	wire->cut[1] = true;
	open_sessions(wire, 2, 1000, 500);
	run(wire, 50000);
	end(wire, 2);
	run(wire, 600 * SECOND_US);
	wire->cut[1] = false;
	run(wire, 16 * SECOND_US);
	holds(wire, 0, 500);
	holds(wire, 1, 500);
	wire_free(wire);
}

/* ---- lives and replays ---- */

static void a_former_life_is_not_believed(void **state)
{
	struct wire *wire = wire_new(2);
	struct replica_stats before, after;
	struct datagram captured;

	(void)state;
	run(wire, 7 * SECOND_US);
	open_sessions(wire, 0, 1000, 10);
	run(wire, 6000);
	captured = wire->last[0];
	boot(wire, 0);
	run(wire, SECOND_US);
	before = stats_of(wire, 1);
	hand_over(wire, 1, &captured);
	after = stats_of(wire, 1);
	assert_int_equal(after.unaccepted, before.unaccepted + 1);
	assert_int_equal(after.sessions, before.sessions);
	assert_int_equal(peer_of(wire, 1, 0).contact, REPLICA_CONTACT);
	wire_free(wire);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone_after_the_wait),
		cmocka_unit_test(two_meet_in_two_round_trips),
		cmocka_unit_test(silence_and_return),
		cmocka_unit_test(news_arrive),
		cmocka_unit_test(a_loss_is_asked_for),
		cmocka_unit_test(a_joiner_gets_everything),
		cmocka_unit_test(a_joiner_waits_for_its_translator),
		cmocka_unit_test(drift_heals),
		cmocka_unit_test(a_deputy_speaks_for_the_dead),
		cmocka_unit_test(a_former_life_is_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

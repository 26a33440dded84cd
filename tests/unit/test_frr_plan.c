/* The plan against a model of bfdd, which obeys its lines, and of routers that answer or not. */
#include "healthd/frr_plan.h"
#include "tests/unit/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS       UINT64_C(1000)
#define SECOND   (1000 * MS)
#define LOOK     (200 * MS)
#define COMES_UP (800 * MS)

static const struct bfd_peer_wanted pair[] = { { "2001:db8::1", "2001:db8::2", "uplink0" },
	                                       { "192.0.2.1", "192.0.2.2", "uplink0" } };
static const struct bfd_peer_wanted two_routers[] = {
	{ "2001:db8::1", "2001:db8::2", "uplink0" },
	{ "2001:db8::9", "2001:db8::2", "uplink0" },
	{ "192.0.2.1", "192.0.2.2", "uplink0" },
	{ "192.0.2.9", "192.0.2.2", "uplink0" },
};

/* ---- the model ---- */

struct entry {
	struct bfd_peer_state state;
	bool shutdown, has_profile;
	uint64_t since_us; /* it was made, or the router answers again */
};

static struct entry entries[64];
static size_t entry_count;
static uint64_t now_us, profile_us;
static uint32_t profile_multiplier;
static struct { /* addresses that do not answer */
	char peer[48];
} dead[8];
static size_t dead_count;
static unsigned shutdowns, deletions, makings, profiles;
static struct frr_plan plan;
static struct config_health health;

static bool is_dead(const char *peer)
{
	for (size_t i = 0; i < dead_count; i++)
		if (strcmp(dead[i].peer, peer) == 0)
			return true;
	return false;
}

static void kill_router(const char *peer)
{
	(void)snprintf(dead[dead_count++].peer, sizeof(dead[0].peer), "%s", peer);
}

static void revive_routers(void)
{
	for (size_t i = 0; i < entry_count; i++)
		if (is_dead(entries[i].state.peer))
			entries[i].since_us = now_us;
	dead_count = 0;
}

static struct entry *entry_of(const char *key)
{
	char peer[48] = "", local[48] = "", interface[16] = "", copy[200], *cursor = copy, *word;

	(void)snprintf(copy, sizeof(copy), "%s", key);
	(void)snprintf(peer, sizeof(peer), "%s", strsep(&cursor, " "));
	while ((word = strsep(&cursor, " "))) {
		const char *value = strsep(&cursor, " ");

		assert_non_null(value);
		if (strcmp(word, "local-address") == 0)
			(void)snprintf(local, sizeof(local), "%s", value);
		else if (strcmp(word, "interface") == 0)
			(void)snprintf(interface, sizeof(interface), "%s", value);
		else
			fail_msg("no such word: %s", word);
	}
	for (size_t i = 0; i < entry_count; i++)
		if (strcmp(entries[i].state.peer, peer) == 0 &&
		    strcmp(entries[i].state.local, local) == 0 &&
		    strcmp(entries[i].state.interface, interface) == 0)
			return &entries[i];
	assert_true(entry_count < 64);
	entries[entry_count] = (struct entry){ .since_us = now_us };
	memcpy(entries[entry_count].state.peer, peer, sizeof(peer));
	memcpy(entries[entry_count].state.local, local, sizeof(local));
	memcpy(entries[entry_count].state.interface, interface, sizeof(interface));
	return &entries[entry_count++];
}

static void obey(const char *line, struct entry **node)
{
	line += strspn(line, " ");
	if (strncmp(line, "no peer ", 8) == 0) {
		struct entry *entry = entry_of(line + 8);

		*entry = entries[--entry_count];
		*node = NULL;
		deletions++;
	} else if (strncmp(line, "peer ", 5) == 0) {
		size_t before = entry_count;

		*node = entry_of(line + 5);
		makings += entry_count - before;
	} else if (strcmp(line, "profile sa-nat64") == 0 && !*node) {
		profiles++;
	} else if (strcmp(line, "profile sa-nat64") == 0) {
		(*node)->has_profile = true;
	} else if (strncmp(line, "transmit-interval ", 18) == 0) {
		profile_us = strtoul(line + 18, NULL, 10) * MS;
	} else if (strncmp(line, "detect-multiplier ", 18) == 0) {
		profile_multiplier = (uint32_t)strtoul(line + 18, NULL, 10);
	} else if (strcmp(line, "shutdown") == 0) {
		assert_non_null(*node);
		(*node)->shutdown = true;
		shutdowns++;
	} else if (strcmp(line, "no shutdown") == 0) {
		if (*node && (*node)->shutdown)
			(*node)->since_us = now_us;
		if (*node)
			(*node)->shutdown = false;
	} else if (strcmp(line, "exit") == 0) {
		*node = NULL;
	} else {
		assert_int_equal(strncmp(line, "receive-interval ", 17), 0);
	}
}

/* What bfdd would say now. */
static void read_model(struct bfd_peer_state *out)
{
	for (size_t i = 0; i < entry_count; i++) {
		struct entry *entry = &entries[i];
		bool comes = now_us - entry->since_us >= COMES_UP;

		out[i] = entry->state;
		out[i].state = entry->shutdown              ? BFD_ADMIN_DOWN
		               : is_dead(entry->state.peer) ? BFD_DOWN
		               : comes                      ? BFD_UP
		                                            : BFD_DOWN;
		out[i].transmit_us = entry->has_profile ? profile_us : 300 * MS;
		out[i].receive_us = out[i].transmit_us;
		out[i].multiplier = entry->has_profile ? profile_multiplier : 3;
		if (out[i].state == BFD_UP)
			out[i].detection_us = out[i].multiplier * out[i].transmit_us;
	}
}

static enum frr_plan_step turn(void)
{
	struct bfd_peer_state is[64];
	char *lines = NULL, *cursor, *line;
	struct entry *node = NULL;
	enum frr_plan_step step;
	size_t len;
	FILE *out = open_memstream(&lines, &len);

	assert_non_null(out);
	read_model(is);
	step = frr_plan_take(&plan, is, entry_count, now_us, out);
	(void)fclose(out);
	assert_int_equal(step == FRR_PLAN_REST, len == 0);
	cursor = lines;
	while ((line = strsep(&cursor, "\n")))
		if (line[0])
			obey(line, &node);
	free(lines);
	return step;
}

/* Told and read back until there is nothing left to say; then time passes. */
static void settle(void)
{
	for (int i = 0; turn() != FRR_PLAN_REST; i++)
		assert_true(i < 4);
}

static void pass(uint64_t us)
{
	for (uint64_t until_us = now_us + us; now_us < until_us; now_us += LOOK)
		settle();
	settle();
}

static enum bfd_state state_of(const char *peer)
{
	struct bfd_peer_state is[64];
	enum bfd_state state = BFD_ABSENT;

	read_model(is);
	for (size_t i = 0; i < entry_count; i++)
		if (strcmp(is[i].peer, peer) == 0)
			state = is[i].state;
	return state;
}

static bool has_problem(const char *part)
{
	char problem[240];

	frr_plan_problem(&plan, now_us, problem, sizeof(problem));
	return part[0] ? strstr(problem, part) != NULL : problem[0] == '\0';
}

static int begin(void **state)
{
	(void)state;
	memset(&plan, 0, sizeof(plan));
	entry_count = dead_count = 0;
	shutdowns = deletions = makings = profiles = 0;
	now_us = 1000 * SECOND;
	profile_us = 300 * MS;
	profile_multiplier = 3;
	health = (struct config_health){ .bfd_interval_us = 50 * MS,
		                         .bfd_multiplier = 3,
		                         .bfd_withdraw = CONFIG_WITHDRAW_SILENCE };
	frr_plan_configure(&plan, &health, pair, 2);
	return 0;
}

/* ---- one pair ---- */

static void nothing_is_said_before_an_order(void **state)
{
	(void)state;
	settle();
	assert_int_equal(entry_count, 0);
	assert_true(plan.withdrawn);
	assert_true(has_problem(""));
}

static void both_are_made_at_once_and_deleted_at_once(void **state)
{
	(void)state;
	frr_plan_want(&plan, true);
	assert_false(plan.withdrawn);
	assert_int_equal(turn(), FRR_PLAN_CHANGE);
	assert_int_equal(makings, 2);
	assert_int_equal(turn(), FRR_PLAN_REST);
	assert_true(frr_plan_is_restless(&plan));
	pass(2 * SECOND);
	assert_false(frr_plan_is_restless(&plan));
	assert_int_equal(plan.state[0].state, BFD_UP);
	assert_string_equal(plan.state[1].peer, "192.0.2.1");
	assert_int_equal(plan.state[1].detection_us, 150 * MS);
	assert_true(has_problem(""));
	assert_int_equal(profiles, 1);
	frr_plan_want(&plan, false);
	assert_int_equal(turn(), FRR_PLAN_SILENCE);
	assert_false(plan.withdrawn);
	assert_int_equal(turn(), FRR_PLAN_REST);
	assert_true(plan.withdrawn);
	assert_int_equal(entry_count, 0);
	assert_int_equal(shutdowns, 0);
}

static void admin_down_deletes_nothing(void **state)
{
	(void)state;
	health.bfd_withdraw = CONFIG_WITHDRAW_ADMIN_DOWN;
	frr_plan_configure(&plan, &health, pair, 2);
	frr_plan_want(&plan, true);
	pass(2 * SECOND);
	frr_plan_want(&plan, false);
	settle();
	assert_true(plan.withdrawn);
	assert_int_equal(shutdowns, 2);
	assert_int_equal(deletions, 0);
	assert_int_equal(state_of("192.0.2.1"), BFD_ADMIN_DOWN);
	frr_plan_want(&plan, true);
	pass(2 * SECOND);
	assert_int_equal(state_of("192.0.2.1"), BFD_UP);
	assert_int_equal(makings, 2);
}

static void the_way_to_withdraw_changes_by_reload(void **state)
{
	(void)state;
	frr_plan_want(&plan, true);
	pass(2 * SECOND);
	health.bfd_withdraw = CONFIG_WITHDRAW_ADMIN_DOWN;
	frr_plan_configure(&plan, &health, pair, 2);
	assert_int_equal(turn(), FRR_PLAN_REST);
	frr_plan_want(&plan, false);
	settle();
	assert_int_equal(state_of("192.0.2.1"), BFD_ADMIN_DOWN);
	health.bfd_withdraw = CONFIG_WITHDRAW_SILENCE;
	frr_plan_configure(&plan, &health, pair, 2);
	settle();
	assert_int_equal(state_of("192.0.2.1"), BFD_ABSENT);
	assert_true(plan.withdrawn);
}

static void timers_change_without_a_flap(void **state)
{
	(void)state;
	frr_plan_want(&plan, true);
	pass(2 * SECOND);
	health.bfd_interval_us = 100 * MS;
	health.bfd_multiplier = 5;
	frr_plan_configure(&plan, &health, pair, 2);
	assert_int_equal(turn(), FRR_PLAN_CHANGE);
	assert_int_equal(turn(), FRR_PLAN_REST);
	assert_int_equal(plan.state[0].detection_us, 500 * MS);
	assert_int_equal(deletions, 0);
	assert_int_equal(makings, 2);
	assert_int_equal(shutdowns, 0);
}

static void a_restarted_bfdd_gets_its_peers_only_if_they_are_wanted(void **state)
{
	(void)state;
	frr_plan_want(&plan, true);
	pass(2 * SECOND);
	frr_plan_forget(&plan);
	entry_count = 0;
	assert_int_equal(plan.state[0].state, BFD_ABSENT);
	assert_string_equal(plan.state[0].peer, "2001:db8::1");
	pass(2 * SECOND);
	assert_int_equal(state_of("192.0.2.1"), BFD_UP);
	frr_plan_want(&plan, false);
	frr_plan_forget(&plan);
	entry_count = 0;
	assert_true(plan.withdrawn);
	pass(2 * SECOND);
	assert_int_equal(entry_count, 0);
}

static void what_others_change_is_put_right(void **state)
{
	struct entry *node = NULL;

	(void)state;
	frr_plan_want(&plan, true);
	pass(2 * SECOND);
	obey("no peer 192.0.2.1 local-address 192.0.2.2 interface uplink0", &node);
	obey("peer 2001:db8::1 local-address 2001:db8::2 interface uplink0", &node);
	obey("shutdown", &node);
	pass(2 * SECOND);
	assert_int_equal(state_of("192.0.2.1"), BFD_UP);
	assert_int_equal(state_of("2001:db8::1"), BFD_UP);
}

static void foreign_peers_are_left_alone(void **state)
{
	struct entry *node = NULL;

	(void)state;
	obey("peer 198.51.100.1 local-address 198.51.100.2", &node);
	obey("peer 192.0.2.1 interface old0", &node); /* it has the address of ours */
	frr_plan_want(&plan, true);
	pass(2 * SECOND);
	assert_int_equal(entry_count, 3);
	assert_int_equal(state_of("198.51.100.1"), BFD_UP);
	frr_plan_want(&plan, false);
	pass(1 * SECOND);
	assert_int_equal(entry_count, 1);
	assert_true(plan.withdrawn);
}

static void a_peer_that_moved_is_deleted_and_made_again(void **state)
{
	struct bfd_peer_wanted moved[2] = { pair[0], { "192.0.2.1", "192.0.2.77", "uplink0" } };

	(void)state;
	frr_plan_want(&plan, true);
	pass(2 * SECOND);
	frr_plan_configure(&plan, &health, moved, 2);
	assert_int_equal(plan.state[0].state, BFD_UP);
	assert_int_equal(plan.state[1].state, BFD_UNKNOWN);
	assert_int_equal(turn(), FRR_PLAN_SILENCE);
	assert_int_equal(turn(), FRR_PLAN_CHANGE);
	pass(2 * SECOND);
	assert_int_equal(entry_count, 2);
	assert_int_equal(deletions, 1);
	assert_int_equal(plan.state[1].state, BFD_UP);
	assert_string_equal(plan.state[1].local, "192.0.2.77");
}

static void a_peer_that_is_configured_no_longer_is_deleted(void **state)
{
	struct entry *node = NULL;

	(void)state;
	frr_plan_want(&plan, true);
	pass(2 * SECOND);
	frr_plan_configure(&plan, &health, pair, 1);
	assert_int_equal(turn(), FRR_PLAN_SILENCE);
	settle();
	assert_int_equal(entry_count, 1);
	assert_int_equal(plan.gone_count, 0);
	obey("peer 192.0.2.1 interface uplink0", &node); /* now it is a foreign one */
	settle();
	assert_int_equal(entry_count, 2);
	frr_plan_configure(&plan, &health, NULL, 0);
	settle();
	assert_int_equal(entry_count, 1);
}

static void more_peers_went_than_are_remembered(void **state)
{
	struct bfd_peer_wanted many[BFD_PEERS_MAX];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < BFD_PEERS_MAX; i++) {
			many[i] = pair[1];
			(void)snprintf(many[i].peer, sizeof(many[i].peer), "10.%d.0.%d", round, i);
		}
		frr_plan_configure(&plan, &health, many, BFD_PEERS_MAX);
	}
	assert_int_equal(plan.gone_count, BFD_PEERS_MAX);
	assert_int_equal(plan.pair_count, BFD_PEERS_MAX);
	frr_plan_want(&plan, true);
	pass(2 * SECOND);
	assert_int_equal(entry_count, BFD_PEERS_MAX);
	assert_true(has_problem(""));
}

/* ---- a router that answers for one family ---- */

static void one_family_alone_is_withdrawn_after_its_grace(void **state)
{
	(void)state;
	kill_router("192.0.2.1");
	frr_plan_want(&plan, true);
	pass(COMES_UP + 2 * SECOND);
	assert_int_equal(state_of("2001:db8::1"), BFD_UP);
	assert_false(frr_plan_is_split(&plan));
	pass(2 * SECOND);
	assert_true(frr_plan_is_split(&plan));
	assert_int_equal(state_of("2001:db8::1"), BFD_ABSENT);
	assert_true(has_problem("192.0.2.1 did not answer while 2001:db8::1 did"));
	pass(2 * SECOND); /* asked alone: it draws nothing */
	assert_int_equal(state_of("2001:db8::1"), BFD_ABSENT);
	assert_int_equal(state_of("192.0.2.1"), BFD_DOWN);
	makings = 0;
	pass(600 * SECOND);
	assert_int_equal(makings, 0);
	revive_routers();
	pass(3 * SECOND);
	assert_int_equal(state_of("2001:db8::1"), BFD_UP);
	assert_int_equal(state_of("192.0.2.1"), BFD_UP);
	assert_false(frr_plan_is_split(&plan));
	assert_true(has_problem(""));
}

static void a_family_that_falls_takes_the_other_with_it(void **state)
{
	(void)state;
	frr_plan_want(&plan, true);
	pass(5 * SECOND);
	kill_router("2001:db8::1");
	pass(SECOND / 2);
	assert_int_equal(state_of("192.0.2.1"), BFD_UP);
	assert_true(has_problem("2001:db8::1 is down"));
	pass(SECOND);
	assert_int_equal(state_of("192.0.2.1"), BFD_ABSENT);
	assert_true(frr_plan_is_split(&plan));
}

static void a_short_flap_of_one_family_is_borne(void **state)
{
	(void)state;
	frr_plan_want(&plan, true);
	pass(5 * SECOND);
	kill_router("2001:db8::1");
	pass(SECOND / 2);
	dead_count = 0;
	pass(5 * SECOND);
	assert_int_equal(deletions, 0);
}

static void a_router_that_restarts_is_no_split(void **state)
{
	(void)state;
	frr_plan_want(&plan, true);
	pass(5 * SECOND);
	kill_router("2001:db8::1");
	pass(LOOK);
	kill_router("192.0.2.1");
	pass(60 * SECOND);
	assert_false(frr_plan_is_split(&plan));
	assert_true(has_problem("is down"));
	dead_count--; /* IPv4 first, IPv6 two seconds later */
	entries[0].since_us = entries[1].since_us = now_us;
	pass(2 * SECOND);
	revive_routers();
	pass(3 * SECOND);
	assert_int_equal(deletions, 0);
	assert_int_equal(makings, 2);
	assert_true(has_problem(""));
}

/* Only one of the two answers, and which one changes each time. */
static void pauses_grow_while_it_does_not_last(void **state)
{
	uint64_t longest_us = 0;

	(void)state;
	frr_plan_want(&plan, true);
	for (int i = 0; i < 20; i++) {
		dead_count = 0;
		revive_routers();
		for (int n = 0; n < 400 && !frr_plan_is_split(&plan); n++) {
			if (plan.state[0].state == BFD_UP && plan.state[1].state == BFD_UP &&
			    dead_count == 0)
				kill_router(i % 2 ? pair[0].peer : pair[1].peer);
			pass(LOOK);
		}
		assert_true(frr_plan_is_split(&plan));
		if (plan.pairs[0].pause_us > longest_us)
			longest_us = plan.pairs[0].pause_us;
		dead_count = 0;
		for (int n = 0; n < 400 && frr_plan_is_split(&plan); n++)
			pass(LOOK);
		assert_false(frr_plan_is_split(&plan));
	}
	assert_int_equal(longest_us, 60 * SECOND);
	pass(700 * SECOND);
	assert_int_equal(plan.pairs[0].pause_us, 0);
}

static void a_dead_router_does_not_take_the_other_one_away(void **state)
{
	(void)state;
	frr_plan_configure(&plan, &health, two_routers, 4);
	assert_int_equal(plan.pair_count, 2);
	assert_int_equal(plan.pairs[1].peer[0], 1);
	assert_int_equal(plan.pairs[1].peer[1], 3);
	kill_router("2001:db8::9");
	kill_router("192.0.2.9");
	frr_plan_want(&plan, true);
	pass(60 * SECOND);
	assert_false(frr_plan_is_split(&plan));
	assert_int_equal(state_of("192.0.2.1"), BFD_UP);
	assert_int_equal(state_of("2001:db8::1"), BFD_UP);
	dead_count = 1; /* IPv6 of the second router only */
	pass(60 * SECOND);
	assert_true(frr_plan_is_split(&plan));
	assert_int_equal(state_of("192.0.2.9"), BFD_ABSENT);
	assert_int_equal(state_of("192.0.2.1"), BFD_UP);
	assert_int_equal(state_of("2001:db8::1"), BFD_UP);
}

static void a_peer_without_counterpart_stands_alone(void **state)
{
	(void)state;
	frr_plan_configure(&plan, &health, two_routers, 3);
	assert_int_equal(plan.pair_count, 2);
	kill_router("2001:db8::9");
	frr_plan_want(&plan, true);
	pass(60 * SECOND);
	assert_false(frr_plan_is_split(&plan));
	assert_int_equal(state_of("192.0.2.1"), BFD_UP);
}

/* ---- sentences ---- */

static void a_router_with_a_long_interval_is_named(void **state)
{
	struct bfd_peer_state is[2] = { { .state = BFD_UP,
		                          .transmit_us = 50 * MS,
		                          .receive_us = 50 * MS,
		                          .multiplier = 3,
		                          .remote_receive_us = 300 * MS,
		                          .detection_us = 900 * MS } };
	FILE *null = fopen("/dev/null", "w");

	(void)state;
	assert_non_null(null);
	memcpy(is[0].peer, pair[1].peer, sizeof(is[0].peer));
	memcpy(is[0].local, pair[1].local, sizeof(is[0].local));
	memcpy(is[0].interface, pair[1].interface, sizeof(is[0].interface));
	frr_plan_configure(&plan, &health, pair + 1, 1);
	frr_plan_want(&plan, true);
	assert_int_equal(frr_plan_take(&plan, is, 1, now_us, null), FRR_PLAN_REST);
	assert_true(has_problem(
		"router 192.0.2.1 accepts BFD only every 300 ms and takes this box for dead after 900 ms instead of 150"));
	is[0].detection_us = 200 * MS;
	assert_int_equal(frr_plan_take(&plan, is, 1, now_us, null), FRR_PLAN_REST);
	assert_true(has_problem(""));
	(void)fclose(null);
}

/* ---- at random ---- */

static bool is_ours(const char *peer)
{
	for (size_t i = 0; i < 4; i++)
		if (strcmp(two_routers[i].peer, peer) == 0)
			return true;
	return false;
}

/* Never more of ours than are configured, none but ours touched, nothing said when nothing is to be
 * done, and after an order it is done. */
static void check_order(size_t configured)
{
	size_t ours = 0, foreign = 0;

	for (size_t i = 0; i < entry_count; i++) {
		if (is_ours(entries[i].state.peer))
			ours++;
		else
			foreign++;
		if (!plan.advertise && is_ours(entries[i].state.peer))
			assert_true(entries[i].shutdown);
	}
	assert_true(ours <= configured);
	assert_int_equal(foreign, 1);
	assert_int_equal(plan.withdrawn, !plan.advertise);
	assert_true(plan.gone_count == 0);
}

static void any_sequence_of_events_ends_well(void **state)
{
	struct entry *node = NULL;
	size_t configured = 2;
	struct prng prng = { .state = 5 };

	(void)state;
	obey("peer 198.51.100.1 local-address 198.51.100.2", &node);
	for (int i = 0; i < 20000; i++) {
		switch (prng_below(&prng, 9)) {
		case 0:
			frr_plan_want(&plan, true);
			break;
		case 1:
			frr_plan_want(&plan, false);
			break;
		case 2:
			configured = prng_below(&prng, 5);
			frr_plan_configure(&plan, &health, two_routers, configured);
			break;
		case 3:
			health.bfd_withdraw = prng_below(&prng, 2) ? CONFIG_WITHDRAW_ADMIN_DOWN
			                                           : CONFIG_WITHDRAW_SILENCE;
			health.bfd_interval_us = (1 + prng_below(&prng, 3)) * 50 * MS;
			frr_plan_configure(&plan, &health, plan.wanted, plan.count);
			break;
		case 4:
			if (dead_count < 8)
				kill_router(two_routers[prng_below(&prng, 4)].peer);
			break;
		case 5:
			revive_routers();
			break;
		case 6: /* bfdd starts anew; somebody makes the foreign peer again */
			frr_plan_forget(&plan);
			entry_count = 0;
			obey("peer 198.51.100.1 local-address 198.51.100.2", &node);
			break;
		default:
			now_us += prng_below(&prng, 5 * SECOND);
		}
		settle();
		check_order(configured);
	}
	revive_routers();
	frr_plan_configure(&plan, &health, two_routers, 4);
	frr_plan_want(&plan, true);
	pass(200 * SECOND);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(plan.state[i].state, BFD_UP);
	assert_true(has_problem(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_is_said_before_an_order, begin),
		cmocka_unit_test_setup(both_are_made_at_once_and_deleted_at_once, begin),
		cmocka_unit_test_setup(admin_down_deletes_nothing, begin),
		cmocka_unit_test_setup(the_way_to_withdraw_changes_by_reload, begin),
		cmocka_unit_test_setup(timers_change_without_a_flap, begin),
		cmocka_unit_test_setup(a_restarted_bfdd_gets_its_peers_only_if_they_are_wanted,
		                       begin),
		cmocka_unit_test_setup(what_others_change_is_put_right, begin),
		cmocka_unit_test_setup(foreign_peers_are_left_alone, begin),
		cmocka_unit_test_setup(a_peer_that_moved_is_deleted_and_made_again, begin),
		cmocka_unit_test_setup(a_peer_that_is_configured_no_longer_is_deleted, begin),
		cmocka_unit_test_setup(more_peers_went_than_are_remembered, begin),
		cmocka_unit_test_setup(one_family_alone_is_withdrawn_after_its_grace, begin),
		cmocka_unit_test_setup(a_family_that_falls_takes_the_other_with_it, begin),
		cmocka_unit_test_setup(a_short_flap_of_one_family_is_borne, begin),
		cmocka_unit_test_setup(a_router_that_restarts_is_no_split, begin),
		cmocka_unit_test_setup(pauses_grow_while_it_does_not_last, begin),
		cmocka_unit_test_setup(a_dead_router_does_not_take_the_other_one_away, begin),
		cmocka_unit_test_setup(a_peer_without_counterpart_stands_alone, begin),
		cmocka_unit_test_setup(a_router_with_a_long_interval_is_named, begin),
		cmocka_unit_test_setup(any_sequence_of_events_ends_well, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

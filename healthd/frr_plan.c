/* See frr_plan.h. */
#include "healthd/frr_plan.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define MS        UINT64_C(1000)
#define SECOND_US UINT64_C(1000000)
#define FELL_US   (1 * SECOND_US) /* a peer that was up and is down alone */
#define COMING_MIN_US \
	(3 * SECOND_US)   /* for a peer to come up: BFD begins with one packet a second */
#define COMING_TIMES   20 /* intervals; the longer of both */
#define PAUSE_MIN_US   (1 * SECOND_US)
#define PAUSE_MAX_US   (60 * SECOND_US)
#define PAUSE_REST     10 /* pauses that a pair must be whole before its pause is short again */
#define SLOW_DETECTION 3  /* halves: the router waits for us one and a half times as long */

static uint64_t longer(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t coming_us(const struct frr_plan *plan)
{
	return longer(COMING_MIN_US, COMING_TIMES * plan->health.bfd_interval_us);
}

/* ---- configuration ---- */

static bool is_ipv6(const struct bfd_peer_wanted *wanted)
{
	return strchr(wanted->peer, ':') != NULL;
}

static bool is_same(const struct bfd_peer_wanted *a, const struct bfd_peer_wanted *b)
{
	return strcmp(a->peer, b->peer) == 0 && strcmp(a->local, b->local) == 0 &&
	       strcmp(a->interface, b->interface) == 0;
}

static int find_address(const struct bfd_peer_wanted *list, size_t count, const char *peer)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].peer, peer) == 0)
			return (int)i;
	return -1;
}

/* The oldest one is forgotten when there are too many: it takes 32 peers that changed while bfdd
 * did not answer. */
static void add_gone(struct frr_plan *plan, const struct bfd_peer_wanted *peer)
{
	if (find_address(plan->gone, plan->gone_count, peer->peer) >= 0)
		return;
	if (plan->gone_count == BFD_PEERS_MAX)
		memmove(plan->gone, plan->gone + 1, --plan->gone_count * sizeof(plan->gone[0]));
	plan->gone[plan->gone_count++] = *peer;
}

static void del_gone(struct frr_plan *plan, size_t at)
{
	plan->gone_count--;
	memmove(plan->gone + at, plan->gone + at + 1,
	        (plan->gone_count - at) * sizeof(plan->gone[0]));
}

/* The nth of one family that has no counterpart yet; NULL: there is none. */
static struct frr_plan_pair *single_pair(struct frr_plan *plan, bool ipv6)
{
	for (size_t i = 0; i < plan->pair_count; i++) {
		struct frr_plan_pair *pair = &plan->pairs[i];

		if (pair->peer[1] < 0 && is_ipv6(&plan->wanted[pair->peer[0]]) == ipv6)
			return pair;
	}
	return NULL;
}

static void make_pairs(struct frr_plan *plan)
{
	plan->pair_count = 0;
	for (size_t i = 0; i < plan->count; i++) {
		struct frr_plan_pair *pair = single_pair(plan, !is_ipv6(&plan->wanted[i]));

		if (pair)
			pair->peer[1] = (int)i;
		else
			plan->pairs[plan->pair_count++] =
				(struct frr_plan_pair){ .peer = { (int)i, -1 } };
	}
}

static bool is_same_list(const struct frr_plan *plan, const struct bfd_peer_wanted *peers,
                         size_t count)
{
	if (plan->count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!is_same(&plan->wanted[i], &peers[i]))
			return false;
	return true;
}

static struct bfd_peer_state blank(const struct bfd_peer_wanted *wanted, enum bfd_state state)
{
	struct bfd_peer_state out = { .state = state };

	memcpy(out.peer, wanted->peer, sizeof(out.peer));
	memcpy(out.local, wanted->local, sizeof(out.local));
	memcpy(out.interface, wanted->interface, sizeof(out.interface));
	return out;
}

static void take_list(struct frr_plan *plan, const struct bfd_peer_wanted *peers, size_t count)
{
	struct frr_plan old = *plan;
	int gone;

	for (size_t i = 0; i < old.count; i++)
		if (find_address(peers, count, old.wanted[i].peer) < 0)
			add_gone(plan, &old.wanted[i]);
	plan->count = count;
	for (size_t i = 0; i < count; i++) {
		int was = find_address(old.wanted, old.count, peers[i].peer);
		bool stays = was >= 0 && is_same(&old.wanted[was], &peers[i]);

		plan->wanted[i] = peers[i];
		plan->state[i] = stays ? old.state[was] : blank(&peers[i], BFD_UNKNOWN);
		plan->asked_since_us[i] = stays ? old.asked_since_us[was] : 0;
		plan->was_up[i] = stays && old.was_up[was];
		gone = find_address(plan->gone, plan->gone_count, peers[i].peer);
		if (gone >= 0)
			del_gone(plan, (size_t)gone);
	}
	make_pairs(plan);
}

void frr_plan_configure(struct frr_plan *plan, const struct config_health *health,
                        const struct bfd_peer_wanted *peers, size_t count)
{
	assert(count <= BFD_PEERS_MAX);
	plan->health = *health;
	plan->withdrawn = false;
	if (!is_same_list(plan, peers, count))
		take_list(plan, peers, count);
}

void frr_plan_want(struct frr_plan *plan, bool advertise)
{
	if (plan->advertise == advertise)
		return;
	plan->advertise = advertise;
	plan->withdrawn = false;
	for (size_t i = 0; i < plan->pair_count; i++) {
		plan->pairs[i].was_whole = false;
		plan->pairs[i].lonely_since_us = 0;
	}
}

void frr_plan_forget(struct frr_plan *plan)
{
	plan->gone_count = 0;
	for (size_t i = 0; i < plan->count; i++) {
		plan->state[i] = blank(&plan->wanted[i], BFD_ABSENT);
		plan->asked_since_us[i] = 0;
		plan->was_up[i] = false;
	}
	for (size_t i = 0; i < plan->pair_count; i++) {
		plan->pairs[i].was_whole = false;
		plan->pairs[i].lonely_since_us = 0;
	}
	plan->withdrawn = !plan->advertise;
}

void frr_plan_doubt(struct frr_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		plan->state[i] = blank(&plan->wanted[i], BFD_UNKNOWN);
}

/* ---- pairs ---- */

static bool is_up(const struct frr_plan *plan, int peer)
{
	return plan->state[peer].state == BFD_UP;
}

static void split(const struct frr_plan *plan, struct frr_plan_pair *pair, uint64_t now_us)
{
	uint64_t least = longer(PAUSE_MIN_US, 2 * bfd_detection_us(&plan->health));

	pair->pause_us = longer(2 * pair->pause_us, least);
	if (pair->pause_us > longer(PAUSE_MAX_US, least))
		pair->pause_us = longer(PAUSE_MAX_US, least);
	pair->until_us = now_us + pair->pause_us;
	pair->one = is_up(plan, pair->peer[0]) ? 1 : 0;
	pair->ask = FRR_PLAN_ASK_NONE;
	pair->was_whole = false;
	pair->lonely_since_us = 0;
}

/* Both are up. */
static void pair_is_whole(struct frr_plan_pair *pair, uint64_t now_us)
{
	pair->lonely_since_us = 0;
	if (!pair->was_whole)
		pair->whole_since_us = now_us;
	pair->was_whole = true;
	if (now_us - pair->whole_since_us >= PAUSE_REST * pair->pause_us)
		pair->pause_us = 0;
}

static void judge_asked(const struct frr_plan *plan, struct frr_plan_pair *pair, uint64_t now_us)
{
	bool first = is_up(plan, pair->peer[0]), second = is_up(plan, pair->peer[1]);

	if (first && second) {
		pair_is_whole(pair, now_us);
		return;
	}
	if (!first && !second) {
		pair->was_whole = false;
		pair->lonely_since_us = 0;
		return;
	}
	if (!pair->lonely_since_us)
		pair->lonely_since_us = now_us;
	if (now_us - pair->lonely_since_us >= (pair->was_whole ? FELL_US : coming_us(plan)))
		split(plan, pair, now_us);
}

static void judge_pair(const struct frr_plan *plan, struct frr_plan_pair *pair, uint64_t now_us)
{
	if (pair->peer[1] < 0)
		return;
	if (pair->ask == FRR_PLAN_ASK_NONE && now_us >= pair->until_us)
		pair->ask = FRR_PLAN_ASK_ONE;
	else if (pair->ask == FRR_PLAN_ASK_ONE && is_up(plan, pair->peer[pair->one]))
		pair->ask = FRR_PLAN_ASK_ALL;
	if (pair->ask == FRR_PLAN_ASK_ALL)
		judge_asked(plan, pair, now_us);
}

static bool pair_asks(const struct frr_plan_pair *pair, int peer)
{
	if (pair->ask == FRR_PLAN_ASK_ONE)
		return pair->peer[pair->one] == peer;
	return pair->ask == FRR_PLAN_ASK_ALL;
}

static const struct frr_plan_pair *pair_of(const struct frr_plan *plan, size_t peer)
{
	for (size_t i = 0; i < plan->pair_count; i++)
		if (plan->pairs[i].peer[0] == (int)peer || plan->pairs[i].peer[1] == (int)peer)
			return &plan->pairs[i];
	assert(false);
	return NULL;
}

static bool is_asked(const struct frr_plan *plan, size_t peer)
{
	return plan->advertise && pair_asks(pair_of(plan, peer), (int)peer);
}

bool frr_plan_is_split(const struct frr_plan *plan)
{
	for (size_t i = 0; plan->advertise && i < plan->pair_count; i++)
		if (plan->pairs[i].ask != FRR_PLAN_ASK_ALL)
			return true;
	return false;
}

bool frr_plan_is_restless(const struct frr_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (is_asked(plan, i) ? !is_up(plan, (int)i) : plan->advertise)
			return true;
	return false;
}

/* ---- what bfdd has ---- */

/* An entry of bfdd for one of our addresses, other than the one that is wanted: of before the
 * address or the interface changed, or made by hand. Peers over several hops and of other VRFs are
 * another matter. */
static bool is_stray(const struct frr_plan *plan, const struct bfd_peer_state *is)
{
	int at;

	if (is->multihop || is->vrf[0])
		return false;
	if (find_address(plan->gone, plan->gone_count, is->peer) >= 0)
		return true;
	at = find_address(plan->wanted, plan->count, is->peer);
	return at >= 0 && !bfd_peer_is(is, &plan->wanted[at]);
}

static void read_states(struct frr_plan *plan, const struct bfd_peer_state *is, size_t count)
{
	for (size_t i = 0; i < plan->count; i++) {
		plan->state[i] = blank(&plan->wanted[i], BFD_ABSENT);
		for (size_t at = 0; at < count; at++)
			if (bfd_peer_is(&is[at], &plan->wanted[i]))
				plan->state[i] = is[at];
	}
}

static void read_times(struct frr_plan *plan, uint64_t now_us)
{
	for (size_t i = 0; i < plan->count; i++) {
		bool asked = is_asked(plan, i);

		if (!asked || is_up(plan, (int)i))
			plan->asked_since_us[i] = 0;
		else if (!plan->asked_since_us[i])
			plan->asked_since_us[i] = now_us;
		plan->was_up[i] = asked && (plan->was_up[i] || is_up(plan, (int)i));
	}
}

static void forget_gone(struct frr_plan *plan, const struct bfd_peer_state *is, size_t count)
{
	for (size_t i = plan->gone_count; i > 0; i--) {
		bool there = false;

		for (size_t at = 0; at < count; at++)
			there |= strcmp(is[at].peer, plan->gone[i - 1].peer) == 0;
		if (!there)
			del_gone(plan, i - 1);
	}
}

/* ---- lines ---- */

/* What must not be there. Returns whether there was anything. */
static bool write_silence(const struct frr_plan *plan, const struct bfd_peer_state *is,
                          size_t count, FILE *out)
{
	bool any = false;

	for (size_t i = 0; i < count; i++)
		if (is_stray(plan, &is[i])) {
			bfd_print_no_peer(&is[i], out);
			any = true;
		}
	for (size_t i = 0; i < plan->count; i++) {
		bool shut = plan->health.bfd_withdraw == CONFIG_WITHDRAW_ADMIN_DOWN;

		if (is_asked(plan, i) || plan->state[i].state == BFD_ABSENT ||
		    (shut && plan->state[i].state == BFD_ADMIN_DOWN))
			continue;
		if (shut)
			bfd_print_shutdown(&plan->wanted[i], out);
		else
			bfd_print_no_peer(&plan->state[i], out);
		any = true;
	}
	return any;
}

static bool has_our_timers(const struct frr_plan *plan, const struct bfd_peer_state *state)
{
	uint64_t interval_us = plan->health.bfd_interval_us / MS * MS; /* as it was printed */

	return state->transmit_us == interval_us && state->receive_us == interval_us &&
	       state->multiplier == plan->health.bfd_multiplier;
}

static bool is_to_make(const struct frr_plan *plan, size_t peer)
{
	enum bfd_state state = plan->state[peer].state;

	return is_asked(plan, peer) && (state == BFD_ABSENT || state == BFD_ADMIN_DOWN);
}

static bool write_change(const struct frr_plan *plan, FILE *out)
{
	bool any = false;

	for (size_t i = 0; i < plan->count && !any; i++)
		any = is_to_make(plan, i) ||
		      (is_asked(plan, i) && !has_our_timers(plan, &plan->state[i]));
	if (!any)
		return false;
	bfd_print_profile(&plan->health, out);
	for (size_t i = 0; i < plan->count; i++)
		if (is_to_make(plan, i) ||
		    (is_asked(plan, i) && !has_our_timers(plan, &plan->state[i])))
			bfd_print_peer(&plan->wanted[i], out);
	return true;
}

enum frr_plan_step frr_plan_take(struct frr_plan *plan, const struct bfd_peer_state *is,
                                 size_t count, uint64_t now_us, FILE *out)
{
	read_states(plan, is, count);
	forget_gone(plan, is, count);
	for (size_t i = 0; plan->advertise && i < plan->pair_count; i++)
		judge_pair(plan, &plan->pairs[i], now_us);
	read_times(plan, now_us);
	plan->withdrawn = false;
	if (write_silence(plan, is, count, out))
		return FRR_PLAN_SILENCE;
	plan->withdrawn = !plan->advertise;
	return write_change(plan, out) ? FRR_PLAN_CHANGE : FRR_PLAN_REST;
}

/* ---- what is wrong ---- */

/* How a peer that is asked and not up says it. */
static void say_down(const struct frr_plan *plan, size_t peer, char *out, size_t size)
{
	const struct bfd_peer_state *state = &plan->state[peer];

	if (state->state == BFD_ABSENT || state->state == BFD_ADMIN_DOWN)
		(void)snprintf(
			out, size, "bfdd does not keep BFD peer %s%s; does anybody else change it?",
			plan->wanted[peer].peer, state->state == BFD_ABSENT ? "" : " in service");
	else
		(void)snprintf(
			out, size,
			"BFD peer %s is %s: the router does not answer %s on %s%s%s; see whether it has BFD for that address, and the link",
			plan->wanted[peer].peer, bfd_state_name(state->state),
			plan->wanted[peer].local, plan->wanted[peer].interface,
			state->diagnostic[0] ? ", " : "", state->diagnostic);
}

/* A peer has time to come up when it is new, and none when it fell. */
static bool is_overdue(const struct frr_plan *plan, size_t peer, uint64_t now_us)
{
	uint64_t since_us = plan->asked_since_us[peer];

	return since_us && (plan->was_up[peer] || now_us - since_us >= coming_us(plan));
}

bool frr_plan_is_overdue(const struct frr_plan *plan, uint64_t now_us)
{
	for (size_t i = 0; i < plan->count; i++)
		if (is_overdue(plan, i, now_us))
			return true;
	return false;
}

static void say_split(const struct frr_plan *plan, const struct frr_plan_pair *pair, char *out,
                      size_t size)
{
	const char *down = plan->wanted[pair->peer[pair->one]].peer;
	const char *up = plan->wanted[pair->peer[1 - pair->one]].peer;

	(void)snprintf(
		out, size,
		"BFD peer %s did not answer while %s did, so neither is told to send traffic; see whether the router has BFD for both families",
		down, up);
}

/* Whether the router takes this box for dead much later than is configured here. */
static bool is_slow(const struct frr_plan *plan, size_t peer)
{
	const struct bfd_peer_state *state = &plan->state[peer];

	return is_asked(plan, peer) && has_our_timers(plan, state) &&
	       2 * state->detection_us > SLOW_DETECTION * bfd_detection_us(&plan->health);
}

static void say_slow(const struct frr_plan *plan, size_t peer, char *out, size_t size)
{
	const struct bfd_peer_state *state = &plan->state[peer];

	(void)snprintf(out, size,
	               "router %s accepts BFD only every %" PRIu64
	               " ms and takes this box for dead after %" PRIu64 " ms instead of %" PRIu64
	               "; lower its receive interval",
	               plan->wanted[peer].peer, state->remote_receive_us / 1000,
	               state->detection_us / 1000, bfd_detection_us(&plan->health) / 1000);
}

void frr_plan_problem(const struct frr_plan *plan, uint64_t now_us, char *out, size_t size)
{
	out[0] = '\0';
	if (!plan->advertise)
		return;
	for (size_t i = 0; i < plan->pair_count; i++)
		if (plan->pairs[i].ask != FRR_PLAN_ASK_ALL) {
			say_split(plan, &plan->pairs[i], out, size);
			return;
		}
	for (size_t i = 0; i < plan->count; i++)
		if (is_overdue(plan, i, now_us)) {
			say_down(plan, i, out, size);
			return;
		}
	for (size_t i = 0; i < plan->count; i++)
		if (is_slow(plan, i)) {
			say_slow(plan, i, out, size);
			return;
		}
}

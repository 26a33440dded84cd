/* What to say to bfdd so that its peers become those that are wanted: pure.
 *
 * Configuration, order and what bfdd was read to have go in, with the time; lines for bfdd come
 * out. Nothing is remembered of what was said before, so that a bfdd that was restarted, or changed
 * by hand, is put right like a new one.
 *
 * The nth IPv6 peer and the nth IPv4 peer of an instance are a pair: the same router, most likely.
 * It has to send both families here or none. When one is up and the other did not come up within
 * its grace, or fell and stays down, both are withdrawn, and after a pause the one that was down is
 * asked alone: it draws nothing while it does not answer. When it is up, the other one is asked
 * too. Pauses double while that does not last. A pair of which both are down (a router that
 * restarts, a cut link) is left as it is, and other pairs (another router) are not touched.
 *
 * Peers that others made in the same bfdd are left alone, unless they have the address of one of
 * ours: bfdd tells such entries apart badly.
 */
#ifndef SA_NAT64_FRR_PLAN_H
#define SA_NAT64_FRR_PLAN_H

#include "lib/bfd_peers.h"

#define FRR_PLAN_READ_MAX 512 /* peers of one bfdd that are looked at */

enum frr_plan_step {
	FRR_PLAN_REST,    /* all is as wanted, as far as bfdd has it in hand */
	FRR_PLAN_SILENCE, /* the lines delete or shut down */
	FRR_PLAN_CHANGE   /* the lines make peers or change timers */
};

enum frr_plan_ask { FRR_PLAN_ASK_ALL, FRR_PLAN_ASK_NONE, FRR_PLAN_ASK_ONE };

struct frr_plan_pair {
	int peer[2]; /* indexes of wanted; the second is -1 when there is no counterpart */
	enum frr_plan_ask ask;
	int one;                  /* 0 or 1: which did not come up, and is asked alone */
	bool was_whole;           /* both were up when they were read last but one */
	uint64_t lonely_since_us; /* exactly one is up since then; 0: not */
	uint64_t whole_since_us;
	uint64_t pause_us, until_us;
};

/* Embedded; all zero at first. */
struct frr_plan {
	struct config_health health;
	struct bfd_peer_wanted wanted[BFD_PEERS_MAX];
	size_t count;
	struct bfd_peer_state state[BFD_PEERS_MAX]; /* as read last */
	uint64_t asked_since_us[BFD_PEERS_MAX]; /* it was not up since then; 0: up or not asked */
	bool was_up[BFD_PEERS_MAX];             /* since it was asked */
	struct bfd_peer_wanted gone[BFD_PEERS_MAX]; /* ours of an earlier configuration */
	size_t gone_count;
	struct frr_plan_pair pairs[BFD_PEERS_MAX];
	size_t pair_count;
	bool advertise;
	bool withdrawn; /* it was read that none of ours is advertised, and none is to be */
};

/* Another configuration, or the first. Peers that stay keep what is known of them. */
void frr_plan_configure(struct frr_plan *plan, const struct config_health *health,
                        const struct bfd_peer_wanted *peers, size_t count);

void frr_plan_want(struct frr_plan *plan, bool advertise);

/* Nothing is known of bfdd any more, it has ended: there is nothing to withdraw. */
void frr_plan_forget(struct frr_plan *plan);

/* bfdd says nothing: its peers may be in any state. */
void frr_plan_doubt(struct frr_plan *plan);

/* bfdd has these peers. Lines for the node `bfd` are written to out. Making peers waits until
 * nothing is left to withdraw. */
enum frr_plan_step frr_plan_take(struct frr_plan *plan, const struct bfd_peer_state *is,
                                 size_t count, uint64_t now_us, FILE *out);

/* Whether a pair is withdrawn because its families parted. */
bool frr_plan_is_split(const struct frr_plan *plan);

/* Whether it is worth looking often: not all that is asked is up, or a pair waits for something. */
bool frr_plan_is_restless(const struct frr_plan *plan);

/* Whether a peer that is asked is down, and has had its time to come up. */
bool frr_plan_is_overdue(const struct frr_plan *plan, uint64_t now_us);

/* The gravest of what is wrong with the peers, as a sentence with what to do; "" for nothing. */
void frr_plan_problem(const struct frr_plan *plan, uint64_t now_us, char *out, size_t size);

#endif

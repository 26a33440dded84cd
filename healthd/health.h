/* Whether an instance may serve: the state machine, pure.
 *
 * What was observed goes in as one struct of facts, with the time; a state, the reason for it and
 * whether routers may send traffic come out. One table holds next[state][event]; an event is the
 * first row of a list of conditions that holds, from the gravest down. Whoever calls compares
 * health_serves() with what FRR has been told.
 *
 *   starting   nothing is known yet                                            not serving
 *   warming    it translates, but waits: for its sessions, or for a hold-down  not serving
 *   up         all is well                                                     serving
 *   degraded   it translates, something beside it is wrong                     serving
 *   down       it does not translate, or cannot be reached                     not serving
 *   drained    by order                                                        not serving
 *
 * An instance is silent when its newest answered probe was sent probe-timeout ago; one whose
 * process has ended, or has not been probed since it was started, when it was sent restart-grace
 * ago.
 *
 * One that takes packets all the same is overloaded, which is a flaw, for HEALTH_OVERLOAD_US.
 *
 * Hysteresis: an instance that fell from up or degraded to down has to be well for the hold-down
 * before it serves again. The hold-down doubles with each fall that comes within ten hold-downs of
 * the return, up to hold_down_max_us, and starts anew after that. A box that is alone does not
 * wait: nobody else would serve. No change of what is merely degraded stops serving. Who never
 * served has no hold-down, but waits for its sessions, for sync_limit_us at most; a sa-nat64-syncd
 * that is gone is waited for only if it never was whole.
 *
 * bfd_split is no reason to stop: frr.h withdraws all peers and asks again, which it can do only
 * while the instance is wanted.
 */
#ifndef SA_NAT64_HEALTH_H
#define SA_NAT64_HEALTH_H

#include "lib/config.h"

#include <stdbool.h>
#include <stdint.h>

#define HEALTH_REASON_MAX  200 /* bytes, NUL included */
#define HEALTH_HISTORY_MAX 16
#define HEALTH_OVERLOAD_US UINT64_C(3000000)

enum health_state {
	HEALTH_STARTING,
	HEALTH_WARMING,
	HEALTH_UP,
	HEALTH_DEGRADED,
	HEALTH_DOWN,
	HEALTH_DRAINED,
	HEALTH_STATES
};

/* In the order in which they are asked: the first one that applies counts. */
enum health_event {
	HEALTH_ORDER,   /* to drain */
	HEALTH_UNKNOWN, /* the program has just started and probes have not come back yet */
	HEALTH_FAILURE, /* it does not translate, or cannot be reached */
	HEALTH_WAIT,    /* it does not serve, and waits for its sessions */
	HEALTH_HOLD,    /* it does not serve, and was down a short time ago */
	HEALTH_FLAW,
	HEALTH_WELL,
	HEALTH_EVENTS
};

enum health_sync {
	HEALTH_SYNC_NONE,    /* no replication is configured, or the instance has no state */
	HEALTH_SYNC_ABSENT,  /* sa-nat64-syncd does not answer */
	HEALTH_SYNC_JOINING, /* it is not whole yet */
	HEALTH_SYNC_ALONE,   /* whole, and no peer is in contact */
	HEALTH_SYNC_WHOLE    /* in sync */
};

/* Since the newest probe was sent of those that arrived; UINT64_MAX: none ever did. */
struct health_silence {
	uint64_t half_us;  /* at the target: it was translated 6to4 */
	uint64_t whole_us; /* back again, there and back */
};

/* What is known of an instance. Strings are sentences without a full stop, or "" when there is
 * nothing to say; they are copied. */
struct health_facts {
	const char *instance; /* its name, for reasons */
	bool drain;
	char drain_reason[HEALTH_REASON_MAX];
	uint32_t pid;      /* of the translator's process that was seen last; 0: none was */
	bool process_runs; /* it, by its pidfd */
	bool answers;      /* it answers on its control socket */
	char own_problem[HEALTH_REASON_MAX]; /* why it says there that packets do not get to it */
	bool probed; /* a probe came back since the process was first seen */
	struct health_silence slow, fast;
	bool is_overloaded; /* it takes many packets from the device, though probes do not come back
	                     */
	bool is_placed;     /* there are sockets for probes where the instance is to be */
	char probe_problem[HEALTH_REASON_MAX]; /* why there are none, or none can be sent */
	bool carrier;                          /* of the uplink; true when there is none to watch */
	bool addressed;                        /* it has the addresses of its [network] */
	char link_problem[HEALTH_REASON_MAX];
	enum health_sync sync;
	char sync_problem[HEALTH_REASON_MAX]; /* e.g. a peer lost, or another configuration */
	char fast_problem[HEALTH_REASON_MAX]; /* the fast path is off although it is wanted */
	bool bfd_wanted;                      /* there are bfd-peers */
	char bfd_problem[HEALTH_REASON_MAX];  /* FRR does not do as it is told, or a router does not
	                                         answer */
	bool bfd_split; /* for longer than FRR needs, some peers were up and others were not:
	                   the families would go different ways */
};

struct health_change {
	uint64_t at_us;
	enum health_state from, to;
	char reason[HEALTH_REASON_MAX];
};

/* Embedded; all zero except for what health_init() sets. */
struct health {
	struct config_health config;
	enum health_state state;
	char reason[HEALTH_REASON_MAX]; /* "" when up */
	uint64_t born_us, judged_us, since_us;
	uint64_t well_since_us;   /* it can translate since then; 0: not */
	uint64_t served_since_us; /* the last time that it began */
	uint64_t hold_us;         /* length of the last hold-down; 0: none yet */
	uint64_t hold_until_us;   /* 0: none, UINT64_MAX: it begins when it is well */
	uint64_t warm_since_us;   /* it translates and waits for sync since then; 0: not */
	bool was_whole;           /* it had all sessions, once */
	uint64_t falls;
	struct health_change
		history[HEALTH_HISTORY_MAX]; /* a ring; history_count modulo its size is next */
	uint64_t history_count;
};

/* now in monotonic microseconds, as everywhere here. */
void health_init(struct health *health, const struct config_health *config, uint64_t now_us);

/* A reload: the state stays. */
void health_configure(struct health *health, const struct config_health *config);

/* Judge the facts. Returns whether the state changed. */
bool health_judge(struct health *health, const struct health_facts *facts, uint64_t now_us);

/* Whether routers may send traffic in the present state. */
bool health_serves(const struct health *health);

/* What is left of a hold-down; 0: none. */
uint64_t health_hold_left(const struct health *health, uint64_t now_us);

/* After health_judge(): when the judgement changes although the facts stay as they are (a hold-down
 * ends), apart from silence, which grows; UINT64_MAX: never. */
uint64_t health_deadline(const struct health *health);

const char *health_state_name(enum health_state state);

/* The table. */
enum health_state health_next(enum health_state state, enum health_event event);

#endif

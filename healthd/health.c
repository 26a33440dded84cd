/* See health.h. The list of conditions says what is wrong in which order; the table says what it
 * leads to; what time has to do with it (hold-down, waiting for sync) is kept before both. */
#include "healthd/health.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define START_US UINT64_C(1000000) /* how long "nothing is known yet" is an answer */
#define CALM     10                /* hold-downs without a fall, after which it starts anew */
#define NEVER    UINT64_MAX
#define MS(us)   ((us) / 1000)

/* What a condition looks at. */
struct moment {
	const struct health *health;
	const struct health_facts *facts;
	uint64_t now_us;
	char *reason; /* HEALTH_REASON_MAX bytes */
};

struct condition {
	enum health_event event;
	bool (*holds)(const struct moment *m);
	void (*say)(const struct moment *m); /* writes the reason */
};

static void say(const struct moment *m, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void say(const struct moment *m, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(m->reason, HEALTH_REASON_MAX, format, args);
	va_end(args);
}

/* What was found out, or else what can be said without. */
static void say_or(const struct moment *m, const char *found, const char *otherwise)
{
	say(m, "%s", found[0] ? found : otherwise);
}

/* ---- by order, and at the start ---- */

static bool is_drained(const struct moment *m)
{
	return m->facts->drain;
}

static void say_drained(const struct moment *m)
{
	const char *why = m->facts->drain_reason;

	say(m, "drained by order%s%.100s; 'sa-nat64 undrain %s' ends it", why[0] ? ": " : "", why,
	    m->facts->instance);
}

static bool is_unknown(const struct moment *m)
{
	const struct health_facts *facts = m->facts;

	return (facts->slow.whole_us == NEVER || facts->fast.whole_us == NEVER) &&
	       m->now_us < m->health->born_us + START_US;
}

static void say_unknown(const struct moment *m)
{
	say(m, "nothing is known yet");
}

/* ---- failures ---- */

/* A process that has ended is given the time to be started again, and one that was started the time
 * to show what it can. */
static uint64_t patience_us(const struct moment *m)
{
	const struct config_health *config = &m->health->config;
	bool is_new = !m->facts->process_runs || !m->facts->probed;

	return is_new && config->restart_grace_us > config->probe_timeout_us
	               ? config->restart_grace_us
	               : config->probe_timeout_us;
}

static bool is_late(const struct moment *m, uint64_t silence_us)
{
	return silence_us >= patience_us(m);
}

/* Probes that wait behind many packets that are translated tell of load. */
static bool is_silent(const struct moment *m, uint64_t silence_us)
{
	return is_late(m, silence_us) &&
	       !(m->facts->is_overloaded && silence_us < HEALTH_OVERLOAD_US);
}

static bool is_slow_silent(const struct moment *m)
{
	return is_silent(m, m->facts->slow.whole_us);
}

static bool has_no_place(const struct moment *m)
{
	return is_slow_silent(m) && !m->facts->is_placed;
}

static bool cannot_probe(const struct moment *m)
{
	return is_slow_silent(m) && m->facts->probe_problem[0];
}

static void say_probe_problem(const struct moment *m)
{
	say(m, "%s", m->facts->probe_problem);
}

static bool has_no_carrier(const struct moment *m)
{
	return !m->facts->carrier;
}

static void say_no_carrier(const struct moment *m)
{
	say_or(m, m->facts->link_problem,
	       "the uplink has no carrier; look at the cable and at the other side");
}

static bool has_no_address(const struct moment *m)
{
	return !m->facts->addressed;
}

static void say_no_address(const struct moment *m)
{
	say_or(m, m->facts->link_problem,
	       "an address of the [network] section is missing; sa-nat64-netns up sets it");
}

static bool has_ended(const struct moment *m)
{
	return is_slow_silent(m) && !m->facts->process_runs && m->facts->pid;
}

static void say_ended(const struct moment *m)
{
	say(m,
	    "the translator has ended (it had pid %" PRIu32 ") and was not started again; "
	    "journalctl -u sa-nat64-translator@%s tells why",
	    m->facts->pid, m->facts->instance);
}

static bool never_ran(const struct moment *m)
{
	return is_slow_silent(m) && !m->facts->process_runs;
}

static void say_never_ran(const struct moment *m)
{
	say(m, "the translator does not run; systemctl start sa-nat64-translator@%s",
	    m->facts->instance);
}

static bool hangs(const struct moment *m)
{
	return is_slow_silent(m) && !m->facts->answers;
}

static void say_hangs(const struct moment *m)
{
	say(m,
	    "the translator (pid %" PRIu32 ") hangs: it neither translates nor answers on its "
	    "control socket; systemctl restart sa-nat64-translator@%s",
	    m->facts->pid, m->facts->instance);
}

/* Of two directions the first one works. A probe may have been between both when all stopped, so
 * what works has to have worked lately. */
static bool works_half(const struct moment *m, const struct health_silence *silence)
{
	return silence->half_us < m->health->config.probe_timeout_us / 2;
}

static bool is_half(const struct moment *m)
{
	return is_slow_silent(m) && works_half(m, &m->facts->slow);
}

static void say_half(const struct moment *m)
{
	say(m,
	    "packets are translated 6to4, but not back 4to6; is there a route of pool4 to the TUN "
	    "device, and does the firewall let UDP from probe4 pass it?");
}

static bool was_never_probed(const struct moment *m)
{
	return is_slow_silent(m) && !m->facts->probed;
}

static void say_never_probed(const struct moment *m)
{
	say(m,
	    "the translator (pid %" PRIu32 ") runs, but no probe has come through it; is there a "
	    "route to the TUN device, and does the firewall let UDP to probe4 pass it?",
	    m->facts->pid);
}

static void say_silent(const struct moment *m)
{
	say(m,
	    "no packet has been translated for %" PRIu64 " ms (probe-timeout %" PRIu64
	    " ms), though the process (pid %" PRIu32 ") runs; 'sa-nat64 stats' shows what it drops",
	    MS(m->facts->slow.whole_us), MS(m->health->config.probe_timeout_us), m->facts->pid);
}

static bool is_fast_silent(const struct moment *m)
{
	return is_silent(m, m->facts->fast.whole_us);
}

static void say_fast_silent(const struct moment *m)
{
	say(m,
	    "the fast path loses packets %s, though the translator's process translates; fast-path "
	    "= off and systemctl restart sa-nat64-translator@%s go around it",
	    works_half(m, &m->facts->fast) ? "4to6" : "6to4", m->facts->instance);
}

/* Probes come from the box itself: unlike the packets of others they need no forwarding. */
static bool is_not_reached(const struct moment *m)
{
	return m->facts->answers && m->facts->own_problem[0];
}

static void say_own_problem(const struct moment *m)
{
	say(m, "%s", m->facts->own_problem);
}

/* ---- what is waited for ---- */

static bool lacks_sessions(const struct health *health, const struct health_facts *facts)
{
	return facts->sync == HEALTH_SYNC_JOINING ||
	       (facts->sync == HEALTH_SYNC_ABSENT && !health->was_whole);
}

static bool waits(const struct moment *m)
{
	const struct health *health = m->health;

	return !health_serves(health) && lacks_sessions(health, m->facts) &&
	       m->now_us - health->warm_since_us < health->config.sync_limit_us;
}

static void say_waits(const struct moment *m)
{
	uint64_t end_us = m->health->warm_since_us + m->health->config.sync_limit_us;

	if (m->facts->sync == HEALTH_SYNC_ABSENT)
		say(m,
		    "it waits for its sessions, but sa-nat64-syncd does not answer; systemctl "
		    "start sa-nat64-syncd, else it serves without them in %" PRIu64 " s",
		    (end_us - m->now_us) / 1000000);
	else
		say(m,
		    "it waits until the sessions of the other boxes have come, %" PRIu64
		    " s at most",
		    (end_us - m->now_us) / 1000000);
}

static bool is_held(const struct moment *m)
{
	return !health_serves(m->health) && m->now_us < m->health->hold_until_us &&
	       m->facts->sync != HEALTH_SYNC_ALONE;
}

static void say_held(const struct moment *m)
{
	say(m,
	    "well again; it serves in %" PRIu64 " ms (hold-down %" PRIu64 " ms after fall %" PRIu64
	    ")",
	    MS(m->health->hold_until_us - m->now_us), MS(m->health->hold_us), m->health->falls);
}

/* ---- flaws ---- */

static bool is_split(const struct moment *m)
{
	return m->facts->bfd_wanted && m->facts->bfd_split;
}

static void say_split(const struct moment *m)
{
	say_or(m, m->facts->bfd_problem,
	       "only some of the bfd-peers answer, so all are withdrawn until all do; look at the "
	       "routers' BFD");
}

static bool is_mute(const struct moment *m)
{
	return !m->facts->answers;
}

static void say_mute(const struct moment *m)
{
	say(m,
	    "the translator (pid %" PRIu32 ") translates, but does not answer on its control "
	    "socket; is sa-nat64-healthd allowed to open it?",
	    m->facts->pid);
}

static bool is_overloaded(const struct moment *m)
{
	return is_late(m, m->facts->slow.whole_us) || is_late(m, m->facts->fast.whole_us);
}

static void say_overloaded(const struct moment *m)
{
	say(m,
	    "overloaded: probes have been under way for %" PRIu64 " ms behind packets that the "
	    "translator (pid %" PRIu32
	    ") has to handle itself; 'sa-nat64 stats' shows of which kind",
	    MS(m->facts->slow.whole_us), m->facts->pid);
}

static bool is_fast_off(const struct moment *m)
{
	return m->facts->fast_problem[0];
}

static void say_fast_off(const struct moment *m)
{
	say(m, "%s", m->facts->fast_problem);
}

static bool has_bfd_problem(const struct moment *m)
{
	return m->facts->bfd_wanted && m->facts->bfd_problem[0];
}

static void say_bfd_problem(const struct moment *m)
{
	say(m, "%s", m->facts->bfd_problem);
}

static bool is_syncd_absent(const struct moment *m)
{
	return m->facts->sync == HEALTH_SYNC_ABSENT;
}

static void say_syncd_absent(const struct moment *m)
{
	say_or(m, m->facts->sync_problem,
	       "sa-nat64-syncd does not answer: new sessions are not replicated; systemctl restart "
	       "sa-nat64-syncd");
}

static bool is_joining(const struct moment *m)
{
	return m->facts->sync == HEALTH_SYNC_JOINING;
}

static void say_joining(const struct moment *m)
{
	say_or(m, m->facts->sync_problem, "the sessions of the other boxes have not all come");
}

static bool is_alone(const struct moment *m)
{
	return m->facts->sync == HEALTH_SYNC_ALONE;
}

static void say_alone(const struct moment *m)
{
	say_or(m, m->facts->sync_problem,
	       "no other box is in contact: nobody could take over; 'sa-nat64 peers' tells why");
}

static bool has_sync_problem(const struct moment *m)
{
	return m->facts->sync != HEALTH_SYNC_NONE && m->facts->sync_problem[0];
}

static void say_sync_problem(const struct moment *m)
{
	say(m, "%s", m->facts->sync_problem);
}

static bool has_link_problem(const struct moment *m)
{
	return m->facts->link_problem[0];
}

static void say_link_problem(const struct moment *m)
{
	say(m, "%s", m->facts->link_problem);
}

static bool always(const struct moment *m)
{
	(void)m;
	return true;
}

static void say_nothing(const struct moment *m)
{
	m->reason[0] = '\0';
}

/* ---- the list and the table ---- */

/* clang-format off */
static const struct condition conditions[] = {
	{ HEALTH_ORDER,   is_drained,       say_drained },
	{ HEALTH_UNKNOWN, is_unknown,       say_unknown },
	{ HEALTH_FAILURE, has_no_carrier,   say_no_carrier },
	{ HEALTH_FAILURE, has_no_address,   say_no_address },
	{ HEALTH_FAILURE, has_no_place,     say_probe_problem },
	{ HEALTH_FAILURE, has_ended,        say_ended },
	{ HEALTH_FAILURE, never_ran,        say_never_ran },
	{ HEALTH_FAILURE, hangs,            say_hangs },
	{ HEALTH_FAILURE, cannot_probe,     say_probe_problem },
	{ HEALTH_FAILURE, is_half,          say_half },
	{ HEALTH_FAILURE, was_never_probed, say_never_probed },
	{ HEALTH_FAILURE, is_slow_silent,   say_silent },
	{ HEALTH_FAILURE, is_fast_silent,   say_fast_silent },
	{ HEALTH_FAILURE, is_not_reached,   say_own_problem },
	{ HEALTH_WAIT,    waits,            say_waits },
	{ HEALTH_HOLD,    is_held,          say_held },
	{ HEALTH_FLAW,    is_split,         say_split },
	{ HEALTH_FLAW,    is_overloaded,    say_overloaded },
	{ HEALTH_FLAW,    is_mute,          say_mute },
	{ HEALTH_FLAW,    has_bfd_problem,  say_bfd_problem },
	{ HEALTH_FLAW,    is_fast_off,      say_fast_off },
	{ HEALTH_FLAW,    is_syncd_absent,  say_syncd_absent },
	{ HEALTH_FLAW,    is_joining,       say_joining },
	{ HEALTH_FLAW,    is_alone,         say_alone },
	{ HEALTH_FLAW,    has_sync_problem, say_sync_problem },
	{ HEALTH_FLAW,    has_link_problem, say_link_problem },
	{ HEALTH_WELL,    always,           say_nothing },
};

#define S HEALTH_STARTING
#define W HEALTH_WARMING
#define U HEALTH_UP
#define G HEALTH_DEGRADED
#define D HEALTH_DOWN
#define R HEALTH_DRAINED
/* UNKNOWN belongs to the first second and never meets an instance that translated; WAIT and HOLD
 * do not meet one that serves. */
static const enum health_state next[HEALTH_STATES][HEALTH_EVENTS] = {
	/*                     ORDER UNKNOWN FAILURE WAIT HOLD FLAW WELL */
	[HEALTH_STARTING] = {  R,    S,      D,      W,   W,   G,   U },
	[HEALTH_WARMING]  = {  R,    D,      D,      W,   W,   G,   U },
	[HEALTH_UP]       = {  R,    D,      D,      G,   G,   G,   U },
	[HEALTH_DEGRADED] = {  R,    D,      D,      G,   G,   G,   U },
	[HEALTH_DOWN]     = {  R,    D,      D,      W,   W,   G,   U },
	[HEALTH_DRAINED]  = {  R,    S,      D,      W,   W,   G,   U },
};
#undef S
#undef W
#undef U
#undef G
#undef D
#undef R

static const char *const names[HEALTH_STATES] = {
	[HEALTH_STARTING] = "starting", [HEALTH_WARMING] = "warming",
	[HEALTH_UP] = "up",             [HEALTH_DEGRADED] = "degraded",
	[HEALTH_DOWN] = "down",         [HEALTH_DRAINED] = "drained",
};

static const bool serves[HEALTH_STATES] = { [HEALTH_UP] = true, [HEALTH_DEGRADED] = true };
/* clang-format on */

enum health_state health_next(enum health_state state, enum health_event event)
{
	return next[state][event];
}

const char *health_state_name(enum health_state state)
{
	return names[state];
}

bool health_serves(const struct health *health)
{
	return serves[health->state];
}

/* The first condition that holds, of those from event on. */
static const struct condition *find(const struct moment *m, enum health_event from)
{
	const struct condition *c = conditions;

	while (c->event < from || !c->holds(m))
		c++;
	return c;
}

/* ---- time ---- */

static void keep_sync(struct health *health, const struct health_facts *facts, uint64_t now_us)
{
	if (facts->sync == HEALTH_SYNC_WHOLE || facts->sync == HEALTH_SYNC_ALONE)
		health->was_whole = true;
	if (health->well_since_us == 0 || !lacks_sessions(health, facts))
		health->warm_since_us = 0;
	else if (health->warm_since_us == 0 && !health_serves(health))
		health->warm_since_us = now_us;
}

/* Since when it has been well, and the hold-down that follows from it. */
static void keep_time(struct health *health, const struct moment *m)
{
	bool is_well = find(m, HEALTH_FAILURE)->event != HEALTH_FAILURE;

	if (!is_well) {
		health->well_since_us = 0;
		if (health->hold_until_us)
			health->hold_until_us = NEVER;
	} else if (health->well_since_us == 0) {
		health->well_since_us = m->now_us;
		if (health->hold_until_us)
			health->hold_until_us = m->now_us + health->hold_us;
	}
	keep_sync(health, m->facts, m->now_us);
}

static void fall(struct health *health, uint64_t now_us)
{
	const struct config_health *config = &health->config;
	bool is_soon = health->hold_us && now_us - health->served_since_us < CALM * health->hold_us;
	uint64_t hold_us = is_soon ? 2 * health->hold_us : config->hold_down_us;

	if (hold_us > config->hold_down_max_us)
		hold_us = config->hold_down_max_us;
	health->hold_us = hold_us;
	health->hold_until_us = NEVER;
	health->falls++;
}

static void change(struct health *health, enum health_state to, uint64_t now_us)
{
	struct health_change *change =
		&health->history[health->history_count++ % HEALTH_HISTORY_MAX];
	bool served = health_serves(health);

	*change = (struct health_change){ .at_us = now_us, .from = health->state, .to = to };
	(void)snprintf(change->reason, sizeof(change->reason), "%s",
	               health->reason[0] ? health->reason : "all is well");
	health->state = to;
	health->since_us = now_us;
	if (served && to == HEALTH_DOWN)
		fall(health, now_us);
	if (!served && health_serves(health)) {
		health->served_since_us = now_us;
		health->hold_until_us = 0;
		health->warm_since_us = 0;
	}
}

void health_init(struct health *health, const struct config_health *config, uint64_t now_us)
{
	*health = (struct health){ .config = *config,
		                   .state = HEALTH_STARTING,
		                   .born_us = now_us,
		                   .judged_us = now_us,
		                   .since_us = now_us };
	(void)snprintf(health->reason, sizeof(health->reason), "nothing is known yet");
}

void health_configure(struct health *health, const struct config_health *config)
{
	health->config = *config;
}

bool health_judge(struct health *health, const struct health_facts *facts, uint64_t now_us)
{
	const struct moment m = {
		.health = health, .facts = facts, .now_us = now_us, .reason = health->reason
	};
	const struct condition *condition;
	enum health_state to;

	health->judged_us = now_us;
	keep_time(health, &m);
	condition = find(&m, 0);
	condition->say(&m);
	to = next[health->state][condition->event];
	if (to == health->state)
		return false;
	change(health, to, now_us);
	return true;
}

uint64_t health_hold_left(const struct health *health, uint64_t now_us)
{
	if (health->hold_until_us == NEVER)
		return health->hold_us;
	return health->hold_until_us > now_us ? health->hold_until_us - now_us : 0;
}

/* Times that have passed have had their effect. */
static void earlier(const struct health *health, uint64_t at_us, uint64_t *deadline_us)
{
	if (at_us > health->judged_us && at_us < *deadline_us)
		*deadline_us = at_us;
}

uint64_t health_deadline(const struct health *health)
{
	uint64_t deadline_us = NEVER;

	if (health_serves(health))
		return NEVER;
	earlier(health, health->born_us + START_US, &deadline_us);
	earlier(health, health->hold_until_us, &deadline_us);
	if (health->warm_since_us)
		earlier(health, health->warm_since_us + health->config.sync_limit_us, &deadline_us);
	return deadline_us;
}
